"""What a service's own events tell of its earlier rollouts, and what those, or its dead tasks, foretell of this one.

DescribeServices hands over the latest hundred events free of charge. In them a rollout is a sequence of milestones:
tasks started, targets registered, old tasks draining and stopped, deployment completed. How long the next one and the
end took from a milestone on before is how long they'll take now; the later the milestone, the surer.

Times are seconds, of AWS's clock for what was and of ours for what is. Nothing here raises, whatever the events say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.ecs import ServiceEvent, Task
    from drone_deploy_ecs.core.watch import Watch

TOGETHER = 2.0
"""Seconds within which milestones count as one moment: a scheduler's turn says several things at once."""
MANY = 5
"""From that many earlier rollouts on, the shortest and the longest are left out of a span: they're oddities."""
FEW = 3
"""With fewer than these, nothing is known of how much a gap varies."""
MARGIN, SHARE = 1.0, 0.05
"""Seconds by which a gap may be longer than ever; with few rollouts this share of it, if that is more."""
ALIKE = 0.1
"""The share by which a task may live shorter or longer than the one that it replaces."""


class Kind(Enum):
    """What a milestone is."""

    STARTED = "has started"
    REGISTERED = "registered"
    DRAINING = "draining"
    STOPPED = "has stopped"
    COMPLETED = "completed"
    STEADY = "steady"
    TROUBLE = "trouble"
    """Whatever makes a rollout no example for others."""


_TEXTS = (
    (Kind.STARTED, re.compile(r"has started (\d{1,6}) tasks?\b", re.ASCII)),
    (Kind.REGISTERED, re.compile(r"(?<!de)registered (\d{1,6}) targets?\b", re.ASCII)),
    (Kind.DRAINING, re.compile(r"has begun draining connections on (\d{1,6}) tasks?\b", re.ASCII)),
    (Kind.STOPPED, re.compile(r"has stopped (\d{1,6}) running tasks?\b", re.ASCII)),
    (Kind.COMPLETED, re.compile(r"deployment completed()")),
    (Kind.STEADY, re.compile(r"has reached a steady state()")),
    (Kind.TROUBLE, re.compile(r"(?:failed|rolling back|unable to|unhealthy)()")),
)


@dataclass(frozen=True, slots=True)
class Milestone:
    """One event that tells how far a rollout was; `share` (0..1) of the tasks had come so far."""

    kind: Kind
    at: float
    share: float = 1.0


_Said = tuple[Kind, float, int]
"""What an event says, when, and of how many."""

Rollout = tuple[Milestone, ...]
"""Its milestones, oldest first; a finished one ends with COMPLETED."""


@dataclass(frozen=True, slots=True)
class Span:
    """When something is due: not before `early`, most likely at `usual`, hardly after `late`."""

    early: float
    usual: float
    late: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What comes: the next milestone; health, or None; the end, no sooner than `lead` seconds after that milestone."""

    next: Span
    lead: float
    end: Span
    healthy: float | None


@dataclass(frozen=True, slots=True)
class Usual:
    """How long it took before, in seconds from its first milestone: medians of `rollouts` rollouts."""

    total: float
    healthy: float | None
    rollouts: int


# --- what was ---


def earlier(events: Sequence[ServiceEvent]) -> tuple[Rollout, ...]:
    """The earlier rollouts that went well and are there from beginning to end, oldest first.

    A sequence that ends steady but not completed is somebody's scaling; behind a Classic Load Balancer, where ECS
    completes nothing, it is a rollout if tasks were both started and stopped. The first is left out unless it follows
    an end: its beginning may be lost.
    """
    found: list[Rollout] = []
    said = _read(events)
    completes = any(kind is Kind.COMPLETED for kind, _, _ in said)
    open_: list[_Said] = []
    is_whole = False
    for one in said:
        if one[0] not in (Kind.COMPLETED, Kind.STEADY):
            open_.append(one)
            continue
        kinds = {kind for kind, _, _ in open_}
        is_end = one[0] is Kind.COMPLETED or (not completes and Kind.STOPPED in kinds)
        if is_whole and is_end and Kind.STARTED in kinds and Kind.TROUBLE not in kinds:
            found.append((*_milestones(open_, 0), Milestone(Kind.COMPLETED, one[1])))
        open_, is_whole = [], True
    return tuple(found)


def so_far(events: Sequence[ServiceEvent], since: datetime, began: float, desired: int) -> Rollout:
    """The present rollout's milestones: those `since` it began, by our clock at `began`; `desired` tasks are wanted."""
    found = _read([one for one in events if one.at >= since])
    said = [(kind, began + at - since.timestamp(), count) for kind, at, count in found]
    return tuple(_milestones([one for one in said if one[0] not in (Kind.STEADY, Kind.TROUBLE)], desired))


def _read(events: Sequence[ServiceEvent]) -> list[_Said]:
    """What there is of milestones, in order, each event once."""
    told = {(one.id or one.message, one.at.timestamp()): one.message for one in events}
    said = (_understand(message, at) for (_, at), message in told.items())
    return sorted((one for one in said if one), key=lambda one: one[1])


def _understand(message: str, at: float) -> _Said | None:
    found = ((kind, text.search(message)) for kind, text in _TEXTS)
    return next(((kind, at, int(match[1] or 0)) for kind, match in found if match), None)


def _milestones(said: Sequence[_Said], wanted: int) -> Iterator[Milestone]:
    """With the share that each kind had reached: of those wanted, or (0) of as many as there were in the end."""
    reached = dict.fromkeys(Kind, 0)
    totals = {kind: wanted or sum(count for other, _, count in said if other is kind) for kind in Kind}
    for kind, at, count in said:
        reached[kind] += count
        yield Milestone(kind, at, min(1.0, reached[kind] / totals[kind]) if totals[kind] else 1.0)


# --- what comes ---


def foresee(watch: Watch) -> Prediction | None:
    """What comes, by our clock; None without history, and once tasks died: then it is no rollout like the others."""
    ours = watch.service.deployment(watch.deployment) if watch.service else None
    if not watch.earlier or watch.service is None or ours is None or watch.since is None:
        return None
    if watch.stopped or ours.failed_tasks:
        return None
    rollouts = watch.earlier if watch.terms.wait_for_drained else until_healthy(watch.earlier)
    return predict(rollouts, so_far(watch.service.events, watch.since, watch.began, ours.desired))


def next_death(watch: Watch, died: Sequence[Task]) -> Span | None:
    """When the tasks that replace these will die the same way, if they do: as long after their start.

    None while a replacement hasn't been started, or a task that is as old as the dead ones may die yet.
    """
    lives = [
        (one.created_at.timestamp(), one.stopped_at.timestamp()) for one in died if one.created_at and one.stopped_at
    ]
    if not lives or watch.service is None or watch.since is None:
        return None
    since = watch.since.timestamp()
    told = _read([one for one in watch.service.events if one.at >= watch.since])
    starts = [(at, count) for kind, at, count in told if kind is Kind.STARTED]
    first = min(end for _, end in lives)
    last = max(end for _, end in lives)
    left = sum(count for at, count in starts if at < first) - sum(start < first for start, _ in lives)
    again = [at for at, _ in starts if at >= first]
    if left > 0 or not again or again[-1] < last:
        return None
    lived = max(0.0, min(end - start for start, end in lives))
    start = watch.began + again[0] - since
    return Span(start + lived * (1 - ALIKE), start + lived, start + lived * (1 + ALIKE) + MARGIN)


def usual(rollouts: Sequence[Rollout]) -> Usual | None:
    """How long they took."""
    if not rollouts:
        return None
    healthy = [at - one[0].at for one in rollouts if (at := _healthy_at(one)) is not None]
    totals = [one[-1].at - one[0].at for one in rollouts]
    return Usual(median(totals), median(healthy) if healthy else None, len(rollouts))


def until_healthy(rollouts: Sequence[Rollout]) -> tuple[Rollout, ...]:
    """The same, as if they had ended when their new tasks were healthy: for whoever waits for no more."""
    return tuple(
        (*(step for step in one if step.at < at), Milestone(Kind.COMPLETED, at))
        for one in rollouts
        if (at := _healthy_at(one)) is not None and at > one[0].at
    )


def _healthy_at(rollout: Rollout) -> float | None:
    """ECS lets go of the last old tasks when as many new ones are healthy; unless it has to stop first, then start."""
    started = max((one.at for one in rollout if one.kind is Kind.STARTED), default=0.0)
    let_go = (one.at for one in rollout if one.kind in (Kind.DRAINING, Kind.STOPPED) and one.share >= 1)
    return next((at for at in let_go if at > started), None)


def predict(rollouts: Sequence[Rollout], now: Rollout) -> Prediction | None:
    """What comes after the latest of the milestones that the present rollout has passed.

    None before the first, after the last, and where no earlier rollout had such a milestone. Never before it.
    """
    if not now or now[-1].kind is Kind.COMPLETED:
        return None
    latest = now[-1]
    alike = [(one, step) for one in rollouts if (step := _like(one, latest))]
    if not alike:
        return None
    nexts = [next((step.at for step in one if step.at > like.at + TOGETHER), one[-1].at) for one, like in alike]
    healthy = [healthy_at - like.at for one, like in alike if (healthy_at := _healthy_at(one)) is not None]
    is_ahead = len(healthy) == len(alike) and median(healthy) > 0
    return Prediction(
        next=_span(latest.at, [at - like.at for at, (_, like) in zip(nexts, alike, strict=True)]),
        lead=_known([one[-1].at - at for at, (one, _) in zip(nexts, alike, strict=True)])[0],
        end=_span(latest.at, [one[-1].at - like.at for one, like in alike]),
        healthy=latest.at + median(healthy) if is_ahead else None,
    )


def _like(rollout: Rollout, latest: Milestone) -> Milestone | None:
    """The milestone of the same kind at which this one was as far."""
    return next((one for one in rollout if one.kind is latest.kind and one.share >= latest.share), None)


def _span(after: float, gaps: Sequence[float]) -> Span:
    """Where such gaps end: from the shortest to a little more than the longest."""
    known = _known(gaps)
    margin = MARGIN if len(gaps) >= FEW else max(MARGIN, SHARE * known[-1])
    return Span(after + known[0], after + median(gaps), after + known[-1] + margin)


def _known(gaps: Sequence[float]) -> list[float]:
    """In order, and without the oddities."""
    return sorted(gaps)[1:-1] if len(gaps) >= MANY else sorted(gaps)
