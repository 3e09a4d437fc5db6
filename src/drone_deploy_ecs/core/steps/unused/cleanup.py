"""The cleanup under way: read all that may use a revision, then deregister one after the other, oldest first.

What was read grows old while AWS's rate holds up the writes, so it is read anew every `FRESH` seconds. It is read anew
after every write that failed, too: that shows whether the write was accepted all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DeregisterTaskDefinition
from drone_deploy_ecs.core.calls.events import NOT_FOUND
from drone_deploy_ecs.core.calls.listings import ListTaskDefinitions, entries, pages
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.attempts import Attempts, is_refused
from drone_deploy_ecs.core.steps.kind import KindExecution
from drone_deploy_ecs.core.steps.summary import listed
from drone_deploy_ecs.core.steps.unused.uses import asks, unknown, uses
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context
    from drone_deploy_ecs.core.steps.unused.deregister import DeregisterUnused, Family

FRESH = 30.0
"""Seconds for which what was read is believed."""
TRIES = 5
"""A call that fails so often in a row ends the cleanup."""
EXPLAINED = 3
"""Of so many revisions that stay the log says who uses them; the others are counted."""
ABSENT = frozenset({"ClusterNotFoundException", "ServiceNotFoundException", NOT_FOUND})
"""Error codes of reads by which a thing isn't there any more, so that it uses nothing."""


class Cleanup(KindExecution, frozen=True, kw_only=True):
    """A `DeregisterUnused` under way, until `ends` at the most (monotonic seconds).

    `answers` is what was read so far, `pending` is what is to be read next. Once all was read, at `read_at`, `unused`
    are the revisions to deregister (ARNs, oldest first), and `users` has, by name (`web:1`), who uses the other old
    ones. `deregistered` are done (ARNs), `rejected` has by ARN why AWS refused one. `unconfirmed` may be deregistered
    (an ARN): the answer was lost.
    """

    step: DeregisterUnused
    ends: float
    answers: Mapping[Call[Any], Any] = {}
    pending: tuple[Call[Any], ...]
    read_at: float = 0.0
    unused: tuple[str, ...] = ()
    users: Mapping[str, str] = {}
    deregistered: tuple[str, ...] = ()
    rejected: Mapping[str, str] = {}
    unconfirmed: str = ""
    reads: Attempts = Attempts()
    writes: Attempts = Attempts()
    fault: Fault | None = None

    @classmethod
    def of(cls, step: DeregisterUnused, context: Context) -> Cleanup:
        """The step, under way."""
        return cls(step=step, ends=context.now + context.budget, pending=tuple(_asks(step, {})))

    @property
    def call(self) -> Call[Any] | None:
        """See `Execution`."""
        if self.unused and not self.verdict:
            return DeregisterTaskDefinition(region=self.step.region, name=self.unused[0])
        return self.pending[0] if self.pending and not self.verdict else None

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return bool(self.deregistered or self.unconfirmed)

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return max(self.reads.not_before, self.writes.not_before)

    def advance(self, answer: object, now: float, /) -> Cleanup:
        """See `Execution`."""
        if self.verdict or answer is None:
            return self
        if self.unused:
            return _not_written(self, answer, now) if isinstance(answer, Fault) else _written(self, now)
        if isinstance(answer, Fault) and answer.code not in ABSENT:
            return _not_read(self, answer, now)
        return _read(self, answer, now)

    def abort(self, _verdict: Verdict, reason: str, _now: float, /) -> Cleanup:
        """See `Execution`: what is deregistered stays so."""
        return self if self.verdict else replace(self, verdict=Verdict.WITHDRAWN, reason=reason)

    def news(self, before: Cleanup, /) -> Iterator[News]:
        """See `Execution`: what came of it is told at its end."""
        if self.verdict is None and self.fault and self.fault is not before.fault:
            yield Kind.TROUBLE, safe(f"{self.fault}; trying again")
        if self.verdict is None or before.verdict is not None:
            return
        if self.deregistered or self.verdict is Verdict.COMPLETED:
            yield Kind.UPDATED, safe("; ".join(_clauses(self)))
        if self.verdict is not Verdict.COMPLETED:
            what, verb = ("no more revisions", "are") if self.deregistered else ("no revision", "is")
            yield Kind.WARNING, safe(f"Warning: {what} of {self.step.words} {verb} deregistered: {self.reason}")

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`."""
        if self.unused:
            return f"still deregistering old revisions: {len(self.deregistered)} so far, {len(self.unused)} left"
        return f"still reading what uses revisions of {self.step.words}"


def _clauses(cleanup: Cleanup) -> Iterator[str]:
    """What was deregistered, and what stays, in a clause each."""
    where = "" if cleanup.step.is_alone else f" in {cleanup.step.region}"
    done = f"deregistered {listed(list(map(short, cleanup.deregistered)))}{where}"
    yield done if cleanup.deregistered else f"nothing of {cleanup.step.words} to deregister"
    yield from (f"{revision} stays: {who}" for revision, who in [*cleanup.users.items()][:EXPLAINED])
    if len(cleanup.users) > EXPLAINED:
        yield f"{len(cleanup.users) - EXPLAINED} more are in use"
    yield from (f"{short(revision)} stays: {why}" for revision, why in cleanup.rejected.items())


# --- reading ---


def _revisions(step: DeregisterUnused, family: Family, answers: Answers) -> tuple[str, ...]:
    """The ACTIVE revisions of the family, oldest first."""
    arns = entries(ListTaskDefinitions(region=step.region, family=family.name), answers)
    ours = (arn for arn in arns if short(arn).rpartition(":")[0] == family.name)
    return tuple(sorted(ours, key=_number))


def _number(revision: str) -> int:
    number = revision.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


def _old(step: DeregisterUnused, answers: Answers) -> Iterator[str]:
    """Those that may go, if nothing uses them."""
    for family in step.families:
        revisions = _revisions(step, family, answers)
        yield from (arn for arn in revisions[: -step.keep] if _number(arn) <= family.newest)


def _asks(step: DeregisterUnused, answers: Answers) -> Iterator[Call[Any]]:
    """The revisions; and what uses them, as late as possible, and only where one is old."""
    lists = [
        call
        for family in step.families
        for call in pages(ListTaskDefinitions(region=step.region, family=family.name), answers)
    ]
    yield from lists
    if all(call in answers for call in lists) and any(_old(step, answers)):
        yield from asks(step.region, step.names, answers)


def _read(cleanup: Cleanup, answer: object, now: float) -> Cleanup:
    if now >= cleanup.ends:
        return _end(cleanup, Verdict.REFUSED, "the budget ended while what uses them was read")
    call, *pending = cleanup.pending
    cleanup = replace(cleanup, answers={**cleanup.answers, call: answer}, pending=tuple(pending), reads=Attempts())
    new = tuple(pending) or _new(_asks(cleanup.step, cleanup.answers), cleanup.answers)
    return replace(cleanup, pending=new) if new else _decided(cleanup, now)


def _new(calls: Iterable[Call[Any]], answers: Answers) -> tuple[Call[Any], ...]:
    return tuple(dict.fromkeys(call for call in calls if call not in answers))


def _decided(cleanup: Cleanup, now: float) -> Cleanup:
    """All was read: what nothing uses may go."""
    step, answers = cleanup.step, cleanup.answers
    old = tuple(_old(step, answers))
    still_active = {arn for family in step.families for arn in _revisions(step, family, answers)}
    if cleanup.unconfirmed and cleanup.unconfirmed not in still_active:
        cleanup = replace(cleanup, deregistered=(*cleanup.deregistered, cleanup.unconfirmed), unconfirmed="")
    if old and (why := unknown(step.region, step.names, answers)):
        return _end(cleanup, Verdict.REFUSED, why)
    found = {revision: "this run uses it" for family in step.families for revision in family.used}
    found |= uses(step.region, step.names, answers) if old else {}
    users = {short(arn): found[short(arn)] for arn in old if short(arn) in found}
    unused = tuple(arn for arn in old if short(arn) not in found and arn not in cleanup.rejected)
    cleanup = replace(cleanup, read_at=now, unused=unused, users=users)
    return cleanup if unused else _end(cleanup, Verdict.COMPLETED, "")


def _not_read(cleanup: Cleanup, fault: Fault, now: float) -> Cleanup:
    cleanup = replace(cleanup, reads=cleanup.reads.failed(fault, now), fault=fault)
    if is_refused(fault) or cleanup.reads.count >= TRIES or now >= cleanup.ends:
        return _end(cleanup, Verdict.REFUSED, f"what uses them can't be read: {fault}")
    return cleanup


# --- writing ---


def _written(cleanup: Cleanup, now: float) -> Cleanup:
    first, *rest = cleanup.unused
    cleanup = replace(
        cleanup, deregistered=(*cleanup.deregistered, first), unused=tuple(rest), unconfirmed="", writes=Attempts()
    )
    return _next(cleanup, now)


def _next(cleanup: Cleanup, now: float) -> Cleanup:
    if not cleanup.unused:
        return _end(cleanup, Verdict.COMPLETED, "")
    if now >= cleanup.ends:
        left = f"the budget has ended, and {len(cleanup.unused)} are left to the next run"
        return _end(cleanup, Verdict.REFUSED, left)
    return cleanup if now < cleanup.read_at + FRESH else _read_anew(cleanup)


def _not_written(cleanup: Cleanup, fault: Fault, now: float) -> Cleanup:
    first, *rest = cleanup.unused
    if fault.kind is FaultKind.REJECTED:
        # Another run may have been faster; it is no reason to leave the others.
        rejected = {**cleanup.rejected, first: str(fault)}
        return _next(replace(cleanup, unused=tuple(rest), rejected=rejected, unconfirmed=""), now)
    cleanup = replace(cleanup, writes=cleanup.writes.failed(fault, now), fault=fault)
    if fault.kind is FaultKind.AMBIGUOUS:
        cleanup = replace(cleanup, unconfirmed=first)
    if is_refused(fault) or cleanup.writes.count >= TRIES or now >= cleanup.ends:
        return _end(cleanup, Verdict.REFUSED, str(fault))
    return _read_anew(cleanup)


def _read_anew(cleanup: Cleanup) -> Cleanup:
    """Begin again with reading: what was read counts no more."""
    return replace(cleanup, answers={}, pending=tuple(_asks(cleanup.step, {})), unused=())


def _end(cleanup: Cleanup, verdict: Verdict, reason: str) -> Cleanup:
    return replace(cleanup, verdict=verdict, reason=reason, answers={}, pending=())
