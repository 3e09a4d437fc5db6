"""The wait for what is due next: with a heartbeat where nothing was said for long, and ended by a cancellation."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.kind import SILENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.core.ports import Cancellation, Clock
    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.run.event_log import EventLog


class Waiting:
    """The waits of a run; its stages share the memory of when a heartbeat came."""

    def __init__(self, clock: Clock, log: EventLog, cancellation: Cancellation) -> None:
        self._clock = clock
        self._log = log
        self._cancellation = cancellation
        self._heartbeat = (-inf, SILENCE)
        """When the last one came, and for how many seconds nothing need be said after it."""

    def until(self, due: float, under_way: Callable[[], Mapping[int, Execution]]) -> bool:
        """Sleep until `due` (monotonic seconds). False where a cancellation ended the sleep."""
        signal = self._cancellation.signal
        while (now := self._clock.monotonic()) < due:
            came_at, silence = self._heartbeat
            speak_at = self._log.spoke_at + (silence if self._log.spoke_at == came_at else SILENCE)
            if speak_at <= now:
                executions = under_way().values()
                self._log.waiting(executions, now)
                self._heartbeat = (now, min(execution.silence(now) for execution in executions))
                continue
            self._clock.sleep(min(due, speak_at) - now)
            if self._cancellation.signal != signal:
                text = f"cancelled by signal {self._cancellation.signal}; a second one stops at once"
                self._log.record(Kind.TROUBLE, "", text, important=True)
                return False
        return True
