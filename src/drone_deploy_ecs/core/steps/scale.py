"""UpdateService with nothing but a desired count, and waiting until the service runs so many. Not a deployment.

The write may be repeated without harm, so after an unconfirmed one it is enough to look, or to write again.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls import ecs as calls
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import Service
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.attempts import RETRY_FIRST, SETTLE, Attempts, Phase, is_refused
from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.observation import READ_GRACE, SURE
from drone_deploy_ecs.core.text import safe, tasks
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context
    from drone_deploy_ecs.core.target import Target

LOOK_FIRST, LOOK = 1.0, 5.0
"""Seconds between looks at a service on its way to a new count, from the first one on: the root of how long it takes.

So a step that takes half a second is seen within one, and one that takes minutes is looked at every five.
"""
STEADY = "has reached a steady state."
WRITES = 3
"""Times that a count is written on the way back, before whoever else writes it has won."""


class Scale(KindStep, Struct, frozen=True, kw_only=True):
    """Change a service's desired count to `to`, and wait until it runs so many.

    `expected` is the count that the plan was made for: another one means that somebody else scales it, too, and that a
    new plan is needed. None, on a way back, brings it to `to` from wherever it is. With `allow_more`, more will do;
    with `always_write` it is written even where the last read shows the count already: that may be older than our own
    last write. Where the target has `known` deployments and another one is PRIMARY, nothing is changed.

    `undo` says how it would be taken back, `earliest` when it is written at the earliest; both in words.
    """

    target: Target
    to: int
    expected: int | None = None
    allow_more: bool = False
    always_write: bool = False
    undo: str = ""
    earliest: str = ""

    @property
    def reduces_capacity(self) -> bool:
        """See `Step`: whether tasks that serve are to stop, on the way forward."""
        return self.expected is not None and self.to < self.expected

    @property
    def goes_down(self) -> bool:
        """Whether it is done once no more tasks than that run."""
        return self.to == 0 or self.reduces_capacity

    def __str__(self) -> str:
        since = "" if self.expected is None else f" from {self.expected}"
        return f"UpdateService: {self.target.name}{since} to {tasks(self.to)}{self.earliest}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        yield f"Undo: {self.undo}"

    def begin(self, context: Context, /) -> Scaling:
        """See `Step`. A look comes first, always: this changes how many tasks serve."""
        return Scaling(step=self, began=context.now, budget=context.budget, attempts=Attempts(not_before=context.now))


class Scaling(KindExecution, frozen=True, kw_only=True):
    """A change of the count under way.

    `read_fault` is why the service can't be read at the moment. `accepted_at` is when the count was known to be as
    asked for, `known_events` are the ids of the events from before that: a steady state after it is what proves a
    scale-up. `full_at` is since when all tasks run, `odd_since` when the count was first seen to be one that nobody
    planned, which may be a stale read.
    """

    step: Scale
    began: float
    budget: float
    phase: Phase = Phase.CHECK
    attempts: Attempts
    writes: int = 0
    read_fault: Fault | None = None
    accepted_at: float | None = None
    full_at: float | None = None
    odd_since: float | None = None
    known_events: frozenset[str] = frozenset()

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        target = self.step.target
        if self.phase is Phase.WRITE:
            return calls.UpdateService(
                region=target.region, cluster=target.cluster, name=target.asked, desired=self.step.to
            )
        return calls.DescribeServices(region=target.region, cluster=target.cluster, services=(target.asked,))

    @property
    def counts_from(self) -> float:
        """Since when it takes time: since its count was accepted, where it was."""
        return self.began if self.accepted_at is None else self.accepted_at

    @property
    def deadline(self) -> float:
        """When it has taken too long."""
        return self.counts_from + self.budget

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return bool(self.writes or self.attempts.unconfirmed)

    @property
    def needs_replan(self) -> bool:
        """See `Execution`: somebody else scaled it."""
        return self.verdict is Verdict.SUPERSEDED

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return self.attempts.not_before

    def advance(self, answer: object, now: float, /) -> Scaling:
        """See `Execution`. Where its write has to wait for others (no answer to it), that time doesn't count."""
        if self.verdict is not None:
            return self
        match answer:
            case Fault() if self.phase is Phase.WRITE:
                return _not_written(self, answer, now)
            case Fault():
                return _not_read(self, answer, now)
            case Service():
                return _accepted(replace(self, writes=self.writes + 1), answer, now)
            case (Service() as service, *_):
                return _looked(replace(self, read_fault=None), service, now)
            case None:
                return replace(self, phase=Phase.CHECK, attempts=self.attempts.at(now + RETRY_FIRST), began=now)
            case _:
                # No such service. That may be a stale read, too.
                return (
                    _end(self, Verdict.FAILED, "the service is gone")
                    if _is_odd_too_long(self, now)
                    else _odd(self, now)
                )

    def news(self, before: Scaling, /) -> Iterator[News]:
        """See `Execution`."""
        step = self.step
        if self.writes > before.writes:
            # The old count is left out where a read showed the new one already: that read may have been stale.
            before_text = (
                f" from {before.service.desired}" if before.service and before.service.desired != step.to else ""
            )
            yield Kind.UPDATED, f"scaling it{before_text} to {tasks(step.to)}"
        unconfirmed = self.attempts.unconfirmed
        if unconfirmed is not None and unconfirmed is not before.attempts.unconfirmed:
            yield Kind.TROUBLE, safe(f"{unconfirmed}; looking before trying again")
        if self.read_fault is not None and before.read_fault is None:
            yield Kind.TROUBLE, safe(f"can't see it: {self.read_fault}; going on looking")
        if before.verdict is not None:
            return
        if self.verdict is Verdict.COMPLETED:
            running = self.service.running if self.service else step.to
            yield Kind.PROGRESS, f"runs {tasks(running)}" + (f"; {self.note}" if self.note else "")
        elif self.verdict in (Verdict.FAILED, Verdict.REFUSED, Verdict.UNKNOWN):
            yield Kind.VERDICT, safe(f"scaling it to {tasks(step.to)} failed: {self.reason}")

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`."""
        if self.full_at is not None:
            return f"runs {tasks(self.step.to)}; still waiting for ECS to call it steady"
        running = self.service.running if self.service else "an unknown number"
        return f"still waiting for it to run {tasks(self.step.to)}: it runs {running}"


def _end(scaling: Scaling, verdict: Verdict, reason: str) -> Scaling:
    return replace(scaling, verdict=verdict, reason=reason)


def _look_at(scaling: Scaling, moment: float) -> Scaling:
    return replace(scaling, attempts=scaling.attempts.at(moment))


def _not_written(scaling: Scaling, fault: Fault, now: float) -> Scaling:
    scaling = replace(scaling, attempts=scaling.attempts.failed(fault, now), phase=Phase.CHECK)
    is_over = is_refused(fault) or now >= scaling.deadline
    if not is_over:
        return scaling
    return _end(scaling, Verdict.FAILED if scaling.has_written else Verdict.REFUSED, f"AWS refused {fault}")


def _not_read(scaling: Scaling, fault: Fault, now: float) -> Scaling:
    scaling = replace(scaling, read_fault=fault, attempts=scaling.attempts.again(now))
    is_over = now >= scaling.deadline + READ_GRACE
    return _end(scaling, Verdict.UNKNOWN, f"lost sight of AWS: {fault}") if is_over else scaling


def _looked(scaling: Scaling, service: Service, now: float) -> Scaling:
    """Fold in a look, from before or after the write."""
    step, primary = scaling.step, service.primary
    if service.is_older_than(scaling.service):
        return _look_at(scaling, now + RETRY_FIRST)
    scaling = replace(scaling, service=service, attempts=replace(scaling.attempts, count=0))
    if step.target.known and primary and primary.id not in step.target.known:
        why = f"somebody deployed {short(primary.task_definition)} to it, as {primary.id}"
        return _end(scaling, Verdict.FAILED, why)
    is_there = service.desired == step.to and (scaling.writes or not step.always_write)
    if is_there or (step.allow_more and service.desired > step.to):
        if scaling.phase is Phase.FOLLOW:
            return _follow(replace(scaling, odd_since=None), service, now)
        return _accepted(scaling, service, now)
    if scaling.phase is Phase.CHECK and service.desired == step.expected:
        return _write(scaling, now)
    if not _is_odd_too_long(scaling, now):
        return _odd(scaling, now)
    if step.expected is None and scaling.writes < WRITES:
        return _write(scaling, now)
    return _end(scaling, Verdict.SUPERSEDED, f"somebody else scaled it to {tasks(service.desired)}")


def _write(scaling: Scaling, now: float) -> Scaling:
    return replace(scaling, phase=Phase.WRITE, attempts=scaling.attempts.at(now), odd_since=None)


def _is_odd_too_long(scaling: Scaling, now: float) -> bool:
    """Whether an odd count is too old to be a stale read; before a write back always: it does no harm."""
    if scaling.step.expected is None and scaling.phase is Phase.CHECK:
        return True
    return scaling.odd_since is not None and now >= scaling.odd_since + SETTLE


def _odd(scaling: Scaling, now: float) -> Scaling:
    since = now if scaling.odd_since is None else scaling.odd_since
    return replace(_look_at(scaling, now + LOOK), odd_since=since)


def _accepted(scaling: Scaling, service: Service, now: float) -> Scaling:
    scaling = replace(
        scaling,
        phase=Phase.FOLLOW,
        accepted_at=now,
        odd_since=None,
        known_events=frozenset(event.id for event in service.events),
        service=service,
    )
    return _follow(scaling, service, now)


def _follow(scaling: Scaling, service: Service, now: float) -> Scaling:
    """Wait for the tasks: the desired count is written."""
    step = scaling.step
    if step.goes_down:
        is_there = service.running <= step.to
    else:
        starting = service.primary.pending if service.primary else 0
        is_full = service.running >= step.to and not starting
        scaling = replace(scaling, full_at=(now if scaling.full_at is None else scaling.full_at) if is_full else None)
        is_there = is_full and _is_healthy(scaling, service, now)
    if is_there:
        return _end(scaling, Verdict.COMPLETED, "")
    if now < scaling.deadline:
        return _look_at(scaling, now + _wait(scaling, now))
    if step.goes_down:
        more = tasks(service.running - step.to)
        note = f"{more} more than asked for still run: they may be protected from scale-in, or drain slowly"
        return replace(_end(scaling, Verdict.COMPLETED, ""), note=note)
    return _end(scaling, Verdict.FAILED, f"it runs {service.running} of {tasks(step.to)}")


def _wait(scaling: Scaling, now: float) -> float:
    """Seconds to the next look at what is on its way to a count that was accepted."""
    return min(max(LOOK_FIRST, sqrt(now - scaling.counts_from)), LOOK)


def _is_healthy(scaling: Scaling, service: Service, now: float) -> bool:
    """Whether the running tasks count as healthy: by a new steady state, by time, or as none was started."""
    if not scaling.writes and scaling.accepted_at == now:
        return True
    new = (event for event in service.events if event.id not in scaling.known_events)
    is_steady = any(event.message.endswith(STEADY) for event in new)
    return is_steady or (scaling.full_at is not None and now >= scaling.full_at + SURE)
