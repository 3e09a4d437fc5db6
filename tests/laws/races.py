"""Two pipelines at the same time, on virtual time: each call takes as long as it happens to, so they interleave."""

from __future__ import annotations

from threading import Event, Thread
from typing import TYPE_CHECKING, TypeVar

from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.simulator.aws import SimulatedAws

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from random import Random

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.simulator.world import World

A = TypeVar("A")


class Turns:
    """Who sleeps until when. Only one of them runs at a time: whoever is due first, on the world's clock."""

    def __init__(self, world: World, starts: Sequence[float]) -> None:
        self.world = world
        self._due = dict(enumerate(starts))
        self._turn = [Event() for _ in starts]

    def begin(self) -> None:
        """The first one's turn."""
        self._next()

    def wait(self, party: int) -> None:
        """Until it is this party's turn; time has moved on to then."""
        self._turn[party].wait()
        self._turn[party].clear()
        self.world.clock.advance_to(self._due[party])

    def sleep(self, party: int, seconds: float) -> None:
        """Let others go on meanwhile."""
        self._due[party] = self.world.clock.monotonic() + max(seconds, 0.0)
        self._next()
        self.wait(party)

    def leave(self, party: int) -> None:
        """This party is done."""
        del self._due[party]
        if self._due:
            self._next()

    def _next(self) -> None:
        self._turn[min(self._due, key=lambda party: (self._due[party], party))].set()


class Party:
    """A pipeline's `ports.Clock` and `ports.Aws`; its calls take up to a second, by `chance`, most of them less."""

    def __init__(self, turns: Turns, number: int, chance: Random) -> None:
        self._turns = turns
        self._number = number
        self._chance = chance
        self._aws = SimulatedAws(turns.world)

    def now(self) -> datetime:
        return self._turns.world.clock.now()

    def monotonic(self) -> float:
        return self._turns.world.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._turns.sleep(self._number, seconds)

    def send(self, call: Call[A]) -> A:
        self.sleep(self._chance.random() ** 3)
        answer = self._aws.send(call)
        self.sleep(self._chance.random() ** 3)
        return answer


def race(world: World, requests: Sequence[Request], starts: Sequence[float], chance: Random) -> list[Report]:
    """What each of the pipelines reports; each starts at its second."""
    world.faults.latency = 0.0
    turns = Turns(world, starts)
    reports: dict[int, Report] = {}
    defects: list[BaseException] = []

    def run(number: int, request: Request) -> None:
        party = Party(turns, number, chance)
        turns.wait(number)
        try:
            reports[number] = Deployment(request, lambda _: party, party, lambda _: None, chance.random).deploy()
        except BaseException as error:
            # The other one mustn't wait for it for ever.
            defects.append(error)
        turns.leave(number)

    threads = [Thread(target=run, args=pair, daemon=True) for pair in enumerate(requests)]
    for thread in threads:
        thread.start()
    turns.begin()
    for thread in threads:
        thread.join()
    if defects:
        raise defects[0]
    return [reports[number] for number in range(len(requests))]
