"""A strategy with a last stage: what starts tasks by itself gets the new revision, too, or all of it returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.plan.deployed import deployed
from drone_deploy_ecs.core.plan.runs import runs
from drone_deploy_ecs.core.plan.scheduled import asks, found, unknown
from drone_deploy_ecs.core.plan.schedules.following import Following, following
from drone_deploy_ecs.core.plan.strategy import Plan, Replan, Undo
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.deregister import DeregisterTaskDefinition
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from drone_deploy_ecs.core.steps.schedule.move import Move, MoveSchedule
from drone_deploy_ecs.core.steps.schedule.moving import Moving
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.plan.strategy import Sentence, Strategy
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution


class WithSchedules(Struct, frozen=True):
    """See `Strategy`. The `services` are deployed by another one; what follows them is known once it is planned."""

    services: Strategy
    following: Following = Following()

    def asks(self, request: Request, answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`."""
        return self.services.asks(request, answers)

    def resolve(self, request: Request, answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`."""
        return self.services.resolve(request, answers)

    def plan_asks(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: rules and schedules, too."""
        return (*self.services.plan_asks(request, snapshots, answers), *asks(request, answers))

    def may_ask(self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`."""
        return self.services.may_ask(request, snapshots, answers)

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`: the schedules move once all services are complete."""
        plan, there = self.services.plan(request, snapshots, answers), found(request, answers)
        problems = tuple(unknown(request, there))
        if not isinstance(plan, Plan):
            return (*plan, *problems)
        follows = following(request, there, runs(plan))
        if problems or not isinstance(follows, Following):
            return (*problems, *(() if isinstance(follows, Following) else follows))
        warnings = follows.others if follows.steps else (*follows.others, _none(plan))
        planned = replace(plan, warnings=(*plan.warnings, *warnings))
        return self._after(planned, replace(self, services=plan.strategy, following=follows))

    @staticmethod
    def _after(plan: Plan, strategy: WithSchedules) -> Plan:
        """The plan by that strategy: the schedules' stage comes last."""
        steps = strategy.following.steps
        return replace(plan, strategy=strategy, stages=(*plan.stages, *((Stage(steps),) if steps else ())))

    def replan(self, plan: Plan, done: tuple[Execution, ...], /) -> Replan | None:
        """See `Strategy`: the schedules come last, whatever is left to do before."""
        rest = self.services.replan(plan, done)
        if rest is None:
            return None
        # What the plan so far has registered is known; the new one registers nothing.
        follows = replace(self.following, steps=tuple(_registered(self.following.steps, done)))
        changed = self._after(rest.plan, replace(self, services=rest.plan.strategy, following=follows))
        return replace(rest, plan=changed, done=tuple(each for each in rest.done if not isinstance(each, Moving)))

    def undo_asks(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`."""
        return self.services.undo_asks(plan, done, answers)

    def undo(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> Undo:
        """See `Strategy`: schedules first, services then; what was registered last."""
        services = self.services.undo(plan, done, answers)
        if not must_return(plan.request, done):
            return services
        moved, made = tuple(_back(done)), tuple(self._deregistrations(done))
        first, last = (tuple(Stage(steps) for steps in (all_steps,) if steps) for all_steps in (moved, made))
        sentences = tuple(("", f"putting {step.words} back") for step in moved)
        return Undo(stages=(*first, *services.stages, *last), sentences=(*sentences, *services.sentences))

    def _deregistrations(self, done: tuple[Execution, ...]) -> Iterator[DeregisterTaskDefinition]:
        """What this run registered of families whose newest revision is run by what starts tasks by itself.

        A service that stays on it needs it.
        """
        kept = {
            service.definition for service in deployed(done) if service.deployment and not _returns(service.rollout)
        }
        for step, arn in registered(done):
            names = self.following.bare.get((step.region, step.family), ())
            if names and arn not in kept:
                yield DeregisterTaskDefinition(region=step.region, definition=arn, runs=names)

    def outcomes(
        self, plan: Plan, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """See `Strategy`: those of the services."""
        was_undone = bool(self.services.undo(plan, done, {}).stages)
        return self.services.outcomes(plan, done, undone if was_undone else None)

    def epilogue(self, report: Report, /) -> tuple[Sentence, ...]:
        """See `Strategy`."""
        return self.services.epilogue(report)


def must_return(request: Request, done: Iterable[Execution]) -> bool:
    """Whether what was moved goes back: as the services do, or as one of them became somebody else's meanwhile.

    Other steps don't count: those that a new plan took the place of are withdrawn, too.
    """
    counted = [each for each in done if each.is_monitored or isinstance(each, Moving)]
    verdicts = {each.verdict for each in counted}
    if not request.roll_back or Verdict.UNKNOWN in verdicts:
        return False  # as with services, nothing goes back blindly
    if Verdict.CANCELLED in verdicts:
        return not request.leave_on_cancel
    return any(_returns(each) for each in counted if each.is_monitored or each.has_written or _failed(each))


def _returns(each: Execution) -> bool:
    return each.verdict in (Verdict.WITHDRAWN, Verdict.CANCELLED) or _failed(each)


def _failed(each: Execution) -> bool:
    return each.verdict is not None and each.verdict.fails_the_run


def registered(done: Iterable[Execution]) -> Iterator[tuple[RegisterTaskDefinition, str]]:
    """What was registered, with its ARN."""
    for execution in done:
        if isinstance(execution.step, RegisterTaskDefinition) and execution.output:
            yield execution.step, execution.output


def _registered(steps: Iterable[MoveSchedule], done: Iterable[Execution]) -> Iterator[MoveSchedule]:
    """The steps with the ARNs of what was registered for them."""
    arns = {execution.step.key: execution.output for execution in done}
    for step in steps:
        moves = (replace(move, to=move.to or arns.get(move.registration, "")) for move in step.moves)
        yield replace(step, moves=tuple(moves))


def _back(done: Iterable[Execution]) -> Iterator[MoveSchedule]:
    """The moves that put back what was, or may have been, written."""
    for execution in done:
        if isinstance(execution, Moving) and execution.has_written:
            moves = (
                Move(target=move.target, since=execution.wanted[move.target], to=move.since)
                for move in execution.step.moves
            )
            yield replace(execution.step, moves=tuple(moves), is_back=True, always_write=execution.writes > 0)


def _none(plan: Plan) -> Problem:
    families = " or ".join(dict.fromkeys(run.family for run in runs(plan)))
    clusters = ", ".join(dict.fromkeys(run.cluster for run in runs(plan)))
    what = f"schedules: auto found none that runs {families} in cluster {clusters}"
    return Problem(what, "Leave schedules out, or name them")
