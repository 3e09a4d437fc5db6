"""A simulated account like the real one: its services with their settings, and how long things took there before.

What a service's answer doesn't tell is taken to be as usual: hosts with room, a task definition that fits, one
container that stands for the task, no alarms, no autoscaling, hooks that succeed.
"""

from __future__ import annotations

from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.names import read_arn, short
from drone_deploy_ecs.core.steps.rollout.history import earlier, usual
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.service_deployment import Strategy
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.simulator.clock import VirtualClock

CONTAINER = "app"
BEFORE, AFTER = "rehearsal/app:before", "rehearsal/app:after"
"""What the simulated services run, and what they get."""
SPREAD = 0.3
"""By what share things may take longer than usual, or shorter, where earlier rollouts don't tell: half of it each."""
TYPICAL_START = 20.0
"""Seconds from RunTask to RUNNING, beside Timing's own, where no earlier rollout tells; an image must be pulled."""
TYPICAL_DRAINING = 300.0
"""Seconds of a target group's deregistration delay, by default (ELB API reference)."""
NEVER = 10.0**9


class Fate(NamedTuple):
    """What becomes of the new image's containers: in words, and where their script differs from a good one's."""

    name: str
    script: Mapping[str, Any]


FATES = (
    Fate("is good", {}),
    Fate("crashes at once", {"exits_after": 0.0, "exit_code": 1}),
    Fate("crashes after a minute", {"exits_after": 60.0, "exit_code": 1}),
    Fate(
        "isn't in the registry",
        {"start_error": f"CannotPullContainerError: failed to resolve ref {AFTER}: {AFTER}: not found"},
    ),
    Fate("never gets healthy", {"health": "unhealthy", "target_unhealthy": True}),
    Fate("finds no capacity", {"placeable_after": NEVER}),
)
GOOD = FATES[0]


class Pace(NamedTuple):
    """How long a service takes, in seconds: from the first start to all healthy, and from then on to the end."""

    healthy: float
    rest: float


def paces(service: Service) -> tuple[Pace, ...]:
    """Those of its earlier rollouts, as far as its events tell of them."""
    found = filter(None, (usual((rollout,)) for rollout in earlier(service.events)))
    return tuple(Pace(seen.healthy, max(0.0, seen.total - seen.healthy)) for seen in found if seen.healthy is not None)


def has_check(service: Ready) -> bool:
    """Whether anything would notice a task that never answers."""
    return bool(service.service.target_groups) or _health_check(service.revision.body) is not None


def simulated(services: Sequence[Ready], fate: Fate, luck: int, clock: VirtualClock | None = None) -> World:
    """A world with these services of one Region, where the image `AFTER` meets that fate; `luck` seeds all chance."""
    chance = Random(luck)
    first = read_arn(services[0].service.arn)
    place = {"region": first.region, "account": first.account, "partition": first.partition} if first else {}
    start, draining = _durations(services, chance)
    timing = Timing(draining=draining, tick_spread=SPREAD / 2)
    world = World(seed=luck + 1, timing=timing, clock=clock, **place)
    checked = any(_health_check(service.revision.body) for service in services)
    balanced = any(service.service.target_groups for service in services)
    judged = max(taskdef.warm_up(service.revision.body) for service in services)
    wait = min(start, judged) if checked or balanced else timing.healthy_after_running
    well = Behaviour(starts_after=max(0.0, start - wait), health="healthy" if checked else "", health_after=wait)
    script = {name: value for name, value in fate.script.items() if name != "health" or checked}
    world.push(BEFORE, well)
    world.push(AFTER, replace(well, **script))
    for service in services:
        world.add_service(short(service.ref.cluster), service.service.name, _body(service), **_options(service.service))
    return world


def _durations(services: Sequence[Ready], chance: Random) -> tuple[float, float]:
    """Seconds until a task is up, beside what the simulator itself takes; and for which a target drains."""
    usual_timing = Timing()
    own = usual_timing.provisioning + usual_timing.tick / 2
    found = [chance.choice(known) for service in services if (known := paces(service.service))]
    if not found:
        luck = 1 + chance.uniform(-SPREAD, SPREAD) / 2
        return TYPICAL_START * luck, TYPICAL_DRAINING * luck
    start = median(pace.healthy for pace in found) - own
    rest = median(pace.rest for pace in found) - usual_timing.stopping - usual_timing.tick / 2
    return max(0.0, start), max(0.0, rest)


def _body(service: Ready) -> dict[str, Any]:
    """A task definition like the real one as far as the simulator minds."""
    body = service.edited.body
    check = _health_check(body)
    container = {"name": CONTAINER, "image": BEFORE, "essential": True, **({"healthCheck": check} if check else {})}
    return {"family": service.edited.family, "containerDefinitions": [container], "cpu": "256", "memory": "512"}


def _health_check(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    checks = (container.get("healthCheck") for container in taskdef.entries(body, "containerDefinitions"))
    return next((check for check in checks if check), None)


def _options(service: Service) -> dict[str, Any]:
    groups, strategy = service.target_groups, service.strategy
    return {
        "desired": service.desired,
        "breaker": Breaker(rollback=service.breaker_rolls_back) if service.breaker_is_on else None,
        "minimum_percent": 100 if service.minimum_percent is None else service.minimum_percent,
        "maximum_percent": 200 if service.maximum_percent is None else service.maximum_percent,
        "target_group": groups[0] if groups else "",
        "launch_type": "FARGATE" if service.is_fargate else "EC2",
        "grace": service.grace,
        "strategy": strategy.name,
        "shifting": _shifting(strategy, groups),
    }


def _shifting(strategy: Strategy, groups: Sequence[str]) -> Shifting:
    percents = {"LINEAR": strategy.linear.percent, "CANARY": strategy.canary.percent}
    return Shifting(
        bake_minutes=strategy.bake,
        step_percent=percents.get(strategy.name),
        step_bake_minutes=strategy.step_bake,
        # A pause is taken for answered at once: how long a person takes, no model knows.
        hooks=tuple(LifecycleHook(stages=hook.stages) for hook in strategy.hooks if hook.target_type != "PAUSE"),
        balancer="ALB" if groups else "",
        alternate=next(iter(groups[1:2]), ""),
    )
