"""Virtual time: it moves only by `sleep` and `advance_to`, and runs what becomes due on the way, in order."""

from __future__ import annotations

import heapq
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

START = datetime(2026, 1, 5, 12, 0, 0, tzinfo=UTC)


def moment(seconds: float) -> datetime:
    """The time of day at that many seconds after the start."""
    return START + timedelta(milliseconds=round(seconds * 1000))


class VirtualClock:
    """A `ports.Clock` that starts at noon and stands still between `sleep`s."""

    def __init__(self) -> None:
        self._now = 0.0
        self._woken = False
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def now(self) -> datetime:
        """The simulated time of day."""
        return moment(self._now)

    def at(self, seconds: float) -> datetime:
        """See `moment`."""
        return moment(seconds)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass, running everything that becomes due."""
        self.advance_to(self._now + max(seconds, 0.0))

    def advance_to(self, until: float) -> None:
        """Move time to `until` seconds after the start; never back. `wake` ends it at that moment."""
        self._woken = False
        while self._due and self._due[0][0] <= until and not self._woken:
            at, _, act = heapq.heappop(self._due)
            self._now = max(self._now, at)
            act()
        if not self._woken:
            self._now = max(self._now, until)

    def wake(self) -> None:
        """End the sleep under way, as a signal does."""
        self._woken = True

    def call_in(self, seconds: float, act: Callable[[], None]) -> None:
        """Have `act` called in that many seconds (at the earliest: when time is next moved)."""
        heapq.heappush(self._due, (self._now + seconds, next(self._order), act))
