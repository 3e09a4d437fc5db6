"""Application Auto Scaling of the simulated services: limits, suspensions, and a demand that it follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from drone_deploy_ecs.core.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.faults import Effect, Killed, as_fault
from drone_deploy_ecs.simulator.registry import rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.world import World

T = TypeVar("T")

EVALUATED_EVERY = 60.0
"""Seconds between two decisions: an alarm's period."""
DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


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

    # --- on the wire ---

    def describe_scalable_targets(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """DescribeScalableTargets."""
        places = (_place(one) for one in asked.get("ResourceIds", []))
        return {"ScalableTargets": [self._shape(place) for place in places if place in self._targets]}

    def register_scalable_target(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """RegisterScalableTarget. What isn't given stays."""
        place = _place(asked["ResourceId"])
        was = self.get(*place) or Limits(asked.get("MinCapacity", 0), asked.get("MaxCapacity", 0))
        state = asked.get("SuspendedState")
        suspended = frozenset(name for name in SUSPENSIONS if state.get(f"{name}Suspended")) if state else was.suspended
        limits = Limits(asked.get("MinCapacity", was.minimum), asked.get("MaxCapacity", was.maximum), suspended)
        self.register(*place, limits)
        return {
            "ScalableTargetARN": f"arn:aws:application-autoscaling:eu-west-1:123456789012:scalable-target/{place[1]}"
        }

    def _shape(self, place: tuple[str, str]) -> dict[str, Any]:
        limits = self._targets[place].limits
        return {
            **DIMENSION,
            "ResourceId": f"service/{place[0]}/{place[1]}",
            "MinCapacity": limits.minimum,
            "MaxCapacity": limits.maximum,
            "RoleARN": "arn:aws:iam::123456789012:role/autoscaling",
            "CreationTime": self._account.clock.now(),
            "SuspendedState": {f"{name}Suspended": name in limits.suspended for name in sorted(SUSPENSIONS)},
        }


def _place(resource: str) -> tuple[str, str]:
    _, cluster, service = resource.split("/")
    return cluster, service


class SimulatedAutoscaling:
    """`ports.Autoscaling`, in process. Faults strike its calls by their operations' names."""

    def __init__(self, world: World) -> None:
        self._world = world

    def limits(self, *, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
        """See `ports.Autoscaling`."""
        found = {name: self._world.scaling.get(cluster, name) for name in services}
        about = ",".join(services)
        return struck(
            self._world, "DescribeScalableTargets", about, lambda: {name: one for name, one in found.items() if one}
        )

    def set_limits(self, *, cluster: str, service: str, limits: Limits) -> None:
        """See `ports.Autoscaling`."""
        struck(
            self._world,
            "RegisterScalableTarget",
            service,
            lambda: self._world.scaling.register(cluster, service, limits),
        )


class SimulatedSecrets:
    """`ports.Secrets`, in process: what stands in the world's `secrets`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def secret(self, *, name: str) -> str:
        """See `ports.Secrets`."""
        return struck(self._world, "GetSecretValue", name, lambda: self._found(name))

    def _found(self, name: str) -> str:
        if name not in self._world.secrets:
            said = "Secrets Manager can't find the specified secret."
            raise rejected("GetSecretValue", "ResourceNotFoundException", said)
        return self._world.secrets[name]


def struck(world: World, operation: str, about: str, do: Callable[[], T]) -> T:
    """The call's answer, and what goes wrong with it."""
    effect = world.faults.strike(operation, about)
    if effect is None:
        return do()
    if effect.comes_after:
        do()
    if effect is Effect.KILL:
        raise Killed
    if effect in (Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER):
        world.clock.sleep(world.faults.timeout)
    raise ApiError(as_fault(effect, operation))
