"""What is said of a service that stands somehow, in words that every form of it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import runs
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe, span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.in_flight import InFlight
    from drone_deploy_ecs.core.plan.standing import Standing
    from drone_deploy_ecs.core.problem import Problem

DIGEST = 19
"""Characters of a digest that are shown to people."""


class Shown(NamedTuple):
    """All that is shown: how the services stood at that time, and those that aren't there."""

    at: datetime
    standings: Sequence[Standing]
    absent: Sequence[Problem]
    api_calls: Mapping[str, int]


def title(shown: Shown) -> str:
    """`2 services in cluster prod, eu-west-1`, and how many of them are odd."""
    count = len(shown.standings)
    return f"{count} service{'' if count == 1 else 's'} {where(shown.standings)}" if count else "no service"


def moment(at: datetime | None) -> str:
    """To the minute, in UTC."""
    return f"{at:%Y-%m-%d %H:%M}" if at else ""


def revision(standing: Standing) -> str:
    """Of PRIMARY; "" where there is none."""
    primary = standing.service.primary
    return safe(short(primary.task_definition if primary else standing.service.task_definition))


def counts(service: Service) -> str:
    """`2/2`: those that run, and those that are wanted."""
    return f"{service.running}/{service.desired}"


def facts(standing: Standing, at: datetime) -> Iterator[tuple[str, str]]:
    """What there is to know, each with what it is."""
    service = standing.service
    if standing.flight is not None:
        yield "rollout", _in_flight(standing, standing.flight, at)
    primary, flight = service.primary, standing.flight
    yield "runs", safe(runs(service)) if primary else f"{service.running} of {tasks(service.desired)}"
    if standing.since is not None and primary is not None and (flight is None or flight.deployment != primary.id):
        yield "since", f"{moment(standing.since)}Z, by {safe(primary.id)}"
    for image in standing.images:
        digest = f" ({image.digest[:DIGEST]})" if image.digest else ""
        yield safe(image.name), f"{safe(image.image)}{digest}"
    yield "strategy", safe(service.strategy.name if service.controller == "ECS" else service.controller)
    if service.status != "ACTIVE":
        yield "status", safe(service.status)
    for what in standing.unread:
        yield "not read", safe(what)


def rollouts(standing: Standing) -> Iterator[tuple[str, str, str, str, str]]:
    """The last ones: when begun, revision, status, how long it took, and why it ended so, where ECS says."""
    for past in standing.rollouts:
        took = span(past.took) if past.took is not None else ""
        yield moment(past.began), safe(short(past.revision)), safe(past.status), took, safe(past.reason)


def _in_flight(standing: Standing, flight: InFlight, at: datetime) -> str:
    listed = standing.service.deployment(flight.deployment)
    what = f"{safe(short(flight.definition)) or 'a revision'} as {safe(flight.deployment)}"
    parts = [f"going back from {what}" if flight.is_going_back else what]
    if listed and listed.created_at:
        parts[0] += f", begun {span((at - listed.created_at).total_seconds())} ago"
    if listed:
        failed = f", {listed.failed_tasks} failed" if listed.failed_tasks else ""
        parts.append(f"{listed.running} of {tasks(listed.desired)}{failed}")
    if listed and listed.rollout_state == "FAILED":
        parts.append(safe(listed.rollout_reason))
    if (record := standing.record) is not None:
        share = record.target.production
        traffic = "" if share is None else f", {share:g} % of production traffic"
        parts.append(f"{safe(record.stage) or record.status}{traffic}")
    return "; ".join(filter(None, parts))
