"""What each family's tasks are to run in a cluster once a plan is carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.schedule import family_of
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.strategy import Plan


class Runs(NamedTuple):
    """What a family's tasks are to run in a cluster (a name): an ARN, or the key of its registration."""

    region: str
    cluster: str
    family: str
    definition: str
    registration: str

    @property
    def revision(self) -> tuple[str, str]:
        """That."""
        return self.definition, self.registration


def runs(plan: Plan) -> tuple[Runs, ...]:
    """What the plan's services are to run, or run already."""
    families = {step.key: step.family for step in plan.steps if isinstance(step, RegisterTaskDefinition)}
    updates = (step for step in plan.steps if isinstance(step, UpdateService | FollowDeployment))
    revisions = [(step.target, step.definition, "".join(step.needs)) for step in updates]
    revisions += [(target, target.before, "") for target in plan.unchanged]
    return tuple(
        Runs(target.region, short(target.cluster), families.get(key) or family_of(definition), definition, key)
        for target, definition, key in revisions
    )
