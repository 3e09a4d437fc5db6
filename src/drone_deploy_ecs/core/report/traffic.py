"""Who got a service's production traffic, and at which of ECS's stages it was, over time.

Only where ECS shifts traffic. As with counts, a series grows only where a look shows another thing than the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service_deployment import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from drone_deploy_ecs.core.progress import Shifting


class Weight(Struct, frozen=True, kw_only=True):
    """What one deployment is to get of production traffic from `at` on, in per cent."""

    at: datetime
    revision: str
    deployment: str
    percent: float


class Stage(Struct, frozen=True, kw_only=True):
    """Where ECS was from `at` on; `status`, `name` and `awaits` are its words, see `Shifting`."""

    at: datetime
    name: str
    status: str
    awaits: str
    bakes: bool

    @property
    def place(self) -> tuple[str, str, str, bool]:
        """What differs between a stage and the next."""
        return self.name, self.status, self.awaits, self.bakes


class Traffic(Struct, frozen=True, kw_only=True):
    """One service's: weights and stages, oldest first; none, and no strategy, where ECS shifts nothing."""

    strategy: str = ""
    weights: tuple[Weight, ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def stage(self) -> str:
        """The stage at which ECS is; "" once it is over."""
        last = self.stages[-1] if self.stages else None
        return last.name if last and last.status not in OVER else ""


def grow(traffic: Traffic, shifting: Shifting, at: datetime) -> Traffic:
    """The series after this look."""
    stage = Stage(
        at=at,
        name=shifting.stage,
        status=shifting.status,
        awaits=shifting.awaits,
        bakes=shifting.bakes_until is not None,
    )
    is_new = not traffic.stages or traffic.stages[-1].place != stage.place
    return Traffic(
        strategy=shifting.strategy,
        weights=(*traffic.weights, *_changed(traffic, shifting, at)),
        stages=(*traffic.stages, stage) if is_new else traffic.stages,
    )


def _changed(traffic: Traffic, shifting: Shifting, at: datetime) -> Iterator[Weight]:
    """The weights that are others than before. What isn't told of any more gets nothing."""
    latest = {weight.deployment: weight for weight in traffic.weights}
    told = {share.deployment for share in shifting.shares}
    for share in shifting.shares:
        before = latest.get(share.deployment)
        if before is None or before.percent != share.percent:
            revision = share.revision or (before.revision if before else "")
            yield Weight(at=at, revision=revision, deployment=share.deployment, percent=share.percent)
    if told:
        for weight in latest.values():
            if weight.deployment not in told and weight.percent:
                yield replace(weight, at=at, percent=0.0)
