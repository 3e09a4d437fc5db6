"""The action `continue`: what a first run left at a PAUSE hook goes on by a second, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import hooked, native, served, when
from tests.simulator.watching import GROUP, update, web

if TYPE_CHECKING:
    from tests.stories.story import Teller, Told

OLD, NEW = {"web:1": 100.0}, {"web:2": 100.0}
CONTINUE = "ContinueServiceDeployment"
TESTED, SERVING = "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"


def left(tell: Teller) -> tuple[World, Told]:
    """A first run's deployment, left at its pause for an hour."""
    world = hooked(TESTED, is_pause=True)
    told = tell(world, on_pause="leave")
    assert told.report["verdict"] == "Paused"
    world.clock.sleep(3600)
    return world, told


def go_on(tell: Teller, world: World, **settings: Any) -> Told:
    return tell(world, action="continue", **{"image": "", "container": "", **settings})


def test_continue(tell: Teller) -> None:
    world, first = left(tell)
    deployment = first.report["services"][0]["deployment_id"]
    assert go_on(tell, world, deployment=deployment, dry_run="true").exit_code == 0
    assert CONTINUE not in world.faults.calls
    told = go_on(tell, world, deployment=deployment)
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Completed", NEW)
    assert (world.faults.calls[CONTINUE], world.faults.calls["UpdateService"]) == (1, 1)


@pytest.mark.parametrize(
    "what",
    [{}, {"image": "shop:2"}, {"image": "shop:2", "container": "app"}, {"revision": "web:2"}, {"wait_for": "healthy"}],
)
def test_continue_what_is_meant(plugin: Teller, what: dict[str, str]) -> None:
    world, _ = left(plugin)
    told = go_on(plugin, world, **what)
    assert (told.exit_code, told.report["verdict"], world.faults.calls[CONTINUE]) == (0, "Completed", 1)


def test_continue_by_arn(plugin: Teller) -> None:
    world, first = left(plugin)
    told = go_on(plugin, world, deployment=first.report["services"][0]["pause"]["service_deployment"])
    assert (told.exit_code, served(world)) == (0, NEW)


def test_continue_is_not_for_somebody_elses(tell: Teller) -> None:
    world, first = left(tell)
    update(world, "shop:2")  # somebody deploys meanwhile, and it waits there
    world.clock.sleep(120)
    told = go_on(tell, world, deployment=first.report["services"][0]["deployment_id"])
    assert (told.exit_code, told.report["verdict"], served(world)) == (5, "Superseded", OLD)
    assert CONTINUE not in world.faults.calls


@pytest.mark.parametrize("what", [{"image": "shop:3"}, {"revision": "web:7"}])
def test_continue_is_not_for_what_is_not_meant(plugin: Teller, what: dict[str, str]) -> None:
    world, _ = left(plugin)
    told = go_on(plugin, world, **what)
    assert (told.exit_code, told.report["verdict"], CONTINUE in world.faults.calls) == (5, "Superseded", False)


def test_continue_nothing(tell: Teller) -> None:
    told = go_on(tell, native())
    assert told.exit_code == 2
    assert "nothing waits at a PAUSE hook: web runs web:1" in told.stderr


def test_continue_one_of_several(tell: Teller) -> None:
    world = hooked(TESTED, is_pause=True)
    pause = Shifting(hooks=(LifecycleHook(stages=(TESTED,), is_pause=True),))
    body = task_definition("api", "shop:1")
    world.add_service(
        "prod", "api", body, strategy="BLUE_GREEN", shifting=pause, target_group=GROUP.replace("web", "api")
    )
    first = tell(world, service="web,api", on_pause="leave")
    assert go_on(tell, world, service="web,api").exit_code == 2
    ids = first.report["services"][1]["deployment_id"]
    told = go_on(tell, world, service="web,api", deployment=ids)
    assert (told.exit_code, served(world), world.traffic(world.service("prod", "api"))) == (0, OLD, {"api:2": 100.0})


def test_continue_denied(tell: Teller) -> None:
    world, _ = left(tell)
    world.faults.add(Effect.DENY, CONTINUE)
    told = go_on(tell, world)
    assert (told.exit_code, told.report["verdict"], served(world)) == (2, "Refused", OLD)
    assert "ecs:ContinueServiceDeployment" in told.stderr
    assert world.faults.calls[CONTINUE] == 1
    assert not when(world, "StopServiceDeployment")


def test_continue_answer_lost(plugin: Teller) -> None:
    world, _ = left(plugin)
    world.faults.add(Effect.TIMEOUT_BEFORE, CONTINUE, last=1)
    told = go_on(plugin, world)
    assert (told.exit_code, served(world), world.faults.calls[CONTINUE]) == (0, NEW, 2)


def test_continue_and_it_crashes(tell: Teller) -> None:
    pause = LifecycleHook(stages=(TESTED,), is_pause=True, about="shop:2")
    world = native(behaviour=crash(1, after=100.0), bake_minutes=30, hooks=(pause,))
    tell(world, on_pause="leave")
    told = go_on(tell, world)
    assert (told.exit_code, served(world)) == (3, OLD)


def test_continue_to_the_next_pause(plugin: Teller) -> None:
    world = native(hooks=(LifecycleHook(stages=(TESTED, SERVING), is_pause=True, about="shop:2"),))
    plugin(world, on_pause="leave")
    told = go_on(plugin, world, on_pause="leave")
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Paused", NEW)
    told = go_on(plugin, world, on_pause="leave")
    assert (told.exit_code, told.report["verdict"], world.faults.calls[CONTINUE]) == (0, "Completed", 2)


def test_continue_takes_no_other_edit(tell: Teller) -> None:
    world, _ = left(tell)
    assert go_on(tell, world, tag="3", canary_services="1").exit_code == 2


def test_continue_where_nothing_was_completed_before(plugin: Teller) -> None:
    world = hooked(TESTED, is_pause=True)
    web(world).history[0].state = "IN_PROGRESS"
    web(world).events.clear()
    plugin(world, on_pause="leave")
    assert "has no COMPLETED deployment" in go_on(plugin, world, dry_run="true").stdout
    assert go_on(plugin, world).exit_code == 0


def test_continue_of_no_service(plugin: Teller) -> None:
    assert go_on(plugin, native(), service="nowhere").exit_code == 2
