"""The only loop: makes a plan's steps happen. Do what is due, fold what is seen, say what changed, until all is done.

What to do next, and what an answer means, is decided in `core`. A step under way is a value: a flight. An update stays
one while later stages run: it is watched until all is over.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from drone_deploy_ecs import observe, write
from drone_deploy_ecs.board import Board
from drone_deploy_ecs.core import fold, poll, registration, scaling, watch
from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.flight import Flight, failed, is_overtaken, place_of, precedes, stops, why_recalled
from drone_deploy_ecs.core.registration import Registration
from drone_deploy_ecs.core.scaling import Counting, End, Holding, Limiting, Scaling
from drone_deploy_ecs.core.step import (
    FollowDeployment,
    Hold,
    RegisterScalableTarget,
    RegisterTaskDefinition,
    Scale,
    Stage,
    Step,
    UpdateService,
)
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.calls import Calls
    from drone_deploy_ecs.core.observation import Observation
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.ports import Cancellation, Clock
    from drone_deploy_ecs.telling import Telling

SILENCE = 35.0
"""Seconds without an event after which one is told: a line a minute, even while a call takes 25 s to fail."""
TOGETHER = 1.0
"""Seconds by which a look may be early, to share another's call."""
NEVER_BEGUN = "what was to be completed before it wasn't"
CANCEL = "the run was cancelled by signal {}"


class Engine:
    """Runs stages; `calls` by Region. `chance` gives random numbers in 0..1."""

    def __init__(
        self,
        request: Request,
        calls: Mapping[str, Calls],
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
        self._obeyed = 0
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
        stages = stages or (Stage(()),)  # what stands is to be judged, whether or not anything follows it
        for number, stage in enumerate(stages, 1):
            begun = [self._begin(step, arns, failures, seen_at) for step in stage.steps]
            flown = self._fly([*self._guarding(guards, begun), *begun], forward=forward, last=number == len(stages))
            self._note(flown, arns, failures)
            guards = [one for one in flown if isinstance(one, Watch) and not one.is_done]
            ended += (one for one in flown if not isinstance(one, Registration) and one.is_done)
            if any(map(stops, flown)):
                return [*ended, *guards, *self._never_begun(stages[number:], arns)]
        return [*ended, *guards]

    def _never_begun(self, stages: Sequence[Stage], arns: Mapping[str, str]) -> Iterator[Watch]:
        """The updates that were to follow."""
        signal, now = self._cancellation.signal, self._clock.monotonic()
        why = (Verdict.CANCELLED, CANCEL.format(signal)) if signal else (Verdict.WITHDRAWN, NEVER_BEGUN)
        for step in (step for stage in stages for step in stage.steps):
            if isinstance(step, UpdateService | FollowDeployment):
                definition = arns.get(step.definition, step.definition)
                yield watch.recall(watch.begin(step, definition, watch.terms(self._request, step), now), *why, now)

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
                begun = watch.begin(step, definition, watch.terms(self._request, step), now, seen_at=seen_at)
                if step.definition not in failures:
                    return begun
                refused = watch.refuse(begun, failures[step.definition], now)
                self._telling.change(begun, refused)
                return refused
            case never:
                assert_never(never)

    def _fly(self, flights: list[Flight], *, forward: bool, last: bool) -> list[Flight]:
        """Until all are done: do what is due first, and let a look take along the others that are nearly due.

        Before the last stage it is enough that an update is complete: it stays under way.
        """
        began = self._clock.monotonic()
        self._obeyed = 0
        board = Board(flights, self._due, self._ready_at, self._request.max_parallel if forward else None)
        while True:
            if forward:
                self._recall_if_need_be(board)
            overtaken = any(is_overtaken(board.flights[place]) for place in board.changed)
            board.changed.clear()
            while (place := board.take_off()) is not None:
                self._take_off(place, board)
            if board.is_over or overtaken:
                return board.flights
            if board.is_complete and self._are_complete(board, began):
                if not last and not any(map(stops, board.flights)):
                    return board.flights
                self._settle(board)
                continue
            at, place = board.first(self._clock.monotonic())
            if self._wait_until(at, board):
                self._act(place, board)
            self._telling.sum_up(board.flights)

    def _ready_at(self, region: str, operation: str) -> float:
        return self._calls[region].ready_at(BY_OPERATION[operation])

    def _take_off(self, place: int, board: Board) -> None:
        one, now = board.flights[place], self._clock.monotonic()
        assert isinstance(one, Watch)
        board.put(place, watch.start(one, now))

    def _due(self, flight: Flight) -> float:
        if isinstance(flight, Watch):
            return poll.next_look(flight, self._clock.monotonic(), self._chance())
        return flight.until if isinstance(flight, Holding) else flight.not_before

    def _are_complete(self, board: Board, began: float) -> bool:
        """Whether the updates are complete long enough, and each was seen to be since the last of them was.

        And since whatever else this stage did.
        """
        now = self._clock.monotonic()
        left = {place: one for place in board.open() if isinstance(one := board.flights[place], Watch)}
        if any(isinstance(one, Scaling | Limiting | Holding) for one in board.flights):
            for place, one in left.items():
                if one.seen_by < began:
                    board.put(place, watch.require(one, now), now)
                    return False
        if not all(watch.is_proven(one, now) for one in left.values()):
            return False
        since = max((one.stable_at or 0.0 for one in left.values()), default=0.0) - TOGETHER
        unseen = [place for place, one in left.items() if one.looked_at < since]
        for place in unseen:
            if board.due(place) > now:
                board.put(place, left[place], now)
        return not unseen

    def _settle(self, board: Board) -> None:
        """All that were still open are complete: that is the verdict."""
        for place in list(board.open()):
            one = board.flights[place]
            assert isinstance(one, Watch)
            settled = watch.settle(one, self._clock.monotonic())
            self._telling.change(one, settled)
            board.put(place, settled)

    def _recall_if_need_be(self, board: Board) -> None:
        """A cancellation takes everything back; a failure what it reaches."""
        signal = self._cancellation.signal
        if signal and signal != self._obeyed:
            self._obeyed = signal
            self._recall(board, board.open(), Verdict.CANCELLED, CANCEL.format(signal))
        changed = [board.flights[place] for place in sorted(board.changed)]
        for culprit in filter(failed, changed if self._request.roll_back else ()):
            self._recall(board, self._reached(board, culprit), *why_recalled(culprit, board.flights))
        if blind := next((one for one in changed if isinstance(one, Scaling) and one.end is End.UNSEEN), None):
            self._recall(board, board.open(), Verdict.UNKNOWN, blind.reason)
        elif any(isinstance(one, Watch) and one.verdict and not one.verdict.is_good for one in changed):
            self._call_off(board)

    def _reached(self, board: Board, culprit: Flight) -> Iterator[int]:
        """The places of what must return because that failed."""
        for place in board.open():
            one = board.flights[place]
            if isinstance(one, Watch) and isinstance(culprit, Watch):
                if self._request.takes_back(culprit.target, one.target):
                    yield place
            elif not self._request.undo_failed_only:
                yield place

    def _call_off(self, board: Board) -> None:
        """What was to give way to an update goes no further than that got."""
        for place, one in enumerate(board.flights):
            if isinstance(one, Scaling | Limiting | Holding):
                board.put(place, scaling.recall(one))

    def _recall(self, board: Board, places: Iterable[int], verdict: Verdict, reason: str) -> None:
        reached = list(places)
        self._call_off(board)
        for place in reached:
            one = board.flights[place]
            if isinstance(one, Registration):
                board.put(place, registration.abandon(one))
            elif isinstance(one, Watch) and not one.recalled:
                recalled = watch.recall(one, verdict, reason, self._clock.monotonic())
                self._telling.change(one, recalled)
                board.put(place, recalled)

    def _wait_until(self, due: float, board: Board) -> bool:
        """Sleep, but not in silence for too long. Whether the time has come: a cancellation ends the sleep before."""
        signal = self._cancellation.signal
        while (now := self._clock.monotonic()) < due:
            speak_at = self._telling.spoke_at + SILENCE
            if speak_at <= now:
                self._telling.waiting([board.flights[place] for place in board.open()], now)
                continue
            self._clock.sleep(min(due, speak_at) - now)
            if self._cancellation.signal != signal:
                said = f"cancelled by signal {self._cancellation.signal}; a second one stops at once"
                self._telling.tell(Kind.TROUBLE, "", said, is_loud=True)
                return False
        return True

    # --- doing ---

    def _act(self, place: int, board: Board) -> None:
        """One write, or one look at several services."""
        flight = board.flights[place]
        after: Flight
        match flight:
            case Registration():
                after = self._register(flight)
            case Limiting() if any(precedes(one, flight) for one in board.flights):
                after = replace(flight, not_before=self._clock.monotonic() + TOGETHER)
            case Limiting():
                after = self._limit(flight)
            case Holding():
                after = replace(flight, end=End.DONE)
            case Scaling() if flight.phase is Phase.WRITE:
                self._scale(place, flight, board)
                return
            case Watch() if flight.phase is Phase.WRITE and flight.verdict is None:
                after = self._fold(flight, write.update(self._calls[flight.target.region], flight))
            case _:
                until = max(board.due(place), self._clock.monotonic()) + TOGETHER
                self._look(board.nearly_due(place, until, observe.SERVICES_A_CALL), board)
                return
        board.put(place, after)

    def _look(self, places: Sequence[int], board: Board, *, with_tasks: bool = True) -> None:
        """One look at services of one cluster."""
        looking = [one for place in places if isinstance(one := board.flights[place], Watch | Scaling)]
        calls = self._calls[place_of(looking[0])[0]]
        seen = observe.look(calls, looking, self._clock, with_tasks=with_tasks)
        for place, one, observation in zip(places, looking, seen, strict=True):
            board.put(place, self._fold(one, observation))

    def _scale(self, place: int, one: Scaling, board: Board) -> None:
        """Write the count; nothing is taken away unless what takes over was up this very moment."""
        now = self._clock.monotonic()
        after: Flight
        if one.step.takes_away:
            guards = {at: guard for at in board.open() if isinstance(guard := board.flights[at], Watch)}
            if any(guard.looked_at < now - TOGETHER for guard in guards.values()):
                self._look(list(guards), board, with_tasks=False)
                return
            if any(guard.stable_at is None for guard in guards.values()):
                board.put(place, scaling.postpone(one, now))
                return
        after = self._fold(one, write.scale(self._calls[one.step.target.region], one))
        board.put(place, after)

    def _limit(self, one: Limiting) -> Limiting:
        calls = self._calls[one.step.target.region]
        after = scaling.limit(one, write.limit(calls, one), self._clock.monotonic())
        self._telling.change(one, after)
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
        self._telling.change(before, after)
        return after

    def _register(self, one: Registration) -> Registration:
        after = registration.advance(one, write.register(self._calls[one.step.region], one), self._clock.monotonic())
        self._telling.registering(one, after)
        return after
