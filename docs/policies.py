"""What AWS must allow, by feature: the one table behind `permissions.md` and the README's policy."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

Statement = dict[str, Any]
ECS = "arn:aws:ecs:REGION:ACCOUNT"


def allow(sid: str, actions: str, resource: str | list[str] = "*", **condition: dict[str, str]) -> Statement:
    """A statement; `actions` are separated by spaces."""
    named = actions.split()
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": named if len(named) > 1 else named[0]}
    return statement | {"Resource": resource} | ({"Condition": condition} if condition else {})


class Feature(NamedTuple):
    """What it is for, the statements it takes, and what happens without them."""

    name: str
    what: str
    statements: tuple[Statement, ...]
    without: str


FEATURES = (
    Feature(
        "Every deployment",
        "What the plan reads, and the two writes. `plan` and `dry_run` need only what reads.",
        (
            allow("ReadServices", "ecs:DescribeServices", f"{ECS}:service/CLUSTER/SERVICE"),
            allow("ReadTaskDefinitions", "ecs:DescribeTaskDefinition"),
            allow("UpdateServices", "ecs:UpdateService", f"{ECS}:service/CLUSTER/SERVICE"),
            allow("RegisterTaskDefinitions", "ecs:RegisterTaskDefinition", f"{ECS}:task-definition/FAMILY:*"),
            allow(
                "PassTheTasksRoles",
                "iam:PassRole",
                ["arn:aws:iam::ACCOUNT:role/TASK-ROLE", "arn:aws:iam::ACCOUNT:role/EXECUTION-ROLE"],
                StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
        ),
        "Refused, exit code 2: nothing was changed. The writes are refused when AWS refuses them.",
    ),
    Feature(
        "Reasons",
        "Why tasks stopped, so that a doomed deployment fails within seconds rather than when its budget ends.",
        (
            allow("FindTasks", "ecs:ListTasks", ArnEquals={"ecs:cluster": f"{ECS}:cluster/CLUSTER"}),
            allow("ReadTasks", "ecs:DescribeTasks", f"{ECS}:task/CLUSTER/*"),
        ),
        "The log says that reasons can't be shown. A crashing container isn't recognised then: the deployment fails when "
        "ECS gives up on it or the budget ends. A same-tag deployment has no way back.",
    ),
    Feature(
        "Tags",
        "Only where task definitions have tags: the new revision keeps them.",
        (
            allow(
                "KeepTags",
                "ecs:TagResource",
                f"{ECS}:task-definition/FAMILY:*",
                StringEquals={"ecs:CreateAction": "RegisterTaskDefinition"},
            ),
        ),
        "The new revision is registered without tags, with a warning.",
    ),
    Feature(
        "Patterns",
        "Only where `service` has patterns such as `tenant-*`: which services there are.",
        (allow("FindServices", "ecs:ListServices", ArnEquals={"ecs:cluster": f"{ECS}:cluster/CLUSTER"}),),
        "Refused, exit code 2.",
    ),
    Feature(
        "Logs",
        "The last lines of a failed container's log (`log_lines`).",
        (
            allow(
                "ReadTheContainersLog",
                "logs:GetLogEvents",
                "arn:aws:logs:REGION:ACCOUNT:log-group:LOG-GROUP:log-stream:*",
            ),
        ),
        "One line says that the log can't be shown, and names the permission.",
    ),
    Feature(
        "Target health",
        "What the load balancer said of the new tasks.",
        (
            allow(
                "ReadTargetHealth",
                "elasticloadbalancing:DescribeTargetHealth elasticloadbalancing:DescribeTargetGroups",
            ),
        ),
        "One line says so, and names the permission.",
    ),
    Feature(
        "Alarms",
        "Which deployment alarm went off.",
        (allow("ReadAlarms", "cloudwatch:DescribeAlarms", "arn:aws:cloudwatch:REGION:ACCOUNT:alarm:*"),),
        "One line says so, and names the permission.",
    ),
    Feature(
        "Service deployments",
        "Why ECS took a deployment back before it started a task, as it does when a lifecycle hook refuses it.",
        (allow("ReadServiceDeployments", "ecs:ListServiceDeployments", f"{ECS}:service/CLUSTER/SERVICE"),),
        "One line says so, and names the permission. The reason is then what a service event tells, if there is one.",
    ),
    Feature(
        "ECS's own strategies",
        "Only services with the strategy BLUE_GREEN, LINEAR or CANARY, beside [Service deployments](#service-deployments), which "
        "they need, too. `ContinueServiceDeployment` takes one back that waits "
        "at a PAUSE hook; the listeners' rules are read before anything is written.",
        (
            allow(
                "FollowShiftingDeployments",
                "ecs:DescribeServiceDeployments ecs:StopServiceDeployment ecs:ContinueServiceDeployment",
                f"{ECS}:service-deployment/CLUSTER/SERVICE/*",
            ),
            allow("ReadListenerRules", "elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeListeners"),
        ),
        "List or Describe: refused, exit code 2: nothing was changed. Stop or Continue: taken back by a whole new deployment "
        "instead. The rules: they aren't checked.",
    ),
    Feature(
        "Blue/green",
        "`mode: blue-green` only: the limits of autoscaling move along.",
        (
            allow(
                "MoveAutoscaling",
                "application-autoscaling:DescribeScalableTargets application-autoscaling:RegisterScalableTarget",
            ),
        ),
        "Refused, exit code 2, or undone.",
    ),
    Feature(
        "Live colour",
        "`mode: blue-green-cluster` only: the secret that names the live colour.",
        (
            allow(
                "ReadTheLiveColour",
                "secretsmanager:GetSecretValue",
                "arn:aws:secretsmanager:REGION:ACCOUNT:secret:BRANCH-SERVICE-*",
            ),
        ),
        "Refused, exit code 2: nothing was changed.",
    ),
    Feature(
        "Another role",
        "`aws_role_arn` only: for the identity that the step starts with. The role itself gets all the others.",
        (allow("AssumeTheRole", "sts:AssumeRole", "arn:aws:iam::ACCOUNT:role/ROLE"),),
        "Refused, exit code 2: nothing was changed.",
    ),
)
ROLLING = 3
"""The first so many make the README's policy."""


def document(features: Sequence[Feature]) -> str:
    """As an IAM policy."""
    statements = [statement for one in features for statement in one.statements]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, indent=2) + "\n"


def readme_policy() -> str:
    """Of a rolling deployment, with reasons and tags."""
    return f"```json\n{document(FEATURES[:ROLLING])}```\n"


def permissions_page(by: str) -> str:
    """Every feature with its statements."""
    return "\n".join([
        "# Permissions\n",
        f"{by} Here: `FEATURES` in `docs/policies.py`.\n",
        "What AWS must allow, by feature: take the statements of those that you use. Replace what is in capitals; a",
        "deployment over several services names each in `Resource`. It needs nothing that isn't on this page.\n",
        "| Feature | Needed | Without it |",
        "| --- | --- | --- |",
        *(f"| [{one.name}](#{anchor(one.name)}) | {_actions(one)} | {one.without} |" for one in FEATURES),
        "",
        *map(_section, FEATURES),
    ])  # fmt: skip


def anchor(heading: str) -> str:
    """As both GitHub and the site call it."""
    return heading.lower().replace("/", "").replace("'", "").replace(" ", "-")


def _actions(feature: Feature) -> str:
    found = (one["Action"] for one in feature.statements)
    named = [name for one in found for name in ([one] if isinstance(one, str) else one)]
    return ", ".join(f"`{name}`" for name in named)


def _section(feature: Feature) -> str:
    return f"## {feature.name}\n\n{feature.what}\n\n```json\n{document([feature])}```\n"
