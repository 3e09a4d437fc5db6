"""The action `status`: what runs, what is rolling out, how the last rollouts ended; in few calls, without a write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.pages.reading import read
from tests.schemas import amiss, strictly
from tests.simulator.native import native, reach
from tests.simulator.watching import update, web
from tests.stories.story import small_world
from tests.stories.test_rollback import released
from tests.stories.test_watch import begun

if TYPE_CHECKING:
    from tests.stories.story import Teller, Told

PLACES: dict[str, Any] = {"container": "", "image": ""}
COLUMNS = 80
SCHEMA = strictly("status")


def status(tell: Teller, world: World, **settings: Any) -> Told:
    """What is told of it, in tables of 80 columns, by the page as well, and in the published shape."""
    told = tell(world, action="status", **PLACES | settings)
    table = [line for line in told.stdout.splitlines() if not line.startswith("  ")]
    assert all(len(line) <= COLUMNS or "isn't in" in line for line in table), table
    assert not any(world.faults.calls[name] for name in ("StopServiceDeployment", "RegisterTaskDefinition"))
    if told.report:
        assert not amiss(SCHEMA, told.report)
        page = read((tell.tmp_path / f"report-{len(tell.told) - 1}.html").read_text())
        assert all(one["service"] in page.words and one["state"] in page.words for one in told.report["services"])
    return told


def state(told: Told) -> list[str]:
    return [one["state"] for one in told.report["services"]]


def test_status(tell: Teller) -> None:
    told = status(tell, released(2))
    (web_,) = told.report["services"]
    assert (told.exit_code, web_["state"], web_["running"]) == (0, "steady", "web:2")
    assert [past["status"] for past in web_["rollouts"]] == ["SUCCESSFUL", "SUCCESSFUL"]
    assert web_["containers"][0]["digest"].startswith("sha256:")


def test_status_rolling_out(tell: Teller) -> None:
    assert state(status(tell, begun(after=20.0))) == ["rolling out"]


def test_status_of_what_failed(tell: Teller) -> None:
    world = begun(behaviour=missing("shop:2"), breaker=Breaker(rollback=False), after=90.0)
    assert state(status(tell, world)) == ["failed"]


def test_status_going_back(tell: Teller) -> None:
    world = begun(behaviour=missing("shop:2"), breaker=Breaker(rollback=True))
    while web(world).primary.task_definition.endswith(":2"):
        world.clock.sleep(1)
    assert state(status(tell, world)) == ["going back"]


def test_status_native(tell: Teller) -> None:
    world = native("CANARY")
    update(world)
    reach(world, "BAKE_TIME")
    assert state(status(tell, world)) == ["rolling out"]
    world.stop_deployment(web(world))
    assert state(status(tell, world)) == ["going back"]
    world.clock.sleep(120)
    assert state(status(tell, world)) == ["steady"]


def test_status_of_several(tell: Teller) -> None:
    world = begun(after=20.0)
    for number in range(5):
        world.add_service("prod", f"web-of-a-tenant-with-a-long-name-{number}", task_definition(f"tenant-{number}"))
    world.add_service("prod", "web-idle", task_definition("idle"), desired=0)
    short = world.add_service("prod", "web-short", task_definition("short"))
    world.scale(short, 3)
    told = status(tell, world, service="web*,gone")
    assert told.exit_code == 2
    assert state(told) == ["too few", "rolling out", *["steady"] * 5, "idle"]


def test_status_without_the_record(tell: Teller) -> None:
    world = small_world()
    for operation in ("ListServiceDeployments", "DescribeServiceRevisions"):
        world.faults.add(Effect.DENY, operation)
    told = status(tell, world)
    assert (told.exit_code, state(told)) == (0, ["steady"])
    assert "ecs:ListServiceDeployments isn't allowed" in told.stdout


@pytest.mark.parametrize(
    "broken", [{"action": "deploy"}, {"extra": 1}, {"at": "today"}, {"services": [{"service": "web"}]}]
)
def test_the_schema_of_status_finds_what_is_wrong(plugin: Teller, broken: dict[str, Any]) -> None:
    report = plugin(small_world(), action="status", **PLACES).report
    assert not amiss(SCHEMA, report)
    assert amiss(SCHEMA, report | broken)


def test_status_refuses(tell: Teller) -> None:
    assert status(tell, small_world(), service="gone").exit_code == 2
    world = small_world()
    world.faults.add(Effect.DENY, "DescribeServices")
    assert status(tell, world).exit_code == 2


@pytest.mark.parametrize("action", ["status", "deploy"])
def test_what_cannot_be_reached_is_said_at_once_with_how_long_it_is_tried(plugin: Teller, action: str) -> None:
    world = small_world()
    world.faults.add(Effect.UNREACHABLE, "DescribeServices")
    told = plugin(world, action=action, timeout="40s", **PLACES if action == "status" else {})
    unreachable = "DescribeServices: could not connect"
    assert told.stderr.splitlines()[0] == f"12:00:00Z {unreachable}; trying again for 40 s at most"
    assert (
        f"the services can't be read: {unreachable}. Check aws_region and the network, and AWS_ENDPOINT" in told.stderr
    )


def test_status_of_two_services(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web-blue", task_definition("web", "shop:1"))
    world.add_service("prod", "web-green", task_definition("web", "shop:2"), desired=0)
    two = {"service": "", "blue_service": "web-blue", "green_service": "web-green"}
    assert state(status(tell, world, mode="blue-green", **two)) == ["steady", "idle"]


def test_status_of_what_ecs_does_not_deploy(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition(), controller="CODE_DEPLOY")
    assert state(status(tell, world)) == ["not ECS's"]


def test_status_of_hundreds(plugin: Teller) -> None:
    world = World()
    for number in range(300):
        world.add_service("prod", f"tenant-{number:03}", task_definition(f"tenant-{number}"), desired=1)
    told = plugin(world, action="status", service="tenant-*", container="", image="")
    calls = told.report["api_calls"]
    assert calls == {
        "DescribeServiceRevisions": 15,
        "DescribeServices": 30,
        "ListServiceDeployments": 300,
        "ListServices": 3,
    }
    assert len(told.stdout.splitlines()) == 302


def test_status_as_json_on_standard_output(plugin: Teller) -> None:
    told = plugin(small_world(), argv=["status", "--report", "-"], container="", image="")
    assert told.stdout.startswith("{")
    assert "STATE" in told.stderr
