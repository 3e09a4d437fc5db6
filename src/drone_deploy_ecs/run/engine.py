"""The only loop: makes a plan's steps happen. Do what is due, hand on what AWS answers, until all is over.

It knows no kind of step. Each execution names the call that it wants next, and knows what an answer means to it; what
the end of an execution means for the others is decided in `core.steps.coordination`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.coordination import (
    cancelled,
    consequences,
    ends_stages,
    fails,
    on_what_gives_way,
    on_what_never_began,
)
from drone_deploy_ecs.core.steps.kind import SILENCE
from drone_deploy_ecs.core.steps.step import Context, Reach, Stage, State, is_monitored
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.plan.order import Conflict
    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.ports import Cancellation, Clock
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.coordination import Abort
    from drone_deploy_ecs.core.steps.step import Execution, Monitored, Step
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.event_log import EventLog

LESSONS = 10
"""So many executions that came through tell the others what to expect; more would tell no more."""
SHARE_LOOKS_WITHIN = 1.0
"""Seconds by which a look may be early, to share another's call."""


class Engine:
    """Runs stages; `calls` by Region. `chance` gives random numbers in 0..1, `attempt` is a `Context`'s."""

    def __init__(
        self,
        request: Request,
        calls: Mapping[str, Calls],
        clock: Clock,
        log: EventLog,
        chance: Callable[[], float],
        *,
        cancellation: Cancellation,
        attempt: str,
    ) -> None:
        self._request = request
        self._calls = calls
        self._clock = clock
        self._log = log
        self._chance = chance
        self._cancellation = cancellation
        self._attempt = attempt
        self._obeyed = 0
        self._heartbeat = (-inf, SILENCE)
        """When the last one came, and for how long nothing need be said after it."""
        self._lessons: dict[str, object] = {}

    def run(
        self,
        stages: Sequence[Stage],
        *,
        forward: bool,
        seen_at: float | None = None,
        standing: Sequence[Execution] = (),
    ) -> tuple[Execution, ...]:
        """The stages in order, until one fails; what became of every step.

        `seen_at` is when the services were read to plan this. `forward`: when one service fails, or the run is
        cancelled, the others are aborted; on the way back none is. `standing` are executions of an earlier run that are
        still to be watched. The result has those that ended, then those that stand, then those that never began.
        """
        outputs: dict[str, str] = {}
        failures: dict[str, str] = {}
        ended: list[Execution] = []
        guards = list(standing)
        stages = stages or (Stage(()),)  # what stands is to be judged, whether or not anything follows it
        for number, stage in enumerate(stages, 1):
            begun = [self._begin(step, outputs, failures, seen_at) for step in stage.steps]
            is_last = number == len(stages)
            executions = self._run_stage([*self._standing_by(guards, begun), *begun], forward=forward, is_last=is_last)
            named = (execution for execution in executions if execution.step.key)
            outputs |= {execution.step.key: execution.output for execution in named if execution.output}
            failures |= {execution.step.key: execution.reason for execution in executions if _refuses_others(execution)}
            guards = [*filter(_stands, executions)]
            ended += (execution for execution in executions if execution.state is State.ENDED)
            if any(map(ends_stages, executions)):
                return (*ended, *guards, *self._never_begun(stages[number:], outputs))
        return (*ended, *guards)

    def withhold(self, plan: Plan) -> tuple[Execution, ...]:
        """What becomes of its steps where it isn't this run's turn: none is begun."""
        in_the_way = {conflict.name: conflict for conflict in plan.conflicts}
        return tuple(self._withheld(step, in_the_way) for step in plan.steps)

    def _withheld(self, step: Step, in_the_way: Mapping[str, Conflict]) -> Execution:
        context = self._context({}, None)
        execution = step.begin(context)
        conflict = in_the_way.get(step.target.name) if step.target else None
        if conflict and is_monitored(execution):
            execution = execution.glanced((conflict.service,), context.now)
        verdict, reason = on_what_gives_way(conflict.what if conflict else "")
        withheld = execution.abort(verdict, reason, context.now)
        self._log.change(execution, withheld)
        return withheld

    def _begin(
        self, step: Step, outputs: Mapping[str, str], failures: Mapping[str, str], seen_at: float | None
    ) -> Execution:
        """The step under way; refused at once where one that it needs has failed."""
        execution = step.begin(self._context(outputs, seen_at))
        why = next((failures[key] for key in step.needs if key in failures), "")
        if not why:
            return execution
        refused = execution.abort(Verdict.REFUSED, why, self._clock.monotonic())
        self._log.change(execution, refused)
        return refused

    def _context(self, outputs: Mapping[str, str], seen_at: float | None) -> Context:
        now = self._clock.monotonic()
        budget = self._request.budget
        return Context(now=now, budget=budget, seen_at=seen_at, outputs=outputs, attempt=self._attempt)

    def _standing_by(self, guards: Sequence[Execution], begun: Sequence[Execution]) -> Iterator[Execution]:
        """The standing executions, their budgets paused for as long as this stage waits."""
        until = max((self._clock.monotonic(), *(execution.stands_until for execution in begun)))
        return (guard.stand_by(until) for guard in guards if is_monitored(guard))

    def _never_begun(self, stages: Sequence[Stage], outputs: Mapping[str, str]) -> Iterator[Execution]:
        """The steps of stages that won't run any more, as executions that have ended."""
        verdict, reason = on_what_never_began(self._cancellation.signal)
        context = self._context(outputs, None)
        for step in (step for stage in stages for step in stage.steps):
            yield step.begin(context).abort(verdict, reason, context.now)

    # --- the loop ---

    def _run_stage(self, executions: Sequence[Execution], *, forward: bool, is_last: bool) -> list[Execution]:
        """Run until all have ended; before the last stage, until all are complete: they stay under way."""
        began = self._clock.monotonic()
        self._obeyed = 0
        queue = Queue(executions, self._due, self._ready_at, self._request.max_parallel if forward else None)
        while True:
            if forward:
                self._obey(queue)
            # While a look is half read nothing is judged: what was asked at the same moment is judged together.
            if not queue.reading and self._judge_together(queue, forward=forward):
                return queue.executions
            if queue.is_over:
                return queue.executions
            if queue.is_complete and self._are_proven(queue, began):
                if not is_last and not any(map(ends_stages, queue.executions)):
                    return queue.executions
                self._settle(queue)
                continue
            due, index = queue.first(self._clock.monotonic())
            if self._wait_until(due, queue):
                self._act(index, queue)
            self._log.sum_up(queue.executions)

    def _due(self, execution: Execution) -> float:
        return execution.due(self._clock.monotonic(), self._chance())

    def _ready_at(self, call: Call[Any]) -> float:
        return self._calls[call.region].ready_at(call)

    def _obey(self, queue: Queue) -> None:
        """Abort everything under way where a cancellation came that was not obeyed yet."""
        signal = self._cancellation.signal
        if signal and signal != self._obeyed:
            self._obeyed = signal
            self._abort(queue, cancelled(signal, queue.under_way()))

    def _judge_together(self, queue: Queue, *, forward: bool) -> bool:
        """Abort what a failure reaches, then start what may start. Whether a new plan is needed."""
        changed = queue.changed()
        self._teach(changed, queue)
        changed = [*changed, *self._told(changed, queue)]
        if forward and any(execution.verdict is not None for execution in changed):
            self._abort(queue, consequences(self._request, changed, queue.under_way()))
        while (index := queue.start()) is not None:
            queue.put(index, self._informed(queue[index].start(self._clock.monotonic())))
        return any(execution.needs_replan for execution in changed)

    def _told(self, changed: Iterable[Execution], queue: Queue) -> list[Execution]:
        """Tell those that heed the others what has changed; they may end of it."""
        for index in sorted(queue.heeding):
            after = queue[index]
            for execution in changed:
                after = after.heed(execution, self._clock.monotonic())
            self._put(queue, index, after)
        return queue.changed()

    def _teach(self, changed: Iterable[Execution], queue: Queue) -> None:
        """Tell what is monitored what others of it went through that are complete now."""
        for execution in filter(is_monitored, changed):
            key = execution.step.key
            is_known = key in self._lessons or len(self._lessons) >= LESSONS
            if is_known or execution.state is not State.COMPLETE or (lesson := execution.lesson) is None:
                continue
            self._lessons[key] = lesson
            for index, other in _monitored(queue).items():
                taught = other.taught(lesson)
                if taught is not other and other.state is not State.QUEUED:
                    # What is due stays due: if it is to be expected later, that look tells so, too.
                    queue.put(index, taught, min(queue.due(index), self._due(taught)))

    def _informed(self, execution: Execution) -> Execution:
        """The execution, knowing what others of this run went through before its turn came."""
        if is_monitored(execution):
            for lesson in self._lessons.values():
                execution = execution.taught(lesson)
        return execution

    def _abort(self, queue: Queue, aborts: Iterable[Abort]) -> None:
        for abort in aborts:
            after = queue[abort.index].abort(abort.verdict, abort.reason, self._clock.monotonic())
            self._put(queue, abort.index, after)
        self._judge_looks(queue)

    def _put(self, queue: Queue, index: int, after: Execution) -> None:
        """Replace an execution, and record what changed in it."""
        before = queue[index]
        if after is before:
            return
        if after.service is not before.service:
            self._log.count(after.service)
        if not after.reads_on:  # a look under way is no news yet
            self._log.change(before, after)
        queue.put(index, after)

    def _are_proven(self, queue: Queue, began: float) -> bool:
        """Whether all that is monitored was complete for long enough, and was seen so at the end.

        That is: by a look later than the last completion, and later than what else this stage did.
        """
        now = self._clock.monotonic()
        left = _monitored(queue)
        # Scaling or new limits may have disturbed what was complete: only a look from after them proves that it is.
        if not all(execution.is_monitored for execution in queue.executions):
            for index, execution in left.items():
                if (confirmed := execution.confirm_since(began, now)) is not execution:
                    queue.put(index, confirmed, now)
                    return False
        if not all(execution.is_proven(now) for execution in left.values()):
            return False
        since = max((execution.stable_at or 0.0 for execution in left.values()), default=0.0) - SHARE_LOOKS_WITHIN
        # A look from before the last completion says nothing about the moment at which all were complete.
        unseen = [index for index, execution in left.items() if execution.seen_at < since]
        for index in unseen:
            if queue.due(index) > now:
                queue.put(index, left[index], now)
        return not unseen

    def _settle(self, queue: Queue) -> None:
        """Give all that is still under way the verdict: completed."""
        for index, execution in _monitored(queue).items():
            self._put(queue, index, execution.settle(self._clock.monotonic()))

    def _wait_until(self, due: float, queue: Queue) -> bool:
        """Sleep until `due`, with a heartbeat where nothing was said. False where a cancellation ended the sleep."""
        signal = self._cancellation.signal
        while (now := self._clock.monotonic()) < due:
            came_at, silence = self._heartbeat
            speak_at = self._log.spoke_at + (silence if self._log.spoke_at == came_at else SILENCE)
            if speak_at <= now:
                executions = queue.under_way().values()
                self._log.waiting(executions, now)
                self._heartbeat = (now, min(execution.silence(now) for execution in executions))
                continue
            self._clock.sleep(min(due, speak_at) - now)
            if self._cancellation.signal != signal:
                text = f"cancelled by signal {self._cancellation.signal}; a second one stops at once"
                self._log.record(Kind.TROUBLE, "", text, important=True)
                return False
        return True

    # --- doing ---

    def _act(self, index: int, queue: Queue) -> None:
        """Send one call for all executions that may share it; without a call, pass on that time has passed."""
        execution, now = queue[index], self._clock.monotonic()
        call = execution.call
        if call is None:
            self._put(queue, index, execution.advance(None, now))
        elif call.writes and self._must_wait(execution, queue):
            queue.put(index, execution, now + SHARE_LOOKS_WITHIN)
        elif call.writes and execution.step.reduces_capacity and not self._is_covered(index, queue):
            return
        else:
            until = max(queue.due(index), now) + SHARE_LOOKS_WITHIN
            indices = queue.together(index, until, call.most)
            calls = [shared for shared in (queue[sharer].call for sharer in indices) if shared is not None]
            for sharer, answer in zip(indices, self._send(calls), strict=True):
                self._put(queue, sharer, queue[sharer].advance(answer, self._clock.monotonic()))
            self._judge_looks(queue)

    def _judge_looks(self, queue: Queue) -> None:
        """Judge the looks that have begun, as soon as all of them are whole."""
        if all(queue[index].call is None for index in queue.reading):
            for index in sorted(queue.reading):
                self._put(queue, index, queue[index].advance(None, self._clock.monotonic()))

    def _send(self, calls: Sequence[Call[Any]]) -> list[Any]:
        """Send the calls joined into a single request: each call's part of the answer, or the same fault for all."""
        first, *others = calls
        try:
            answer = self._calls[first.region].send(first.join(others))
        except ApiError as error:
            return [error.fault] * len(calls)
        return [call.part(answer) for call in calls]

    def _must_wait(self, execution: Execution, queue: Queue) -> bool:
        """Whether the step that it has to come after hasn't been written yet."""
        after = execution.step.after
        return bool(after) and any(other.step.key == after and not other.output for other in queue.executions)

    def _is_covered(self, index: int, queue: Queue) -> bool:
        """Whether tasks that serve may be stopped: all that is monitored was seen complete within the last second."""
        now = self._clock.monotonic()
        guards = _monitored(queue)
        # Older looks prove nothing: look now, and decide at the next turn, when a failure has had its consequences.
        old = {index: guard for index, guard in guards.items() if guard.seen_at < now - SHARE_LOOKS_WITHIN}
        for guard_index, guard in old.items():
            (answer,) = self._send([guard.glance])
            self._put(queue, guard_index, guard.glanced(answer, self._clock.monotonic()))
        if old:
            return False
        # Not all is complete: without an answer the execution checks its service again, and its budget starts anew.
        if any(guard.stable_at is None for guard in guards.values()):
            self._put(queue, index, queue[index].advance(None, now))
            return False
        return True


def _stands(execution: Execution) -> bool:
    return execution.is_monitored and execution.state is not State.ENDED


def _monitored(queue: Queue) -> dict[int, Monitored]:
    """What is monitored and hasn't ended, by index."""
    return {index: execution for index, execution in queue.under_way().items() if is_monitored(execution)}


def _refuses_others(execution: Execution) -> bool:
    """Whether the steps that need its output are refused."""
    return fails(execution) and execution.step.reach is Reach.DEPENDENTS
