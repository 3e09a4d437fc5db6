"""The service scheduler's turn: start, stop, complete, give up, roll back. Texts and arithmetic as ECS's.

Simpler than ECS: a task of an old deployment that dies is not replaced by another of that deployment.
"""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.lifecycle import STEADY, say, say_once, start, stop

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.model import Deployment, Service, Task

BOUNDED_PERCENT, FEWEST, MOST = 50, 3, 200


def tick(account: Account, service: Service) -> None:
    """One turn."""
    if service.status != "ACTIVE" or not service.deployments:
        return
    primary = service.primary
    _register(account, service)
    if primary.state == "IN_PROGRESS" and _is_tripped(service, primary):
        _give_up(account, service, primary)
        account.changed(service)
        return
    if primary.state != "FAILED":
        _start_missing(account, service, primary)
        _stop_surplus(account, service, primary)
        _complain_if_stuck(account, service, primary)
    for old in service.others:
        old.desired = len(old.alive) if primary.state != "FAILED" else old.desired
    _forget(account, service)
    if primary.state != "FAILED":
        _conclude(account, service, primary)
    account.changed(service)


def _register(account: Account, service: Service) -> None:
    """Tasks that run become targets."""
    new = [task for one in service.deployments for task in one.alive if task.is_running and not task.is_registered]
    if service.target_group and new:
        for task in new:
            task.is_registered = True
        say(account, service, f"registered {len(new)} targets in (target-group {service.target_group})")


def _room(service: Service) -> int:
    ceiling = floor(service.desired * service.maximum_percent / 100)
    return ceiling - sum(len(one.alive) for one in service.deployments)


def _start_missing(account: Account, service: Service, primary: Deployment) -> None:
    """As many as fit under the ceiling of RUNNING and PENDING tasks."""
    missing = service.desired - len(primary.alive)
    room = _room(service)
    if missing <= 0 or room <= 0 or account.clock.monotonic() < primary.not_before:
        return
    script = account.script(account.pulls(primary))
    if account.clock.monotonic() < script.placeable_after:
        say_once(account, service, script.placement_event)
        return
    started = [start(account, service, primary) for _ in range(min(missing, room))]
    primary.desired = max(primary.desired, len(primary.alive))
    say(account, service, f"has started {len(started)} tasks: {_named(started)}.")


def _stop_surplus(account: Account, service: Service, primary: Deployment) -> None:
    """As many old ones as the floor of healthy tasks permits; those that aren't healthy don't count."""
    lowest = ceil(service.desired * service.minimum_percent / 100)
    old = [task for one in service.others for task in one.alive if not task.is_protected]
    healthy = sum(task.is_healthy for one in service.deployments for task in one.alive)
    going = [task for task in old if not task.is_healthy]
    going += [task for task in old if task.is_healthy][: max(0, healthy - lowest)]
    surplus = len(primary.alive) - service.desired
    spare = (task for task in primary.alive if not task.is_protected)
    going += sorted(spare, key=lambda task: task.is_healthy)[: max(0, surplus)]
    if not going:
        return
    for task in going:
        stop(
            account,
            service,
            task,
            "ServiceSchedulerInitiated",
            f"Scaling activity initiated by (deployment {primary.id})",
        )
    say(account, service, f"has stopped {len(going)} running tasks: {_named(going)}.")
    _deregister(account, service, [task for task in going if task.is_registered])


def _deregister(account: Account, service: Service, going: list[Task]) -> None:
    if not going:
        return
    say(account, service, f"deregistered {len(going)} targets in (target-group {service.target_group})")
    for one in service.deployments:
        if count := sum(task.deployment is one for task in going):
            prefix = f"(service {service.name}, taskSet {one.id})"
            say(account, service, f"{prefix} has begun draining connections on {count} tasks.")


def _complain_if_stuck(account: Account, service: Service, primary: Deployment) -> None:
    """Where the percentages allow neither to start a new task nor to stop an old one, nothing will ever happen."""
    present = [task for one in service.deployments for task in one.present]
    waits = any(not (task.is_alive and task.is_healthy) for task in present)
    if service.others and len(primary.alive) < service.desired and _room(service) <= 0 and not waits:
        say_once(
            account,
            service,
            "was unable to stop or start tasks during a deployment because of the service deployment configuration. "
            "Update the minimumHealthyPercent or maximumPercent value and try again.",
        )


def _conclude(account: Account, service: Service, primary: Deployment) -> None:
    """Done when all new tasks are healthy and the old ones are gone; steady also whenever that is so again."""
    healthy = sum(task.is_healthy for task in primary.alive)
    if healthy < service.desired or len(primary.alive) > service.desired or service.others:
        return
    if primary.state == "IN_PROGRESS":
        primary.state, primary.updated = "COMPLETED", account.clock.monotonic()
        primary.reason = f"ECS deployment {primary.id} completed."
        if not service.classic_elb:
            say(account, service, f"(deployment {primary.id}) deployment completed.")
    if not service.events or not service.events[0].message.endswith(STEADY):
        say(account, service, STEADY)


def _forget(account: Account, service: Service) -> None:
    """Replaced deployments vanish once their tasks are gone; stopped tasks after an hour."""
    service.deployments = [one for one in service.deployments if one.status == "PRIMARY" or one.present or one.alive]
    horizon = account.clock.monotonic() - account.timing.forget_stopped
    service.tasks = [task for task in service.tasks if task.stopped is None or task.stopped > horizon]


# --- circuit breaker ---


def threshold(service: Service) -> int:
    """How many failed tasks trip the breaker: BOUNDED_PERCENT 50 unless a COUNT is set."""
    assert service.breaker is not None
    bounded = min(max(ceil(service.desired * BOUNDED_PERCENT / 100), FEWEST), MOST)
    return bounded if service.breaker.threshold is None else service.breaker.threshold


def _is_tripped(service: Service, primary: Deployment) -> bool:
    """Whether the count has reached the threshold. Behind a Classic Load Balancer there is no breaker."""
    guarded = service.breaker is not None and not service.classic_elb
    return guarded and primary.failed_tasks >= threshold(service)


def _give_up(account: Account, service: Service, failed: Deployment) -> None:
    assert service.breaker is not None
    failed.reason = "ECS deployment circuit breaker: tasks failed to start."
    fail(account, service, failed, "tasks failed to start", roll_back=service.breaker.rollback)


def fail(account: Account, service: Service, failed: Deployment, why: str, *, roll_back: bool) -> None:
    """FAILED launches nothing more; with rollback, the newest COMPLETED deployment is PRIMARY again, by the same id.

    Captures show both within a minute; here it is one turn, and the next one sees to the tasks.
    """
    failed.state, failed.updated = "FAILED", account.clock.monotonic()
    say(account, service, f"(deployment {failed.id}) deployment failed: {why}.")
    if not roll_back:
        return
    rolls_back_already = failed is not service.history[-1]
    candidate = next((one for one in reversed(service.history) if one.state == "COMPLETED"), None)
    if candidate is None or rolls_back_already:
        return  # ECS stalls: "No rollback candidate was found to run the rollback."
    failed.status = "ACTIVE"
    candidate.status, candidate.state = "PRIMARY", "IN_PROGRESS"
    candidate.reason = f"{failed.reason.partition(':')[0]}: rolling back to deploymentId {candidate.id}."
    candidate.updated = account.clock.monotonic()
    candidate.failed_tasks = 0
    service.deployments = [candidate, *(one for one in service.deployments if one is not candidate)]
    say(account, service, f"rolling back to deployment {candidate.id}.")


def _named(tasks: list[Task]) -> str:
    return " ".join(f"(task {task.id})" for task in tasks)
