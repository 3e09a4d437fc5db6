"""A rolling update second by second: what starts and stops when, and what DescribeServices says meanwhile."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.watching import GROUP, events, film, settle, shown, update, web, world_with


def test_start_first_then_forty_healthy_seconds_then_the_old_ones_go() -> None:
    world = world_with()
    world.clock.sleep(3)
    update(world)
    assert film(world, 100) == [
        "3: PRIMARY 2 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "10: PRIMARY 2 IN_PROGRESS 0+2/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "20: PRIMARY 2 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "60: PRIMARY 2 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 0+0/0 failed 0",
        "70: PRIMARY 2 COMPLETED 2+0/2 failed 0",
    ]
    assert web(world).runs == {"web:2": 2}


def test_what_cannot_be_placed_is_not_yet_wanted_of_the_new_deployment() -> None:
    world = world_with(Behaviour(placeable_after=30))
    update(world)
    assert film(world, 41) == [
        "0: PRIMARY 2 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "30: PRIMARY 2 IN_PROGRESS 0+2/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "40: PRIMARY 2 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
    ]
    assert shown(world)["desiredCount"] == 2


def test_stop_first_where_there_is_no_room_above() -> None:
    world = world_with(desired=4, minimum_percent=50, maximum_percent=100)
    update(world)
    assert film(world, 150) == [
        "0: PRIMARY 2 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 1 COMPLETED 4+0/4 failed 0",
        "10: PRIMARY 2 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "20: PRIMARY 2 IN_PROGRESS 0+2/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "30: PRIMARY 2 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "70: PRIMARY 2 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 0+0/0 failed 0",
        "80: PRIMARY 2 IN_PROGRESS 2+2/4 failed 0",
        "90: PRIMARY 2 IN_PROGRESS 4+0/4 failed 0",
        "130: PRIMARY 2 COMPLETED 4+0/4 failed 0",
    ]


@pytest.mark.parametrize(
    ("desired", "minimum", "maximum", "new_at_first", "old_at_first"),
    [
        (4, 100, 200, 4, 4),
        (4, 50, 100, 0, 2),  # floor 2: two may stop
        (2, 75, 100, 0, 2),  # floor ceil(1.5) = 2: none may stop
        (3, 100, 125, 0, 3),  # ceiling floor(3.75) = 3: none may start
        (2, 100, 150, 1, 2),
        (5, 60, 140, 2, 3),
        (3, 0, 100, 0, 0),
    ],
)
def test_floor_and_ceiling(desired: int, minimum: int, maximum: int, new_at_first: int, old_at_first: int) -> None:
    world = world_with(desired=desired, minimum_percent=minimum, maximum_percent=maximum)
    update(world)
    world.clock.sleep(11)
    new, old = web(world).deployments
    assert (len(new.alive), len(old.alive)) == (new_at_first, old_at_first)


@pytest.mark.parametrize(("desired", "minimum", "maximum"), [(1, 50, 100), (2, 75, 100), (3, 100, 125)])
def test_stuck_between_floor_and_ceiling_is_said_once_and_nothing_happens(
    desired: int, minimum: int, maximum: int
) -> None:
    world = world_with(desired=desired, minimum_percent=minimum, maximum_percent=maximum)
    update(world)
    assert not settle(world, within=3600)
    assert web(world).runs == {"web:1": desired}
    assert events(world) == [
        (
            "10: was unable to stop or start tasks during a deployment because of the service deployment configuration. "
            "Update the minimumHealthyPercent or maximumPercent value and try again."
        )
    ]


def test_never_below_the_floor_nor_above_the_ceiling() -> None:
    world = world_with(desired=5, minimum_percent=60, maximum_percent=140)
    update(world)
    while len(web(world).deployments) > 1:
        live = [task for one in web(world).deployments for task in one.alive]
        assert sum(task.is_healthy for task in live) >= 3
        assert len(live) <= 7
        world.clock.sleep(1)
    assert settle(world)
    assert web(world).runs == {"web:2": 5}


def test_draining_keeps_it_in_progress_after_all_new_tasks_are_healthy() -> None:
    world = world_with(target_group=GROUP, timing=Timing(draining=60))
    update(world)
    assert film(world, 120)[-2:] == [
        "30: PRIMARY 2 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 0+0/0 failed 0",
        "100: PRIMARY 2 COMPLETED 2+0/2 failed 0",
    ]


def test_a_task_that_drains_keeps_its_place_until_it_is_gone() -> None:
    world = world_with(target_group=GROUP, minimum_percent=50, maximum_percent=100, timing=Timing(draining=60))
    update(world)
    assert settle(world)
    told = [
        (event.at, event.message.split()[3]) for event in reversed(web(world).events) if " tasks: " in event.message
    ]
    assert [what for _, what in told] == ["stopped", "started", "stopped", "started"]
    (stopped, started, stopped_too, started_too) = (at for at, _ in told)
    assert started - stopped >= 60
    assert started_too - stopped_too >= 60


def test_a_second_update_on_the_way_makes_the_first_active_and_wins() -> None:
    world = world_with()
    update(world)
    world.clock.sleep(25)
    update(world, "shop:3")
    assert film(world, 100) == [
        (
            "25: PRIMARY 3 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 2 IN_PROGRESS 2+0/2 failed 0 | "
            "ACTIVE 1 COMPLETED 2+0/2 failed 0"
        ),
        (
            "30: PRIMARY 3 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 2 IN_PROGRESS 0+0/0 failed 0 | "
            "ACTIVE 1 COMPLETED 2+0/2 failed 0"
        ),
        "40: PRIMARY 3 IN_PROGRESS 0+2/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "50: PRIMARY 3 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "90: PRIMARY 3 IN_PROGRESS 2+0/2 failed 0 | ACTIVE 1 COMPLETED 0+0/0 failed 0",
        "100: PRIMARY 3 COMPLETED 2+0/2 failed 0",
    ]


def test_a_daemon_stops_before_it_starts_and_runs_on_every_instance() -> None:
    world = World()
    world.add_cluster("prod", instances=3)
    world.add_service("prod", "web", task_definition("web", "shop:1"), scheduling="DAEMON")
    assert shown(world)["deploymentConfiguration"]["maximumPercent"] == 100
    update(world)
    while len(web(world).deployments) > 1:
        assert sum(len(one.present) for one in web(world).deployments) <= 3
        world.clock.sleep(1)
    assert settle(world)
    assert web(world).runs == {"web:2": 3}


def test_desired_count_zero_completes_without_tasks() -> None:
    world = world_with(desired=0)
    update(world)
    assert film(world, 20)[-1] == "10: PRIMARY 2 COMPLETED 0+0/0 failed 0"


def test_behind_a_classic_load_balancer_there_is_neither_rollout_state_nor_breaker() -> None:
    world = world_with(missing("shop:2"), classic_elb=True, breaker=Breaker())
    update(world)
    world.clock.sleep(1200)
    new, old = shown(world)["deployments"]
    assert not {"rolloutState", "rolloutStateReason"} & (set(new) | set(old))
    assert (new["status"], new["failedTasks"] > 3, old["runningCount"]) == ("PRIMARY", True, 2)
    update(world, "shop:3")
    assert settle(world)
    assert not any("deployment completed" in one for one in events(world))


def test_scaling_starts_no_deployment_and_ends_steady() -> None:
    world = world_with()
    before = shown(world)["deployments"][0]["id"]
    world.scale(web(world), 4)
    (one,) = shown(world)["deployments"]
    assert (shown(world)["desiredCount"], one["desiredCount"], one["id"]) == (4, 2, before)
    world.clock.sleep(100)
    assert shown(world)["deployments"][0]["desiredCount"] == 4
    world.scale(web(world), 1)
    world.clock.sleep(100)
    assert web(world).runs == {"web:1": 1}
    assert [one.partition(": ")[2].partition(":")[0] for one in events(world)] == [
        "has started 2 tasks", "has reached a steady state.", "has stopped 3 running tasks", "has reached a steady state.",
    ]  # fmt: skip


def test_scaled_in_just_before_an_update() -> None:
    world = world_with(desired=5)
    world.scale(web(world), 2)
    update(world)
    assert settle(world, within=200)
    assert web(world).runs == {"web:2": 2}


def test_a_task_that_somebody_stops_is_replaced() -> None:
    world = world_with()
    world.clock.sleep(5)
    world.kill_task(web(world))
    world.clock.sleep(20)
    assert web(world).runs == {"web:1": 2}


def test_what_can_not_be_placed_is_said_once_and_placed_when_there_is_room() -> None:
    world = world_with(Behaviour(placeable_after=95))
    update(world)
    world.clock.sleep(101)
    told = events(world)
    assert told[0].startswith(
        "10: was unable to place a task because no container instance met all of its requirements"
    )
    assert told[1:] == ["100: has started 2 tasks: (task T1) (task T2)."]


def test_a_codedeploy_service_lists_no_deployments() -> None:
    world = world_with(controller="CODE_DEPLOY")
    assert "deployments" not in shown(world)
    assert shown(world)["deploymentController"] == {"type": "CODE_DEPLOY"}


BAD = {
    "shop:crash": crash(1),
    "shop:flap": crash(1, after=30),
    "shop:missing": missing("shop:missing"),
    "shop:deaf": Behaviour(health="unhealthy"),
    "shop:heals": Behaviour(exits_after=0.0, exit_code=1, heals_after=2),
    "shop:late": Behaviour(placeable_after=600.0),
}
deeds = st.one_of(
    st.tuples(st.just("update"), st.sampled_from([*BAD, "shop:1"])),
    st.tuples(st.just("scale"), st.integers(0, 6)),
    st.tuples(st.just("kill"), st.just(0)),
)


def do(world: World, deed: str, what: object) -> None:
    match deed, what:
        case "update", str(image):
            update(world, image)
        case "scale", int(desired):
            world.scale(web(world), desired)
        case _:
            world.kill_task(web(world))


@settings(max_examples=60)
@given(
    history=st.lists(st.tuples(deeds, st.integers(1, 300)), max_size=6),
    breaker=st.sampled_from([None, Breaker(), Breaker(rollback=False), Breaker(threshold=1)]),
    minimum=st.sampled_from([0, 50, 100]),
    group=st.sampled_from(["", GROUP]),
    desired=st.integers(0, 5),
)
def test_a_good_update_completes_whatever_was_before(
    history: list[tuple[tuple[str, object], int]], breaker: Breaker | None, minimum: int, group: str, desired: int
) -> None:
    world = World(timing=Timing(draining=30.0))
    for image, behaviour in BAD.items():
        world.push(image, behaviour)
    world.add_service("prod", "web", task_definition(), breaker=breaker, minimum_percent=minimum, target_group=group)
    for deed, seconds in history:
        do(world, *deed)
        world.clock.sleep(seconds)
    world.scale(web(world), desired)
    last = update(world, "shop:2")
    assert settle(world)
    (only,) = shown(world)["deployments"]
    assert (only["id"], only["rolloutState"], only["runningCount"]) == (last, "COMPLETED", desired)
