"""What a policy allows, and how AWS words it where it doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.permissions import Need, Policy, read_policy
from drone_deploy_ecs.simulator.world import World, task_definition

ECS = "arn:aws:ecs:eu-west-1:123456789012"


def policy(action: str | list[str], resource: str | list[str] = "*", condition: dict[str, Any] | None = None) -> Policy:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition or {}}
    return read_policy({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("pattern", "resource", "fits"),
    [
        ("*", "a", True), ("a*", "abc", True), ("a?c", "abc", True), ("a?", "abc", False), ("A*", "abc", False),
        ("a.c", "abc", False), ("a[b]c", "abc", False), ("task-definition/web:*", "task-definition/web:*", True),
        ("task-definition/web:*", "task-definition/webshop:1", False),
    ],
)  # fmt: skip
def test_resources_are_patterns_as_iam_has_them(*, pattern: str, resource: str, fits: bool) -> None:
    assert policy("ecs:UpdateService", ["b", pattern]).allows(Need("ecs:UpdateService", resource, {})) is fits


def test_actions_may_be_patterns_in_any_case() -> None:
    need = Need("ecs:UpdateService", "x", {})
    assert policy(["logs:*", "ECS:update*"]).allows(need)
    assert not policy("ecs:Describe*").allows(need)


@pytest.mark.parametrize(
    ("operator", "value", "fits"),
    [
        ("ArnEquals", "arn:b*", True), ("StringEquals", "arn:b*", False), ("StringEquals", ["x", "arn:bc"], True),
        ("StringLike", "arn:?c", True), ("ArnLike", "arn:c", False),
    ],
)  # fmt: skip
def test_a_condition_must_hold_for_a_key_that_is_there(*, operator: str, value: Any, fits: bool) -> None:
    conditional = policy("a:B", condition={operator: {"ecs:cluster": value}})
    assert conditional.allows(Need("a:B", "x", {"ecs:cluster": "arn:bc"})) is fits
    assert not conditional.allows(Need("a:B", "x", {}))


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"Statement": "no"}, {"Statement": [1]}, {"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]},
        {"Statement": {"Effect": "Allow", "NotAction": "a:B", "Action": "a:B", "Resource": "*"}},
        {"Statement": {"Effect": "Allow", "Action": "a:B"}},
        {"Statement": {"Effect": "Allow", "Action": "a:B", "Resource": "*", "Condition": {"Bool": {}}}},
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_rather_than_ignored(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="statements"):
        read_policy(wrong)


ROLE = "arn:aws:iam::123456789012:role/tasks/web"
CALLS: list[tuple[str, dict[str, Any], str, str]] = [
    ("DescribeServices", {"cluster": "prod", "services": ["web", "api"]}, "ecs:DescribeServices", f"{ECS}:service/prod/web"),
    ("UpdateService", {"cluster": "prod", "service": f"{ECS}:service/prod/web"}, "ecs:UpdateService", f"{ECS}:service/prod/web"),
    ("ListTasks", {"cluster": f"{ECS}:cluster/prod", "serviceName": "web"}, "ecs:ListTasks", "*"),
    ("DescribeTasks", {"cluster": "prod", "tasks": ["abc"]}, "ecs:DescribeTasks", f"{ECS}:task/prod/abc"),
    ("RegisterTaskDefinition", {"family": "web"}, "ecs:RegisterTaskDefinition", f"{ECS}:task-definition/web:*"),
    ("ListClusters", {}, "ecs:ListClusters", "*"),
    ("DescribeTargetHealth", {"TargetGroupArn": "x"}, "elasticloadbalancing:DescribeTargetHealth", "*"),
    ("GetLogEvents", {"logGroupName": "/g", "logStreamName": "s"}, "logs:GetLogEvents", "arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:s"),
    ("GetSecretValue", {"SecretId": "s"}, "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("operation", "request_", "action", "resource"), CALLS, ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_is_not_allowed_is_denied_in_awss_words(
    operation: str, request_: dict[str, Any], action: str, resource: str
) -> None:
    world = World()
    world.add_service("prod", "web", task_definition())
    world.policy = policy("other:Thing")
    with pytest.raises(ApiError) as denied:
        Operations(world).call(operation, request_)
    assert denied.value.fault.kind is FaultKind.DENIED
    assert denied.value.fault.code == "AccessDeniedException"
    assert denied.value.fault.message == (
        f"User: arn:aws:sts::123456789012:assumed-role/deploy/ci is not authorized to perform: {action} on resource: "
        f"{resource} because no identity-based policy allows the {action} action"
    )


def test_a_registration_passes_its_roles_and_sets_its_tags() -> None:
    world = World()
    body = task_definition(taskRoleArn=ROLE, executionRoleArn="execution", tags=[{"key": "a", "value": "b"}])
    wanted: list[tuple[str, str, dict[str, Any]]] = [
        ("ecs:RegisterTaskDefinition", f"{ECS}:task-definition/web:*", {}),
        ("ecs:TagResource", f"{ECS}:task-definition/web:*", {"ecs:CreateAction": "RegisterTaskDefinition"}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}),
        (
            "iam:PassRole",
            "arn:aws:iam::123456789012:role/execution",
            {"iam:PassedToService": "ecs-tasks.amazonaws.com"},
        ),
    ]
    statements: list[dict[str, Any]] = []
    for action, resource, context in wanted:
        world.policy = read_policy({"Statement": statements})
        with pytest.raises(ApiError, match=f"{action} on resource"):
            Operations(world).call("RegisterTaskDefinition", body)
        statements.append(
            {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": {"StringEquals": context}}
        )
    world.policy = read_policy({"Statement": statements})
    assert Operations(world).call("RegisterTaskDefinition", body)


def test_what_is_rejected_anyway_is_denied_first() -> None:
    world = World()
    world.policy = policy("other:Thing")
    with pytest.raises(ApiError, match="not authorized"):
        Operations(world).call("UpdateService", {"cluster": "nowhere", "service": ""})
