"""A hurried simulator over HTTP, the command line that deploys to it, and what comes between the two to do harm."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from threading import Event
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.aws.connection import Connection
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.calls.call import Timeout
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.containers.engine import wait_until
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pytest

    from drone_deploy_ecs.core.request.request import Access

SPEED = 40.0
"""Seconds of the simulator and of the tool's clock in a real one. The network is as slow as it is."""
TIMEOUT = Timeout(connect=5.0, read=0.5)
"""Real seconds: 20 of the others, as it is."""
QUICK = Timing(tick=2.0, provisioning=2.0, healthy_after_running=6.0, stopping=1.0, restart_first=2.0)


class Hurried:
    """`ports.Clock` at the simulator's speed."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * SPEED

    def sleep(self, seconds: float) -> None:
        Event().wait(seconds / SPEED)


@dataclass(frozen=True)
class Ran:
    """How a run ended."""

    exit_code: int
    stderr: str

    @property
    def last_line(self) -> str:
        return self.stderr.splitlines()[-1].partition("Z ")[2]


class Account:
    """The simulated account: every deployment gets a service and a family of its own, which ran `shop:1` before."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.world = server.operations.world
        self._services = 0

    def add_service(self, **options: Any) -> str:
        """Its name, which is its family's, too."""
        with self.server.lock:
            self.server.keep_pace()
            self._services += 1
            name = f"web{self._services}"
            self.world.add_service("prod", name, task_definition(name, "shop:1"), **options)
        return name

    def revisions(self, name: str) -> list[str]:
        """All that were ever registered for it, short."""
        return [one for one in map(short, self.world.definitions.arns()) if one.startswith(f"{name}:")]

    def deployments(self, name: str) -> list[str]:
        """The revision of every deployment that it ever had, oldest first."""
        return [short(one.task_definition) for one in self.world.service("prod", name).history]

    def runs(self, name: str) -> dict[str, int]:
        with self.server.lock:
            self.server.keep_pace()
            return self.world.service("prod", name).runs


@contextmanager
def account() -> Iterator[Account]:
    """Hurried, on a port of the loopback."""
    world = World(timing=QUICK)
    world.push("shop:crash", crash(1))
    with Server(world, speed=SPEED) as server:
        yield Account(server)


def settings(name: str, image: str) -> dict[str, str]:
    return {
        "PLUGIN_AWS_REGION": "eu-west-1", "PLUGIN_CLUSTER": "prod", "PLUGIN_SERVICE": name, "PLUGIN_CONTAINER": "app",
        "PLUGIN_IMAGE": image,
    }  # fmt: skip


def deploy(name: str, image: str, more: Mapping[str, str] | None = None) -> Ran:
    """The plugin's own entry, in this process, with botocore to wherever AWS_ENDPOINT_URL says; only hurried."""

    def connect(access: Access) -> Connection:
        return Connection(access, TIMEOUT)

    stderr = io.StringIO()
    env = {**settings(name, image), **(more or {})}
    code = main((), lambda: Edges(env, io.StringIO(), stderr, connect, Hurried(), lambda: 0.5, NEVER))
    return Ran(code, stderr.getvalue())


def point_at(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name, value in {"URL": url, "ACCESS_KEY_ID": "any", "SECRET_ACCESS_KEY": "any"}.items():
        monkeypatch.setenv(f"AWS_ENDPOINT_{name}" if name == "URL" else f"AWS_{name}", value)


class Microburst:
    """A running microburst: what it is to do to which calls, and what it did."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.url = f"http://127.0.0.1:{port}"

    def set_rules(self, *rules: Mapping[str, Any]) -> None:
        """In place of all others. The first that fits is taken."""
        self._ask("POST", "rules", [{"service": "ecs", **rule} for rule in rules])
        self._ask("DELETE", "fired")

    def fired(self) -> list[str]:
        """The operations that were harmed, in order."""
        return [one["operation"] for one in self._ask("GET", "fired?limit=2000")]

    def warm_up(self) -> None:
        """Its first call takes seconds, longer than we wait for an answer."""
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request("POST", "/", b"{}", {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters"})
        answer = connection.getresponse()
        assert b"clusterArns" in answer.read()
        connection.close()

    def is_up(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def _ask(self, method: str, what: str, body: Sequence[Any] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, f"/_microburst/{what}", None if body is None else json.dumps(body))
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            return json.loads(answer.read())
        finally:
            connection.close()


@contextmanager
def microburst(upstream: str) -> Iterator[Microburst]:
    """One in front of this address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(own_venv("microburst")), "-m", "microburst", "--upstream", upstream, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as proxy:
        found = Microburst(port)
        try:
            wait_until(found.is_up, 60, "microburst listens")
            yield found
        finally:
            proxy.terminate()
