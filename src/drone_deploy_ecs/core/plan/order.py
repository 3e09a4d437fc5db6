"""Whose turn it is: what is in a run's way before its first write, and how long that is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.in_flight import in_flight
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.summary import FEW
from drone_deploy_ecs.core.text import span

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.request.request import Request


class Conflict(Struct, frozen=True, kw_only=True):
    """Why nothing may be written to the service of that name, as it was found: `what`, a clause.

    By its own bakes it takes `least` seconds at the least.
    """

    name: str
    service: Service
    what: str
    least: float = 0.0


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


def in_clauses(conflicts: tuple[Conflict, ...]) -> str:
    """Whose turn it is, in a clause."""
    if len(conflicts) > FEW:
        return f"somebody else is deploying to {len(conflicts)} of the services"
    return "; ".join(f"of {conflict.name}, {conflict.what}" for conflict in conflicts)


def warning(request: Request, conflict: Conflict) -> Problem:
    """What a person reads of it on the plan."""
    if request.on_conflict == "wait":
        most = span(patience(request, (conflict,)))
        advice = f"By on_conflict its end is waited for, {most} at most, and then all is planned anew"
    else:
        advice = "By on_conflict nothing is written until that is over"
    return Problem(f"{conflict.name} has another deployment in progress: {conflict.what}", advice)


def patience(request: Request, conflicts: tuple[Conflict, ...]) -> float:
    """Seconds for which the end of these is waited for: one budget, and what they take by their own bakes."""
    if request.on_conflict != "wait" or not conflicts:
        return 0.0
    return request.budget + max(conflict.least for conflict in conflicts)
