"""What the caller may do: the part of IAM that our own policies use, and what each operation asks of it.

Source: AWS's service authorization reference, and the wording of refusals that people published.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct

from drone_deploy_ecs.core.calls.catalogue import permission
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.schedule import BUS
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.faults import CALLER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEMBERS = {"Sid", "Effect", "Action", "Resource", "Condition"}
SUFFIX = "-AbCdEf"
"""What Secrets Manager adds to a secret's name in its ARN: six characters."""


class Need(NamedTuple):
    """One thing that a call asks of IAM; `context` has IAM's condition keys."""

    action: str
    resource: str
    context: Mapping[str, str]


class Policy(Struct, frozen=True):
    """The statements of an identity's only policy: what none of them allows is denied."""

    statements: tuple[Mapping[str, Any], ...]

    def allows(self, need: Need) -> bool:
        """Whether one of them does."""
        return any(_allows(statement, need) for statement in self.statements)

    def check(self, operation: str, needs: Iterator[Need]) -> None:
        """Raises ApiError, in AWS's words, for the first that isn't allowed."""
        for need in needs:
            if not self.allows(need):
                why = f"because no identity-based policy allows the {need.action} action"
                what = f"User: {CALLER} is not authorized to perform: {need.action} on resource: {need.resource}"
                raise ApiError(Fault(FaultKind.DENIED, operation, "AccessDeniedException", f"{what} {why}"))


def read_policy(document: Mapping[str, Any]) -> Policy:
    """An IAM policy as a value. Raises ValueError where it says more than is understood here, rather than ignore it."""
    statements = document.get("Statement")
    listed = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(listed, list) or not all(isinstance(statement, Mapping) for statement in listed):
        raise ValueError("it has no list of statements")
    for statement in listed:
        strange = set(statement) - MEMBERS or set(statement.get("Condition", {})) - set(OPERATORS)
        if strange or statement.get("Effect") != "Allow" or not {"Action", "Resource"} <= set(statement):
            known = f"{', '.join(sorted(MEMBERS))}, and conditions by {', '.join(OPERATORS)}"
            raise ValueError(f"only statements that allow are understood here, with {known}")
    return Policy(tuple(listed))


def _allows(statement: Mapping[str, Any], need: Need) -> bool:
    return (
        any(_fits(pattern.lower(), need.action.lower()) for pattern in _several(statement["Action"]))
        and any(_fits(pattern, need.resource) for pattern in _several(statement["Resource"]))
        and all(
            key in need.context and any(OPERATORS[operator](value, need.context[key]) for value in _several(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _fits(pattern: str, text: str) -> bool:
    """IAM's own patterns: * for any characters, ? for one."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL) is not None


OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "ArnEquals": _fits, "ArnLike": _fits, "StringLike": _fits, "StringEquals": str.__eq__,
}  # fmt: skip
"""ArnEquals and ArnLike are the same to IAM."""


def needs(prefix: str, operation: str, request: Mapping[str, Any]) -> Iterator[Need]:
    """What this call asks for; `prefix` is how the account's ECS ARNs begin (`arn:aws:ecs:eu-west-1:123456789012:`)."""
    action = permission(operation)
    if ":" not in action:
        action = f"ecs:{operation}"
    context = {"ecs:cluster": f"{prefix}cluster/{_cluster(request)}"} if operation in IN_CLUSTER else {}
    resources = RESOURCES.get(operation, _any)(prefix, request)
    yield from (Need(action, resource, context) for resource in resources)
    if operation == "RegisterTaskDefinition":
        yield from _of_registration(prefix, request)
    tagging = ("tags", "enableECSManagedTags", "propagateTags")
    if operation == "RunTask" and any(map(request.get, tagging)):
        yield Need("ecs:TagResource", f"{prefix}task/{_cluster(request)}/*", {"ecs:CreateAction": operation})
    for target in (*request.get("Targets", ()), request.get("Target")) if operation in PASSES_ROLES else ():
        if target and target.get("RoleArn"):
            yield Need("iam:PassRole", target["RoleArn"], {"iam:PassedToService": PASSES_ROLES[operation]})


def _of_registration(prefix: str, request: Mapping[str, Any]) -> Iterator[Need]:
    """Tags are a permission apart; each role is passed to tasks."""
    if request.get("tags"):
        resource = f"{prefix}task-definition/{request.get('family', '')}:*"
        yield Need("ecs:TagResource", resource, {"ecs:CreateAction": "RegisterTaskDefinition"})
    roles = f"{of(prefix, 'iam', region='')}role/"
    for role in filter(None, map(request.get, ("taskRoleArn", "executionRoleArn"))):
        resource = role if role.startswith("arn:") else f"{roles}{role}"
        yield Need("iam:PassRole", resource, {"iam:PassedToService": "ecs-tasks.amazonaws.com"})


def of(prefix: str, service: str, region: str | None = None) -> str:
    """The beginning of another service's ARNs in the same account."""
    arn, partition, _, own, account, _ = prefix.split(":")
    return f"{arn}:{partition}:{service}:{own if region is None else region}:{account}:"


def _cluster(request: Mapping[str, Any]) -> str:
    return short(str(request.get("cluster", "default")))


def _any(_prefix: str, _request: Mapping[str, Any]) -> tuple[str, ...]:
    return ("*",)


def _services(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    names = request.get("services") or [request.get("service", "")]
    return tuple(f"{prefix}service/{_cluster(request)}/{short(name)}" for name in names)


def _tasks(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{prefix}task/{_cluster(request)}/{short(task)}" for task in request.get("tasks", ()))


def _revision(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    name = request.get("taskDefinition", "")
    return (name if name.startswith("arn:") else f"{prefix}task-definition/{name}",)


def _task(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{prefix}task/{_cluster(request)}/{short(request.get('task', ''))}",)


def _family(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{prefix}task-definition/{request.get('family', '')}:*",)


def _log_stream(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    group, stream = request.get("logGroupName", ""), request.get("logStreamName", "")
    return (f"{of(prefix, 'logs')}log-group:{group}:log-stream:{stream}",)


def _secret(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{of(prefix, 'secretsmanager')}secret:{request.get('SecretId', '')}{SUFFIX}",)


def _service_deployments(_prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(request.get("serviceDeploymentArns") or [request.get("serviceDeploymentArn", "")])


def _service_revisions(_prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(request.get("serviceRevisionArns", ()))


def _repository(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    arn, partition, _, region, own, _ = prefix.split(":")
    account = request.get("registryId") or own
    return (f"{arn}:{partition}:ecr:{region}:{account}:repository/{request.get('repositoryName', '')}",)


def _parameters(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    names = (short(name) if name.startswith("arn:") else name.lstrip("/") for name in request.get("Names", ()))
    return tuple(f"{of(prefix, 'ssm')}parameter/{name}" for name in names)


def _role(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{of(prefix, 'iam', region='')}role/{request.get('RoleName', '')}",)


def _tagged(_prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (str(request.get("resourceArn", "")),)


def _function(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{of(prefix, 'lambda')}function:{request.get('FunctionName', '')}",)


def _rule(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    bus, name = request.get("EventBusName", BUS), request.get("Rule") or request.get("Name", "")
    return (f"{of(prefix, 'events')}rule/{name if bus == BUS else f'{bus}/{name}'}",)


def _schedule(prefix: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"{of(prefix, 'scheduler')}schedule/{request.get('GroupName', 'default')}/{request.get('Name', '')}",)


RESOURCES: Mapping[str, Callable[[str, Mapping[str, Any]], tuple[str, ...]]] = {
    "DescribeServices": _services, "UpdateService": _services, "ListServiceDeployments": _services,
    "RunTask": _revision, "StopTask": _task, "DescribeTasks": _tasks, "RegisterTaskDefinition": _family, "TagResource": _tagged, "GetLogEvents": _log_stream, "GetSecretValue": _secret,
    "DescribeServiceDeployments": _service_deployments, "StopServiceDeployment": _service_deployments,
    "DescribeServiceRevisions": _service_revisions,
    "ContinueServiceDeployment": _service_deployments, "DescribeSecret": _secret, "BatchGetImage": _repository, "GetDownloadUrlForLayer": _repository,
    "DescribeRule": _rule, "ListTargetsByRule": _rule, "PutTargets": _rule, "GetSchedule": _schedule, "UpdateSchedule": _schedule,
    "GetParameters": _parameters, "GetRole": _role, "GetFunctionConfiguration": _function,
}  # fmt: skip
"""By operation the ARNs that it is about; what isn't here has no permissions for single resources."""
PASSES_ROLES = {"PutTargets": "events.amazonaws.com", "UpdateSchedule": "scheduler.amazonaws.com"}
"""To whom a target's role is passed."""
IN_CLUSTER = ("ListServices", "ListTasks", "RunTask", "StopTask")
"""Which tell IAM the cluster as the condition key `ecs:cluster`."""
