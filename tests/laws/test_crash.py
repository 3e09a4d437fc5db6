"""The crash law: killed after any of its AWS calls and run again, it ends where an uninterrupted run would have.

For every world below and every k: the first run is killed after its k-th call (SIGKILL: nothing of it runs any more,
the call has had its effect), ECS goes on alone for a while, and then the same run is started anew. Then

- every service runs the same content as after an uninterrupted run, COMPLETED, with all its tasks, and keeps it;
- what the second run's exit code and report say of it is true;
- no revision is registered that equals one which the second run can see: the newest of the family, or one that a
  deployment still listed uses.

What can't hold as broadly, and why:

- A run over several services that is killed after ECS called one of them COMPLETED, and before another one failed (or
  while that is being undone), leaves behind a service of which nothing tells that it was to return. The second run
  takes what was COMPLETED for what to go back to, and says so in its warnings and last line; "as before" is before
  *that* run. For such a service either content is right here.
- Where old tasks are stopped first, ECS may have forgotten the old deployment by the time of the second run. It is then
  found by the event "deployment completed" and its stopped tasks, which ECS keeps for about an hour. After that, or
  with more than a hundred events since, the second run warns that there is nothing to go back to, and exits 4 if it
  fails.
- A second run long after a finished undo that had to register a copy sees that copy as the newest revision, and
  registers the failing revision again, as any new run would.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.claims import Content, content
from tests.stories.story import small_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.core.report.report import Report

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"


@dataclass(frozen=True)
class Case:
    """A world and what is asked for in it."""

    build: Callable[[], World]
    asked: Mapping[str, str] = field(default_factory=dict)


def same_tag(behaviour: Behaviour) -> World:
    world = small_world()
    world.push("shop:1", behaviour, digest="sha256:" + "f" * 64)
    return world


def with_breaker(*, rollback: bool) -> World:
    world = small_world()
    world.service("prod", "web").breaker = Breaker(rollback=rollback)
    return world


def tagged() -> World:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1", tags=[{"key": "team", "value": "shop"}]))
    world.faults.add(Effect.DENY_TAGS, "RegisterTaskDefinition")
    return world


def two_families(behaviour: Behaviour) -> World:
    world = small_world()
    world.add_service("prod", "api", task_definition("api", "shop:1"), target_group=GROUP)
    world.push("shop:2", behaviour)
    return world


def deregistered() -> World:
    world = small_world()
    world.definitions.deregister("web:1")
    return world


def pushed(behaviour: Behaviour) -> World:
    world = small_world()
    world.push("shop:2", behaviour)
    return world


def draining() -> World:
    world = World(timing=Timing(draining=120.0))
    world.add_service("prod", "web", task_definition("web"), target_group=GROUP)
    return world


def stop_first(breaker: Breaker | None = None) -> World:
    """Old tasks are stopped before new ones are started: nothing serves while those fail."""
    world = small_world()
    web = world.service("prod", "web")
    web.minimum_percent, web.maximum_percent, web.breaker = 0, 100, breaker
    return world


def classic() -> World:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), classic_elb=True)
    return world


def ambiguous() -> World:
    world = small_world()
    world.faults.add(Effect.TIMEOUT_AFTER, "UpdateService", last=1)
    world.faults.add(Effect.TIMEOUT_AFTER, "RegisterTaskDefinition", last=1)
    return world


CASES = {
    "good": Case(small_world),
    "skip unchanged": Case(small_world, {"skip_unchanged": "true"}),
    "by digest": Case(small_world, {"image": "shop@sha256:" + "a" * 64}),
    "crash": Case(small_world, {"image": "shop:crash"}),
    "exits after 5 s": Case(lambda: pushed(crash(3, after=5.0))),
    "missing image": Case(small_world, {"image": "shop:missing"}),
    "hangs": Case(lambda: pushed(Behaviour(starts_after=1e9)), {"timeout": "2m"}),
    "recovers": Case(lambda: pushed(Behaviour(exits_after=1.0, exit_code=1, heals_after=2))),
    "same tag": Case(lambda: same_tag(Behaviour()), {"image": "shop:1"}),
    "same tag crashes": Case(lambda: same_tag(crash(1)), {"image": "shop:1"}),
    "breaker rolls back": Case(lambda: with_breaker(rollback=True), {"image": "shop:missing", "max_failed_tasks": "50"}),
    "breaker without rollback": Case(
        lambda: with_breaker(rollback=False), {"image": "shop:missing", "max_failed_tasks": "50"}
    ),
    "crash, stop first": Case(stop_first, {"image": "shop:crash"}),
    "breaker rolls back, stop first": Case(
        lambda: stop_first(breaker=Breaker()), {"image": "shop:missing", "max_failed_tasks": "50"}
    ),
    "tags denied": Case(tagged),
    "tags denied, missing": Case(tagged, {"image": "shop:missing"}),
    "target deregistered": Case(deregistered),
    "target deregistered, missing": Case(deregistered, {"image": "shop:missing"}),
    "two families": Case(lambda: two_families(Behaviour()), {"service": "web,api"}),
    "two families, the second fails": Case(
        lambda: two_families(Behaviour(target_unhealthy=True, health_after=20)), {"service": "web,api"}
    ),
    "stable": Case(small_world, {"stable_for": "30s"}),
    "draining": Case(draining),
    "new tasks only": Case(draining, {"wait_for": "healthy"}),
    "no rolloutState": Case(classic),
    "writes time out": Case(ambiguous),
}  # fmt: skip


def deploy(world: World, case: Case) -> Report:
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
    request, _ = resolve(asked | dict(case.asked), {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def ends(world: World) -> dict[str, Content]:
    """What each service is to run."""
    return {name: content(world, service.primary) for (_, name), service in world.services.items()}


def unsettled(world: World) -> list[str]:
    """The services that aren't steady on their PRIMARY."""
    return [
        name
        for (_, name), service in world.services.items()
        if (service.primary.state != "COMPLETED" and not service.classic_elb)
        or sum(task.is_running for task in service.primary.tasks) != service.desired
    ]


def in_sight(world: World) -> list[str]:
    """The revisions that a run which starts now can see: the newest of each family, and those of all deployments."""
    listed = {one.task_definition for service in world.services.values() for one in service.deployments}
    newest = {world.definitions.describe(family)["taskDefinition"]["taskDefinitionArn"] for family in families(world)}
    return sorted(listed | newest)


def finished_by_then(world: World) -> dict[str, Content]:
    """What services run whose new deployment ECS has called COMPLETED: of those nobody can tell that they aren't."""
    return {
        name: content(world, one)
        for (_, name), service in world.services.items()
        for one in service.deployments
        if one.state == "COMPLETED" and one is not service.history[0]
    }


def families(world: World) -> list[str]:
    """Those with a revision that may be used."""
    return sorted({arn.rpartition("/")[2].partition(":")[0] for arn in world.definitions.arns()})


def body(world: World, arn: str) -> dict[str, Any]:
    return taskdef.registrable(world.definitions.describe(arn))


def broken(case: Case, k: int, pause: float, whole: World, expected: int) -> list[str]:
    """How the law doesn't hold after a kill at call k."""
    world = case.build()
    world.faults.add(Effect.KILL, first=k, last=k)
    try:
        deploy(world, case)
    except Killed:
        world.clock.sleep(pause)
    else:
        return []  # another rule had struck that call; the kill after the next one is the same
    finished = finished_by_then(world)
    # What ECS completes while the second run reads is finished for it, too.
    world.clock.call_in(0.2, lambda: finished.update(finished_by_then(world)))
    usable = set(world.definitions.arns())
    seen = [body(world, arn) for arn in in_sight(world) if arn in usable]
    report = deploy(world, case)
    wrong = [] if report.exit_code == expected else [f"exits {int(report.exit_code)}"]
    world.clock.sleep(400)
    now, right = ends(world), ends(whole)
    wrong += [f"{name} runs other content" for name in now if now[name] not in (right[name], finished.get(name))]
    wrong += [f"{name} is not steady" for name in unsettled(world)]
    again = (short(arn) for arn in set(world.definitions.arns()) - usable if body(world, arn) in seen)
    wrong += [f"{one} had been registered before" for one in again]
    return [f"k={k}: {one}" for one in wrong]


@pytest.mark.parametrize("pause", [0.0, 30.0])
@pytest.mark.parametrize("name", CASES)
def test_run_again_after_a_kill(name: str, pause: float) -> None:
    case = CASES[name]
    whole = case.build()
    expected = deploy(whole, case).exit_code
    calls = whole.faults.calls[""]
    whole.clock.sleep(400)
    assert expected in (ExitCode.DONE, ExitCode.RETURNED)
    assert unsettled(whole) == []
    assert [wrong for k in range(1, calls + 1) for wrong in broken(case, k, pause, whole, expected)] == []
