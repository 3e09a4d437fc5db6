"""RegisterScalableTarget: what Application Auto Scaling may do to a service's desired count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.core.calls import autoscaling as calls
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.attempts import Attempts
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.repeatable import RepeatableWrite
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ecs.limits import Limits
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context
    from drone_deploy_ecs.core.target import Target


class RegisterScalableTarget(KindStep, Struct, frozen=True, kw_only=True):
    """Change what Application Auto Scaling may do to a service's desired count; `why` is for people.

    `update` is the key of the step after whose write it comes: registering a minimum brings a service up to it (API
    reference), which before the update would start the old revision. `undo` is what the limits would be taken back to,
    in words. Where it isn't `required`, the run goes on without it.
    """

    target: Target
    limits: Limits
    why: str
    required: bool = True
    update: str = ""
    undo: str = "none"

    @property
    def after(self) -> str:
        """See `Step`."""
        return self.update

    @property
    def reach(self) -> Reach:
        """See `Step`."""
        return Reach.RUN if self.required else Reach.NOTHING

    def __str__(self) -> str:
        return f"RegisterScalableTarget: autoscaling of {self.target.name} {self.limits}, {self.why}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        yield f"Undo: {self.undo}"

    def begin(self, context: Context, /) -> Limiting:
        """See `Step`."""
        return Limiting(step=self, began=context.now, budget=context.budget, attempts=Attempts(not_before=context.now))


class Limiting(RepeatableWrite, frozen=True, kw_only=True):
    """Such a change under way."""

    step: RegisterScalableTarget

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        target = self.step.target
        return calls.RegisterScalableTarget(
            region=target.region, cluster=short(target.cluster), name=target.service, limits=self.step.limits
        )

    @property
    def has_written(self) -> bool:
        """See `Execution`. An attempt that was followed by another one may have been accepted."""
        return self.verdict is Verdict.COMPLETED or self.attempts.count > 1

    @property
    def verdict_of_refusal(self) -> Verdict:
        """See `RepeatableWrite`."""
        return Verdict.FAILED if self.has_written else Verdict.REFUSED

    @property
    def fails_target(self) -> str:
        """See `Execution`: a deployment that autoscaling may shrink before it serves is none."""
        return f"its autoscaling couldn't be changed: {self.reason}"

    def news(self, before: Limiting, /) -> Iterator[News]:
        """See `Execution`."""
        fault = self.attempts.fault
        if self.verdict is Verdict.COMPLETED and before.verdict is None:
            yield Kind.UPDATED, f"autoscaling {self.step.limits}: {self.step.why}"
        elif fault is not None and fault is not before.attempts.fault:
            trying = "" if self.verdict else "; trying again"
            yield Kind.TROUBLE, safe(f"its autoscaling can't be changed: {fault}{trying}")

    def heartbeat(self, now: float, /) -> str:
        """See `Execution`."""
        return f"still trying to change its autoscaling after {span(now - self.began)}"
