"""Whether ECS's events prove that a deployment can't succeed: look by look → complaints → the cause that ends it.

A stopped task tells whose it is; an event seldom does. So a complaint counts only where it can be about nobody but our
deployment, and of what may pass by itself only once it didn't pass. What is in doubt explains a verdict, but gives
none.
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


class Complaint(Struct, frozen=True, kw_only=True):
    """A bad cause that an event tells of our deployment, or of `task`, if that is one of ours.

    It was said at `said_at` by AWS's clock, and heard by a look at `heard_at`, in monotonic seconds, when so many of
    our tasks were `running`. `may_wait`: that nothing gets on proves it; not any more once something did.
    """

    cause: Cause
    said_at: datetime
    heard_at: float
    running: int
    task: str = ""
    may_wait: bool = False

    @property
    def confirmed_at(self) -> float | None:
        """When it will be confirmed if nothing gets on; None where that proves nothing."""
        return self.heard_at + PATIENCE if self.may_wait else None


class Complaints(Struct, frozen=True, kw_only=True):
    """What was heard of our deployment, by looks that were whole.

    The last look had `seen` these events since its beginning, and `was_alone`: no other deployment had tasks to start.
    """

    heard: tuple[Complaint, ...] = ()
    seen: tuple[ServiceEvent, ...] = ()
    was_alone: bool = False

    @property
    def confirmed_at(self) -> tuple[float, ...]:
        """The moments at which a complaint may be confirmed by mere time."""
        return tuple(at for complaint in self.heard if (at := complaint.confirmed_at) is not None)

    def after(self, service: Service, ours: Deployment, since: datetime | None, now: float) -> Complaints:
        """The complaints after a look that showed our deployment as PRIMARY. Only events from `since` on count.

        An event that names nobody is ours only if this look and the one before it, which didn't show it yet, both
        showed that nobody else had tasks to start: so it is from the time between them.
        """
        events = tuple(event for event in service.events if since is None or event.at >= since)
        is_alone = _is_alone(service, ours)
        heard = [_after_counts(complaint, ours) for complaint in self.heard]
        for event in events:
            if event in self.seen:
                continue
            heard = [_after_event(complaint, event) for complaint in heard]
            # One that comes late, older than what was seen, may be from before anybody was alone.
            is_from_between = not self.seen or event.at >= self.seen[-1].at
            heard += _complaints(event, ours, now, can_be_only_ours=self.was_alone and is_alone and is_from_between)
        return Complaints(heard=tuple(heard), seen=events, was_alone=is_alone)

    def interrupted(self) -> Complaints:
        """The complaints after a look that didn't show our deployment as PRIMARY: others may have tasks to start."""
        return replace(self, was_alone=False)

    def proof(self, stopped: tuple[Task, ...], read_at: float, now: float) -> Cause | None:
        """The cause that ends our deployment, if events prove one; its `stopped` tasks were last read at `read_at`.

        A terminal cause does at once. A repeating one is confirmed by a task that was created after the event and went
        the same way; or by time, when nothing got on, which its headline then says.
        """
        # What failed after its own health checks had passed isn't counted among tasks, either (`terminal_cause`).
        names = {short(task.arn) for task in stopped if not was_healthy(task)}
        ours = [complaint for complaint in self.heard if not complaint.task or complaint.task in names]
        terminal = (complaint.cause for complaint in ours if complaint.cause.weight is Weight.TERMINAL)
        by_tasks = (cause for complaint in ours for cause in _same_again(complaint, stopped))
        # After tasks that never ran ECS waits for up to 27 minutes before the next (service throttle logic): that none
        # is started then proves nothing, but those tasks do. And tasks that can't be read may be such.
        is_throttled = any(task.started_at is None and is_evidence(task) for task in stopped)
        by_time = (
            _unchanged(complaint.cause)
            for complaint in ours
            if (at := complaint.confirmed_at) is not None and at <= min(now, read_at) and not is_throttled
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


def _after_counts(complaint: Complaint, ours: Deployment) -> Complaint:
    return replace(complaint, may_wait=False) if ours.running > complaint.running else complaint


def _after_event(complaint: Complaint, event: ServiceEvent) -> Complaint:
    """A complaint after a later event: ECS got on, or is now held up by something that passes."""
    if _PROGRESS.search(event.message):
        return replace(complaint, may_wait=False)
    if not complaint.may_wait or not _STARTS.search(event.message):
        return complaint
    cause = cause_of_event(event)
    passes = cause is not None and cause.weight is Weight.TRANSIENT
    return replace(complaint, may_wait=not passes)


def _complaints(event: ServiceEvent, ours: Deployment, now: float, *, can_be_only_ours: bool) -> Iterator[Complaint]:
    """The complaint that this event is, if it is one of ours, or of a task that may turn out to be ours."""
    named, task = set(_DEPLOYMENT.findall(event.message)), _TASK.search(event.message)
    is_of_starts = bool(_STARTS.search(event.message))
    is_ours = is_of_starts and (named == {ours.id} or (not named and can_be_only_ours))
    if not is_ours and (named or not task):
        return
    cause = cause_of_event(event)
    if cause is None or not cause.is_the_containers:
        return
    yield Complaint(
        cause=cause,
        said_at=event.at,
        heard_at=now,
        running=ours.running,
        task=task[1] if task and not named else "",
        may_wait=is_ours and cause.weight is Weight.REPEATING,
    )


def _unchanged(cause: Cause) -> Cause:
    return replace(cause, headline=f"{cause.headline}, and nothing has got on for {span(PATIENCE)}")


def _same_again(complaint: Complaint, stopped: tuple[Task, ...]) -> Iterator[Cause]:
    """What later tasks tell that a complaint told already. The task that it is about was created before it."""
    for task in stopped:
        if task.created_at is None or task.created_at < complaint.said_at or was_healthy(task):
            continue
        if (cause := cause_of_task(task)).name == complaint.cause.name:
            yield cause
