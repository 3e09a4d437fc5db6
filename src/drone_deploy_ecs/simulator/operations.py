"""What AWS does when it is called: operation → answer, as dicts with AWS's own member names, for both faces.

In process (`aws`) and over HTTP (`http`) the same happens, and the same goes wrong.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.core.calls.autoscaling import DIMENSION
from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION
from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.faults import Effect, Killed, as_fault
from drone_deploy_ecs.simulator.registry import rejected
from drone_deploy_ecs.simulator.shapes import service_shape, target_shape, task_arn, task_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.world import World

Json = dict[str, Any]

A_PAGE, TASKS_A_PAGE = 10, 100
"""ARNs in an answer of ListServices where nothing is said, and in one of ListTasks."""


class Operation(NamedTuple):
    """What it answers, and the member that its request can't do without, if any."""

    answer: Callable[[Mapping[str, Any]], Json]
    needs: str = ""


class Operations:
    """Those of a world. Answers are fresh dicts; times in them are aware datetimes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._operations = {
            "DescribeServices": Operation(self._describe_services),
            "UpdateService": Operation(self._update_service, "service"),
            "ListServices": Operation(self._list_services),
            "ListClusters": Operation(self._list_clusters),
            "ListTasks": Operation(self._list_tasks),
            "DescribeTasks": Operation(self._describe_tasks),
            "DescribeTaskDefinition": Operation(self._describe_task_definition, "taskDefinition"),
            "RegisterTaskDefinition": Operation(self._register_task_definition, "family"),
            "DeregisterTaskDefinition": Operation(self._deregister_task_definition, "taskDefinition"),
            "ListTaskDefinitions": Operation(self._list_task_definitions),
            "DescribeScalableTargets": Operation(self._describe_scalable_targets),
            "RegisterScalableTarget": Operation(self._register_scalable_target, "ResourceId"),
            "GetLogEvents": Operation(self._get_log_events, "logStreamName"),
            "DescribeTargetHealth": Operation(self._describe_target_health, "TargetGroupArn"),
            "DescribeTargetGroups": Operation(self._describe_target_groups),
            "DescribeAlarms": Operation(self._describe_alarms),
            "GetSecretValue": Operation(self._get_secret_value, "SecretId"),
        }

    def call(self, operation: str, asked: Mapping[str, Any]) -> Json:
        """The answer, unless a rule of the world's faults strikes the call. Raises ApiError, or `Killed`."""
        faults = self.world.faults
        effect = faults.strike(operation, about(operation, asked))
        if effect is None:
            return self.answer(operation, asked)
        if effect is Effect.KILL:
            with suppress(ApiError):
                self.answer(operation, asked)
            raise Killed
        if effect.comes_after:
            self.answer(operation, asked)
        if effect in (Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER):
            self.world.clock.sleep(faults.gives_up_after(operation))
        raise ApiError(as_fault(effect, operation))

    def answer(self, operation: str, asked: Mapping[str, Any]) -> Json:
        """The answer. Raises ApiError as AWS would refuse."""
        if operation not in self._operations:
            served = ", ".join(sorted(self._operations))
            what = operation or "an operation that isn't named in X-Amz-Target"
            raise rejected(operation, "UnknownOperationException", f"{what} isn't simulated; served: {served}")
        answer, needs = self._operations[operation]
        if needs and not asked.get(needs):
            raise rejected(operation, "InvalidParameterException", f"{needs} can not be blank.")
        return answer(asked)

    # --- services ---

    def _describe_services(self, asked: Mapping[str, Any]) -> Json:
        services = asked.get("services", [])
        if not 1 <= len(services) <= DescribeServices.most:
            said = f"Services cannot be empty, nor more than {DescribeServices.most}."
            raise rejected("DescribeServices", "InvalidParameterException", said)
        cluster = self._cluster("DescribeServices", asked)
        found, missing = [], []
        for name in map(short, services):
            service = self.world.services.get((cluster, name))
            if service is None:
                arn = f"{self.world.arn_prefix}service/{cluster}/{name}"
                missing.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(self._shown(service))
        return {"services": found, "failures": missing}

    def _shown(self, service: Service) -> Json:
        faults, now = self.world.faults, self.world.clock.monotonic()
        if faults.stale_seconds and now < faults.stale_until and service.shown:
            then = [shape for at, shape in service.shown if at <= now - faults.stale_seconds]
            return then[-1] if then else service.shown[0][1]
        return service_shape(service)

    def _update_service(self, asked: Mapping[str, Any]) -> Json:
        service = self._service("UpdateService", asked, asked["service"])
        definition, force = asked.get("taskDefinition", ""), asked.get("forceNewDeployment", False)
        if service.status != "ACTIVE":
            raise rejected("UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.")
        if service.controller != "ECS":
            refused = "Unable to update task definition" if definition else "Cannot force a new deployment"
            raise rejected(
                "UpdateService",
                "InvalidParameterException",
                f"{refused} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
            )
        if (desired := asked.get("desiredCount")) is not None:
            self.world.scale(service, desired)
        if definition or force:
            self._deploy(service, definition or service.primary.task_definition, force=force)
        return {"service": service_shape(service)}

    def _deploy(self, service: Service, name: str, *, force: bool) -> None:
        definition = self.world.definitions.find("UpdateService", name)["taskDefinition"]
        if definition["status"] != "ACTIVE":
            raise rejected("UpdateService", "ClientException", "TaskDefinition is inactive")
        arn = definition["taskDefinitionArn"]
        # Unconfirmed: that the same definition again starts nothing is only consistent with what is documented.
        if force or arn != service.primary.task_definition:
            self.world.deploy(service, arn)

    def _list_services(self, asked: Mapping[str, Any]) -> Json:
        """In no order that means anything."""
        cluster = self._cluster("ListServices", asked)
        arns = [service.arn for service in self.world.services.values() if service.cluster == cluster]
        return _page("serviceArns", arns, asked, asked.get("maxResults", A_PAGE))

    def _list_clusters(self, _asked: Mapping[str, Any]) -> Json:
        return {"clusterArns": [f"{self.world.arn_prefix}cluster/{name}" for name in self.world.clusters]}

    def _service(self, operation: str, asked: Mapping[str, Any], name: str) -> Service:
        service = self.world.services.get((self._cluster(operation, asked), short(name)))
        if service is None:
            raise rejected(operation, "ServiceNotFoundException", "Service not found.")
        return service

    def _cluster(self, operation: str, asked: Mapping[str, Any]) -> str:
        name = short(str(asked.get("cluster", "default")))
        if name not in self.world.clusters:
            raise rejected(operation, "ClusterNotFoundException", "Cluster not found.")
        return name

    # --- tasks ---

    def _list_tasks(self, asked: Mapping[str, Any]) -> Json:
        """Of a service: AWS would list a whole cluster's, too."""
        service = self._service("ListTasks", asked, asked.get("serviceName", ""))
        are_stopped = asked.get("desiredStatus", "RUNNING") == "STOPPED"
        arns = [task_arn(service, task) for task in service.tasks if task.is_alive != are_stopped]
        return _page("taskArns", arns, asked, TASKS_A_PAGE)

    def _describe_tasks(self, asked: Mapping[str, Any]) -> Json:
        tasks = asked.get("tasks", [])
        if not 1 <= len(tasks) <= DescribeTasks.MOST:
            said = f"Tasks cannot be empty, nor more than {DescribeTasks.MOST}."
            raise rejected("DescribeTasks", "InvalidParameterException", said)
        cluster = self._cluster("DescribeTasks", asked)
        known = {
            task.id: (service, task)
            for service in self.world.services.values()
            if service.cluster == cluster
            for task in service.tasks
        }
        found = [task_shape(*known[short(arn)]) for arn in tasks if short(arn) in known]
        missing = [{"arn": arn, "reason": "MISSING"} for arn in tasks if short(arn) not in known]
        return {"tasks": found, "failures": missing}

    # --- task definitions ---

    def _describe_task_definition(self, asked: Mapping[str, Any]) -> Json:
        answer = self.world.definitions.describe(asked["taskDefinition"])
        # Tags come beside the definition, and only when they are asked for.
        return answer if "TAGS" in asked.get("include", []) else {"taskDefinition": answer["taskDefinition"]}

    def _register_task_definition(self, asked: Mapping[str, Any]) -> Json:
        return self.world.definitions.register(asked, self.world.clock.monotonic())

    def _deregister_task_definition(self, asked: Mapping[str, Any]) -> Json:
        return self.world.definitions.deregister(asked["taskDefinition"], self.world.clock.monotonic())

    def _list_task_definitions(self, _asked: Mapping[str, Any]) -> Json:
        return {"taskDefinitionArns": self.world.definitions.arns()}

    # --- Application Auto Scaling ---

    def _describe_scalable_targets(self, asked: Mapping[str, Any]) -> Json:
        resources = asked.get("ResourceIds", [])
        found = ((resource, self.world.scaling.get(*_scaled(resource))) for resource in resources)
        return {"ScalableTargets": [self._scalable_target(resource, limits) for resource, limits in found if limits]}

    def _scalable_target(self, resource: str, limits: Limits) -> Json:
        return {
            **DIMENSION,
            "ResourceId": resource,
            "MinCapacity": limits.minimum,
            "MaxCapacity": limits.maximum,
            "RoleARN": "arn:aws:iam::123456789012:role/autoscaling",
            "CreationTime": self.world.clock.now(),
            "SuspendedState": {f"{name}Suspended": name in limits.suspended for name in sorted(SUSPENSIONS)},
        }

    def _register_scalable_target(self, asked: Mapping[str, Any]) -> Json:
        """What isn't given stays."""
        cluster, service = _scaled(asked["ResourceId"])
        given = Limits(asked.get("MinCapacity", 0), asked.get("MaxCapacity", 0))
        was = self.world.scaling.get(cluster, service) or given
        state = asked.get("SuspendedState")
        suspended = frozenset(name for name in SUSPENSIONS if state.get(f"{name}Suspended")) if state else was.suspended
        limits = Limits(asked.get("MinCapacity", was.minimum), asked.get("MaxCapacity", was.maximum), suspended)
        self.world.scaling.register(cluster, service, limits)
        return {
            "ScalableTargetARN": f"arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/{service}"
        }

    # --- what else knows of a failure, and the secret ---

    def _get_log_events(self, asked: Mapping[str, Any]) -> Json:
        """What the behaviour of the task's image says that it logs."""
        task_id = short(asked["logStreamName"])
        tasks = (task for service in self.world.services.values() for task in service.tasks)
        task = next((task for task in tasks if task.id == task_id), None)
        if task is None or task.started is None:
            raise rejected("GetLogEvents", GetLogEvents.NOT_FOUND, "The specified log stream does not exist.")
        lines = task.script.log
        return {"events": [{"message": line} for line in lines[-asked.get("limit", len(lines)) :]]}

    def _describe_target_health(self, asked: Mapping[str, Any]) -> Json:
        """A target for every task that isn't stopped."""
        group = asked["TargetGroupArn"]
        services = (service for service in self.world.services.values() if service.target_group == group)
        tasks = (task for service in services for task in service.tasks if task.stopped is None)
        return {"TargetHealthDescriptions": list(map(target_shape, tasks))}

    def _describe_target_groups(self, asked: Mapping[str, Any]) -> Json:
        check = {
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckPath": "/health",
            "Matcher": {"HttpCode": "200"},
        }
        return {"TargetGroups": [{"TargetGroupArn": group, **check} for group in asked.get("TargetGroupArns", [])]}

    def _describe_alarms(self, asked: Mapping[str, Any]) -> Json:
        """Those that the world tripped."""
        services = self.world.services.values()
        tripped = {name: why for service in services for name, why in service.tripped.items()}
        found = [name for name in asked.get("AlarmNames", []) if name in tripped]
        alarms = [{"AlarmName": name, "StateValue": "ALARM", "StateReason": tripped[name]} for name in found]
        return {"MetricAlarms": alarms, "CompositeAlarms": []}

    def _get_secret_value(self, asked: Mapping[str, Any]) -> Json:
        name = asked["SecretId"]
        if name not in self.world.secrets:
            said = "Secrets Manager can't find the specified secret."
            raise rejected("GetSecretValue", "ResourceNotFoundException", said)
        return {"Name": name, "SecretString": self.world.secrets[name]}


def about(operation: str, asked: Mapping[str, Any]) -> str:
    """What fault rules may match on."""
    if operation in BY_OPERATION:
        return BY_OPERATION[operation].about(asked)
    return str(asked.get("taskDefinition") or asked.get("service") or "")


def _page(member: str, arns: list[str], asked: Mapping[str, Any], most: int) -> Json:
    start = int(asked.get("nextToken") or 0)
    page: Json = {member: arns[start : start + most]}
    return page if start + most >= len(arns) else {**page, "nextToken": str(start + most)}


def _scaled(resource: str) -> tuple[str, str]:
    """Cluster and name in `service/cluster/name`."""
    _, cluster, service = resource.split("/")
    return cluster, service
