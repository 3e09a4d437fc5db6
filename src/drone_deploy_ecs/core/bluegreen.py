"""Blue/green over two services, from what is found to a plan: which side is live, and whether a run was interrupted.

The idle side gets the new revision and the live side's count in one write, and must prove itself. Then the live side
gives way (`handover`), while the other one is still watched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drone_deploy_ecs.core import taskdef
from drone_deploy_ecs.core.handover import give_way, keep_up, one_by_one
from drone_deploy_ecs.core.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.rolling_plan import as_target, change, existing, refusals, register
from drone_deploy_ecs.core.step import FollowDeployment, Handover, Plan, Scale, Stage, UpdateService
from drone_deploy_ecs.core.target import Target, WayBack
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.ecs import Deployment, Service
    from drone_deploy_ecs.core.request import BlueGreen, Request
    from drone_deploy_ecs.core.rolling_plan import Snapshot
    from drone_deploy_ecs.core.step import RegisterTaskDefinition, Step
    from drone_deploy_ecs.core.taskdef import Definition


@dataclass(frozen=True)
class Side:
    """One of the two services, as found."""

    found: Snapshot
    service: Service
    edited: Definition
    limits: Limits | None

    @property
    def primary(self) -> Deployment:
        """What it runs, or would run."""
        assert self.service.primary is not None
        return self.service.primary

    @property
    def is_idle(self) -> bool:
        """Whether it is to run nothing."""
        return self.service.desired == 0

    @property
    def was_left_suspended(self) -> bool:
        """Idle with all its autoscaling suspended: what a run leaves that was killed just before its end."""
        return self.is_idle and self.limits is not None and self.limits.suspended == SUSPENSIONS

    def runs(self, request: Request) -> bool:
        """Whether it has the image that is asked for."""
        return taskdef.containers(self.edited.body).get(request.container) == request.image.reference

    def __str__(self) -> str:
        return f"{self.service.name} ({tasks(self.service.desired)}, {short(self.primary.task_definition)})"


def plan(
    request: Request, asked: BlueGreen, found: tuple[Snapshot, ...], limits: Mapping[str, Limits]
) -> Plan | tuple[Problem, ...]:
    """The plan of a switch, or of what is left of an interrupted one; or every reason why nothing may be written."""
    problems = tuple(problem for one in found for problem in refusals(request, one)) or tuple(_uncounted(found))
    if problems:
        return problems
    blue, green = (_side(one, limits) for one in found)
    begun = _begun(request, blue, green)
    if begun:
        return _finish(request, asked, *begun)
    if blue.is_idle == green.is_idle:
        return (_not_one_live(request, blue, green),)
    live, idle = (green, blue) if blue.is_idle else (blue, green)
    if live.runs(request) and (request.image.digest or request.skip_unchanged) and _is_settled(live):
        return Plan(stages=(), unchanged=(_target(request, live),))
    return _switch(request, asked, live, idle)


# --- reasons to refuse ---


def _uncounted(found: tuple[Snapshot, ...]) -> Iterator[Problem]:
    for one in found:
        if one.service and one.service.scheduling != "REPLICA":
            yield Problem(
                f"service {one.service.name} is a {one.service.scheduling}: it has no desired count to change",
                "Use mode rolling for it",
            )


def _not_one_live(request: Request, blue: Side, green: Side) -> Problem:
    if blue.is_idle:
        return Problem(
            f"neither {blue.service.name} nor {green.service.name} is live: both have desired count 0",
            "Scale the one that should be live up; exactly one of the two may have tasks",
        )
    return Problem(
        f"{blue} and {green} both have tasks, so neither is idle; and it isn't one of them alone that has {request.image.reference}",
        "If an earlier run was interrupted, deploy its image again to finish it; else scale the idle one to 0",
    )


# --- the plans ---


def _side(found: Snapshot, limits: Mapping[str, Limits]) -> Side:
    assert found.service is not None
    assert found.edited is not None
    return Side(found, found.service, found.edited, limits.get(found.service.name))


def _is_settled(side: Side) -> bool:
    return side.service.last_completed is side.primary and side.primary.is_at_full_count


def _begun(request: Request, blue: Side, green: Side) -> tuple[Side, Side] | None:
    """(live, idle) where an earlier run of the same image was interrupted: only one side has it, and has tasks."""
    for live, idle in ((blue, green), (green, blue)):
        if idle.runs(request) and not live.runs(request) and not idle.is_idle:
            return (live, idle) if not live.is_idle or live.was_left_suspended else None
    return None


def _switch(request: Request, asked: BlueGreen, live: Side, idle: Side) -> Plan | tuple[Problem, ...]:
    base = live.edited if live.edited.family == idle.edited.family else idle.edited
    handover = _handover(request, asked, live, idle)
    registrations: list[RegisterTaskDefinition] = []
    update = _update(request, handover, idle, base, registrations)
    return Plan(
        stages=(
            *one_by_one(registrations),
            Stage((update, *keep_up(handover, idle.limits))),
            *one_by_one(give_way(handover, live.service.desired, asked.wait)),
        ),
        handover=handover,
        warnings=tuple(_warnings(live, idle)),
        diffs=((idle.service.name, taskdef.diff(live.edited.body, _body(request, base))),),
    )


def _body(request: Request, base: Definition) -> Mapping[str, Any]:
    return taskdef.with_image(base.body, request.container, request.image.reference)


def _finish(request: Request, asked: BlueGreen, live: Side, idle: Side) -> Plan:
    """From where an interrupted run left them."""
    handover = _handover(request, asked, live, idle)
    said = Problem(
        f"an earlier run was interrupted: {idle} has {request.image.reference} already, beside {live}",
        "This one goes on from there",
    )
    wait = asked.wait if live.service.desired >= idle.service.desired else asked.interval
    return Plan(
        stages=(
            Stage((*_resume(handover, live, idle), *keep_up(handover, idle.limits))),
            *one_by_one(give_way(handover, live.service.desired, wait)),
        ),
        handover=handover,
        warnings=(said, *_warnings(live, idle)),
    )


def _resume(handover: Handover, live: Side, idle: Side) -> Iterator[Step]:
    made, count, needed = idle.primary, idle.service.desired, live.service.desired
    if made.rollout_state == "FAILED":
        yield UpdateService(
            target=handover.idle, definition=made.task_definition, force=True, desired=max(count, needed)
        )
        return
    yield FollowDeployment(
        target=handover.idle,
        definition=made.task_definition,
        deployment=made.id,
        desired=max(count, needed),
    )
    if count < needed:
        yield Scale(target=replace(handover.idle, known=frozenset({made.id})), was=count, to=needed)


def _handover(request: Request, asked: BlueGreen, live: Side, idle: Side) -> Handover:
    """Whatever an interrupted run has suspended is scaled again afterwards."""
    own = live.limits
    if idle.was_left_suspended and idle.limits and own:
        own = Limits(idle.limits.minimum, idle.limits.maximum)
    elif own and not idle.is_idle:
        own = Limits(own.minimum, own.maximum)
    # A maximum of 0 is what the Go plugin left on the idle side: nothing could ever scale there.
    widest = idle.limits if idle.limits and (idle.limits.maximum or not own) else own
    spare = Limits(0, widest.maximum) if widest else None
    return Handover(
        live=_target(request, live),
        idle=_target(request, idle),
        count=max(live.service.desired, idle.service.desired),
        percent=asked.percent,
        interval=asked.interval,
        live_limits=own,
        idle_limits=spare,
    )


def _target(request: Request, side: Side) -> Target:
    before = side.found.before
    if before is None or (not side.is_idle and side.runs(request)):
        back = WayBack(impossible="what it ran before isn't known")
    else:
        gone = "" if before.active else f"{short(before.arn)} has been deregistered"
        back = WayBack(definition=before.arn, body=before.body, must_copy=gone)
    return as_target(side.found, before.arn if before else side.primary.task_definition, back)


def _update(
    request: Request,
    handover: Handover,
    idle: Side,
    base: Definition,
    registrations: list[RegisterTaskDefinition],
) -> UpdateService:
    """The new revision and the count in one write: so its tasks are a deployment of their own, which must complete."""
    body = _body(request, base)
    found = existing(body, (base, idle.edited, idle.found.before, idle.found.newest, *idle.found.listed))
    if found:
        force = found.arn == idle.primary.task_definition
        return UpdateService(target=handover.idle, definition=found.arn, force=force, desired=handover.count)
    key = register(registrations, body, handover.idle, base, change(request, base))
    return UpdateService(target=handover.idle, definition=key, desired=handover.count)


def _warnings(live: Side, idle: Side) -> Iterator[Problem]:
    name = live.service.name
    settled = live.service.last_completed
    if settled is not live.primary:
        yield Problem(
            f"{name} has a deployment that isn't COMPLETED ({live.primary.id}, {short(live.primary.task_definition)})",
            "If this fails, it goes on as it is",
        )
    if live.primary.running < live.service.desired:
        yield Problem(
            f"{name} runs {live.primary.running} of {tasks(live.service.desired)}",
            f"{idle.service.name} gets {tasks(live.service.desired)}",
        )
    if idle.limits and not live.limits:
        yield Problem(
            f"{idle.service.name} is autoscaled ({idle.limits}) and {name} isn't",
            "It keeps its policies: give both services the same autoscaling",
        )
    if idle.is_idle and idle.found.before is None:
        yield Problem(f"{idle.service.name} has no COMPLETED deployment", "If this fails, it is only scaled to 0 again")
