"""Application Auto Scaling of the simulated services: limits, suspensions, and a demand that it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.simulator.registry import rejected

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.account import Account

EVALUATED_EVERY = 60.0
"""Seconds between two decisions: an alarm's period."""


@dataclass(slots=True)
class ScalableTarget:
    """A service's limits. `demand` is the count that its scaling policies want, None while they want nothing."""

    limits: Limits
    demand: int | None = None


class ScalableTargets:
    """The scalable targets of an account, by (cluster, service)."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._targets: dict[tuple[str, str], ScalableTarget] = {}

    def __getitem__(self, key: tuple[str, str]) -> Limits:
        return self._targets[key].limits

    def get(self, cluster: str, service: str) -> Limits | None:
        """The service's limits, None where it isn't autoscaled."""
        target = self._targets.get((cluster, service))
        return target.limits if target else None

    def add(self, cluster: str, service: str, minimum: int, maximum: int, demand: int | None = None) -> None:
        """Have a service autoscaled from now on, without a change of its count."""
        self._targets[cluster, service] = ScalableTarget(Limits(minimum, maximum), demand)
        self._evaluate_on(cluster, service)

    def demand(self, cluster: str, service: str, count: int | None) -> None:
        """Set the count that the service's scaling policies want."""
        self._targets[cluster, service].demand = count

    def register(self, cluster: str, service: str, limits: Limits) -> None:
        """RegisterScalableTarget: the count is brought inside the limits (API reference).

        The reference says so of a new target. For a changed target it is unconfirmed; simulated, as the worse case.
        """
        ecs_service = self._account.services.get((cluster, service))
        if ecs_service is None:
            raise rejected("RegisterScalableTarget", "ValidationException", f"ECS service doesn't exist: {service}")
        if (cluster, service) in self._targets:
            self._targets[cluster, service].limits = limits
        else:
            self.add(cluster, service, limits.minimum, limits.maximum)
            self._targets[cluster, service].limits = limits
        inside = min(max(ecs_service.desired, limits.minimum), limits.maximum)
        if inside != ecs_service.desired and not limits.suspended:
            self._account.scale(ecs_service, inside)

    def _evaluate_on(self, cluster: str, service: str) -> None:
        def evaluate() -> None:
            self._follow_demand(cluster, service)
            self._account.clock.call_in(EVALUATED_EVERY, evaluate)

        self._account.clock.call_in(EVALUATED_EVERY, evaluate)

    def _follow_demand(self, cluster: str, service: str) -> None:
        target, ecs_service = self._targets[cluster, service], self._account.services[cluster, service]
        limits = target.limits
        if target.demand is None or not ecs_service.desired:
            return  # a service without tasks has no utilisation that could ask for any
        wanted = min(max(target.demand, limits.minimum), limits.maximum)
        direction = "DynamicScalingIn" if wanted < ecs_service.desired else "DynamicScalingOut"
        if wanted != ecs_service.desired and direction not in limits.suspended:
            self._account.scale(ecs_service, wanted)
