"""What preflight reads: all at once, beside the snapshot where that is possible, and within two seconds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.preflight.check import Result
from drone_deploy_ecs.core.preflight.checks import checks, foreseen
from drone_deploy_ecs.core.text import safe, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ports import Beside, Clock
    from drone_deploy_ecs.core.preflight.check import Check, Finding, Subject
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.event_log import EventLog

WITHIN = 2.0
"""Seconds that a run waits for answers, beside those in which it looks again."""
AGAIN = 10.0
"""Seconds for which what isn't there is looked for again: a push may be under way, or its replication."""
PAUSE = 2.0
A_MOMENT = 0.01
"""Between two looks whether answers have come."""


class Preflight:
    """The reads of one run. `calls` by Region of the run: the account and credentials that a check is asked with."""

    def __init__(self, calls: Mapping[str, Calls], clock: Clock, log: EventLog, beside: Beside) -> None:
        self._calls = calls
        self._clock = clock
        self._log = log
        self._beside = beside
        self._asked: set[tuple[str, Call[Any]]] = set()
        self._defects: list[Exception] = []
        self._answers: dict[str, dict[Call[Any], Any]] = {region: {} for region in calls}

    def begin(self, request: Request) -> None:
        """Ask what is sure to be asked, while the services are read."""
        self._ask(foreseen(request))

    def findings(self, request: Request, subjects: Iterable[Subject]) -> tuple[Finding, ...]:
        """What is known of these services, each thing once."""
        wanted = checks(request.preflight, subjects)
        self._settle(wanted)
        self._look_again(wanted)
        found = (finding for check in wanted for finding in check.findings(self._answers[check.region]))
        return tuple(dict.fromkeys(found))

    def _look_again(self, wanted: Sequence[Check]) -> None:
        """For what isn't there, until it is or the time is over."""
        until = self._clock.monotonic() + AGAIN
        told = False
        while self._clock.monotonic() < until:
            absent = {
                (check.region, call): check for check in wanted for call in check.again(self._answers[check.region])
            }
            if not absent:
                return
            if not told:
                told = True
                self._tell(absent.values())
            self._clock.sleep(PAUSE)
            for region, call in absent:
                self._asked.discard((region, call))
                self._answers[region].pop(call, None)
            self._settle(wanted)

    def _tell(self, absent: Iterable[Check]) -> None:
        """Say what is waited for."""
        found = (finding for check in absent for finding in check.findings(self._answers[check.region]))
        what, *others = dict.fromkeys(finding.what for finding in found if finding.result is Result.DOOMED)
        more = f", and {len(others)} more" if others else ""
        self._log.record(Kind.WAITING, "", safe(f"{what}{more}: looking again for {span(AGAIN)}"))

    def _settle(self, wanted: Sequence[Check]) -> None:
        """Ask what the checks ask, and what they ask then, until all is answered or the time is over."""
        until = self._clock.monotonic() + WITHIN
        while missing := self._missing(wanted):
            if self._defects:
                raise self._defects[0]
            if self._clock.monotonic() >= until:
                return
            if not self._ask(missing):
                self._clock.sleep(A_MOMENT)

    def _missing(self, wanted: Sequence[Check]) -> list[tuple[str, Call[Any]]]:
        asks = ((check.region, call) for check in wanted for call in check.asks(self._answers[check.region]))
        return [(region, call) for region, call in dict.fromkeys(asks) if call not in self._answers[region]]

    def _ask(self, missing: Iterable[tuple[str, Call[Any]]]) -> bool:
        """Ask what wasn't asked yet; whether there was anything. What goes to one place goes there one by one."""
        places: dict[tuple[str, str, str], list[Call[Any]]] = {}
        for region, call in missing:
            if (region, call) not in self._asked:
                self._asked.add((region, call))
                places.setdefault((region, call.service, call.region), []).append(call)
        for (region, *_), calls in places.items():
            self._beside(partial(self._work, region, calls))
        return bool(places)

    def _work(self, region: str, calls: Sequence[Call[Any]]) -> None:
        """As `_send`; a defect is one of the run's, wherever the work is done."""
        try:
            self._send(region, calls)
        except Exception as defect:
            self._defects.append(defect)

    def _send(self, region: str, calls: Sequence[Call[Any]]) -> None:
        """Have these answered, those of one lane together. A place that doesn't answer isn't asked any more."""
        lanes: dict[object, list[Call[Any]]] = {}
        for call in calls:
            lanes.setdefault(call.lane, []).append(call)
        silence: Fault | None = None
        for lane in lanes.values():
            for start in range(0, len(lane), lane[0].most):
                first, *others = lane[start : start + lane[0].most]
                answer = silence or self._answer(region, first.join(others))
                if isinstance(answer, Fault) and answer.may_pass:
                    silence = answer
                for call in (first, *others):
                    self._answers[region][call] = answer if isinstance(answer, Fault) else call.part(answer)

    def _answer(self, region: str, call: Call[Any]) -> Any:
        try:
            return self._calls[region].send(call)
        except ApiError as error:
            return error.fault
