"""What came of rehearsing a plan on a simulated service: trials with their figures, and what stands out in them."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.text import span, tasks
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


ALONE = 7200.0
"""Seconds for which ECS is left alone with an image that can't succeed."""


class Trial(Struct, frozen=True, kw_only=True):
    """One run of the plan, times in seconds of the model: until the verdict, and until the run was over.

    `fewest` is how few healthy tasks the service had at any moment that fared worst, of `desired`, and `short_for` how
    long it had fewer than desired.
    """

    verdict: Verdict
    decided_after: float
    took: float
    fewest: int
    desired: int
    short_for: float

    @property
    def ended_by(self) -> str:
        """Who ended it; "" where nothing had to be ended."""
        if self.verdict.is_good:
            return ""
        return "ECS" if self.verdict is Verdict.ROLLED_BACK else "this run"


class Rehearsed(Struct, frozen=True, kw_only=True):
    """The trials of one kind of image (`fate`, in words), each with other luck.

    `alone` is the time after which ECS by itself, with nobody watching, says that the deployment failed; None where it
    doesn't within `ALONE`.
    """

    fate: str
    trials: tuple[Trial, ...]
    alone: float | None = None

    @property
    def verdicts(self) -> str:
        """What became of it, the most frequent first."""
        found = [trial.verdict.value for trial in self.trials]
        return "/".join(sorted(dict.fromkeys(found), key=found.count, reverse=True))

    @property
    def usual(self) -> float:
        """The median time to the verdict."""
        return median(trial.decided_after for trial in self.trials)

    @property
    def worst(self) -> Trial:
        """The trial whose verdict came last."""
        return max(self.trials, key=lambda trial: trial.decided_after)

    @property
    def fewest(self) -> Trial:
        """The trial with the fewest healthy tasks."""
        return min(self.trials, key=lambda trial: (trial.fewest, -trial.short_for))


class Rehearsal(Struct, frozen=True, kw_only=True):
    """All of it, the good image first. `budget` is in seconds; `rollouts`: so many earlier ones tell how long it takes.

    `unchecked` are the services of which nothing would notice that they never answer.
    """

    results: tuple[Rehearsed, ...]
    budget: float
    rollouts: int
    unchecked: tuple[str, ...] = ()


HEADS = ("If the new image", "verdict", "after", "at worst", "fewest up", "ended by")
UNNOTICED = "unnoticed"
"""Who ends what nobody finds fault with, although its image is a bad one."""


def rows(rehearsal: Rehearsal) -> Iterator[tuple[str, ...]]:
    """A table: its heads, and a row for each kind of image."""
    yield HEADS
    for number, result in enumerate(rehearsal.results):
        fewest, otherwise = result.fewest, UNNOTICED if number else "-"
        yield (
            result.fate,
            result.verdicts,
            span(result.usual),
            span(result.worst.decided_after),
            f"{fewest.fewest} of {fewest.desired}",
            "/".join(dict.fromkeys(trial.ended_by or otherwise for trial in result.trials)),
        )


def sentences(rehearsal: Rehearsal) -> Iterator[str]:
    """What stands out."""
    good, *bad = rehearsal.results
    yield from _of_a_good_image(rehearsal, good)
    missed = [result for result in bad if any(trial.verdict.is_good for trial in result.trials)]
    ended = [result for result in bad if result not in missed]
    if missed:
        later = "; stable_for goes on watching" if any("crashes" in result.fate for result in missed) else ""
        yield f"Called {Verdict.COMPLETED.value}, and so not noticed in time: an image that {_fates(missed)}{later}"
    if rehearsal.unchecked:
        names = ", ".join(rehearsal.unchecked)
        yield f"No health check looks at {names}: nothing would tell a version that never answers from a good one"
    for result in bad:
        if result.fewest.fewest < min(good.fewest.fewest, result.fewest.desired):
            yield f"An image that {result.fate} leaves {_at_worst(result.fewest)}"
    yield from _against_ecs_alone(ended)
    if rehearsal.rollouts:
        yield f"How long things take is by {rehearsal.rollouts} earlier rollouts in the services' events"
    else:
        yield "How long things take is by what is usual: no earlier rollout in the services' events tells"


def _of_a_good_image(rehearsal: Rehearsal, good: Rehearsed) -> Iterator[str]:
    fewest, worst, budget = good.fewest, good.worst, span(rehearsal.budget)
    if fewest.fewest < fewest.desired:
        yield f"Even a good image leaves {_at_worst(fewest)}"
    if not worst.verdict.is_good:
        yield f"A good image may end as {worst.verdict.value}: the budget of {budget} isn't enough in this model, or it can't get on"
    elif worst.decided_after < rehearsal.budget:
        yield f"In this model a good image leaves {span(rehearsal.budget - worst.decided_after)} of the budget of {budget}"


def _at_worst(trial: Trial) -> str:
    short_for = f"and fewer than all of them for {span(trial.short_for)}"
    if not trial.fewest:
        return f"no healthy task at one moment, {short_for}"
    return f"{trial.fewest} of {tasks(trial.desired)} healthy at one moment, {short_for}"


def _against_ecs_alone(ended: Sequence[Rehearsed]) -> Iterator[str]:
    endless = [result for result in ended if result.alone is None]
    if endless:
        times = sorted(result.usual for result in endless)
        between = span(times[0]) if len(times) == 1 else f"{span(times[0])} to {span(times[-1])}"
        yield f"ECS alone would still be trying after {span(ALONE)}, this run ends it after {between}: an image that {_fates(endless)}"
    for result in ended:
        if result.alone is not None and result.alone > result.worst.decided_after:
            yield f"An image that {result.fate}: ECS alone ends it after {span(result.alone)}, this run after {span(result.usual)}"


def _fates(results: Sequence[Rehearsed]) -> str:
    return ", ".join(result.fate for result in results)
