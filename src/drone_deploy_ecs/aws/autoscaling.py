"""Application Auto Scaling: between which counts a service's desired count may be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.core.limits import SUSPENSIONS, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

NAMESPACE, DIMENSION = "ecs", "ecs:service:DesiredCount"


def limits(client: Any, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
    """By service name, those that have any. `cluster` is a name. Raises ApiError."""
    answer = calling(
        "DescribeScalableTargets",
        lambda: client.describe_scalable_targets(
            ServiceNamespace=NAMESPACE,
            ScalableDimension=DIMENSION,
            ResourceIds=[f"service/{cluster}/{service}" for service in services],
        ),
    )
    return {one["ResourceId"].rpartition("/")[2]: _limits(one) for one in answer.get("ScalableTargets", [])}


def _limits(raw: Mapping[str, Any]) -> Limits:
    state = raw.get("SuspendedState", {})
    suspended = frozenset(name for name in SUSPENSIONS if state.get(f"{name}Suspended"))
    return Limits(raw["MinCapacity"], raw["MaxCapacity"], suspended)


def set_limits(client: Any, cluster: str, service: str, asked: Limits) -> None:
    """Change them. `cluster` is a name. Raises ApiError."""
    calling(
        "RegisterScalableTarget",
        lambda: client.register_scalable_target(
            ServiceNamespace=NAMESPACE,
            ScalableDimension=DIMENSION,
            ResourceId=f"service/{cluster}/{service}",
            MinCapacity=asked.minimum,
            MaxCapacity=asked.maximum,
            SuspendedState={f"{name}Suspended": name in asked.suspended for name in sorted(SUSPENSIONS)},
        ),
    )
