"""temporary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.faults import as_fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.limits import Limits


class SimulatedAutoscaling:
    def __init__(self, world: Any) -> None:
        self._world = world
        if not hasattr(world, "targets"):
            world.targets = {}

    def limits(self, *, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
        self._strike("DescribeScalableTargets", ",".join(services))
        return {name: self._world.targets[cluster, name] for name in services if (cluster, name) in self._world.targets}

    def set_limits(self, *, cluster: str, service: str, limits: Limits) -> None:
        self._strike("RegisterScalableTarget", service)
        self._world.targets[cluster, service] = limits

    def _strike(self, operation: str, about: str) -> None:
        effect = self._world.faults.strike(operation, about)
        if effect is not None:
            raise ApiError(as_fault(effect, operation))


class SimulatedSecrets:
    def __init__(self, world: Any) -> None:
        self._world = world

    def secret(self, *, name: str) -> str:
        raise ApiError(Fault(FaultKind.REJECTED, "GetSecretValue", "ResourceNotFoundException", name))
