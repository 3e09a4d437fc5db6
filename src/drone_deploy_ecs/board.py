"""The flights of a stage in the order in which they are due, at the speed that AWS allows.

Each waits in the lane of the call that it needs next: a lane is a Region, a cluster and an operation, and open when
there is a token for a call. So writes that wait for AWS's leave hold up no looks, nor the other way round. No question
that is asked at every turn takes longer the more flights there are, or hardly.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.flight import Flight, call_of, is_complete, place_of
from drone_deploy_ecs.core.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ADMITTED = 10
"""Updates that may be about to be written at the same time: as many as one look shows to be still as planned."""

Lane = tuple[str, str, str]


class Board:
    """The flights by place; `due` tells when (monotonic seconds) one wants to be acted on.

    `ready_at` tells when a Region has a token for an operation. Updates take off in order: at most `most` (None: any
    number) are between take-off and completion.
    """

    def __init__(
        self,
        flights: Sequence[Flight],
        due: Callable[[Flight], float],
        ready_at: Callable[[str, str], float],
        most: int | None,
    ) -> None:
        self.flights = list(flights)
        self.changed: set[int] = set(range(len(flights)))
        """Places whose flights changed since somebody cleared this."""
        self._due_at = due
        self._ready_at = ready_at
        self._most = most
        self._lanes: dict[Lane, list[tuple[float, int]]] = {}
        self._due: dict[int, float] = {}
        self._waiting: deque[int] = deque()
        self._unwritten: set[int] = set()
        self._rolling: set[int] = set()
        self._unfinished: set[int] = set()
        for place, one in enumerate(flights):
            if isinstance(one, Watch) and not one.is_done and not one.deployment:
                self._waiting.append(place)
                self._unfinished.add(place)
            else:
                self.put(place, one)

    def put(self, place: int, flight: Flight, due: float | None = None) -> None:
        """This is how it stands now; `due` if it wants to be acted on at another time than usual."""
        self.flights[place] = flight
        self.changed.add(place)
        self._due.pop(place, None)
        if not flight.is_done:
            due = self._due_at(flight) if due is None else due
            self._due[place] = due
            heappush(self._lanes.setdefault((*place_of(flight), call_of(flight)), []), (due, place))
        is_update = isinstance(flight, Watch) and flight.verdict is None
        _keep(self._unfinished, place, wanted=not flight.is_done and not is_complete(flight))
        _keep(self._rolling, place, wanted=is_update and not is_complete(flight))
        is_new = isinstance(flight, Watch) and not flight.deployment and flight.last_write is None
        _keep(self._unwritten, place, wanted=is_update and is_new)

    def take_off(self) -> int | None:
        """The place of an update whose turn it is now, if any; it must be put."""
        self._forget_recalled()
        is_full = self._most is not None and len(self._rolling) >= self._most
        return None if not self._waiting or is_full or len(self._unwritten) >= ADMITTED else self._waiting.popleft()

    def first(self, now: float) -> tuple[float, int]:
        """When the next flight can be acted on, and its place."""
        return min(
            (max(due, now, self._ready_at(lane[0], lane[2]) if lane[2] else now), due, place)
            for lane in list(self._lanes)
            for due, place in self._head(lane)
        )[::2]

    def nearly_due(self, place: int, until: float, most: int) -> list[int]:
        """This one, and others in its lane that want to be acted on by then."""
        found = [place]
        lane = self._lane(place)
        queue = self._lanes[lane]
        later = []
        while len(found) < most and (head := next(self._head(lane), None)) and head[0] <= until:
            later.append(heappop(queue))
            if head[1] not in found:
                found.append(head[1])
        for one in later:
            heappush(queue, one)
        return found

    def open(self) -> Iterator[int]:
        """The places of those that aren't done."""
        return (place for place, one in enumerate(self.flights) if not one.is_done)

    def due(self, place: int) -> float:
        """When it wants to be acted on."""
        return self._due[place]

    @property
    def is_over(self) -> bool:
        """Whether all are done."""
        self._forget_recalled()
        return not self._due and not self._waiting

    @property
    def is_complete(self) -> bool:
        """Whether all that isn't done is updates that have come through."""
        return not self._unfinished

    def _forget_recalled(self) -> None:
        """Those recalled before their turn came."""
        while self._waiting and self.flights[self._waiting[0]].is_done:
            self._waiting.popleft()

    def _lane(self, place: int) -> Lane:
        flight = self.flights[place]
        return (*place_of(flight), call_of(flight))

    def _head(self, lane: Lane) -> Iterator[tuple[float, int]]:
        """The first of a lane, unless it is empty; what was put elsewhere, or done, since is thrown away."""
        queue = self._lanes[lane]
        while queue and (self._due.get(queue[0][1]) != queue[0][0] or self._lane(queue[0][1]) != lane):
            heappop(queue)
        if queue:
            yield queue[0]
        else:
            del self._lanes[lane]


def _keep(places: set[int], place: int, *, wanted: bool) -> None:
    if wanted:
        places.add(place)
    else:
        places.discard(place)
