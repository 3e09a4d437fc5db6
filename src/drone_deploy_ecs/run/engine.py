"""Makes a plan's steps happen: its stages in order, each by the loop, and what ended in one told to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.steps.coordination import (
    ends_stages,
    fails,
    on_what_gives_way,
    on_what_never_began,
)
from drone_deploy_ecs.core.steps.step import Context, Reach, Stage, State, is_monitored
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.lessons import Lessons
from drone_deploy_ecs.run.loop import Loop, Runtime
from drone_deploy_ecs.run.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.plan.order import Conflict
    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.ports import Cancellation, Clock
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution, Step
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.event_log import EventLog


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
        self._clock = clock
        self._log = log
        self._cancellation = cancellation
        self._attempt = attempt
        waiting = Waiting(clock, log, cancellation)
        self._runtime = Runtime(request, calls, clock, log, chance, cancellation, Lessons(), waiting)

    def run(
        self,
        stages: Sequence[Stage],
        *,
        forward: bool,
        obeys: bool = True,
        seen_at: float | None = None,
        standing: Sequence[Execution] = (),
    ) -> tuple[Execution, ...]:
        """The stages in order, until one fails; what became of every step.

        `seen_at` is when the services were read to plan this. `forward`: when one service fails, the others
        are aborted; on the way back none is. `obeys`: all are when the run is cancelled. `standing` are executions of
        an earlier run that are still to be watched. The result has those that ended, then those that stand, then those
        that never began.
        """
        outputs: dict[str, str] = {}
        failures: dict[str, str] = {}
        ended: list[Execution] = []
        guards = list(standing)
        stages = stages or (Stage(()),)  # what stands is to be judged, whether or not anything follows it
        for number, stage in enumerate(stages, 1):
            begun = [self._begin(step, outputs, failures, seen_at) for step in stage.steps]
            is_last = number == len(stages)
            under_way = [*self._standing_by(guards, begun), *begun]
            executions = Loop(self._runtime, under_way, forward=forward, obeys=obeys, is_last=is_last).run()
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


def _stands(execution: Execution) -> bool:
    return execution.is_monitored and execution.state is not State.ENDED


def _refuses_others(execution: Execution) -> bool:
    """Whether the steps that need its output are refused."""
    return fails(execution) and execution.step.reach is Reach.DEPENDENTS
