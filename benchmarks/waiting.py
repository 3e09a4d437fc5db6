"""What else is waited for than the verdict on one rollout: ways back, twenty rollouts at once, and a switch's steps.

`python -m benchmarks.waiting [--write]`: virtual time, the same worlds and seeds for all, about a minute.
"""

from __future__ import annotations

import argparse
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.following import LOOKS, REGION
from benchmarks.rollouts import CLUSTER, NEW, OLD, SCENARIOS, SERVICE, History, fits, tuned
from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.rollouts import Scenario
    from drone_deploy_ecs.simulator.model import Service

SEEDS = 20
LENGTHS = (15.0, 30.0, 60.0, 120.0, 300.0)
MANY = 20
PERIOD = 10.0
"""Seconds between the looks of the fixed poller that ours is held against."""
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "waiting.md"
WAIT, CHECKS, CHECK_EVERY, STEPS, STEP_EVERY = 7, 3, 2, 4, 2
"""A switch's own waits: 7 s, three checks 2 s apart, four steps 2 s apart (three waits): 19 s."""
OWN_WAITS = WAIT + CHECKS * CHECK_EVERY + (STEPS - 1) * STEP_EVERY
TICKS = (0.5, 10.0)
"""Seconds between turns of a switch's scheduler: as an emulator's, and as ECS's."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Something that was waited for. Seconds; `took` is how long it was under way, `calls` the looks meanwhile."""

    what: str
    took: float
    delay: float
    calls: float


class _Notes:
    """A listener that notes when the first and the last news of each kind came."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.first: dict[Kind, float] = {}
        self.last: dict[Kind, float] = {}

    def __call__(self, event: Event) -> None:
        now = self._world.clock.monotonic()
        self.first.setdefault(event.kind, now)
        self.last[event.kind] = now


def _deploy(world: World, seed: int, flags: dict[str, str], budget: float = 3600.0) -> tuple[Verdict, _Notes]:
    notes = _Notes(world)
    request, _ = resolve({"aws_region": REGION, "cluster": CLUSTER, "container": "app", "image": NEW} | flags, {})
    report = Deployment(
        replace(request, budget=budget), lambda _: SimulatedAws(world), world.clock, notes, random.Random(seed).random
    ).deploy()
    return report.verdict, notes


def _looks(world: World, after: float) -> int:
    return sum(at > after and operation in LOOKS for at, operation, _ in world.faults.log)


# --- ways back ---


def _way_back(scenario: Scenario, length: float, seed: int, history: History) -> Wait | None:
    """From the verdict on what failed to the word that it is back, which is late by so much after ECS's COMPLETED."""
    world = tuned(scenario, length, seed)(history)
    verdict, notes = _deploy(world, seed, {"service": SERVICE})
    service = world.service(CLUSTER, SERVICE)
    back = service.primary
    if verdict not in (Verdict.FAILED, Verdict.ROLLED_BACK) or back.state != "COMPLETED":
        return None
    by_us = back is service.history[-1]
    began = back.created if by_us else notes.first[Kind.VERDICT]
    who = "undone by us" if by_us else "undone by ECS"
    delay = notes.last[Kind.VERDICT] - back.updated
    return Wait(f"{who}, {history.value}", back.updated - began, delay, _looks(world, began + 0.2))


# --- many at once ---


def _many(scenario: Scenario, length: float, seed: int, history: History, extra: dict[str, str]) -> Wait | None:
    """Twenty services of the same kind in one run, up to the last one's COMPLETED; calls a service."""
    world = tuned(scenario, length, seed)(history)
    first = world.service(CLUSTER, SERVICE)
    chance = random.Random(seed)
    for number in range(1, MANY):
        world.clock.sleep(chance.uniform(0, 3))
        _like(world, first, f"{SERVICE}-{number}", history)
    names = ",".join(name for _, name in world.services)
    verdict, notes = _deploy(world, seed, {"service": names} | extra)
    ends = [service.history[-1].updated for service in world.services.values()]
    if verdict is not Verdict.COMPLETED:
        return None
    began = notes.first[Kind.UPDATED]
    how = f"twenty{', one ahead' if extra else ''}, {history.value}"
    return Wait(how, max(ends) - began, notes.last[Kind.END] - max(ends), _looks(world, began - 0.1) / MANY)


def _like(world: World, first: Service, name: str, history: History) -> None:
    world.add_service(
        CLUSTER,
        name,
        task_definition(name, OLD),
        desired=first.desired,
        target_group=first.target_group,
        maximum_percent=first.maximum_percent,
    )
    if history is not History.NONE:
        for image in (f"shop:earlier{number}" for number in range(3)):
            world.roll_out(world.service(CLUSTER, name), world.register(task_definition(name, image)))


# --- a switch ---


def _switch(tick: float, seed: int, checks: int) -> Wait | None:
    """A whole switch; what it takes beside its own waits and the new side's rollout is late."""
    timing = Timing(tick=tick, provisioning=0.4 if tick < 1 else 6.0, healthy_after_running=1.0, stopping=0.5)
    world = World(seed=seed, timing=timing)
    world.push(OLD, Behaviour(starts_after=0.5))
    world.push(NEW, Behaviour(starts_after=0.5))
    world.add_service(CLUSTER, "web-blue", task_definition("web", OLD), desired=4)
    world.add_service(CLUSTER, "web-green", task_definition("web", "shop:0"), desired=0)
    world.clock.sleep(60 + random.Random(seed).uniform(0, tick))
    began = world.clock.monotonic()
    flags = {
        "mode": "blue-green",
        "blue_service": "web-blue",
        "green_service": "web-green",
        "scale_down_percent": "25",
        "scale_down_interval": f"{STEP_EVERY}",
        "scale_down_wait_period": f"{WAIT}",
        "checks_to_pass": f"{checks}",
        "check_interval": f"{CHECK_EVERY}s",
    }
    verdict, notes = _deploy(world, seed, flags)
    if verdict is not Verdict.COMPLETED:
        return None
    ready = world.service(CLUSTER, "web-green").history[-1].updated - began
    own = OWN_WAITS - (CHECKS - checks) * CHECK_EVERY
    took = notes.last[Kind.END] - began
    turns = "an emulator's turns, every 0.5 s" if tick < 1 else "ECS's turns, every 10 s"
    return Wait(f"{checks} checks, {turns}", took, took - own - ready, _looks(world, began))


# --- all of it ---


Job = tuple[str, int, float, int, History]


def _done(job: Job) -> tuple[Job, Wait | None]:
    kind, index, length, seed, history = job
    match kind:
        case "back":
            return job, _way_back(SCENARIOS[index], length, seed, history)
        case "many":
            return job, _many(SCENARIOS[index], length, seed, history, {})
        case "ahead":
            return job, _many(SCENARIOS[index], length, seed, history, {"canary_services": "1"})
        case _:
            return job, _switch(length, seed, index)


def _jobs(seeds: Sequence[int], lengths: Sequence[float]) -> Iterator[Job]:
    histories = (History.NONE, History.LIKE)
    fitting = [
        (index, length) for index, length in product(range(len(SCENARIOS)), lengths) if fits(SCENARIOS[index], length)
    ]
    for (index, length), seed, history in product(fitting, seeds, histories):
        if not SCENARIOS[index].good:
            yield "back", index, length, seed, history
    for (index, length), seed, history in product(fitting, seeds[:4], histories):
        if SCENARIOS[index].name in ("plain", "slow start"):
            yield "many", index, length, seed, history
            yield "ahead", index, length, seed, history
    for tick, checks, seed in product(TICKS, (1, 2, 3, 4), seeds):
        yield "switch", checks, tick, seed, History.NONE


def measure(seeds: Sequence[int], lengths: Sequence[float]) -> dict[tuple[str, float], list[Wait]]:
    """All waits, by what they are and how long they were to be."""
    found: dict[tuple[str, float], list[Wait]] = {}
    with ProcessPoolExecutor() as pool:
        for (_, _, length, _, _), wait in pool.map(_done, _jobs(seeds, lengths), chunksize=4):
            if wait:
                found.setdefault((wait.what, length), []).append(wait)
    return found


def page_of(found: dict[tuple[str, float], list[Wait]]) -> Iterator[str]:
    yield "# What else is waited for\n"
    yield "Made by `python -m benchmarks.waiting --write`: virtual time; what is measured, and how: `benchmarks/README.md`.\n"
    yield "Calls are looks (of twenty services: those of one); the last column is what polling every 10 s would need. Of a"
    yield "switch, the delay is all that it takes beyond the new side's rollout and its own waits (19 s with three checks);"
    yield "with ECS's turns most of that is four times what ECS takes to stop a task.\n"
    yield "| what | runs | took, mean | delay, median | p95 | worst | calls | every 10 s |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for (what, length), waits in found.items():
        delays = sorted(wait.delay for wait in waits)
        took = mean(wait.took for wait in waits)
        label = what if "checks" in what else f"{what}, {length:g} s"
        yield (
            f"| {label} | {len(waits)} | {took:.0f} s | {median(delays):.2f} s | {delays[int(0.95 * (len(delays) - 1))]:.2f} s | "
            f"{delays[-1]:.2f} s | {mean(wait.calls for wait in waits):.1f} | {took / PERIOD + 0.5:.1f} |"
        )


def main(argv: Sequence[str]) -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.waiting", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also save docs/benchmarks/waiting.md")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"of each kind and length (default: {SEEDS})")
    parser.add_argument("--lengths", type=float, nargs="+", default=LENGTHS, metavar="SECONDS")
    options = parser.parse_args(argv)
    page = "\n".join(page_of(measure(range(1, 1 + options.seeds), options.lengths))) + "\n"
    print(page, end="")
    if options.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
