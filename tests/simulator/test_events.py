"""Service events: ECS's words, their order, and what is not said twice."""

from __future__ import annotations

from drone_deploy_ecs.simulator.behaviour import Behaviour, missing
from drone_deploy_ecs.simulator.timing import Timing
from tests.simulator.watching import GROUP, events, settle, shown, update, web, world_with

PULL = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref shop:2: shop:2: not found"


def test_a_rolling_update() -> None:
    world = world_with()
    update(world)
    world.clock.sleep(300)
    assert events(world) == [
        "10: has started 2 tasks: (task T1) (task T2).",
        "60: has stopped 2 running tasks: (task T3) (task T4).",
        "70: (deployment D1) deployment completed.",
        "70: has reached a steady state.",
    ]


def test_behind_a_load_balancer() -> None:
    world = world_with(target_group=GROUP, timing=Timing(draining=60))
    update(world)
    world.clock.sleep(300)
    assert events(world) == [
        "10: has started 2 tasks: (task T1) (task T2).",
        f"20: registered 2 targets in (target-group {GROUP})",
        "30: has stopped 2 running tasks: (task T3) (task T4).",
        f"30: deregistered 2 targets in (target-group {GROUP})",
        "30: (service web, taskSet D1) has begun draining connections on 2 tasks.",
        "100: (deployment D2) deployment completed.",
        "100: has reached a steady state.",
    ]


def test_a_failing_target() -> None:
    world = world_with(Behaviour(target_unhealthy=True), target_group=GROUP)
    update(world)
    world.clock.sleep(30)
    assert events(world)[2:4] == [
        f"30: (task T{number}) (port 8080) is unhealthy in (target-group {GROUP}) due to "
        "(reason Health checks failed with these codes: [503])."
        for number in (1, 2)
    ]


def test_targets_that_can_not_be_registered_are_told_of_once_and_never_become_healthy() -> None:
    world = world_with(Behaviour(registration_error="no such group"), target_group=GROUP)
    update(world)
    world.clock.sleep(1200)
    assert events(world)[1:] == [f"20: failed to register targets in (target-group {GROUP}) with (error no such group)"]
    ours, old = shown(world)["deployments"]
    assert (ours["rolloutState"], ours["runningCount"], old["runningCount"]) == ("IN_PROGRESS", 2, 2)


def test_a_pull_that_fails_is_said_once_in_a_deployment() -> None:
    world = world_with(missing("shop:2"), desired=1)
    update(world)
    world.clock.sleep(1200)
    said = [one for one in events(world) if "has started" not in one]
    assert said == [
        f"20: was unable to place a task. Reason: {PULL}.",
        "70: is unable to consistently start tasks successfully.",
    ]
    update(world)
    world.clock.sleep(25)
    assert events(world)[-1] == f"1220: was unable to place a task. Reason: {PULL}."


def test_what_goes_wrong_is_said_again_after_six_hours() -> None:
    world = world_with(Behaviour(placeable_after=10**6))
    update(world)
    world.clock.sleep(7 * 3600)
    assert [one.partition(":")[0] for one in events(world)] == ["10", "21620"]


def test_newest_first_a_hundred_kept_and_every_one_named() -> None:
    world = world_with(Behaviour(health="unhealthy"))
    update(world)
    world.clock.sleep(7200)
    told = shown(world)["events"]
    times = [one["createdAt"] for one in told]
    assert (len(told), times) == (100, sorted(times, reverse=True))
    assert len({one["id"] for one in told}) == 100
    assert all(one["message"].startswith("(service web) ") for one in told)


def test_steady_is_said_again_after_a_task_was_replaced() -> None:
    world = world_with()
    world.kill_task(web(world))
    world.clock.sleep(200)
    assert [one.partition(": ")[2] for one in events(world)] == [
        "has started 1 tasks: (task T1).",
        "has reached a steady state.",
    ]
    assert settle(world)
