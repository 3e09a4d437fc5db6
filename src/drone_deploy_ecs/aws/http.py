"""One TLS context for all clients. botocore gives each its own, and each connection parses all certificates: 17 ms."""

from __future__ import annotations

import os
import socket
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSRequest
from botocore.endpoint import EndpointCreator
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session, create_urllib3_context, get_cert_path
from botocore.utils import get_environ_proxies

if TYPE_CHECKING:
    from botocore.session import Session

    from drone_deploy_ecs.core.calls.call import Timeout

OK = 200
AT_ONCE = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
"""As botocore's own clients have it: headers and body are two writes, and the second would wait 40 ms for an ACK."""


class _Certificates:
    """A bundle of certificates, parsed when the first connection needs it, and the TLS context that trusts them."""

    def __init__(self, bundle: str) -> None:
        self.context = create_urllib3_context()
        self._bundle = bundle

    @cached_property
    def are_trusted(self) -> bool:
        """Whether they could be parsed. Where not, a connection that tries it itself says what is wrong."""
        try:
            self.context.load_verify_locations(self._bundle)
        except OSError:
            return False
        return True


_certificates = cache(_Certificates)


class _Http(URLLib3Session):
    """botocore's own, with a TLS context that it shares with all that trust the same bundle."""

    def __init__(self, *, verify: Any, **options: Any) -> None:
        self._shared = _certificates(get_cert_path(verify))
        super().__init__(verify=verify, **options)

    def _get_ssl_context(self) -> Any:
        return self._shared.context

    def _setup_ssl_cert(self, conn: Any, url: str, verify: Any) -> None:
        is_judged = bool(verify) and url.lower().startswith("https")
        conn.cert_reqs = "CERT_REQUIRED" if is_judged else "CERT_NONE"
        # A connection with another context, should botocore come to make one, parses for itself; and so does one by a
        # proxy that speaks TLS, for which urllib3 makes another, and would trust the system's where no bundle is named.
        is_shared = conn.conn_kw.get("ssl_context") is self._shared.context
        is_shared = is_shared and (conn.proxy is None or conn.proxy.scheme != "https")
        conn.ca_certs = get_cert_path(verify) if is_judged and not (is_shared and self._shared.are_trusted) else None


def share_certificates(client: Any, botocore_session: Session) -> None:
    """Let the client's requests go out in a shared TLS context; where to, by which proxies, how long is as it was."""
    timeout: Any = (client.meta.config.connect_timeout, client.meta.config.read_timeout)
    endpoint = EndpointCreator(client.meta.events).create_endpoint(
        client.meta.service_model,
        region_name=client.meta.region_name,
        endpoint_url=client.meta.endpoint_url,
        verify=botocore_session.get_config_variable("ca_bundle"),
        timeout=timeout,
        http_session_cls=_Http,
        socket_options=AT_ONCE,
    )

    def send(request: Any, **_: object) -> Any:
        return endpoint.http_session.send(request)

    # Before botocore would send it itself.
    client.meta.events.register("before-send", send)


def trusted() -> str:
    """The bundle of certificates that is trusted where nobody names one: botocore's own, or the environment's."""
    named = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE")
    return named or str(get_cert_path(verify=True))


def get(address: str, timeout: Timeout, certificates: str | None) -> bytes | None:
    """What is at an address that AWS has signed; None where it can't be had.

    Why not isn't told: what botocore says of it has the whole address, and so the signature.
    """
    trusted = certificates or os.environ.get("REQUESTS_CA_BUNDLE") or True
    http = _Http(verify=trusted, proxies=get_environ_proxies(address), timeout=tuple(timeout), socket_options=AT_ONCE)
    try:
        response = http.send(AWSRequest("GET", address).prepare())
    except (BotoCoreError, ValueError):
        return None
    finally:
        http.close()
    content: bytes = response.content
    return content if response.status_code == OK else None
