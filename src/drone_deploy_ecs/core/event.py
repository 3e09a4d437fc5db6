"""What happens during a run, as values with their sentence: listeners print them, the report keeps them."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.progress import Progress


class Kind(Enum):
    """What sort of news an event is."""

    PLAN = "plan"
    WARNING = "warning"
    REGISTERED = "registered"
    UPDATED = "updated"
    PROGRESS = "progress"
    SERVICE_EVENT = "service event"
    TASK = "task"
    TROUBLE = "trouble"
    """A call to AWS that failed; the run goes on."""
    VERDICT = "verdict"
    UNDO = "undo"
    WAITING = "waiting"
    LOG = "log"
    """A line of a one-off task's own log."""
    CAUSE = "cause"
    END = "end"


class Event(Struct, frozen=True):
    """One line of the run: when, about which service ("" for the whole run), and the sentence, safe to print.

    `progress` is how far the service's rollout was at that moment, for those who draw it.
    """

    at: datetime
    kind: Kind
    service: str
    text: str
    progress: Progress | None = None

    def __str__(self) -> str:
        """Its line of a log: `12:00:07Z web: updated to web:43, as ecs-svc/1`."""
        about = f"{self.service}: " if self.service else ""
        return f"{self.at:%H:%M:%S}Z {about}{self.text}"


News = tuple[Kind, str]
