"""Many services as one deployment: patterns, clusters, Regions, canaries, and what a failure among many takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller

GROUP = "arn:aws:elasticloadbalancing:{}:123456789012:targetgroup/web/1"
UNHEALTHY = Behaviour(target_unhealthy=True, health_after=20)
"""Fails wherever a load balancer asks, and serves elsewhere: so that one of several services fails."""
EAST = "us-east-1"


def tenants(count: int, families: int = 3, failing: str = "") -> World:
    """Services tenant-000 and so on in cluster prod; with `failing`, shop:2 fails in that one."""
    world = World()
    world.push("shop:2", UNHEALTHY)
    revisions = [world.register(task_definition(f"tenant-{number}")) for number in range(families)]
    for number in range(count):
        name = f"tenant-{number:03}"
        group = GROUP.format("eu-west-1") if name == failing else ""
        world.add_service("prod", name, revisions[number % families], target_group=group)
    return world


def east(world: World, *, fails: bool = False) -> World:
    """The same service in another Region, on the same clock."""
    other = World(region=EAST, clock=world.clock)
    other.push("shop:2", UNHEALTHY)
    other.add_service("prod", "web", task_definition("web"), target_group=GROUP.format(EAST) if fails else "")
    return other


def three(failing: str = "") -> World:
    world = World()
    world.push("shop:2", UNHEALTHY)
    for name in ("web", "worker", "spot"):
        group = GROUP.format("eu-west-1") if name == failing else ""
        world.add_service("prod", name, task_definition(name), target_group=group)
    return world


def runs(world: World, revision: int) -> list[str]:
    """The services that run nothing but this revision of their family."""
    return [
        name
        for (_, name), one in world.services.items()
        if one.runs and all(arn.endswith(f":{revision}") for arn in one.runs)
    ]


def calls(world: World, operation: str) -> list[tuple[float, str]]:
    return [(at, about) for at, called, about in world.faults.log if called == operation]


def test_what_the_first_went_through_foretells_the_others(plugin: Teller) -> None:
    """Of none of them an earlier rollout is known. What can't be over yet is looked at less, and people are told."""
    alone, last = tenants(1), tenants(3)
    for world in (alone, last):
        world.push("shop:2", Behaviour(starts_after=120.0))
    assert "to go" not in plugin(alone, service="tenant-*").stderr
    told = plugin(last, service="tenant-*", max_parallel="1")
    assert told.exit_code == 0
    assert "about 1 m 30 s to go: tenant-2:2 0 of 2 running" in told.stderr
    of_the_first = sum("tenant-000" in about for _, about in calls(alone, "DescribeServices"))
    of_the_last = sum("tenant-002" in about for _, about in calls(last, "DescribeServices"))
    assert of_the_last < of_the_first / 2


def test_many_by_a_pattern(tell: Teller) -> None:
    world = tenants(25)
    world.add_service("prod", "web", task_definition("web"))
    assert tell(world, service="tenant-*").exit_code == 0
    assert len(runs(world, 2)) == 25
    assert runs(world, 1) == ["web"]
    assert world.faults.calls["RegisterTaskDefinition"] == 3


def test_many_and_one_fails(tell: Teller) -> None:
    world = tenants(25, failing="tenant-007")
    told = tell(world, service="tenant-*")
    assert told.exit_code == 3
    assert len(runs(world, 1)) == 25
    assert "tenant-007 failed" in told.last_line


def test_many_and_only_the_failed_returns(tell: Teller) -> None:
    world = tenants(25, failing="tenant-007")
    assert tell(world, service="tenant-*", on_failure="failed").exit_code == 3
    assert runs(world, 1) == ["tenant-007"]
    assert len(runs(world, 2)) == 24


def test_many_and_one_is_refused_while_the_others_go_on(tell: Teller) -> None:
    """Something was changed and something wasn't, as it failed: that is neither done nor refused."""
    world = three()
    world.faults.add(Effect.DENY, "UpdateService", about="worker")
    told = tell(world, service="web,worker,spot", on_failure="failed")
    assert told.exit_code == 3
    assert runs(world, 1) == ["worker"]


def test_many_plan(tell: Teller) -> None:
    told = tell(three(), argv=["plan"], service="w*,spot", canary_services="1", max_parallel="2")
    assert told.exit_code == 0


def test_many_a_pattern_that_matches_nothing(tell: Teller) -> None:
    world = three()
    assert tell(world, service="web,tenant-*").exit_code == 2
    assert world.faults.calls["RegisterTaskDefinition"] == 0


def test_many_a_pattern_passes_over_what_is_being_deleted(tell: Teller) -> None:
    world = three()
    world.service("prod", "worker").status = "DRAINING"
    assert tell(world, service="w*").exit_code == 0
    assert runs(world, 2) == ["web"]


def test_many_what_is_named_is_not_passed_over_though_a_pattern_matches_it(tell: Teller) -> None:
    world = three()
    world.service("prod", "worker").status = "DRAINING"
    told = tell(world, service="worker,w*")
    assert told.exit_code == 2
    assert "service worker is DRAINING" in told.stderr
    assert calls(world, "UpdateService") == []


def test_many_a_pattern_matches_only_what_is_being_deleted(tell: Teller) -> None:
    world = three()
    world.service("prod", "worker").status = "DRAINING"
    told = tell(world, service="web,work*")
    assert told.exit_code == 2
    assert "no service in cluster prod (eu-west-1) matches work*" in told.stderr
    assert calls(world, "UpdateService") == []


def test_many_of_several_clusters(tell: Teller) -> None:
    world = small_world()
    world.add_service("batch", "web", task_definition("batch"))
    told = tell(world, service="web,batch/web")
    assert told.exit_code == 0
    assert [(one["cluster"], one["service"]) for one in told.report["services"]] == [("prod", "web"), ("batch", "web")]


def test_many_plan_of_several_clusters(tell: Teller) -> None:
    world = small_world()
    world.add_service("batch", "web", task_definition("batch"))
    told = tell(world, argv=["plan"], service="web,batch/web")
    assert told.stdout.startswith("Plan in clusters prod, batch, eu-west-1;")


def test_many_at_most_one_at_the_same_time(tell: Teller) -> None:
    world = three()
    told = tell(world, service="web,worker,spot", max_parallel="1")
    assert told.exit_code == 0
    first, second, third = (at for at, _ in calls(world, "UpdateService"))
    assert second - first > 30
    assert third - second > 30


def test_many_a_canary_fails(tell: Teller) -> None:
    world = three(failing="web")
    assert tell(world, service="web,worker,spot", canary_services="1").exit_code == 3
    assert {about for _, about in calls(world, "UpdateService")} == {"web"}


def test_many_the_canary_goes_first(tell: Teller) -> None:
    world = three()
    assert tell(world, service="web,worker,spot", canary_services="1").exit_code == 0
    first, *others = calls(world, "UpdateService")
    assert first[1] == "web"
    assert all(at - first[0] > 30 for at, _ in others)


def test_many_regions(tell: Teller) -> None:
    world = small_world()
    other = east(world)
    told = tell(world, further={EAST: other}, aws_region=f"eu-west-1,{EAST}")
    assert told.exit_code == 0
    assert [one["region"] for one in told.report["services"]] == ["eu-west-1", EAST]
    assert calls(other, "UpdateService")[0][0] - calls(world, "UpdateService")[0][0] > 30


def test_many_regions_and_the_second_fails(tell: Teller) -> None:
    world = small_world()
    other = east(world, fails=True)
    assert tell(world, further={EAST: other}, aws_region=f"eu-west-1,{EAST}").exit_code == 3
    assert runs(world, 1) == runs(other, 1) == ["web"]


def test_many_regions_and_the_second_alone_returns(tell: Teller) -> None:
    world = small_world()
    other = east(world, fails=True)
    assert tell(world, further={EAST: other}, aws_region=f"eu-west-1,{EAST}", waves="stop").exit_code == 3
    assert runs(world, 2) == runs(other, 1) == ["web"]


def test_many_regions_and_the_first_fails(tell: Teller) -> None:
    world = small_world()
    other = east(world)
    told = tell(world, further={EAST: other}, aws_region=f"eu-west-1,{EAST}", image="shop:crash")
    assert told.exit_code == 3
    assert calls(other, "UpdateService") == []


def throttled(world: World) -> World:
    world.faults.add(Effect.THROTTLE, chance=0.3)
    return world


@pytest.mark.parametrize("tell", ["in process"], indirect=True)
def test_many_throttled_and_one_fails(tell: Teller) -> None:
    world = throttled(tenants(300, families=20, failing="tenant-123"))
    told = tell(world, service="tenant-*")
    assert told.exit_code == 3
    assert len(runs(world, 1)) == 300
