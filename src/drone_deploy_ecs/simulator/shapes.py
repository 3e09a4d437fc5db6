"""The simulator's records in the shapes of botocore's answers. Members that ECS would leave out are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.clock import moment
from drone_deploy_ecs.simulator.model import GATE
from drone_deploy_ecs.simulator.records import PORT, balancer_shapes, current_shape, shifting_shape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.simulator.model import Deployment, Event, Service, Task


def service_shape(service: Service, now: float) -> dict[str, Any]:
    """A member of DescribeServices' `services`, `now` seconds after the world's start."""
    primaries = [deployment for deployment in service.deployments if deployment.status == "PRIMARY"]
    breaker = service.breaker
    present = [task for deployment in service.deployments for task in deployment.present]
    shape: dict[str, Any] = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": f"{service.arn_prefix}cluster/{service.cluster}",
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": sum(task.is_running for task in present),
        "pendingCount": sum(task.is_pending for task in present),
        "launchType": service.launch_type,
        "deploymentConfiguration": {
            "deploymentCircuitBreaker": {"enable": breaker is not None, "rollback": bool(breaker and breaker.rollback)},
            "maximumPercent": service.maximum_percent,
            "minimumHealthyPercent": service.minimum_percent,
            "strategy": service.strategy,
        },
        "deployments": [_deployment_shape(service, deployment) for deployment in service.deployments],
        "events": list(map(_event_shape, service.events)),
        "schedulingStrategy": service.scheduling,
        "resourceManagementType": service.resource_management,
    }
    if primaries:
        shape["taskDefinition"] = primaries[0].task_definition
    if service.controller != "ECS":
        shape["deploymentController"] = {"type": service.controller}
        del shape["deployments"]
    if service.alarms:
        names = list(service.alarms)
        alarms = {"alarmNames": names, "enable": True, "rollback": service.alarms_roll_back}
        shape["deploymentConfiguration"]["alarms"] = alarms
    if service.hook:
        role = service.arn_prefix.replace(":ecs:", ":iam:") + "role/gate"
        hook = {"hookTargetArn": GATE, "roleArn": role, "lifecycleStages": ["PRE_SCALE_UP"]}
        shape["deploymentConfiguration"]["lifecycleHooks"] = [hook]
    if service.grace is not None:
        shape["healthCheckGracePeriodSeconds"] = service.grace
    if service.target_group:
        shape["loadBalancers"] = balancer_shapes(service)
    if service.strategy != "ROLLING":
        shape["deploymentController"] = {"type": service.controller}
        shape["deploymentConfiguration"] |= shifting_shape(service.strategy, service.shifting)
    return shape | current_shape(service, now) | dict(service.more)


def _deployment_shape(service: Service, deployment: Deployment) -> dict[str, Any]:
    shape = {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.task_definition,
        "desiredCount": deployment.desired,
        "pendingCount": sum(task.is_pending for task in deployment.tasks),
        "runningCount": sum(task.is_running for task in deployment.tasks),
        "failedTasks": deployment.failed_tasks,
        "createdAt": moment(deployment.created),
        "updatedAt": moment(deployment.updated),
        "launchType": service.launch_type,
    }
    # Behind a Classic Load Balancer ECS gives no rolloutState (ECS API reference, Deployment).
    state = {"rolloutState": deployment.state, "rolloutStateReason": deployment.reason}
    return shape if service.classic_elb else {**shape, **state}


def _event_shape(event: Event) -> dict[str, Any]:
    return {"id": event.id, "createdAt": moment(event.at), "message": event.message}


def task_shape(service: Service, task: Task) -> dict[str, Any]:
    """A member of DescribeTasks' `tasks`."""
    shape: dict[str, Any] = {
        "taskArn": task_arn(service, task),
        "clusterArn": f"{service.arn_prefix}cluster/{service.cluster}",
        "taskDefinitionArn": task.task_definition,
        "startedBy": task.deployment.id,
        "group": f"service:{service.name}",
        "lastStatus": task.status,
        "desiredStatus": "RUNNING" if task.is_alive else "STOPPED",
        "healthStatus": task.health,
        "createdAt": moment(task.created),
        "attachments": list(_attachment_shapes(service, task)),
        "containers": [
            *(
                _container_shape(service, task, index, container)
                for index, container in enumerate(task.containers.items())
            ),
            *_injected(task),
        ],
    }
    times = {"startedAt": task.started, "stoppingAt": task.stopping, "stoppedAt": task.stopped}
    shape |= {name: moment(at) for name, at in times.items() if at is not None}
    shape |= {
        name: text for name, text in (("stopCode", task.stop_code), ("stoppedReason", task.stopped_reason)) if text
    }
    return shape


def _injected(task: Task) -> Iterator[dict[str, Any]]:
    """What AWS puts into tasks: no task definition names it, and no task stops for it."""
    if task.script.injected:
        status = "STOPPED" if task.stopped is not None else "PENDING"
        yield {"name": f"aws-guardduty-agent-{task.id[:4]}", "lastStatus": status, "reason": task.script.injected}


def _attachment_shapes(service: Service, task: Task) -> Iterator[dict[str, Any]]:
    interface = [{"name": "privateIPv4Address", "value": address(task)}]
    status = "ATTACHED" if task.is_alive else "DELETED"
    yield {"type": "ElasticNetworkInterface", "status": status, "details": interface}
    if task.script.volume_error and not task.is_alive:
        account = service.arn_prefix.split(":")[4]
        role = f"arn:aws:iam::{account}:role/ecsInfrastructureRole"
        details = {
            "roleArn": role,
            "volumeName": "data",
            "deleteOnTermination": "true",
            "statusReason": task.script.volume_error,
        }
        pairs = [{"name": name, "value": value} for name, value in details.items()]
        yield {"type": "AmazonElasticBlockStorage", "status": "FAILED", "details": pairs}


def _container_shape(service: Service, task: Task, index: int, container: tuple[str, str]) -> dict[str, Any]:
    name, image = container
    shape: dict[str, Any] = {
        "containerArn": task_arn(service, task).replace(":task/", ":container/") + f"/{index}",
        "name": name,
        "image": image,
        "lastStatus": "STOPPED" if task.stopped is not None else "RUNNING" if task.is_running else "PENDING",
        "healthStatus": task.health if index == 0 else "UNKNOWN",
    }
    if not task.script.start_error:
        shape["imageDigest"] = task.digests[name]
    if task.stopped is not None and task.exit_code is not None:
        shape["exitCode"] = task.script.others_exit_code if index else task.exit_code
    if index == 0 and task.container_reason:
        shape["reason"] = task.container_reason
    return shape


def address(task: Task) -> str:
    """Its address in the VPC."""
    return f"10.0.{int(task.id[:2], 16)}.{int(task.id[2:4], 16)}"


def task_arn(service: Service, task: Task) -> str:
    """A task's ARN."""
    return f"{service.arn_prefix}task/{service.cluster}/{task.id}"


def target_shape(task: Task) -> dict[str, Any]:
    """A member of DescribeTargetHealth's `TargetHealthDescriptions`."""
    if task.is_healthy:
        health = {"State": "healthy"}
    elif task.script.target_unhealthy and not task.is_pending:
        why = "Health checks failed with these codes: [503]"
        health = {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": why}
    else:
        why = "Initial health checks in progress"
        health = {"State": "initial", "Reason": "Elb.InitialHealthChecking", "Description": why}
    return {"Target": {"Id": address(task), "Port": PORT}, "TargetHealth": health}
