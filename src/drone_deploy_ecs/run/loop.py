"""The only loop: runs a stage's executions. Do what is due, hand on what AWS answers, until all is over.

It knows no kind of step. Each execution names the call that it wants next, and knows what an answer means to it; what
the end of an execution means for the others is decided in `core.steps.coordination`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.steps.coordination import cancelled, consequences, ends_stages
from drone_deploy_ecs.run.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ports import Cancellation, Clock
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.coordination import Abort
    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.event_log import EventLog
    from drone_deploy_ecs.run.lessons import Lessons
    from drone_deploy_ecs.run.waiting import Waiting

SHARE_LOOKS_WITHIN = 1.0
"""Seconds by which a look may be early, to share another's call."""


class Runtime(NamedTuple):
    """What all stages of a run work with; `calls` by Region, `chance` gives random numbers in 0..1."""

    request: Request
    calls: Mapping[str, Calls]
    clock: Clock
    log: EventLog
    chance: Callable[[], float]
    cancellation: Cancellation
    lessons: Lessons
    waiting: Waiting


class Loop:
    """One stage. `forward`, `obeys`: see `Engine.run`. `is_last`: no stage comes after it."""

    def __init__(
        self, runtime: Runtime, executions: Sequence[Execution], *, forward: bool, obeys: bool, is_last: bool
    ) -> None:
        self._runtime = runtime
        self._clock = runtime.clock
        self._log = runtime.log
        self._forward = forward
        self._obeys = obeys
        self._is_last = is_last
        self._began = runtime.clock.monotonic()
        self._obeyed = 0
        at_a_time = runtime.request.max_parallel if forward else None
        self._queue = Queue(executions, self._due, self._ready_at, at_a_time)

    def run(self) -> list[Execution]:
        """Run until all have ended; before the last stage, until all are complete: they stay under way."""
        queue = self._queue
        while True:
            if self._obeys:
                self._obey()
            # While a look is half read nothing is judged: what was asked at the same moment is judged together.
            if not queue.reading and self._judge_together():
                return queue.executions
            if queue.is_over:
                return queue.executions
            if queue.is_complete and self._are_proven():
                if not self._is_last and not any(map(ends_stages, queue.executions)):
                    return queue.executions
                self._settle()
                continue
            due, index = queue.first(self._clock.monotonic())
            if self._runtime.waiting.until(due, queue.under_way):
                self._act(index)
            self._log.sum_up(queue.executions)

    def _due(self, execution: Execution) -> float:
        return execution.due(self._clock.monotonic(), self._runtime.chance())

    def _ready_at(self, call: Call[Any]) -> float:
        return self._runtime.calls[call.region].ready_at(call)

    # --- judging ---

    def _obey(self) -> None:
        """Abort everything under way where a cancellation came that was not obeyed yet."""
        signal = self._runtime.cancellation.signal
        if signal and signal != self._obeyed:
            self._obeyed = signal
            self._abort(cancelled(signal, self._queue.under_way()))

    def _judge_together(self) -> bool:
        """Abort what a failure reaches, then start what may start. Whether a new plan is needed."""
        changed = self._queue.changed()
        self._runtime.lessons.teach(changed, self._queue)
        changed = [*changed, *self._inform(changed)]
        if self._forward and any(execution.verdict is not None for execution in changed):
            self._abort(consequences(self._runtime.request, changed, self._queue.under_way()))
        while (index := self._queue.start()) is not None:
            self._queue.put(index, self._runtime.lessons.informed(self._queue[index].start(self._clock.monotonic())))
        return any(execution.needs_replan for execution in changed)

    def _inform(self, changed: Iterable[Execution]) -> list[Execution]:
        """Tell those that heed the others what has changed; what changed in them by that: they may end."""
        for index in sorted(self._queue.heeding):
            after = self._queue[index]
            for execution in changed:
                after = after.heed(execution, self._clock.monotonic())
            self._put(index, after)
        return self._queue.changed()

    def _abort(self, aborts: Iterable[Abort]) -> None:
        for abort in aborts:
            after = self._queue[abort.index].abort(abort.verdict, abort.reason, self._clock.monotonic())
            self._put(abort.index, after)
        self._judge_looks()

    def _put(self, index: int, after: Execution) -> None:
        """Replace an execution, and record what changed in it."""
        before = self._queue[index]
        if after is before:
            return
        if after.service is not before.service:
            self._log.count(after.service)
        if not after.reads_on:  # a look under way is no news yet
            self._log.change(before, after)
        self._queue.put(index, after)

    def _are_proven(self) -> bool:
        """Whether all that is monitored was complete for long enough, and was seen so at the end.

        That is: by a look later than the last completion, and later than what else this stage did.
        """
        now = self._clock.monotonic()
        left = self._queue.monitored()
        # Scaling or new limits may have disturbed what was complete: only a look from after them proves that it is.
        if not all(execution.is_monitored for execution in self._queue.executions):
            for index, execution in left.items():
                if (confirmed := execution.confirm_since(self._began, now)) is not execution:
                    self._queue.put(index, confirmed, now)
                    return False
        if not all(execution.is_proven(now) for execution in left.values()):
            return False
        since = max((execution.stable_at or 0.0 for execution in left.values()), default=0.0) - SHARE_LOOKS_WITHIN
        # A look from before the last completion says nothing about the moment at which all were complete.
        unseen = [index for index, execution in left.items() if execution.seen_at < since]
        for index in unseen:
            if self._queue.due(index) > now:
                self._queue.put(index, left[index], now)
        return not unseen

    def _settle(self) -> None:
        """Give all that is still under way the verdict: completed."""
        for index, execution in self._queue.monitored().items():
            self._put(index, execution.settle(self._clock.monotonic()))

    # --- doing ---

    def _act(self, index: int) -> None:
        """Send one call for all executions that may share it; without a call, pass on that time has passed."""
        execution, now = self._queue[index], self._clock.monotonic()
        call = execution.call
        if call is None:
            self._put(index, execution.advance(None, now))
        elif call.writes and self._must_wait(execution):
            self._queue.put(index, execution, now + SHARE_LOOKS_WITHIN)
        elif call.writes and execution.step.reduces_capacity and not self._is_covered(index):
            return
        else:
            until = max(self._queue.due(index), now) + SHARE_LOOKS_WITHIN
            indices = self._queue.together(index, until, call.most)
            calls = [shared for shared in (self._queue[sharer].call for sharer in indices) if shared is not None]
            for sharer, answer in zip(indices, self._send(calls), strict=True):
                self._put(sharer, self._queue[sharer].advance(answer, self._clock.monotonic()))
            self._judge_looks()

    def _judge_looks(self) -> None:
        """Judge the looks that have begun, as soon as all of them are whole."""
        if all(self._queue[index].call is None for index in self._queue.reading):
            for index in sorted(self._queue.reading):
                self._put(index, self._queue[index].advance(None, self._clock.monotonic()))

    def _send(self, calls: Sequence[Call[Any]]) -> list[Any]:
        """Send the calls joined into a single request: each call's part of the answer, or the same fault for all."""
        first, *others = calls
        try:
            answer = self._runtime.calls[first.region].send(first.join(others))
        except ApiError as error:
            return [error.fault] * len(calls)
        return [call.part(answer) for call in calls]

    def _must_wait(self, execution: Execution) -> bool:
        """Whether the step that it has to come after hasn't been written yet."""
        after = execution.step.after
        return bool(after) and any(other.step.key == after and not other.output for other in self._queue.executions)

    def _is_covered(self, index: int) -> bool:
        """Whether tasks that serve may be stopped: all that is monitored was seen complete within the last second."""
        now = self._clock.monotonic()
        guards = self._queue.monitored()
        # Older looks prove nothing: look now, and decide at the next turn, when a failure has had its consequences.
        old = {index: guard for index, guard in guards.items() if guard.seen_at < now - SHARE_LOOKS_WITHIN}
        for guard_index, guard in old.items():
            (answer,) = self._send([guard.glance])
            self._put(guard_index, guard.glanced(answer, self._clock.monotonic()))
        if old:
            return False
        # Not all is complete: without an answer the execution checks its service again, and its budget starts anew.
        if any(guard.stable_at is None for guard in guards.values()):
            self._put(index, self._queue[index].advance(None, now))
            return False
        return True
