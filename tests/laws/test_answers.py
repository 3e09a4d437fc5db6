"""Answers of ECS that somebody spoiled: whatever is in a member's place, it reads as if the member weren't there.

And what isn't a whole answer is told as that, never as a defect.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.calls.body import NotWholeError
from drone_deploy_ecs.core.calls.catalogue import CALLS
from drone_deploy_ecs.core.calls.ecs import (
    DeregisterTaskDefinition,
    DescribeServices,
    DescribeTaskDefinition,
    DescribeTasks,
    ListServices,
    ListTasks,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.calls.listings import ListClusters, ListTaskDefinitions
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.calls.service_deployments import (
    ContinueServiceDeployment,
    DescribeServiceDeployments,
    DescribeServiceRevisions,
    ListServiceDeployments,
    StopServiceDeployment,
)
from drone_deploy_ecs.core.calls.tags import TagResource
from drone_deploy_ecs.core.calls.tasks import RunTask, StopTask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call

HERE, CLUSTER = "eu-west-1", "prod"
SERVICE: dict[str, Any] = {
    "serviceName": "web", "serviceArn": "arn:aws:ecs:eu-west-1:1:service/prod/web", "status": "ACTIVE", "desiredCount": 2,
    "runningCount": 1, "taskDefinition": "web:2", "schedulingStrategy": "REPLICA", "deploymentController": {"type": "ECS"},
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True}, "strategy": "ROLLING",
        "alarms": {"enable": True, "alarmNames": ["errors"]},
    },
    "resourceManagementType": "ECS",
    "loadBalancers": [{"targetGroupArn": "tg", "containerName": "app"}], "serviceRegistries": [{"registryArn": "r"}],
    "deployments": [
        {"id": "ecs-svc/2", "status": "PRIMARY", "taskDefinition": "web:2", "desiredCount": 2, "pendingCount": 1, "runningCount": 1,
         "failedTasks": 1, "rolloutState": "IN_PROGRESS", "rolloutStateReason": "why", "createdAt": 1767614400.25},
        {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "web:1", "createdAt": 1767600000},
    ],
    "events": [{"id": "e2", "createdAt": 1767614410.5, "message": "two"}, {"id": "e1", "createdAt": 1767614400, "message": "one"}],
}  # fmt: skip
TASK: dict[str, Any] = {
    "taskArn": "arn", "startedBy": "ecs-svc/2", "taskDefinitionArn": "web:2", "lastStatus": "STOPPED", "healthStatus": "UNHEALTHY",
    "stopCode": "EssentialContainerExited", "stoppedReason": "why", "createdAt": 1.5, "startedAt": 2, "stoppingAt": 3, "stoppedAt": 4,
    "containers": [
        {"name": "app", "image": "shop:2", "imageDigest": "sha256:0", "lastStatus": "STOPPED", "exitCode": 1, "reason": "r",
         "healthStatus": "UNHEALTHY", "networkBindings": [{"hostPort": 32768}],
         "networkInterfaces": [{"privateIpv4Address": "10.0.0.1", "ipv6Address": "::1"}]},
    ],
    "attachments": [{"type": "ElasticNetworkInterface", "status": "DELETED",
                     "details": [{"name": "privateIPv4Address", "value": "10.0.0.2"}]}],
}  # fmt: skip
NATIVE: dict[str, Any] = {
    "serviceDeploymentArn": "d", "status": "IN_PROGRESS", "statusReason": "why", "lifecycleStage": "BAKE_TIME", "createdAt": 1.5,
    "startedAt": 2, "finishedAt": 3, "sourceServiceRevisions": [{"arn": "r/1", "requestedTaskCount": 2}],
    "targetServiceRevision": {
        "arn": "r/2", "requestedTaskCount": 2, "runningTaskCount": 1, "pendingTaskCount": 1,
        "requestedProductionTrafficWeight": 5.5, "requestedTestTrafficWeight": 100.0,
    },
    "lifecycleHookDetails": [
        {"hookId": "h", "targetType": "PAUSE", "targetArn": "", "status": "AWAITING_ACTION", "expiresAt": 9, "timeoutAction": "ROLLBACK"}
    ],
    "deploymentConfiguration": {
        "strategy": "CANARY", "bakeTimeInMinutes": 3, "linearConfiguration": {"stepPercent": 20.5, "stepBakeTimeInMinutes": 2},
        "canaryConfiguration": {"canaryPercent": 1.5, "canaryBakeTimeInMinutes": 1},
        "lifecycleHooks": [
            {"targetType": "PAUSE", "hookTargetArn": "f", "lifecycleStages": ["PRE_SCALE_UP"],
             "timeoutConfiguration": {"timeoutInMinutes": 4, "action": "CONTINUE"}}
        ],
    },
    "rollback": {"reason": "why", "startedAt": 4, "serviceRevisionArn": "r/1"},
    "deploymentCircuitBreaker": {"status": "MONITORING", "failureCount": 1, "threshold": 3},
    "alarms": {"status": "TRIGGERED", "alarmNames": ["errors"], "triggeredAlarmNames": ["errors"]},
}  # fmt: skip
REVISION: dict[str, Any] = {
    "serviceRevisionArn": "r/2", "taskDefinition": "web:2", "createdAt": 1.5,
    "containerImages": [{"containerName": "app", "image": "shop:2", "imageDigest": "sha256:0"}],
}  # fmt: skip
WHOLE: dict[Call[Any], dict[str, Any]] = {
    DescribeServices(region=HERE, cluster=CLUSTER, services=("web",)): {"services": [SERVICE]},
    UpdateService(region=HERE, cluster=CLUSTER, name="web"): {"service": SERVICE},
    ListServices(region=HERE, cluster=CLUSTER): {"serviceArns": ["a", "b"], "nextToken": "more"},
    ListClusters(region=HERE): {"clusterArns": ["a", "b"], "nextToken": "more"},
    ListTaskDefinitions(region=HERE, family="web"): {"taskDefinitionArns": ["web:1", "web:2"], "nextToken": "more"},
    ListServiceDeployments(region=HERE, cluster=CLUSTER, name="web"): {
        "serviceDeployments": [
            {"serviceDeploymentArn": "a", "targetServiceRevisionArn": "r/2", "status": "STOPPED", "statusReason": "why"},
            {"serviceDeploymentArn": "b", "targetServiceRevisionArn": "r/1", "status": "SUCCESSFUL"},
        ]
    },
    DescribeServiceDeployments(region=HERE, arns=("d",)): {"serviceDeployments": [NATIVE]},
    DescribeServiceRevisions(region=HERE, arns=("r/2",)): {"serviceRevisions": [REVISION]},
    ListTasks(region=HERE, cluster=CLUSTER, name="web", status="STOPPED"): {"taskArns": ["a"], "nextToken": "more"},
    DescribeTasks(region=HERE, cluster=CLUSTER, tasks=("a",)): {"tasks": [TASK]},
    RunTask(
        region=HERE, cluster=CLUSTER, definition="web:1", container="app", command=("c",), token="t", started_by="s"
    ): {"tasks": [TASK], "failures": [{"reason": "RESOURCE:MEMORY", "detail": "why"}]},
    StopTask(region=HERE, cluster=CLUSTER, task="a", reason="r"): {"task": TASK},
    GetLogEvents(region=HERE, group="g", stream="s", limit=1): {"events": [{"message": "m"}], "nextBackwardToken": "b", "nextForwardToken": "f"},
}  # fmt: skip
RAW: tuple[Call[Any], ...] = (
    DescribeTaskDefinition(region=HERE, name="web"),
    RegisterTaskDefinition(region=HERE, body={}),
    DeregisterTaskDefinition(region=HERE, name="web:1"),
    TagResource(region=HERE, arn="d", key="k", value="v"),
)
"""Whose answers are plain JSON: `tests/laws/test_nulls.py`."""
ONE: tuple[Call[Any], ...] = (
    StopServiceDeployment(region=HERE, arn="d"),
    ContinueServiceDeployment(region=HERE, arn="d", hook="h"),
)
"""Whose answers have one member, without which they aren't AWS's."""
TOP = (
    "services", "service", "serviceArns", "serviceDeployments", "serviceRevisions", "taskArns", "tasks", "task",
    "clusterArns", "taskDefinitionArns",
)  # fmt: skip
"""What every whole answer has."""

# Nothing here is what another member could be: no number where text stands for one, no empty object or list.
odd: st.SearchStrategy[Any] = st.sampled_from([None, 1.5, {"odd": {}}, [[]], "odd", True])


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member, and of every entry of a list."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in inner:
        yield (*above, key)
        yield from places(member, (*above, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def kind(value: Any) -> str:
    """JSON's name for its type, as far as a reader may tell: seconds since 1970 may be whole or not."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


calls = pytest.mark.parametrize("call", WHOLE, ids=lambda call: call.operation)


def test_every_call_of_ecs_is_tried() -> None:
    assert {type(call) for call in (*WHOLE, *RAW, *ONE)} >= {call for call in CALLS if call.service == "ecs"}


@calls
@given(data=st.data())
def test_a_member_of_another_type_is_absent(call: Call[Any], data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in places(WHOLE[call]) if path[-1] not in TOP]))
    instead = data.draw(odd)
    spoiled, without = copy.deepcopy(WHOLE[call]), copy.deepcopy(WHOLE[call])
    if kind(at(spoiled, path)) in (kind(instead), "boolean"):
        return
    at(spoiled, path[:-1])[path[-1]] = instead
    del at(without, path[:-1])[path[-1]]
    assert call.read(json.dumps(spoiled).encode()) == call.read(spoiled) == call.read(without)


@calls
@given(data=st.data())
def test_part_of_an_answer_is_read_or_is_told_to_be_one(call: Call[Any], data: st.DataObject) -> None:
    body = json.dumps(WHOLE[call]).encode()
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(body))] * 2)))
    spoiled = body[:first] + data.draw(st.binary(max_size=8)) + body[last:]
    try:
        call.read(spoiled)
    except NotWholeError:
        return


@pytest.mark.parametrize("call", [*WHOLE, *RAW, *ONE], ids=lambda call: call.operation)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(TOP), inner),
    )
)
def test_anything_is_read_or_is_told_to_be_no_answer(call: Call[Any], body: Any) -> None:
    try:
        call.read(json.dumps(body).encode())
    except NotWholeError:
        return
