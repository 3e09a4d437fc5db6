"""Service deployments and what is under way by them, in a word each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service_deployment import (
    DescribedServiceDeployment,
    HookRun,
    RevisionSummary,
    Rollback,
    Strategy,
)
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.native.record import Known
from drone_deploy_ecs.core.steps.native.update import RollBack, ShiftTraffic
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from tests.core.shown import BEFORE, BUDGET, CONTEXT, NEW, NOON, OLD, OURS, TARGET, at

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.native.shift import Shift

RECORD = "arn:aws:ecs:eu-west-1:1:service-deployment/prod/web/r"
BLUE_GREEN, CANARY = Strategy(name="BLUE_GREEN", bake=10), Strategy(name="CANARY", bake=10)
PAUSE = HookRun(
    id="ecs-pause-x", target_type="PAUSE", status="AWAITING_ACTION", expires_at=at(3600), timeout_action="ROLLBACK"
)
LAMBDA = HookRun(id="ecs-lambda-x", target_type="AWS_LAMBDA", status="IN_PROGRESS")


def revision(deployment: str) -> str:
    return f"arn:aws:ecs:eu-west-1:1:service-revision/prod/web/{deployment.rpartition('/')[2]}"


def record(
    status: str = "IN_PROGRESS",
    stage: str = "SCALE_UP",
    production: float | None = 0.0,
    *,
    of: str = OURS,
    back_to: str = "",
    **more: Any,
) -> DescribedServiceDeployment:
    """A service deployment as ECS describes it; `back_to` is the deployment to which it is rolled back."""
    found = DescribedServiceDeployment(
        arn=RECORD, status=status, stage=stage, strategy=BLUE_GREEN,
        target=RevisionSummary(arn=revision(of), production=production),
        rollback=Rollback(service_revision_arn=revision(back_to) if back_to else "")
    )  # fmt: skip
    return replace(found, **more)


def known(found: DescribedServiceDeployment | None = None, **more: Any) -> Known:
    return Known(of=OURS, arn=RECORD if found else "", record=found, **more)


def following(found: DescribedServiceDeployment | None = None, **more: Any) -> Shift:
    """Our deployment, accepted at 0."""
    terms = Terms(budget=BUDGET)
    begun = ShiftTraffic(target=TARGET, terms=terms, definition=NEW, strategy=BLUE_GREEN).begin(CONTEXT).start(0.0)
    ours = Ours(deployment=OURS, since=NOON, was_seen=True)
    followed = replace(begun, phase=Phase.FOLLOW, ours=ours, known=known(found), writes=replace(begun.writes, count=1))
    return replace(followed, **more)


def returning(found: DescribedServiceDeployment | None = None, **more: Any) -> Shift:
    """The way back of that, begun at 0."""
    step = RollBack(
        target=replace(TARGET, known=frozenset({OLD, OURS})), terms=Terms(budget=BUDGET), definition=BEFORE, undoes=OURS,
        since=NOON, strategy=BLUE_GREEN, arn=RECORD if found else "", must_not_write=bool(more.pop("must_not_write", False)),
    )  # fmt: skip
    return replace(step.begin(CONTEXT).start(0.0), known=known(found), **more)
