"""Elastic Load Balancing: what it thinks of a target group's targets, and how it checks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.calls.answers import TargetCheck, TargetHealth
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.quota import modest

if TYPE_CHECKING:
    from collections.abc import Mapping


class DescribeTargetHealth(Call[tuple[TargetHealth, ...]], frozen=True, kw_only=True):
    """Every target of a group, by the group's ARN."""

    service: ClassVar = "elbv2"
    operation: ClassVar = "DescribeTargetHealth"
    quota: ClassVar = modest("DescribeTargetHealth")
    permission: ClassVar = "elasticloadbalancing:DescribeTargetHealth"
    timeout: ClassVar = SHORT
    shows: ClassVar = "the targets' health"

    target_group: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The group."""
        return str(members.get("TargetGroupArn", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"TargetGroupArn": self.target_group}

    def read(self, raw: Mapping[str, Any]) -> tuple[TargetHealth, ...]:
        """See `Call`."""
        return tuple(map(_target, raw.get("TargetHealthDescriptions") or ()))


def _target(raw: Mapping[str, Any]) -> TargetHealth:
    target, health = raw.get("Target", {}), raw.get("TargetHealth", {})
    return TargetHealth(
        id=target.get("Id", ""),
        port=target.get("Port", 0),
        state=health.get("State", ""),
        reason=health.get("Reason", ""),
        description=health.get("Description", ""),
    )


class DescribeTargetGroups(Call[dict[str, TargetCheck]], frozen=True, kw_only=True):
    """How these groups check their targets, by the groups' ARNs."""

    service: ClassVar = "elbv2"
    operation: ClassVar = "DescribeTargetGroups"
    quota: ClassVar = modest("DescribeTargetGroups")
    permission: ClassVar = "elasticloadbalancing:DescribeTargetGroups"
    timeout: ClassVar = SHORT
    shows: ClassVar = "the health check's port and path"

    target_groups: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The groups."""
        return ",".join(members.get("TargetGroupArns", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"TargetGroupArns": list(self.target_groups)}

    def read(self, raw: Mapping[str, Any]) -> dict[str, TargetCheck]:
        """See `Call`."""
        return {group.get("TargetGroupArn", ""): _check(group) for group in raw.get("TargetGroups") or ()}


def _check(raw: Mapping[str, Any]) -> TargetCheck:
    matcher = raw.get("Matcher", {})
    codes = matcher.get("HttpCode", "") or (f"gRPC {matcher['GrpcCode']}" if matcher.get("GrpcCode") else "")
    return TargetCheck(
        protocol=raw.get("HealthCheckProtocol", ""),
        port=raw.get("HealthCheckPort", ""),
        path=raw.get("HealthCheckPath", ""),
        codes=codes,
    )
