"""The law of the cleanup: what is deregistered is old and used by nobody; and all that may go, goes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.calls.tasks import RunTask
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.simulator.model import Service

FAMILIES, CLUSTERS = ("web", "web-job"), ("prod", "batch")
PLACES = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app"}
READS = (
    "ListTaskDefinitions", "ListClusters", "ListServices", "ListTasks", "DescribeTasks", "ListServiceDeployments",
    "DescribeServiceRevisions", "ListEventBuses", "ListRules", "ListTargetsByRule", "ListSchedules", "GetSchedule",
)  # fmt: skip
REGISTERED = 7
"""Revisions of each family before the run."""
MEANWHILE = 40
"""Seconds of the run in which others act: no good verdict comes so soon."""

numbers = st.integers(1, REGISTERED)
revisions = st.builds("{}:{}".format, st.sampled_from(FAMILIES), numbers)
clusters = st.sampled_from(CLUSTERS)
others = st.fixed_dictionaries({
    "cluster": clusters, "ran": st.lists(revisions, min_size=1, max_size=3), "controller": st.sampled_from(["ECS", "ECS", "ECS", "CODE_DEPLOY"]),
    "begins": st.none() | st.tuples(st.integers(0, MEANWHILE), revisions), "strategy": st.sampled_from(["ROLLING", "BLUE_GREEN"]),
    "minimum": st.sampled_from([0, 100]),
})  # fmt: skip
starts = st.tuples(
    st.sampled_from(["rule", "managed rule", "schedule", "any call"]), revisions | st.sampled_from(FAMILIES)
)
tasks = st.tuples(clusters, revisions, st.booleans())
faults = st.none() | st.one_of(
    st.tuples(st.just(Effect.DENY), st.sampled_from(READS)),
    st.tuples(st.sampled_from([Effect.THROTTLE, Effect.TIMEOUT_AFTER, Effect.TIMEOUT_BEFORE]), st.sampled_from(["DeregisterTaskDefinition", *READS])),
)  # fmt: skip
worlds = st.fixed_dictionaries({
    "ran": st.lists(numbers, min_size=1, max_size=3), "others": st.lists(others, max_size=3), "starts": st.lists(starts, max_size=3),
    "tasks": st.lists(tasks, max_size=2), "fault": faults, "keep": st.sampled_from([2, 3]), "image": st.sampled_from(["shop:2", "shop:2", "shop:2", "shop:crash"]),
})  # fmt: skip


def arn_of(world: World, revision: str) -> str:
    return f"{world.arn_prefix}task-definition/{revision}"


def built(of: dict[str, Any]) -> World:
    """A world in which much uses revisions of two families, whose names are alike."""
    world = World()
    world.push("shop:crash", crash(1))
    world.commands["./work"] = Behaviour(exits_after=None)
    for cluster in CLUSTERS:
        world.add_cluster(cluster)
    for family in FAMILIES:
        for number in range(REGISTERED):
            world.register(task_definition(family, f"shop:0.{number}"))
    first, *rest = of["ran"]
    ours = world.add_service("prod", "web", arn_of(world, f"web:{first}"))
    for number in rest:
        world.roll_out(ours, arn_of(world, f"web:{number}"))
    for number, other in enumerate(of["others"]):
        add(world, f"other-{number}", other)
    for number, (how, revision) in enumerate(of["starts"]):
        schedule(world, f"start-{number}", how, revision)
    for number, (cluster, revision, stops) in enumerate(of["tasks"]):
        start(world, f"{number}", cluster, revision, stops=stops)
    return world


def add(world: World, name: str, other: dict[str, Any]) -> None:
    """Somebody else's service, with a past, and perhaps a rollout that begins meanwhile."""
    cluster, (first, *rest) = other["cluster"], other["ran"]
    if other["controller"] != "ECS":
        sets = [{"taskDefinition": arn_of(world, revision)} for revision in other["ran"]]
        world.add_service(cluster, name, arn_of(world, first), controller=other["controller"], more={"taskSets": sets})
        return
    options = {"strategy": other["strategy"], "minimum_percent": other["minimum"]}
    service = world.add_service(cluster, name, arn_of(world, first), **options)
    for revision in rest:
        world.roll_out(service, arn_of(world, revision))
    if other["begins"]:
        after, revision = other["begins"]
        world.at(after, lambda: world.deploy(service, arn_of(world, revision)))


def schedule(world: World, name: str, how: str, revision: str) -> None:
    target = world.schedules.target("prod", revision)
    match how:
        case "schedule":
            world.schedules.add_schedule(name, target)
        case "any call":
            asks = json.dumps({"Cluster": "prod", "TaskDefinition": revision})
            world.schedules.add_schedule(name, {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "Input": asks})
        case _:
            world.schedules.add_rule(name, target, managed_by="any.amazonaws.com" if how == "managed rule" else "")


def start(world: World, token: str, cluster: str, revision: str, *, stops: bool) -> None:
    """A task by itself, which goes on for ever, or has been stopped."""
    call = RunTask(
        region="eu-west-1", cluster=cluster, definition=revision, container="app", command=("./work",), token=token, started_by="me"
    )  # fmt: skip
    Operations(world).answer("RunTask", call.members())
    if stops:
        task = world.one_offs.tasks[-1]
        Operations(world).answer("StopTask", {"cluster": cluster, "task": task.arn, "reason": "enough"})


# --- the truth ---


def used(world: World) -> set[str]:
    """Every `family:revision` that something uses now."""
    found = {arn for service in world.services.values() for arn in used_by(service)}
    found |= {task.definition for task in world.one_offs.tasks if not task.stop_code}
    kept = json.dumps([*world.schedules.rules.values(), *world.schedules.schedules.values()])
    return {arn.rpartition("/")[2] for arn in found} | set(re.findall(r"[\w-]+:\d+", kept))


def used_by(service: Service) -> Iterator[str]:
    yield from (task.deployment.task_definition for task in service.tasks if task.is_alive)
    yield from (each["taskDefinition"] for each in service.more.get("taskSets", ()))
    for deployment in service.deployments:
        yield deployment.task_definition
        if deployment.outcome == "IN_PROGRESS":
            yield from (source.task_definition for source in deployment.sources if source.outcome == "SUCCESSFUL")
        yield from former(service, deployment.task_definition)


def former(service: Service, running: str) -> list[str]:
    """Where a way back goes from there."""
    history = [(each.created, each.task_definition) for each in service.history if each.outcome == "SUCCESSFUL"]
    first = min((at for at, revision in history if revision == running), default=float("inf"))
    return [revision for at, revision in sorted(history) if at < first and revision != running][-1:]


def active(world: World, family: str) -> list[str]:
    return [arn.rpartition("/")[2] for arn in world.definitions.arns(family)]


@given(of=worlds)
@settings(max_examples=200, deadline=None)
def test_what_is_deregistered_is_old_and_used_by_nobody(of: dict[str, Any]) -> None:
    world, gone = built(of), list[str]()
    before = {family: active(world, family) for family in FAMILIES}
    deregister = world.definitions.deregister

    def watched(name: str, now: float = 0.0) -> dict[str, Any]:
        revision = name.rpartition("/")[2]
        if revision in active(world, "web"):
            assert revision not in used(world), revision
            assert revision in active(world, "web")[: -of["keep"]]
        gone.append(revision)
        return deregister(name, now)

    world.definitions.deregister = watched  # type: ignore[method-assign]
    world.faults.latency = 0.01
    if of["fault"]:
        effect, operation = of["fault"]
        world.faults.add(
            effect, operation, chance=1 if effect is Effect.DENY else 0.3, after=world.clock.monotonic() + MEANWHILE
        )
    request, _ = resolve({**PLACES, "image": of["image"], "keep_revisions": str(of["keep"])}, {})
    aws = SimulatedAws(world)
    report = Deployment(request, lambda _: aws, world.clock, lambda _: None, lambda: 0.5).deploy()
    assert active(world, "web-job") == before["web-job"]
    if not report.verdict.is_good:
        event("the deployment failed")
        assert not gone
        return
    assert report.exit_code == 0
    if of["fault"]:
        event(f"{of['fault'][0].value}: {'some' if gone else 'none'} gone")
        assert not gone or of["fault"][0] is not Effect.DENY or of["fault"][1] not in world.faults.calls
        return
    left = [revision for revision in active(world, "web")[: -of["keep"]] if revision in before["web"]]
    event(f"{len(gone)} gone, {len(left)} in use")
    assert set(left) <= used(world)
