"""Runs to make pages of."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import native
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.simulator.model import Service


def run(world: World, **settings: str) -> Report:
    """The plugin's report of a deployment in this world."""
    request, _ = resolve({}, PLUGIN | {f"PLUGIN_{name.upper()}": value for name, value in settings.items()})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def good() -> Report:
    """Two tasks, replaced."""
    return run(small_world())


def rolled_back() -> Report:
    """It crashes, and is taken back."""
    return run(small_world(), image="shop:crash")


def refused() -> Report:
    """Two things are wrong."""
    return run(small_world(), service="web,wep", container="ap")


def warned() -> Report:
    """Another deployment is in progress when it begins."""
    world = small_world()
    web = world.service("prod", "web")
    world.deploy(web, world.register(task_definition("web", "shop:1")))
    return run(world)


def linear() -> Report:
    """All traffic, in five steps, once a hook has said yes."""
    hook = LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), after=60.0)
    return run(native("LINEAR", step_percent=20.0, step_bake_minutes=1, hooks=(hook,)))


def canary_rolled_back() -> Report:
    """It crashes while a tenth of the traffic is on it."""
    return run(native("CANARY", crash(1, after=90.0), step_percent=10.0, step_bake_minutes=2))


@cache
def eight_one_failing() -> Report:
    """As forty, on a page that is quickly searched for faults."""
    return many(8, failing=True)


@cache
def forty() -> Report:
    """All good."""
    return many(40)


@cache
def forty_one_failing() -> Report:
    """One is rolled back by ECS, the others with it."""
    return many(40, failing=True)


def many(services: int, *, failing: bool = False) -> Report:
    """So many services of different sizes; where one is `failing`, an alarm goes off while it rolls out."""
    world = World()
    names = [f"{kind}-{number}" for number in range(1, services // 4 + 1) for kind in ("api", "web", "worker", "cron")]
    for place, name in enumerate(names):
        world.add_service("prod", name, task_definition(name, "shop:1"), desired=1 + place % 7, alarms=("errors",))
    if failing:
        trip_when_up(world, world.service("prod", names[5]))
    return run(world, service=",".join(names))


def trip_when_up(world: World, service: Service) -> None:
    """Have its alarm go off as soon as one of the new tasks runs."""
    before = service.primary

    def look() -> None:
        if any(task.is_running for task in service.tasks if task.deployment is service.primary is not before):
            world.trip(service, "errors", "5 errors in a minute")
        else:
            world.clock.call_in(1.0, look)

    look()
