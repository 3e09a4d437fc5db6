"""The action `watch`: what is rolling out now is followed to its verdict, whoever began it, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan import native, terms, undo
from drone_deploy_ecs.core.plan.deployed import deployed, outcome
from drone_deploy_ecs.core.plan.in_flight import before_it, in_flight
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.rolling import Rolling
from drone_deploy_ecs.core.plan.strategy import AtRest, Plan, Undo
from drone_deploy_ecs.core.plan.undo import Return
from drone_deploy_ecs.core.plan.way_back import as_it_was
from drone_deploy_ecs.core.report.outcome import Outcome
from drone_deploy_ecs.core.steps.native.update import FollowServiceDeployment
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.steps.summary import FEW
from drone_deploy_ecs.core.target import Target, WayBack
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.deployed import Deployed
    from drone_deploy_ecs.core.plan.in_flight import InFlight
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution

AT_REST = AtRest("and nothing is rolling out", "have nothing rolling out")
OTHERS_TURN = 60.0
"""Seconds that whoever deployed what failed gets to take it back: a run of ours takes some five."""
UNDO = "none, watch writes nothing; whoever else takes it back is followed"


class Watch(Rolling, frozen=True):
    """See `Strategy`. `services` are those that were found, by name: of some of them nothing else may be looked at."""

    services: Mapping[str, Service] = {}

    def resolve(self, request: Request, _answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`: nothing is taken back, and no service has to do with another."""
        return replace(request, about="the rollout", roll_back=False, undo_failed_only=True, on_cancel="leave")

    def may_ask(
        self, _request: Request, _snapshots: tuple[Snapshot, ...], _answers: Answers, /
    ) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`."""
        services, problems = refine(request, snapshots)
        if problems:
            return problems
        flights = [(service, in_flight(service.service, native.newest(service, answers))) for service in services]
        steps = [_follow(request, service, flight) for service, flight in flights if flight]
        return Plan(
            request=request,
            strategy=replace(self, services={service.name: service.service for service in services}),
            stages=(Stage(tuple(steps)),) if steps else (),
            summary=_summary(flights),
            unchanged=tuple(_at_rest(service) for service, flight in flights if flight is None),
            at_rest=AT_REST,
        )

    def undo_asks(self, _plan: Plan, _done: tuple[Execution, ...], _answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: nothing."""
        return ()

    def undo(self, plan: Plan, done: tuple[Execution, ...], _answers: Answers, /) -> Undo:
        """See `Strategy`: nothing is written, but what others take back is followed."""
        returns = tuple(self._returns(plan, done))
        return Undo(
            stages=undo.stages(plan.request, returns, {}),
            sentences=tuple(way.sentence for way in returns),
            may_be_left=True,
        )

    def _returns(self, plan: Plan, done: tuple[Execution, ...]) -> Iterator[Return]:
        for service in deployed(done):
            if service.verdict not in (Verdict.ROLLED_BACK, Verdict.FAILED) or service.target.back.impossible:
                continue
            found = self.services[service.target.name]
            yield Return(
                service=service,
                ecs_returns_it=service.verdict is Verdict.ROLLED_BACK,
                must_not_write=True,
                awaits=plan.request.budget if found.breaker_rolls_back else OTHERS_TURN,
            )

    def outcomes(
        self, plan: Plan, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """See `Strategy`."""
        backs = {back.target.name: back for back in deployed(undone or ())}
        at_rest = (
            Outcome(
                target=target,
                verdict=Verdict.UNCHANGED,
                end_state=EndState.NEW,
                service=self.services[target.name],
                definition=target.before,
            )
            for target in plan.unchanged
        )
        return (*at_rest, *(_outcome(service, backs.get(service.target.name)) for service in deployed(done)))


# --- the plan ---


def _follow(request: Request, service: Ready, flight: InFlight) -> FollowDeployment:
    judged_by = replace(terms.forward(request), is_anybodys=True)
    strategy, target = service.service.strategy, _target(service, flight)
    definition, deployment = flight.definition, flight.deployment
    if strategy.shifts:
        return FollowServiceDeployment(
            target=target, terms=judged_by, definition=definition, deployment=deployment, undo=UNDO, strategy=strategy
        )
    return FollowDeployment(target=target, terms=judged_by, definition=definition, deployment=deployment, undo=UNDO)


def _target(service: Ready, flight: InFlight) -> Target:
    """The service, with what it ran before."""
    before = before_it(service, flight)
    back = as_it_was(before) if before else WayBack(impossible="it has no COMPLETED deployment")
    return service.target(before.arn if before else "", back)


def _at_rest(service: Ready) -> Target:
    return service.target(service.primary.task_definition, WayBack(impossible="nothing was written"))


def _summary(flights: list[tuple[Ready, InFlight | None]]) -> str:
    sentences = [_sentence(service, flight) for service, flight in flights if flight]
    return "; ".join(sentences) if len(sentences) <= FEW else f"{len(sentences)} services are rolling out"


def _sentence(service: Ready, flight: InFlight) -> str:
    revision = short(flight.definition) or "a new revision"
    if flight.is_going_back:
        return f"{service.name} goes back from {revision}: {flight.deployment} is being taken back"
    return f"{service.name} goes to {revision}, as {flight.deployment}"


# --- what became of it ---


def _outcome(service: Deployed, back: Deployed | None) -> Outcome:
    """At the end of the budget it may still be rolling out, or on its way back: nothing was given up, it is left."""
    found = outcome(service, back)
    is_left = found.way_back is Verdict.CANCELLED and service.verdict is Verdict.ROLLED_BACK
    return replace(found, end_state=EndState.LEFT) if is_left or service.verdict is Verdict.TIMED_OUT else found
