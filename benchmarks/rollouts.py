"""The rollouts that polling is measured on: worlds of the simulator, each tuned to take about as long as asked."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import Enum
from statistics import mean
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.causes.cause import terminal_cause
from drone_deploy_ecs.core.ecs.task import DescribedTask
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shapes import task_shape
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.model import Deployment

CLUSTER, SERVICE, OLD, NEW = "prod", "web", "shop:1", "shop:2"
SPREAD = 0.1
"""Lengths are spread by this share, so that no poller's period fits them by luck."""
TOLERANCE = 1.35
"""A scenario that takes more than this share of the length asked for is left out there."""
TARGETS = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"


TICK_SPREAD = 0.1
"""The scheduler's turns aren't exact either; or else a prediction would be, too."""
EARLIER = 5
"""Rollouts before ours, where there is history."""


class History(Enum):
    """What the service's events tell of earlier rollouts."""

    NONE = "no history"
    LIKE = "history"
    UNLIKE = "history unlike now"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A kind of rollout. `build(free, tick, seed)` makes its world; `free` seconds make it longer or shorter."""

    name: str
    good: bool
    build: Callable[[float, float, int], World]


class _Uneven(World):
    """No task starts exactly as fast as another; or else a replacement would die exactly when that is expected."""

    def __init__(self, *, seed: int, timing: Timing) -> None:
        super().__init__(seed=seed, timing=timing)
        self._seed = seed

    def script(self, digests: Mapping[str, str]) -> Behaviour:
        """Differs from task to task, but not from run to run."""
        behaviour = super().script(digests)
        tasks = sum(len(service.tasks) for service in self.services.values())
        share = random.Random(f"{self._seed} {tasks}").uniform(1 - SPREAD, 1 + SPREAD)
        return replace(behaviour, starts_after=share * behaviour.starts_after)


def _world(new: Behaviour, seed: int, timing: Timing, **service: object) -> World:
    is_bad = bool(new.start_error) or new.exits_after is not None
    world = (_Uneven if is_bad else World)(seed=seed, timing=replace(timing, tick_spread=TICK_SPREAD))
    world.push(OLD, Behaviour())
    world.push(NEW, new)
    world.add_service(CLUSTER, SERVICE, task_definition(SERVICE, OLD), **service)  # type: ignore[arg-type]
    # The scheduler's turns begin at a random time of their own; ours at another.
    world.clock.sleep(60 + random.Random(seed).uniform(0, timing.tick))
    return world


def _plain(free: float, tick: float, seed: int) -> World:
    """No health check, no load balancer: ECS takes a task for healthy 40 s after RUNNING."""
    return _world(Behaviour(starts_after=free), seed, Timing(tick=tick))


def _slow_start(free: float, tick: float, seed: int) -> World:
    new = Behaviour(starts_after=free, health_after=3.0)
    timing = Timing(tick=tick, provisioning=2.0, draining=2.0)
    return _world(new, seed, timing, target_group=TARGETS)


def _health_check(free: float, tick: float, seed: int) -> World:
    new = Behaviour(starts_after=1.0, health="healthy", health_after=free)
    return _world(new, seed, Timing(tick=tick, provisioning=2.0), desired=4)


def _draining(free: float, tick: float, seed: int) -> World:
    new = Behaviour(starts_after=1.0, health_after=3.0)
    return _world(new, seed, Timing(tick=tick, provisioning=2.0, draining=free), target_group=TARGETS)


def _waves(free: float, tick: float, seed: int) -> World:
    """Eight tasks, two at a time."""
    new = Behaviour(starts_after=free, health_after=5.0)
    timing = Timing(tick=tick, provisioning=4.0, draining=5.0)
    return _world(new, seed, timing, target_group=TARGETS, desired=8, maximum_percent=125)


def _crash(after: float) -> Callable[[float, float, int], World]:
    def build(free: float, tick: float, seed: int) -> World:
        new = Behaviour(starts_after=free, exits_after=after, exit_code=1)
        return _world(new, seed, Timing(tick=tick, provisioning=2.0))

    return build


def _missing(free: float, tick: float, seed: int) -> World:
    error = f"CannotPullContainerError: failed to resolve ref {NEW}: {NEW}: not found"
    return _world(Behaviour(starts_after=free, start_error=error), seed, Timing(tick=tick, provisioning=2.0))


def _breaker(free: float, tick: float, seed: int) -> World:
    """Four tasks that exit, and ECS counts that: the circuit breaker's threshold of three is reached at once."""
    new = Behaviour(starts_after=free, exits_after=2.0, exit_code=1)
    timing = Timing(tick=tick, provisioning=2.0)
    return _world(new, seed, timing, desired=4, breaker=Breaker(rollback=True), counts_exits=True)


SCENARIOS = (
    Scenario("plain", good=True, build=_plain),
    Scenario("slow start", good=True, build=_slow_start),
    Scenario("health check", good=True, build=_health_check),
    Scenario("draining", good=True, build=_draining),
    Scenario("waves", good=True, build=_waves),
    Scenario("crash at start", good=False, build=_crash(0.0)),
    Scenario("crash after 5 s", good=False, build=_crash(5.0)),
    Scenario("image missing", good=False, build=_missing),
    Scenario("circuit breaker", good=False, build=_breaker),
)


def truth(world: World) -> float | None:
    """When ECS said so (seconds of the world): our deployment COMPLETED, or the first evidence that it can't succeed.

    The evidence is what our own rules take for it: FAILED, or stopped tasks that `terminal_cause` calls decisive.
    """
    service = world.service(CLUSTER, SERVICE)
    ours = service.history[-1]
    if ours.state == "COMPLETED":
        return ours.updated
    failed = ours.updated if ours.state == "FAILED" else None
    doomed = doomed_at(world, ours)
    return min((at for at in (failed, doomed) if at is not None), default=None)


def doomed_at(world: World, ours: Deployment) -> float | None:
    """When the stopped tasks by then first said that it can't succeed (seconds of the world); None where they don't."""
    service = world.service(CLUSTER, SERVICE)
    stops = sorted({task.stopped for task in ours.tasks if task.stopped is not None})
    for at in stops:
        gone = [task for task in ours.tasks if task.stopped is not None and task.stopped <= at]
        if terminal_cause(typed(task_shape(service, task), DescribedTask).task() for task in gone):
            return at
    return None


def _rollout_seconds(scenario: Scenario, free: float, tick: float, seed: int, limit: float) -> float:
    """How long the rollout takes when nobody looks; `limit` at most."""
    world = scenario.build(free, tick, seed)
    began = world.clock.monotonic()
    world.deploy(world.service(CLUSTER, SERVICE), world.register(task_definition(SERVICE, NEW)))
    while (now := world.clock.monotonic() - began) < limit:
        world.clock.sleep(max(tick, 0.1 * now))
        at = truth(world)
        if at is not None:
            return at - began
    return limit


def fits(scenario: Scenario, length: float) -> bool:
    """Whether the scenario can be about as short as that: ECS has minimum times of its own."""
    return (
        mean(_rollout_seconds(scenario, 0.0, _tick(length), seed, 2 * length) for seed in range(10))
        <= TOLERANCE * length
    )


def _tick(length: float) -> float:
    """Seconds between the scheduler's turns: as calibrated, but no rollout of 15 s would be possible with that."""
    return 5.0 if length <= 30 else Timing().tick


def tuned(scenario: Scenario, length: float, seed: int) -> Callable[[History], World]:
    """A maker of the scenario's world, with some history, in which the rollout takes about `length` seconds."""
    chance = random.Random(f"{scenario.name} {length:g} {seed}")
    wanted = length * chance.uniform(1 - SPREAD, 1 + SPREAD)
    tick = _tick(length)
    low, high = 0.0, length
    for _ in range(12):
        middle = (low + high) / 2
        if _rollout_seconds(scenario, middle, tick, seed, 2 * length) < wanted:
            low = middle
        else:
            high = middle
    free = chance.uniform(0.95, 1.05) * low  # off the edge between two turns of the scheduler

    def make(history: History) -> World:
        world = scenario.build(free, tick, seed)
        if history is not History.NONE:
            _add_history(world, seed, 1.0 if history is History.LIKE else (0.3, 3.0)[seed % 2])
        return world

    return make


def _add_history(world: World, seed: int, factor: float) -> None:
    """Have earlier rollouts happen: good ones, their times `factor` of the present one's, and spread."""
    chance = random.Random(seed)
    service, timing = world.service(CLUSTER, SERVICE), world.timing
    _, new = world.images.resolve(NEW)
    for number in range(EARLIER):
        slower = factor * chance.uniform(1 - SPREAD, 1 + SPREAD)
        good = replace(
            new,
            start_error="",
            exits_after=None,
            starts_after=slower * new.starts_after,
            health_after=slower * new.health_after,
        )
        image = f"shop:earlier{number}"
        world.push(image, good)
        world.timing = replace(timing, draining=slower * timing.draining)
        world.roll_out(service, world.register(task_definition(SERVICE, image)))
    world.timing = timing
    world.clock.sleep(chance.uniform(0, timing.tick))
