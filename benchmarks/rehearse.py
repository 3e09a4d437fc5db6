"""What `rehearse` predicts beside what happened: deployments that others recorded, and those of real containers.

`python -m benchmarks.rehearse [--write]`: virtual time, some seconds. What the real containers did is read from
`contained.toml` (`benchmarks/contained.py` measures it).
"""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.recorded import CLUSTER, SERVICE, contained, kind_of, recorded, world_of
from drone_deploy_ecs.cli.rehearse import TRIALS, rehearsed
from drone_deploy_ecs.core.report.rehearsal import ALONE
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.rehearsal import FATES, left_alone, paces, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.recorded import Contained, Record, Start
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.report.rehearsal import Rehearsed
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.simulator.rehearsal import Fate

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "rehearse.md"
NEAR = 1.5
"""By what factor a recorded time may be longer or shorter than the predicted median to be called near."""
MILESTONES = ("started", "registered", "draining")


@dataclass(frozen=True, slots=True)
class Prediction:
    """ECS's word, and the seconds to it: the median of the trials that end so, the quickest and the slowest."""

    word: str
    usual: float
    least: float
    most: float

    def says(self, record: Record) -> bool:
        """Whether the word is right. What was ended by hand while ECS was still trying could have come to any end."""
        if record.ended == "open":
            return self.word != "completed" and self.least > record.after
        return self.word == record.ended

    def holds(self, record: Record) -> bool:
        """Whether the recorded time, as exact as it is, lies between the quickest trial and the slowest."""
        return self.says(record) and self.least - record.exact <= record.after <= self.most + record.exact

    def off(self, record: Record) -> float:
        """By what factor the recorded time is longer or shorter than the median; infinite where the word is wrong."""
        return max(record.after / self.usual, self.usual / record.after) if self.says(record) else math.inf

    def is_near(self, record: Record) -> bool:
        """Whether it is of about the right length."""
        return self.off(record) <= NEAR


@dataclass(frozen=True, slots=True)
class Compared:
    """A record, and what is predicted of it. `rollouts` earlier ones told how long things take; 0: what is usual."""

    record: Record
    rollouts: int
    now: Prediction
    firsts: dict[str, float]
    """When each kind of event comes first, in the median, counted as the record counts."""
    watched: Rehearsed
    """The row that `rehearse` prints of a run that watches."""

    @property
    def first_try(self) -> Prediction:
        """What the model predicted before anything of it was mended."""
        return Prediction(*self.record.first_try)


@dataclass(frozen=True, slots=True)
class _Trial:
    word: str
    after: float
    firsts: dict[str, float]


def measure() -> list[Compared]:
    """Have every record rehearsed."""
    return [compare(record) for record in recorded().records]


def compare(record: Record) -> Compared:
    """Have it rehearsed."""
    request, ready = _read(record)
    fate = next(each for each in FATES if each.name == record.image)
    trials = [_trial(record, ready, fate, luck) for luck in range(TRIALS)]
    words = [trial.word for trial in trials]
    word = max(words, key=words.count)
    like = [trial for trial in trials if trial.word == word]
    afters = sorted(trial.after for trial in like)
    now = Prediction(word, median(afters), afters[0], afters[-1])
    firsts = {
        kind: median(trial.firsts[kind] for trial in like)
        for kind in MILESTONES
        if all(kind in trial.firsts for trial in like)
    }
    return Compared(record, len(paces(ready.service)), now, firsts, rehearsed(request, (ready,), fate))


def _read(record: Record) -> tuple[Request, Ready]:
    flags = {"aws_region": "eu-west-1", "cluster": CLUSTER, "service": SERVICE, "container": "app", "image": "shop:2",
             "preflight": "off"}  # fmt: skip
    request, _ = resolve(flags, {})
    world = world_of(record)
    deployment = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5)
    plan = deployment.prepare()
    return plan.request, deployment.ready[0]


def _trial(record: Record, ready: Ready, fate: Fate, luck: int) -> _Trial:
    """ECS alone, with nobody watching: as the records are."""
    world = simulated((ready,), fate, luck)
    service = next(iter(world.services.values()))
    deployment = left_alone(world, ALONE)
    firsts: dict[str, float] = {}
    for event in reversed(service.events):
        if event.at >= deployment.created and (kind := kind_of(event.message)):
            firsts.setdefault(kind, event.at)
    began = firsts.get(record.from_, deployment.created)
    if deployment.state == "IN_PROGRESS":
        # Of so many events ECS lists the latest only.
        return _Trial("open", ALONE, {})
    word = (
        "completed"
        if deployment.state == "COMPLETED"
        else "rolled back"
        if ready.service.breaker_rolls_back
        else "failed"
    )
    return _Trial(word, deployment.updated - began, {kind: at - began for kind, at in firsts.items()})


# --- the page ---

HEAD = """# Rehearsals beside what happened

Made by `python -m benchmarks.rehearse --write`. What [`rehearse`](../how-to/rehearse-yours.md) foretells comes from a model; here it
is beside what came. Deployments that others recorded in public (times of events, polled states), each with a service built from
what its record knows of the settings, and that service's own earlier rollouts where the record has any. Nobody watched them: so it is
ECS alone that is compared, in the model and in the record. Every record that was found whole is a row, and no miss is left out.

- **ECS's word**: `completed`, `rolled back`, or `open` where somebody ended by hand what ECS was still trying.
- **predicted**: the median of five trials with other luck, the quickest and the slowest in brackets, for that word.
- **hit**: the word is right and the recorded time lies within those five, as exact as it was recorded. **MISS** says what is wrong.
- **first try**: what the model said before it was compared with anything. **now**: after it was mended (below). A record that taught
  the model something is no prediction of it any more, and isn't counted under *now*.
"""
MENDED = """## What was mended, and by which fact

1. Where no history told, a task was taken for healthy too soon: the time to RUNNING included the 40 s that ECS waits where nothing
   checks it, or the first check (ECS and ELB API references).
2. A start took 26 s; it takes {start:.0f} s in the median of {starts} public recordings of single starts, none of which is a deployment
   here, and from half of that to half as much again. A stop took 3 s: a container has 30 s by default (ECS API reference), and
   a Fargate task 16 s to be taken down (one capture).
3. A target that drains was taken to need the default of 300 s; the ELB user guide says that one without connections is let go at
   once. Now it is anything between the two, which makes the ranges wide wherever no history tells.
4. A task that never answers was found out at once. Now it takes the failed checks that the definition says, or the target group's
   defaults, and never less than the service's grace period (ECS and ELB API references).
5. What an image that isn't there costs (a try of 90 s, 30 s until the next) is from one record, which is marked as taught.
6. With a full maximumPercent a draining task kept no place, and its successor started at once. Three records show otherwise; they
   are marked as taught.
7. The range of a history of one or two rollouts was no wider than the scheduler's turn.
"""
LEFT = """## Misses that are left

- **How long a target group drains** (default 300 s, 5 to 60 s where somebody set it) isn't in a service's answer, and `rehearse`
  doesn't ask the load balancer for it. Without a history the ranges are wide, and the median is too long for most of these.
- **A service that stops its tasks first** has a history that isn't used: when its new tasks became healthy isn't in the events.
- **The circuit breaker counts late.** In two services' logs the third failure of a start is counted only when the next task is
  started, five minutes later. The model counts at once, and its waits grow slower. So ECS alone takes two to four times as long.
- **Exits after RUNNING.** One recent record (September 2026) has the breaker roll back four crashes; AWS's documentation says that
  exits aren't counted, and reports of 2021 and 2022 saw none. The model follows the documentation, and misses.
- **No capacity.** One record has the breaker act after 46 minutes without a task placed; the model never does.
- **A registry or a secret that can't be reached**: each task tries for five minutes, not for the 90 s of an image that isn't there.
- **ECS takes its time**: 14 to 19 s from UpdateService to the first task in six records (48 s in one), up to 10 s in the model; and
  about a minute to complete a deployment of nothing at all.
"""
MILESTONE_HEAD = """Seconds, recorded / predicted: first task started, first target registered, first target draining. The last column is the row that
`rehearse` prints: what a run of this tool would have made of it, which nobody has seen.
"""
FOUND = """Left out, since they aren't whole or nothing that `rehearse` has: lists of events that begin in the middle of a deployment or end
before its end, a service's first deployment, one that replaces another on its way, deployments of task sets, a canary whose bakes
aren't known, and one that an alarm took back.
"""


def page_of(compared: Sequence[Compared], starts: Sequence[Start], runs: Sequence[Contained]) -> Iterator[str]:
    """The whole page."""
    yield HEAD
    yield "## Counted\n"
    yield from _counts(compared)
    yield "\n## Every record\n"
    yield "| | deployment | if the image | how long things take by | ECS's word | after | first try | now | recorded / now | |"
    yield "|--:|---|---|---|---|--:|---|---|--:|---|"
    yield from (_row(number, each) for number, each in enumerate(compared, 1))
    yield "\n" + FOUND
    yield "## Milestones, and what a run would have said\n"
    yield MILESTONE_HEAD
    yield "| | counted from | started | registered | draining | a run would say |"
    yield "|--:|---|--:|--:|--:|---|"
    yield from (_milestones(number, each) for number, each in enumerate(compared, 1))
    yield "\n" + MENDED.format(start=median(start.took for start in starts), starts=len(starts))
    yield LEFT
    yield "## A second ECS with real containers\n"
    yield from _contained(runs)
    yield "\n## Where the records are from\n"
    yield from (_source(number, each.record) for number, each in enumerate(compared, 1))
    yield "\nSingle starts: " + "; ".join(f"{start.took:g} s: {start.source}" for start in starts) + "."


def _counts(compared: Sequence[Compared]) -> Iterator[str]:
    untaught = [each for each in compared if not each.record.taught]
    yield f"| | first try, all {len(compared)} | first try, the {len(untaught)} that taught nothing | now, the same {len(untaught)} |"
    yield "|---|--:|--:|--:|"
    ended = [each for each in compared if each.record.ended != "open"]
    good = [each for each in ended if each.rollouts and each.record.image == "is good"]
    bad = [each for each in ended if each.record.image != "is good"]
    near = f"the time is within a factor of {NEAR:g} of the median"
    for what, of, test in (
        ("ECS's word is right", compared, Prediction.says),
        ("the time lies within the five trials", ended, Prediction.holds),
        (near, ended, Prediction.is_near),
        ("… of good images whose record has a history", good, Prediction.is_near),
        ("… of bad images", bad, Prediction.is_near),
    ):
        same = [each for each in of if each in untaught]
        sides = (
            [test(each.first_try, each.record) for each in of],
            [test(each.first_try, each.record) for each in same],
            [test(each.now, each.record) for each in same],
        )
        yield f"| {what} | " + " | ".join(f"{sum(side)} of {len(side)}" for side in sides) + " |"
    same = [each for each in ended if each in untaught]
    firsts = [median(each.first_try.off(each.record) for each in some) for some in (ended, same)]
    offs = [*firsts, median(each.now.off(each.record) for each in same)]
    what = "the factor between recorded time and median, in the median"
    yield f"| {what} | " + " | ".join(f"{off:.2f}" for off in offs) + " |"


def _row(number: int, each: Compared) -> str:
    record, now = each.record, each.now
    cells = (
        str(number),
        record.name,
        record.image,
        f"{each.rollouts} earlier" if each.rollouts else "what is usual",
        record.ended,
        f"{record.after:.0f} s",
        _predicted(each.first_try, record),
        _predicted(now, record),
        f"{record.after / now.usual:.2f}" if record.ended != "open" and now.says(record) else "",
        _judged(now, record),
    )
    return f"| {' | '.join(cells)} |"


def _predicted(prediction: Prediction, record: Record) -> str:
    if prediction.word == "open":
        return f"open after {ALONE / 3600:g} h"
    word = "" if prediction.word == record.ended else f"{prediction.word}, "
    return f"{word}{prediction.usual:.0f} s ({prediction.least:.0f} to {prediction.most:.0f})"


def _judged(prediction: Prediction, record: Record) -> str:
    if record.taught:
        return f"taught: {record.taught}"
    if not prediction.says(record):
        return "MISS: word"
    if record.ended == "open":
        return "word hit; no end to compare"
    return "hit" if prediction.holds(record) else "MISS: time"


def _milestones(number: int, each: Compared) -> str:
    recorded_first: dict[str, float] = {}
    for event in each.record.events:
        recorded_first.setdefault(event.kind, event.at)
    cells = [
        f"{recorded_first[kind]:.0f} / {each.firsts[kind]:.0f}"
        if kind in recorded_first and kind in each.firsts
        else ""
        for kind in MILESTONES
    ]
    says = f"{each.watched.verdicts}, {each.watched.usual:.0f} s, at worst {each.watched.worst.decided_after:.0f} s"
    start = "UpdateService" if each.record.from_ == "update" else f"first {each.record.from_}"
    return f"| {number} | {start} | {' | '.join(cells)} | {says} |"


def _source(number: int, record: Record) -> str:
    notes = (f"assumed: {record.assumed}" * bool(record.assumed), f"unlike: {record.unlike}" * bool(record.unlike))
    return f"{number}. {'; '.join((record.source, *filter(None, notes)))}."


CONTAINED = """[ministack](../evidence.md), an ECS that isn't ours, with real containers under a real Docker: two earlier deployments, then
`rehearse`, then this tool's own run of each kind of image, desired 1. Measured by `python -m benchmarks.contained`, on a busy machine
of two cores. `tests/containers/test_rehearse.py` holds the verdicts to it.

Its limits: its events tell of no started task and it has no records of service deployments, so **no history can be read and `rehearse`
says so**; it is one machine, and calls a task steady one second after it runs. So verdicts can come true here, and times can't: what is
usual on AWS is minutes. The crash comes after 5 s instead of a minute, after COMPLETED. It has no health checks that fail and
no lack of capacity. Its breaker acts within a second, on ECS it takes minutes: mostly it is there before the run looks.
"""


def _contained(runs: Sequence[Contained]) -> Iterator[str]:
    yield CONTAINED
    yield "| if the image | circuit breaker | predicted | after | at worst | what came | after | came / predicted | |"
    yield "|---|---|---|--:|--:|---|--:|--:|---|"
    for each in runs:
        is_right, ratio = each.verdict in each.predicted.split("/"), each.took / each.usual
        word = "verdict hit" if is_right else "MISS: verdict"
        near = "time near" if 1 / NEAR <= ratio <= NEAR else "MISS: time"
        came = (each.verdict, f"{each.took:g} s", f"{ratio:.2f}", f"{word}; {near}")
        cells = (each.image, each.breaker, each.predicted, each.after, each.at_worst, *came)
        yield f"| {' | '.join(cells)} |"


def main(argv: Sequence[str]) -> None:
    """Measure, print, and with `--write` keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearse", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also save docs/benchmarks/rehearse.md")
    options = parser.parse_args(argv)
    page = "\n".join(page_of(measure(), recorded().starts, contained())) + "\n"
    print(page, end="")
    if options.write:
        PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
