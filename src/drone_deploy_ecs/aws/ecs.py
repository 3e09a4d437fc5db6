"""`EcsApi` over botocore, with task definitions taken from the wire and put back on it unharmed.

botocore drops response members its model doesn't know and refuses unknown request members. So the raw JSON of
DescribeTaskDefinition is picked up after the call, and RegisterTaskDefinition's body is replaced before it is signed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.aws.session import READ_TIMEOUT, client, session
from drone_deploy_ecs.core.fault import FaultKind, not_awss
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import (
        DescribeServicesResponseTypeDef,
        DescribeTasksResponseTypeDef,
        ListServicesRequestTypeDef,
        ListServicesResponseTypeDef,
        ListTasksRequestTypeDef,
        ListTasksResponseTypeDef,
        UpdateServiceRequestTypeDef,
        UpdateServiceResponseTypeDef,
    )

    from drone_deploy_ecs.core.request import Access

T = TypeVar("T", bound=Mapping[str, Any])

PAGE = 100
"""Services in one answer of ListServices, at the most; it gives 10 where nothing is said."""

_ALWAYS_THERE = {
    "DescribeServices": "services",
    "DescribeTaskDefinition": "taskDefinition",
    "RegisterTaskDefinition": "taskDefinition",
    "UpdateService": "service",
    "ListServices": "serviceArns",
    "ListTasks": "taskArns",
    "DescribeTasks": "tasks",
}
"""The member that every answer has, were it empty: botocore makes half a JSON document an answer without members."""


class Ecs:
    """The ECS of one region, over HTTPS."""

    def __init__(self, access: Access, read_timeout: float = READ_TIMEOUT) -> None:
        self._access = access
        self._read_timeout = read_timeout
        self._raw = b""
        self._body = b""
        self._client = self._connect()

    def _connect(self) -> ECSClient:
        """A client whose session reads credentials anew, wherever they come from."""
        self.session = calling("CreateClient", lambda: session(self._access))
        made: ECSClient = calling("CreateClient", lambda: client(self.session, "ecs", self._read_timeout))
        on = made.meta.events.register
        on("after-call.ecs.DescribeTaskDefinition", self._pick_up)
        on("after-call.ecs.RegisterTaskDefinition", self._pick_up)
        on("before-call.ecs.RegisterTaskDefinition", self._put_back)
        return made

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> DescribeServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        return self._call(
            "DescribeServices", lambda: self._client.describe_services(cluster=cluster, services=services)
        )

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        self._call(
            "DescribeTaskDefinition",
            lambda: self._client.describe_task_definition(taskDefinition=taskDefinition, include=["TAGS"]),
        )
        return self._picked_up("DescribeTaskDefinition")

    def register_task_definition(self, *, definition: Mapping[str, Any]) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        self._body = json.dumps(definition).encode()
        self._call(
            "RegisterTaskDefinition",
            lambda: self._client.register_task_definition(family="replaced", containerDefinitions=[]),
        )
        return self._picked_up("RegisterTaskDefinition")

    def update_service(
        self,
        *,
        cluster: str,
        service: str,
        taskDefinition: str = "",
        desiredCount: int | None = None,
        forceNewDeployment: bool = False,
    ) -> UpdateServiceResponseTypeDef:
        """See `ports.EcsApi`."""
        asked: UpdateServiceRequestTypeDef = {"cluster": cluster, "service": service}
        if taskDefinition:
            asked["taskDefinition"] = taskDefinition
        if desiredCount is not None:
            asked["desiredCount"] = desiredCount
        if forceNewDeployment:
            asked["forceNewDeployment"] = True
        return self._call("UpdateService", lambda: self._client.update_service(**asked))

    def list_services(self, *, cluster: str, nextToken: str = "") -> ListServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        asked: ListServicesRequestTypeDef = {"cluster": cluster, "maxResults": PAGE}
        if nextToken:
            asked["nextToken"] = nextToken
        return self._call("ListServices", lambda: self._client.list_services(**asked))

    def list_tasks(
        self, *, cluster: str, serviceName: str, desiredStatus: Literal["RUNNING", "STOPPED"], nextToken: str = ""
    ) -> ListTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        asked: ListTasksRequestTypeDef = {
            "cluster": cluster,
            "serviceName": serviceName,
            "desiredStatus": desiredStatus,
        }
        if nextToken:
            asked["nextToken"] = nextToken
        return self._call("ListTasks", lambda: self._client.list_tasks(**asked))

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> DescribeTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        return self._call("DescribeTasks", lambda: self._client.describe_tasks(cluster=cluster, tasks=tasks))

    def _call(self, operation: str, call: Callable[[], T]) -> T:
        """The call's answer, whole; credentials that AWS no longer takes are read anew before the next call.

        botocore refreshes those whose end it knows; others it would keep for ever.
        """
        try:
            answer = calling(operation, call)
        except ApiError as error:
            if error.fault.kind is FaultKind.NO_CREDENTIALS:
                self._client = self._connect()
            raise
        if _ALWAYS_THERE[operation] not in answer:
            raise ApiError(not_awss(operation))
        return answer

    def _pick_up(self, http_response: Any, **_: object) -> None:
        self._raw = http_response.content

    def _put_back(self, params: dict[str, Any], **_: object) -> None:
        params["body"] = self._body

    def _picked_up(self, operation: str) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self._raw)
        if not answer["taskDefinition"].get("taskDefinitionArn"):
            raise ApiError(not_awss(operation))
        return answer
