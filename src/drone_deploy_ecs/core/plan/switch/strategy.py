"""The strategy over two services of which one is live: the idle one takes over, and the live one gives way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan import probes, tasks
from drone_deploy_ecs.core.plan.deployed import unchanged
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.strategy import Plan, Replan, Undo
from drone_deploy_ecs.core.plan.switch import undo
from drone_deploy_ecs.core.plan.switch.outcomes import outcomes
from drone_deploy_ecs.core.plan.switch.planning import draft, draft_rest
from drone_deploy_ecs.core.plan.switch.replan import remaining
from drone_deploy_ecs.core.plan.switch.sides import Side, interrupted, roles, without_count
from drone_deploy_ecs.core.plan.undo import asks, stages
from drone_deploy_ecs.core.problem import Problem

if TYPE_CHECKING:
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.plan.strategy import Sentence
    from drone_deploy_ecs.core.plan.switch.planning import Draft
    from drone_deploy_ecs.core.plan.switch.switch import Switch
    from drone_deploy_ecs.core.plan.undo import Return
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import BlueGreen, Request
    from drone_deploy_ecs.core.steps.step import Execution


class TwoServices(Struct, frozen=True):
    """See `Strategy`. `switch` is None until it is planned, and where the live side runs the new version already."""

    settings: BlueGreen
    switch: Switch | None = None

    def asks(self, _request: Request, _answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def plan_asks(
        self, request: Request, _snapshots: tuple[Snapshot, ...], _answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: how the services are autoscaled."""
        names = tuple(map(short, request.services))
        return (DescribeScalableTargets(region=request.access.region, cluster=request.cluster_name, services=names),)

    def may_ask(
        self, request: Request, _snapshots: tuple[Snapshot, ...], _answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: whether what is to be probed answers from here."""
        return probes.may_ask(request)

    def resolve(self, request: Request, _answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`: all is known."""
        return request

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`: a switch, or what is left of an interrupted one."""
        services, problems = refine(request, snapshots)
        if problems := (*(problems or without_count(services)), *tasks.problems(request, services)):
            return problems
        (call,) = self.plan_asks(request, snapshots, answers)
        blue, green = (Side(ready, answers[call].get(ready.service.name)) for ready in services)
        if begun := interrupted(blue, green):
            return self._planned(request, draft_rest(request, self.settings, *begun), answers)
        sides = roles(request, blue, green)
        if isinstance(sides, Problem):
            return (sides,)
        live, _ = sides
        if live.has_settled(request):
            return Plan(request=request, strategy=self, stages=(), unchanged=(live.target,))
        return self._planned(request, draft(request, self.settings, *sides), answers)

    def _planned(self, request: Request, draft: Draft, answers: Answers) -> Plan:
        return Plan(
            request=request,
            strategy=replace(self, switch=draft.switch),
            stages=draft.stages,
            summary=str(draft.switch),
            warnings=(*draft.warnings, *probes.warnings(request, answers)),
            diffs=draft.diffs,
            revisions=draft.revisions,
            compared_with="what serves now",
        )

    def replan(self, plan: Plan, done: tuple[Execution, ...], /) -> Replan | None:
        """See `Strategy`: where somebody scaled one of the services."""
        rest = remaining(self.switch, done) if self.switch else None
        if rest is None:
            return None
        left = tasks.not_run(plan.stages, rest.done)
        stages = tasks.before_less_capacity(rest.stages, left)
        changed = replace(plan, strategy=replace(self, switch=rest.switch), stages=stages)
        return Replan(plan=changed, standing=rest.standing, done=rest.done, service=rest.service, why=rest.why)

    def undo_asks(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`."""
        return asks(self._returns(plan, done), answers)

    def _returns(self, plan: Plan, done: tuple[Execution, ...]) -> tuple[Return, ...]:
        if self.switch is None or not undo.must_return(plan.request, self.outcomes(plan, done, None)):
            return ()
        return undo.idle_return(plan.request, self.switch, done)

    def undo(self, plan: Plan, done: tuple[Execution, ...], answers: Answers, /) -> Undo:
        """See `Strategy`: both sides as they were, the live one first."""
        stopped = tasks.stops(done)
        if self.switch is None or not undo.must_return(plan.request, self.outcomes(plan, done, None)):
            return Undo(stages=stopped)
        own = stages(plan.request, undo.idle_return(plan.request, self.switch, done), answers)
        sentence = undo.undo_sentence(self.switch, done)
        way_back = (*stopped, *undo.stages(self.switch, done, own))
        return Undo(stages=way_back, sentences=((self.switch.idle.name, sentence),))

    def outcomes(
        self, plan: Plan, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """See `Strategy`: both sides, or the one that is left as it is."""
        if self.switch is None:
            return tuple(unchanged(target, run_failed=False) for target in plan.unchanged)
        return outcomes(self.switch, done, undone, leave_on_cancel=plan.request.leave_on_cancel)

    def epilogue(self, _report: Report, /) -> tuple[Sentence, ...]:
        """See `Strategy`: nothing."""
        return ()
