"""When to look at a deployment whose traffic is shifted: seldom while it bakes, often where a stage is about to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.steps.attempts import Phase, retry_in
from drone_deploy_ecs.core.steps.kind import SILENCE
from drone_deploy_ecs.core.steps.native.record import bake
from drone_deploy_ecs.core.steps.rollout.polling import (
    FIRST,
    HOLDING,
    JITTER,
    PATIENT,
    QUICK,
    UNREADABLE_FIRST,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.native.shift import Shift

FAR = 15.0
"""Seconds between looks while it bakes or waits for somebody's answer: what happens there is seen within that."""

MOST_SILENT = 480.0
"""Seconds: CI systems end steps that are silent for ten minutes."""


def next_look(shift: Shift, now: float, chance: float) -> float:
    """When (monotonic seconds) it wants to be looked at again; `chance` is random, in 0..1."""
    if shift.decision:  # only its stopped tasks are still to be read
        return now + UNREADABLE_FIRST
    if shift.phase is not Phase.FOLLOW:
        return shift.writes.not_before
    wait = _waits(shift, now)
    if wait is None:
        wait = _interval(shift) * (1 - JITTER * chance)
    ends = (
        shift.deadline,
        shift.answers.look_at,
        shift.stable_at,
        *(shift.ours.reported.confirmed_at if shift.ours else ()),
    )
    return min((now + wait, *(at for at in ends if at is not None and at > now)))


def silence(shift: Shift, now: float) -> float | None:
    """Seconds without a word while ECS waits: the longer it has, the more; None where it doesn't."""
    record = shift.known.record
    if record is None or shift.observed.failed_reads or not (record.pauses or bake(record)):
        return None
    return min(max(SILENCE, now - shift.known.since), MOST_SILENT)


def _waits(shift: Shift, now: float) -> float | None:
    """Seconds to the next look while ECS waits, None where it doesn't. They aren't random: so services share looks."""
    record = shift.known.record
    if record is None or shift.observed.failed_reads or shift.completion.completed_at is not None:
        return None
    if record.pauses:
        return FAR
    seconds = bake(record)
    if seconds is None:
        return None
    left = shift.known.since + seconds - now  # at the least: the stage was seen later than it began
    most = PATIENT if shift.tasks.stopped else FAR
    return min(most, left) if left > QUICK else QUICK


def _interval(shift: Shift) -> float:
    if shift.observed.failed_reads:
        return retry_in(1 + shift.observed.failed_reads)
    if shift.completion.completed_at is not None:
        return HOLDING
    if shift.known.record is None:
        return FIRST
    return PATIENT if shift.listed is not None and not shift.listed.is_at_full_count else QUICK
