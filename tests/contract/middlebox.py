"""A small proxy for what microburst can't do to an answer: cut its head, reset for real, say something else."""

from __future__ import annotations

import os
import socket
import ssl
import struct
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CERTIFICATE = Path(__file__).parent / "loopback.pem"
FORGED = b"\x17\x03\x03\x00\x20" + bytes(32)
"""A TLS record of nobody who knows the keys."""
NOTHING_LEFT = struct.pack("ii", 1, 0)
"""SO_LINGER: closing throws away what is unsent, and sends RST."""


@dataclass(frozen=True, kw_only=True)
class Harm:
    """What becomes of the answer to a call that had its effect: its first bytes (or another), then FIN or RST.

    `forged`: a broken TLS record comes in its place. `held`: it comes whole, but only when the box is told to let go.
    """

    keep: int = 0
    instead: bytes = b""
    resets: bool = False
    forged: bool = False
    held: bool = False


def page(status: int, body: bytes, kind: str = "text/html") -> bytes:
    """A whole HTTP answer."""
    head = f"HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class _Passage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        assert isinstance(self.server, Middlebox)
        answer = self._forward(self.server.upstream)
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        due = self.server.due.get(operation)
        harm = due.pop(0) if due else None
        if harm is None:
            self.wfile.write(answer)
            return
        self.close_connection = True
        self.server.harmed.append(operation)
        if harm.held:
            self.server.holds.set()
            self.server.lets_go.wait()
        with suppress(ConnectionError):  # whoever asked may be dead by now
            self.wfile.write(harm.instead or (answer if harm.held else answer[: harm.keep]))
        if harm.forged:
            os.write(self.connection.fileno(), FORGED)
        if harm.resets:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOTHING_LEFT)

    def _forward(self, port: int) -> bytes:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        connection = HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("POST", self.path, body, dict(self.headers))
            answer = connection.getresponse()
            return page(answer.status, answer.read(), "application/x-amz-json-1.1")
        finally:
            connection.close()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing."""


class Middlebox(ThreadingHTTPServer):
    """Harms answers: for each of these operations that to its first call, its second and so on; None lets it be."""

    daemon_threads = True

    def __init__(self, upstream: int, due: Mapping[str, Sequence[Harm | None]], *, tls: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Passage)
        self.upstream = upstream
        self.due = {operation: list(harms) for operation, harms in due.items()}
        self.harmed: list[str] = []
        self.holds, self.lets_go = Event(), Event()
        self.url = f"http{'s' * tls}://127.0.0.1:{self.server_port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            # Each connection shakes hands when it is first read from, in its own thread.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close and no more: to shut down first would say FIN, and a reset is none then."""
        self.close_request(request)

    def __enter__(self) -> Middlebox:  # noqa: PYI034
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.lets_go.set()
        self.shutdown()
        self.server_close()
