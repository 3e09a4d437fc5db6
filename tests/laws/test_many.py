"""Laws of a deployment to many services: all or nothing, nothing written twice, and AWS's rates kept.

Random fleets on virtual time, under AWS's own token buckets: failing services or none, Regions, canaries, limits on
what runs in parallel, kills. Who fails is who has a load balancer to ask.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.run.queue import ADMITTED
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.report.report import Report

REGIONS = ("eu-west-1", "us-east-1")
GROUP = "arn:aws:elasticloadbalancing:{}:123456789012:targetgroup/web/1"
Worlds = dict[str, World]


@dataclass(frozen=True)
class Fleet:
    """Services of a run; `failing` are places in the list of all of them, Region by Region."""

    count: int
    regions: int
    families: int
    failing: frozenset[int]
    starts_after: float
    asked: Mapping[str, str]

    @property
    def names(self) -> list[tuple[str, str]]:
        """Region and service of all, in the order of the run."""
        return list(product(REGIONS[: self.regions], (f"tenant-{number:02}" for number in range(self.count))))


asked = st.fixed_dictionaries(
    {},
    optional={
        "canary_services": st.sampled_from(["1", "3"]),
        "max_parallel": st.sampled_from(["1", "4", "11"]),
        "on_failure": st.sampled_from(["all", "failed"]),
        "waves": st.sampled_from(["undo", "stop"]),
    },
)
fleets = st.builds(
    Fleet,
    count=st.integers(1, 13),
    regions=st.integers(1, 2),
    families=st.integers(1, 4),
    failing=st.frozensets(st.integers(0, 25), max_size=2),
    starts_after=st.sampled_from([0.0, 5.0, 30.0]),
    asked=asked,
)


def build(fleet: Fleet) -> Worlds:
    worlds: Worlds = {}
    for region in REGIONS[: fleet.regions]:
        first = next(iter(worlds.values()), None)
        world = worlds[region] = World(region=region, clock=first.clock if first else None)
        world.push("shop:2", Behaviour(starts_after=fleet.starts_after, target_unhealthy=True, health_after=20))
        for number in range(fleet.families):
            world.register(task_definition(f"family-{number}"))
    for place, (region, name) in enumerate(fleet.names):
        world = worlds[region]
        family = world.definitions.describe(f"family-{place % fleet.families}")["taskDefinition"]["taskDefinitionArn"]
        group = GROUP.format(region) if place in fleet.failing else ""
        world.add_service("prod", name, family, target_group=group)
        world.faults.keeps_quotas = True
    return worlds


def deploy(worlds: Worlds, fleet: Fleet) -> Report:
    given = {
        "aws_region": ",".join(worlds), "cluster": "prod", "service": "tenant-*", "container": "app", "image": "shop:2",
        "timeout": "5m",
    }  # fmt: skip
    request, _ = resolve(given | dict(fleet.asked), {})
    clock = next(iter(worlds.values())).clock
    everywhere = {region: SimulatedAws(world) for region, world in worlds.items()}
    return Deployment(request, lambda access: everywhere[access.region], clock, lambda _: None, lambda: 0.5).deploy()


def revisions(worlds: Worlds) -> dict[tuple[str, str], set[str]]:
    """What each service runs: the numbers of its revisions."""
    return {
        (region, name): {arn.rpartition(":")[2] for arn in service.runs}
        for region, world in worlds.items()
        for (_, name), service in world.services.items()
    }


def writes(worlds: Worlds) -> Counter[tuple[str, str]]:
    return Counter(
        (region, about)
        for region, world in worlds.items()
        for _, operation, about in world.faults.log
        if operation == "UpdateService"
    )


def must_return(fleet: Fleet, place: tuple[str, str]) -> bool:
    """By what was asked for: which services may not keep the new version."""
    failed = [fleet.names[one] for one in fleet.failing if one < len(fleet.names)]
    if fleet.asked.get("on_failure") == "failed":
        return place in failed
    if fleet.asked.get("waves") == "stop":
        return any(region == place[0] for region, _ in failed)
    return bool(failed)


@given(fleets)
@settings(max_examples=120)
def test_all_or_nothing_once_and_within_awss_rates(fleet: Fleet) -> None:
    worlds = build(fleet)
    report = deploy(worlds, fleet)
    assert all(not world.faults.throttled for world in worlds.values())
    written = writes(worlds)
    assert max(written.values(), default=0) <= 2, "once forward, once back"
    now = revisions(worlds)
    assert all(len(found) == 1 for found in now.values())
    failed = [fleet.names[one] for one in fleet.failing if one < len(fleet.names)]
    assert report.exit_code == (ExitCode.RETURNED if failed else ExitCode.DONE)
    # A wave or the others after a failed canary may never have begun: those run what they ran, too.
    kept = {place for place, found in now.items() if found == {"2"}}
    assert not [place for place in kept if must_return(fleet, place)]
    begun = {place for place in now if written[place]}
    assert all(place in kept or must_return(fleet, place) for place in begun)
    if not failed:
        assert kept == set(now)
    for one in report.outcomes:
        new = (one.target.region, one.target.service) in kept
        assert (report.standing[one.target.name] is EndState.NEW) is new
        assert (one.verdict is Verdict.COMPLETED) is new or must_return(fleet, (one.target.region, one.target.service))


@given(fleets)
@settings(max_examples=20)
def test_no_more_at_a_time_than_asked_for(fleet: Fleet) -> None:
    worlds = build(Fleet(fleet.count, fleet.regions, fleet.families, frozenset(), fleet.starts_after, fleet.asked))
    most = int(fleet.asked.get("max_parallel", 10**6))
    seen: list[int] = []
    clock = next(iter(worlds.values())).clock

    def look() -> None:
        rolling = [
            one for world in worlds.values() for one in world.services.values() if one.primary.state == "IN_PROGRESS"
        ]
        seen.append(len(rolling))
        clock.call_in(0.5, look)

    look()
    deploy(worlds, fleet)
    assert max(seen) <= most


@given(fleets, st.integers(1, 400))
@settings(max_examples=40)
def test_killed_and_run_again_it_lands_or_returns(fleet: Fleet, call: int) -> None:
    """Where something fails, what ECS had called COMPLETED by the kill is what the second run goes back to."""
    worlds = build(fleet)
    first = next(iter(worlds.values()))
    first.faults.add(Effect.KILL, first=call, last=call)
    try:
        deploy(worlds, fleet)
    except Killed:
        first.clock.sleep(20)
    first.faults.rules.clear()
    report = deploy(worlds, fleet)
    first.clock.sleep(300)
    assert all(len(found) == 1 for found in revisions(worlds).values())
    failed = [fleet.names[one] for one in fleet.failing if one < len(fleet.names)]
    if not failed:
        assert report.exit_code == ExitCode.DONE
        assert all(found == {"2"} for found in revisions(worlds).values())
    else:
        assert report.exit_code in (ExitCode.RETURNED, ExitCode.DONE)
        assert all(revisions(worlds)[place] == {"1"} for place in failed if report.exit_code == ExitCode.RETURNED)


@pytest.mark.parametrize("count", [1, ADMITTED, ADMITTED + 1, 40])
def test_what_is_written_was_seen_within_seconds(count: int) -> None:
    """However long the queue: somebody's deployment made meanwhile is found, and left alone."""
    fleet = Fleet(count, 1, 1, frozenset(), 0.0, {})
    worlds = build(fleet)
    world = worlds["eu-west-1"]
    deploy(worlds, fleet)
    looks: dict[str, float] = {}
    for at, operation, about in world.faults.log:
        if operation == "DescribeServices":
            looks |= dict.fromkeys(about.split(","), at)
        elif operation == "UpdateService":
            assert at - looks[about] <= 6.0


def test_the_evidence_of_many_failures_keeps_within_the_rates_too() -> None:
    world = World()
    world.push("shop:2", crash(1))
    for number in range(50):
        world.add_service("prod", f"web-{number}", task_definition())
    world.faults.keeps_quotas = True
    given = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web-*", "container": "app", "image": "shop:2"}
    request, _ = resolve(given | {"on_failure": "failed"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.api_calls["GetLogEvents"] == 50
    assert not world.faults.throttled
