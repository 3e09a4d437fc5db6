"""The one-off tasks of a plan: what runs before services are updated, and after; and what stops them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.evidence import LogPlace, log_place
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.steps.task.run import RunTask
from drone_deploy_ecs.core.steps.task.running import Running
from drone_deploy_ecs.core.steps.task.stop import StopTask
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution

Update = UpdateService | FollowDeployment
BEFORE, AFTER, RUN = "before", "after", "run"


def problems(request: Request, services: Iterable[Ready]) -> tuple[Problem, ...]:
    """What is wrong with the container of the tasks; and what would never run, as the new version never serves."""
    if not (request.before or request.after or request.command):
        return ()
    services = tuple(services)
    left = (
        Problem(
            f"{service.name} would be left at a PAUSE hook, so that after would never run",
            "Leave out after, and run it once that is approved (action: run); or set on_pause to wait",
        )
        for service in services
        if request.after and request.on_pause == "leave" and service.service.strategy.pauses
    )
    named = request.task_container
    strange = (
        Problem(
            f"task_container is {safe(named)}, and what service {service.name} is to run has no such container",
            f"Give one of {', '.join(map(safe, taskdef.containers(service.revision.body)))}",
        )
        for service in services
        if named and named not in taskdef.containers(service.revision.body)
    )
    return (*strange, *left)


def before(request: Request, updates: Iterable[Update], services: Iterable[Ready]) -> tuple[Stage, ...]:
    """The stage of the task that runs before the first of these is updated; none where none is asked for, or needed.

    What is followed was updated by an earlier run.
    """
    first = next((update for update in updates if isinstance(update, UpdateService)), None)
    if first is None or not request.before:
        return ()
    return (Stage((_like(request, BEFORE, first, services),)),)


def after(request: Request, updates: Iterable[Update], services: Iterable[Ready]) -> tuple[RunTask, ...]:
    """The task that runs once these serve the new version; none where none is asked for."""
    first = next(iter(updates), None)
    return (_like(request, AFTER, first, services),) if first and request.after else ()


def _like(request: Request, word: str, update: Update, services: Iterable[Ready]) -> RunTask:
    updated = next(service for service in services if service.name == update.target.name)
    return one_off(request, word, update, body=updated.revision.body, like=updated.service)


def one_off(request: Request, word: str, update: Update, *, body: Mapping[str, Any], like: Service) -> RunTask:
    """A task of the revision that the update is to, which has this body; launched as that service is."""
    target, container = update.target, container_of(request, body)
    commands = {BEFORE: request.before, AFTER: request.after, RUN: request.command}
    return RunTask(
        word=word,
        like=like.name,
        region=target.region,
        cluster=target.cluster,
        container=container,
        command=commands[word],
        timeout=request.task_timeout,
        definition=update.definition,
        registration=update.registration if isinstance(update, UpdateService) else "",
        launch=like.launch,
        defined=taskdef.defined(body),
        log=log_of(body, container, target.region),
        when_serving=word == AFTER,
        may_be_left=request.leave_on_cancel,
    )


def container_of(request: Request, body: Mapping[str, Any]) -> str:
    """Whose command it is: the one that is named, or else the first that is deployed."""
    names = tuple(taskdef.containers(body))
    asked = (request.task_container, *request.containers[:1])
    return next((name for name in asked if name and name in names), names[0])


def log_of(body: Mapping[str, Any], container: str, region: str) -> LogPlace | str:
    """Where that container logs to, but for the task's id at the end; or why it can't be read by this run."""
    place = log_place(body, container, "", region)
    if isinstance(place, str) or place.region == region:
        return place
    return f"its log is in another region: {place}"


def not_run(stages: Iterable[Stage], done: Iterable[Execution]) -> tuple[RunTask, ...]:
    """The tasks of these stages that wait for the new version to serve, and haven't run: a new plan has them, too."""
    ran = {execution.step.word for execution in done if isinstance(execution, Running) and execution.has_written}
    steps = (step for stage in stages for step in stage.steps)
    return tuple(step for step in steps if isinstance(step, RunTask) and step.when_serving and step.word not in ran)


def before_less_capacity(stages: tuple[Stage, ...], left: tuple[RunTask, ...]) -> tuple[Stage, ...]:
    """The stages with these tasks in front of the first that takes capacity away, or at the end."""
    place = next(
        (index for index, stage in enumerate(stages) if any(step.reduces_capacity for step in stage.steps)), len(stages)
    )
    return (*stages[:place], *(Stage((step,)) for step in left), *stages[place:])


def stops(done: Iterable[Execution]) -> tuple[Stage, ...]:
    """The stage that stops those of these tasks that still run, or may: not what was to be left."""
    steps = tuple(_stops(done))
    return (Stage(steps),) if steps else ()


def _stops(done: Iterable[Execution]) -> Iterator[StopTask]:
    for execution in done:
        if not isinstance(execution, Running) or not execution.has_written or execution.ending:
            continue
        step = execution.step
        if execution.verdict is Verdict.CANCELLED and step.may_be_left:
            continue
        yield StopTask(
            word=step.word,
            region=step.region,
            cluster=step.cluster,
            arn=execution.arn,
            started_by=step.started_by(execution.token),
            why=execution.reason,
        )
