"""A PAUSE hook of ECS's own strategies: waited for, answered by us, left to somebody; and on the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import hooked, native, record, served, when
from tests.simulator.watching import GROUP, web
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from tests.stories.story import Teller

OLD, NEW = {"web:1": 100.0}, {"web:2": 100.0}
STOP, CONTINUE = "StopServiceDeployment", "ContinueServiceDeployment"
TESTED, SERVING = "POST_TEST_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"


def paused(stage: str = TESTED, timeout_minutes: int = 1440) -> World:
    """Service web, whose deployments of shop:2 wait at a pause there."""
    return hooked(stage, is_pause=True, timeout_minutes=timeout_minutes)


def with_api(world: World, **options: Any) -> World:
    world.add_service("prod", "api", task_definition("api", "shop:1"), **options)
    return world


def is_paused(world: World) -> bool:
    return [hook["status"] for hook in record(world)["lifecycleHookDetails"]] == ["AWAITING_ACTION"]


# --- waited for ---


def test_native_pause_is_waited_for_and_continued(tell: Teller) -> None:
    world = paused()
    world.at(1500, lambda: world.answer_pauses(web(world)))
    told = tell(world)
    assert (told.exit_code, served(world)) == (0, NEW)
    assert "aws ecs continue-service-deployment" in told.stderr
    assert CONTINUE not in world.faults.calls


def test_native_pause_is_waited_for_over_hours(plugin: Teller) -> None:
    world = paused()
    world.at(8 * 3600, lambda: world.answer_pauses(web(world)))
    told = plugin(world)
    assert (told.exit_code, served(world)) == (0, NEW)
    assert len(told.stderr.splitlines()) < 100
    moments = [event["at"] for event in told.report["timeline"]]
    assert moments == sorted(moments)


def test_native_pause_is_rejected(tell: Teller) -> None:
    world = paused()
    world.at(200, lambda: world.answer_pauses(web(world), "ROLLBACK"))
    told = tell(world)
    assert (told.exit_code, told.report["verdict"], served(world)) == (3, "RolledBack", OLD)
    assert [cause["name"] for cause in told.report["services"][0]["causes"]] == ["pause-rejected"]


def test_native_pause_times_out(tell: Teller) -> None:
    world = paused(timeout_minutes=5)
    told = tell(world)
    assert (told.exit_code, told.report["verdict"], served(world)) == (3, "RolledBack", OLD)
    assert [cause["name"] for cause in told.report["services"][0]["causes"]] == ["pause-timed-out"]


def test_native_pause_while_another_service_fails(tell: Teller) -> None:
    world = with_api(paused(), desired=8, maximum_percent=125, alarms=("errors",))
    world.at(90, lambda: world.trip(world.service("prod", "api"), "errors", "12 > 10"))
    told = tell(world, service="web,api")
    assert (told.exit_code, served(world)) == (3, OLD)
    assert world.faults.calls[CONTINUE] == 1
    assert STOP not in world.faults.calls


# --- continued by us ---


def test_native_pause_is_continued(tell: Teller) -> None:
    world = paused()
    told = tell(world, on_pause="continue")
    assert (told.exit_code, served(world)) == (0, NEW)
    assert world.faults.calls[CONTINUE] == 1


def test_native_pauses_are_continued(plugin: Teller) -> None:
    hooks = tuple(
        LifecycleHook(stages=stages, is_pause=True, about="shop:2") for stages in ((TESTED,), (TESTED, SERVING))
    )
    world = native(hooks=hooks)
    told = plugin(world, on_pause="continue")
    assert (told.exit_code, served(world), world.faults.calls[CONTINUE]) == (0, NEW, 3)


def test_native_pause_continue_denied(tell: Teller) -> None:
    world = paused()
    world.faults.add(Effect.DENY, CONTINUE)
    world.at(200, lambda: world.answer_pauses(web(world)))
    told = tell(world, on_pause="continue")
    assert (told.exit_code, served(world)) == (0, NEW)
    assert "ecs:ContinueServiceDeployment" in told.stderr
    assert world.faults.calls[CONTINUE] == 1


@pytest.mark.parametrize("effect", [Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.THROTTLE, Effect.SERVER_ERROR])
def test_native_pause_answer_lost(plugin: Teller, effect: Effect) -> None:
    world = paused()
    world.faults.add(effect, CONTINUE, last=2)
    told = plugin(world, on_pause="continue")
    assert (told.exit_code, served(world)) == (0, NEW)
    assert world.faults.calls[CONTINUE] == (1 if effect is Effect.TIMEOUT_AFTER else 3)
    assert max(when(world, CONTINUE)) < 110  # a time-out takes 20 s


def test_native_pause_answered_by_somebody_first(plugin: Teller) -> None:
    world = paused()
    world.faults.add(Effect.THROTTLE, CONTINUE, last=1)
    world.at(63, lambda: world.answer_pauses(web(world)))
    told = plugin(world, on_pause="continue")
    assert (told.exit_code, served(world)) == (0, NEW)


# --- left ---


def test_native_pause_is_left(tell: Teller) -> None:
    world = paused()
    told = tell(world, on_pause="leave")
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Paused", OLD)
    assert is_paused(world)
    assert CONTINUE not in world.faults.calls
    assert "not yet serving" in told.last_line
    assert told.report["services"][0]["pause"]["hook_id"] in told.last_line


def test_native_pause_is_left_when_it_serves_already(plugin: Teller) -> None:
    world = paused(SERVING)
    told = plugin(world, on_pause="leave")
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Paused", NEW)
    assert "with 100 % of production traffic, not yet over" in told.last_line


def test_native_pause_is_left_before_the_first_task(plugin: Teller) -> None:
    told = plugin(paused("PRE_SCALE_UP"), on_pause="leave", wait_for="healthy")
    assert (told.exit_code, told.report["verdict"], served(told.world)) == (0, "Paused", OLD)


def test_native_pause_of_one_of_two(tell: Teller) -> None:
    world = with_api(paused())
    told = tell(world, service="web,api", on_pause="leave")
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Paused", OLD)
    assert world.service("prod", "api").runs == {"api:2": 2}


def test_native_pause_is_not_left_when_another_service_fails(plugin: Teller) -> None:
    world = with_api(paused())
    world.push("shop:2", crash(1, after=75.0))
    told = plugin(world, service="web,api", on_pause="leave", stable_for="2m")
    assert (told.exit_code, told.report["verdict"], served(world)) == (3, "Failed", OLD)


def test_native_pause_is_answered_before_the_others_are_done(plugin: Teller) -> None:
    world = with_api(paused())
    world.push("shop:2", Behaviour(health_after=100.0))
    world.at(205, lambda: world.answer_pauses(web(world)))
    told = plugin(world, service="web,api", on_pause="leave", stable_for="2m")
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Completed", NEW)


def test_native_pause_is_waited_for_with_healthy(plugin: Teller) -> None:
    told = plugin(paused("POST_SCALE_UP"), wait_for="healthy")
    assert (told.exit_code, told.report["verdict"]) == (0, "Completed")
    assert "it waits at PAUSE hook ecs-pause-" in told.last_line


def test_native_pause_would_leave_half_of_the_run(tell: Teller) -> None:
    world = with_api(paused())
    told = tell(world, service="web,api", on_pause="leave", canary_services="1")
    assert (told.exit_code, "UpdateService" in world.faults.calls) == (2, False)


def test_native_pause_in_the_last_wave(plugin: Teller) -> None:
    world = with_api(paused())
    told = plugin(world, service="api,web", on_pause="leave", canary_services="1")
    assert (told.exit_code, told.report["verdict"], served(world)) == (0, "Paused", OLD)


def test_many_pauses_are_named(tell: Teller) -> None:
    world = World()
    pause = Shifting(hooks=(LifecycleHook(stages=(TESTED,), is_pause=True),))
    for number in range(21):
        name, group = f"s{number:02}", GROUP.replace("web", f"s{number:02}")
        body = task_definition(name, "shop:1")
        if number < 7:
            world.add_service("prod", name, body, strategy="BLUE_GREEN", shifting=pause, target_group=group)
        else:
            world.add_service("prod", name, body)
    told = tell(world, service="s*", on_pause="leave")
    assert (told.exit_code, told.report["verdict"]) == (0, "Paused")
    assert "7 services wait for approval (s00, s01" in told.last_line


def test_many_services_wait_at_pauses(plugin: Teller) -> None:
    world = World()
    pause = Shifting(
        hooks=(LifecycleHook(stages=(TESTED,), is_pause=True, timeout_minutes=30, timeout_continues=True),)
    )
    for number in range(21):
        name, group = f"s{number:02}", GROUP.replace("web", f"s{number:02}")
        body = task_definition(name, "shop:1")
        world.add_service("prod", name, body, strategy="BLUE_GREEN", shifting=pause, target_group=group)
    told = plugin(world, service="s*")
    assert told.exit_code == 0
    assert "21 waiting for approval; waiting for approval: s00, s01, s02, s03, s04 and 16 more" in told.stderr


# --- cancelled ---


def test_native_pause_and_cancelled(tell: Teller) -> None:
    world = paused()
    told = tell(world, cancellation=SignalAt(world, 200))
    assert (told.exit_code, told.report["verdict"], served(world)) == (143, "Cancelled", OLD)
    assert is_paused(world)
    assert "waits for approval" in told.last_line
    assert not {STOP, CONTINUE} & set(world.faults.calls)


def test_native_pause_and_cancelled_to_roll_back(tell: Teller) -> None:
    world = paused()
    told = tell(world, cancellation=SignalAt(world, 200), on_cancel="rollback")
    assert (told.exit_code, served(world)) == (143, OLD)
    assert max(when(world, CONTINUE)) < 201
    assert STOP not in world.faults.calls


def test_native_pause_and_cancelled_and_answering_denied(plugin: Teller) -> None:
    world = paused()
    world.faults.add(Effect.DENY, CONTINUE)
    told = plugin(world, cancellation=SignalAt(world, 200), on_cancel="rollback")
    assert (told.exit_code, served(world)) == (143, OLD)
    assert world.faults.calls[STOP] == 1


def test_native_pause_and_cancelled_while_another_rolls_out(plugin: Teller) -> None:
    world = with_api(paused())
    told = plugin(world, service="web,api", cancellation=SignalAt(world, 20))
    assert (told.exit_code, served(world), world.service("prod", "api").runs) == (143, OLD, {"api:1": 2})


def test_native_pause_and_cancelled_while_another_is_complete(plugin: Teller) -> None:
    world = with_api(paused())
    told = plugin(world, service="web,api", cancellation=SignalAt(world, 400))
    assert (told.exit_code, is_paused(world), world.service("prod", "api").runs) == (143, True, {"api:2": 2})


# --- on the way back ---


def successful_and_then_another_fails() -> World:
    """Service web is SUCCESSFUL when api fails, and its way back has a pause, too."""
    world = native(hooks=(LifecycleHook(stages=(TESTED,), is_pause=True),))
    world.push("shop:2", Behaviour())
    with_api(world, strategy="BLUE_GREEN", shifting=Shifting(bake_minutes=10), alarms=("errors",),
             target_group=GROUP.replace("web", "api"))  # fmt: skip
    world.at(70, lambda: world.answer_pauses(web(world)))
    world.at(400, lambda: world.trip(world.service("prod", "api"), "errors", "12 > 10"))
    return world


def test_native_pause_on_the_way_back(tell: Teller) -> None:
    world = successful_and_then_another_fails()
    world.at(600, lambda: world.answer_pauses(web(world)))
    told = tell(world, service="web,api")
    assert (told.exit_code, served(world)) == (3, OLD)
    assert "THE WAY BACK WAITS" in told.stderr


def test_native_pause_on_the_way_back_is_never_answered(tell: Teller) -> None:
    world = successful_and_then_another_fails()
    told = tell(world, service="web,api", timeout="5m")
    assert (told.exit_code, is_paused(world), served(world)) == (4, True, NEW)
    assert "IS NOT AS BEFORE" in told.last_line


def test_native_pause_on_the_way_back_is_left(tell: Teller) -> None:
    world = successful_and_then_another_fails()
    told = tell(world, service="web,api", on_pause="leave", stable_for="1m")
    assert (told.exit_code, is_paused(world), served(world)) == (4, True, NEW)
    assert "IS NOT AS BEFORE" in told.last_line
