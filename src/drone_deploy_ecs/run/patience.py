"""Reads before the first write, repeated where that may help: nothing is lost by waiting a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.text import safe, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.fault import Fault
    from drone_deploy_ecs.core.ports import Clock
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.event_log import EventLog

A = TypeVar("A")

PATIENCE = 60.0
"""Seconds for which reads before the first write are repeated when they fail for a reason that may pass.

No longer than the run's budget, and altogether: what AWS doesn't answer for one read it won't for the next.
"""
PAUSE_FIRST, PAUSE_MOST = 1.0, 10.0


class Patient:
    """A Region's calls for the reads before the first write: repeated while they fail for a reason that may pass."""

    def __init__(self, calls: Calls, clock: Clock, log: EventLog, budget: float) -> None:
        self._calls = calls
        self._clock = clock
        self._log = log
        self._told: set[Fault] = set()
        self._left_out: set[str] = set()
        self._patience = min(PATIENCE, budget)
        self._last: Fault | None = None
        self._failing_since = 0.0

    def send(self, call: Call[A]) -> A:
        """The call's answer. Raises ApiError once patience has ended, or where it can't help."""
        return self.repeat(lambda calls: calls.send(call))

    def ask(self, call: Call[A]) -> A | Fault:
        """As `send`; that there is no such thing is an answer, where the call says so."""
        try:
            return self.send(call)
        except ApiError as error:
            if call.absent and error.fault.code == call.absent:
                return error.fault
            raise

    def repeat(self, read: Callable[[Calls], A]) -> A:
        """As `send`, for a read of several calls; where one of them fails, all of it is repeated."""
        if self._last is None:
            self._failing_since = self._clock.monotonic()
        pause = PAUSE_FIRST
        while True:
            try:
                answer = read(self._calls)
            except ApiError as error:
                before, self._last = self._last, error.fault if error.fault.may_pass else None
                if not self._is_worth_another_try(error.fault, before, pause):
                    raise
                if error.fault not in self._told:
                    self._told.add(error.fault)
                    self._log.record(
                        Kind.TROUBLE, "", safe(f"{error.fault}; trying again{self._how_long(error.fault)}")
                    )
            else:
                self._last = None
                return answer
            self._clock.sleep(pause)
            pause = min(2 * pause, PAUSE_MOST)

    def leave_out(self, why: str) -> None:
        """Say once what is done without."""
        if why not in self._left_out:
            self._left_out.add(why)
            self._log.record(Kind.TROUBLE, "", safe(why))

    def _how_long(self, fault: Fault) -> str:
        """Said of what can't be reached, as a wrong address never will be."""
        left = self._failing_since + self._patience - self._clock.monotonic()
        return f" for {span(left)} at most" if fault.kind is FaultKind.UNREACHABLE else ""

    def _is_worth_another_try(self, fault: Fault, before: Fault | None, pause: float) -> bool:
        """What isn't AWS's may have been cut by chance; the second in a row is no chance."""
        if fault.is_not_awss and before and before.is_not_awss:
            return False
        return fault.may_pass and self._clock.monotonic() + pause <= self._failing_since + self._patience


def answered(
    asks: Callable[[Answers], tuple[Call[Any], ...]], send: Callable[[Call[Any]], Any]
) -> dict[Call[Any], Any]:
    """Send the calls that `asks` names, then those that it names given the answers, until it names no new call."""
    answers: dict[Call[Any], Any] = {}
    while new := [call for call in asks(answers) if call not in answers]:
        answers |= {call: send(call) for call in new}
    return answers
