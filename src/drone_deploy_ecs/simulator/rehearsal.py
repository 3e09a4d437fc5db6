"""A simulated account like the real one: its services with their settings, and how long things took there before.

What a service's answer doesn't tell is taken to be as usual: hosts with room, a task definition that fits, one
container that stands for the task, no alarms, no autoscaling, hooks that succeed.
"""

from __future__ import annotations

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
    from drone_deploy_ecs.simulator.model import Deployment

CONTAINER = "app"
BEFORE, AFTER = "rehearsal/app:before", "rehearsal/app:after"
"""What the simulated services run, and what they get."""
SPREAD, WIDE_SPREAD = 0.3, 1.0
"""By what share things may take longer than usual, or shorter, where earlier rollouts don't tell: half of it each.

How long tasks take to start and to stop differs widely from service to service.
"""
FEW = 3
"""With fewer earlier rollouts than these, they don't tell how much things vary."""
TYPICAL_START = 30.0
"""Seconds from a start to RUNNING, beside Timing's own, where no earlier rollout tells: the median of seven public
recordings of single starts (benchmarks/recorded.toml)."""
TYPICAL_STOP = 46.0
"""Seconds from SIGTERM to STOPPED: the 30 that a container has by default, and 16 of DEPROVISIONING (one capture)."""
LONGEST_DRAINING = 300.0
"""Seconds of a target group's deregistration delay, by default; a target without requests or connections is let go at
once (ELB API reference and user guide)."""
TARGET_CHECK, TARGET_FAILURES = 30.0, 2
"""Seconds between a target group's checks, and how many failed ones it takes, by default (ELB API reference).

A new target is healthy after the first check that it passes.
"""
TASK_FAILURES = 3
"""Failed checks that make a container unhealthy, by default (ECS API reference)."""
PULLING = 90.0
"""Seconds for which a task tries to pull an image that isn't there: 85 to 92 in one public log, which retried so."""
RESTART_FIRST = 30.0
"""Seconds until the next try in that same log; ECS waits longer and longer (service throttle logic)."""
STRIDES = (0.8191725, 0.6710436, 0.5497005)
"""Multiples of these fill a cube evenly, however few they are (the R3 sequence): a few trials show the whole spread."""
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
        {
            "starts_after": PULLING,
            "start_error": f"CannotPullContainerError: failed to resolve ref {AFTER}: {AFTER}: not found",
        },
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
    """A world with these services of one Region, where the image `AFTER` meets that fate.

    `luck` numbers the trials, from 0: the first is the middle of what may be.
    """
    first = read_arn(services[0].service.arn)
    place = {"region": first.region, "account": first.account, "partition": first.partition} if first else {}
    checked = any(_health_check(service.revision.body) for service in services)
    durations = _durations(services, luck)
    timing = Timing(
        stopping=durations.stopping, draining=durations.draining, restart_first=RESTART_FIRST, tick_spread=SPREAD / 2
    )
    world = World(seed=luck + 1, timing=timing, clock=clock, **place)
    well = Behaviour(
        starts_after=durations.starting, health="healthy" if checked else "", health_after=durations.becoming_healthy
    )
    script = {name: value for name, value in fate.script.items() if name != "health" or checked}
    if fate.script.get("target_unhealthy"):
        script["health_after"] = max(_condemned_after(service) for service in services)
    world.push(BEFORE, well)
    world.push(AFTER, replace(well, **script))
    for service in services:
        world.add_service(short(service.ref.cluster), service.service.name, _body(service), **_options(service.service))
    return world


def left_alone(world: World, most: float) -> Deployment:
    """What becomes of `AFTER`, deployed to its first service, with nobody watching.

    It comes back when ECS itself is done with it, or after `most` seconds.
    """
    service = next(iter(world.services.values()))
    body = world.definitions.describe(service.primary.task_definition)["taskDefinition"]
    container = {**body["containerDefinitions"][0], "image": AFTER}
    give_up_at = world.clock.monotonic() + most
    deployment = world.deploy(service, world.register({"family": body["family"], "containerDefinitions": [container]}))
    while deployment.state == "IN_PROGRESS" and world.clock.monotonic() < give_up_at:
        world.clock.sleep(10.0)
    return deployment


class _Durations(NamedTuple):
    """How long things take in a world, in seconds: to RUNNING, from there to healthy, draining, SIGTERM to the end."""

    starting: float
    becoming_healthy: float
    draining: float
    stopping: float


def _durations(services: Sequence[Ready], luck: int) -> _Durations:
    """By the services' earlier rollouts, or as usual."""
    by_start, by_draining, by_stop = ((0.5 + luck * stride) % 1 for stride in STRIDES)
    judged = max(_judged_after(service) for service in services)
    histories = [known for service in services if (known := paces(service.service))]
    if not histories:
        return _Durations(
            starting=TYPICAL_START * _factor(by_start, WIDE_SPREAD),
            becoming_healthy=judged,
            draining=LONGEST_DRAINING * by_draining,
            stopping=TYPICAL_STOP * _factor(by_stop, WIDE_SPREAD),
        )
    usual_timing = Timing()
    half_a_turn = usual_timing.tick / 2
    found = [sorted(known, key=sum)[int(by_start * len(known))] for known in histories]
    factor = _factor(by_draining, SPREAD) if min(map(len, histories)) < FEW else 1.0
    up = max(0.0, factor * median(pace.healthy for pace in found) - usual_timing.provisioning - half_a_turn)
    rest = max(0.0, factor * median(pace.rest for pace in found) - half_a_turn)
    is_balanced = any(service.service.target_groups for service in services)
    stopping = min(rest, usual_timing.stopping) if is_balanced else rest
    wait = min(up, judged)
    return _Durations(starting=up - wait, becoming_healthy=wait, draining=rest - stopping, stopping=stopping)


def _factor(share: float, spread: float) -> float:
    """From half of the spread below 1 to half of it above, for a share of 0..1."""
    return 1 + (share - 0.5) * spread


def _judged_after(service: Ready) -> float:
    """Seconds from RUNNING until a good task counts as healthy."""
    is_checked = _health_check(service.revision.body) is not None
    checked = taskdef.warm_up(service.revision.body)
    if not service.service.target_groups:
        return checked
    return max(checked, TARGET_CHECK) if is_checked else TARGET_CHECK


def _condemned_after(service: Ready) -> float:
    """Seconds from RUNNING until a task that never answers is taken for unhealthy: never within the grace period."""
    found = [TARGET_CHECK * TARGET_FAILURES] if service.service.target_groups else []
    if check := _health_check(service.revision.body):
        failures = check.get("retries") or TASK_FAILURES
        found.append((check.get("startPeriod") or 0) + (check.get("interval") or TARGET_CHECK) * failures)
    return max(float(service.service.grace or 0), min(found, default=0.0))


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
