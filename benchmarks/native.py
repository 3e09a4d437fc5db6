"""What following ECS's own strategies costs (calls), and how late each moment is told, beside what others do.

`python -m benchmarks.native [--write]`: virtual time, the same worlds and seeds for all, some minutes to run.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING

from benchmarks.rollouts import CLUSTER, NEW, SERVICE
from benchmarks.service_deployments import (
    MOMENTS,
    SHIFTED,
    STRATEGIES,
    SUCCESSFUL,
    Staged,
    truth,
    world_for,
)
from drone_deploy_ecs.core.calls.ecs import DescribeServices, UpdateService
from drone_deploy_ecs.core.calls.service_deployments import ListServiceDeployments
from drone_deploy_ecs.core.ecs.service_deployment import GOING_BACK
from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.world import task_definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.service_deployments import Moment

REGION = "eu-west-1"
BAKES = (1, 5, 30, 120, 1440)
"""Minutes of each bake; CANARY has two of them, LINEAR by 40 per cent three."""
SEEDS = 6
OURS, LISTED, STABLE = "ours", "ListServiceDeployments every 10 s", "waiter ServicesStable"
READS = ("DescribeServices", "ListServiceDeployments", "DescribeServiceDeployments", "ListTasks", "DescribeTasks")
"""What following is made of. Reading the log of a container that died isn't: it is another API, and comes after."""
OFTEN, TIMES = 15.0, 40
"""Seconds between the looks of botocore's waiter ServicesStable, and after how many of them it gives up."""
LIST_EVERY = 10.0
TOO_LATE = 3600.0
"""Seconds after the moment for which another poller is waited for."""
MANY, MANY_BAKE = 10, 1440
MEDIAN, IN_A_BAKE, A_MINUTE = 2.0, 15.0, 8.0
"""The aims: seconds, seconds, calls."""
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "native.md"


@dataclass(frozen=True, slots=True)
class Told:
    """How one follower told of one moment. Seconds; `calls` are those after UpdateService, `took` is up to the moment.

    `wrong` is what it said instead, "" where it was right: then `delay` isn't a number.
    """

    who: str
    moment: str
    strategy: str
    bake: int
    took: float
    delay: float
    calls: int
    wrong: str = ""


class _Notes:
    """A listener that notes when the first verdict came, and how many calls had been made by then."""

    def __init__(self, world: Staged) -> None:
        self._world = world
        self.verdict_at = math.nan
        self.calls = 0

    def __call__(self, event: Event) -> None:
        if event.kind is Kind.VERDICT and math.isnan(self.verdict_at):
            self.verdict_at = self._world.clock.monotonic()
            self.calls = len(self._world.faults.log)


def _deploy(world: Staged, seed: int, services: str, wait_for: str = "") -> tuple[Verdict, _Notes]:
    notes = _Notes(world)
    flags = {"aws_region": REGION, "cluster": CLUSTER, "service": services, "container": "app", "image": NEW,
             "wait_for": wait_for, "disable_rollbacks": "true"}  # fmt: skip
    request, _ = resolve(flags, {})
    # The way back is followed likewise, and measured nowhere: so there is none.
    aws = SimulatedAws(world)
    report = Deployment(request, lambda _: aws, world.clock, notes, random.Random(seed).random).deploy()
    return report.verdict, notes


def _ours(moment: Moment, strategy: str, bake: int, seed: int) -> tuple[Told, float]:
    """The real thing; and when it sent UpdateService."""
    world = world_for(moment, strategy, bake, seed)
    verdict, notes = _deploy(world, seed, SERVICE, "shifted" if moment.name == SHIFTED else "")
    log = world.faults.log
    index = next(index for index, (_, operation, _) in enumerate(log) if operation == "UpdateService")
    sent, at = log[index][0], truth(world, moment)
    calls = sum(operation in READS for _, operation, _ in log[index + 1 : notes.calls])
    is_right = (verdict is Verdict.COMPLETED) == moment.is_good and at is not None and at <= notes.verdict_at
    wrong = "" if is_right else f"says {verdict.value}"
    took = math.nan if at is None else at - sent
    delay = math.nan if at is None else notes.verdict_at - at
    return Told(OURS, moment.name, strategy, bake, took, delay, calls, wrong), sent


# --- what others do ---


def _stable(aws: SimulatedAws, _deployment: str) -> str | None:
    """As botocore's waiter sees it: one deployment with all its tasks."""
    (service,) = aws.send(DescribeServices(region=REGION, cluster=CLUSTER, services=(SERVICE,)))
    is_stable = len(service.deployments) == 1 and service.running == service.desired
    return "stable" if is_stable else None


def _listed(aws: SimulatedAws, deployment: str) -> str | None:
    """By the status in the list, of ours: it is never taken for another's, which is more than some tools do."""
    records = aws.send(ListServiceDeployments(region=REGION, cluster=CLUSTER, name=SERVICE))
    status = next((record.status for record in records if record.is_of(deployment)), "")
    return "failed" if status in GOING_BACK else "stable" if status == "SUCCESSFUL" else None


def _other(who: str, moment: Moment, ours: Told, sent: float, seed: int) -> Told:
    """Looks until it has something to say, or gives up; on the same deployment as ours."""
    world = world_for(moment, ours.strategy, ours.bake, seed)
    aws, clock = SimulatedAws(world), world.clock
    arn = world.register(task_definition(SERVICE, NEW))
    clock.advance_to(sent)
    answer = aws.send(UpdateService(region=REGION, cluster=CLUSTER, name=SERVICE, definition=arn))
    began = len(world.faults.log)
    says, looks = None, 0
    while says is None and clock.monotonic() < sent + ours.took + TOO_LATE and (who == LISTED or looks < TIMES):
        if looks or who == LISTED:
            clock.sleep(LIST_EVERY if who == LISTED else OFTEN)
        says = (_listed if who == LISTED else _stable)(aws, answer.deployments[0].id)
        looks += 1
    told_at, calls = clock.monotonic(), len(world.faults.log) - began
    at = truth(world, moment)
    is_right = says == ("stable" if moment.is_good else "failed") and at is not None and told_at >= at
    wrong = "" if is_right else {"stable": "calls it good", "failed": "calls it bad"}.get(says or "", "says nothing")
    delay = math.nan if at is None else told_at - at
    return Told(who, moment.name, ours.strategy, ours.bake, ours.took, delay, calls, wrong)


# --- measuring ---


def measure(seeds: Sequence[int], bakes: Sequence[int]) -> list[Told]:
    """Every moment, strategy, bake and seed, by every follower."""
    jobs = [
        (index, strategy, bake, seed)
        for (index, moment), strategy in product(enumerate(MOMENTS), STRATEGIES)
        for bake in (bakes[:1] if moment.is_before_bakes else bakes)
        for seed in seeds
    ]
    with ProcessPoolExecutor() as pool:
        return list(chain.from_iterable(pool.map(_all_on, jobs, chunksize=4)))


def _all_on(job: tuple[int, str, int, int]) -> list[Told]:
    index, strategy, bake, seed = job
    moment = MOMENTS[index]
    ours, sent = _ours(moment, strategy, bake, seed)
    # Neither of the others can tell who gets the traffic.
    others = () if moment.name == SHIFTED or ours.wrong else (LISTED, STABLE)
    return [ours, *(_other(who, moment, ours, sent, seed) for who in others)]


@dataclass(frozen=True, slots=True)
class Minute:
    """Calls a minute while so many services bake: of each operation."""

    services: int
    bake: int
    calls: dict[str, float]


def in_a_bake(services: int = MANY, bake: int = MANY_BAKE) -> Minute:
    """Services of BLUE_GREEN in one run, from when the last bake of theirs began to the end of the first."""
    world = world_for(MOMENTS[0], "BLUE_GREEN", bake, 1, services=services)
    verdict, _ = _deploy(world, 1, f"{SERVICE}*")
    assert verdict is Verdict.COMPLETED
    since = max(world.baked_at.values())
    until = min(world.baked_at.values()) + 60.0 * bake
    calls = {name: sum(since <= at < until and called == name for at, called, _ in world.faults.log) for name in READS}
    minutes = (until - since) / 60.0
    return Minute(services, bake, {name: count / minutes for name, count in calls.items() if count})


# --- the page ---

HEAD = (
    "# ECS's own strategies: calls and delay\n\n"
    "Made by `python -m benchmarks.native --write`: virtual time; what is measured, and how: `benchmarks/README.md`.\n"
)
TABLE = (
    f"| moment | strategy | each bake | runs | took, mean | {OURS}: delay, median | worst | calls | {LISTED}: delay, "
    f"median | calls | {STABLE}: delay, median | calls |\n"
    "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
)


def page_of(told: Sequence[Told], minute: Minute | None = None) -> Iterator[str]:
    """The page, of all bakes that were measured."""
    bakes = sorted({each.bake for each in told})
    yield HEAD
    yield "## What is aimed at\n"
    yield "| aim | each bake | | |\n|---|--:|--:|---|"
    for bake in bakes:
        yield from _aims([each for each in told if each.bake == bake and each.who == OURS], bake)
    if minute:
        calls = round(sum(minute.calls.values()), 2)
        aim = f"{minute.services} services bake: calls a minute, at most {A_MINUTE:g}"
        yield _aim_row(aim, minute.bake, f"{calls:.2f}", is_met=calls <= A_MINUTE)
        yield "\nThose calls: " + ", ".join(f"{name} {count:.2f}" for name, count in minute.calls.items()) + "."
    yield "\n## Moment by moment\n"
    yield TABLE
    for moment, strategy, bake in product(MOMENTS, STRATEGIES, bakes):
        if row := [each for each in told if (each.moment, each.strategy, each.bake) == (moment.name, strategy, bake)]:
            yield _row(row)


def _aims(ours: Sequence[Told], bake: int) -> Iterator[str]:
    moments = {moment.name: moment for moment in MOMENTS}
    for name in (SHIFTED, SUCCESSFUL):
        delay = median(_delays(each for each in ours if each.moment == name))
        yield _aim_row(f"{name}: delay, median, at most {MEDIAN:g} s", bake, f"{delay:.2f} s", is_met=delay <= MEDIAN)
    if before := _delays(each for each in ours if moments[each.moment].is_before_bakes):
        aim, delay = f"a failure before the first bake: delay, median, at most {MEDIAN:g} s", median(before)
        yield _aim_row(aim, bake, f"{delay:.2f} s", is_met=delay <= MEDIAN)
    worst = max(_delays(each for each in ours if moments[each.moment].is_in_a_bake))
    yield _aim_row(
        f"a failure in a bake: delay, worst, at most {IN_A_BAKE:g} s", bake, f"{worst:.2f} s", is_met=worst <= IN_A_BAKE
    )
    wrong = sum(bool(each.wrong) for each in ours)
    yield _aim_row("verdicts that aren't true: none", bake, f"{wrong} of {len(ours)}", is_met=not wrong)


def _aim_row(aim: str, bake: int, figure: str, *, is_met: bool) -> str:
    return f"| {aim} | {_minutes(bake)} | {figure} | {'met' if is_met else 'MISSED'} |"


def _delays(told: Iterable[Told]) -> list[float]:
    return sorted(each.delay for each in told if not each.wrong)


def _row(told: Sequence[Told]) -> str:
    ours = [each for each in told if each.who == OURS]
    delays = _delays(ours)
    wrong = f" ({len(ours) - len(delays)} WRONG)" if len(delays) < len(ours) else ""
    first = ours[0]
    cells = (
        first.moment,
        first.strategy,
        _minutes(first.bake),
        f"{len(ours)}{wrong}",
        f"{mean(each.took for each in ours):.0f} s",
        f"{median(delays):.2f} s",
        f"{delays[-1]:.2f} s",
        f"{mean(each.calls for each in ours):.1f}",
        *_cells([each for each in told if each.who == LISTED]),
        *_cells([each for each in told if each.who == STABLE]),
    )
    return f"| {' | '.join(cells)} |"


def _cells(told: Sequence[Told]) -> tuple[str, str]:
    """Of another follower: its delay, or what it says instead, and its calls."""
    if not told:
        return "can't tell", ""
    delays = _delays(told)
    wrong = dict.fromkeys(each.wrong for each in told if each.wrong)
    counted = [f"{text} ({sum(each.wrong == text for each in told)})" for text in wrong]
    said = [*([f"{median(delays):.2f} s"] if delays else []), *counted]
    return "; ".join(said), f"{mean(each.calls for each in told):.1f}"


def _minutes(bake: int) -> str:
    return f"{bake / 60:g} h" if bake >= 60 else f"{bake} min"


def main(argv: Sequence[str]) -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.native", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also save docs/benchmarks/native.md")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"of each kind (default: {SEEDS})")
    parser.add_argument("--bakes", type=int, nargs="+", default=BAKES, metavar="MINUTES")
    options = parser.parse_args(argv)
    told = measure(range(1, 1 + options.seeds), options.bakes)
    page = "\n".join(page_of(told, in_a_bake())) + "\n"
    print(page, end="")
    if options.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
