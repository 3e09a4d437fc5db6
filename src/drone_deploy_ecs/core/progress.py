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


class Progress(Struct, frozen=True, kw_only=True):
    """One service's rollout at some moment. `ends_at` is when it usually would have ended, None where nothing tells."""

    revision: str
    state: State
    running: int
    desired: int
    began_at: datetime
    ends_at: datetime | None
