"""The ECS operations over a `World`, in process: an `EcsApi` with botocore's dicts and our faults."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, cast

from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.faults import Effect, Killed, as_fault
from drone_deploy_ecs.simulator.registry import rejected
from drone_deploy_ecs.simulator.shapes import service_shape, task_arn, task_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_ecs.type_defs import (
        DescribeServicesResponseTypeDef,
        DescribeTasksResponseTypeDef,
        ListServicesResponseTypeDef,
        ListTasksResponseTypeDef,
        UpdateServiceResponseTypeDef,
    )

    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.world import World

MOST_SERVICES, MOST_TASKS, MOST_LISTED = 10, 100, 100


class Operations:
    """What the operations do, without faults; both faces use it. Answers are fresh dicts."""

    def __init__(self, world: World) -> None:
        self.world = world

    def describe_services(self, cluster: str, services: Sequence[str]) -> dict[str, Any]:
        """DescribeServices."""
        if not 1 <= len(services) <= MOST_SERVICES:
            raise rejected(
                "DescribeServices", "InvalidParameterException", "Services cannot be empty, nor more than 10."
            )
        name = self._cluster("DescribeServices", cluster)
        found, missing = [], []
        for asked in services:
            service = self.world.services.get((name, short(asked)))
            if service is None:
                arn = f"{self.world.arn_prefix}service/{name}/{short(asked)}"
                missing.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(self._shown(service))
        return {"services": found, "failures": missing}

    def _shown(self, service: Service) -> dict[str, Any]:
        faults, now = self.world.faults, self.world.clock.monotonic()
        if faults.stale_seconds and now < faults.stale_until and service.shown:
            then = [shape for at, shape in service.shown if at <= now - faults.stale_seconds]
            return then[-1] if then else service.shown[0][1]
        return service_shape(service)

    def update_service(
        self, cluster: str, service: str, task_definition: str, desired: int | None = None, *, force: bool = False
    ) -> dict[str, Any]:
        """UpdateService."""
        found = self.world.services.get((self._cluster("UpdateService", cluster), short(service)))
        if found is None:
            raise rejected("UpdateService", "ServiceNotFoundException", "Service not found.")
        if found.status != "ACTIVE":
            raise rejected("UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.")
        if found.controller != "ECS":
            refused = "Unable to update task definition" if task_definition else "Cannot force a new deployment"
            raise rejected(
                "UpdateService",
                "InvalidParameterException",
                f"{refused} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
            )
        if desired is not None:
            self.world.scale(found, desired)
        if task_definition or force:
            definition = self.world.definitions.find("UpdateService", task_definition or found.primary.task_definition)[
                "taskDefinition"
            ]
            if definition["status"] != "ACTIVE":
                raise rejected("UpdateService", "ClientException", "TaskDefinition is inactive")
            arn = definition["taskDefinitionArn"]
            # Unconfirmed: that the same definition again starts nothing is only consistent with what is documented.
            if force or arn != found.primary.task_definition:
                self.world.deploy(found, arn)
        return {"service": service_shape(found)}

    def list_services(self, cluster: str, token: str, most: int = MOST_LISTED) -> dict[str, Any]:
        """ListServices, in no order that means anything."""
        name = self._cluster("ListServices", cluster)
        arns = [f"{self.world.arn_prefix}service/{name}/{one}" for owner, one in self.world.services if owner == name]
        return _page("serviceArns", arns, int(token or 0), most)

    def list_tasks(self, cluster: str, service: str, status: str, token: str) -> dict[str, Any]:
        """ListTasks of a service, a page of 100."""
        name = self._cluster("ListTasks", cluster)
        found = self.world.services.get((name, short(service)))
        if found is None:
            raise rejected("ListTasks", "ServiceNotFoundException", "Service not found.")
        arns = [task_arn(found, task) for task in found.tasks if task.is_alive == (status != "STOPPED")]
        return _page("taskArns", arns, int(token or 0), MOST_TASKS)

    def describe_tasks(self, cluster: str, tasks: Sequence[str]) -> dict[str, Any]:
        """DescribeTasks."""
        if not 1 <= len(tasks) <= MOST_TASKS:
            raise rejected("DescribeTasks", "InvalidParameterException", "Tasks cannot be empty, nor more than 100.")
        name = self._cluster("DescribeTasks", cluster)
        known = {
            task.id: (service, task)
            for (owner, _), service in self.world.services.items()
            if owner == name
            for task in service.tasks
        }
        found = [task_shape(*known[short(one)]) for one in tasks if short(one) in known]
        missing = [{"arn": one, "reason": "MISSING"} for one in tasks if short(one) not in known]
        return {"tasks": found, "failures": missing}

    def _cluster(self, operation: str, cluster: str) -> str:
        if short(cluster) not in self.world.clusters:
            raise rejected(operation, "ClusterNotFoundException", "Cluster not found.")
        return short(cluster)


def _page(member: str, items: list[str], start: int, most: int) -> dict[str, Any]:
    page: dict[str, Any] = {member: items[start : start + most]}
    return page if start + most >= len(items) else {**page, "nextToken": str(start + most)}


class SimulatedEcs:
    """`ports.EcsApi`, in process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._do = Operations(world)

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> DescribeServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        answer = self._call(
            "DescribeServices", ",".join(services), lambda: self._do.describe_services(cluster, services)
        )
        return cast("DescribeServicesResponseTypeDef", answer)

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        describe = self._world.definitions.describe
        return self._call("DescribeTaskDefinition", taskDefinition, lambda: describe(taskDefinition))

    def register_task_definition(self, *, definition: Mapping[str, Any]) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        register, now = self._world.definitions.register, self._world.clock.monotonic()
        tagged = "with tags" if definition.get("tags") else ""
        return self._call("RegisterTaskDefinition", tagged, lambda: register(definition, now))

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
        answer = self._call(
            "UpdateService",
            service,
            lambda: self._do.update_service(cluster, service, taskDefinition, desiredCount, force=forceNewDeployment),
        )
        return cast("UpdateServiceResponseTypeDef", answer)

    def list_services(self, *, cluster: str, nextToken: str = "") -> ListServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        answer = self._call("ListServices", "", lambda: self._do.list_services(cluster, nextToken))
        return cast("ListServicesResponseTypeDef", answer)

    def list_tasks(
        self, *, cluster: str, serviceName: str, desiredStatus: Literal["RUNNING", "STOPPED"], nextToken: str = ""
    ) -> ListTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        answer = self._call(
            "ListTasks", serviceName, lambda: self._do.list_tasks(cluster, serviceName, desiredStatus, nextToken)
        )
        return cast("ListTasksResponseTypeDef", answer)

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> DescribeTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        answer = self._call("DescribeTasks", "", lambda: self._do.describe_tasks(cluster, tasks))
        return cast("DescribeTasksResponseTypeDef", answer)

    def _call(self, operation: str, about: str, do: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The call, with whatever goes wrong with it."""
        effect = self._world.faults.strike(operation, about)
        if effect is None:
            return do()
        if effect is Effect.KILL:
            with suppress(ApiError):
                do()
            raise Killed
        if effect.comes_after:
            do()
        if effect in (Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER):
            self._world.clock.sleep(self._world.faults.timeout)
        raise ApiError(as_fault(effect, operation))
