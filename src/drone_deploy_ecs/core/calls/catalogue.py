"""Every class of call: for whoever must know them all, as the simulator and the tests against AWS's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.calls import (
    autoscaling,
    cloudwatch,
    ecr,
    ecs,
    elb,
    events,
    functions,
    iam,
    listings,
    logs,
    parameters,
    schedules,
    secrets,
    service_deployments,
    tags,
    tasks,
)
from drone_deploy_ecs.core.calls.call import Call

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def _calls(module: ModuleType) -> Iterator[type[Call[Any]]]:
    """The classes of call that this module defines."""
    members = vars(module).values()
    return (
        member for member in members if isinstance(member, type) and issubclass(member, Call) and member is not Call
    )


CALLS: tuple[type[Call[Any]], ...] = tuple(
    call
    for module in (
        ecs,
        listings,
        tasks,
        tags,
        service_deployments,
        autoscaling,
        elb,
        cloudwatch,
        logs,
        secrets,
        ecr,
        parameters,
        iam,
        functions,
        events,
        schedules,
    )
    for call in _calls(module)
)
BY_OPERATION: dict[str, type[Call[Any]]] = {call.operation: call for call in CALLS}


def permission(operation: str) -> str:
    """What IAM calls it; the operation itself where it is none of these, as those by which a role is assumed."""
    call = BY_OPERATION.get(operation)
    return call.permission if call else operation
