"""Whether ECS's events prove that a deployment can't succeed: look by look → reported causes → the proven one.

A stopped task tells whose it is; an event seldom does. So what an event reports counts only where it can be about
nobody but our deployment, and what may pass by itself only once it didn't pass. What is in doubt explains a verdict,
but gives none.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.cause import Cause, cause_of_event, cause_of_task, is_evidence, was_healthy
from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.text import span

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Deployment, Service, ServiceEvent
    from drone_deploy_ecs.core.ecs.task import Task

PATIENCE = 480.0
"""Seconds without any progress after which what an event told of a repeating cause is confirmed.

ECS doesn't say the same again within six hours, so there is no second event to wait for. It does try again: what it
couldn't start for 50 seconds, after another five minutes (reproio/ecs_deploy#53); and a role that is new works within
a few minutes (developer guide, status reasons of EBS volumes). So this is a whole such round, and some more.
"""
_STARTS = re.compile(
    r"unable to place|(failed to|could not) launch|failed to register targets|TARGET (GROUP )?IS NOT FOUND",
    re.IGNORECASE,
)
"""Events about tasks that ECS wants to start, or to put into service. A bad health may be an old task's."""
_PROGRESS = re.compile(r" has started \d| registered \d|deployment completed|reached a steady state")
"""Events that show that ECS got on; the first space tells `registered` from `deregistered`."""
_TASK = re.compile(r"\(task ([^()\s]+)\)")
_DEPLOYMENT = re.compile(r"ecs-svc/\d+")


class ReportedCause(Struct, frozen=True, kw_only=True):
    """A bad cause that an event reports of our deployment, or of `task`, if that is one of ours.

    The event is of `reported_at` by AWS's clock; a look at `seen_at`, in monotonic seconds, showed it first, when so
    many of our tasks were `running`. `time_confirms`: that nothing gets on proves it; not any more once something did.
    """

    cause: Cause
    reported_at: datetime
    seen_at: float
    running: int
    task: str = ""
    time_confirms: bool = False

    @property
    def confirmed_at(self) -> float | None:
        """When it will be confirmed if nothing gets on; None where that proves nothing."""
        return self.seen_at + PATIENCE if self.time_confirms else None


class Reported(Struct, frozen=True, kw_only=True):
    """The causes that events report of our deployment, by looks that were whole.

    The last look showed these `events` since its beginning; it `was_alone`: no other deployment had tasks to start.
    """

    causes: tuple[ReportedCause, ...] = ()
    events: tuple[ServiceEvent, ...] = ()
    was_alone: bool = False

    @property
    def confirmed_at(self) -> tuple[float, ...]:
        """The moments at which a reported cause may be confirmed by mere time."""
        return tuple(at for reported in self.causes if (at := reported.confirmed_at) is not None)

    def after(self, service: Service, ours: Deployment, since: datetime | None, now: float) -> Reported:
        """What is reported after a look that showed our deployment as PRIMARY.

        Only events from `since` on count, so none where that isn't known.
        An event that names nobody is ours only if this look and the one before it, which didn't show it yet, both
        showed that nobody else had tasks to start: so it is from the time between them.
        """
        events = tuple(event for event in service.events if since and event.at >= since)
        is_alone = _is_alone(service, ours)
        causes = [_after_counts(reported, ours) for reported in self.causes]
        for event in events:
            if event in self.events:
                continue
            causes = [_after_event(reported, event) for reported in causes]
            # One that comes late, older than what was seen, may be from before anybody was alone.
            is_from_between = not self.events or event.at >= self.events[-1].at
            causes += _reported(event, ours, now, can_be_only_ours=self.was_alone and is_alone and is_from_between)
        return Reported(causes=tuple(causes), events=events, was_alone=is_alone)

    def interrupted(self) -> Reported:
        """What is reported after a look that didn't show our deployment as PRIMARY: others may have tasks to start."""
        return replace(self, was_alone=False)

    def proof(self, stopped: tuple[Task, ...], read_at: float, now: float) -> Cause | None:
        """The cause that ends our deployment, if events prove one; its `stopped` tasks were last read at `read_at`.

        A terminal cause does at once. A repeating one is confirmed by a task that was created after the event and went
        the same way; or by time, when nothing got on, which its headline then says.
        """
        # What failed after its own health checks had passed isn't counted among tasks, either (`terminal_cause`).
        names = {short(task.arn) for task in stopped if not was_healthy(task)}
        ours = [reported for reported in self.causes if not reported.task or reported.task in names]
        terminal = (reported.cause for reported in ours if reported.cause.weight is Weight.TERMINAL)
        by_tasks = (cause for reported in ours for cause in _same_again(reported, stopped))
        # After tasks that never ran ECS waits for up to 27 minutes before the next (service throttle logic): that none
        # is started then proves nothing, but those tasks do. And tasks that can't be read may be such.
        is_throttled = any(task.started_at is None and is_evidence(task) for task in stopped)
        by_time = (
            _unchanged(reported.cause)
            for reported in ours
            if (at := reported.confirmed_at) is not None and at <= min(now, read_at) and not is_throttled
        )
        return next((cause for causes in (terminal, by_tasks, by_time) for cause in causes), None)


def _is_alone(service: Service, ours: Deployment) -> bool:
    """Whether nobody but our deployment has tasks to start.

    One that was never completed may be about to start some, whatever it wants by now (a deployment that couldn't start
    any wants 0); and whose tasks failed is about to replace them.
    """
    return all(
        other.rollout_state == "COMPLETED" and other.is_at_full_count and not other.failed_tasks
        for other in service.deployments
        if other.id != ours.id
    )


def _after_counts(reported: ReportedCause, ours: Deployment) -> ReportedCause:
    return replace(reported, time_confirms=False) if ours.running > reported.running else reported


def _after_event(reported: ReportedCause, event: ServiceEvent) -> ReportedCause:
    """A reported cause after a later event: ECS got on, or is now held up by something that passes."""
    if _PROGRESS.search(event.message):
        return replace(reported, time_confirms=False)
    if not reported.time_confirms or not _STARTS.search(event.message):
        return reported
    cause = cause_of_event(event)
    passes = cause is not None and cause.weight is Weight.TRANSIENT
    return replace(reported, time_confirms=not passes)


def _reported(event: ServiceEvent, ours: Deployment, now: float, *, can_be_only_ours: bool) -> Iterator[ReportedCause]:
    """The cause that this event reports, if it is of ours, or of a task that may turn out to be ours."""
    named, task = set(_DEPLOYMENT.findall(event.message)), _TASK.search(event.message)
    is_of_starts = bool(_STARTS.search(event.message))
    is_ours = is_of_starts and (named == {ours.id} or (not named and can_be_only_ours))
    if not is_ours and (named or not task):
        return
    cause = cause_of_event(event)
    if cause is None or not cause.is_the_containers:
        return
    yield ReportedCause(
        cause=cause,
        reported_at=event.at,
        seen_at=now,
        running=ours.running,
        task=task[1] if task and not named else "",
        time_confirms=is_ours and cause.weight is Weight.REPEATING,
    )


def _unchanged(cause: Cause) -> Cause:
    return replace(cause, headline=f"{cause.headline}, and nothing has got on for {span(PATIENCE)}")


def _same_again(reported: ReportedCause, stopped: tuple[Task, ...]) -> Iterator[Cause]:
    """What later tasks tell that an event reported already. The task that it is about was created before it."""
    for task in stopped:
        if task.created_at is None or task.created_at < reported.reported_at or was_healthy(task):
            continue
        if (cause := cause_of_task(task)).name == reported.cause.name:
            yield cause
