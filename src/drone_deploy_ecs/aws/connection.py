"""`ports.Aws` over botocore: any call, one attempt, and task definitions as they are on the wire.

botocore drops response members its model doesn't know and refuses unknown request members. So answers in JSON are taken
as they came (`aws.parser`), and the request of a call that `is_raw` is put there before botocore signs it.
"""

from __future__ import annotations

import json
from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from botocore import xform_name

from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.aws.http import get, share_certificates
from drone_deploy_ecs.aws.parser import BODY, REST_JSON
from drone_deploy_ecs.aws.session import client, session
from drone_deploy_ecs.core.calls.body import NotWholeError, plain
from drone_deploy_ecs.core.calls.call import USUAL
from drone_deploy_ecs.core.ecs.fault import FaultKind, not_awss
from drone_deploy_ecs.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel
    from botocore.session import Session

    from drone_deploy_ecs.core.calls.body import Body
    from drone_deploy_ecs.core.calls.call import Call, Timeout
    from drone_deploy_ecs.core.request.request import Access

A = TypeVar("A")

_RAW: ContextVar[bytes | None] = ContextVar("_RAW", default=None)
"""The body of the request that this thread is about to send, where botocore isn't to make it."""


def connect(access: Access) -> Connection:
    """Credentials are found once, and shared. Raises ApiError."""
    return Connection(access)


class Connection:
    """The AWS that these credentials reach. Client and model of a service are loaded at its first call.

    ECS's are loaded at once: every run needs them, and wrong credentials show before anything else is done.
    `timeout` overrides that of every call, for a caller that can't wait so long.
    """

    def __init__(self, access: Access, timeout: Timeout | None = None) -> None:
        self._access = access
        self._timeout = timeout
        self._clients: dict[tuple[str, str, Timeout], Any] = {}
        self._session: Session | None = None
        self._certificates: str | None = None
        # A session makes one client at a time; clients themselves may be used by several threads (botocore's docs).
        self._making = Lock()
        calling("CreateClient", lambda: self._client("ecs", access.region, USUAL))

    def send(self, call: Call[A]) -> A:
        """See `ports.Aws`. Credentials that AWS no longer takes are read anew before the next call.

        botocore refreshes those whose end it knows; others it would keep for ever.
        """
        try:
            return call.read(calling(call.operation, lambda: self._send(call)))
        except NotWholeError as error:
            raise ApiError(not_awss(call.operation)) from error
        except ApiError as error:
            if error.fault.kind is FaultKind.NO_CREDENTIALS:
                # A new session reads the credentials again; clients keep those of their own session.
                self._session = None
                self._clients.clear()
            raise

    def _send(self, call: Call[Any]) -> Body:
        botocore_client = self._client(call.service, call.region, call.timeout)
        _RAW.set(_raw(call) if call.is_raw else None)
        answer: Mapping[str, Any] = getattr(botocore_client, xform_name(call.operation))(**call.known_members())
        body: Body = answer.get(BODY, answer)
        if not call.follows:
            return body
        content = get(str(plain(body).get(call.follows)), self._timeout or call.timeout, self._certificates)
        if content is None:
            raise ApiError(not_awss(call.operation))
        return content

    def _client(self, service: str, region: str, timeout: Timeout) -> Any:
        key = (service, region, self._timeout or timeout)
        with self._making:
            if self._session is None:
                self._session = session(self._access)
                self._certificates = self._session.get_config_variable("ca_bundle")
            if key not in self._clients:
                botocore_client = client(self._session, *key)
                share_certificates(botocore_client, self._session)
                botocore_client.meta.events.register("before-call", _put_back)
                botocore_client.meta.events.register("before-parse", _keep)
                self._clients[key] = botocore_client
            return self._clients[key]


def _raw(call: Call[Any]) -> bytes:
    """The body of a request that goes out as it is."""
    return json.dumps({name: value for name, value in call.members().items() if name not in call.in_path}).encode()


def _put_back(params: dict[str, Any], **_: object) -> None:
    """On botocore's `before-call`, which comes before signing: put in the members that it doesn't know."""
    raw = _RAW.get()
    if raw is not None:
        params["body"] = raw


def _keep(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: object,
) -> None:
    """On botocore's `before-parse`: hand on an answer in REST JSON as it came, too.

    Not by `aws.parser`, which the whole session shares: botocore itself gets credentials by clients that speak this.
    """
    if operation_model.service_model.protocol == REST_JSON:
        customized_response_dict[BODY] = response_dict["body"]
