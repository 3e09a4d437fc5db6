"""ECS's own record of a deployment of a service: what became of it, and why, also where it isn't listed any more."""

from __future__ import annotations

from drone_deploy_ecs.core.ecs.wire import Wire


class ServiceDeployment(Wire, frozen=True, kw_only=True):
    """An entry of ListServiceDeployments. `status` is SUCCESSFUL, STOPPED, ROLLBACK_SUCCESSFUL … there is no FAILED.

    `status_reason` is "" where ECS gives none.
    """

    target_service_revision_arn: str = ""
    status: str = ""
    status_reason: str = ""

    def is_of(self, deployment: str) -> bool:
        """Whether this is the record of that deployment: `ecs-svc/N` and the revision `…/N` have the same number.

        No page of AWS's says so; its own Terraform provider relies on it. N may begin with 0, so it stays text.
        """
        number = deployment.rpartition("/")[2]
        return bool(number) and self.target_service_revision_arn.rpartition("/")[2] == number
