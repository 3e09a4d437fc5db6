"""`ports.Aws` over botocore: any call, one attempt, and task definitions as they are on the wire.

botocore drops response members its model doesn't know and refuses unknown request members. So the answer of a call that
`is_raw` is picked up from the wire, and its request is put there in place of botocore's, before that is signed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore import xform_name

from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.aws.session import client, session
from drone_deploy_ecs.core.calls.call import USUAL
from drone_deploy_ecs.core.ecs.fault import FaultKind, not_awss
from drone_deploy_ecs.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.session import Session

    from drone_deploy_ecs.core.calls.call import Call, Timeout
    from drone_deploy_ecs.core.request.request import Access


def connect(access: Access) -> Connection:
    """Credentials are found once, and shared. Raises ApiError."""
    return Connection(access)


class Connection:
    """The AWS that these credentials reach. Client and model of a service are loaded at its first call.

    Those of ECS are needed by every run, so they are loaded at once: what is wrong with the credentials shows then.
    `timeout` is for those who can't wait as long as a call would.
    """

    def __init__(self, access: Access, timeout: Timeout | None = None) -> None:
        self._access = access
        self._timeout = timeout
        self._clients: dict[tuple[str, str], Any] = {}
        self._session: Session | None = None
        self._body: bytes | None = None
        self._raw = b""
        calling("CreateClient", lambda: self._client("ecs", access.region, USUAL))

    def send(self, call: Call[Any]) -> Mapping[str, Any]:
        """See `ports.Aws`. Credentials that AWS no longer takes are read anew before the next call.

        botocore refreshes those whose end it knows; others it would keep for ever.
        """
        try:
            answer = calling(call.operation, lambda: self._send(call))
        except ApiError as error:
            if error.fault.kind is FaultKind.NO_CREDENTIALS:
                self._session = None
                self._clients.clear()
            raise
        if call.is_raw and call.is_whole(answer):
            answer = json.loads(self._raw)
        if not call.is_whole(answer):
            raise ApiError(not_awss(call.operation))
        return answer

    def _send(self, call: Call[Any]) -> Mapping[str, Any]:
        made = self._client(call.service, call.region, call.timeout)
        self._body = json.dumps(call.members()).encode() if call.is_raw else None
        answer: Mapping[str, Any] = getattr(made, xform_name(call.operation))(**call.known_members())
        return answer

    def _client(self, service: str, region: str, timeout: Timeout) -> Any:
        if self._session is None:
            self._session = session(self._access)
        if (service, region) not in self._clients:
            made = client(self._session, service, region, self._timeout or timeout)
            made.meta.events.register("before-call", self._put_back)
            made.meta.events.register("after-call", self._pick_up)
            self._clients[service, region] = made
        return self._clients[service, region]

    def _put_back(self, params: dict[str, Any], **_: object) -> None:
        if self._body is not None:
            params["body"] = self._body

    def _pick_up(self, http_response: Any, **_: object) -> None:
        if self._body is not None:
            self._raw = http_response.content
