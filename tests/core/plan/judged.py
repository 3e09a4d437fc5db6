"""Executions that are over, for tests of what a strategy makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.plan.strategy import Plan
from drone_deploy_ecs.core.request.request import Access, Request
from drone_deploy_ecs.core.steps.attempts import Attempts, Phase
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.scale import Scale, Scaling
from tests.core.shown import BEFORE, CONTEXT, NEW, OURS, TARGET
from tests.core.steps.rollout.rollouts import begun, given
from tests.edits import set_image

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.plan.strategy import Strategy
    from drone_deploy_ecs.core.steps.register import Registration
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.verdict import Verdict

REQUEST = Request(
    access=Access("eu-west-1"), further=(Access("us-east-1"),), cluster="prod", services=("web",),
    edits=(set_image("app", "shop:2"),), roll_back=True,
)  # fmt: skip
LOST = Fault(FaultKind.UNREACHABLE, "DescribeTaskDefinition", "", "no route")
REFUSED = "AWS refused it"


def service(name: str = "web", region: str = "eu-west-1", **more: Any) -> Target:
    """A service by that name, which ran web:1."""
    return replace(TARGET, name=name, service=name, asked=name, region=region, **more)


def update(target: Target = TARGET, **more: Any) -> UpdateService:
    """To web:2."""
    fields: dict[str, Any] = {"definition": NEW}
    return UpdateService(target=target, terms=Terms(budget=100.0), **fields | more)


def judged(verdict: Verdict, target: Target = TARGET, *, undoes: str = "", output: str = OURS, **facts: Any) -> Rollout:
    """A rollout with this verdict, on the way forward, or on the way back of what it undoes; `output` as its id."""
    step = update(target, undoes=undoes, definition=BEFORE if undoes else NEW)
    return ended(step, verdict, output=output, **facts)


def ended(step: UpdateService | FollowDeployment, verdict: Verdict, *, output: str = OURS, **facts: Any) -> Rollout:
    """A rollout of this step with this verdict."""
    ours = {"deployment": output} if output else {}
    return given(begun(step), verdict=verdict, explained=True, **ours, **facts)


def standing(step: UpdateService | FollowDeployment, **facts: Any) -> Rollout:
    """A rollout that is complete, and still watched."""
    return given(begun(step), phase=Phase.FOLLOW, deployment=OURS, completed_at=1.0, **facts)


def registered(arn: str = NEW, family: str = "web") -> Registration:
    """A registration by the key web#1 that came to that revision, or ("") to none."""
    step = RegisterTaskDefinition(
        name="web#1", region="eu-west-1", family=family, body={"family": family}, serves=("web",), source=BEFORE, what="a change"
    )  # fmt: skip
    begun = step.begin(CONTEXT)
    denied = Fault(FaultKind.DENIED, "RegisterTaskDefinition", "AccessDeniedException", "no")
    return begun.advance(arn or denied, 1.0)


def scaled(step: Scale, verdict: Verdict, *, writes: int = 1, **more: Any) -> Scaling:
    """A change of the count that is over."""
    done = Scaling(step=step, began=0.0, budget=100.0, attempts=Attempts(), writes=writes, verdict=verdict)
    return replace(done, **more)


def plan(strategy: Strategy, request: Request = REQUEST, **more: Any) -> Plan:
    """A plan of that strategy whose steps are told by what became of them."""
    return Plan(request=request, strategy=strategy, stages=(), **more)


def answers(plan: Plan, done: tuple[Any, ...], known: Mapping[str, Any]) -> dict[Any, Any]:
    """What the strategy asks before the way back, answered by name until it asks nothing new."""
    given: dict[Any, Any] = {}
    while new := [call for call in plan.strategy.undo_asks(plan, done, given) if call not in given]:
        given |= {call: known.get(call.subject, LOST) for call in new}
    return given
