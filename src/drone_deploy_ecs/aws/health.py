"""Elastic Load Balancing: what it thinks of a target group's targets, and how it checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.core.evidence import TargetCheck, TargetHealth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any


def target_health(client: Any, target_group: str) -> tuple[TargetHealth, ...]:
    """Every target of the group. Raises ApiError."""
    answer = calling("DescribeTargetHealth", lambda: client.describe_target_health(TargetGroupArn=target_group))
    return tuple(_target(one) for one in answer.get("TargetHealthDescriptions", []))


def _target(raw: Mapping[str, Any]) -> TargetHealth:
    target, health = raw.get("Target", {}), raw.get("TargetHealth", {})
    return TargetHealth(
        id=target.get("Id", ""),
        port=target.get("Port", 0),
        state=health.get("State", ""),
        reason=health.get("Reason", ""),
        description=health.get("Description", ""),
    )


def target_checks(client: Any, target_groups: Sequence[str]) -> dict[str, TargetCheck]:
    """The health checks, by the groups' ARNs. Raises ApiError."""
    answer = calling("DescribeTargetGroups", lambda: client.describe_target_groups(TargetGroupArns=list(target_groups)))
    return {one.get("TargetGroupArn", ""): _check(one) for one in answer.get("TargetGroups", [])}


def _check(raw: Mapping[str, Any]) -> TargetCheck:
    matcher = raw.get("Matcher", {})
    codes = matcher.get("HttpCode", "") or (f"gRPC {matcher['GrpcCode']}" if matcher.get("GrpcCode") else "")
    return TargetCheck(
        protocol=raw.get("HealthCheckProtocol", ""),
        port=raw.get("HealthCheckPort", ""),
        path=raw.get("HealthCheckPath", ""),
        codes=codes,
    )
