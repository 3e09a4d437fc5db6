"""What following a rollout costs (calls) and how late the verdict comes, against fixed and backed-off polling.

`python -m benchmarks.polling [--write]`: virtual time, the same worlds and seeds for all, some minutes to run.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import count, repeat
from pathlib import Path
from statistics import mean, median, quantiles
from typing import TYPE_CHECKING

from benchmarks.chart import Curve, draw
from benchmarks.rollouts import CLUSTER, NEW, SCENARIOS, SERVICE, History, fits, truth, tuned
from drone_deploy_ecs.core.events import Event, Kind
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.deployment import Deployment
from drone_deploy_ecs.settings import resolve
from drone_deploy_ecs.simulator.api import SimulatedEcs
from drone_deploy_ecs.simulator.connect import connection
from drone_deploy_ecs.simulator.world import task_definition

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.rollouts import Scenario
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.simulator.world import World

LENGTHS = (15.0, 30.0, 60.0, 120.0, 300.0, 900.0)
PERIODS = (1.0, 2.0, 5.0, 10.0, 15.0)
SEEDS = 20
OURS = {history: f"ours, {history.value}" for history in History}
BACKOFF = "backoff, 15 to 600 s"
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
BAD = (Verdict.FAILED, Verdict.ROLLED_BACK)


@dataclass(frozen=True, slots=True)
class Run:
    """One rollout, followed. Seconds; `calls` are those after UpdateService, `took` is from it to ECS's word."""

    who: str
    scenario: str
    good: bool
    length: float
    took: float
    delay: float
    calls: int
    right: bool = True


# --- following ---


class _Notes:
    """A listener that notes when the verdict came, and how many calls had been made when following ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.verdict_at = math.nan
        self.calls = 0

    def __call__(self, event: Event) -> None:
        if event.kind is Kind.VERDICT and math.isnan(self.verdict_at):
            self.verdict_at = self._world.clock.monotonic()
        if event.kind in (Kind.UNDO, Kind.END) and not self.calls:
            self.calls = len(self._world.faults.log)


def _request() -> Request:
    flags = {"aws_region": "eu-west-1", "cluster": CLUSTER, "service": SERVICE, "container": "app", "image": NEW}
    request, _ = resolve(flags, {})
    # The way back is another rollout: not measured.
    return replace(request, budget=3600.0, roll_back=False)


def _ours(world: World, scenario: Scenario, length: float, seed: int, who: str) -> tuple[Run, float]:
    """The real thing; and when it sent UpdateService."""
    notes = _Notes(world)
    before = len(world.faults.log)
    report = Deployment(
        _request(), {"eu-west-1": connection(world)}, world.clock, notes, random.Random(seed).random
    ).deploy()
    log = world.faults.log
    place = next(place for place, (_, operation, _) in enumerate(log) if operation == "UpdateService")
    assert place >= before, "the history is made without calls"
    sent = log[place][0]
    said = truth(world)
    right = report.verdict is Verdict.COMPLETED if scenario.good else report.verdict in BAD
    calls = notes.calls - place - 1
    if said is None or said > notes.verdict_at:
        return Run(who, scenario.name, scenario.good, length, math.nan, math.nan, calls, right=False), sent
    took = said - sent - world.faults.latency
    return Run(who, scenario.name, scenario.good, length, took, notes.verdict_at - said, calls, right), sent


def _polled(world: World, run: Run, who: str, waits: Iterator[float], sent: float) -> Run:
    """A look after each of these waits until the same truth is visible.

    A lower bound for any such poller: where stopped tasks are the evidence, it is told for free which look it pays to
    read them in (ListTasks and DescribeTasks).
    """
    api, clock = SimulatedEcs(world), world.clock
    arn = world.register(task_definition(SERVICE, NEW))
    clock.advance_to(sent)
    answer = api.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition=arn)
    ours = answer["service"]["deployments"][0]["id"]
    began = len(world.faults.log)
    look_at = clock.monotonic()
    for wait in waits:
        look_at += wait
        clock.advance_to(look_at)
        seen = api.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]["deployments"]
        if any(one["id"] == ours and one.get("rolloutState") == "COMPLETED" for one in seen):
            break
        if not run.good and truth(world) is not None:
            listed = api.list_tasks(cluster=CLUSTER, serviceName=SERVICE, desiredStatus="STOPPED")["taskArns"]
            api.describe_tasks(cluster=CLUSTER, tasks=listed)
            break
    said = truth(world)
    assert said is not None
    took = said - sent - world.faults.latency
    assert abs(took - run.took) < 0.01, "both must have followed the same rollout"
    return replace(run, who=who, delay=clock.monotonic() - said, calls=len(world.faults.log) - began)


def _backoff(seed: int) -> Iterator[float]:
    """The waiter of aws-actions/amazon-ecs-deploy-task-definition: between 15 s and what doubles from there to 600 s.

    That of the AWS SDK for JavaScript v3: a look at once, then exponential backoff with full jitter.
    """
    chance = random.Random(seed)
    yield 0.0
    for attempt in count():
        yield chance.uniform(15.0, min(15.0 * 2**attempt, 600.0))


def _every(period: float) -> str:
    return f"every {period:g} s"


def measure(seeds: int, lengths: Sequence[float]) -> Iterator[Run]:
    """All runs."""
    jobs = [
        (place, length, seed)
        for length in lengths
        for place, scenario in enumerate(SCENARIOS)
        if fits(scenario, length)
        for seed in range(1, seeds + 1)
    ]
    with ProcessPoolExecutor() as pool:
        for runs in pool.map(_all_on, jobs, chunksize=8):
            yield from runs


def _all_on(job: tuple[int, float, int]) -> list[Run]:
    place, length, seed = job
    scenario = SCENARIOS[place]
    make = tuned(scenario, length, seed)
    pairs = {history: _ours(make(history), scenario, length, seed, OURS[history]) for history in History}
    run, sent = pairs[History.NONE]
    found = [one for one, _ in pairs.values()]
    if run.right:
        pollers = {_every(period): repeat(period) for period in PERIODS} | {BACKOFF: _backoff(seed)}
        found += [_polled(make(History.NONE), run, who, waits, sent) for who, waits in pollers.items()]
    return found


# --- telling ---


@dataclass(frozen=True, slots=True)
class Cost:
    """Many runs of one poller: mean length, delays in seconds, calls a rollout.

    `reads` are the calls a poller has to make at the end, beside DescribeServices: two to see why it failed.
    """

    who: str
    runs: int
    wrong: int
    took: float
    median: float
    mean: float
    p95: float
    calls: float
    calls_median: float
    calls_p95: float
    reads: int


def _cost(who: str, runs: Iterable[Run]) -> Cost:
    mine = [run for run in runs if run.who == who]
    right = [run for run in mine if run.right]
    delays = [run.delay for run in right]
    calls = [run.calls for run in right]
    return Cost(
        who,
        len(mine),
        len(mine) - len(right),
        mean(run.took for run in right),
        median(delays),
        mean(delays),
        quantiles(delays, n=20)[-1],
        mean(calls),
        median(calls),
        quantiles(calls, n=20)[-1],
        0 if right[0].good else 2,
    )


def _costs(runs: Sequence[Run]) -> list[Cost]:
    return [_cost(who, runs) for who in (*OURS.values(), *map(_every, PERIODS), BACKOFF)]


def _share(cost: Cost) -> float:
    """Its calls over those that fixed polling needs for the same median delay."""
    return cost.calls / _needed(cost, 2 * cost.median)


def _needed(cost: Cost, period: float) -> float:
    """Calls of polling at this period: T/period, the delay being anything from 0 to the period.

    So the median delay is period/2, and the mean too: of few rollouts, it is the steadier of the two.
    """
    return cost.took / period + cost.reads


def _span(length: float) -> str:
    return f"{length / 60:g} min" if length >= 120 else f"{length:g} s"


def _table(costs: Sequence[Cost]) -> Iterator[str]:
    yield "| poller | rollouts | calls, mean | median | p95 | delay, median | p95 | calls / curve |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for one in costs:
        wrong = f" ({one.wrong} WRONG)" if one.wrong else ""
        yield (
            f"| {one.who} | {one.runs}{wrong} | {one.calls:.1f} | {one.calls_median:.0f} | {one.calls_p95:.0f} | "
            f"{one.median:.2f} s | {one.p95:.2f} s | {_share(one):.2f} |"
        )


def _curve_row(name: str, ours: Cost) -> str:
    share, steady = _share(ours), ours.calls / _needed(ours, 2 * ours.mean)
    word = "below" if share < 0.98 else "on" if share <= 1.02 else "ABOVE"
    return (
        f"| {name} | {ours.took:.0f} s | {ours.median:.2f} s | {ours.p95:.2f} s | {ours.calls:.1f} | "
        f"{_needed(ours, 2 * ours.median):.1f} | {share:.2f} | {word} | {steady:.2f} | {_needed(ours, 10):.1f} |"
    )


CURVE_HEAD = (
    "| rollouts | took, mean | delay, median | p95 | our calls | fixed needs | share | curve | share by mean | every 10 s |\n"
    "|---|--:|--:|--:|--:|--:|--:|---|--:|--:|"
)


def _pages(runs: Sequence[Run], lengths: Sequence[float]) -> Iterator[str]:
    yield "# Polling: calls against delay\n"
    yield "Made by `python -m benchmarks.polling --write`; what is measured, and how: `benchmarks/README.md`.\n"
    yield "![Calls against delay](polling.svg)"
    for who in OURS.values():
        yield from _check(runs, lengths, who)
    for length in lengths:
        for good in (True, False):
            chosen = [run for run in runs if run.length == length and run.good is good]
            costs = _costs(chosen)
            what = "good" if good else "failing"
            yield f"\n## {_span(length)}, {what} (mean {costs[0].took:.0f} s)\n"
            yield from _table(costs)
    for who in OURS.values():
        yield f"\n## By scenario: {who}\n"
        yield CURVE_HEAD
        for scenario in SCENARIOS:
            for length in lengths:
                chosen = [run for run in runs if run.length == length and run.scenario == scenario.name]
                if chosen:
                    yield _curve_row(f"{scenario.name}, {_span(length)}", _cost(who, chosen))


def _check(runs: Sequence[Run], lengths: Sequence[float], who: str) -> Iterator[str]:
    """Every length against the curve of fixed polling."""
    yield f"\n## Against the curve of fixed polling: {who}\n"
    yield CURVE_HEAD
    for good in (True, False):
        for length in lengths:
            chosen = [run for run in runs if run.length == length and run.good is good]
            yield _curve_row(f"{'good' if good else 'failing'}, {_span(length)}", _cost(who, chosen))


def _curves(runs: Sequence[Run], lengths: Sequence[float]) -> Iterator[Curve]:
    for length in lengths:
        costs = _costs([run for run in runs if run.length == length and run.good])
        points = {one.who: (one.median, one.calls) for one in costs}
        fixed = [points[_every(period)] for period in PERIODS]
        yield Curve(_span(length), fixed, points[OURS[History.NONE]], points[OURS[History.LIKE]], points[BACKOFF])


def main(argv: Sequence[str]) -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also save docs/benchmarks/polling.md and .svg")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"of each scenario and length (default: {SEEDS})")
    parser.add_argument("--lengths", type=float, nargs="+", default=LENGTHS, metavar="SECONDS")
    options = parser.parse_args(argv)
    runs = list(measure(options.seeds, options.lengths))
    page = "\n".join(_pages(runs, options.lengths)) + "\n"
    print(page, end="")
    if options.write:
        DOCS.mkdir(parents=True, exist_ok=True)
        (DOCS / "polling.md").write_text(page, encoding="utf-8")
        (DOCS / "polling.svg").write_text(draw(list(_curves(runs, options.lengths))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
