"""The executions of a stage in the order in which they are due, at the speed that AWS allows.

An execution waits in the lane of the call that it wants next. A lane is open when there is a token for such a call: so
writes that wait for a token hold up no looks, nor the other way round. Every operation that the loop needs at each
turn is O(lanes) or O(log n) in the number of executions.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.steps.step import State, is_monitored

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from drone_deploy_ecs.core.calls.call import Call, Lane
    from drone_deploy_ecs.core.steps.step import Execution, Monitored

ADMITTED = 10
"""Updates that may be about to be written at the same time: as many as one look shows to be still as planned."""


class Queue:
    """The executions by index. `due` tells when (monotonic seconds) an execution is to be acted on.

    `ready_at` tells when there is a token for a call. Queued executions start in order: at most `most` (None: any
    number) are between start and completion. Those that await that the new version serves start then, out of order.
    """

    def __init__(
        self,
        executions: Sequence[Execution],
        due: Callable[[Execution], float],
        ready_at: Callable[[Call[Any]], float],
        most: int | None,
    ) -> None:
        self.executions = list(executions)
        self._changed: set[int] = set(range(len(executions)))
        self._due_at = due
        self._ready_at = ready_at
        self._most = most
        self._lanes: dict[Lane, list[tuple[float, int]]] = {}
        self._calls: dict[Lane, Call[Any] | None] = {}
        self._lane: dict[int, Lane] = {}
        self._due: dict[int, float] = {}
        self._waiting: deque[int] = deque()
        self._held: deque[int] = deque()
        self.reading: set[int] = set()
        """The indices of the executions whose look has begun."""
        self.heeding: set[int] = set()
        """Those of the executions that are told what becomes of the others."""
        self._unwritten: set[int] = set()
        self._rolling: set[int] = set()
        self._unfinished: set[int] = set()
        for index, execution in enumerate(executions):
            if execution.state is State.QUEUED:
                (self._held if execution.step.awaits_serving else self._waiting).append(index)
                self._unfinished.add(index)
            else:
                self.put(index, execution)

    def __getitem__(self, index: int) -> Execution:
        return self.executions[index]

    def put(self, index: int, execution: Execution, due: float | None = None) -> None:
        """Replace the execution at `index`; `due` is when it is acted on next, if not when it says itself."""
        state = execution.state
        self.executions[index] = execution
        self._changed.add(index)
        self._due.pop(index, None)
        if state is not State.ENDED:
            self._enter(index, execution, self._due_at(execution) if due is None else due)
        # What is watched beside the services, as no one of them, is in nobody's turn.
        is_rolling = execution.is_monitored and execution.verdict is None and state is not State.COMPLETE
        is_rolling = is_rolling and execution.tally is not None
        _keep(self.reading, index, wanted=execution.reads_on and state is not State.ENDED)
        _keep(self.heeding, index, wanted=execution.heeds_others and state is not State.ENDED)
        _keep(self._unfinished, index, wanted=state not in (State.ENDED, State.COMPLETE))
        _keep(self._rolling, index, wanted=is_rolling)
        _keep(self._unwritten, index, wanted=is_rolling and state is State.WRITING)

    def revise(self, index: int, execution: Execution) -> None:
        """Replace an execution that has learnt something, without putting off its next look: that tells what is so."""
        self.put(index, execution, min(self._due[index], self._due_at(execution)))

    def _enter(self, index: int, execution: Execution, due: float) -> None:
        call = execution.call
        lane = call.lane if call else ()
        self._due[index], self._lane[index], self._calls[lane] = due, lane, call
        heappush(self._lanes.setdefault(lane, []), (due, index))

    def start(self) -> int | None:
        """The index of an execution whose turn has come, if any; it must be put."""
        self._forget_aborted()
        if self._held and self._is_serving:
            return self._held.popleft()
        is_full = self._most is not None and len(self._rolling) >= self._most
        return None if not self._waiting or is_full or len(self._unwritten) >= ADMITTED else self._waiting.popleft()

    def changed(self) -> list[Execution]:
        """The executions that were put since the last call of this method."""
        indices, self._changed = self._changed, set()
        return [self.executions[index] for index in sorted(indices)]

    def first(self, now: float) -> tuple[float, int]:
        """When the next execution can be acted on, and its index. A look that has begun is finished before all else."""
        if self.reading:
            # The lowest index, so that looks end in the order of the services; whole looks wait for the judgement.
            index = min(index for index in self.reading if self._lane[index])
            return self._open_at(self._lane[index], now), index
        # By when it can go out; among those that could go out now, by how long it has been due.
        return min(
            (max(due, self._open_at(lane, now)), due, index)
            for lane in list(self._lanes)
            for due, index in self._head(lane)
        )[::2]

    def together(self, index: int, until: float, most: int) -> list[int]:
        """The index, and those of at most `most - 1` executions due by `until` in its lane: they may share its call."""
        indices = [index]
        lane = self._lane[index]
        heap = self._lanes[lane]
        later = []  # put back at the end: each leaves its lane only when it is put again
        while len(indices) < most and (head := next(self._head(lane), None)) and head[0] <= until:
            later.append(heappop(heap))
            if head[1] not in indices:
                indices.append(head[1])
        for entry in later:
            heappush(heap, entry)
        return indices

    def under_way(self) -> dict[int, Execution]:
        """The executions that haven't ended, by index."""
        return {
            index: execution for index, execution in enumerate(self.executions) if execution.state is not State.ENDED
        }

    def monitored(self) -> dict[int, Monitored]:
        """What is monitored and hasn't ended, by index."""
        return {index: execution for index, execution in self.under_way().items() if is_monitored(execution)}

    def due(self, index: int) -> float:
        """When (monotonic seconds) the execution at `index` is to be acted on."""
        return self._due[index]

    @property
    def is_over(self) -> bool:
        """Whether all have ended."""
        self._forget_aborted()
        return not self._due and not self._waiting and not self._held

    @property
    def is_complete(self) -> bool:
        """Whether all that hasn't ended is complete."""
        return not self._unfinished and not self.reading

    def _forget_aborted(self) -> None:
        """Drop the executions that ended while they were queued."""
        for waiting in (self._waiting, self._held):
            while waiting and self.executions[waiting[0]].state is State.ENDED:
                waiting.popleft()

    @property
    def _is_serving(self) -> bool:
        """Whether all that is monitored serves the new version."""
        return all(
            execution.state is State.ENDED or execution.is_serving
            for execution in filter(is_monitored, self.executions)
        )

    def _open_at(self, lane: Lane, now: float) -> float:
        call = self._calls[lane]
        return now if call is None else max(now, self._ready_at(call))

    def _head(self, lane: Lane) -> Iterator[tuple[float, int]]:
        """A lane's first entry; none, and no lane any more, where it is empty."""
        # Entries are never removed from the middle of a heap: an outdated one is recognised here by its time or lane.
        heap = self._lanes[lane]
        while heap and (self._due.get(heap[0][1]) != heap[0][0] or self._lane[heap[0][1]] != lane):
            heappop(heap)
        if heap:
            yield heap[0]
        else:
            del self._lanes[lane]


def _keep(indices: set[int], index: int, *, wanted: bool) -> None:
    if wanted:
        indices.add(index)
    else:
        indices.discard(index)
