"""The action `continue`: the deployment that waits at a PAUSE hook goes on, and is followed to its verdict.

Only what was meant is let go on. What else waits there is somebody's release, and is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import runs
from drone_deploy_ecs.core.plan import native, terms
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.rolling import Rolling
from drone_deploy_ecs.core.plan.strategy import AtRest, Plan
from drone_deploy_ecs.core.plan.way_back import as_it_was
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report.outcome import Outcome
from drone_deploy_ecs.core.request.approval import Approval
from drone_deploy_ecs.core.steps.native.update import FollowServiceDeployment
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.target import WayBack
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.service_deployment import HookRun
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.core.target import Target


class Waiting(Struct, frozen=True):
    """A service whose PRIMARY deployment waits at that hook, at that stage; `arn` is its service deployment's."""

    service: Ready
    hook: HookRun
    stage: str
    arn: str

    def __str__(self) -> str:
        """`web:2 (ecs-svc/1) of web waits at PAUSE hook ecs-pause-x (POST_SCALE_UP)`."""
        primary = self.service.primary
        what = f"{short(primary.task_definition)} ({primary.id}) of {self.service.name}"
        return f"{what} waits at PAUSE hook {self.hook.id} ({self.stage})"


class Approve(Rolling, frozen=True):
    """See `Strategy`. `others` are services, by name, at which something else waits than what was meant."""

    others: Mapping[str, Service] = {}

    def resolve(self, request: Request, _answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`."""
        return replace(request, about="what waits at a PAUSE hook")

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
        approval = request.approval or Approval()
        waiting = [found for service in services for found in _waiting(service, answers)]
        meant = [found for found in waiting if _is_meant(approval, found)]
        if len(meant) > 1:
            return (_several(meant),)
        if not waiting:
            return (_nothing(services),)
        return self._go_on(request, meant[0]) if meant else self._left_alone(request, approval, waiting)

    def _go_on(self, request: Request, found: Waiting) -> Plan:
        service = found.service
        target, strategy = _target(service), service.service.strategy
        step = FollowServiceDeployment(
            target=target,
            terms=terms.forward(request),
            definition=service.primary.task_definition,
            deployment=service.primary.id,
            undo=native.undo_of(request, target, strategy),
            strategy=strategy,
            approves=found.hook.id,
        )
        return Plan(request=request, strategy=self, stages=(Stage((step,)),), summary=str(found))

    def _left_alone(self, request: Request, approval: Approval, waiting: Sequence[Waiting]) -> Plan:
        services = [found.service for found in waiting]
        targets = (service.target(service.primary.task_definition, WayBack()) for service in services)
        return Plan(
            request=request,
            strategy=replace(self, others={service.name: service.service for service in services}),
            stages=(),
            summary=f"{'; '.join(map(str, waiting))}: not {approval}, so it is left alone",
            unchanged=tuple(dict.fromkeys(targets)),
            at_rest=AtRest("and isn't what was meant: left alone", "aren't what was meant: left alone"),
        )

    def outcomes(
        self, plan: Plan, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, /
    ) -> tuple[Outcome, ...]:
        """See `Strategy`."""
        if not self.others:
            return Rolling.outcomes(self, plan, done, undone)
        return tuple(
            Outcome(
                target=target,
                verdict=Verdict.SUPERSEDED,
                end_state=EndState.SOMEBODY_ELSES,
                reason=plan.summary,
                unfinished="was left alone: what waits there isn't what was meant",
                service=self.others[target.name],
                definition=target.before,
            )
            for target in plan.unchanged
        )


def _waiting(service: Ready, answers: Answers) -> Iterator[Waiting]:
    record = native.newest(service, answers)
    if record is not None and record.status == "IN_PROGRESS" and record.is_of(service.primary.id):
        yield from (Waiting(service, hook, record.stage, record.arn) for hook in record.pauses)


def _is_meant(approval: Approval, found: Waiting) -> bool:
    return approval.is_of(found.service.edited, found.service.primary.id, found.arn)


def _several(waiting: Sequence[Waiting]) -> Problem:
    return Problem(
        f"several PAUSE hooks wait for an answer, and one step approves one: {'; '.join(map(str, waiting))}",
        "Name one service, or set deployment; of two hooks of one deployment, answer one with `aws ecs continue-service-deployment`",
    )


def _nothing(services: Sequence[Ready]) -> Problem:
    found = "; ".join(f"{service.name} runs {runs(service.service)}" for service in services)
    return Problem(
        f"nothing waits at a PAUSE hook: {found}", "It may have been answered already; the action watch follows it"
    )


def _target(service: Ready) -> Target:
    """The service, with what it ran before: while its deployment waits, the last COMPLETED one is there, too."""
    if service.before is None:
        return service.target("", WayBack(impossible="it has no COMPLETED deployment to go back to"))
    return service.target(service.before.arn, as_it_was(service.before))
