"""SIGTERM and SIGINT as a `Cancellation`, and a sleep that they end."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.exit_code import SIGNALLED

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import FrameType


class Signals:
    """The process's signals. Until `defer` the first one ends the process; after that, the second does.

    As PID 1 of a container a process without handlers would ignore SIGTERM altogether.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._deferred = False
        self.woken, wake = os.pipe()
        os.set_blocking(wake, False)
        # A handler alone doesn't end a sleep (PEP 475); a byte in a pipe does.
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._arrived)

    def defer(self) -> None:
        """Something may have to be undone from now on."""
        self._deferred = True

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if self.signal or not self._deferred:
            what = "stopping at once, as asked twice" if self.signal else "nothing was changed"
            os.write(2, f"Cancelled by signal {number}: {what}.\n".encode())
            os._exit(SIGNALLED + number)
        self.signal = number


def unique() -> str:
    """A text that nobody else has."""
    from uuid import uuid4

    return uuid4().hex


def beside(work: Callable[[], None], /) -> None:
    """`ports.Beside`, by a thread that doesn't keep the process from ending."""
    from threading import Thread

    Thread(target=work, daemon=True).start()


class SystemClock:
    """`ports.Clock` as the operating system has it; a byte at `woken`, where there is one, ends a sleep."""

    def __init__(self, woken: int | None = None) -> None:
        self._woken = woken

    def now(self) -> datetime:
        """The time of day, UTC."""
        from datetime import UTC, datetime

        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that only grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass, or fewer when a signal arrives."""
        if self._woken is None:
            time.sleep(max(seconds, 0.0))
        elif select.select([self._woken], [], [], max(seconds, 0.0))[0]:
            os.read(self._woken, 512)
