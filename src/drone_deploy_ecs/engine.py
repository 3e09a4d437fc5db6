"""The only loop: makes a plan's steps happen. Do what is due, fold what is seen, say what changed, until all is done.

What to do next, and what an answer means, is decided in `core`; a step under way is a `Registration` or a `Watch`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs import observe
from drone_deploy_ecs.core import fold, poll, registration, watch
from drone_deploy_ecs.core.ecs import read_service
from drone_deploy_ecs.core.events import Kind, news, waiting
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.observation import Accepted, NotWritten
from drone_deploy_ecs.core.registration import Newest, NotRegistered, Registered, Registration
from drone_deploy_ecs.core.step import RegisterTaskDefinition, Stage, Step, UpdateService
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase, Terms, Watch
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drone_deploy_ecs.calls import Calls
    from drone_deploy_ecs.core.observation import Observation
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.ports import Cancellation, Clock
    from drone_deploy_ecs.telling import Telling

Flight = Registration | Watch
"""A step under way."""

SILENCE = 35.0
"""Seconds without an event after which one is told: a line a minute, even while a call takes 25 s to fail."""
TOGETHER = 1.0
"""Seconds by which a look may be early, to share another's call."""
RECALL = "another service of this run failed"
CANCEL = "the run was cancelled by signal {}"


class Engine:
    """Runs stages over one API. `chance` gives random numbers in 0..1."""

    def __init__(
        self,
        request: Request,
        calls: Calls,
        clock: Clock,
        telling: Telling,
        chance: Callable[[], float],
        *,
        cancellation: Cancellation,
    ) -> None:
        self._request = request
        self._calls = calls
        self._clock = clock
        self._telling = telling
        self._chance = chance
        self._cancellation = cancellation
        self.registered: set[str] = set()

    def run(self, stages: Sequence[Stage], *, forward: bool, seen_at: float | None = None) -> list[Watch]:
        """The stages in order; what became of each service.

        `seen_at` is when the services were read to plan this. `forward`: when one service fails, or the run is
        cancelled, the others are recalled; on the way back none is.
        """
        arns: dict[str, str] = {}
        failures: dict[str, str] = {}
        watches: list[Watch] = []
        for stage in stages:
            for flight in self._fly(
                [self._begin(step, arns, failures, seen_at) for step in stage.steps], forward=forward
            ):
                if isinstance(flight, Watch):
                    watches.append(flight)
                elif flight.arn:
                    arns[flight.step.key] = flight.arn
                    self.registered.add(flight.arn)
                elif flight.failure:
                    failures[flight.step.key] = f"its revision couldn't be registered: {flight.failure}"
        return watches

    def _begin(self, step: Step, arns: dict[str, str], failures: dict[str, str], seen_at: float | None) -> Flight:
        now, budget = self._clock.monotonic(), self._request.budget
        if isinstance(step, RegisterTaskDefinition):
            return registration.begin(step, now, budget)
        is_undo = isinstance(step, UpdateService) and bool(step.only_over)
        definition = arns.get(step.definition, step.definition)
        begun = watch.begin(step, definition, self._terms(is_undo=is_undo), now, seen_at=seen_at)
        if step.definition not in failures:
            return begun
        refused = watch.refuse(begun, failures[step.definition], now)
        self._say(begun, refused)
        return refused

    def _terms(self, *, is_undo: bool) -> Terms:
        """On the way back nobody is choosy: it is judged by the evidence, and done when it is complete."""
        asked = self._request
        if is_undo:
            return Terms(budget=asked.budget)
        return Terms(
            budget=asked.budget,
            max_failed_tasks=asked.max_failed_tasks,
            stable_for=asked.stable_for,
            wait_for_drained=asked.wait_for_drained,
        )

    def _fly(self, flights: list[Flight], *, forward: bool) -> list[Flight]:
        """Until all are done: do what is due first, and let a look take along the others that are nearly due."""
        due = {place: self._due(one) for place, one in enumerate(flights)}
        while True:
            if forward:
                self._recall_if_need_be(flights)
            due = {place: at for place, at in due.items() if not flights[place].is_done}
            if not due:
                return flights
            if self._settle(flights, due):
                continue
            first = min(due, key=due.__getitem__)
            if not self._wait_until(due[first], [flights[place] for place in due]):
                continue
            for place in self._act(first, flights, due):
                due[place] = self._due(flights[place])

    def _due(self, flight: Flight) -> float:
        if isinstance(flight, Registration):
            return flight.not_before
        return poll.next_look(flight, self._clock.monotonic(), self._chance())

    def _settle(self, flights: list[Flight], due: dict[int, float]) -> bool:
        """Give the verdict when all that are still open are complete, long enough, and were just seen to be."""
        now = self._clock.monotonic()
        open_watches = [(place, one) for place, one in enumerate(flights) if isinstance(one, Watch) and not one.is_done]
        if len(open_watches) < len(due) or not all(watch.is_proven(one, now) for _, one in open_watches):
            return False
        for place, one in open_watches:
            if one.looked_at < now - TOGETHER:
                due[place] = now
        if any(due[place] <= now for place, _ in open_watches):
            return False
        for place, one in open_watches:
            settled = watch.settle(one, now)
            self._say(one, settled)
            flights[place] = settled
        return True

    def _recall_if_need_be(self, flights: list[Flight]) -> None:
        if self._cancellation.signal:
            self._recall(flights, Verdict.CANCELLED, CANCEL.format(self._cancellation.signal))
        elif self._request.roll_back and any(map(_failed, flights)):
            self._recall(flights, Verdict.WITHDRAWN, RECALL)

    def _recall(self, flights: list[Flight], verdict: Verdict, reason: str) -> None:
        for place, one in enumerate(flights):
            if isinstance(one, Registration):
                flights[place] = registration.abandon(one)
            elif not one.recalled:
                recalled = watch.recall(one, verdict, reason, self._clock.monotonic())
                self._say(one, recalled)
                flights[place] = recalled

    def _wait_until(self, due: float, flights: Sequence[Flight]) -> bool:
        """Sleep, but not in silence for too long. Whether the time has come: a cancellation ends the sleep before."""
        signal = self._cancellation.signal
        while (now := self._clock.monotonic()) < due:
            speak_at = self._telling.spoke_at + SILENCE
            if speak_at <= now:
                for one in flights:
                    if isinstance(one, Watch):
                        self._telling.tell(Kind.WAITING, one.target.name, waiting(one, now))
                if self._telling.spoke_at + SILENCE <= now:
                    self._telling.tell(Kind.WAITING, "", "still registering task definitions")
                continue
            self._clock.sleep(min(due, speak_at) - now)
            if self._cancellation.signal != signal:
                said = f"cancelled by signal {self._cancellation.signal}; a second one stops at once"
                self._telling.tell(Kind.TROUBLE, "", said)
                return False
        return True

    # --- doing ---

    def _act(self, first: int, flights: list[Flight], due: dict[int, float]) -> list[int]:
        """One write, or one look at several services. The places that were acted on."""
        flight = flights[first]
        if isinstance(flight, Registration):
            flights[first] = self._register(flight)
            return [first]
        if flight.phase is Phase.WRITE and flight.verdict is None:
            flights[first] = self._update(flight)
            return [first]
        near = due[first] + TOGETHER
        looks = (place for place in sorted(due, key=due.__getitem__) if due[place] <= near and _looks(flights[place]))
        places = list(looks)[: observe.SERVICES_A_CALL]
        for place, after in zip(places, self._look([flights[place] for place in places]), strict=True):
            flights[place] = after
        return places

    def _look(self, watches: Sequence[Flight]) -> list[Watch]:
        looking = [one for one in watches if isinstance(one, Watch)]
        seen = observe.look(self._calls, self._request.cluster, looking, self._clock.monotonic())
        return [self._fold(one, seen[one.target.name]) for one in looking]

    def _update(self, one: Watch) -> Watch:
        try:
            answer = self._calls.update_service(
                cluster=one.target.cluster,
                service=one.target.asked,
                taskDefinition=one.definition,
                forceNewDeployment=one.force,
            )
        except ApiError as error:
            return self._fold(one, NotWritten(error.fault))
        return self._fold(one, Accepted(read_service(answer["service"])))

    def _fold(self, before: Watch, observation: Observation) -> Watch:
        after = fold.advance(before, observation, self._clock.monotonic())
        self._say(before, after)
        return after

    def _say(self, before: Watch, after: Watch) -> None:
        for kind, text in news(before, after):
            self._telling.tell(kind, after.target.name, text)

    def _register(self, one: Registration) -> Registration:
        after = registration.advance(one, self._ask_about(one), self._clock.monotonic())
        if after.untagged and not one.untagged:
            self._telling.tell(Kind.WARNING, "", "Warning: ecs:TagResource isn't allowed: registering without the tags")
        if after.last_fault and after.last_fault is not one.last_fault:
            self._telling.tell(Kind.TROUBLE, "", safe(str(after.last_fault)))
        if after.arn:
            reused = " (it had been registered already)" if one.phase is Phase.CHECK else ""
            served = ", ".join(one.step.serves)
            text = f"registered {short(after.arn)} for {served}: {one.step.what}{reused}"
            self._telling.tell(Kind.REGISTERED, "", safe(text))
        return after

    def _ask_about(self, one: Registration) -> Registered | NotRegistered | Newest:
        try:
            if one.phase is Phase.CHECK:
                return Newest(observe.definition(self._calls, one.step.family))
            answer = self._calls.register_task_definition(definition=one.body)
        except ApiError as error:
            return NotRegistered(error.fault)
        return Registered(answer["taskDefinition"]["taskDefinitionArn"])


def _failed(flight: Flight) -> bool:
    if isinstance(flight, Registration):
        return bool(flight.failure)
    return flight.verdict is not None and flight.verdict.fails_the_run


def _looks(flight: Flight) -> bool:
    return isinstance(flight, Watch) and (flight.verdict is not None or flight.phase is not Phase.WRITE)
