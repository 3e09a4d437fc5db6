"""The simulator over loopback HTTP (AWS JSON 1.1): for botocore, the AWS CLI, and other people's tools."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.api import Operations
from drone_deploy_ecs.simulator.faults import Effect, as_fault
from drone_deploy_ecs.simulator.registry import rejected
from drone_deploy_ecs.simulator.witness import logged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    from drone_deploy_ecs.simulator.world import World

Json = dict[str, Any]

BAD_REQUEST, SERVER_ERROR = 400, 500
NEEDED = {
    "UpdateService": "service",
    "DescribeTaskDefinition": "taskDefinition",
    "DeregisterTaskDefinition": "taskDefinition",
    "RegisterTaskDefinition": "family",
    "GetLogEvents": "logStreamName",
}


class Wire:
    """The operations by their names on the wire: request body → answer body."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._do = Operations(world)
        self._operations: dict[str, Callable[[Json], Json]] = {
            "DescribeServices": lambda asked: self._do.describe_services(_cluster(asked), asked.get("services", [])),
            "UpdateService": self._update_service,
            "ListTasks": self._list_tasks,
            "DescribeTasks": lambda asked: self._do.describe_tasks(_cluster(asked), asked.get("tasks", [])),
            "DescribeTaskDefinition": self._describe_task_definition,
            "RegisterTaskDefinition": lambda asked: world.definitions.register(asked, world.clock.monotonic()),
            "DeregisterTaskDefinition": lambda asked: world.definitions.deregister(
                asked["taskDefinition"], world.clock.monotonic()
            ),
            "ListTaskDefinitions": lambda _: {"taskDefinitionArns": world.definitions.arns()},
            "ListClusters": lambda _: {"clusterArns": [f"{world.arn_prefix}cluster/{name}" for name in world.clusters]},
            "ListServices": self._list_services,
            "DescribeScalableTargets": world.scaling.describe_scalable_targets,
            "RegisterScalableTarget": world.scaling.register_scalable_target,
            "GetLogEvents": self._get_log_events,
        }

    def answer(self, operation: str, asked: Json) -> Json:
        """The answer. Raises ApiError as ECS would refuse."""
        if operation not in self._operations:
            served = ", ".join(sorted(self._operations))
            what = operation or "an operation that isn't named in X-Amz-Target"
            raise rejected(operation, "UnknownOperationException", f"{what} isn't simulated; served: {served}")
        needed = NEEDED.get(operation)
        if needed and not asked.get(needed):
            raise rejected(operation, "InvalidParameterException", f"{needed} can not be blank.")
        return self._operations[operation](asked)

    def about(self, operation: str, asked: Json) -> str:
        """What fault rules may match on."""
        if operation == "RegisterTaskDefinition":
            return "with tags" if asked.get("tags") else ""
        if operation == "DescribeScalableTargets":
            return ",".join(one.rpartition("/")[2] for one in asked.get("ResourceIds", []))
        if operation == "RegisterScalableTarget":
            return str(asked.get("ResourceId", "")).rpartition("/")[2]
        if operation == "DescribeServices":
            return ",".join(asked.get("services", []))
        if operation == "GetLogEvents":
            return str(asked.get("logGroupName", ""))
        return str(asked.get("service") or asked.get("serviceName") or asked.get("taskDefinition") or "")

    def _update_service(self, asked: Json) -> Json:
        return self._do.update_service(
            _cluster(asked),
            asked["service"],
            asked.get("taskDefinition", ""),
            asked.get("desiredCount"),
            force=asked.get("forceNewDeployment", False),
        )

    def _list_tasks(self, asked: Json) -> Json:
        status, token = asked.get("desiredStatus", "RUNNING"), asked.get("nextToken", "")
        return self._do.list_tasks(_cluster(asked), asked.get("serviceName", ""), status, token)

    def _describe_task_definition(self, asked: Json) -> Json:
        answer = self.world.definitions.describe(asked["taskDefinition"])
        # Tags come beside the definition, and only when they are asked for.
        return answer if "TAGS" in asked.get("include", []) else {"taskDefinition": answer["taskDefinition"]}

    def _get_log_events(self, asked: Json) -> Json:
        lines = logged(self.world, asked["logStreamName"])
        return {"events": [{"message": line} for line in lines[-asked.get("limit", len(lines)) :]]}

    def _list_services(self, asked: Json) -> Json:
        return self._do.list_services(_cluster(asked), asked.get("nextToken", ""), asked.get("maxResults", 10))


def _cluster(asked: Json) -> str:
    return str(asked.get("cluster", "default"))


def _read(body: bytes) -> Json | None:
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


class _Handler(BaseHTTPRequestHandler):
    """One connection. Headers and body leave in one write: two would cost a delayed ACK, 44 ms a call."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def _server(self) -> Server:
        assert isinstance(self.server, Server)
        return self.server

    def do_POST(self) -> None:
        """One call."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        self._server.called.set()
        self._server.keys.append(_access_key(self.headers.get("Authorization") or ""))
        with self._server.lock:
            self._server.keep_pace()
            status, answer = self._answer(operation, _read(body))
        if answer is None:
            self.close_connection = True
            return
        payload = json.dumps(answer, default=_plain).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()

    def _answer(self, operation: str, asked: Json | None) -> tuple[int, Json | None]:
        """Status and body; no body means that the connection is closed without an answer."""
        if asked is None:
            return BAD_REQUEST, {"__type": "SerializationException", "message": "the body isn't a JSON object"}
        wire, faults = self._server.wire, self._server.wire.world.faults
        about = wire.about(operation, asked)
        effect = faults.strike(operation, about)
        try:
            if effect is None:
                return 200, wire.answer(operation, asked)
            if effect.comes_after:
                wire.answer(operation, asked)
        except ApiError as error:
            return BAD_REQUEST, {"__type": error.fault.code, "message": error.fault.message}
        if effect in (Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER):
            wire.world.clock.sleep(faults.timeout)
        fault = as_fault(effect, operation)
        if fault.is_not_awss:
            return 200, {}
        if not fault.code:
            return 0, None
        status = SERVER_ERROR if fault.kind is FaultKind.AMBIGUOUS else BAD_REQUEST
        return status, {"__type": fault.code, "message": fault.message}

    def log_message(self, *_: object, **__: object) -> None:
        """Nothing: the simulator's own log is `faults.log`."""


def _access_key(authorization: str) -> str:
    return authorization.partition("Credential=")[2].partition("/")[0]


def _plain(value: object) -> float:
    assert isinstance(value, datetime)
    return value.timestamp()


class Server(ThreadingHTTPServer):
    """The simulator on 127.0.0.1. `speed` None leaves the world's clock to others; else it runs with the real one."""

    daemon_threads = True

    def __init__(self, world: World, port: int = 0, speed: float | None = None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.wire = Wire(world)
        self.lock = Lock()
        self.called = Event()
        self.keys: list[str] = []
        """The access key of every call, as it was signed."""
        self.speed = speed
        if speed is not None:
            world.faults.latency = 0.0  # calls take real time then: looking must not hurry the simulated one on
        # A history of rollouts has taken its time already.
        self._began, self._began_at = time.monotonic(), world.clock.monotonic()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def keep_pace(self) -> None:
        """Bring the simulated time to where real time has it; what happened meanwhile doesn't depend on looking."""
        if self.speed is not None:
            self.wire.world.clock.advance_to(self._began_at + (time.monotonic() - self._began) * self.speed)

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
    world = server.wire.world
    yield f"simulated ECS on {server.url}; time runs {server.speed:g} times as fast; stop with Ctrl-C"
    for (cluster, name), service in world.services.items():
        runs = ", ".join(f"{count} of {definition}" for definition, count in service.runs.items())
        yield f"  cluster {cluster}, service {name}: runs {runs or 'nothing'}"
    yield f"  export AWS_ENDPOINT_URL={server.url} AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_DEFAULT_REGION=eu-west-1"
