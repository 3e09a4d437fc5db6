"""Who is told at the end, and what: by Apprise itself, over real HTTP, to a receiver on this machine."""

from __future__ import annotations

import io
import json
import sys
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.masking import Secret
from drone_deploy_ecs.core.ports import NEVER, at_once
from drone_deploy_ecs.output.notify.message import Message, Tone
from drone_deploy_ecs.output.notify.send import receivers, send
from drone_deploy_ecs.run.system import beside
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.clock import VirtualClock
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ports import Cancellation

# Apprise looks for a module that Python will drop.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

PASSWORD = "canary-password"


class Receiver(ThreadingHTTPServer):
    """Takes what Apprise's `json://` sends; `status` is what it answers, once it may (`open`)."""

    daemon_threads = True

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.status = status
        self.open = Event()
        self.open.set()
        self.taken: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        """As it stands in the setting; the user's name and password are a secret."""
        return f"json://deploy:{PASSWORD}@127.0.0.1:{self.server_port}/hook"


class Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        receiver = self.server
        assert isinstance(receiver, Receiver)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.open.wait()
        receiver.taken.append(json.loads(body))
        self.send_response(receiver.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing."""


@contextmanager
def receiving(status: int = 200) -> Iterator[Receiver]:
    with Receiver(status) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.open.set()
            server.shutdown()
            thread.join()


class Ran(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str

    @property
    def warnings(self) -> list[str]:
        """Its own, beside the run's lines."""
        return [line for line in self.stderr.splitlines() if line.startswith("drone-deploy-ecs: warning: ")]


def run(world: World, notify: str, cancellation: Cancellation = NEVER, **settings: str) -> Ran:
    env = PLUGIN | {f"PLUGIN_{name.upper()}": value for name, value in settings.items()}
    env |= {"PLUGIN_NOTIFY": notify, "DRONE_BUILD_LINK": "https://drone.example/shop/7"}
    out, err = io.StringIO(), io.StringIO()
    edges = Edges(env, out, err, lambda _: SimulatedAws(world), world.clock, lambda: 0.5, cancellation)
    code = main([], lambda: edges)
    assert PASSWORD not in out.getvalue() + err.getvalue()
    return Ran(code, out.getvalue(), err.getvalue())


def test_a_deployment_that_completed_is_told_once_and_where_to_look() -> None:
    with receiving() as receiver:
        ran = run(small_world(), receiver.address)
    assert ran.exit_code == 0
    assert not ran.warnings
    [taken] = receiver.taken
    assert taken["type"] == "success"
    assert taken["title"] == "Completed: web runs web:2 (2 of 2 tasks)"
    assert taken["message"].splitlines() == [
        "shop:2 for container app in cluster prod, eu-west-1, 1 m 5 s",
        "web runs web:2 (2 of 2 tasks): new",
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/prod/services?region=eu-west-1",
        "https://drone.example/shop/7",
    ]


def test_a_failure_is_an_alarm_with_its_cause_and_without_its_log() -> None:
    with receiving() as receiver:
        ran = run(small_world(), receiver.address, image="shop:crash")
    assert ran.exit_code == 3
    [taken] = receiver.taken
    assert taken["type"] == "failure"
    assert taken["title"].startswith("Failed: ")
    assert taken["message"].splitlines()[1:3] == [
        (
            "web: the container exited by itself (container app, exit code 1): Essential container in task exited "
            "[EssentialContainerExited]. Read the container's log; run the image with the same environment"
        ),
        "web runs web:1 (2 of 2 tasks): as before",
    ]


def test_somebody_elses_deployment_is_no_alarm() -> None:
    world = small_world()
    theirs = world.register(task_definition("web", "shop:9"))
    world.at(19, lambda: world.deploy(world.service("prod", "web"), theirs))
    with receiving() as receiver:
        assert run(world, receiver.address).exit_code == 5
    assert [taken["type"] for taken in receiver.taken] == ["info"]


def test_of_many_services_some_are_told_and_the_rest_is_counted() -> None:
    world = small_world()
    for number in range(14):
        world.add_service("prod", f"web-{number}", task_definition("web", "shop:1"))
    with receiving() as receiver:
        run(world, receiver.address, service="web-*")
    lines = receiver.taken[0]["message"].splitlines()
    assert sum(" runs " in line for line in lines) == 10
    assert "and 4 more services" in lines


def test_several_addresses_are_all_told_and_what_refuses_is_a_warning() -> None:
    with receiving() as receiver, receiving(status=500) as broken:
        ran = run(small_world(), f"{broken.address}, {receiver.address}")
    assert len(receiver.taken) == 1
    assert ran.exit_code == 0
    assert ran.warnings == ["drone-deploy-ecs: warning: the 1st (json) address in notify didn't take the message"]


def test_where_nobody_listens_is_a_warning_and_nothing_else_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with receiving() as receiver:
        address = receiver.address
    ran = run(small_world(), address, image="shop:crash")
    assert ran.exit_code == 3
    assert ran.warnings == ["drone-deploy-ecs: warning: the 1st (json) address in notify didn't take the message"]
    assert capfd.readouterr() == ("", "")


def test_an_address_that_leads_nowhere_is_refused_before_anything_is_written() -> None:
    world = small_world()
    ran = run(world, f"nosuch://deploy:{PASSWORD}@host, jsn://{PASSWORD}")
    assert ran.exit_code == 2
    assert "Apprise doesn't understand the 1st (nosuch) address in notify" in ran.stderr
    assert "Apprise doesn't understand the 2nd (jsn) address in notify" in ran.stderr
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_without_apprise_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    monkeypatch.delitem(sys.modules, "drone_deploy_ecs.output.notify.send")
    ran = run(small_world(), f"json://{PASSWORD}@127.0.0.1")
    assert ran.exit_code == 2
    assert "notify needs Apprise, which isn't installed. Install drone-deploy-ecs[notify]" in ran.stderr


def test_a_plan_tells_nobody() -> None:
    with receiving() as receiver:
        assert run(small_world(), receiver.address, dry_run="true").exit_code == 0
    assert not receiver.taken


MESSAGE = Message("title", "body", Tone.GOOD)


def test_what_gives_no_answer_is_left_after_ten_seconds() -> None:
    clock = VirtualClock()
    with receiving() as receiver:
        receiver.open.clear()
        found, problems = receivers([Secret("notify", receiver.address)])
        assert not problems
        began = clock.monotonic()
        assert list(send(MESSAGE, found, clock, beside)) == ["the 1st (json) address in notify gave no answer in 10 s"]
        assert clock.monotonic() - began == pytest.approx(10, abs=0.1)


def test_a_defect_in_apprise_is_told_by_its_kind_alone() -> None:
    found, _ = receivers([Secret("notify", f"json://{PASSWORD}@127.0.0.1")])
    broken = [receiver._replace(service=None) for receiver in found]  # type: ignore[arg-type]
    told = list(send(MESSAGE, broken, VirtualClock(), at_once))
    assert told == ["the 1st (json) address in notify couldn't be sent to (AttributeError)"]
