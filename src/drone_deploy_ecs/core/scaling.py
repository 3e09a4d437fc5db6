"""The steps that start no deployment, under way: a desired count, autoscaling's limits, a pause. Folds like a watch.

Their writes may be repeated without harm, so after an ambiguous one it is enough to look, or to write again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, assert_never

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.observation import Accepted, NotSeen, NotWritten, Observation, Seen
from drone_deploy_ecs.core.text import safe, tasks
from drone_deploy_ecs.core.watch import LAST_SIGHT, RETRY_FIRST, SETTLE, SURE, Phase, retry_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.fault import Fault
    from drone_deploy_ecs.core.step import Hold, RegisterScalableTarget, Scale

LOOK = 5.0
"""Seconds between looks at a service that is on its way to a new count."""
STEADY = "has reached a steady state."
TRIES = 3
"""Times that a count is written on the way back, before whoever else writes it has won."""


class End(Enum):
    """How such a step ended."""

    DONE = "done"
    OVERTAKEN = "overtaken"
    """Somebody else changed the count meanwhile: a new plan is needed."""
    FAILED = "failed"
    UNSEEN = "unseen"
    RECALLED = "recalled"


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """A `Scale` under way. Times are monotonic seconds; `accepted_at` is when the count was known to be as asked.

    `told` are the events from before that: a steady state after it is what proves a scale-up. `odd_since` is when the
    count was first seen to be one that nobody planned, which may be a stale read.
    """

    step: Scale
    began: float
    budget: float
    phase: Phase = Phase.CHECK
    attempts: int = 0
    not_before: float = 0.0
    doubt: Fault | None = None
    blindness: Fault | None = None
    writes: int = 0
    accepted_at: float | None = None
    full_at: float | None = None
    odd_since: float | None = None
    told: frozenset[str] = frozenset()
    service: Service | None = None
    end: End | None = None
    reason: str = ""
    note: str = ""

    @property
    def is_done(self) -> bool:
        """Nothing more to do."""
        return self.end is not None

    @property
    def deadline(self) -> float:
        """When it has taken too long."""
        return (self.began if self.accepted_at is None else self.accepted_at) + self.budget


def begin(step: Scale, now: float, budget: float) -> Scaling:
    """A look comes first, always: this changes how many tasks serve."""
    return Scaling(step=step, began=now, budget=budget, not_before=now)


def advance(one: Scaling, observation: Observation, now: float) -> Scaling:
    """The scaling after this answer. How it ended never changes."""
    if one.end is not None:
        return one
    match observation:
        case Accepted(service):
            return _accepted(replace(one, writes=one.writes + 1), service, now)
        case NotWritten(fault):
            return _not_written(one, fault, now)
        case NotSeen(fault):
            return _not_seen(one, fault, now)
        case Seen(service) if service is not None:
            return _seen(replace(one, blindness=None), service, now)
        case Seen():
            return _end(one, End.FAILED, "the service is gone") if _is_odd_too_long(one, now) else _odd(one, now)
        case never:
            assert_never(never)


def postpone(one: Scaling, now: float) -> Scaling:
    """Not yet: what takes over isn't up at this moment. That time doesn't count."""
    return replace(one, phase=Phase.CHECK, not_before=now + RETRY_FIRST, began=now)


def recall(one: Counting) -> Counting:
    """Go no further."""
    return one if one.end else replace(one, end=End.RECALLED)


def _end(one: Scaling, end: End, reason: str) -> Scaling:
    return replace(one, end=end, reason=reason)


def _accepted(one: Scaling, service: Service, now: float) -> Scaling:
    told = frozenset(event.id for event in service.events)
    one = replace(one, phase=Phase.FOLLOW, accepted_at=now, not_before=now + LOOK, odd_since=None, told=told)
    return _follow(replace(one, service=service), service, now)


def _not_written(one: Scaling, fault: Fault, now: float) -> Scaling:
    doubt = fault if fault.kind is FaultKind.AMBIGUOUS else one.doubt
    one = replace(one, doubt=doubt, attempts=one.attempts + 1)
    if fault.kind in (FaultKind.DENIED, FaultKind.REJECTED) or now >= one.deadline:
        return _end(one, End.FAILED, f"AWS refused {fault}")
    return replace(one, phase=Phase.CHECK, not_before=now + retry_in(one.attempts))


def _not_seen(one: Scaling, fault: Fault, now: float) -> Scaling:
    one = replace(one, blindness=fault, attempts=one.attempts + 1)
    if now >= one.deadline + LAST_SIGHT:
        return _end(one, End.UNSEEN, f"lost sight of AWS: {fault}")
    return replace(one, not_before=now + retry_in(one.attempts))


def _seen(one: Scaling, service: Service, now: float) -> Scaling:
    step, primary = one.step, service.primary
    if service.is_older_than(one.service):
        return replace(one, not_before=now + RETRY_FIRST)
    one = replace(one, service=service, attempts=0)
    if step.target.known and primary and primary.id not in step.target.known:
        return _end(one, End.FAILED, f"somebody deployed {short(primary.task_definition)} to it, as {primary.id}")
    is_said = service.desired == step.to and (one.writes or not step.surely)
    if is_said or (step.at_least and service.desired > step.to):
        if one.phase is Phase.FOLLOW:
            return _follow(replace(one, odd_since=None), service, now)
        return _accepted(one, service, now)
    if one.phase is Phase.CHECK and service.desired == step.was:
        return replace(one, phase=Phase.WRITE, not_before=now, odd_since=None)
    if not _is_odd_too_long(one, now):
        return _odd(one, now)
    if step.was is None and one.writes < TRIES:
        return replace(one, phase=Phase.WRITE, not_before=now, odd_since=None)
    return _end(one, End.OVERTAKEN, f"somebody else scaled it to {tasks(service.desired)}")


def _is_odd_too_long(one: Scaling, now: float) -> bool:
    """Whether the read can't be a stale one any more; on the way back that doesn't matter, as writing does no harm."""
    if one.step.was is None and one.phase is Phase.CHECK:
        return True
    return one.odd_since is not None and now >= one.odd_since + SETTLE


def _odd(one: Scaling, now: float) -> Scaling:
    since = now if one.odd_since is None else one.odd_since
    return replace(one, odd_since=since, not_before=now + LOOK)


def _follow(one: Scaling, service: Service, now: float) -> Scaling:
    step = one.step
    primary = service.primary
    starting = primary.pending if primary else 0
    if _goes_down(one):
        is_there = service.running <= step.to
    else:
        full = service.running >= step.to and not starting
        one = replace(one, full_at=(now if one.full_at is None else one.full_at) if full else None)
        is_there = full and _is_healthy(one, service, now)
    if is_there:
        return _end(one, End.DONE, "")
    if now < one.deadline:
        return replace(one, not_before=now + LOOK)
    if _goes_down(one):
        left = service.running - step.to
        note = f"{tasks(left)} more than asked for still run: they may be protected from scale-in, or drain slowly"
        return replace(_end(one, End.DONE, ""), note=note)
    return _end(one, End.FAILED, f"it runs {service.running} of {tasks(step.to)}")


def _goes_down(one: Scaling) -> bool:
    return one.step.to == 0 or (one.step.was is not None and one.step.to < one.step.was)


def _is_healthy(one: Scaling, service: Service, now: float) -> bool:
    """Running isn't healthy yet. Those that were all there at the first look were there before."""
    if not one.writes and one.accepted_at == now:
        return True
    says_so = any(event.message.endswith(STEADY) and event.id not in one.told for event in service.events)
    return says_so or (one.full_at is not None and now >= one.full_at + SURE)


@dataclass(frozen=True, kw_only=True)
class Limiting:
    """A `RegisterScalableTarget` under way."""

    step: RegisterScalableTarget
    began: float
    budget: float
    attempts: int = 0
    not_before: float = 0.0
    last_fault: Fault | None = None
    end: End | None = None
    reason: str = ""

    @property
    def is_done(self) -> bool:
        """Nothing more to do."""
        return self.end is not None


def limit(one: Limiting, fault: Fault | None, now: float) -> Limiting:
    """The limiting after an attempt, which failed with `fault` or (None) succeeded."""
    if fault is None:
        return replace(one, end=End.DONE)
    if fault.kind in (FaultKind.DENIED, FaultKind.REJECTED) or now >= one.began + one.budget:
        return replace(one, end=End.FAILED, attempts=one.attempts + 1, last_fault=fault, reason=f"AWS refused {fault}")
    tries = one.attempts + 1
    return replace(one, attempts=tries, not_before=now + retry_in(tries), last_fault=fault)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A `Hold` under way, until then."""

    step: Hold
    until: float
    end: End | None = None
    reason: str = ""

    @property
    def is_done(self) -> bool:
        """Nothing more to do."""
        return self.end is not None


Counting = Scaling | Limiting | Holding
"""A step under way that starts no deployment."""


def news(before: Counting, after: Counting) -> Iterator[News]:
    """What changed, for people."""
    if isinstance(after, Scaling) and isinstance(before, Scaling):
        yield from _scaling_news(before, after)
    elif isinstance(after, Limiting) and isinstance(before, Limiting):
        if after.end is End.DONE:
            yield Kind.UPDATED, f"autoscaling {after.step.limits}: {after.step.why}"
        elif after.last_fault is not None and after.last_fault is not before.last_fault:
            trying = "" if after.end else "; trying again"
            yield Kind.TROUBLE, safe(f"its autoscaling can't be changed: {after.last_fault}{trying}")


def _scaling_news(before: Scaling, after: Scaling) -> Iterator[News]:
    step = after.step
    if after.writes > before.writes:
        # What it was is left out where it was seen as it is to be: that may have been the past.
        was = f" from {before.service.desired}" if before.service and before.service.desired != step.to else ""
        yield Kind.UPDATED, f"scaling it{was} to {tasks(step.to)}"
    if after.doubt is not None and after.doubt is not before.doubt:
        yield Kind.TROUBLE, safe(f"{after.doubt}; looking before trying again")
    if after.blindness is not None and before.blindness is None:
        yield Kind.TROUBLE, safe(f"can't see it: {after.blindness}; going on looking")
    if after.end is End.DONE and before.end is None:
        running = after.service.running if after.service else step.to
        yield Kind.PROGRESS, f"runs {tasks(running)}" + (f"; {after.note}" if after.note else "")
    elif after.end in (End.FAILED, End.UNSEEN) and before.end is None:
        yield Kind.VERDICT, safe(f"scaling it to {tasks(step.to)} failed: {after.reason}")


def waiting(one: Scaling) -> str:
    """Something to say when nothing changed for a while."""
    running = one.service.running if one.service else "an unknown number"
    if one.full_at is not None:
        return f"runs {tasks(one.step.to)}; still waiting for ECS to call it steady"
    return f"still waiting for it to run {tasks(one.step.to)}: it runs {running}"
