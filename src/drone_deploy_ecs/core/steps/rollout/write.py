"""The write: when UpdateService may be written (again), what a look before it means, and what an attempt came to.

An ambiguous write is looked for before it is repeated; that its deployment isn't there is believed only once it would
have become visible.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.attempts import SETTLE, is_refused
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.fault import Fault
    from drone_deploy_ecs.core.ecs.service import Deployment
    from drone_deploy_ecs.core.steps.attempts import Attempts
    from drone_deploy_ecs.core.steps.rollout.rival import Rival
    from drone_deploy_ecs.core.steps.rollout.terms import RolloutStep


class Next(Enum):
    """What is to be done after a look before the write that settled nothing."""

    WRITE = "write"
    RETRY = "retry the look"
    """It shows nothing to go by."""
    WAIT = "wait"
    """Something is about to become visible."""
    WAIT_AWAY = "wait, what is to be undone being away"
    """It isn't PRIMARY any more, which may be a stale read."""


def check(
    primary: Deployment, step: RolloutStep, definition: str, writes: Attempts, rival: Rival | None
) -> Judgement | Ours | Next:
    """What a look before the write means on the way forward, that deployment being PRIMARY.

    `rival` is what it runs, where its build counts.
    """
    if primary.task_definition == definition and writes.may_have_been_accepted and primary.id not in step.target.known:
        return Ours(deployment=primary.id, since=primary.created_at)
    if rival and rival.is_higher(step.build):
        ahead = f"it has {short(primary.task_definition)} of build {rival.build}, and this is build {step.build}"
        return Judgement(Verdict.SUPERSEDED, ahead)
    # The very revision that this build has tagged: whoever deployed it meanwhile was no later one.
    is_ours = rival is not None and rival.build == step.build and primary.task_definition == definition
    if primary.id in step.target.known or is_ours or (rival and rival.is_lower(step.build)):
        return Next.WRITE
    theirs = f"somebody else's {primary.id} ({short(primary.task_definition)})"
    return Judgement(Verdict.SUPERSEDED, f"{theirs} became PRIMARY before our update")


def when_settled(writes: Attempts, recalled: Judgement | None, deadline: float, now: float) -> Judgement | Next:
    """Whether to write, no deployment of ours being visible: after an unconfirmed write it may still become so."""
    if judgement := out_of_time(writes, deadline, now):
        return judgement
    if writes.may_have_been_accepted and now < writes.written_at + SETTLE:
        return Next.WAIT
    return recalled or Next.WRITE


def refused(writes: Attempts, fault: Fault) -> Judgement | None:
    """The verdict on a refusal; None where an earlier attempt may have been accepted, which is looked for first."""
    if is_refused(fault) and not writes.may_have_been_accepted:
        return Judgement(Verdict.REFUSED, f"AWS refused {fault}")
    return None


def out_of_time(writes: Attempts, deadline: float, now: float) -> Judgement | None:
    """The verdict where the budget ends before a write got through; None before the deadline."""
    if now < deadline:
        return None
    if writes.may_have_been_accepted:
        reason = f"the update may or may not have been accepted: {writes.unconfirmed}"
        return Judgement(Verdict.UNKNOWN, reason)
    return Judgement(Verdict.REFUSED, f"the update never got through: {writes.fault or 'AWS was not seen'}")
