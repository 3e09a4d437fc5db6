"""Asking a page for real, over the loopback: good answers, bad servers, and how long that may take."""

from __future__ import annotations

import gzip
import socket
import ssl
from base64 import b64encode
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.aws.http import trusted
from drone_deploy_ecs.core.calls.call import Timeout
from drone_deploy_ecs.core.calls.web import MOST, Get
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.url import Url
from drone_deploy_ecs.web.get import Web, get
from tests.contract.middlebox import CERTIFICATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.web import Reply

PATIENCE = Timeout(0.3, 0.6)
HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


class Served:
    """A server that says these bytes to whoever asks, and keeps what it was asked."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[bytes] = []

    def url(self, path: str = "/", scheme: str = "http") -> Url:
        found = Url.parse(f"{scheme}://127.0.0.1:{self.port}{path}")
        assert found is not None
        return found


@contextmanager
def serving(answer: bytes, *, tls: bool = False, holds: bool = False, drips: bytes = b"") -> Iterator[Served]:
    """`holds` keeps the connection open after that; `drips` comes byte by byte, for ever."""
    over = Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = Served(listening.getsockname()[1])

        def talk(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                if tls:
                    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                    context.load_cert_chain(CERTIFICATE)
                    connection = context.wrap_socket(connection, server_side=True)
                served.asked.append(connection.recv(65536))
                connection.sendall(answer)
                while drips and not over.wait(0.05):
                    connection.sendall(drips)
                if holds:
                    over.wait(5)
                connection.close()

        def accept() -> None:
            with suppress(OSError):
                while True:
                    Thread(target=talk, args=(listening.accept()[0],), daemon=True).start()

        Thread(target=accept, daemon=True).start()
        yield served
        over.set()
        listening.shutdown(socket.SHUT_RDWR)


def ask(url: Url, seconds: Timeout = PATIENCE, bundle: str = "") -> Reply:
    return Get(region="eu-west-1", url=url).read(get(url, seconds, bundle or trusted()))


def fault(url: Url, seconds: Timeout = PATIENCE, bundle: str = "") -> tuple[FaultKind, str]:
    with pytest.raises(ApiError) as error:
        ask(url, seconds, bundle)
    return error.value.fault.kind, error.value.fault.message


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)


def test_an_answer() -> None:
    with serving(HEAD + b"Content-Length: 6\r\n\r\nshop 2") as served:
        url = served.url("/health?token=s3cr3t&name=\N{LATIN SMALL LETTER E WITH ACUTE}")
        reply = Web(trusted()).send(Get(region="eu-west-1", url=url))
    assert (reply.status, reply.text, reply.location) == (200, "shop 2", "")
    assert served.asked[0].startswith(b"GET /health?token=s3cr3t&name=%C3%A9 HTTP/1.1\r\n")
    assert b"cache-control: no-cache" in served.asked[0].lower()


def test_a_login_is_sent_and_never_shown() -> None:
    with serving(HEAD + b"Content-Length: 0\r\n\r\n") as served:
        url = Url.parse(f"http://shop:s3cr%40t@127.0.0.1:{served.port}/")
        assert url is not None
        assert ask(url).status == 200
    assert b"Basic " + b64encode(b"shop:s3cr@t") in served.asked[0]
    assert "s3cr" not in f"{url} {url!r}"


def test_a_redirect_is_an_answer() -> None:
    with serving(b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n") as served:
        reply = ask(served.url())
    assert (reply.status, reply.location, len(served.asked)) == (302, "/login", 1)


def test_a_huge_body_is_read_to_its_limit() -> None:
    with serving(HEAD + b"\r\n" + b"x" * MOST * 8) as served:
        assert len(ask(served.url(), Timeout(1, 5)).text) == MOST


def test_what_is_packed_is_unpacked_no_further_than_that() -> None:
    packed = gzip.compress(b"x" * MOST * 100)
    with serving(HEAD + b"Content-Encoding: gzip\r\n\r\n" + packed) as served:
        assert ask(served.url(), Timeout(1, 5)).text == "x" * MOST


def test_bytes_that_are_no_text_are_read_as_such() -> None:
    with serving(HEAD + b"Content-Length: 4\r\n\r\n\xff\xfeok") as served:
        assert ask(served.url()).text.endswith("ok")


@pytest.mark.parametrize(
    ("answer", "drips", "said"),
    [
        (b"", b"", "no answer in time"),
        (HEAD, b"", "no answer in time"),
        (HEAD + b"\r\n", b"x", "no answer in time"),
        (b"", b"", "no whole answer"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", b"", "no whole answer"),
        (HEAD + b"Content-Length: 100\r\n\r\ncut", b"", "no whole answer"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\nnot packed at all", b"", "no whole answer"),
        (HEAD + b"X: " + b"y" * 70000 + b"\r\n\r\n", b"", "no whole answer"),
    ],
)
def test_who_was_reached_and_gave_no_answer(answer: bytes, drips: bytes, said: str) -> None:
    began = monotonic()
    with serving(answer, holds=said == "no answer in time", drips=drips) as served:
        assert fault(served.url()) == (FaultKind.AMBIGUOUS, said)
    assert monotonic() - began < 5


def test_who_isn_t_reached() -> None:
    with serving(b"") as served:
        gone = served.url()
    assert fault(gone) == (FaultKind.UNREACHABLE, "connection refused")
    unknown = Url.parse("http://shop.invalid/?token=s3cr3t")
    assert unknown is not None
    assert fault(unknown, Timeout(3, 5)) == (FaultKind.UNREACHABLE, "its name isn't known")


def test_tls_is_verified() -> None:
    with serving(HEAD + b"Content-Length: 2\r\n\r\nok", tls=True) as served:
        assert ask(served.url(scheme="https"), Timeout(3, 5), str(CERTIFICATE)).text == "ok"
        kind, said = fault(served.url(scheme="https"), Timeout(3, 5))
        assert (kind, said.startswith("TLS: ")) == (FaultKind.UNREACHABLE, True)
        assert "self-signed certificate" in said


def test_what_speaks_no_tls_isn_t_reached() -> None:
    with serving(b"HTTP/1.1 400 Bad\r\n\r\n") as served:
        kind, said = fault(served.url(scheme="https"), Timeout(3, 5))
    assert (kind, said.startswith("TLS: ")) == (FaultKind.UNREACHABLE, True)


def test_a_handshake_that_never_ends_is_no_connection() -> None:
    with serving(b"", holds=True) as served:
        assert fault(served.url(scheme="https")) == (FaultKind.UNREACHABLE, "none within 0.3 s")


def test_it_goes_by_the_environment_s_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(HEAD + b"Content-Length: 2\r\n\r\nok") as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        url = Url.parse("http://shop.example/health?a=b")
        assert url is not None
        assert ask(url).text == "ok"
        monkeypatch.setenv("no_proxy", "shop.example")
        assert fault(url, Timeout(3, 5))[0] is FaultKind.UNREACHABLE
    assert proxy.asked[0].startswith(b"GET http://shop.example/health?a=b HTTP/1.1\r\n")
