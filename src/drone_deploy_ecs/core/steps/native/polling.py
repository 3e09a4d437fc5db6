"""When to look at a deployment whose traffic is shifted: often where what is waited for may come next, else seldom.

A bake's end is known: until then only what nobody foresees can be seen. Measured in docs/benchmarks/native.md.
"""

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
    UNREADABLE_FIRST,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.native.shift import Shift

FAR = 15.0
"""Seconds between looks while it bakes or waits for somebody's answer: what happens there is seen within that.

They are at multiples of that by the clock: so services whose turns of ECS's scheduler differ share their looks.
"""

SOON = 3.0
"""Seconds between looks where the end of what is waited for, or a failure, may come next."""
EARLY = frozenset({"RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT"})
"""Stages from which production traffic is some stages away."""
HOOK_SHARE = 0.1
"""Of the time that a hook has taken, the share after which to look again: it may take a day."""

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
        wait = _interval(shift, now) * (1 - JITTER * chance)
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
    """Seconds to the next look while ECS waits, None where it doesn't."""
    record = shift.known.record
    if record is None or shift.observed.failed_reads or shift.completion.completed_at is not None:
        return None
    if record.pauses:
        return _until_next(FAR, now)
    seconds = bake(record)
    if seconds is None:
        return None
    left = shift.known.since + seconds - now  # at the least: the stage was seen later than it began
    period = PATIENT if shift.tasks.stopped else FAR
    return min(_until_next(period, now), left) if left > SOON else SOON


def _until_next(period: float, now: float) -> float:
    """Seconds to the next multiple of the period; more than none, and no more than one."""
    return period - now % period


def _interval(shift: Shift, now: float) -> float:
    record, listed = shift.known.record, shift.listed
    if shift.observed.failed_reads:
        return retry_in(1 + shift.observed.failed_reads)
    if shift.completion.completed_at is not None:
        return HOLDING
    if record is None:
        return FIRST
    if any(hook.status == "IN_PROGRESS" for hook in record.hooks):
        return min(max(SOON, HOOK_SHARE * (now - shift.known.since)), FAR)
    if shift.tasks.stopped or record.is_going_back:
        return SOON
    is_far_off = record.stage in EARLY and (shift.terms.wait_for_drained or shift.terms.wait_for_shift)
    return PATIENT if is_far_off or (listed is not None and not listed.is_at_full_count) else SOON
