"""A move under way: read, write, and read again until it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import FailedEntry
from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition
from drone_deploy_ecs.core.calls.events import ListTargetsByRule, PutTargets
from drone_deploy_ecs.core.calls.schedules import GetSchedule, UpdateSchedule
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.schedule import Scheduled, family_of, is_bare, listed
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.masking import Masks, inputs
from drone_deploy_ecs.core.steps.attempts import LOOK_AGAIN, SETTLE, Attempts, Phase, is_refused
from drone_deploy_ecs.core.steps.kind import KindExecution
from drone_deploy_ecs.core.steps.result import StepResult
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.schedule.move import MoveSchedule

KIND = "schedules"
"""What people know it by: its setting."""
PASSING = frozenset({
    "ConcurrentModificationException", "ConflictException", "InternalException", "InternalFailure", "ThrottlingException",
})  # fmt: skip
"""Codes of errors, and of failed entries, that pass (API references: PutTargets, UpdateSchedule)."""


class Moving(KindExecution, frozen=True, kw_only=True):
    """Such a move under way. `wanted` has by target what it is to run.

    `newest` has by family its newest ACTIVE revision, read where a target names the family alone. `pending` is what is
    to be written, `writes` how often that was accepted. `ended` is when it ended by itself.
    """

    step: MoveSchedule
    wanted: Mapping[str, str]
    began: float
    budget: float
    phase: Phase = Phase.CHECK
    attempts: Attempts
    newest: Mapping[str, str] = {}
    pending: Scheduled | None = None
    writes: int = 0
    ended: float | None = None

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        region, (group, name, _, is_rule) = self.step.region, self.step.name
        if family := self._unread:
            return DescribeTaskDefinition(region=region, name=family)
        if self.phase is Phase.WRITE and self.pending is not None:
            if is_rule:
                return PutTargets(region=region, bus=group, name=name, body=self.pending.body)
            return UpdateSchedule(region=region, group=group, name=name, body=self.pending.body)
        if is_rule:
            return ListTargetsByRule(region=region, bus=group, name=name)
        return GetSchedule(region=region, group=group, name=name)

    @property
    def _unread(self) -> str:
        """A family whose newest revision tells whether a target runs what it should; "" where all are known."""
        if self.step.is_back or self.phase is not Phase.CHECK:
            return ""
        families = (family_of(move.since) for move in self.step.moves if is_bare(move.since))
        return next((family for family in families if family not in self.newest), "")

    @property
    def has_written(self) -> bool:
        """See `Execution`. Of several targets some may have been written where others failed."""
        return bool(self.writes or self.attempts.unconfirmed)

    @property
    def fails_run(self) -> str:
        """See `Execution`: what starts by itself mustn't run another version than what serves."""
        return f"{self.step.words} couldn't be pointed at the new revision"

    @property
    def to(self) -> str:
        """What it is to run: `web:2`."""
        return listed(iter(self.wanted.values()))

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return self.attempts.not_before

    def advance(self, answer: object, now: float, /) -> Moving:
        """See `Execution`."""
        if self.verdict:
            return self
        if not all(self.wanted.values()):
            return _end(self, Verdict.FAILED, "the revision that it was to run isn't known", now)
        match answer:
            case Definition() if family := self._unread:
                return replace(self, newest={**self.newest, family: answer.arn})
            case Scheduled():
                return _looked(self, answer, now)
            case Fault() if self.phase is Phase.WRITE:
                return _not_written(self, answer, now)
            case Fault():
                return _not_read(self, answer, now)
            case (FailedEntry() as first, *others) if self.phase is Phase.WRITE:
                return _partly_written(self, first, 1 + len(others), now)
            case str() | () if self.phase is Phase.WRITE:
                attempts = replace(self.attempts.at(now), written_at=now)
                return replace(self, phase=Phase.FOLLOW, writes=self.writes + 1, attempts=attempts)
            case _:
                return _again(self, now)

    def abort(self, verdict: Verdict, _reason: str, _now: float, /) -> Moving:
        """See `Execution`: what was written may stay, which the verdict tells."""
        is_kept = verdict in (Verdict.CANCELLED, Verdict.UNKNOWN)
        return self if self.verdict else replace(self, verdict=verdict if is_kept else Verdict.WITHDRAWN)

    def news(self, before: Moving, /) -> Iterator[News]:
        """See `Execution`."""
        words = self.step.words
        fault = self.attempts.fault
        if self.verdict is None and fault is not None and fault is not before.attempts.fault:
            yield Kind.TROUBLE, safe(f"{words}: {fault}; looking before trying again")
        if before.verdict is not None or self.verdict is None:
            return
        if self.verdict is Verdict.COMPLETED:
            yield Kind.UPDATED, f"{words} {self._done}"
        elif self.verdict.fails_the_run:
            yield Kind.VERDICT, safe(f"{words} couldn't be pointed at {self.to}: {self.reason}")
        elif self.verdict is Verdict.SUPERSEDED:
            yield Kind.VERDICT, safe(f"{words} is left alone: {self.reason}")

    @property
    def _done(self) -> str:
        """What was done, in a clause."""
        if self.step.is_back:
            return f"runs {self.to} again"
        return f"runs {self.to}" if self.has_written else f"runs {self.to} already"

    def results(self, now: float, at: datetime, /) -> tuple[StepResult, ...]:
        """See `Execution`."""
        ended = None if self.ended is None else at - timedelta(seconds=now - self.ended)
        result = StepResult(
            kind=KIND,
            name=self.step.shown,
            what=str(self.step),
            verdict=self.verdict or Verdict.UNKNOWN,
            ended=self._done if self.verdict is Verdict.COMPLETED else self.reason or self._left,
            end_state=self._end_state,
            began_at=None if self.ended is None else at - timedelta(seconds=now - self.began),
            ended_at=ended,
        )
        return (result,)

    @property
    def _left(self) -> str:
        """How far it had come, in a clause, where nothing is wrong with it."""
        if self.has_written:
            return f"it was pointed at {self.to}"
        is_early = any(self.wanted[move.target] for move in self.step.moves if move.is_early)
        return f"it starts {self.to}, its family's newest" if is_early else "it wasn't moved"

    @property
    def _end_state(self) -> EndState:
        """How it stands if nothing puts it back."""
        match self.verdict:
            case Verdict.COMPLETED:
                return EndState.AS_BEFORE if self.step.is_back else EndState.NEW
            case Verdict.SUPERSEDED:
                return EndState.SOMEBODY_ELSES
            case Verdict.CANCELLED if self.has_written:
                return EndState.LEFT
            case Verdict.UNKNOWN if self.has_written:
                return EndState.UNSEEN
            case _:
                is_touched = self.has_written or self.step.is_back
                return EndState.NOT_AS_BEFORE if is_touched else EndState.UNTOUCHED

    def heartbeat(self, now: float, /) -> str:
        """See `Execution`."""
        return f"still pointing {self.step.words} at {self.to} after {span(now - self.began)}"


def _looked(moving: Moving, found: Scheduled, now: float) -> Moving:
    """Fold in what it runs now, from before or after the write."""
    changes: dict[str, str] = {}
    for move in moving.step.moves:
        runs, wanted = found.definition(move.target), moving.wanted[move.target]
        if runs is None:
            return _end(moving, Verdict.SUPERSEDED, "somebody took its target away", now)
        is_there = wanted in (runs, moving.newest.get(family_of(runs)) if is_bare(runs) else None)
        if is_there and (moving.writes or not moving.step.always_write):
            continue
        if not is_there and runs != move.since:
            return _end(moving, Verdict.SUPERSEDED, f"somebody pointed it at {short(runs)}", now)
        changes[move.target] = wanted
    if not changes and not _may_be_older(moving, now):
        return _end(moving, Verdict.COMPLETED, "", now)
    if now >= moving.began + moving.budget:
        return _end(moving, Verdict.FAILED, f"it still runs {moving.step.before} after {span(now - moving.began)}", now)
    may_show = moving.writes or moving.attempts.may_have_been_accepted
    if not changes or (may_show and now < moving.attempts.written_at + SETTLE):
        return replace(moving, attempts=moving.attempts.at(now + LOOK_AGAIN))
    return replace(moving, phase=Phase.WRITE, pending=found.pointed(changes), attempts=moving.attempts.at(now))


def _may_be_older(moving: Moving, now: float) -> bool:
    """Whether a look on the way back may be older than a write of ours whose answer was lost."""
    step = moving.step
    return step.is_back and not (step.always_write or moving.writes) and now < moving.began + SETTLE


def _not_written(moving: Moving, fault: Fault, now: float) -> Moving:
    fault = replace(fault, message=_masked(moving, fault.message))
    moving = replace(moving, phase=Phase.CHECK, attempts=moving.attempts.failed(fault, now))
    if is_refused(fault) and fault.code not in PASSING:
        return _end(moving, Verdict.FAILED, f"AWS refused {fault}", now)
    return moving


def _partly_written(moving: Moving, first: FailedEntry, count: int, now: float) -> Moving:
    """AWS's answer was 200, and some of the targets aren't written, or none is."""
    sent = len(moving.pending.listed) if moving.pending else 0
    why = _masked(moving, first.message).rstrip(".") or "AWS says no more"
    fault = Fault(FaultKind.REJECTED, PutTargets.operation, first.code, f"{count} of {sent} targets failed: {why}")
    moving = replace(moving, phase=Phase.CHECK, attempts=moving.attempts.failed(fault, now))
    if count < sent:
        moving = replace(moving, writes=moving.writes + 1, attempts=replace(moving.attempts, written_at=now))
    return moving if first.code in PASSING else _end(moving, Verdict.FAILED, str(fault), now)


def _masked(moving: Moving, message: str) -> str:
    """AWS may quote what was sent, and a target's input has environment values."""
    return Masks(inputs(moving.pending.listed if moving.pending else ())).hide(message)


def _not_read(moving: Moving, fault: Fault, now: float) -> Moving:
    if fault.code and fault.code in (ListTargetsByRule.absent, GetSchedule.absent):
        return _end(moving, Verdict.SUPERSEDED, "somebody deleted it", now)
    if is_refused(fault):
        return _end(moving, Verdict.FAILED, f"it can't be read: {fault}", now)
    return _again(replace(moving, attempts=replace(moving.attempts, fault=fault)), now)


def _again(moving: Moving, now: float) -> Moving:
    """Look once more: what it runs isn't known."""
    if now < moving.began + moving.budget:
        return replace(moving, phase=Phase.CHECK, attempts=moving.attempts.again(now))
    why = f": {moving.attempts.fault}" if moving.attempts.fault else ""
    return _end(moving, Verdict.FAILED, f"it couldn't be read for {span(now - moving.began)}{why}", now)


def _end(moving: Moving, verdict: Verdict, reason: str, now: float) -> Moving:
    return replace(moving, verdict=verdict, reason=reason, ended=now)
