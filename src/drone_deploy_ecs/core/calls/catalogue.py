"""Every class of call: for whoever must know them all, as the simulator and the tests against AWS's own model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets, RegisterScalableTarget
from drone_deploy_ecs.core.calls.cloudwatch import DescribeAlarms
from drone_deploy_ecs.core.calls.ecs import (
    DescribeServices,
    DescribeTaskDefinition,
    DescribeTasks,
    ListServices,
    ListTasks,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.calls.elb import DescribeTargetGroups, DescribeTargetHealth
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.calls.secrets import GetSecretValue

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call

CALLS: tuple[type[Call[Any]], ...] = (
    DescribeServices, UpdateService, ListServices, ListTasks, DescribeTasks, DescribeTaskDefinition,
    RegisterTaskDefinition, DescribeScalableTargets, RegisterScalableTarget, DescribeTargetHealth, DescribeTargetGroups,
    DescribeAlarms, GetLogEvents, GetSecretValue,
)  # fmt: skip
BY_OPERATION: dict[str, type[Call[Any]]] = {call.operation: call for call in CALLS}


def permission(operation: str) -> str:
    """What IAM calls it; the operation itself where it is none of these, as those by which a role is assumed."""
    call = BY_OPERATION.get(operation)
    return call.permission if call else operation
