"""Whose turn it is: what is in a run's way before its first write, and how long that is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.build import build_of
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.in_flight import in_flight
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.summary import FEW
from drone_deploy_ecs.core.steps.tag import TagRevision
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution


class Conflict(Struct, frozen=True, kw_only=True):
    """Why nothing may be written to the service of that name, as it was found: `what`, a clause.

    By its own bakes it takes `least` seconds at the least. Not all `passes`: what is of a later build stays.
    """

    name: str
    service: Service
    what: str
    least: float = 0.0
    passes: bool = True


def another_rollout(service: Ready, record: DescribedServiceDeployment | None) -> Conflict | None:
    """The rollout that is in progress there, if any; `record` is its newest service deployment, where that was read.

    What ECS has given up on, and doesn't take back, isn't in progress: it would be waited for in vain.
    """
    flight, primary = in_flight(service.service, record), service.primary
    if flight is None:
        return None
    if record is None and primary.rollout_state == "FAILED" and not flight.is_going_back:
        return None
    is_what = "is being taken back" if flight.is_going_back else "is rolling out"
    what = f"{short(flight.definition) or 'another revision'} {is_what} as {flight.deployment}"
    return Conflict(name=service.name, service=service.service, what=what, least=service.service.strategy.least)


def later_build(request: Request, service: Ready) -> Conflict | None:
    """What the service runs, or is getting, of a higher build than this one, if anything."""
    build = request.build_number
    found = {definition.arn: build_of(definition.body) for definition in (service.edited, service.before) if definition}
    later = {arn: other for arn, other in found.items() if other is not None and build is not None and other > build}
    if not later:
        return None
    arn = max(later, key=lambda arn: later[arn])
    what = f"it has {short(arn)} of build {later[arn]}, and this is build {build}"
    return Conflict(name=service.name, service=service.service, what=what, passes=False)


def candidates(request: Request, service: Ready) -> tuple[Definition | None, ...]:
    """The service's, without those of a later build: tagged as of this one, they would hide what that build deploys."""
    build = request.build_number
    return tuple(
        None if found and build is not None and (build_of(found.body) or 0) > build else found
        for found in service.candidates
    )


def tags(request: Request, service: Ready, definition: str) -> dict[str, TagRevision]:
    """By its ARN, the revision that is used again by the service, where a tag has to say of which build it is now."""
    build = request.build_number
    used = (candidate for candidate in (service.revision.source, *service.candidates) if candidate)
    body = next((candidate.body for candidate in used if candidate.arn == definition), None)
    if build is None or body is None or build_of(body) == build:
        return {}
    return {definition: TagRevision(region=service.ref.region, definition=definition, build=build)}


def in_clauses(conflicts: tuple[Conflict, ...]) -> str:
    """Whose turn it is, in a clause."""
    if len(conflicts) > FEW:
        return f"somebody else is deploying to {len(conflicts)} of the services"
    return "; ".join(f"of {conflict.name}, {conflict.what}" for conflict in conflicts)


def came_too_late(request: Request, done: Iterable[Execution]) -> bool:
    """Whether nothing was written to any service, as somebody else came before the write, and that is waited for.

    What runs before the services would run a second time: then it is the end.
    """
    if request.on_conflict != "wait" or request.before:
        return False
    services = [execution for execution in done if execution.is_monitored]
    is_superseded = any(execution.verdict is Verdict.SUPERSEDED for execution in services)
    return is_superseded and not any(execution.has_written for execution in services)


def warning(request: Request, conflict: Conflict) -> Problem:
    """What a person reads of it on the plan."""
    if not conflict.passes:
        return Problem(f"{conflict.name} is ahead: {conflict.what}", "Nothing is written to it")
    if request.on_conflict == "wait":
        most = span(patience(request, (conflict,)))
        advice = f"By on_conflict its end is waited for, {most} at most, and then all is planned anew"
    else:
        advice = "By on_conflict nothing is written until that is over"
    return Problem(f"{conflict.name} has another deployment in progress: {conflict.what}", advice)


def patience(request: Request, conflicts: tuple[Conflict, ...]) -> float:
    """Seconds for which the end of these is waited for: one budget, and what they take by their own bakes."""
    if request.on_conflict != "wait" or not conflicts or not all(conflict.passes for conflict in conflicts):
        return 0.0
    return request.budget + max(conflict.least for conflict in conflicts)
