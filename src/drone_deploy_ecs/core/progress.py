"""How far one service's rollout is, as a value to draw."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime


class State(Enum):
    """What a rollout is doing, in a word or two."""

    UPDATING = "updating"
    ROLLING_OUT = "rolling out"
    ROLLING_BACK = "rolling back"
    DRAINING = "old tasks draining"
    PAUSED = "waiting for approval"
    COMPLETE = "complete"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to be expected of it."""
        return self in (State.COMPLETE, State.FAILED)


class Share(Struct, frozen=True):
    """What one deployment is to get of production traffic, in per cent; `revision` is "" where that isn't known."""

    deployment: str
    revision: str
    percent: float


class Shifting(Struct, frozen=True, kw_only=True):
    """How far ECS is where it shifts the traffic of a service, by its own record of that.

    `status` and `stage` are ECS's words. `awaits` is the kind of the hook whose answer it waits for, AWS_LAMBDA or
    PAUSE, "" for none. It bakes until `bakes_until` at the least, None where it doesn't. `shares` add up to 100 %: what
    gets nothing may be left out, and where ECS tells none there are none. `ours` is whose it becomes.
    """

    strategy: str
    status: str
    stage: str
    awaits: str = ""
    bakes_until: datetime | None = None
    shares: tuple[Share, ...] = ()
    ours: str = ""

    @property
    def is_going_back(self) -> bool:
        """Whether ECS rolls it back, or has."""
        return self.status.startswith("ROLLBACK")

    @property
    def percent(self) -> float | None:
        """How much of production traffic our deployment is to get; None where that isn't told."""
        return next((share.percent for share in self.shares if share.deployment == self.ours), None)


class Progress(Struct, frozen=True, kw_only=True):
    """One service's rollout at some moment. `ends_at` is when it usually would have ended, None where nothing tells.

    `shifting` is there where ECS shifts its traffic.
    """

    revision: str
    state: State
    running: int
    desired: int
    began_at: datetime
    ends_at: datetime | None
    shifting: Shifting | None = None
