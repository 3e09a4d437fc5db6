"""The service scheduler's turn: start, stop, complete, give up, roll back. Texts and arithmetic as ECS's.

Simpler than ECS: a task of an old deployment that dies is not replaced by another of that deployment.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator import lifecycle
from drone_deploy_ecs.simulator.lifecycle import say, say_once, say_steady, start

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.model import Deployment, Hook, Service, Task

STOPPED_BY_HAND = "Service deployment rolled back because it was stopped."
"""The `statusReason` after StopServiceDeployment. Unconfirmed: no page has it."""


def tick(account: Account, service: Service) -> None:
    """One turn."""
    if service.status != "ACTIVE" or not service.deployments:
        return
    primary = service.primary
    register(account, service)
    if primary.state == "IN_PROGRESS" and is_tripped(service, primary):
        _give_up(account, service, primary)
        account.changed(service)
        return
    if service.hook and _awaits_hook(service, primary):
        _ask(account, service, primary, service.hook)
        account.changed(service)
        return
    if primary.state != "FAILED":
        _start_missing(account, service, primary)
        _stop_surplus(account, service, primary)
        _complain_if_stuck(account, service, primary)
    # ECS lowers the desiredCount of old deployments as their tasks go. A FAILED PRIMARY replaces nothing any more.
    for old in service.others:
        old.desired = len(old.alive) if primary.state != "FAILED" else old.desired
    forget(account, service)  # first: a rollout is complete when the replaced deployments are gone
    if primary.state != "FAILED":
        _conclude(account, service, primary)
    account.changed(service)


def begin(_account: Account, _service: Service, _deployment: Deployment) -> None:
    """Nothing more than what every deployment begins with."""


def register(account: Account, service: Service) -> None:
    """Running tasks become targets of the load balancer."""
    running = (task for deployment in service.deployments for task in deployment.alive if task.is_running)
    unregistered = [task for task in running if not task.is_registered] if service.target_group else []
    for group, tasks in _by_group(service, unregistered).items():
        errors = dict.fromkeys(task.script.registration_error for task in tasks if task.script.registration_error)
        for error in errors:
            say_once(account, service, f"failed to register targets in (target-group {group}) with (error {error})")
        new = [task for task in tasks if not task.script.registration_error]
        for task in new:
            task.is_registered = True
        if new:
            say(account, service, f"registered {len(new)} targets in (target-group {group})")


def _by_group(service: Service, tasks: Iterable[Task]) -> dict[str, list[Task]]:
    groups: dict[str, list[Task]] = {}
    for task in tasks:
        groups.setdefault(service.group_of(task.deployment), []).append(task)
    return groups


def _room(service: Service) -> int:
    """A task that drains keeps its place: three public logs show that its successor is started only after that."""
    ceiling = floor(service.desired * service.maximum_percent / 100)
    taken = sum(task.is_alive or task.is_draining for deployment in service.deployments for task in deployment.tasks)
    return ceiling - taken


def _start_missing(account: Account, service: Service, primary: Deployment) -> None:
    """Start as many tasks as maximumPercent leaves room for; RUNNING and PENDING ones count."""
    start_some(account, service, primary, min(service.desired - len(primary.alive), _room(service)))


def start_some(account: Account, service: Service, deployment: Deployment, count: int) -> None:
    """Start so many tasks of it, unless that must wait."""
    if count <= 0 or account.clock.monotonic() < deployment.not_before:
        return
    script = account.script(account.pulls(deployment))
    if account.clock.monotonic() < script.placeable_after:
        say_once(account, service, script.placement_event)
        return
    started = [start(account, service, deployment) for _ in range(count)]
    deployment.desired = max(deployment.desired, len(deployment.alive))
    say(account, service, f"has started {len(started)} tasks: {_named(started)}.")


def _stop_surplus(account: Account, service: Service, primary: Deployment) -> None:
    """Stop old tasks, as many as minimumHealthyPercent permits: unhealthy ones don't count, so they all go."""
    lowest = ceil(service.desired * service.minimum_percent / 100)
    old = [task for deployment in service.others for task in deployment.alive if not task.is_protected]
    healthy = sum(task.is_healthy for deployment in service.deployments for task in deployment.alive)
    going = [task for task in old if not task.is_healthy]
    going += [task for task in old if task.is_healthy][: max(0, healthy - lowest)]
    # After a lowered desired count PRIMARY itself has too many: those that aren't healthy go first.
    surplus = len(primary.alive) - service.desired
    spare = (task for task in primary.alive if not task.is_protected)
    going += sorted(spare, key=lambda task: task.is_healthy)[: max(0, surplus)]
    stop_some(account, service, going, primary)


def stop_some(account: Account, service: Service, going: list[Task], primary: Deployment) -> None:
    """Stop these tasks in favour of that deployment."""
    if not going:
        return
    for task in going:
        lifecycle.stop(
            account,
            service,
            task,
            "ServiceSchedulerInitiated",
            f"Scaling activity initiated by (deployment {primary.id})",
        )
    say(account, service, f"has stopped {len(going)} running tasks: {_named(going)}.")
    _deregister(account, service, [task for task in going if task.is_registered])


def _deregister(account: Account, service: Service, going: list[Task]) -> None:
    for group, tasks in _by_group(service, going).items():
        say(account, service, f"deregistered {len(tasks)} targets in (target-group {group})")
    for deployment in service.deployments:
        if count := sum(task.deployment is deployment for task in going):
            prefix = f"(service {service.name}, taskSet {deployment.id})"
            say(account, service, f"{prefix} has begun draining connections on {count} tasks.")


def _complain_if_stuck(account: Account, service: Service, primary: Deployment) -> None:
    """Complain where the percentages allow neither to start a new task nor to stop an old one: it will never end."""
    present = [task for deployment in service.deployments for task in deployment.present]
    # A task on its way up or down changes that by itself, soon.
    waits = any(not (task.is_alive and task.is_healthy) for task in present)
    if service.others and len(primary.alive) < service.desired and _room(service) <= 0 and not waits:
        say_once(
            account,
            service,
            "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
            "Update the minimumHealthyPercent or maximumPercent value and try again.",
        )


def _conclude(account: Account, service: Service, primary: Deployment) -> None:
    """COMPLETED when all new tasks are healthy and old deployments gone; the steady event whenever that is so again."""
    healthy = sum(task.is_healthy for task in primary.alive)
    if healthy < service.desired or len(primary.alive) > service.desired or service.others:
        return
    if primary.state == "IN_PROGRESS":
        primary.state, primary.updated = "COMPLETED", account.clock.monotonic()
        primary.reason = f"ECS deployment {primary.id} completed."
        _record_ends(account, service, primary)
        if not service.classic_elb:
            say(account, service, f"(deployment {primary.id}) deployment completed.")
    say_steady(account, service)


def _record_ends(account: Account, service: Service, completed: Deployment) -> None:
    """The service deployments that are over with this: its own, or those that ECS rolled back to it."""
    now = account.clock.monotonic()
    if completed.outcome == "IN_PROGRESS":
        completed.end("SUCCESSFUL", now)
    for deployment in service.history:
        if deployment.outcome == "ROLLBACK_IN_PROGRESS":
            deployment.end("ROLLBACK_SUCCESSFUL", now, deployment.outcome_reason)


def forget(account: Account, service: Service) -> None:
    """Replaced deployments vanish once their tasks are gone; stopped tasks after an hour."""
    service.deployments = [
        deployment
        for deployment in service.deployments
        if deployment.status == "PRIMARY" or deployment.present or deployment.alive
    ]
    horizon = account.clock.monotonic() - account.timing.forget_stopped
    service.tasks = [task for task in service.tasks if task.stopped is None or task.stopped > horizon]


# --- circuit breaker ---


def is_tripped(service: Service, primary: Deployment) -> bool:
    """Whether the count has reached the threshold. Behind a Classic Load Balancer there is no breaker."""
    guarded = service.breaker is not None and not service.classic_elb
    return guarded and primary.failed_tasks >= service.threshold


def _give_up(account: Account, service: Service, failed: Deployment) -> None:
    assert service.breaker is not None
    failed.reason = "ECS deployment circuit breaker: tasks failed to start."
    failed.outcome_reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    fail(account, service, failed, "tasks failed to start", roll_back=service.breaker.rollback)


def fail(account: Account, service: Service, failed: Deployment, why: str, *, roll_back: bool) -> None:
    """FAILED launches nothing more; with rollback, the newest COMPLETED deployment is PRIMARY again, by the same id.

    Captures show both within a minute. Here both happen in one turn of the scheduler; its next turn sees to the tasks.
    """
    now = account.clock.monotonic()
    failed.state, failed.updated = "FAILED", now
    say(account, service, f"(deployment {failed.id}) deployment failed: {why}.")
    if not roll_back:
        failed.end("STOPPED", now)
        return
    if candidate := _return(account, service, failed):
        failed.outcome = "ROLLBACK_IN_PROGRESS"
        candidate.reason = f"{failed.reason.partition(':')[0]}: rolling back to deploymentId {candidate.id}."
        say(account, service, f"rolling back to deployment {candidate.id}.")


def _return(account: Account, service: Service, failed: Deployment) -> Deployment | None:
    """What ECS goes back to, PRIMARY again; None where there is nothing, and ECS stalls."""
    now = account.clock.monotonic()
    # A rollback makes an older deployment PRIMARY, so one that isn't the newest is a rollback: it isn't rolled back.
    rolls_back_already = failed is not service.history[-1]
    candidate = next((deployment for deployment in reversed(service.history) if deployment.state == "COMPLETED"), None)
    if candidate is None or rolls_back_already:
        failed.end("ROLLBACK_FAILED", now, "No rollback candidate was found to run the rollback.")
        return None
    failed.status = "ACTIVE"
    candidate.status, candidate.state, candidate.updated = "PRIMARY", "IN_PROGRESS", now
    candidate.failed_tasks = 0
    others = (deployment for deployment in service.deployments if deployment is not candidate)
    service.deployments = [candidate, *others]
    return candidate


def alarm(account: Account, service: Service) -> None:
    """One of the deployment's alarms has gone off."""
    failed = service.primary
    failed.reason = "ECS deployment alarms: alarm detected."  # unconfirmed: only the event's wording is documented
    fail(account, service, failed, "alarm detected", roll_back=service.alarms_roll_back)


def stop(account: Account, service: Service, deployment: Deployment, kind: str) -> None:
    """StopServiceDeployment. Unconfirmed for ROLLING: event and reason; that a rollback begins at once is simpler."""
    deployment.outcome_reason = STOPPED_BY_HAND
    fail(account, service, deployment, "stopped by hand", roll_back=kind == "ROLLBACK")


# --- a hook before the first task ---


def _awaits_hook(service: Service, primary: Deployment) -> bool:
    """Whether a hook at PRE_SCALE_UP has a say: about a new deployment, and not about one that ECS goes back to."""
    return primary is service.history[-1] and primary.state == "IN_PROGRESS" and not primary.tasks


def _ask(account: Account, service: Service, primary: Deployment, hook: Hook) -> None:
    """Nothing is started before the hook answers; what it refuses leaves `deployments[]` without ever having a task.

    One recorded run showed so (September 2026). Unconfirmed: that no event tells which deployment is PRIMARY again.
    """
    now = account.clock.monotonic()
    if now < primary.created + hook.after:
        return
    why = f"Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. {hook.refusal}"
    primary.state, primary.updated = "FAILED", now
    if hook.emits_event:
        say(account, service, f"(deployment {primary.id}) deployment failed: {why}")
    if candidate := _return(account, service, primary):
        candidate.reason = f"ECS deployment {candidate.id} in progress."
        primary.end("ROLLBACK_SUCCESSFUL", now, why)
        service.deployments.remove(primary)


def _named(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
