"""AWS's operations: request → answer, both dicts with AWS's own member names.

Both faces of the simulator use them, in process (`aws`) and over HTTP (`http`): the same happens, and goes wrong.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.calls.autoscaling import DIMENSION
from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION
from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator import permissions
from drone_deploy_ecs.simulator.eventbridge import EventBridge, failed
from drone_deploy_ecs.simulator.faults import Effect, Killed, as_fault
from drone_deploy_ecs.simulator.load_balancing import LoadBalancing
from drone_deploy_ecs.simulator.one_off import shape
from drone_deploy_ecs.simulator.one_off_tasks import OneOffOperations
from drone_deploy_ecs.simulator.operation import Json, Operation, page
from drone_deploy_ecs.simulator.registry import rejected
from drone_deploy_ecs.simulator.service_deployments import ServiceDeployments
from drone_deploy_ecs.simulator.shapes import service_shape, task_arn, task_shape
from drone_deploy_ecs.simulator.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.one_off import OneOff
    from drone_deploy_ecs.simulator.world import World

A_PAGE, A_LONG_PAGE = 10, 100
"""Entries of one answer, unless the request has maxResults: of ListServices, and of the other listings."""


class Operations:
    """The operations on a world. Answers are fresh dicts; times in them are aware datetimes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.surroundings = Surroundings(world)
        self._operations = {
            "DescribeServices": Operation(self._describe_services),
            "UpdateService": Operation(self._update_service, "service"),
            "ListServices": Operation(self._list_services),
            "ListClusters": Operation(self._list_clusters),
            "ListTasks": Operation(self._list_tasks),
            "DescribeTasks": Operation(self._describe_tasks),
            "DescribeTaskDefinition": Operation(self._describe_task_definition, "taskDefinition"),
            "RegisterTaskDefinition": Operation(self._register_task_definition, "family"),
            "TagResource": Operation(self._tag_resource, "resourceArn"),
            "DeregisterTaskDefinition": Operation(self._deregister_task_definition, "taskDefinition"),
            "ListTaskDefinitions": Operation(self._list_task_definitions),
            "DescribeScalableTargets": Operation(self._describe_scalable_targets),
            "RegisterScalableTarget": Operation(self._register_scalable_target, "ResourceId"),
            "GetLogEvents": Operation(self._get_log_events, "logStreamName"),
            "DescribeAlarms": Operation(self._describe_alarms),
            "GetSecretValue": Operation(self._get_secret_value, "SecretId"),
            **OneOffOperations(world).operations,
            **ServiceDeployments(world, self._service).operations,
            **LoadBalancing(world).operations,
            **self.surroundings.operations,
            **EventBridge(world).operations,
        }

    def call(self, operation: str, request: Mapping[str, Any]) -> Json:
        """The answer, unless a rule of the world's faults strikes the call. Raises ApiError, or `Killed`."""
        faults = self.world.faults
        effect = faults.strike(operation, about(operation, request))
        if effect is None:
            return self.answer(operation, request)
        if effect is Effect.KILL:
            # Nobody is left to read the answer, be it an error.
            with suppress(ApiError):
                self.answer(operation, request)
            raise Killed
        if effect is Effect.FAIL_ENTRIES:
            return failed(request)
        if effect.comes_after:
            self.answer(operation, request)
        if effect in (Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER):
            self.world.clock.sleep(faults.gives_up_after(operation))
        raise ApiError(as_fault(effect, operation))

    def answer(self, operation: str, request: Mapping[str, Any]) -> Json:
        """The answer. Raises ApiError as AWS would refuse."""
        if operation not in self._operations:
            served = ", ".join(sorted(self._operations))
            what = operation or "an operation that isn't named in X-Amz-Target"
            raise rejected(operation, "UnknownOperationException", f"{what} isn't simulated; served: {served}")
        if self.world.policy:
            self.world.policy.check(operation, permissions.needs(self.world.arn_prefix, operation, request))
        answer, needs = self._operations[operation]
        if needs and not request.get(needs):
            raise rejected(operation, "InvalidParameterException", f"{needs} can not be blank.")
        return answer(request)

    # --- services ---

    def _describe_services(self, request: Mapping[str, Any]) -> Json:
        services = request.get("services", [])
        if not 1 <= len(services) <= DescribeServices.most:
            message = f"Services cannot be empty, nor more than {DescribeServices.most}."
            raise rejected("DescribeServices", "InvalidParameterException", message)
        cluster = self._cluster("DescribeServices", request)
        shapes, missing = [], []
        for name in map(short, services):
            service = self.world.services.get((cluster, name))
            if service is None:
                arn = f"{self.world.arn_prefix}service/{cluster}/{name}"
                missing.append({"arn": arn, "reason": "MISSING"})
            else:
                shown = self._shown(service)
                # Tags come only when they are asked for.
                kept = {
                    name: value
                    for name, value in shown.items()
                    if name != "tags" or "TAGS" in request.get("include", ())
                }
                shapes.append(kept)
        return {"services": shapes, "failures": missing}

    def _shown(self, service: Service) -> Json:
        faults, now = self.world.faults, self.world.clock.monotonic()
        if faults.stale_seconds and now < faults.stale_until and service.shown:
            # The state of stale_seconds ago, or the oldest there is.
            then = [shape for at, shape in service.shown if at <= now - faults.stale_seconds]
            return then[-1] if then else service.shown[0][1]
        return service_shape(service, now)

    def _update_service(self, request: Mapping[str, Any]) -> Json:
        service = self._service("UpdateService", request, request["service"])
        definition, force = request.get("taskDefinition", ""), request.get("forceNewDeployment", False)
        if service.status != "ACTIVE":
            raise rejected("UpdateService", "ServiceNotActiveException", "Service was not ACTIVE.")
        if service.controller != "ECS":
            refusal = "Unable to update task definition" if definition else "Cannot force a new deployment"
            raise rejected(
                "UpdateService",
                "InvalidParameterException",
                f"{refusal} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment.",
            )
        if (desired := request.get("desiredCount")) is not None:
            self.world.scale(service, desired)
        if definition or force:
            self._deploy(service, definition or service.primary.task_definition, force=force)
        return {"service": service_shape(service, self.world.clock.monotonic())}

    def _deploy(self, service: Service, name: str, *, force: bool) -> None:
        definition = self.world.definitions.find("UpdateService", name)["taskDefinition"]
        if definition["status"] != "ACTIVE":
            raise rejected("UpdateService", "ClientException", "TaskDefinition is inactive")
        arn = definition["taskDefinitionArn"]
        # Unconfirmed: that the same definition again starts nothing is only consistent with what is documented.
        if force or arn != service.primary.task_definition:
            self.world.deploy(service, arn)

    def _list_services(self, request: Mapping[str, Any]) -> Json:
        """In no order that means anything."""
        cluster = self._cluster("ListServices", request)
        arns = [service.arn for service in self.world.services.values() if service.cluster == cluster]
        return page("ListServices", "serviceArns", arns, request, request.get("maxResults", A_PAGE))

    def _list_clusters(self, request: Mapping[str, Any]) -> Json:
        arns = [f"{self.world.arn_prefix}cluster/{name}" for name in self.world.clusters]
        return page("ListClusters", "clusterArns", arns, request, request.get("maxResults", A_LONG_PAGE))

    def _service(self, operation: str, request: Mapping[str, Any], name: str) -> Service:
        service = self.world.services.get((self._cluster(operation, request), short(name)))
        if service is None:
            raise rejected(operation, "ServiceNotFoundException", "Service not found.")
        return service

    def _cluster(self, operation: str, request: Mapping[str, Any]) -> str:
        name = short(str(request.get("cluster", "default")))
        if name not in self.world.clusters:
            raise rejected(operation, "ClusterNotFoundException", "Cluster not found.")
        return name

    # --- tasks ---

    def _list_tasks(self, request: Mapping[str, Any]) -> Json:
        """Tasks of one service, of a family, or started by that name; AWS would also list those of a whole cluster."""
        if family := request.get("family", ""):
            return page("ListTasks", "taskArns", self._of_family(family, request), request, A_LONG_PAGE)
        if started_by := request.get("startedBy", ""):
            is_stopped = request.get("desiredStatus", "RUNNING") == "STOPPED"
            found = (task for task in self.world.one_offs.tasks if task.started_by == started_by)
            one_offs = [task.arn for task in found if bool(task.stop_code) == is_stopped]
            return page("ListTasks", "taskArns", one_offs, request, A_LONG_PAGE)
        service = self._service("ListTasks", request, request.get("serviceName", ""))
        are_stopped = request.get("desiredStatus", "RUNNING") == "STOPPED"
        arns = [task_arn(service, task) for task in service.tasks if task.is_alive != are_stopped]
        return page("ListTasks", "taskArns", arns, request, A_LONG_PAGE)

    def _of_family(self, family: str, request: Mapping[str, Any]) -> list[str]:
        """The ARNs of the cluster's tasks that run a revision of it, whoever started them."""
        cluster, are_stopped = self._cluster("ListTasks", request), request.get("desiredStatus", "RUNNING") == "STOPPED"
        tasks = [
            (task_arn(service, task), task.deployment.task_definition, task.is_alive)
            for service in self.world.services.values()
            if service.cluster == cluster
            for task in service.tasks
        ]
        one_offs = (task for task in self.world.one_offs.tasks if task.cluster == cluster)
        tasks += [(task.arn, task.definition, not task.stop_code) for task in one_offs]
        return [
            arn
            for arn, definition, is_alive in tasks
            if short(definition).rpartition(":")[0] == family and is_alive != are_stopped
        ]

    def _describe_tasks(self, request: Mapping[str, Any]) -> Json:
        tasks = request.get("tasks", [])
        if not 1 <= len(tasks) <= DescribeTasks.MOST:
            message = f"Tasks cannot be empty, nor more than {DescribeTasks.MOST}."
            raise rejected("DescribeTasks", "InvalidParameterException", message)
        cluster = self._cluster("DescribeTasks", request)
        one_offs = {task.id: shape(task) for task in self.world.one_offs.tasks if task.cluster == cluster}
        known = one_offs | {
            task.id: task_shape(service, task)
            for service in self.world.services.values()
            if service.cluster == cluster
            for task in service.tasks
        }
        shapes = [known[short(arn)] for arn in tasks if short(arn) in known]
        missing = [{"arn": arn, "reason": "MISSING"} for arn in tasks if short(arn) not in known]
        return {"tasks": shapes, "failures": missing}

    # --- task definitions ---

    def _describe_task_definition(self, request: Mapping[str, Any]) -> Json:
        answer = self.world.definitions.describe(request["taskDefinition"])
        # Tags come beside the definition, and only when they are asked for.
        return answer if "TAGS" in request.get("include", []) else {"taskDefinition": answer["taskDefinition"]}

    def _register_task_definition(self, request: Mapping[str, Any]) -> Json:
        return self.world.definitions.register(request, self.world.clock.monotonic())

    def _tag_resource(self, request: Mapping[str, Any]) -> Json:
        """Only task definitions are tagged here."""
        self.world.definitions.tag(request["resourceArn"], request["tags"])
        return {}

    def _deregister_task_definition(self, request: Mapping[str, Any]) -> Json:
        answer = self.world.definitions.deregister(request["taskDefinition"], self.world.clock.monotonic())
        return {"taskDefinition": answer["taskDefinition"]}

    def _list_task_definitions(self, request: Mapping[str, Any]) -> Json:
        """Oldest first; `familyPrefix` is a family's whole name (API reference)."""
        arns = self.world.definitions.arns(request.get("familyPrefix", ""), request.get("status", "ACTIVE"))
        most = request.get("maxResults", A_LONG_PAGE)
        return page("ListTaskDefinitions", "taskDefinitionArns", arns, request, most)

    # --- Application Auto Scaling ---

    def _describe_scalable_targets(self, request: Mapping[str, Any]) -> Json:
        resources = request.get("ResourceIds", [])
        targets = ((resource, self.world.scaling.get(*_scaled(resource))) for resource in resources)
        return {"ScalableTargets": [self._scalable_target(resource, limits) for resource, limits in targets if limits]}

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

    def _register_scalable_target(self, request: Mapping[str, Any]) -> Json:
        """Change a target, or make one. Members that the request leaves out keep their values."""
        cluster, service = _scaled(request["ResourceId"])
        given = Limits(request.get("MinCapacity", 0), request.get("MaxCapacity", 0))
        current = self.world.scaling.get(cluster, service) or given
        state = request.get("SuspendedState")
        given_state = frozenset(name for name in SUSPENSIONS if (state or {}).get(f"{name}Suspended"))
        minimum, maximum = request.get("MinCapacity", current.minimum), request.get("MaxCapacity", current.maximum)
        limits = Limits(minimum, maximum, given_state if state else current.suspended)
        self.world.scaling.register(cluster, service, limits)
        return {
            "ScalableTargetARN": f"arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/{service}"
        }

    # --- what else knows of a failure, and the secret ---

    def _get_log_events(self, request: Mapping[str, Any]) -> Json:
        """What the behaviour of the task's image, or its command, says that it logs."""
        task_id = short(request["logStreamName"])
        if one_off := self.world.one_offs.find(task_id):
            return self._one_off_log(one_off, request)
        tasks = (task for service in self.world.services.values() for task in service.tasks)
        task = next((task for task in tasks if task.id == task_id), None)
        if task is None or task.started is None:
            raise rejected("GetLogEvents", GetLogEvents.NOT_FOUND, "The specified log stream does not exist.")
        lines = task.script.log
        return {"events": [{"message": line} for line in lines[-request.get("limit", len(lines)) :]]}

    def _one_off_log(self, task: OneOff, request: Mapping[str, Any]) -> Json:
        """Its lines so far, from the request's token on."""
        if task.started is None:
            raise rejected("GetLogEvents", GetLogEvents.NOT_FOUND, "The specified log stream does not exist.")
        lines = task.lines(self.world.clock.monotonic())
        start = int(str(request.get("nextToken") or "f/0").rpartition("/")[2]) if request.get("startFromHead") else 0
        shown = lines[start : start + request.get("limit", len(lines))]
        forward = f"f/{start + len(shown)}"
        return {
            "events": [{"message": line} for line in shown],
            "nextForwardToken": forward,
            "nextBackwardToken": "b/0",
        }

    def _describe_alarms(self, request: Mapping[str, Any]) -> Json:
        """Only alarms that are in ALARM are known here."""
        services = self.world.services.values()
        tripped = {name: why for service in services for name, why in service.tripped.items()}
        names = [name for name in request.get("AlarmNames", []) if name in tripped]
        alarms = [{"AlarmName": name, "StateValue": "ALARM", "StateReason": tripped[name]} for name in names]
        return {"MetricAlarms": alarms, "CompositeAlarms": []}

    def _get_secret_value(self, request: Mapping[str, Any]) -> Json:
        name = request["SecretId"]
        if name not in self.world.secrets:
            message = "Secrets Manager can't find the specified secret."
            raise rejected("GetSecretValue", "ResourceNotFoundException", message)
        return {"Name": name, "SecretString": self.world.secrets[name]}


def about(operation: str, request: Mapping[str, Any]) -> str:
    """The text that `Rule.about` must occur in."""
    if operation in BY_OPERATION:
        return BY_OPERATION[operation].about(request)
    return str(request.get("taskDefinition") or request.get("service") or "")


def _scaled(resource: str) -> tuple[str, str]:
    """Cluster and name in `service/cluster/name`."""
    _, cluster, service = resource.split("/")
    return cluster, service
