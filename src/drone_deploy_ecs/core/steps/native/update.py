"""The steps for a service whose strategy shifts traffic: to write it, to follow what is written, to take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.native.pauses import Answers
from drone_deploy_ecs.core.steps.native.record import Known
from drone_deploy_ecs.core.steps.native.shift import Shift
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.update import UNTIL_STARTED, FollowDeployment, UpdateService
from drone_deploy_ecs.core.text import MINUTE, span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from drone_deploy_ecs.core.ecs.service_deployment import Strategy
    from drone_deploy_ecs.core.steps.rollout.terms import Terms
    from drone_deploy_ecs.core.steps.step import Context


SHIFTED = "once all production traffic is shifted"
"""See `rollout.update.HEALTHY`."""


class ShiftTraffic(UpdateService, Struct, frozen=True, kw_only=True):
    """UpdateService, of which `strategy` makes a service deployment: that is followed. The rest as `UpdateService`."""

    serves: ClassVar[str] = SHIFTED

    strategy: Strategy

    def __str__(self) -> str:
        return f"{UpdateService.__str__(self)}, by its strategy {self.strategy.name}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        return _explain(self)

    def begin(self, context: Context, /) -> Shift:
        """See `Step`."""
        return Shift(
            step=self,
            definition=context.outputs.get(self.registration, self.definition),
            began=context.now,
            phase=self.phase(context),
            writes=UNTIL_STARTED,
        )

    def undone(self, rollout: object, /, **how: Any) -> UpdateService:
        """See `UpdateService`."""
        return _undone(self.strategy, rollout, how)


class FollowServiceDeployment(FollowDeployment, Struct, frozen=True, kw_only=True):
    """Write nothing: this very revision is being deployed already, by `strategy`, so follow that and judge it.

    But where it waits at the PAUSE hook with the id `approves` ("" for none), that is answered with CONTINUE.
    """

    serves: ClassVar[str] = SHIFTED

    strategy: Strategy
    approves: str = ""

    def __str__(self) -> str:
        if not self.approves:
            return FollowDeployment.__str__(self)
        return f"ContinueServiceDeployment: {self.target.name} goes on to {short(self.definition)}, past PAUSE hook {self.approves}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        return _explain(self)

    def begin(self, context: Context, /) -> Shift:
        """See `Step`."""
        return Shift(
            step=self,
            definition=self.definition,
            began=context.now,
            phase=Phase.FOLLOW,
            ours=Ours(deployment=self.deployment, since=None),
            known=Known(of=self.deployment),
            answers=Answers(approved=self.approves),
        )

    def undone(self, rollout: object, /, **how: Any) -> UpdateService:
        """See `UpdateService`."""
        return _undone(self.strategy, rollout, how)


class RollBack(UpdateService, Struct, frozen=True, kw_only=True):
    """Have ECS roll back its service deployment (`arn`, "" where it isn't known) of what `undoes` names.

    Where that is over, or may not be stopped, UpdateService deploys what ran before.
    """

    strategy: Strategy
    arn: str = ""

    def __str__(self) -> str:
        return f"StopServiceDeployment: {self.target.name} back to {short(self.definition) or 'that revision'}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        yield "At a PAUSE hook ContinueServiceDeployment with ROLLBACK instead"
        yield from UpdateService.explain(self)

    def begin(self, context: Context, /) -> Shift:
        """See `Step`. A look always comes first."""
        return Shift(
            step=self,
            definition=context.outputs.get(self.registration, self.definition),
            began=context.now,
            phase=Phase.CHECK,
            writes=UNTIL_STARTED,
            known=Known(of=self.undoes, arn=self.arn),
        )


def _undone(strategy: Strategy, rollout: object, how: dict[str, Any]) -> RollBack:
    arn = rollout.known.arn if isinstance(rollout, Shift) else ""
    return RollBack(strategy=strategy, arn=arn, **how)


def _explain(step: ShiftTraffic | FollowServiceDeployment) -> Iterator[str]:
    target, terms, strategy = step.target, step.terms, step.strategy
    yield f"Now {short(target.before) or 'without a COMPLETED deployment'}, {tasks(target.desired)} desired"
    awaited, least = _awaited(terms, strategy)
    yield f"Wait until {awaited}: at least {span(least)} by its own bakes, which the budget of {span(terms.budget)} doesn't count"
    if isinstance(step, FollowServiceDeployment) and step.approves:
        yield "That hook alone is approved; at others the setting on_pause says what is done"
    elif strategy.pauses:
        yield f"{_AT_PAUSES[terms.on_pause]} ({', '.join(strategy.pauses)})"
    yield f"Let the CI step run for {span(least + 2 * terms.budget)} at least, and as long again as hooks take"
    yield f"Undo: {step.undo}"


_AT_PAUSES = {
    "wait": "It waits for somebody's answer at its PAUSE hooks",
    "continue": "Its PAUSE hooks are answered with CONTINUE",
    "leave": "It is left, and the run ends, at the first of its PAUSE hooks",
}


def _awaited(terms: Terms, strategy: Strategy) -> tuple[str, float]:
    """What is waited for, and how many seconds its own bakes take until then."""
    if terms.wait_for_drained:
        return "its service deployment is SUCCESSFUL", strategy.least
    if terms.wait_for_shift:
        before_the_last = strategy.least - MINUTE * strategy.bake
        return "all production traffic is on it and the bake has begun", before_the_last
    return "all its tasks are healthy", 0.0
