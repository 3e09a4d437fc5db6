"""Service deployments and service revisions, as ECS's records and its services show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator import traffic
from drone_deploy_ecs.simulator.clock import moment
from drone_deploy_ecs.simulator.shifting import ROLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.model import Deployment, HookRun, Service, Shift
    from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting

PORT = 8080
"""The port that the containers listen on."""
KEPT = 90 * 86400.0
"""Seconds for which a record is kept: 90 days (developer guide, service deployments)."""


def is_kept(deployment: Deployment, now: float) -> bool:
    """Whether there still is a record of it."""
    return now - deployment.created <= KEPT


# --- in DescribeServices ---


def balancer_shapes(service: Service) -> list[dict[str, Any]]:
    """`loadBalancers`. ECS never swaps the two target groups there, wherever the traffic is (as recorded)."""
    shape: dict[str, Any] = {"targetGroupArn": service.target_group, "containerName": "app", "containerPort": PORT}
    if service.strategy != "ROLLING" and service.shifting.balancer in traffic.BALANCED:
        shape["advancedConfiguration"] = {
            "alternateTargetGroupArn": traffic.alternate(service),
            "productionListenerRule": traffic.rule_arn(service, traffic.PRODUCTION),
            "testListenerRule": traffic.rule_arn(service, traffic.TEST),
            "roleArn": ROLE,
        }
    return [shape]


def shifting_shape(strategy: str, shifting: Shifting) -> dict[str, Any]:
    """What `deploymentConfiguration` has beside the members of every service."""
    shape: dict[str, Any] = {"strategy": strategy, "bakeTimeInMinutes": shifting.bake_minutes}
    if strategy in ("LINEAR", "CANARY"):
        kind, step = strategy.lower(), "step" if strategy == "LINEAR" else "canary"
        shape[f"{kind}Configuration"] = {
            f"{step}Percent": shifting.percent(strategy),
            f"{step}BakeTimeInMinutes": shifting.step_bake(strategy),
        }
    if shifting.hooks:
        shape["lifecycleHooks"] = list(map(_hook_shape, shifting.hooks))
    return shape


def _hook_shape(hook: LifecycleHook) -> dict[str, Any]:
    action = "CONTINUE" if hook.timeout_continues else "ROLLBACK"
    target = {"hookTargetArn": hook.arn, "roleArn": ROLE}
    return {
        "targetType": "PAUSE" if hook.is_pause else "AWS_LAMBDA",
        **({} if hook.is_pause else target),
        "lifecycleStages": list(hook.stages),
        "timeoutConfiguration": {"timeoutInMinutes": hook.timeout_minutes, "action": action},
    }


def current_shape(service: Service, now: float) -> dict[str, Any]:
    """`currentServiceDeployment`, which may be stale, and `currentServiceRevisions`, newest first (unconfirmed)."""
    seen = (each for each in reversed(service.history) if now >= each.created + service.current_after)
    current = next(seen, None)
    revisions = [_counts(service, each) for each in service.deployments]
    shape: dict[str, Any] = {"currentServiceRevisions": revisions} if revisions else {}
    return {**shape, "currentServiceDeployment": service.deployment_arn(current)} if current else shape


# --- the records themselves ---


def brief_shape(service: Service, deployment: Deployment) -> dict[str, Any]:
    """A member of ListServiceDeployments' `serviceDeployments`."""
    shift = deployment.shift
    shape: dict[str, Any] = {
        "serviceDeploymentArn": service.deployment_arn(deployment),
        "serviceArn": service.arn,
        "clusterArn": f"{service.arn_prefix}cluster/{service.cluster}",
        "createdAt": moment(deployment.created),
        "targetServiceRevisionArn": service.revision_arn(deployment),
        "status": deployment.outcome,
    }
    started = shift.started if shift else deployment.created
    if started is not None:
        shape["startedAt"] = moment(started)
    if deployment.finished is not None:
        shape["finishedAt"] = moment(deployment.finished)
    if deployment.outcome_reason:
        shape["statusReason"] = deployment.outcome_reason
    return shape


def record_shape(service: Service, deployment: Deployment) -> dict[str, Any]:
    """A member of DescribeServiceDeployments' `serviceDeployments`."""
    shape, shift = brief_shape(service, deployment), deployment.shift
    del shape["targetServiceRevisionArn"]
    weights = (
        {"requestedProductionTrafficWeight": shift.production, "requestedTestTrafficWeight": shift.test}
        if shift
        else {}
    )
    if shift and shift.shifting.balancer not in traffic.MANAGED:
        weights = {}
    # Captured: every source has what the target has not, one without a task, too.
    others = {name: 100.0 - weight for name, weight in weights.items()}
    shape |= {
        "updatedAt": moment(deployment.finished or deployment.updated),
        "sourceServiceRevisions": [{**_counts(service, each), **others} for each in deployment.sources],
        "targetServiceRevision": {**_counts(service, deployment), **weights},
        "deploymentCircuitBreaker": _breaker_shape(service, deployment),
        "alarms": _alarms_shape(service, deployment),
    }
    if deployment.outcome == "STOPPED":
        shape["stoppedAt"] = shape["finishedAt"]
    return shape | (_shift_shape(service, shift) if shift else _rolling_shape(service, deployment))


def _rolling_shape(service: Service, deployment: Deployment) -> dict[str, Any]:
    """Captured: ROLLING has no `lifecycleStage` and no weights."""
    shape: dict[str, Any] = {
        "deploymentConfiguration": {
            "strategy": "ROLLING",
            "maximumPercent": service.maximum_percent,
            "minimumHealthyPercent": service.minimum_percent,
        }
    }
    if deployment.outcome.startswith("ROLLBACK"):
        shape["rollback"] = {"reason": deployment.outcome_reason}
    return shape


def _shift_shape(service: Service, shift: Shift) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "deploymentConfiguration": shifting_shape(shift.strategy, shift.shifting),
        "lifecycleHookDetails": [_run_shape(run) for run in shift.runs],
    }
    if shift.stage:
        shape["lifecycleStage"] = shift.stage.name
    if shift.rolled_back is not None and shift.returns_to:
        shape["rollback"] = {
            "reason": shift.rollback_reason,
            "startedAt": moment(shift.rolled_back),
            "serviceRevisionArn": service.revision_arn(shift.returns_to),
        }
    return shape


def _run_shape(run: HookRun) -> dict[str, Any]:
    return {
        "hookId": run.id,
        "targetType": "PAUSE" if run.hook.is_pause else "AWS_LAMBDA",
        **({} if run.hook.is_pause else {"targetArn": run.hook.arn}),
        "status": run.status,
        "expiresAt": moment(run.expires),
        "timeoutAction": "CONTINUE" if run.hook.timeout_continues else "ROLLBACK",
    }


def _counts(service: Service, deployment: Deployment) -> dict[str, Any]:
    newest = service.history[-1].shift
    wanted = (service.desired if deployment in newest.kept else 0) if newest else deployment.desired
    return {
        "arn": service.revision_arn(deployment),
        "requestedTaskCount": wanted,
        "runningTaskCount": sum(task.is_running for task in deployment.tasks),
        "pendingTaskCount": sum(task.is_pending for task in deployment.tasks),
    }


def _breaker_shape(service: Service, deployment: Deployment) -> dict[str, Any]:
    """Unconfirmed: whether a breaker that doesn't work here says so."""
    shift = deployment.shift
    if service.breaker is None or (shift and not shift.shifting.breaker_counts):
        return {"status": "DISABLED", "failureCount": 0, "threshold": 0}
    is_tripped = shift.is_tripped if shift else deployment.failed_tasks >= service.threshold
    counts = {"failureCount": deployment.failed_tasks, "threshold": service.threshold}
    return {"status": _monitor(deployment, is_triggered=is_tripped), **counts}


def _alarms_shape(service: Service, deployment: Deployment) -> dict[str, Any]:
    if not service.alarms:
        return {"status": "DISABLED"}
    triggered = deployment.shift.triggered if deployment.shift else list(service.tripped)
    shape = {"status": _monitor(deployment, is_triggered=bool(triggered)), "alarmNames": list(service.alarms)}
    return {**shape, "triggeredAlarmNames": list(triggered)} if triggered else shape


def _monitor(deployment: Deployment, *, is_triggered: bool) -> str:
    if is_triggered:
        return "TRIGGERED"
    return "MONITORING" if deployment.finished is None else "MONITORING_COMPLETE"


def revision_shape(service: Service, deployment: Deployment, images: Mapping[str, str]) -> dict[str, Any]:
    """A member of DescribeServiceRevisions' `serviceRevisions`; `images` by container, digests as first pulled."""
    shape: dict[str, Any] = {
        "serviceRevisionArn": service.revision_arn(deployment),
        "serviceArn": service.arn,
        "clusterArn": f"{service.arn_prefix}cluster/{service.cluster}",
        "taskDefinition": deployment.task_definition,
        "launchType": "FARGATE",
        "containerImages": [
            {"containerName": name, "image": image}
            | ({"imageDigest": deployment.digests[name]} if name in deployment.digests else {})
            for name, image in images.items()
        ],
        "createdAt": moment(deployment.created),
    }
    return {**shape, "loadBalancers": balancer_shapes(service)} if service.target_group else shape
