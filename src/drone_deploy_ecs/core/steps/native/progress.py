"""How far ECS is with shifting traffic, without a rollout's memory: for those who draw it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import WHOLE
from drone_deploy_ecs.core.progress import Share, Shifting
from drone_deploy_ecs.core.steps.native.record import bake
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.steps.native.shift import Shift


def shifting(shift: Shift, now: float, at: datetime) -> Shifting | None:
    """As of `now`, monotonic seconds, which is the time of day `at`; None before ECS's record was read."""
    record = shift.known.record
    if record is None:
        return None
    waiting = (hook for hook in record.hooks if hook.status in ("AWAITING_ACTION", "IN_PROGRESS"))
    awaits = next((safe(hook.target_type) for hook in waiting), "")
    seconds = None if awaits else bake(record)
    return Shifting(
        strategy=safe(record.strategy.name),
        status=safe(record.status),
        stage=safe(record.stage),
        awaits=awaits,
        bakes_until=at + timedelta(seconds=shift.known.since + seconds - now) if seconds else None,
        shares=tuple(_shares(shift, record)),
        ours=shift.known.of,
    )


def _shares(shift: Shift, record: DescribedServiceDeployment) -> Iterator[Share]:
    """The target's weight, and the rest: of several sources each may report all of it, also one without a task."""
    percent, sources = record.target.production, record.sources
    if percent is None or (percent < WHOLE and not sources):
        return
    yield Share(shift.known.of, _revision(shift, shift.known.of), percent)
    if percent < WHOLE:
        source = max(sources, key=lambda source: source.running).deployment
        yield Share(source, _revision(shift, source), WHOLE - percent)


def _revision(shift: Shift, deployment: str) -> str:
    listed = shift.service.deployment(deployment) if shift.service else None
    return short(listed.task_definition) if listed else ""
