"""Blue/green over two services: the idle one takes over, the live one gives way, and comes back when that fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.stories.story import Teller, Told

SWITCH: dict[str, Any] = {
    "mode": "blue-green", "service": "", "blue_service": "web-blue", "green_service": "web-green", "scale_down_percent": "33",
    "scale_down_interval": "60", "scale_down_wait_period": "2m", "checks_to_pass": "2",
}  # fmt: skip
AS_BEFORE = {"web-blue": {"web:1": 10}, "web-green": {}}
SWITCHED = {"web-blue": {}, "web-green": {"web:3": 10}}


def two_sides(blue: int = 10, green: int = 0, *, is_scaled: bool = False) -> World:
    """web-blue is live on shop:1, web-green idle on shop:0, both of family web."""
    world = World()
    world.push("shop:crash", crash(1))
    world.add_service("prod", "web-blue", task_definition("web", "shop:1"), desired=blue)
    world.add_service("prod", "web-green", task_definition("web", "shop:0"), desired=green)
    if is_scaled:
        world.scaling.add("prod", "web-blue", 2, 20)
        world.scaling.add("prod", "web-green", 0, 12)
    return world


def runs(world: World) -> Mapping[str, Mapping[str, int]]:
    return {name: service.runs for (_, name), service in world.services.items()}


def counts(world: World, service: str) -> list[int]:
    """The desired counts that this service went through."""
    (found,) = [one for one in COUNTED if one[0] is world and one[1] == service]
    return found[2]


COUNTED: list[tuple[World, str, list[int]]] = []


def counting(world: World, service: str) -> World:
    """Note every desired count from now on."""
    seen = [world.service("prod", service).desired]

    def look() -> None:
        if seen[-1] != (now := world.service("prod", service).desired):
            seen.append(now)
        world.clock.call_in(0.5, look)

    look()
    COUNTED.append((world, service, seen))
    return world


def as_before(told: Told) -> None:
    assert told.exit_code == 3
    assert runs(told.world) == AS_BEFORE
    assert told.world.service("prod", "web-blue").desired == 10
    assert told.world.service("prod", "web-green").desired == 0
    assert told.world.service("prod", "web-green").primary.task_definition.endswith("web:2")


def test_switch(tell: Teller) -> None:
    world = counting(two_sides(), "web-blue")
    told = tell(world, **SWITCH)
    assert told.exit_code == 0
    assert runs(world) == SWITCHED
    assert counts(world, "web-blue") == [10, 7, 4, 1, 0]


def test_switch_with_autoscaling(tell: Teller) -> None:
    world = two_sides(is_scaled=True)
    world.scaling.demand("prod", "web-green", 2)  # it has no traffic yet
    world.at(200, lambda: world.scaling.demand("prod", "web-green", 11))
    world.at(250, lambda: world.scaling.demand("prod", "web-blue", 9))
    told = tell(world, **SWITCH)
    assert told.exit_code == 0
    assert runs(world) == {"web-blue": {}, "web-green": {"web:3": 11}}
    assert world.scaling["prod", "web-green"] == Limits(2, 20)
    assert world.scaling["prod", "web-blue"] == Limits(0, 20)


def test_switch_back_again(tell: Teller) -> None:
    world = two_sides(0, 3)
    told = tell(world, **SWITCH | {"scale_down_percent": "50", "scale_down_wait_period": "0", "checks_to_pass": "0"})
    assert told.exit_code == 0
    assert runs(world) == {"web-blue": {"web:3": 3}, "web-green": {}}


def test_switch_plan(tell: Teller) -> None:
    world = two_sides(is_scaled=True)
    told = tell(world, argv=["plan"], **SWITCH)
    assert told.exit_code == 0
    assert not {"RegisterTaskDefinition", "UpdateService", "RegisterScalableTarget"} & set(world.faults.calls)


def test_switch_between_families(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web-blue", task_definition("blue", "shop:1", cpu="1024"), desired=2)
    world.add_service("prod", "web-green", task_definition("green", "shop:0"), desired=0)
    told = tell(world, **SWITCH | {"scale_down_percent": "100"})
    assert told.exit_code == 0
    assert runs(world) == {"web-blue": {}, "web-green": {"green:2": 2}}
    assert world.definitions.describe("green:2")["taskDefinition"]["cpu"] == "256"


def test_switch_keeps_what_was_changed_on_the_live_side(plugin: Teller) -> None:
    world = World()
    world.add_service("prod", "web-green", task_definition("web", "shop:0"), desired=0)
    world.add_service("prod", "web-blue", task_definition("web", "shop:1", cpu="1024"), desired=2)
    assert plugin(world, **SWITCH).exit_code == 0
    assert world.definitions.describe("web:3")["taskDefinition"]["cpu"] == "1024"


def test_switch_unchanged(tell: Teller) -> None:
    told = tell(two_sides(), **SWITCH | {"image": "shop:1", "skip_unchanged": "true"})
    assert told.exit_code == 0
    assert "UpdateService" not in told.world.faults.calls


# --- the new side fails ---


def test_switch_crashes_at_start(tell: Teller) -> None:
    as_before(tell(two_sides(is_scaled=True), **SWITCH | {"image": "shop:crash"}))


def test_switch_crashes_during_the_checks(tell: Teller) -> None:
    world = two_sides()
    world.push("shop:2", crash(1, after=55.0))
    as_before(tell(world, **SWITCH))


def test_defect_4_checks_are_real(plugin: Teller) -> None:
    world = two_sides()
    world.push("shop:2", crash(1, after=55.0))
    told = plugin(world, **SWITCH | {"checks_to_pass": "10"})
    as_before(told)
    assert "check 1 of 10 passed" in told.stderr
    assert "check 10 of 10 passed" not in told.stderr


def test_switch_crashes_during_the_wait(tell: Teller) -> None:
    world = two_sides()
    world.push("shop:2", crash(1, after=120.0))
    as_before(tell(world, **SWITCH))


def test_switch_crashes_after_the_second_step(tell: Teller) -> None:
    world = counting(two_sides(is_scaled=True), "web-blue")
    world.push("shop:2", crash(1, after=290.0))
    told = tell(world, **SWITCH)
    as_before(told)
    assert counts(world, "web-blue") == [10, 7, 4, 10]
    assert world.scaling["prod", "web-blue"] == Limits(2, 20)
    assert world.scaling["prod", "web-green"] == Limits(0, 12)


def test_switch_with_a_circuit_breaker(tell: Teller) -> None:
    world = two_sides()
    world.push("shop:2", Behaviour(health="unhealthy", health_after=5.0))
    world.service("prod", "web-green").breaker = Breaker()
    as_before(tell(world, **SWITCH | {"max_failed_tasks": "50"}))


class Tally:
    """Every half second: the count that web-blue is to have, and the healthy tasks of web-green."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.seen: list[tuple[int, int]] = []
        self._look()

    def _look(self) -> None:
        blue, green = (self._world.service("prod", name) for name in ("web-blue", "web-green"))
        self.seen.append((blue.desired, sum(task.is_alive and task.is_healthy for task in green.tasks)))
        self._world.clock.call_in(0.5, self._look)

    def at_each_step_down(self, *, seconds_before: float) -> list[int]:
        """The healthy tasks of web-green that short a while before each lowering of web-blue's count."""
        early = int(seconds_before / 0.5)
        pairs = zip(self.seen[1:], self.seen, strict=False)
        steps = [at for at, (after, before) in enumerate(pairs) if after[0] < before[0]]
        return [self.seen[at - early][1] for at in steps]


@pytest.mark.parametrize("second", [200, 204, 206, 207, 208])
def test_switch_takes_nothing_away_while_a_new_task_is_missing(plugin: Teller, second: int) -> None:
    """The first step is throttled, every second, until a new task has been stopped: it was up when that step began."""
    world = two_sides()
    tally = Tally(world)
    world.faults.add(Effect.THROTTLE, "UpdateService", after=190, until=210)
    world.at(second, partial(world.kill_task, world.service("prod", "web-green")))
    assert plugin(world, **SWITCH).exit_code == 0
    assert tally.at_each_step_down(seconds_before=1.0) == [10, 10, 10, 10]


# --- somebody or something stands in the way ---


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
def test_switch_when_update_service_is_denied(plugin: Teller, number: int) -> None:
    """Defects 3 and 7: a refused write is never taken for done."""
    world = two_sides()
    world.faults.add(Effect.DENY, "UpdateService", first=number, last=number)
    told = plugin(world, **SWITCH)
    if number == 1:
        assert told.exit_code == 2
        assert runs(world) == AS_BEFORE
    else:
        as_before(told)


@pytest.mark.parametrize(("number", "code"), [(1, 3), (2, 3), (3, 4), (4, 4)])
def test_switch_when_register_scalable_target_is_denied(plugin: Teller, number: int, code: int) -> None:
    """At the last two there is nothing to undo any more; that autoscaling isn't as it should be is said."""
    world = two_sides(is_scaled=True)
    world.faults.add(Effect.DENY, "RegisterScalableTarget", first=number, last=number)
    told = plugin(world, **SWITCH)
    assert told.exit_code == code
    assert runs(world) == (AS_BEFORE if code == 3 else SWITCHED)
    assert "autoscaling can't be changed" in told.stderr


def test_switch_when_reading_autoscaling_is_denied(tell: Teller) -> None:
    world = two_sides(is_scaled=True)
    world.faults.add(Effect.DENY, "DescribeScalableTargets")
    assert tell(world, **SWITCH).exit_code == 2
    assert "UpdateService" not in world.faults.calls


def test_switch_throttled_30_percent(plugin: Teller) -> None:
    world = two_sides(is_scaled=True)
    world.faults.add(Effect.THROTTLE, chance=0.3)
    assert plugin(world, **SWITCH).exit_code == 0
    assert runs(world) == SWITCHED


@pytest.mark.parametrize("effect", [Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE, Effect.RESET_AFTER])
def test_switch_with_unanswered_writes(plugin: Teller, effect: Effect) -> None:
    world = counting(two_sides(), "web-blue")
    world.faults.add(effect, "UpdateService", chance=0.5)
    assert plugin(world, **SWITCH).exit_code == 0
    assert counts(world, "web-blue") == [10, 7, 4, 1, 0]


def test_switch_while_live_is_scaled_up(tell: Teller) -> None:
    """Defect 27: the steps are counted from what is there when they are taken."""
    world = counting(two_sides(), "web-blue")
    world.at(120, lambda: world.scale(world.service("prod", "web-blue"), 14))
    told = tell(world, **SWITCH)
    assert told.exit_code == 0
    assert counts(world, "web-blue") == [10, 14, 10, 6, 2, 0]
    assert runs(world) == {"web-blue": {}, "web-green": {"web:3": 14}}


def test_switch_while_live_is_scaled_down(tell: Teller) -> None:
    world = counting(two_sides(), "web-blue")
    world.at(120, lambda: world.scale(world.service("prod", "web-blue"), 5))
    told = tell(world, **SWITCH)
    assert told.exit_code == 0
    assert counts(world, "web-blue") == [10, 5, 2, 0]


def test_switch_while_somebody_takes_live_down(tell: Teller) -> None:
    """Then there is nothing left to take away."""
    world = counting(two_sides(), "web-blue")
    world.at(90, lambda: world.scale(world.service("prod", "web-blue"), 0))
    told = tell(world, **SWITCH)
    assert told.exit_code == 0
    assert runs(world) == {"web-blue": {}, "web-green": {"web:3": 10}}


def test_switch_while_somebody_fights_over_live(plugin: Teller) -> None:
    """It gives in, and leaves the live side at its full count at least."""
    world = two_sides()

    def insist() -> None:
        web = world.service("prod", "web-blue")
        if web.desired < 10:
            world.scale(web, 12)
        world.clock.call_in(3, insist)

    insist()
    told = plugin(world, **SWITCH | {"timeout": "3m"})
    assert told.exit_code == 3
    assert runs(world) == {"web-blue": {"web:1": 12}, "web-green": {}}


def test_switch_while_somebody_deploys_to_live(tell: Teller) -> None:
    world = two_sides()
    deploy = partial(world.deploy, world.service("prod", "web-blue"), world.register(task_definition("web", "shop:9")))
    world.at(150, deploy)
    told = tell(world, **SWITCH)
    assert told.exit_code == 3
    assert runs(world) == {"web-blue": {"web:3": 10}, "web-green": {}}


def test_switch_while_somebody_deploys_to_the_new_side(tell: Teller) -> None:
    world = counting(two_sides(), "web-blue")
    deploy = partial(world.deploy, world.service("prod", "web-green"), world.register(task_definition("web", "shop:9")))
    world.at(250, deploy)
    told = tell(world, **SWITCH)
    assert counts(world, "web-blue") == [10, 7, 10]
    assert told.exit_code == 3
    assert runs(world) == {"web-blue": {"web:1": 10}, "web-green": {"web:3": 10}}


def test_switch_with_tasks_protected_from_scale_in(tell: Teller) -> None:
    """Defect 13: waiting for the live side to shrink ends."""
    world = two_sides()
    world.protect(world.service("prod", "web-blue"), 2)
    told = tell(world, **SWITCH | {"timeout": "2m"})
    assert told.exit_code == 0
    assert runs(world) == {"web-blue": {"web:1": 2}, "web-green": {"web:3": 10}}


def test_switch_whose_way_back_is_refused_too(tell: Teller) -> None:
    world = two_sides()
    world.faults.add(Effect.DENY, "UpdateService", first=3)
    told = tell(world, **SWITCH)
    assert told.exit_code == 4
    assert runs(world) == {"web-blue": {"web:1": 7}, "web-green": {"web:3": 10}}


def test_switch_whose_new_side_cannot_be_taken_down_again(tell: Teller) -> None:
    """ECS returns it by itself, and there is only its count left to undo."""
    world = two_sides()
    world.push("shop:missing", missing("shop:missing"))
    world.service("prod", "web-green").breaker = Breaker()
    world.faults.add(Effect.DENY, "UpdateService", first=2)
    told = tell(world, **SWITCH | {"image": "shop:missing", "max_failed_tasks": "500"})
    assert told.exit_code == 4
    assert "the way back: AWS refused UpdateService" in str(told.report["services"])


def test_switch_cancelled_while_registering(plugin: Teller) -> None:
    world = two_sides()
    world.faults.add(Effect.THROTTLE, "RegisterTaskDefinition")
    told = plugin(world, cancellation=SignalAt(world, 5), **SWITCH)
    assert told.exit_code == 143
    assert runs(world) == AS_BEFORE
    assert "UpdateService" not in world.faults.calls


def test_switch_cancelled_between_two_steps(tell: Teller) -> None:
    world = counting(two_sides(is_scaled=True), "web-blue")
    told = tell(world, cancellation=SignalAt(world, 260), **SWITCH)
    assert told.exit_code == 143
    assert counts(world, "web-blue") == [10, 7, 10]
    assert runs(world) == AS_BEFORE


def test_switch_cancelled_and_left(plugin: Teller) -> None:
    world = two_sides()
    told = plugin(world, cancellation=SignalAt(world, 260), on_cancel="leave", **SWITCH)
    assert told.exit_code == 143
    assert runs(world) == {"web-blue": {"web:1": 7}, "web-green": {"web:3": 10}}


def test_switch_out_of_sight(tell: Teller) -> None:
    world = counting(two_sides(), "web-blue")
    world.faults.add(Effect.SERVER_ERROR, after=255.0)
    told = tell(world, **SWITCH | {"timeout": "2m"})
    assert told.exit_code == 6
    assert counts(world, "web-blue") == [10, 7]


# --- an earlier run was interrupted ---


def killed(world: World, tell: Teller, call: int, operation: str = "", **settings: str) -> World:
    """After a run that was killed after that call."""
    world.faults.add(Effect.KILL, operation, first=call, last=call)
    with pytest.raises(Killed):
        tell(world, **SWITCH | settings)
    world.faults.rules.clear()
    return world


def test_switch_interrupted_and_finished(plugin: Teller) -> None:
    world = counting(killed(two_sides(is_scaled=True), plugin, 2, "UpdateService"), "web-blue")
    world.clock.sleep(30)
    assert runs(world) == {"web-blue": {"web:1": 7}, "web-green": {"web:3": 10}}
    told = plugin(world, **SWITCH)
    assert told.exit_code == 0
    assert "an earlier run was interrupted" in told.stderr
    assert counts(world, "web-blue") == [7, 4, 1, 0]
    assert runs(world) == SWITCHED
    assert world.scaling["prod", "web-green"] == Limits(2, 20)
    assert world.scaling["prod", "web-blue"] == Limits(0, 20)


def test_switch_interrupted_just_before_its_end(plugin: Teller) -> None:
    world = two_sides(0, 10, is_scaled=True)
    plugin(world, **SWITCH | {"image": "shop:0", "skip_unchanged": "true"})
    world.scaling.register("prod", "web-blue", Limits(2, 20, SUSPENSIONS))
    world.scaling.register("prod", "web-green", Limits(10, 20))
    told = plugin(world, **SWITCH | {"image": "shop:0"})
    assert told.exit_code == 0
    assert world.scaling["prod", "web-green"] == Limits(2, 20)
    assert world.scaling["prod", "web-blue"] == Limits(0, 20)
    assert "UpdateService" not in world.faults.calls


def test_switch_interrupted_and_crashing(plugin: Teller) -> None:
    world = two_sides()
    world.push("shop:2", crash(1, after=100.0))
    killed(world, plugin, 14)
    told = plugin(world, **SWITCH)
    assert told.exit_code == 4
    assert runs(world) == AS_BEFORE
    assert "isn't known" in str(told.report["services"])


def test_switch_plan_says_what_an_interrupted_run_left(tell: Teller) -> None:
    world = two_sides()
    world.deploy(world.service("prod", "web-green"), world.register(task_definition("web", "shop:2")))
    world.scale(world.service("prod", "web-green"), 10)
    world.scale(world.service("prod", "web-blue"), 4)
    world.clock.sleep(120)
    told = tell(world, argv=["plan"], **SWITCH)
    assert "an earlier run was interrupted" in told.stdout


# --- refused ---


def test_defect_5_both_sides_idle(tell: Teller) -> None:
    told = tell(two_sides(0, 0), **SWITCH)
    assert told.exit_code == 2
    assert "UpdateService" not in told.world.faults.calls


def test_switch_with_both_sides_live(tell: Teller) -> None:
    told = tell(two_sides(10, 4), **SWITCH)
    assert told.exit_code == 2
    assert "UpdateService" not in told.world.faults.calls


def test_switch_of_a_daemon(tell: Teller) -> None:
    world = two_sides(0, 2)
    world.add_cluster("prod", 2)
    world.add_service("prod", "web-blue", task_definition("web", "shop:1"), scheduling="DAEMON")
    assert tell(world, **SWITCH).exit_code == 2


def test_switch_without_one_of_the_services(tell: Teller) -> None:
    assert tell(two_sides(), **SWITCH | {"green_service": "web-gren"}).exit_code == 2


# --- the defects of old ---


def test_defect_3_a_refused_scale_up_is_a_failure(plugin: Teller) -> None:
    world = two_sides()
    world.faults.add(Effect.DENY, "UpdateService")
    told = plugin(world, **SWITCH)
    assert told.exit_code == 2
    assert runs(world) == AS_BEFORE


def test_defect_6_old_tasks_that_run_do_not_make_the_new_revision_ready(plugin: Teller) -> None:
    world = two_sides()
    world.push("shop:2", Behaviour(starts_after=100.0))
    told = plugin(world, **SWITCH | {"timeout": "60s"})
    as_before(told)


def test_defect_7_a_step_that_fails_is_not_swallowed(plugin: Teller) -> None:
    world = two_sides()
    world.faults.add(Effect.DENY, "UpdateService", first=3, last=3)
    told = plugin(world, **SWITCH)
    as_before(told)
    assert "AWS refused UpdateService" in told.stderr


def test_defect_12_what_gave_way_can_be_scaled_again(plugin: Teller) -> None:
    world = two_sides(is_scaled=True)
    assert plugin(world, **SWITCH).exit_code == 0
    assert world.scaling["prod", "web-blue"].maximum == 20
    as_before_world = two_sides(is_scaled=True)
    as_before(plugin(as_before_world, **SWITCH | {"image": "shop:crash"}))
    assert as_before_world.scaling["prod", "web-green"].maximum == 12


def test_defect_25_the_same_content_is_not_registered_twice(plugin: Teller) -> None:
    world = two_sides()
    plugin(world, **SWITCH | {"image": "shop:crash"})
    plugin(world, **SWITCH | {"image": "shop:crash"})
    assert world.definitions.families() == {"web": 3}


def test_defect_26_autoscaling_of_the_idle_side_alone_is_seen(plugin: Teller) -> None:
    world = two_sides()
    world.scaling.add("prod", "web-green", 0, 4, demand=1)
    told = plugin(world, **SWITCH)
    assert told.exit_code == 0
    assert runs(world) == SWITCHED
    assert "web-green is autoscaled" in told.stderr
