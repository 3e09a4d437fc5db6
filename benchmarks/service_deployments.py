"""The service deployments that following is measured on, and the moments that are waited for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.rollouts import CLUSTER, NEW, OLD, SERVICE, TARGETS, TICK_SPREAD, doomed_at
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.model import Service

STRATEGIES = ("BLUE_GREEN", "CANARY", "LINEAR")
LINEAR_PERCENT = 40.0
"""Three steps: so many bakes."""
SHIFTED, SUCCESSFUL = "shifted", "SUCCESSFUL"
ALARM = "errors"
WELL = Behaviour()
UNTIL_EVIDENT = 50.0
"""Seconds that are left of the bake at the least: a second generation of tasks has to die in it, too."""
REFUSING = LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), after=20.0, answer="FAILED", about=NEW)


class Staged(World):
    """Notes when each service's last bake began, and has something happen to a service in its first one."""

    def __init__(self, *, seed: int, act: Callable[[Staged, Service], None] | None) -> None:
        super().__init__(seed=seed, timing=Timing(tick_spread=TICK_SPREAD))
        self.baked_at: dict[str, float] = {}
        self.crashes = False
        self._act = act
        self._chance = random.Random(seed)

    def changed(self, service: Service) -> None:
        """See `Account`: asked after every turn of the scheduler."""
        super().changed(service)
        shift = service.history[-1].shift
        stage = shift.stage if shift else None
        if shift is None or stage is None or shift.rolled_back is not None:
            return
        if stage.name == "BAKE_TIME":
            self.baked_at.setdefault(service.name, shift.entered)
        if stage.bake and self._act:
            act, self._act = self._act, None
            latest = 60.0 * stage.bake - UNTIL_EVIDENT
            self.clock.call_in(self._chance.uniform(0.0, latest), lambda: act(self, service))

    def script(self, digests: Mapping[str, str]) -> Behaviour:
        """Once it crashes, every new task does so soon."""
        behaviour = super().script(digests)
        return replace(behaviour, exits_after=2.0, exit_code=1) if self.crashes else behaviour


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment that somebody waits for, in a world of its own: with this image, these hooks, and that act in a bake."""

    name: str
    is_good: bool
    new: Behaviour = WELL
    hooks: tuple[LifecycleHook, ...] = ()
    act: Callable[[Staged, Service], None] | None = None

    @property
    def is_in_a_bake(self) -> bool:
        """Whether it is a failure there."""
        return self.act is not None

    @property
    def is_before_bakes(self) -> bool:
        """Whether it comes before the first bake, however long that is."""
        return not (self.is_good or self.is_in_a_bake)


def _trip(world: Staged, service: Service) -> None:
    world.trip(service, ALARM, "12 > 10")


def _begin_to_crash(world: Staged, service: Service) -> None:
    world.crashes = True
    world.kill_containers(service)


MOMENTS = (
    Moment(SHIFTED, is_good=True),
    Moment(SUCCESSFUL, is_good=True),
    Moment("alarm in a bake", is_good=False, act=_trip),
    Moment("crash in a bake", is_good=False, act=_begin_to_crash),
    Moment("hook refuses", is_good=False, hooks=(REFUSING,)),
    Moment("crash at start", is_good=False, new=crash(1)),
)


def world_for(moment: Moment, strategy: str, bake: int, seed: int, *, services: int = 1) -> Staged:
    """Services of two tasks behind two target groups; `bake` are the minutes of each of its bakes."""
    chance = random.Random(f"{moment.name} {strategy} {bake} {seed}")
    world = Staged(seed=seed, act=moment.act)
    world.push(OLD, Behaviour())
    world.push(NEW, replace(moment.new, starts_after=chance.uniform(3.0, 25.0)))
    shifting = Shifting(
        bake_minutes=bake,
        step_bake_minutes=bake,
        step_percent=LINEAR_PERCENT if strategy == "LINEAR" else None,
        hooks=moment.hooks,
    )
    for number in range(services):
        name = f"{SERVICE}{number or ''}"
        group = TARGETS.replace("/web/", f"/{name}/")
        world.add_service(
            CLUSTER, name, task_definition(name, OLD), strategy=strategy, shifting=shifting, alarms=(ALARM,), target_group=group
        )  # fmt: skip
    # The scheduler's turns begin at a random time of their own; ours at another.
    world.clock.sleep(60 + chance.uniform(0, world.timing.tick))
    return world


def truth(world: Staged, moment: Moment) -> float | None:
    """When it came true (seconds of the world), None where it hasn't."""
    ours = world.service(CLUSTER, SERVICE).history[-1]
    if moment.name == SHIFTED:
        return world.baked_at.get(SERVICE)
    if moment.is_good:
        return ours.finished if ours.outcome == "SUCCESSFUL" else None
    taken_back = ours.shift.rolled_back if ours.shift else None
    return min((at for at in (taken_back, doomed_at(world, ours)) if at is not None), default=None)
