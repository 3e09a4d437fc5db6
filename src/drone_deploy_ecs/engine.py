"""The only loop: makes a plan's steps happen. Do what is due, fold what is seen, say what changed, until all is done.

What to do next, and what an answer means, is decided in `core`. A step under way is a value: a flight. An update stays
one while later stages run: it is watched until all is over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from drone_deploy_ecs import observe, write
from drone_deploy_ecs.core import fold, poll, registration, scaling, watch
from drone_deploy_ecs.core.events import Kind, news, waiting
from drone_deploy_ecs.core.flight import Flight, failed, is_overtaken, looks, precedes, stops, why_recalled
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.registration import Registration
from drone_deploy_ecs.core.scaling import Counting, End, Holding, Limiting, Scaling
from drone_deploy_ecs.core.step import (
    FollowDeployment,
    Hold,
    RegisterScalableTarget,
    RegisterTaskDefinition,
    Scale,
    ServiceStep,
    Stage,
    Step,
    UpdateService,
)
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase, Terms, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drone_deploy_ecs.calls import Calls
    from drone_deploy_ecs.core.observation import Observation
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.ports import Cancellation, Clock
    from drone_deploy_ecs.telling import Telling

SILENCE = 35.0
"""Seconds without an event after which one is told: a line a minute, even while a call takes 25 s to fail."""
TOGETHER = 1.0
"""Seconds by which a look may be early, to share another's call."""
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

    def run(
        self, stages: Sequence[Stage], *, forward: bool, seen_at: float | None = None, standing: Sequence[Watch] = ()
    ) -> list[Watch | Counting]:
        """The stages in order, until one fails; what became of every step but the registrations.

        `seen_at` is when the services were read to plan this. `forward`: when one service fails, or the run is
        cancelled, the others are recalled; on the way back none is. `standing` are updates of an earlier run that are
        still to be watched.
        """
        arns: dict[str, str] = {}
        failures: dict[str, str] = {}
        ended: list[Watch | Counting] = []
        guards = list(standing)
        for stage in stages:
            begun = [self._begin(step, arns, failures, seen_at) for step in stage.steps]
            flown = self._fly([*self._guarding(guards, begun), *begun], forward=forward, last=stage is stages[-1])
            self._note(flown, arns, failures)
            guards = [one for one in flown if isinstance(one, Watch) and not one.is_done]
            ended += (one for one in flown if not isinstance(one, Registration) and one.is_done)
            if any(map(stops, flown)):
                break
        return [*ended, *guards]

    def _note(self, flown: Sequence[Flight], arns: dict[str, str], failures: dict[str, str]) -> None:
        for one in flown:
            if isinstance(one, Registration) and one.arn:
                arns[one.step.key] = one.arn
                self.registered.add(one.arn)
            elif isinstance(one, Registration) and one.failure:
                failures[one.step.key] = f"its revision couldn't be registered: {one.failure}"

    def _guarding(self, guards: Sequence[Watch], begun: Sequence[Flight]) -> list[Watch]:
        """What stands already, while this stage lasts."""
        until = max((one.until for one in begun if isinstance(one, Holding)), default=self._clock.monotonic())
        return [watch.guard(one, until) for one in guards]

    def _begin(self, step: Step, arns: dict[str, str], failures: dict[str, str], seen_at: float | None) -> Flight:
        now, budget = self._clock.monotonic(), self._request.budget
        match step:
            case RegisterTaskDefinition():
                return registration.begin(step, now, budget)
            case Scale():
                return scaling.begin(step, now, budget)
            case RegisterScalableTarget():
                return Limiting(step=step, began=now, budget=budget, not_before=now)
            case Hold():
                return Holding(step=step, until=now + step.seconds)
            case UpdateService() | FollowDeployment():
                definition = arns.get(step.definition, step.definition)
                begun = watch.begin(step, definition, self._terms(step), now, seen_at=seen_at)
                if step.definition not in failures:
                    return begun
                refused = watch.refuse(begun, failures[step.definition], now)
                self._say(begun, refused)
                return refused
            case never:
                assert_never(never)

    def _terms(self, step: ServiceStep) -> Terms:
        """On the way back nobody is choosy: it is judged by the evidence, and done when it is complete."""
        asked = self._request
        if isinstance(step, UpdateService) and step.only_over:
            return Terms(budget=asked.budget)
        terms = Terms(
            budget=asked.budget,
            max_failed_tasks=asked.max_failed_tasks,
            stable_for=asked.stable_for,
            wait_for_drained=asked.wait_for_drained,
        )
        switch = asked.blue_green
        if switch is None:
            return terms
        return replace(
            terms,
            at_least=step.desired or 0,
            checks=switch.checks,
            check_interval=switch.check_interval,
            must_stay=True,
        )

    def _fly(self, flights: list[Flight], *, forward: bool, last: bool) -> list[Flight]:
        """Until all are done: do what is due first, and let a look take along the others that are nearly due.

        Before the last stage it is enough that an update is complete: it stays under way.
        """
        began = self._clock.monotonic()
        due = {place: self._due(one) for place, one in enumerate(flights)}
        while True:
            if forward:
                self._recall_if_need_be(flights)
            due = {place: at for place, at in due.items() if not flights[place].is_done}
            if not due or any(is_overtaken(one) for one in flights):
                return flights
            if self._are_complete(flights, due, began):
                if not last:
                    return flights
                self._settle(flights, due)
                continue
            first = min(due, key=due.__getitem__)
            if not self._wait_until(due[first], [flights[place] for place in due]):
                continue
            for place in self._act(first, flights, due):
                due[place] = self._due(flights[place])

    def _due(self, flight: Flight) -> float:
        if isinstance(flight, Watch):
            return poll.next_look(flight, self._clock.monotonic(), self._chance())
        return flight.until if isinstance(flight, Holding) else flight.not_before

    def _are_complete(self, flights: list[Flight], due: dict[int, float], began: float) -> bool:
        """Whether only updates are left, complete long enough, and seen to be after whatever else this stage did."""
        now = self._clock.monotonic()
        left = {place: one for place in due if isinstance(one := flights[place], Watch)}
        if len(left) < len(due):
            return False
        if any(isinstance(one, Scaling | Limiting | Holding) for one in flights):
            for place, one in left.items():
                if one.seen_by < began:
                    flights[place], due[place] = watch.require(one, now), now
                    return False
        if not all(watch.is_proven(one, now) for one in left.values()):
            return False
        for place, one in left.items():
            if one.looked_at < now - TOGETHER:
                due[place] = now
        return not any(due[place] <= now for place in left)

    def _settle(self, flights: list[Flight], due: dict[int, float]) -> None:
        """All that were still open are complete: that is the verdict."""
        for place in due:
            one = flights[place]
            assert isinstance(one, Watch)
            flights[place] = settled = watch.settle(one, self._clock.monotonic())
            self._say(one, settled)

    def _recall_if_need_be(self, flights: list[Flight]) -> None:
        if self._cancellation.signal:
            self._recall(flights, Verdict.CANCELLED, CANCEL.format(self._cancellation.signal))
        elif self._request.roll_back and (culprit := next(filter(failed, flights), None)):
            self._recall(flights, *why_recalled(culprit, flights))
        elif blind := next((one for one in flights if isinstance(one, Scaling) and one.end is End.UNSEEN), None):
            self._recall(flights, Verdict.UNKNOWN, blind.reason)
        elif any(isinstance(one, Watch) and one.verdict and not one.verdict.is_good for one in flights):
            self._call_off(flights)

    def _call_off(self, flights: list[Flight]) -> None:
        """What was to give way to an update goes no further than that got."""
        for place, one in enumerate(flights):
            if isinstance(one, Scaling | Limiting | Holding):
                flights[place] = scaling.recall(one)

    def _recall(self, flights: list[Flight], verdict: Verdict, reason: str) -> None:
        self._call_off(flights)
        for place, one in enumerate(flights):
            if isinstance(one, Registration):
                flights[place] = registration.abandon(one)
            elif isinstance(one, Watch) and not one.recalled:
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
                    elif isinstance(one, Scaling):
                        self._telling.tell(Kind.WAITING, one.step.target.name, scaling.waiting(one))
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
        match flight:
            case Registration():
                flights[first] = self._register(flight)
            case Limiting() if any(precedes(one, flight) for one in flights):
                flights[first] = replace(flight, not_before=self._clock.monotonic() + TOGETHER)
            case Limiting():
                flights[first] = self._limit(flight)
            case Holding():
                flights[first] = replace(flight, end=End.DONE)
            case Scaling() if flight.phase is Phase.WRITE:
                return self._scale(first, flight, flights)
            case Watch() if flight.phase is Phase.WRITE and flight.verdict is None:
                flights[first] = self._fold(flight, write.update(self._calls, flight))
            case _:
                places = sorted(due, key=due.__getitem__)
                near = [place for place in places if due[place] <= due[first] + TOGETHER and looks(flights[place])]
                return self._look(near[: observe.SERVICES_A_CALL], flights)
        return [first]

    def _look(self, places: list[int], flights: list[Flight]) -> list[int]:
        looking = [one for place in places if isinstance(one := flights[place], Watch | Scaling)]
        seen = observe.look(self._calls, self._request.cluster, looking, self._clock.monotonic())
        for place, one, observation in zip(places, looking, seen, strict=True):
            flights[place] = self._fold(one, observation)
        return places

    def _scale(self, place: int, one: Scaling, flights: list[Flight]) -> list[int]:
        """Write the count; nothing is taken away unless what takes over was up this very moment."""
        now = self._clock.monotonic()
        if one.step.takes_away:
            guards = {at: guard for at, guard in enumerate(flights) if isinstance(guard, Watch) and not guard.is_done}
            if any(guard.looked_at < now - TOGETHER for guard in guards.values()):
                return self._look(list(guards), flights)
            if any(guard.stable_at is None for guard in guards.values()):
                flights[place] = scaling.postpone(one, now)
                return [place]
        flights[place] = self._fold(one, write.scale(self._calls, one))
        return [place]

    def _limit(self, one: Limiting) -> Limiting:
        after = scaling.limit(one, write.limit(self._calls, one), self._clock.monotonic())
        self._say(one, after)
        return after

    def _fold(self, before: Watch | Scaling, observation: Observation) -> Watch | Scaling:
        now = self._clock.monotonic()
        after: Watch | Scaling
        if isinstance(before, Watch):
            after = fold.advance(before, observation, now)
        else:
            after = scaling.advance(before, observation, now)
        if after.service is not before.service:
            self._telling.count(after.service)
        self._say(before, after)
        return after

    def _say(self, before: Watch | Counting, after: Watch | Counting) -> None:
        if isinstance(before, Watch) and isinstance(after, Watch):
            self._telling.follow(after)
            for kind, text in news(before, after):
                self._telling.tell(kind, after.target.name, text)
        elif not isinstance(before, Watch) and not isinstance(after, Watch):
            for kind, text in scaling.news(before, after):
                self._telling.tell(kind, after.step.target.name, text)

    def _register(self, one: Registration) -> Registration:
        after = registration.advance(one, write.register(self._calls, one), self._clock.monotonic())
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
