"""One GET, within its time: status, the body's beginning, and where a redirect leads.

It is done in a thread of its own, for no time-out of a socket bounds the whole: a name may be looked up for half a
minute, and a body come byte by byte.
"""

from __future__ import annotations

import ssl
from base64 import b64encode
from functools import cache
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.request import getproxies, proxy_bypass

from urllib3 import PoolManager, ProxyManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NameResolutionError

from drone_deploy_ecs.core.calls.web import MOST, Get
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from urllib3._base_connection import BaseHTTPConnection, BaseHTTPSConnection

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.call import Timeout as Seconds
    from drone_deploy_ecs.core.request.url import Url

A = TypeVar("A")

HEADERS = {
    "User-Agent": f"drone-deploy-ecs/{__version__}",
    "Accept": "*/*",
    # What a cache between here and there has kept says nothing of the new version.
    "Cache-Control": "no-cache",
    "Connection": "close",
}


class Web:
    """`ports.Web` over urllib3. `bundle` is a file of certificates that are trusted beside the system's own."""

    def __init__(self, bundle: str) -> None:
        self._bundle = bundle

    def send(self, call: Call[A]) -> A:
        """See `ports.Web`."""
        read = call.read
        assert isinstance(call, Get)
        return read(get(call.url, call.timeout, self._bundle))


def get(url: Url, seconds: Seconds, bundle: str) -> Mapping[str, Any]:
    """The members of a `Reply`. Raises ApiError: UNREACHABLE where there was no connection, else AMBIGUOUS."""
    connected = Event()
    came: SimpleQueue[Mapping[str, Any] | Exception] = SimpleQueue()

    def work() -> None:
        try:
            came.put(_ask(url, seconds, bundle, connected))
        except Exception as error:
            came.put(error)

    Thread(target=work, daemon=True).start()
    try:
        answer = came.get(timeout=seconds.read)
    except Empty:
        answer = TimeoutError()
    if not isinstance(answer, Exception):
        return answer
    if not isinstance(answer, HTTPError | OSError | ValueError):
        raise answer
    kind = FaultKind.AMBIGUOUS if connected.is_set() else FaultKind.UNREACHABLE
    what = _no_answer(answer) if connected.is_set() else _no_connection(answer, seconds)
    raise ApiError(Fault(kind, Get.operation, "", what)) from answer


def _ask(url: Url, seconds: Seconds, bundle: str, connected: Event) -> Mapping[str, Any]:
    login = {"Authorization": f"Basic {b64encode(url.login.encode()).decode()}"} if url.login else {}
    with _manager(url, bundle, connected) as manager:
        response = manager.request(
            "GET",
            f"{url.origin}{url.wire}",
            headers={**HEADERS, **login},
            timeout=Timeout(connect=seconds.connect, read=seconds.read),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            body = response.read(MOST, decode_content=True)
        finally:
            response.close()
    return {
        "status": response.status,
        "text": body.decode(errors="replace"),
        "location": response.headers.get("Location", ""),
    }


def _manager(url: Url, bundle: str, connected: Event) -> PoolManager:
    """Directly, or by the proxy that the environment names."""
    context = _context(bundle) if url.scheme == "https" else None
    proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
    if proxy is None:
        manager = PoolManager(ssl_context=context)
    else:
        address = proxy if "://" in proxy else f"http://{proxy}"
        manager = ProxyManager(address, ssl_context=context, proxy_ssl_context=_context(bundle))
    manager.pool_classes_by_scheme = _noting(connected)
    return manager


@cache
def _context(bundle: str) -> ssl.SSLContext:
    """What the system trusts, and what the bundle vouches for."""
    context = ssl.create_default_context()
    context.load_verify_locations(bundle)
    return context


def _noting(connected: Event) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections note that there is one: whatever goes wrong later isn't the way there."""

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            connected.set()

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            connected.set()

    class PlainPool(HTTPConnectionPool):
        ConnectionCls: type[BaseHTTPConnection] = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls: type[BaseHTTPSConnection] = Secure

    return {"http": PlainPool, "https": SecurePool}


# --- in words of our own: urllib3's have the whole address ---


def _no_connection(error: Exception, seconds: Seconds) -> str:
    links = tuple(_chain(error))
    if any(isinstance(link, NameResolutionError) for link in links):
        return "its name isn't known"
    if any(isinstance(link, TimeoutError) for link in links):
        return f"none within {seconds.connect:g} s"
    for link in links:
        if isinstance(link, ssl.SSLError):
            why = getattr(link, "verify_message", "") or (link.reason or "no handshake").lower().replace("_", " ")
            return f"TLS: {why}"
    return next((link.strerror for link in links if isinstance(link, OSError) and link.strerror), "refused").lower()


def _no_answer(error: Exception) -> str:
    is_late = any(isinstance(link, TimeoutError) for link in _chain(error))
    return "no answer in time" if is_late else "no whole answer"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it came from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
