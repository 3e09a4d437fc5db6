"""How the way back decides, from a look at the service and at the record of what is to be undone.

- It can be stopped: StopServiceDeployment, which rolls it back while the old tasks still run. Where it waits at a PAUSE
  hook that is answered with ROLLBACK instead.
- ECS is rolling it back, whoever began that: nothing is written, and what it returns to is followed.
- It is over, or may not be stopped: UpdateService to what ran before, a whole new deployment.
- Anything else is PRIMARY: not ours. It is left alone.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import STOPPABLE
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.judge import GRACE
from drone_deploy_ecs.core.steps.rollout.rollback import nobody
from drone_deploy_ecs.core.steps.rollout.write import Next
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Deployment
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.steps.native.shift import Shift

UNLISTED = 15.0
"""Seconds for which the record of what is to be undone is looked for: the list is late by some ten."""


class Means(Enum):
    """By which call it is written."""

    UPDATE = "UpdateService"
    STOP = "StopServiceDeployment"
    ANSWER = "ContinueServiceDeployment"


def means(record: DescribedServiceDeployment | None, refused: frozenset[Means]) -> Means:
    """The quickest way back that wasn't refused."""
    if record is None or record.status not in STOPPABLE:
        return Means.UPDATE
    if record.pauses and Means.ANSWER not in refused:
        return Means.ANSWER
    return Means.UPDATE if Means.STOP in refused else Means.STOP


def check(shift: Shift, primary: Deployment, now: float) -> Judgement | Ours | Next:
    """What a look before the write means on the way back, that deployment being PRIMARY."""
    record = shift.known.record
    if primary.id == shift.step.undoes:
        return _ours_is_primary(shift, record, now)
    if record is not None and record.status == "ROLLBACK_FAILED" and primary.id in shift.step.target.known:
        return _write(shift, now)
    if not _is_return(shift, primary, record):
        theirs = f"{primary.id} ({short(primary.task_definition)}) is PRIMARY now and isn't ours: left alone"
        return Judgement(Verdict.SUPERSEDED, theirs)
    # A read from before our update shows the same, unless the record says that it is rolled back.
    away_since = shift.not_primary_since
    if (record is not None and record.is_going_back) or (away_since is not None and now - away_since >= GRACE):
        is_former = primary.id in shift.step.target.known or (record is not None and record.goes_back_to(primary.id))
        if is_former:
            return Ours(deployment=primary.id, since=shift.since, is_ecs_rollback=True)
        # A deployment of its own, be it our unconfirmed one or somebody's, that brings the same.
        return Ours(deployment=primary.id, since=primary.created_at, instead=shift.definition)
    return Next.WAIT_AWAY


def _ours_is_primary(shift: Shift, record: DescribedServiceDeployment | None, now: float) -> Judgement | Next:
    if now >= shift.deadline:
        return Judgement(Verdict.TIMED_OUT, "ECS's rollback didn't come to an end")
    if record is None and now < shift.began + UNLISTED:
        return Next.WAIT
    if record is not None and (record.is_going_back or record.status == "STOP_REQUESTED"):
        return Next.WAIT
    return _write(shift, now)


def _write(shift: Shift, now: float) -> Judgement | Next:
    return nobody(shift.step, shift.began, now) if shift.step.must_not_write else Next.WRITE


def _is_return(shift: Shift, primary: Deployment, record: DescribedServiceDeployment | None) -> bool:
    """Whether PRIMARY is what ran before: the revision alone is no proof where a copy of it is needed."""
    target = shift.step.target
    if record is not None and record.is_going_back and record.goes_back_to(primary.id):
        return True
    if primary.id not in target.known and primary.task_definition != shift.definition:
        return False
    return primary.task_definition in (target.before, shift.definition)
