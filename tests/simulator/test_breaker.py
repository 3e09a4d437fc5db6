"""The circuit breaker: what is counted, when it trips, what a rollback looks like, and what is left."""

from __future__ import annotations

from itertools import pairwise

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.model import Breaker, Service
from tests.simulator.watching import NO_ROLLBACK, ROLLBACK, events, film, settle, shown, update, web, world_with

UNHEALTHY = Behaviour(health="unhealthy")


@pytest.mark.parametrize(
    ("count", "desired", "expected"),
    [(None, 1, 3), (None, 6, 3), (None, 7, 4), (None, 25, 13), (None, 400, 200), (None, 800, 200), (1, 800, 1), (7, 2, 7)],
)  # fmt: skip
def test_thresholds(count: int | None, desired: int, expected: int) -> None:
    service = Service(name="web", cluster="prod", arn_prefix="", desired=desired, breaker=Breaker(threshold=count))
    assert service.threshold == expected


@pytest.mark.parametrize(("count", "trips"), [(2, True), (3, False)])
def test_it_trips_when_the_count_equals_the_threshold(*, count: int, trips: bool) -> None:
    world = world_with(missing("shop:2"), breaker=Breaker(rollback=False, threshold=count))
    update(world)
    world.clock.sleep(21)
    new, _ = shown(world)["deployments"]
    assert (new["failedTasks"], new["rolloutState"] == "FAILED") == (2, trips)


def test_the_latest_desired_count_decides() -> None:
    world = world_with(missing("shop:2"), breaker=NO_ROLLBACK, desired=20)
    update(world)
    world.at(15, lambda: world.scale(web(world), 50))
    world.clock.sleep(21)
    new, _ = shown(world)["deployments"]
    assert (new["failedTasks"], new["rolloutState"]) == (20, "IN_PROGRESS")


def test_failure_and_rollback_second_by_second() -> None:
    world = world_with(missing("shop:2"), breaker=ROLLBACK)
    before = shown(world)["deployments"][0]
    update(world)
    assert film(world, 120) == [
        "0: PRIMARY 2 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "10: PRIMARY 2 IN_PROGRESS 0+2/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "20: PRIMARY 2 IN_PROGRESS 0+0/2 failed 2 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "40: PRIMARY 2 IN_PROGRESS 0+2/2 failed 2 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "50: PRIMARY 1 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 2 FAILED 0+0/2 failed 4",
        "60: PRIMARY 1 COMPLETED 2+0/2 failed 0",
    ]
    after = shown(world)["deployments"][0]
    assert (after["id"], after["createdAt"]) == (before["id"], before["createdAt"])


def test_the_reasons_on_the_way() -> None:
    world = world_with(missing("shop:2"), breaker=ROLLBACK)
    old = shown(world)["deployments"][0]["id"]
    new = update(world)
    reasons = []
    for _ in range(100):
        for one in shown(world)["deployments"]:
            if (one["id"], one["rolloutStateReason"]) not in reasons:
                reasons.append((one["id"], one["rolloutStateReason"]))
        world.clock.sleep(1)
    assert reasons == [
        (new, f"ECS deployment {new} in progress."),
        (old, f"ECS deployment {old} completed."),
        (old, f"ECS deployment circuit breaker: rolling back to deploymentId {old}."),
        (new, "ECS deployment circuit breaker: tasks failed to start."),
    ]


def test_the_events_of_a_rollback() -> None:
    world = world_with(UNHEALTHY, breaker=ROLLBACK)
    update(world)
    world.clock.sleep(100)
    assert events(world)[-6:] == [
        "50: (task T3) failed container health checks.",
        "50: (task T4) failed container health checks.",
        "50: (deployment D1) deployment failed: tasks failed to start.",
        "50: rolling back to deployment D2.",
        "60: (deployment D2) deployment completed.",
        "60: has reached a steady state.",
    ]


def test_without_rollback_it_launches_nothing_more_and_old_tasks_stay() -> None:
    world = world_with(missing("shop:2"), breaker=NO_ROLLBACK)
    update(world)
    world.clock.sleep(3600)
    assert film(world, 0) == [
        "3600: PRIMARY 2 FAILED 0+0/2 failed 4 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
    ]
    assert web(world).runs == {"web:1": 2}
    assert sum("has started" in one for one in events(world)) == 2


def test_an_update_after_a_failed_one_takes_over() -> None:
    world = world_with(missing("shop:2"), breaker=NO_ROLLBACK)
    update(world)
    world.clock.sleep(300)
    update(world, "shop:3")
    assert settle(world)
    assert web(world).runs == {"web:3": 2}


def test_with_nothing_to_return_to_it_stalls() -> None:
    world = world_with(missing("shop:2"), breaker=ROLLBACK)
    web(world).primary.state = "IN_PROGRESS"  # the first deployment never completed
    update(world)
    assert film(world, 3600)[-1] == "50: PRIMARY 2 FAILED 0+0/2 failed 4 | ACTIVE 1 IN_PROGRESS 2+0/2 failed 0"


def test_a_rollback_that_fails_too_stalls_even_if_something_older_had_completed() -> None:
    world = world_with(breaker=ROLLBACK)
    update(world)
    assert settle(world)
    update(world, "shop:3")
    web(world).deployments[1].digests.clear()  # as if its first task hadn't pinned them
    for image in ("shop:2", "shop:3"):
        world.push(image, missing(image))
    for _ in range(300):
        if "rolling back" in events(world)[-1]:
            break
        world.clock.sleep(1)
    for _ in range(2):
        world.kill_task(web(world))
    assert film(world, 3600)[-1].endswith(": PRIMARY 2 FAILED 0+0/2 failed 4")
    assert sum("rolling back" in one for one in events(world)) == 1


def test_the_newest_completed_deployment_is_returned_to() -> None:
    world = world_with(breaker=ROLLBACK)
    second = update(world)
    assert settle(world)
    world.push("shop:3", missing("shop:3"))
    update(world, "shop:3")
    assert settle(world)
    assert shown(world)["deployments"][0]["id"] == second


def test_while_one_task_runs_those_that_never_do_are_not_counted() -> None:
    world = world_with(maximum_percent=150, target_group="", minimum_percent=100)
    update(world)
    world.clock.sleep(45)
    deployment = web(world).primary
    deployment.digests.clear()
    world.push("shop:2", missing("shop:2"))
    world.clock.sleep(155)
    assert (deployment.failed_tasks, deployment.start_failures > 0, len(deployment.alive)) == (0, True, 1)


@pytest.mark.parametrize(("reset", "left"), [(True, 0), (False, 2)])
def test_a_healthy_task_resets_the_count_unless_told_otherwise(*, reset: bool, left: int) -> None:
    heals = Behaviour(start_error="ResourceInitializationError: no", heals_after=2)
    world = world_with(heals, breaker=Breaker(threshold=99, reset_on_healthy=reset))
    update(world)
    assert settle(world)
    assert shown(world)["deployments"][0]["failedTasks"] == left


def test_without_a_breaker_it_tries_for_ever() -> None:
    world = world_with(UNHEALTHY)
    update(world)
    world.clock.sleep(3600)
    new, _ = shown(world)["deployments"]
    assert (new["rolloutState"], new["failedTasks"] > 100) == ("IN_PROGRESS", True)


@pytest.mark.parametrize(("counts", "failed"), [(False, 0), (True, 10)])
def test_exits_after_running_are_counted_only_where_ecs_does(*, counts: bool, failed: int) -> None:
    world = world_with(crash(1, after=5), counts_exits=counts)
    update(world)
    world.clock.sleep(109)
    assert shown(world)["deployments"][0]["failedTasks"] == failed


def test_a_crash_after_completed_fails_no_deployment() -> None:
    world = world_with(crash(3, after=300), counts_exits=True, breaker=Breaker(threshold=1))
    update(world)
    world.clock.sleep(325)
    (one,) = shown(world)["deployments"]
    assert (one["rolloutState"], one["failedTasks"]) == ("COMPLETED", 0)


def test_what_never_runs_is_restarted_ever_more_slowly_up_to_27_minutes() -> None:
    world = world_with(missing("shop:2"), desired=1)
    update(world)
    world.clock.sleep(3 * 3600)
    starts = [float(one.partition(":")[0]) for one in events(world) if "has started" in one]
    gaps = [after - before for before, after in pairwise(starts)]
    assert gaps == [20, 30, 50, 90, 170, 330, 650, 1290, 1630, 1630, 1630, 1630, 1630]
    update(world, "shop:3")  # a new definition resets it
    world.clock.sleep(30)
    assert web(world).runs == {"web:1": 1, "web:3": 1}
