"""The writes: a step under way turned into its call, and what came of that into the value that its fold takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs import observe
from drone_deploy_ecs.core.ecs import read_service
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.observation import Accepted, NotWritten, Observation
from drone_deploy_ecs.core.registration import Newest, NotRegistered, Registered, Registration
from drone_deploy_ecs.core.watch import Phase
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from drone_deploy_ecs.calls import Calls
    from drone_deploy_ecs.core.fault import Fault
    from drone_deploy_ecs.core.scaling import Limiting, Scaling
    from drone_deploy_ecs.core.watch import Watch


def register(calls: Calls, one: Registration) -> Registered | NotRegistered | Newest:
    """RegisterTaskDefinition, or after a doubtful one a look at the family's newest revision."""
    try:
        if one.phase is Phase.CHECK:
            return Newest(observe.definition(calls, one.step.family))
        answer = calls.register_task_definition(definition=one.body)
    except ApiError as error:
        return NotRegistered(error.fault)
    return Registered(answer["taskDefinition"]["taskDefinitionArn"])


def update(calls: Calls, one: Watch) -> Observation:
    """UpdateService with a revision: a new deployment."""
    try:
        answer = calls.update_service(
            cluster=one.target.cluster,
            service=one.target.asked,
            taskDefinition=one.definition,
            desiredCount=one.desired,
            forceNewDeployment=one.force,
        )
    except ApiError as error:
        return NotWritten(error.fault)
    return Accepted(read_service(answer["service"]))


def scale(calls: Calls, one: Scaling) -> Observation:
    """UpdateService with nothing but a count."""
    target = one.step.target
    try:
        answer = calls.update_service(cluster=target.cluster, service=target.asked, desiredCount=one.step.to)
    except ApiError as error:
        return NotWritten(error.fault)
    return Accepted(read_service(answer["service"]))


def limit(calls: Calls, one: Limiting) -> Fault | None:
    """RegisterScalableTarget; None when it was accepted."""
    target = one.step.target
    try:
        calls.set_limits(cluster=short(target.cluster), service=target.service, limits=one.step.limits)
    except ApiError as error:
        return error.fault
    return None
