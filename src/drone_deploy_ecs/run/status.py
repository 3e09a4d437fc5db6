"""The reads of the action `status`: in one batch, and what may not be read is left out."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.errors import ApiError, Refused
from drone_deploy_ecs.core.masking import Masks
from drone_deploy_ecs.core.plan.standing import asks, standings
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.services import service_refs
from drone_deploy_ecs.run.calls import Calls
from drone_deploy_ecs.run.event_log import EventLog
from drone_deploy_ecs.run.patience import Patient, answered
from drone_deploy_ecs.run.snapshot import described, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.plan.standing import Standing
    from drone_deploy_ecs.core.ports import Aws, Clock, Listener
    from drone_deploy_ecs.core.request.request import Access, Request


def read(
    request: Request, connect: Callable[[Access], Aws], clock: Clock, listener: Listener
) -> tuple[tuple[Standing, ...], tuple[Problem, ...], Mapping[str, int]]:
    """How the services stand, which aren't there, and the calls that took. Raises `Refused` where none can be read."""
    counted: Counter[str] = Counter()
    log = EventLog(clock, listener, Masks(request.secrets))
    try:
        calls = {access.region: Calls(connect(access), clock, counted) for access in request.regions}
    except ApiError as error:
        raise Refused((Problem(str(error), "Check the credentials and aws_region"),)) from error
    reads = {region: Patient(each, clock, log, request.budget) for region, each in calls.items()}
    try:
        found = described(reads, service_refs(request))
    except ApiError as error:
        raise Refused((unreadable(error),)) from error

    def send(call: Call[Any]) -> Any:
        try:
            return reads[call.region].send(call)
        except ApiError as error:
            return error.fault

    answers = answered(partial(asks, found), send)
    absent = tuple(
        Problem(
            f"service {snapshot.name} isn't in cluster {short(snapshot.ref.cluster)} ({snapshot.ref.region})",
            "Check the service's name, the cluster and the region",
        )
        for snapshot in found
        if snapshot.service is None
    )
    return standings(found, answers), absent, counted
