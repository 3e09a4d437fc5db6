"""The operations of Elastic Load Balancing: target groups, their targets, and the rules that weigh them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator import traffic
from drone_deploy_ecs.simulator.operation import Json, Operation, Request
from drone_deploy_ecs.simulator.registry import rejected
from drone_deploy_ecs.simulator.shapes import target_shape

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World


class LoadBalancing:
    """The operations on a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.operations = {
            "DescribeTargetHealth": Operation(self._describe_target_health, "TargetGroupArn"),
            "DescribeTargetGroups": Operation(self._describe_target_groups),
            "DescribeRules": Operation(self._describe_rules),
            "DescribeListeners": Operation(self._describe_listeners),
        }

    def _describe_target_health(self, request: Request) -> Json:
        """A target for every task that isn't stopped."""
        group = request["TargetGroupArn"]
        tasks = (
            task
            for service in self._world.services.values()
            for task in service.tasks
            if task.stopped is None and service.group_of(task.deployment) == group
        )
        return {"TargetHealthDescriptions": list(map(target_shape, tasks))}

    def _describe_target_groups(self, request: Request) -> Json:
        check = {
            "HealthCheckProtocol": "HTTP",
            "HealthCheckPort": "traffic-port",
            "HealthCheckPath": "/health",
            "Matcher": {"HttpCode": "200"},
        }
        return {"TargetGroups": [{"TargetGroupArn": group, **check} for group in request.get("TargetGroupArns", [])]}

    def _describe_rules(self, request: Request) -> Json:
        """Rules of Application Load Balancers, by their own ARNs or by their listener's."""
        known = {traffic.rule_arn(*rule): rule for rule in traffic.rules(self._world.services, "ALB")}
        if listener := request.get("ListenerArn"):
            arns = [arn for arn, rule in known.items() if traffic.listener_arn(*rule) == listener]
            _need(arns or [listener], known, "DescribeRules", "ListenerNotFound", "One or more listeners not found")
        else:
            arns = list(request.get("RuleArns", []))
            _need(arns, known, "DescribeRules", "RuleNotFound", "One or more rules not found")
        return {
            "Rules": [
                {
                    "RuleArn": arn,
                    "Priority": "1",
                    "Conditions": [{"Field": "path-pattern", "Values": ["/*"]}],
                    "Actions": [traffic.forward_action(*known[arn])],
                    "IsDefault": False,
                }
                for arn in arns
            ]
        }

    def _describe_listeners(self, request: Request) -> Json:
        """Listeners of Network Load Balancers, whose default action is what is weighed."""
        known = {traffic.rule_arn(*rule): rule for rule in traffic.rules(self._world.services, "NLB")}
        arns = list(request.get("ListenerArns", []))
        _need(arns, known, "DescribeListeners", "ListenerNotFound", "One or more listeners not found")
        return {
            "Listeners": [
                {
                    "ListenerArn": arn,
                    "Port": 443,
                    "Protocol": "TCP",
                    "DefaultActions": [traffic.forward_action(*known[arn])],
                }
                for arn in arns
            ]
        }


def _need(arns: list[str], known: object, operation: str, code: str, message: str) -> None:
    assert isinstance(known, dict)
    if not arns or any(arn not in known for arn in arns):
        raise rejected(operation, code, message)
