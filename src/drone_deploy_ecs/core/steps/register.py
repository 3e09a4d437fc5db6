"""RegisterTaskDefinition: a new revision, from the write to its ARN.

There is no idempotency token, so after an unconfirmed write the family's newest revision is looked at before anything
is registered again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls import ecs as calls
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.build import build_of
from drone_deploy_ecs.core.ecs.diff import same
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import Definition, HasBody
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.attempts import LOOK_AGAIN, SETTLE, Attempts, Phase, is_refused
from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context


class RegisterTaskDefinition(HasBody, KindStep, Struct, frozen=True, kw_only=True):
    """Register a revision of `family` that several services may share; `name` stands for it until its ARN is known.

    `serves` are those services, `source` the ARN of the revision that `body` was edited from, `what` the edit in words.
    """

    name: str
    region: str
    family: str
    body: Mapping[str, Any]
    serves: tuple[str, ...]
    source: str
    what: str

    @property
    def key(self) -> str:
        """See `Step`."""
        return self.name

    @property
    def target(self) -> None:
        """See `Step`: several services may share it."""
        return

    @property
    def reach(self) -> Reach:
        """See `Step`."""
        return Reach.DEPENDENTS

    def __str__(self) -> str:
        return f"RegisterTaskDefinition: a new revision of {self.family}, from {short(self.source)} with {self.what}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        yield f"For {', '.join(self.serves)}. Undo: none needed; the revision stays"

    def begin(self, context: Context, /) -> Registration:
        """See `Step`."""
        return Registration(step=self, body=self.body, began=context.now, budget=context.budget, attempts=Attempts())


class Registration(HasBody, KindExecution, frozen=True, kw_only=True):
    """A registration under way. `body` is what is sent: without tags where those turned out not to be allowed."""

    counted_as: ClassVar[str] = "revisions registered"

    step: RegisterTaskDefinition
    body: Mapping[str, Any]
    began: float
    budget: float
    phase: Phase = Phase.WRITE
    attempts: Attempts
    is_untagged: bool = False
    arn: str = ""

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        region = self.step.region
        if self.phase is Phase.WRITE:
            return calls.RegisterTaskDefinition(region=region, body=self.body)
        return calls.DescribeTaskDefinition(region=region, name=self.step.family)

    @property
    def output(self) -> str:
        """See `Execution`: the revision's ARN."""
        return self.arn

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return bool(self.arn) or self.attempts.may_have_been_accepted

    @property
    def tally(self) -> str:
        """See `Execution`."""
        return self.counted_as if self.verdict else ""

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return self.attempts.not_before

    def advance(self, answer: object, now: float, /) -> Registration:
        """See `Execution`."""
        if self.verdict:
            return self
        match answer:
            case str(arn):
                return self._registered(arn)
            case Definition() if same(answer.body, self.body) and build_of(answer.body) == build_of(self.body):
                return self._registered(answer.arn)
            case Fault():
                return self._failed(answer, now)
            case _:
                pass
        # The family's newest revision is another one: an unconfirmed write may still become visible.
        if self.attempts.may_have_been_accepted and now < self.attempts.written_at + SETTLE:
            return replace(self, attempts=self.attempts.at(now + LOOK_AGAIN))
        return replace(self, phase=Phase.WRITE, attempts=self.attempts.at(now))

    def _registered(self, arn: str) -> Registration:
        return replace(self, verdict=Verdict.COMPLETED, arn=arn)

    def _failed(self, fault: Fault, now: float) -> Registration:
        if fault.kind is FaultKind.DENIED and "ecs:TagResource" in fault.message and self.body.get("tags"):
            # An earlier run may have come this far, so the newest revision is looked at first.
            body = taskdef.without_tags(self.body)
            return replace(self, body=body, is_untagged=True, phase=Phase.CHECK, attempts=self.attempts.at(now))
        # AWS takes one a second: those before it in the queue are not charged to this one.
        began = self.began if self.attempts.count else now
        has_written = self.phase is Phase.WRITE
        attempts = self.attempts.failed(fault, now) if has_written else replace(self.attempts.again(now), fault=fault)
        if is_refused(fault) or now >= began + self.budget:
            why = f"its revision couldn't be registered: {fault}"
            return replace(self, began=began, attempts=attempts, verdict=Verdict.REFUSED, reason=why)
        # Throttled, AWS did nothing: that needs no look before the next attempt.
        phase = Phase.WRITE if has_written and fault.kind is FaultKind.THROTTLED else Phase.CHECK
        return replace(self, began=began, attempts=attempts, phase=phase)

    def news(self, before: Registration, /) -> Iterator[News]:
        """See `Execution`."""
        if self.is_untagged and not before.is_untagged:
            yield Kind.WARNING, "Warning: ecs:TagResource isn't allowed: registering without the tags"
        fault = self.attempts.fault
        if fault and fault is not before.attempts.fault:
            yield Kind.TROUBLE, safe(str(fault))
        if self.output and not before.output:
            reused = " (it had been registered already)" if before.phase is Phase.CHECK else ""
            services = ", ".join(self.step.serves)
            yield Kind.REGISTERED, safe(f"registered {short(self.output)} for {services}: {self.step.what}{reused}")

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`."""
        return "still registering task definitions"
