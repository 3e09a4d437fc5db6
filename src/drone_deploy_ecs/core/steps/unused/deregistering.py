"""Such a deregistration under way: read all that may use a revision, then one write after the other, oldest first.

What was read grows old while AWS's rate holds up the writes. So it is read anew every `FRESH` seconds, and after every
write that failed: whether that was accepted shows then, too.
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
"""So often a call may fail in a row."""
STAYS = 3
"""The most revisions of which it is told who uses them."""
GONE = frozenset({"ClusterNotFoundException", "ServiceNotFoundException", NOT_FOUND})
"""Codes of errors of reads that say: there is no such thing any more, so it uses nothing."""


class Tidying(KindExecution, frozen=True, kw_only=True):
    """It under way, until `ends` at the most (monotonic seconds).

    `answers` is what was read so far, `pending` is what is to be read next. Once all was, at `read_at`, `unused` are
    the revisions to deregister (ARNs, oldest first), and `used` says of the other old ones who uses them. `gone` are
    deregistered; `rejected` has by revision why AWS would not. `unconfirmed` is one whose answer was lost.
    """

    step: DeregisterUnused
    ends: float
    answers: Mapping[Call[Any], Any] = {}
    pending: tuple[Call[Any], ...]
    read_at: float = 0.0
    unused: tuple[str, ...] = ()
    used: Mapping[str, str] = {}
    gone: tuple[str, ...] = ()
    rejected: Mapping[str, str] = {}
    unconfirmed: str = ""
    reads: Attempts = Attempts()
    writes: Attempts = Attempts()
    fault: Fault | None = None

    @classmethod
    def of(cls, step: DeregisterUnused, context: Context) -> Tidying:
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
        return bool(self.gone or self.unconfirmed)

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return max(self.reads.not_before, self.writes.not_before)

    def advance(self, answer: object, now: float, /) -> Tidying:
        """See `Execution`."""
        if self.verdict or answer is None:
            return self
        if self.unused:
            return _not_written(self, answer, now) if isinstance(answer, Fault) else _written(self, now)
        if isinstance(answer, Fault) and answer.code not in GONE:
            return _not_read(self, answer, now)
        return _read(self, answer, now)

    def abort(self, _verdict: Verdict, reason: str, _now: float, /) -> Tidying:
        """See `Execution`: what is deregistered stays so."""
        return self if self.verdict else replace(self, verdict=Verdict.WITHDRAWN, reason=reason)

    def news(self, before: Tidying, /) -> Iterator[News]:
        """See `Execution`: what came of it is told at its end."""
        if self.verdict is None and self.fault and self.fault is not before.fault:
            yield Kind.TROUBLE, safe(f"{self.fault}; trying again")
        if self.verdict is None or before.verdict is not None:
            return
        if self.gone or self.verdict is Verdict.COMPLETED:
            yield Kind.UPDATED, safe("; ".join(_told(self)))
        if self.verdict is not Verdict.COMPLETED:
            what = f"{'no more revisions' if self.gone else 'no revision'} of {self.step.words}"
            yield Kind.WARNING, safe(f"Warning: {what} {'are' if self.gone else 'is'} deregistered: {self.reason}")

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`."""
        if self.unused:
            return f"still deregistering old revisions: {len(self.gone)} so far, {len(self.unused)} left"
        return f"still reading what uses revisions of {self.step.words}"


def _told(tidying: Tidying) -> Iterator[str]:
    """What was deregistered, and what stays, in a clause each."""
    where = "" if tidying.step.is_alone else f" in {tidying.step.region}"
    gone = f"deregistered {listed(list(map(short, tidying.gone)))}{where}"
    yield gone if tidying.gone else f"nothing of {tidying.step.words} to deregister"
    yield from (f"{revision} stays: {who}" for revision, who in [*tidying.used.items()][:STAYS])
    if len(tidying.used) > STAYS:
        yield f"{len(tidying.used) - STAYS} more are in use"
    yield from (f"{short(revision)} stays: {why}" for revision, why in tidying.rejected.items())


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


def _read(tidying: Tidying, answer: object, now: float) -> Tidying:
    if now >= tidying.ends:
        return _end(tidying, Verdict.REFUSED, "the budget ended while what uses them was read")
    call, *pending = tidying.pending
    tidying = replace(tidying, answers={**tidying.answers, call: answer}, pending=tuple(pending), reads=Attempts())
    new = tuple(pending) or _new(_asks(tidying.step, tidying.answers), tidying.answers)
    return replace(tidying, pending=new) if new else _decided(tidying, now)


def _new(calls: Iterable[Call[Any]], answers: Answers) -> tuple[Call[Any], ...]:
    return tuple(dict.fromkeys(call for call in calls if call not in answers))


def _decided(tidying: Tidying, now: float) -> Tidying:
    """All was read: what nothing uses may go."""
    step, answers = tidying.step, tidying.answers
    old = tuple(_old(step, answers))
    still_active = {arn for family in step.families for arn in _revisions(step, family, answers)}
    if tidying.unconfirmed and tidying.unconfirmed not in still_active:
        tidying = replace(tidying, gone=(*tidying.gone, tidying.unconfirmed), unconfirmed="")
    if old and (why := unknown(step.region, answers)):
        return _end(tidying, Verdict.REFUSED, why)
    found = {revision: "this run uses it" for family in step.families for revision in family.used}
    found |= uses(step.region, step.names, answers) if old else {}
    used = {short(arn): found[short(arn)] for arn in old if short(arn) in found}
    unused = tuple(arn for arn in old if short(arn) not in found and arn not in tidying.rejected)
    tidying = replace(tidying, read_at=now, unused=unused, used=used)
    return tidying if unused else _end(tidying, Verdict.COMPLETED, "")


def _not_read(tidying: Tidying, fault: Fault, now: float) -> Tidying:
    tidying = replace(tidying, reads=tidying.reads.failed(fault, now), fault=fault)
    if is_refused(fault) or tidying.reads.count >= TRIES or now >= tidying.ends:
        return _end(tidying, Verdict.REFUSED, f"what uses them can't be read: {fault}")
    return tidying


# --- writing ---


def _written(tidying: Tidying, now: float) -> Tidying:
    first, *rest = tidying.unused
    tidying = replace(tidying, gone=(*tidying.gone, first), unused=tuple(rest), unconfirmed="", writes=Attempts())
    return _next(tidying, now)


def _next(tidying: Tidying, now: float) -> Tidying:
    if not tidying.unused:
        return _end(tidying, Verdict.COMPLETED, "")
    if now >= tidying.ends:
        left = f"the budget has ended, and {len(tidying.unused)} are left to the next run"
        return _end(tidying, Verdict.REFUSED, left)
    return tidying if now < tidying.read_at + FRESH else _anew(tidying)


def _not_written(tidying: Tidying, fault: Fault, now: float) -> Tidying:
    first, *rest = tidying.unused
    if fault.kind is FaultKind.REJECTED:
        # Another run may have been faster; it is no reason to leave the others.
        rejected = {**tidying.rejected, first: str(fault)}
        return _next(replace(tidying, unused=tuple(rest), rejected=rejected, unconfirmed=""), now)
    tidying = replace(tidying, writes=tidying.writes.failed(fault, now), fault=fault)
    if fault.kind is FaultKind.AMBIGUOUS:
        tidying = replace(tidying, unconfirmed=first)
    if is_refused(fault) or tidying.writes.count >= TRIES or now >= tidying.ends:
        return _end(tidying, Verdict.REFUSED, str(fault))
    return _anew(tidying)


def _anew(tidying: Tidying) -> Tidying:
    """Read all of it once more."""
    return replace(tidying, answers={}, pending=tuple(_asks(tidying.step, {})), unused=())


def _end(tidying: Tidying, verdict: Verdict, reason: str) -> Tidying:
    return replace(tidying, verdict=verdict, reason=reason, answers={}, pending=())
