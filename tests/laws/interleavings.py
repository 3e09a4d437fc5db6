"""Every interleaving of two pipelines' calls: they race again and again, each time by another schedule.

A schedule decides two things. Whose call comes next, where both have one to make at the same moment: of such orders
only those are told apart that may make a difference, as one of the calls writes what the other one reads or writes
(dynamic partial-order reduction with sleep sets: Flanagan and Godefroid, 2005). And whether a call is held, be it that
the pipeline starts late, its machine stalls or the network is slow: time goes on for the other pipeline alone then, by
one of its sleeps or more. How often is bounded. Calls take no time otherwise.
"""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, Any, TypeVar

from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.simulator.aws import SimulatedAws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.simulator.world import World

A = TypeVar("A")

NEWEST, TAGS, SERVICE = "the family's newest revision", "a revision's tags", "the service"
SHARED = {
    "RegisterTaskDefinition": {NEWEST},
    "TagResource": {NEWEST, TAGS},
    "UpdateService": {SERVICE},
    "DescribeServices": {SERVICE},
    "ListTasks": {SERVICE},
    "DescribeTasks": {SERVICE},
    "GetLogEvents": set[str](),
}
"""What calls read or write of what pipelines share; of DescribeTaskDefinition, that depends on what it asks for."""


def depend(first: Call[Any] | None, second: Call[Any] | None) -> bool:
    """Whether the order of the two may make a difference."""
    if first is None or second is None or not (first.writes or second.writes):
        return False
    return bool(_shared(first) & _shared(second))


def _shared(call: Call[Any]) -> set[str]:
    if call.operation == "DescribeTaskDefinition":
        return {TAGS} if ":" in str(call.members()["taskDefinition"]) else {NEWEST}
    return SHARED[call.operation]


class Stopped(BaseException):
    """The race ends here."""


class Pipeline:
    """A deployment, which goes on only from `go` to its next call or sleep. It is a `ports.Clock` and a `ports.Aws`.

    `wants` is the call that it makes next, None before it starts; unless it `sleeps_until` then, or `is_over`.
    """

    def __init__(self, world: World, request: Request) -> None:
        self.world = world
        self.report: Report | None = None
        self.wants: Call[Any] | None = None
        self.sleeps_until: float | None = None
        self.is_over = False
        self._request = request
        self._aws = SimulatedAws(world)
        self._defect: BaseException | None = None
        self._is_stopped = False
        self._goes_on, self._has_paused = Event(), Event()
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def go(self) -> None:
        """Have it make its call, start or wake up, and go on from there."""
        self.sleeps_until = None
        self._goes_on.set()
        self._has_paused.wait()
        self._has_paused.clear()
        if self._defect:
            raise self._defect

    def stop(self) -> None:
        """End it, wherever it is."""
        self._is_stopped = True
        self._goes_on.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._wait()
            self.report = Deployment(self._request, lambda _: self, self, lambda _: None, lambda: 0.5).deploy()
        except Stopped:
            pass
        except BaseException as defect:  # raised where the race is watched
            self._defect = defect
        self.is_over = True
        self._has_paused.set()

    def _pause(self) -> None:
        self._has_paused.set()
        self._wait()

    def _wait(self) -> None:
        self._goes_on.wait()
        self._goes_on.clear()
        if self._is_stopped:
            raise Stopped

    def now(self) -> datetime:
        """See `ports.Clock`."""
        return self.world.clock.now()

    def monotonic(self) -> float:
        """See `ports.Clock`."""
        return self.world.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `ports.Clock`."""
        self.sleeps_until = self.monotonic() + max(seconds, 0.0)
        self._pause()

    def send(self, call: Call[A]) -> A:
        """See `ports.Aws`."""
        self.wants = call
        self._pause()
        return self._aws.send(call)


class Choice:
    """A point of a schedule, and what is `taken` there, after what was `tried`.

    What is `asleep` needn't be tried: what comes of that call here has been seen elsewhere.
    """

    def __init__(self, taken: int, to_try: Iterable[int], asleep: Mapping[int, Call[Any] | None]) -> None:
        self.taken = taken
        self.to_try = {taken, *to_try}
        self.tried = {taken}
        self.asleep = dict(asleep)

    def next(self) -> bool:
        """Take another one; False where none is left."""
        left = self.to_try - self.tried - self.asleep.keys()
        if left:
            self.taken = min(left)
            self.tried.add(self.taken)
        return bool(left)


class Schedule:
    """The choices of a race, and then of the next. Calls are held `holds` times, each for `longest` sleeps at most."""

    def __init__(self, holds: int, longest: int) -> None:
        self.holds = holds
        self.longest = longest
        self._choices: list[Choice] = []
        self._at = 0
        self._has_begun = False

    def next(self) -> bool:
        """On to the next race; False where there is none any more."""
        self._at = 0
        if not self._has_begun:
            self._has_begun = True
            return True
        while self._choices and not self._choices[-1].next():
            self._choices.pop()
        return bool(self._choices)

    def whose(self, default: int, asleep: Mapping[int, Call[Any] | None]) -> Choice:
        """Whose call comes next. Another one is tried only where that is found to make a difference (`to_try`)."""
        return self._choice(default, (), asleep)

    def is_held(self) -> bool:
        """Whether a call is held (on)."""
        return bool(self._choice(0, (1,), {}).taken)

    def _choice(self, default: int, to_try: Iterable[int], asleep: Mapping[int, Call[Any] | None]) -> Choice:
        if self._at == len(self._choices):
            self._choices.append(Choice(default, to_try, asleep))
        self._at += 1
        return self._choices[self._at - 1]


class Act:
    """A pipeline's call, as made; and the choice by which it came, where the other one's could have come instead."""

    def __init__(self, whose: int, call: Call[Any] | None, choice: Choice | None, at: float) -> None:
        self.whose = whose
        self.call = call
        self.choice = choice
        self.at = at

    def __str__(self) -> str:
        return f"{self.at:.1f} {'AB'[self.whose]} {self.what}"

    @property
    def what(self) -> str:
        """The operation."""
        return self.call.operation if self.call else "starts"


class Race:
    """Two pipelines in a world, by a schedule. It `is_whole` unless all that was to come had been seen before."""

    def __init__(self, world: World, requests: Sequence[Request], schedule: Schedule) -> None:
        self.world = world
        self.is_whole = True
        self._schedule = schedule
        self._pipelines = [Pipeline(world, request) for request in requests]
        self.acts: list[Act] = []
        """Every call, in order."""
        self._moment = 0
        """The index of this moment's first act: those from before can't change places with those of now."""
        self._asleep: dict[int, Call[Any] | None] = {}
        """Whose call would come to what has been seen, as nothing that it depends on was done since."""
        self._held: int | None = None
        self._slept = 0
        self._holds = schedule.holds

    def __str__(self) -> str:
        return "\n".join(map(str, self.acts))

    @property
    def reports(self) -> list[Report]:
        """What those that are over report."""
        return [pipeline.report for pipeline in self._pipelines if pipeline.report]

    def run(self) -> Iterator[int]:
        """Let them race; whose act it was, after each of them."""
        for number in (0, 1):
            self._arrive(number)
        while not all(pipeline.is_over for pipeline in self._pipelines):
            ready = [number for number in (0, 1) if self._is_ready(number)]
            awake = [number for number in ready if number not in self._asleep]
            if ready and not awake:
                self.is_whole = False
                for pipeline in self._pipelines:
                    pipeline.stop()
                return
            for number in [self._next(ready, awake)] if ready else self._woken():
                self._pipelines[number].go()
                if ready:
                    yield number
                if self._pipelines[number].is_over:
                    self._held = None
                else:
                    self._arrive(number)

    def _is_ready(self, number: int) -> bool:
        pipeline = self._pipelines[number]
        return not pipeline.is_over and pipeline.sleeps_until is None and self._held != number

    def _arrive(self, number: int) -> None:
        """It has a call to make: that may be held."""
        is_alone = self._held is not None or self._pipelines[1 - number].is_over
        if self._holds and self._is_ready(number) and not is_alone and self._schedule.is_held():
            self._held, self._slept, self._holds = number, 0, self._holds - 1

    def _next(self, ready: list[int], awake: list[int]) -> int:
        """Whose call comes next."""
        choice = self._schedule.whose(awake[0], self._asleep) if len(ready) > 1 else None
        number = choice.taken if choice else awake[0]
        call = self._pipelines[number].wants
        self._find_another_order(number, call)
        tried = {other: self._pipelines[other].wants for other in choice.tried - {number}} if choice else {}
        asleep = {**self._asleep, **tried}
        self._asleep = {other: wanted for other, wanted in asleep.items() if not depend(wanted, call)}
        self.acts.append(Act(number, call, choice, self.world.clock.monotonic()))
        return number

    def _find_another_order(self, number: int, call: Call[Any] | None) -> None:
        """Where the other one's last call that this depends on might have come after it, have that tried."""
        for index in range(len(self.acts) - 1, self._moment - 1, -1):
            act = self.acts[index]
            if act.whose != number and depend(call, act.call):
                if act.choice and not self._follows(number, index):
                    act.choice.to_try.add(number)
                return

    def _follows(self, number: int, index: int) -> bool:
        """Whether anything that it did has to come after the other one's act of that index, or after a later one."""
        others: list[Call[Any] | None] = []
        for act in self.acts[index:]:
            if act.whose != number:
                others.append(act.call)
            elif any(depend(act.call, other) for other in others):
                return True
        return False

    def _woken(self) -> list[int]:
        """Let time pass; who wakes up then."""
        self._moment, self._asleep = len(self.acts), {}
        sleeping = {
            number: pipeline.sleeps_until
            for number, pipeline in enumerate(self._pipelines)
            if pipeline.sleeps_until is not None
        }
        due = min(sleeping.values())
        self.world.clock.advance_to(due)
        self._slept += 1
        if self._held is not None and (self._slept >= self._schedule.longest or not self._schedule.is_held()):
            self._held = None
        return [number for number, until in sleeping.items() if until <= due]
