"""What a service is in the middle of: a rollout, whoever began it, or ECS's way back from one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.service_deployment import GOING_BACK

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment, ServiceDeployment
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.snapshot import Ready


class InFlight(Struct, frozen=True, kw_only=True):
    """A rollout that isn't over, or was given up and left there, by its deployment's id, and its revision (an ARN).

    `is_going_back`: ECS has begun to take it back. `definition` is "" where ECS lists that deployment no more.
    """

    deployment: str
    definition: str
    is_going_back: bool = False


def in_flight(service: Service, record: DescribedServiceDeployment | None = None) -> InFlight | None:
    """What is rolling out; None where nothing is. `record` is its newest service deployment, where that was read."""
    primary = service.primary
    if primary is None:
        return None
    if record is not None and not (_is_newer(primary, record) and primary.rollout_state != "COMPLETED"):
        if record.is_over and not is_left(primary, record):
            return None
        return _recorded(service, record)
    if failed := _taken_back(service, primary):
        return InFlight(deployment=failed.id, definition=failed.task_definition, is_going_back=True)
    if service.last_completed is primary:
        return None
    is_going_back = service.is_rolling_back(primary.id)
    return InFlight(deployment=primary.id, definition=primary.task_definition, is_going_back=is_going_back)


def is_left(primary: Deployment, record: DescribedServiceDeployment | ServiceDeployment) -> bool:
    """Whether PRIMARY is of a service deployment that ECS gave up on and left as it was: an alarm may do so, say."""
    return record.status in ("STOPPED", "ROLLBACK_FAILED") and record.is_of(primary.id)


def before_it(service: Ready, flight: InFlight) -> Definition | None:
    """What the service ran before that: while it is on its way back PRIMARY's revision, else what completed last."""
    if flight.is_going_back and service.primary.id != flight.deployment:
        return service.edited
    settled = service.service.last_completed
    recorded = settled.task_definition if settled else service.before.arn if service.before else ""
    return next((each for each in (service.before, *service.listed) if each and each.arn == recorded), None)


def _is_newer(primary: Deployment, record: DescribedServiceDeployment) -> bool:
    """Whether PRIMARY is of a service deployment that isn't listed yet: the list is late by some ten seconds."""
    return not (record.is_of(primary.id) or record.goes_back_to(primary.id))


def _recorded(service: Service, record: DescribedServiceDeployment) -> InFlight:
    deployment = f"ecs-svc/{record.target.arn.rpartition('/')[2]}"
    listed = service.deployment(deployment)
    return InFlight(
        deployment=deployment,
        definition=listed.task_definition if listed else "",
        is_going_back=record.status in GOING_BACK,
    )


def _taken_back(service: Service, primary: Deployment) -> Deployment | None:
    """The deployment that ECS gave up on, while PRIMARY is what it goes back to."""
    for listed in service.deployments:
        if listed.id != primary.id and listed.rollout_state == "FAILED" and listed.created_at:
            is_older = primary.created_at is not None and primary.created_at < listed.created_at
            if is_older or service.is_rolling_back_to(primary.id, listed.created_at):
                return listed
    return None
