"""A switch from one service to the other, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.limits import Limits
    from drone_deploy_ecs.core.target import Target


class Switch(Struct, frozen=True, kw_only=True):
    """The two sides of a blue/green run: `idle` takes over from `live`, which has `count` tasks.

    `live_limits` and `idle_limits` are autoscaling's, as they should be after a failure (None: not autoscaled);
    `percent` and `interval` are how `live` is scaled down.
    """

    live: Target
    idle: Target
    count: int
    percent: int
    interval: float
    live_limits: Limits | None = None
    idle_limits: Limits | None = None

    def __str__(self) -> str:
        live, idle = self.live, self.idle
        return (
            f"{live.name} is live ({tasks(live.desired)}, {short(live.before)}); "
            f"{idle.name} ({tasks(idle.desired)}) takes over, then {live.name} gives way"
        )
