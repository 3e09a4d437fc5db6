"""The services that `benchmarks.fleet` deploys to, as a scenario, and what nobody can be faster than there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.calls.ecs import RegisterTaskDefinition, UpdateService
from drone_deploy_ecs.simulator.world import task_definition

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.quota import Quota
    from drone_deploy_ecs.simulator.model import Deployment, Service
    from drone_deploy_ecs.simulator.world import World

KINDS = 10
"""Of every ten services four have no load balancer, two one, two start slowly, one has both, the last one is picky."""
BALANCED, SLOW, PICKY = (4, 5, 8, 9), (6, 7, 8), 9
SHARED_BY = 10
"""Services of one task definition family, all of one kind."""
GOOD, FAILING = "shop:2", "shop:bad"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
FAMILY = "arn:aws:ecs:eu-west-1:123456789012:task-definition/{}:1"


def scenario(count: int) -> dict[str, Any]:
    """`count` services tenant-… in cluster prod, under AWS's own token buckets.

    The first container of a task stands for it: where that is another one than the deployed one, the task does well
    whatever is deployed. FAILING is found unhealthy where a load balancer asks the deployed container itself.
    """
    return {
        "quotas": True,
        "timing": {"draining": 30},
        "images": {
            FAILING: {"target_unhealthy": True, "health_after": 20},
            "agent:1": {"starts_after": 40},
        },
        "services": [_service(number) for number in range(count)],
    }


def _service(number: int) -> dict[str, Any]:
    kind, block = number % KINDS, number // (KINDS * SHARED_BY)
    family = f"family-{block}-{kind}"
    is_first = number // KINDS % SHARED_BY == 0
    options: dict[str, Any] = {"task_definition": _definition(family, kind) if is_first else FAMILY.format(family)}
    if kind in BALANCED:
        options["target_group"] = GROUP
    if kind == PICKY and number // KINDS % 2:
        options["breaker"] = {"rollback": True}
    options |= {"desired": 1 + number // KINDS % 4, "idle_events": 100}
    return {"cluster": "prod", "name": f"tenant-{number:04}", **options}


def _definition(family: str, kind: int) -> dict[str, Any]:
    body = task_definition(family)
    if kind in SLOW or (kind in BALANCED and kind != PICKY):
        image = "agent:1" if kind in SLOW else "front:1"
        first = {**body["containerDefinitions"][0], "name": "first", "image": image}
        body["containerDefinitions"].insert(0, first)
    return body


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """Seconds that AWS and the containers take, whoever deploys: there, and where services fail, back."""

    there: float
    back: float = 0.0


def bound(world: World, registrations: int) -> Bound:
    """By what became of a run: each of AWS's buckets emptied, then the slowest rollout; and the way back likewise."""
    updates = UpdateService.quota
    services = list(world.services.values())
    landed = [service.primary for service in services if service.primary is service.history[1]]
    there = max(deployment.updated - deployment.created for deployment in landed)
    returned = [service for service in services if service.primary is not service.history[1]]
    back = max(map(_seconds_back, returned), default=0.0)
    return Bound(
        there=_calls(RegisterTaskDefinition.quota, registrations) + _calls(updates, len(services)) + there,
        back=_calls(updates, len(returned)) + back,
    )


def _calls(quota: Quota, count: int) -> float:
    return max(0, count - quota.burst) / quota.rate


def _seconds_back(service: Service) -> float:
    """From the undoing write, or ECS's own decision, to its last word."""
    failed: Deployment = service.history[1]
    primary = service.primary
    return primary.updated - (primary.created if primary is service.history[-1] else failed.updated)
