"""How far a rollout is, without its memory: for those who draw it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.progress import Progress, State
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.steps.rollout.record import Record


def progress(rollout: Record, now: float, at: datetime) -> Progress:
    """As of `now`, monotonic seconds, which is the time of day `at`."""
    listed, foreseen = rollout.listed, rollout.foreseen
    # Where the next milestone is late, it is no rollout like the others, and nothing tells its end.
    is_known = foreseen is not None and now <= foreseen.next.late
    return Progress(
        revision=rollout.revision,
        state=_state(rollout),
        running=listed.running if listed else 0,
        desired=listed.desired if listed else rollout.step.target.desired,
        began_at=at - timedelta(seconds=now - rollout.began),
        ends_at=at + timedelta(seconds=foreseen.end.usual - now) if foreseen and is_known else None,
    )


def _state(rollout: Record) -> State:
    verdict = rollout.verdict
    if rollout.pause is not None and verdict in (None, Verdict.PAUSED):
        return State.PAUSED
    if rollout.completion.completed_at is not None or (verdict and verdict.is_good):
        return State.COMPLETE
    if verdict is not None:
        return State.FAILED
    if rollout.is_undo:
        return State.ROLLING_BACK
    if rollout.phase is not Phase.FOLLOW:
        return State.UPDATING
    return State.DRAINING if rollout.ours and rollout.ours.healthy_at is not None else State.ROLLING_OUT
