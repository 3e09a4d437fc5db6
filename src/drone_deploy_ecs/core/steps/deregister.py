"""DeregisterTaskDefinition: a revision that a failed run registered, where something runs its family's newest one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls import ecs as calls
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.attempts import Attempts, is_refused
from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.result import StepResult
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context


class DeregisterTaskDefinition(KindStep, Struct, frozen=True, kw_only=True):
    """Make the revision `definition`, an ARN, INACTIVE; `runs` are the names of what would start it by itself."""

    region: str
    definition: str
    runs: tuple[str, ...]

    @property
    def target(self) -> None:
        """See `Step`: no service."""
        return

    @property
    def reach(self) -> Reach:
        """See `Step`."""
        return Reach.NOTHING

    def __str__(self) -> str:
        return f"DeregisterTaskDefinition: {short(self.definition)}, which {self.why}"

    @property
    def why(self) -> str:
        """Why, in a clause."""
        return f"{' and '.join(self.runs)} would start as its family's newest"

    def begin(self, context: Context, /) -> Deregistering:
        """See `Step`."""
        return Deregistering(step=self, began=context.now, budget=context.budget, attempts=Attempts())


class Deregistering(KindExecution, frozen=True, kw_only=True):
    """Such a deregistration under way. It may be repeated without harm, so an unconfirmed one is simply sent again."""

    step: DeregisterTaskDefinition
    began: float
    budget: float
    attempts: Attempts

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        return calls.DeregisterTaskDefinition(region=self.step.region, name=self.step.definition)

    @property
    def output(self) -> str:
        """See `Execution`: the revision's ARN."""
        return self.step.definition if self.verdict is Verdict.COMPLETED else ""

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return self.verdict is Verdict.COMPLETED or self.attempts.may_have_been_accepted

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return self.attempts.not_before

    def advance(self, answer: object, now: float, /) -> Deregistering:
        """See `Execution`."""
        if self.verdict:
            return self
        if not isinstance(answer, Fault):
            return replace(self, verdict=Verdict.COMPLETED) if isinstance(answer, str) else self
        again = replace(self, attempts=self.attempts.failed(answer, now))
        if not is_refused(answer) and now < self.began + self.budget:
            return again
        return replace(again, verdict=Verdict.FAILED, reason=f"AWS refused {answer}")

    def news(self, before: Deregistering, /) -> Iterator[News]:
        """See `Execution`."""
        revision, fault = short(self.step.definition), self.attempts.fault
        if self.verdict is Verdict.COMPLETED and before.verdict is None:
            yield Kind.UPDATED, f"deregistered {revision}, which {self.step.why}"
        elif fault is not None and fault is not before.attempts.fault:
            trying = "" if self.verdict else "; trying again"
            yield Kind.TROUBLE, safe(f"{revision} can't be deregistered: {fault}{trying}")

    def results(self, _now: float, _at: datetime, /) -> tuple[StepResult, ...]:
        """See `Execution`: what would start it is as before, or isn't."""
        is_done, revision = self.verdict is Verdict.COMPLETED, short(self.step.definition)
        why = self.reason or "what was to be done before wasn't"
        return tuple(
            StepResult(
                kind="schedules",
                name=name,
                what=str(self.step),
                verdict=Verdict.COMPLETED if is_done else Verdict.FAILED,
                ended=f"{revision} is deregistered"
                if is_done
                else f"it starts {revision}, as its family's newest: {why}",
                end_state=EndState.AS_BEFORE if is_done else EndState.NOT_AS_BEFORE,
            )
            for name in self.step.runs
        )

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`."""
        return f"still deregistering {short(self.step.definition)}"
