"""What was done to one side of a switch, read off the executions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.plan.deployed import deployed
from drone_deploy_ecs.core.steps.limit import RegisterScalableTarget
from drone_deploy_ecs.core.steps.scale import Scale, Scaling
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.deployed import Deployed
    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.core.target import Target


class SideHistory(Struct, frozen=True):
    """All that was done to one side, in order; `executions` has what was done to both."""

    target: Target
    executions: tuple[Execution, ...]

    @property
    def deployed(self) -> Deployed | None:
        """The deployment to this side, if there was one."""
        return next((side for side in deployed(self.executions) if side.target.name == self.target.name), None)

    @property
    def steps(self) -> tuple[Execution, ...]:
        """Everything that was done to it but its deployment."""
        others = (execution for execution in self.executions if not execution.is_monitored)
        return tuple(
            execution for execution in others if (target := execution.step.target) and target.name == self.target.name
        )

    @property
    def scalings(self) -> tuple[Execution, ...]:
        """Its changes of count."""
        return tuple(execution for execution in self.steps if isinstance(execution.step, Scale))

    @property
    def was_scaled(self) -> bool:
        """Whether its count was, or may have been, changed."""
        return any(scaling.has_written for scaling in self.scalings)

    @property
    def was_limited(self) -> bool:
        """Whether its autoscaling was, or may have been, changed."""
        limits = (execution for execution in self.steps if isinstance(execution.step, RegisterScalableTarget))
        return any(limit.has_written for limit in limits)

    @property
    def trouble(self) -> Execution | None:
        """The first step that didn't end well."""
        fine = (None, Verdict.COMPLETED, Verdict.WITHDRAWN)
        return next((execution for execution in self.steps if execution.verdict not in fine), None)

    @property
    def notes(self) -> str:
        """What to add about steps that ended well."""
        scalings = (execution for execution in self.steps if isinstance(execution, Scaling))
        return "; ".join(scaling.note for scaling in scalings if scaling.note)


def last_seen(histories: Iterable[SideHistory]) -> Service | None:
    """The service as its scaling showed it last."""
    services = [scaling.service for history in histories for scaling in history.scalings]
    return next(filter(None, reversed(services)), None)
