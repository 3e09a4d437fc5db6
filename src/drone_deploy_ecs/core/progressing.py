"""How far a watch is, without its memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drone_deploy_ecs.core import history
from drone_deploy_ecs.core.progress import Progress, State
from drone_deploy_ecs.core.watch import Phase

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.watch import Watch


def progress(watch: Watch, now: float, at: datetime) -> Progress:
    """As of `now`, monotonic seconds, which is the time of day `at`."""
    ours = watch.service.deployment(watch.deployment) if watch.service and watch.deployment else None
    foreseen = history.foresee(watch)
    is_known = foreseen is not None and now <= foreseen.next.late
    return Progress(
        revision=watch.revision,
        state=_state(watch),
        running=ours.running if ours else 0,
        desired=ours.desired if ours else watch.target.desired,
        began_at=at - timedelta(seconds=now - watch.began),
        ends_at=at + timedelta(seconds=foreseen.end.usual - now) if foreseen and is_known else None,
    )


def _state(watch: Watch) -> State:
    if watch.completed_at is not None or (watch.verdict and watch.verdict.is_good):
        return State.COMPLETE
    if watch.verdict is not None:
        return State.FAILED
    if watch.is_undo:
        return State.ROLLING_BACK
    if watch.phase is not Phase.FOLLOW:
        return State.UPDATING
    return State.DRAINING if watch.healthy_at is not None else State.ROLLING_OUT
