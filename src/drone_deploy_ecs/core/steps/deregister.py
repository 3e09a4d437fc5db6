"""DeregisterTaskDefinition: a revision that a failed run registered, where something runs its family's newest one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.core.calls import ecs as calls
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.repeatable import RepeatableWrite
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
        return Deregistering(step=self, began=context.now, budget=context.budget)


class Deregistering(RepeatableWrite, frozen=True, kw_only=True):
    """Such a deregistration under way."""

    step: DeregisterTaskDefinition

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        return calls.DeregisterTaskDefinition(region=self.step.region, name=self.step.definition)

    @property
    def output(self) -> str:
        """See `Execution`: the revision's ARN."""
        return self.step.definition if self.verdict is Verdict.COMPLETED else ""

    def is_accepted(self, answer: object, /) -> bool:
        """See `RepeatableWrite`: it is the revision's ARN."""
        return isinstance(answer, str)

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
