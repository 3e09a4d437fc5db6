"""What a service's own events tell of its earlier rollouts, and what those, or its dead tasks, foretell of this one.

DescribeServices hands over the latest hundred events free of charge. In them a rollout is a sequence of milestones:
tasks started, targets registered, old tasks draining and stopped, deployment completed. How long the next one and the
end took from a milestone on before is how long they'll take now; the later the milestone, the surer.

Times are seconds, of AWS's clock for what was and of ours for what is. Nothing here raises, whatever the events say.
"""

from __future__ import annotations

import re
from enum import Enum
from statistics import median
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import ServiceEvent
    from drone_deploy_ecs.core.ecs.task import Task

ONE_MOMENT = 2.0
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


class Milestone(Struct, frozen=True):
    """One event that tells how far a rollout was; `share` (0..1) of the tasks had come so far."""

    kind: Kind
    at: float
    share: float = 1.0


class _Mention(Struct, frozen=True):
    """What an event says, when, and of how many."""

    kind: Kind
    at: float
    count: int


Milestones = tuple[Milestone, ...]
"""A rollout's, oldest first; those of a finished one end with COMPLETED."""


class Span(Struct, frozen=True):
    """When something is due: not before `early`, most likely at `usual`, hardly after `late`."""

    early: float
    usual: float
    late: float


class Prediction(Struct, frozen=True):
    """What comes: the next milestone; health, or None; the end, no sooner than `lead` seconds after that milestone."""

    next: Span
    lead: float
    end: Span
    healthy: float | None


class Lesson(Struct, frozen=True):
    """The milestones of a rollout of this run, up to COMPLETED: they foretell others of the same `likeness`.

    Services are alike that have the same containers, behind a load balancer or not, and are to be found healthy alike.
    """

    likeness: tuple[frozenset[str], bool, float]
    milestones: Milestones


class Usual(Struct, frozen=True):
    """How long it took before, in seconds from its first milestone: medians of `rollouts` rollouts."""

    total: float
    healthy: float | None
    rollouts: int


# --- what was ---


def earlier(events: Sequence[ServiceEvent]) -> tuple[Milestones, ...]:
    """The earlier rollouts that went well and are there from beginning to end, oldest first.

    A sequence that ends steady but not completed is somebody's scaling; behind a Classic Load Balancer, where ECS
    completes nothing, it is a rollout if tasks were both started and stopped. The first is left out unless it follows
    an end: its beginning may be lost.
    """
    rollouts: list[Milestones] = []
    mentions = _read(events)
    ecs_completes = any(mention.kind is Kind.COMPLETED for mention in mentions)
    open_: list[_Mention] = []
    is_whole = False
    for mention in mentions:
        if mention.kind not in (Kind.COMPLETED, Kind.STEADY):
            open_.append(mention)
            continue
        kinds = {part.kind for part in open_}
        is_end = mention.kind is Kind.COMPLETED or (not ecs_completes and Kind.STOPPED in kinds)
        if is_whole and is_end and Kind.STARTED in kinds and Kind.TROUBLE not in kinds:
            rollouts.append((*_milestones(open_, 0), Milestone(Kind.COMPLETED, mention.at)))
        open_, is_whole = [], True
    return tuple(rollouts)


def so_far(events: Sequence[ServiceEvent], since: datetime, began: float, desired: int) -> Milestones:
    """The present rollout's milestones: those `since` it began, by our clock at `began`; `desired` tasks are wanted."""
    mentions = [
        replace(mention, at=began + mention.at - since.timestamp())
        for mention in _read([event for event in events if event.at >= since])
        if mention.kind not in (Kind.STEADY, Kind.TROUBLE)
    ]
    return tuple(_milestones(mentions, desired))


def _read(events: Sequence[ServiceEvent]) -> list[_Mention]:
    """What there is of milestones, in order, each event once."""
    messages = {(event.id or event.message, event.at.timestamp()): event.message for event in events}
    mentions = (_understand(message, at) for (_, at), message in messages.items())
    return sorted((mention for mention in mentions if mention), key=lambda mention: mention.at)


def _understand(message: str, at: float) -> _Mention | None:
    matches = ((kind, text.search(message)) for kind, text in _TEXTS)
    return next((_Mention(kind, at, int(match[1] or 0)) for kind, match in matches if match), None)


def _milestones(mentions: Sequence[_Mention], wanted: int) -> Iterator[Milestone]:
    """With the share that each kind had reached: of those wanted, or (0) of as many as there were in the end."""
    reached = dict.fromkeys(Kind, 0)
    totals = {kind: wanted or sum(mention.count for mention in mentions if mention.kind is kind) for kind in Kind}
    for mention in mentions:
        kind = mention.kind
        reached[kind] += mention.count
        yield Milestone(kind, mention.at, min(1.0, reached[kind] / totals[kind]) if totals[kind] else 1.0)


# --- what comes ---


def next_death(died: Sequence[Task], events: Sequence[ServiceEvent], since: datetime, began: float) -> Span | None:
    """When the tasks that replace these will die the same way, if they do: as long after their start.

    The rollout began at `since` by AWS's clock and at `began` by ours. None while a replacement hasn't been started,
    or a task that is as old as the dead ones may die yet.
    """
    lives = [
        (task.created_at.timestamp(), task.stopped_at.timestamp())
        for task in died
        if task.created_at and task.stopped_at
    ]
    if not lives:
        return None
    mentions = _read([event for event in events if event.at >= since])
    starts = [mention for mention in mentions if mention.kind is Kind.STARTED]
    first = min(end for _, end in lives)
    last = max(end for _, end in lives)
    # Of those started before the first death, so many haven't been seen to die.
    left = sum(start.count for start in starts if start.at < first) - sum(begin < first for begin, _ in lives)
    again = [start.at for start in starts if start.at >= first]
    if left > 0 or not again or again[-1] < last:
        return None
    lived = max(0.0, min(end - begin for begin, end in lives))
    born = began + again[0] - since.timestamp()
    return Span(born + lived * (1 - ALIKE), born + lived, born + lived * (1 + ALIKE) + MARGIN)


def usual(rollouts: Sequence[Milestones]) -> Usual | None:
    """How long they took."""
    if not rollouts:
        return None
    healthy = [at - rollout[0].at for rollout in rollouts if (at := _healthy_at(rollout)) is not None]
    totals = [rollout[-1].at - rollout[0].at for rollout in rollouts]
    return Usual(median(totals), median(healthy) if healthy else None, len(rollouts))


def until_healthy(rollouts: Sequence[Milestones]) -> tuple[Milestones, ...]:
    """The same, as if they had ended when their new tasks were healthy: for whoever waits for no more."""
    return tuple(
        (*(step for step in rollout if step.at < at), Milestone(Kind.COMPLETED, at))
        for rollout in rollouts
        if (at := _healthy_at(rollout)) is not None and at > rollout[0].at
    )


def _healthy_at(rollout: Milestones) -> float | None:
    """ECS lets go of the last old tasks when as many new ones are healthy; unless it has to stop first, then start."""
    started = max((step.at for step in rollout if step.kind is Kind.STARTED), default=0.0)
    let_go = (step.at for step in rollout if step.kind in (Kind.DRAINING, Kind.STOPPED) and step.share >= 1)
    return next((at for at in let_go if at > started), None)


def predict(rollouts: Sequence[Milestones], now: Milestones) -> Prediction | None:
    """What comes after the latest of the milestones that the present rollout has passed.

    None before the first, after the last, and where no earlier rollout had such a milestone. Never before it.
    """
    if not now or now[-1].kind is Kind.COMPLETED:
        return None
    latest = now[-1]
    alike = [(rollout, step) for rollout in rollouts if (step := _like(rollout, latest))]
    if not alike:
        return None
    nexts = [
        next((step.at for step in rollout if step.at > like.at + ONE_MOMENT), rollout[-1].at) for rollout, like in alike
    ]
    healthy = [healthy_at - like.at for rollout, like in alike if (healthy_at := _healthy_at(rollout)) is not None]
    is_ahead = len(healthy) == len(alike) and median(healthy) > 0
    return Prediction(
        next=_span(latest.at, [at - like.at for at, (_, like) in zip(nexts, alike, strict=True)]),
        lead=_usable([rollout[-1].at - at for at, (rollout, _) in zip(nexts, alike, strict=True)])[0],
        end=_span(latest.at, [rollout[-1].at - like.at for rollout, like in alike]),
        healthy=latest.at + median(healthy) if is_ahead else None,
    )


def _like(rollout: Milestones, latest: Milestone) -> Milestone | None:
    """The milestone of the same kind at which this one was as far."""
    return next((step for step in rollout if step.kind is latest.kind and step.share >= latest.share), None)


def _span(after: float, gaps: Sequence[float]) -> Span:
    """Where such gaps end: from the shortest to a little more than the longest."""
    usable = _usable(gaps)
    margin = MARGIN if len(gaps) >= FEW else max(MARGIN, SHARE * usable[-1])
    return Span(after + usable[0], after + median(gaps), after + usable[-1] + margin)


def _usable(gaps: Sequence[float]) -> list[float]:
    """In order, and without the oddities."""
    return sorted(gaps)[1:-1] if len(gaps) >= MANY else sorted(gaps)
