"""The action `run`: one one-off task, launched as a service's own tasks are; the service itself stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.plan import tasks, terms
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.revision import pointed_at
from drone_deploy_ecs.core.plan.rolling import Rolling
from drone_deploy_ecs.core.plan.strategy import AtRest, Plan, Undo
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.rollout.update import UpdateService
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.target import WayBack

if TYPE_CHECKING:
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution

STAYS = AtRest("and stays as it is", "stay as they are")


class Once(Rolling, frozen=True):
    """See `Strategy`. It has the revision that the service runs, or, with edits, one that is registered for it."""

    def resolve(self, request: Request, _answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`. Of two services nobody could say whose settings are meant."""
        if request.blue_green or request.colours:
            return (Problem("action run is of one service, and the mode has two", "Give that service, without mode"),)
        return replace(request, about="a one-off task")

    def plan_asks(
        self, _request: Request, _snapshots: tuple[Snapshot, ...], _answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def may_ask(
        self, _request: Request, _snapshots: tuple[Snapshot, ...], _answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], _answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`."""
        services, problems = refine(request, snapshots)
        if problems := (*problems, *tasks.problems(request, services)):
            return problems
        if len(services) != 1:
            what = f"action run is of one service, and {len(services)} are asked for"
            return (Problem(what, "Give one service, in one region"),)
        (service,) = services
        target = service.target(service.primary.task_definition, WayBack(impossible="nothing is written to it"))
        update = UpdateService(target=target, terms=terms.forward(request))
        update, registrations = pointed_at(update, service.revision, service.candidates, ())
        task = tasks.one_off(request, tasks.RUN, update, body=service.revision.body, like=service.service)
        return Plan(
            request=request,
            strategy=self,
            stages=(*((Stage(registrations),) if registrations else ()), Stage((task,))),
            unchanged=(target,),
            at_rest=STAYS,
        )

    def undo_asks(self, _plan: Plan, _done: tuple[Execution, ...], _answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def undo(self, _plan: Plan, done: tuple[Execution, ...], _answers: Answers, /) -> Undo:
        """See `Strategy`: the task is stopped where it still runs."""
        return Undo(stages=tasks.stops(done))

    def outcomes(
        self, _plan: Plan, _done: tuple[Execution, ...], _undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """See `Strategy`: of no service; what became of the task is its own result."""
        return ()
