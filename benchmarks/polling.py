"""What following a rollout costs (calls) and how late the verdict comes, against fixed and backed-off polling.

`python -m benchmarks.polling [--write]`: virtual time, the same worlds and seeds for all, some minutes to run.
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median, quantiles
from typing import TYPE_CHECKING

from benchmarks.chart import Curve, draw
from benchmarks.following import BACKOFF, OURS, PERIODS, every, measure
from benchmarks.rollouts import SCENARIOS, History

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.following import Run

LENGTHS = (15.0, 30.0, 60.0, 120.0, 300.0, 900.0)
SEEDS = 20
LATENCY = 0.05
"""Seconds that a call takes: `Faults.latency`."""
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
PICTURES = {"polling.svg": True, "polling-failing.svg": False}


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
    worst: float
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
        max(delays),
        mean(calls),
        median(calls),
        quantiles(calls, n=20)[-1],
        0 if right[0].good else 2,
    )


def _costs(runs: Sequence[Run]) -> list[Cost]:
    return [_cost(who, runs) for who in (*OURS.values(), *map(every, PERIODS), BACKOFF)]


def _share(cost: Cost) -> float:
    """Its calls over those that fixed polling needs for the same median delay."""
    return cost.calls / _needed(cost, _period(cost, cost.median))


def _period(cost: Cost, delay: float) -> float:
    """The period of the fixed poller that is as late: by half of it, and by the time that its last calls take."""
    return 2 * max(delay - LATENCY * (1 + cost.reads), LATENCY)


def _needed(cost: Cost, period: float) -> float:
    """Calls of polling at this period: all before the end, and the one after it; T/period + 1/2 in the mean.

    The delay is anything from 0 to the period. So the median is period/2, and the mean too: of few rollouts, it is the
    steadier of the two.
    """
    return cost.took / period + 0.5 + cost.reads


def _span(length: float) -> str:
    return f"{length / 60:g} min" if length >= 120 else f"{length:g} s"


def _table(costs: Sequence[Cost]) -> Iterator[str]:
    yield "| poller | rollouts | calls, mean | median | p95 | delay, median | p95 | calls / curve |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|"
    for cost in costs:
        wrong = f" ({cost.wrong} WRONG)" if cost.wrong else ""
        yield (
            f"| {cost.who} | {cost.runs}{wrong} | {cost.calls:.1f} | {cost.calls_median:.0f} | {cost.calls_p95:.0f} | "
            f"{cost.median:.2f} s | {cost.p95:.2f} s | {_share(cost):.2f} |"
        )


def _word(share: float) -> str:
    return "below" if share < 0.98 else "on" if share <= 1.02 else "ABOVE"


def _curve_row(name: str, ours: Cost) -> str:
    share, steady = _share(ours), ours.calls / _needed(ours, _period(ours, ours.mean))
    return (
        f"| {name} | {ours.took:.0f} s | {ours.median:.2f} s | {ours.p95:.2f} s | {ours.worst:.1f} s | "
        f"{ours.calls:.1f} | {_needed(ours, _period(ours, ours.median)):.1f} | {share:.2f} | {_word(share)} | {steady:.2f} |"
    )


AIMS_HEAD = (
    "\n## What is aimed at\n\n"
    "With history: a median delay of at most 1 s, with fewer calls than polling every 10 s makes. Without: on or below the "
    "curve of fixed polling.\n\n"
    "Shares are our calls over those of fixed polling for the same median delay: by arithmetic / as measured.\n\n"
    "| rollouts | with history: delay, median | our calls | every 10 s | | without: share, good | share, failing | |\n"
    "|---|--:|--:|--:|---|--:|--:|---|"
)
CURVE_HEAD = (
    "| rollouts | took, mean | delay, median | p95 | worst | our calls | fixed needs | share | curve | share by mean |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|---|--:|"
)


def pages(runs: Sequence[Run], lengths: Sequence[float]) -> Iterator[str]:
    yield "# Polling: calls against delay\n"
    yield "Made by `python -m benchmarks.polling --write`; what is measured, and how: `benchmarks/README.md`.\n"
    yield "![Calls against delay, good rollouts](polling.svg)\n"
    yield "![Calls against delay, failing rollouts](polling-failing.svg)"
    yield AIMS_HEAD
    for length in lengths:
        yield _aims_row([run for run in runs if run.length == length])
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


def _aims_row(runs: Sequence[Run]) -> str:
    """One length: what `AIMS_HEAD` speaks of."""
    good = [run for run in runs if run.good]
    informed, fixed = _cost(OURS[History.LIKE], good), _cost(every(10.0), good)
    shares = [_shares([run for run in runs if run.good is kind]) for kind in (True, False)]
    is_met = informed.median <= 1 and informed.calls < fixed.calls, _word(max(map(max, shares))) != "ABOVE"
    met, met_untold = ("met" if is_good else "MISSED" for is_good in is_met)
    return (
        f"| {_span(runs[0].length)} | {informed.median:.2f} s | {informed.calls:.2f} | {fixed.calls:.2f} | {met} | "
        f"{' | '.join(f'{computed:.2f} / {measured:.2f}' for computed, measured in shares)} | {met_untold} |"
    )


def _shares(runs: Sequence[Run]) -> tuple[float, float]:
    """Of ours without history: against the curve as it is by arithmetic, and between the measured fixed pollers."""
    ours = _cost(OURS[History.NONE], runs)
    fixed = [_cost(every(period), runs) for period in PERIODS]
    pairs = [(shorter, longer) for shorter, longer in pairwise(fixed) if shorter.median <= ours.median <= longer.median]
    shorter, longer = pairs[0] if pairs else fixed[:2]
    slope = math.log(longer.calls / shorter.calls) / math.log(longer.median / shorter.median)
    return _share(ours), ours.calls / (shorter.calls * (ours.median / shorter.median) ** slope)


def _check(runs: Sequence[Run], lengths: Sequence[float], who: str) -> Iterator[str]:
    """Every length against the curve of fixed polling."""
    yield f"\n## Against the curve of fixed polling: {who}\n"
    yield CURVE_HEAD
    for good in (True, False):
        for length in lengths:
            chosen = [run for run in runs if run.length == length and run.good is good]
            yield _curve_row(f"{'good' if good else 'failing'}, {_span(length)}", _cost(who, chosen))


def _curves(runs: Sequence[Run], lengths: Sequence[float], *, good: bool) -> Iterator[Curve]:
    for length in lengths:
        costs = _costs([run for run in runs if run.length == length and run.good is good])
        points = {cost.who: (cost.median, cost.calls) for cost in costs}
        fixed = [points[every(period)] for period in PERIODS]
        yield Curve(_span(length), fixed, points[OURS[History.NONE]], points[OURS[History.LIKE]], points[BACKOFF])


def main(argv: Sequence[str]) -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also save docs/benchmarks/polling.md and its pictures")
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"of each scenario and length (default: {SEEDS})")
    parser.add_argument("--first-seed", type=int, default=1, metavar="SEED", help="the others follow it (default: 1)")
    parser.add_argument("--lengths", type=float, nargs="+", default=LENGTHS, metavar="SECONDS")
    options = parser.parse_args(argv)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    runs = list(measure(seeds, options.lengths))
    page = "\n".join(pages(runs, options.lengths)) + "\n"
    print(page, end="")
    if options.write:
        DOCS.mkdir(parents=True, exist_ok=True)
        (DOCS / "polling.md").write_text(page, encoding="utf-8")
        for name, good in PICTURES.items():
            picture = draw(list(_curves(runs, options.lengths, good=good)), "good ones" if good else "failing ones")
            (DOCS / name).write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
