"""What a task goes through, from PROVISIONING to STOPPED, as its image's behaviour has it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.model import Event, Task

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.model import Deployment, Service
    from drone_deploy_ecs.simulator.world import World


def say(world: World, service: Service, message: str) -> None:
    """A service event, newest first, the latest hundred kept."""
    service.events.insert(
        0, Event(world.identifier(36), world.clock.monotonic(), f"(service {service.name}) {message}")
    )
    del service.events[100:]


def start(world: World, service: Service, deployment: Deployment) -> Task:
    """A new task of this deployment."""
    containers = world.containers(deployment.task_definition)
    digest, script = world.leading(containers)
    task = Task(
        id=world.identifier(32),
        deployment=deployment,
        task_definition=deployment.task_definition,
        containers=containers,
        script=_healed(script, deployment),
        digest=digest,
        created=world.clock.monotonic(),
    )
    deployment.tasks.append(task)
    service.tasks.append(task)
    wait = world.timing.provisioning + task.script.starts_after
    world.clock.call_in(wait, lambda: _run(world, service, task))
    return task


def _healed(script: Behaviour, deployment: Deployment) -> Behaviour:
    if script.heals_after is None or deployment.died < script.heals_after:
        return script
    return replace(
        script, start_error="", exits_after=None, health="healthy" if script.health else "", target_unhealthy=False
    )


def _run(world: World, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    script = task.script
    if script.start_error:
        task.container_reason = script.start_error
        _failed_to_start(world, service, task)
        return
    task.status, task.started = "RUNNING", world.clock.monotonic()
    task.deployment.start_failures = 0
    if script.exits_after is not None:
        world.clock.call_in(script.exits_after, lambda: _exit(world, service, task))
    judged = script.health == "unhealthy" or (bool(service.target_group) and script.target_unhealthy)
    wait = script.health_after if script.health or service.target_group else world.timing.healthy_after_running
    world.clock.call_in(wait, lambda: _fail_health(world, service, task) if judged else _become_healthy(service, task))


def _failed_to_start(world: World, service: Service, task: Task) -> None:
    deployment = task.deployment
    deployment.failed_tasks += 1
    deployment.start_failures += 1
    wait = world.timing.restart_first * 2 ** (deployment.start_failures - 1)
    deployment.not_before = world.clock.monotonic() + min(wait, world.timing.restart_most)
    _stopped(world, service, task, "TaskFailedToStart", task.script.start_error)


def _exit(world: World, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    task.exit_code = task.script.exit_code
    task.container_reason = task.script.reason
    if service.counts_exits and not task.is_healthy:
        task.deployment.failed_tasks += 1
    _stopped(world, service, task, task.script.stop_code, task.script.stopped_reason)


def _become_healthy(service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    task.is_healthy = True
    task.health = "HEALTHY" if task.script.health else "UNKNOWN"
    if service.breaker is None or service.breaker.reset_on_healthy:
        task.deployment.failed_tasks = 0


def _fail_health(world: World, service: Service, task: Task) -> None:
    if not task.is_alive:
        return
    task.deployment.failed_tasks += 1
    if task.script.health == "unhealthy":
        task.health = "UNHEALTHY"
        why = "Task failed container health checks"
        say(world, service, f"(task {task.id}) failed container health checks.")
    else:
        why = f"Task failed ELB health checks in (target-group {service.target_group})"
        said = (
            "(port 8080) is unhealthy in (target-group {}) due to (reason Health checks failed with these codes: [503])"
        )
        say(world, service, f"(task {task.id}) {said.format(service.target_group)}.")
    task.exit_code = 137
    stop(world, service, task, "ServiceSchedulerInitiated", why)


def stop(world: World, service: Service, task: Task, code: str, reason: str) -> None:
    """SIGTERM, after draining where there is a load balancer."""
    if not task.is_alive:
        return
    task.stopping = world.clock.monotonic()
    task.status = "DEACTIVATING"
    task.deployment.died += task.script.heals_after is not None
    drain = world.timing.draining if service.target_group and task.is_healthy else 0.0
    world.clock.call_in(drain + world.timing.stopping, lambda: _end(world, service, task, code, reason))


def _stopped(world: World, service: Service, task: Task, code: str, reason: str) -> None:
    task.stopping = world.clock.monotonic()
    task.deployment.died += 1
    _end(world, service, task, code, reason)


def _end(world: World, service: Service, task: Task, code: str, reason: str) -> None:
    task.status, task.stopped = "STOPPED", world.clock.monotonic()
    task.stop_code, task.stopped_reason = code, reason
    if task.exit_code is None and task.started is not None:
        task.exit_code = 0
    world.changed(service)
