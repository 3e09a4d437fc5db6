"""Elastic Load Balancing: what it thinks of a target group's targets, how it checks them, what gets the traffic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.calls.answers import TargetCheck, TargetHealth
from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body


class _Target(Wire, frozen=True, rename="pascal"):
    id: str = ""
    port: int = 0


class _Health(Wire, frozen=True, rename="pascal"):
    state: str = ""
    reason: str = ""
    description: str = ""


class _Description(Wire, frozen=True, rename="pascal"):
    target: _Target = _Target()
    target_health: _Health = _Health()

    def value(self) -> TargetHealth:
        target, health = self.target, self.target_health
        return TargetHealth(target.id, target.port, health.state, health.reason, health.description)


class _Healths(Wire, frozen=True, rename="pascal"):
    target_health_descriptions: tuple[_Description, ...] = ()


class _Matcher(Wire, frozen=True, rename="pascal"):
    http_code: str = ""
    grpc_code: str = ""


class _Group(Wire, frozen=True, rename="pascal"):
    target_group_arn: str = ""
    health_check_protocol: str = ""
    health_check_port: str = ""
    health_check_path: str = ""
    matcher: _Matcher = _Matcher()

    def check(self) -> TargetCheck:
        matcher = self.matcher
        codes = matcher.http_code or (f"gRPC {matcher.grpc_code}" if matcher.grpc_code else "")
        return TargetCheck(self.health_check_protocol, self.health_check_port, self.health_check_path, codes)


class _Groups(Wire, frozen=True, rename="pascal"):
    target_groups: tuple[_Group, ...] = ()


class _Weighed(Wire, frozen=True, rename="pascal"):
    target_group_arn: str = ""
    weight: int = 1


class _Forward(Wire, frozen=True, rename="pascal"):
    target_groups: tuple[_Weighed, ...] = ()


class _Action(Wire, frozen=True, rename="pascal"):
    target_group_arn: str = ""
    forward_config: _Forward = _Forward()

    def weights(self) -> dict[str, int]:
        """By group. An action with one group may have it in the old place alone."""
        weighed = {group.target_group_arn: group.weight for group in self.forward_config.target_groups}
        return weighed or ({self.target_group_arn: 1} if self.target_group_arn else {})


class _Rule(Wire, frozen=True, rename="pascal"):
    rule_arn: str = ""
    actions: tuple[_Action, ...] = ()


class _Rules(Wire, frozen=True, rename="pascal"):
    rules: tuple[_Rule, ...] = ()


class _Listener(Wire, frozen=True, rename="pascal"):
    listener_arn: str = ""
    default_actions: tuple[_Action, ...] = ()


class _Listeners(Wire, frozen=True, rename="pascal"):
    listeners: tuple[_Listener, ...] = ()


def _weights(actions: tuple[_Action, ...]) -> dict[str, int]:
    return {group: weight for action in actions for group, weight in action.weights().items()}


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

    def read(self, body: Body) -> tuple[TargetHealth, ...]:
        """See `Call`."""
        described = typed(body, _Healths).target_health_descriptions
        return tuple(description.value() for description in described)


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

    def read(self, body: Body) -> dict[str, TargetCheck]:
        """See `Call`."""
        return {group.target_group_arn: group.check() for group in typed(body, _Groups).target_groups}


class DescribeRules(Call[dict[str, dict[str, int]]], frozen=True, kw_only=True):
    """The weights that these rules of Application Load Balancers give to target groups, by both ARNs."""

    service: ClassVar = "elbv2"
    operation: ClassVar = "DescribeRules"
    quota: ClassVar = modest("DescribeRules")
    permission: ClassVar = "elasticloadbalancing:DescribeRules"
    timeout: ClassVar = SHORT
    shows: ClassVar = "which target group gets the traffic"

    rules: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The rules."""
        return ",".join(members.get("RuleArns", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"RuleArns": list(self.rules)}

    def read(self, body: Body) -> dict[str, dict[str, int]]:
        """See `Call`."""
        return {rule.rule_arn: _weights(rule.actions) for rule in typed(body, _Rules).rules}


class DescribeListeners(Call[dict[str, dict[str, int]]], frozen=True, kw_only=True):
    """The same of these listeners of Network Load Balancers, by both ARNs."""

    service: ClassVar = "elbv2"
    operation: ClassVar = "DescribeListeners"
    quota: ClassVar = modest("DescribeListeners")
    permission: ClassVar = "elasticloadbalancing:DescribeListeners"
    timeout: ClassVar = SHORT
    shows: ClassVar = "which target group gets the traffic"

    listeners: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The listeners."""
        return ",".join(members.get("ListenerArns", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"ListenerArns": list(self.listeners)}

    def read(self, body: Body) -> dict[str, dict[str, int]]:
        """See `Call`."""
        found = typed(body, _Listeners).listeners
        return {listener.listener_arn: _weights(listener.default_actions) for listener in found}
