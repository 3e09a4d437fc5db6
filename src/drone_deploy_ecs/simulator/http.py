"""The simulator over loopback HTTP (AWS JSON 1.1, REST JSON): for botocore, the AWS CLI, and other people's tools."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.faults import Killed
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.sites import Sites

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from drone_deploy_ecs.simulator.world import World

Json = dict[str, Any]

SITES = "/sites/"
BAD_REQUEST, NOT_FOUND, SERVER_ERROR = 400, 404, 500
SCHEDULES = "/schedules"
IN_QUERY = {"groupName": "GroupName"}
"""Members that go by another name in an address (EventBridge Scheduler API reference)."""


def _read(body: bytes) -> Json | None:
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return None
    return request if isinstance(request, dict) else None


class _Handler(BaseHTTPRequestHandler):
    """One connection. Headers and body leave in one write: two would cost a delayed ACK, 44 ms a call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def _server(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def do_GET(self) -> None:
        """A call in REST JSON, a page of a site (/sites/<host>/<path>), or a download that a call was answered with."""
        if self.path.startswith(SCHEDULES):
            self._serve_schedules("GetSchedule", "ListSchedules")
            return
        if self.path.startswith(SITES):
            host, _, path = self.path.removeprefix(SITES).partition("/")
            self._show(host, f"/{path.partition('?')[0]}")
            return
        content = self._server.operations.surroundings.download(self.path)
        self._reply(NOT_FOUND if content is None else 200, "application/octet-stream", content or b"")

    def _show(self, host: str, path: str) -> None:
        server = self._server
        with server.lock:
            server.keep_pace()
            reply = server.sites.answer(host, path) if server.sites.can_reach(host) else None
        if reply is None:
            self.rfile.read(1)  # until who asks gives up
            self.close_connection = True
            return
        self._reply(reply["status"], "text/plain", reply.get("text", "").encode(), reply.get("location", ""))

    def do_PUT(self) -> None:
        """A call in REST JSON."""
        self._serve_schedules("UpdateSchedule", "")

    def _serve_schedules(self, of_one: str, of_all: str) -> None:
        """A call to EventBridge Scheduler: part of the request is in the address, the rest in the body."""
        path, _, query = self.path.removeprefix(SCHEDULES).partition("?")
        given = {IN_QUERY.get(name, name): value for name, value in parse_qsl(query)}
        if name := unquote(path.strip("/")):
            given["Name"] = name
        self._serve(of_one if name else of_all, given)

    def do_POST(self) -> None:
        """One call."""
        self._serve((self.headers.get("X-Amz-Target") or "").rpartition(".")[2], {})

    def _serve(self, operation: str, given: Json) -> None:
        """The call, whose request is partly `given`."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = _read(body)
        request = None if request is None else self._server.in_world_time({**request, **given})
        self._server.called.set()
        self._server.keys.append(_access_key(self.headers.get("Authorization") or ""))
        with self._server.lock:
            self._server.keep_pace()
            status, answer = self._answer(operation, request)
        if answer is None:
            self.close_connection = True
            return
        self._reply(status, "application/x-amz-json-1.1", json.dumps(answer, default=self._server.timestamp).encode())

    def _reply(self, status: int, kind: str, payload: bytes, location: str = "") -> None:
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    def _answer(self, operation: str, request: Json | None) -> tuple[int, Json | None]:
        """Status and body; no body means that the connection is closed without an answer."""
        if request is None:
            return BAD_REQUEST, {"__type": "SerializationException", "message": "the body isn't a JSON object"}
        try:
            return 200, self._server.operations.call(operation, request)
        except Killed:
            return 0, None
        except ApiError as error:
            fault = error.fault
        if fault.is_not_awss:
            return 200, {}
        # Without one of AWS's codes no answer reached the caller: a time-out, a reset, an endpoint out of reach.
        if not fault.code:
            return 0, None
        status = SERVER_ERROR if fault.kind is FaultKind.AMBIGUOUS else BAD_REQUEST
        return status, {"__type": fault.code, "message": fault.message}

    def log_message(self, *_: object, **__: object) -> None:
        """Nothing: the simulator's own log is `faults.log`."""


def _access_key(authorization: str) -> str:
    return authorization.partition("Credential=")[2].partition("/")[0]


class Server(ThreadingHTTPServer):
    """The simulator on 127.0.0.1. `speed`: simulated seconds in a real one; None leaves the clock to the caller.

    `now` is the time of day that it is for its callers, None where that is the world's own.
    """

    daemon_threads = True

    def __init__(self, world: World, port: int = 0, speed: float | None = None, now: datetime | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.operations = Operations(world)
        self.sites = Sites(world)
        world.address = self.url
        self.lock = Lock()
        self.called = Event()
        self.keys: list[str] = []
        """The access key of every call, as it was signed."""
        self.speed = speed
        if speed is not None:
            world.faults.latency = 0.0  # calls take real time then: looking must not hurry the simulated one on
        # A history of rollouts has taken its time already.
        self._began, self._began_at = time.monotonic(), world.clock.monotonic()
        self._ahead = (now - world.clock.now()).total_seconds() if now else 0.0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def keep_pace(self) -> None:
        """Bring the simulated time to where real time has it; what happened meanwhile doesn't depend on looking."""
        if self.speed is not None:
            self.operations.world.clock.advance_to(self._began_at + (time.monotonic() - self._began) * self.speed)

    def timestamp(self, value: object) -> float:
        """A time of the world as callers get it: seconds since 1970, by their calendar."""
        assert isinstance(value, datetime)
        return value.timestamp() + self._ahead

    def in_world_time(self, request: Json) -> Json:
        """A caller's request with its times by the world's calendar: ListServiceDeployments has some."""
        if not isinstance(created := request.get("createdAt"), dict):
            return request
        return {**request, "createdAt": {name: at - self._ahead for name, at in created.items()}}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing where a client has gone, as those do that are killed; else the defect's traceback."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def __enter__(self) -> Self:
        """Serve in the background."""
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.shutdown()
        self.server_close()


def lines(server: Server) -> Iterator[str]:
    """What a person needs to know to talk to it."""
    world = server.operations.world
    yield f"simulated ECS on {server.url}; time runs {server.speed:g} times as fast; stop with Ctrl-C"
    for (cluster, name), service in world.services.items():
        runs = ", ".join(f"{count} of {definition}" for definition, count in service.runs.items())
        yield f"  cluster {cluster}, service {name}: runs {runs or 'nothing'}"
    yield from (f"  site {server.url}{SITES}{host}/" for host in world.sites)
    yield f"  export AWS_ENDPOINT_URL={server.url} AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=eu-west-1"
