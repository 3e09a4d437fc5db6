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
    """One service's. `demand` is the count that its policies ask for, None while they ask for nothing."""

    limits: Limits
    demand: int | None = None


class ScalableTargets:
    """Those of one account, by cluster and service."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._targets: dict[tuple[str, str], ScalableTarget] = {}

    def __getitem__(self, place: tuple[str, str]) -> Limits:
        return self._targets[place].limits

    def get(self, cluster: str, service: str) -> Limits | None:
        """Its limits, None where it isn't autoscaled."""
        found = self._targets.get((cluster, service))
        return found.limits if found else None

    def add(self, cluster: str, service: str, minimum: int, maximum: int, demand: int | None = None) -> None:
        """Have a service autoscaled from now on, without a change of its count."""
        self._targets[cluster, service] = ScalableTarget(Limits(minimum, maximum), demand)
        self._evaluate_on(cluster, service)

    def demand(self, cluster: str, service: str, count: int | None) -> None:
        """What its policies ask for from now on."""
        self._targets[cluster, service].demand = count

    def register(self, cluster: str, service: str, limits: Limits) -> None:
        """RegisterScalableTarget: the count is brought inside the limits (API reference).

        The reference says so of a new target. Of a changed one it is unconfirmed, and done here because it is worse.
        """
        found = self._account.services.get((cluster, service))
        if found is None:
            raise rejected("RegisterScalableTarget", "ValidationException", f"ECS service doesn't exist: {service}")
        if (cluster, service) in self._targets:
            self._targets[cluster, service].limits = limits
        else:
            self.add(cluster, service, limits.minimum, limits.maximum)
            self._targets[cluster, service].limits = limits
        inside = min(max(found.desired, limits.minimum), limits.maximum)
        if inside != found.desired and not limits.suspended:
            self._account.scale(found, inside)

    def _evaluate_on(self, cluster: str, service: str) -> None:
        def evaluate() -> None:
            self._follow_demand(cluster, service)
            self._account.clock.call_in(EVALUATED_EVERY, evaluate)

        self._account.clock.call_in(EVALUATED_EVERY, evaluate)

    def _follow_demand(self, cluster: str, service: str) -> None:
        target, found = self._targets[cluster, service], self._account.services[cluster, service]
        limits = target.limits
        if target.demand is None or not found.desired:
            return  # a service without tasks has no utilisation that could ask for any
        wanted = min(max(target.demand, limits.minimum), limits.maximum)
        direction = "DynamicScalingIn" if wanted < found.desired else "DynamicScalingOut"
        if wanted != found.desired and direction not in limits.suspended:
            self._account.scale(found, wanted)
