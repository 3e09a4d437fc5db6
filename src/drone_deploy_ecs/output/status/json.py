"""The status as JSON, for programs: a published shape that has a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.standing import Standing
    from drone_deploy_ecs.output.status.words import Shown

VERSION = 1
"""Grows when a member changes its meaning or goes away."""


def as_json(shown: Shown) -> dict[str, Any]:
    """It in its published shape (docs/status.schema.json)."""
    return {
        "version": VERSION,
        "action": "status",
        "at": shown.at.isoformat(),
        "problems": [{"what": safe(problem.what), "do": safe(problem.do)} for problem in shown.absent],
        "services": list(map(_service, shown.standings)),
        "api_calls": dict(sorted(shown.api_calls.items())),
    }


def _service(standing: Standing) -> dict[str, Any]:
    service, primary, flight, record = standing.service, standing.service.primary, standing.flight, standing.record
    return {
        "region": standing.region,
        "cluster": standing.cluster,
        "service": service.name,
        "state": standing.state.value,
        "running": short(primary.task_definition) if primary else short(service.task_definition),
        "deployment_id": primary.id if primary else "",
        "since": standing.since.isoformat() if standing.since else None,
        "desired": service.desired,
        "running_tasks": service.running,
        "strategy": service.strategy.name,
        "containers": [
            {"name": safe(image.name), "image": safe(image.image), "digest": image.digest} for image in standing.images
        ],
        "deployments": [
            {
                "deployment_id": deployment.id,
                "status": deployment.status,
                "revision": short(deployment.task_definition),
                "desired": deployment.desired,
                "running": deployment.running,
                "pending": deployment.pending,
                "failed": deployment.failed_tasks,
                "rollout_state": deployment.rollout_state,
            }
            for deployment in service.deployments
        ],
        "in_flight": {
            "deployment_id": flight.deployment,
            "revision": short(flight.definition),
            "going_back": flight.is_going_back,
            "stage": safe(record.stage) if record else "",
            "production_traffic": record.target.production if record else None,
        }
        if flight
        else None,
        "rollouts": [
            {
                "began_at": past.began.isoformat(),
                "revision": short(past.revision),
                "status": past.status,
                "reason": safe(past.reason),
                "seconds": past.took,
            }
            for past in standing.rollouts
        ],
        "unread": list(map(safe, standing.unread)),
    }
