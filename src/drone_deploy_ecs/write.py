"""The writes: a step under way turned into its call, and what came of that into the value that its fold takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.calls.autoscaling import RegisterScalableTarget
from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition, RegisterTaskDefinition, UpdateService
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


def register(calls: Calls, registration: Registration) -> Registered | NotRegistered | Newest:
    """RegisterTaskDefinition, or after a doubtful one a look at the family's newest revision."""
    step = registration.step
    try:
        if registration.phase is Phase.CHECK:
            return Newest(calls.send(DescribeTaskDefinition(region=step.region, name=step.family)))
        return Registered(calls.send(RegisterTaskDefinition(region=step.region, body=registration.body)))
    except ApiError as error:
        return NotRegistered(error.fault)


def update(calls: Calls, watch: Watch) -> Observation:
    """UpdateService with a revision: a new deployment."""
    target = watch.target
    return _updated(
        calls,
        UpdateService(
            region=target.region,
            cluster=target.cluster,
            name=target.asked,
            definition=watch.definition,
            desired=watch.desired,
            force=watch.force,
        ),
    )


def scale(calls: Calls, scaling: Scaling) -> Observation:
    """UpdateService with nothing but a count."""
    target = scaling.step.target
    call = UpdateService(region=target.region, cluster=target.cluster, name=target.asked, desired=scaling.step.to)
    return _updated(calls, call)


def _updated(calls: Calls, call: UpdateService) -> Observation:
    try:
        return Accepted(calls.send(call))
    except ApiError as error:
        return NotWritten(error.fault)


def limit(calls: Calls, limiting: Limiting) -> Fault | None:
    """RegisterScalableTarget; None when it was accepted."""
    target, limits = limiting.step.target, limiting.step.limits
    call = RegisterScalableTarget(
        region=target.region, cluster=short(target.cluster), name=target.service, limits=limits
    )
    try:
        calls.send(call)
    except ApiError as error:
        return error.fault
    return None
