"""What a task goes through, from PROVISIONING to STOPPED, as its image's behaviour has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.model import Event, Task

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.model import Deployment, Service


STEADY = "has reached a steady state."
SUPPRESSED = 6 * 3600.0
STUMBLES = 3
"""Tasks in a row that never ran, before ECS says that it can't start them. Unconfirmed: only the text is documented."""


def say(account: Account, service: Service, message: str) -> None:
    """A service event, newest first, the latest hundred kept."""
    text = message if message.startswith("(service ") else f"(service {service.name}) {message}"
    service.events.insert(0, Event(account.identifier(36), account.clock.monotonic(), text))
    del service.events[100:]


def say_once(account: Account, service: Service, message: str) -> None:
    """Say it unless it was said since the last update or steady state, and within six hours: so ECS does."""
    since = max(service.primary.created, account.clock.monotonic() - SUPPRESSED)
    for event in service.events:
        if event.at < since or event.message.endswith(STEADY):
            break
        if event.message.endswith(message):
            return
    say(account, service, message)


def say_steady(account: Account, service: Service) -> None:
    """Say that the service is steady, unless that was the last that was said."""
    if not service.events or not service.events[0].message.endswith(STEADY):
        say(account, service, STEADY)


def start(account: Account, service: Service, deployment: Deployment) -> Task:
    """A new task of this deployment."""
    digests = account.pulls(deployment)
    script = account.script(digests)
    is_healed = script.heals_after is not None and deployment.died >= script.heals_after
    if is_healed or len(deployment.tasks) % script.hosts:
        script = _well(script)
    if not script.start_error:
        deployment.digests = digests
    task = Task(
        id=account.identifier(32),
        deployment=deployment,
        task_definition=deployment.task_definition,
        containers=account.containers(deployment.task_definition),
        digests=digests,
        script=script,
        created=account.clock.monotonic(),
    )
    deployment.tasks.append(task)
    service.tasks.append(task)
    wait = account.timing.provisioning + task.script.starts_after
    account.clock.call_in(wait, lambda: _run(account, service, task))
    return task


def _well(script: Behaviour) -> Behaviour:
    return replace(
        script,
        start_error="",
        volume_error="",
        registration_error="",
        exits_after=None,
        health="healthy" if script.health else "",
        target_unhealthy=False,
    )


def _run(account: Account, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    if task.script.mended_at is not None and account.clock.monotonic() >= task.script.mended_at:
        task.script = _well(task.script)
        task.deployment.digests = dict(task.digests)
    script = task.script
    if script.start_error or script.volume_error:
        # What became of the volume stands in the task's attachment; the task itself only says that it didn't start.
        task.container_reason = script.start_error
        _failed_to_start(account, service, task, script.start_error or "Task failed to start")
        return
    task.status, task.started = "RUNNING", account.clock.monotonic()
    task.deployment.start_failures = 0
    account.changed(service)
    if script.exits_after is not None:
        account.clock.call_in(script.exits_after, lambda: _exit(account, service, task))
    is_unhealthy = script.health == "unhealthy" or (bool(service.target_group) and script.target_unhealthy)
    if service.target_group and script.registration_error:
        return
    wait = script.health_after if script.health or service.target_group else account.timing.healthy_after_running
    account.clock.call_in(
        wait, lambda: _fail_health(account, service, task) if is_unhealthy else _become_healthy(account, service, task)
    )


def _failed_to_start(account: Account, service: Service, task: Task, error: str) -> None:
    deployment = task.deployment
    # The breaker's first stage is over as soon as one task runs (developer guide, failure detection).
    deployment.failed_tasks += not any(other.is_running for other in deployment.tasks)
    deployment.start_failures += 1
    if error.startswith("CannotPull"):
        say_once(account, service, f"was unable to place a task. Reason: {error}.")
    if deployment.start_failures == STUMBLES:
        say_once(account, service, "is unable to consistently start tasks successfully.")
    # The service throttle logic: each task in a row that never ran doubles the wait for the next, up to a limit.
    wait = account.timing.restart_first * 2 ** (deployment.start_failures - 1)
    deployment.not_before = account.clock.monotonic() + min(wait, account.timing.restart_most)
    _stopped(account, service, task, "TaskFailedToStart", error)


def _exit(account: Account, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    task.exit_code = task.script.exit_code
    task.container_reason = task.script.reason
    # What was healthy once proves that the revision can run: its end is no failure of the deployment.
    if service.counts_exits and not task.is_healthy:
        task.deployment.failed_tasks += 1
    _stopped(account, service, task, task.script.stop_code, task.script.stopped_reason)


def kill(account: Account, service: Service, task: Task) -> None:
    """Somebody on its machine kills its container: to ECS it exited by itself, with 128 + SIGKILL."""
    if task.is_running:
        task.script = Behaviour(exit_code=137, log=task.script.log)
        _exit(account, service, task)


def _become_healthy(account: Account, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    task.is_healthy = True
    task.health = "HEALTHY" if task.script.health else "UNKNOWN"
    if service.breaker is None or service.breaker.reset_on_healthy:
        task.deployment.failed_tasks = 0
    account.changed(service)


def _fail_health(account: Account, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    task.deployment.failed_tasks += 1
    if task.script.health == "unhealthy":
        task.health = "UNHEALTHY"
        why = "Task failed container health checks"
        say(account, service, f"(task {task.id}) failed container health checks.")
    else:
        group = service.group_of(task.deployment)
        why = f"Task failed ELB health checks in (target-group {group})"
        detail = (
            "(port 8080) is unhealthy in (target-group {}) due to (reason Health checks failed with these codes: [503])"
        )
        say(account, service, f"(task {task.id}) {detail.format(group)}.")
    task.exit_code = 137  # a container that answers no check may not heed SIGTERM either; unconfirmed
    stop(account, service, task, "ServiceSchedulerInitiated", why)


def stop(account: Account, service: Service, task: Task, code: str, reason: str) -> None:
    """SIGTERM, after draining where a load balancer sends it requests."""
    if not task.is_alive:
        return
    task.stopping = account.clock.monotonic()
    task.stop_code, task.stopped_reason = code, reason
    task.deployment.died += task.script.heals_after is not None
    drain = account.timing.draining if service.target_group and task.is_healthy else 0.0
    if drain:
        task.status = "DEACTIVATING"
        account.clock.call_in(drain, lambda: _terminate(account, service, task))
        account.changed(service)
    else:
        _terminate(account, service, task)


def _terminate(account: Account, service: Service, task: Task) -> None:
    task.status = "STOPPING"
    account.clock.call_in(account.timing.stopping, lambda: _end(account, service, task))
    account.changed(service)


def _stopped(account: Account, service: Service, task: Task, code: str, reason: str) -> None:
    task.stopping = account.clock.monotonic()
    task.stop_code, task.stopped_reason = code, reason
    task.deployment.died += 1
    _end(account, service, task)


def _end(account: Account, service: Service, task: Task) -> None:
    task.status, task.stopped = "STOPPED", account.clock.monotonic()
    if task.exit_code is None and task.started is not None:
        task.exit_code = 0
    account.changed(service)
