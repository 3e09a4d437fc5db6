"""Application Auto Scaling: between which counts a service's desired count may be moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import field

from drone_deploy_ecs.core.calls.body import plain, typed
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body

DIMENSION = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


class _Target(Wire, frozen=True, rename="pascal"):
    resource_id: str
    min_capacity: int
    max_capacity: int
    suspended_state: dict[str, bool] = field(default_factory=dict)

    def limits(self) -> Limits:
        suspended = frozenset(name for name in SUSPENSIONS if self.suspended_state.get(f"{name}Suspended"))
        return Limits(self.min_capacity, self.max_capacity, suspended)


class _Targets(Wire, frozen=True, rename="pascal"):
    scalable_targets: tuple[_Target, ...] = ()


class DescribeScalableTargets(Call[dict[str, Limits]], frozen=True, kw_only=True):
    """The limits of these services (by name, as is the cluster); the answer has those that are autoscaled, by name."""

    service: ClassVar = "application-autoscaling"
    operation: ClassVar = "DescribeScalableTargets"
    quota: ClassVar = modest("DescribeScalableTargets")
    permission: ClassVar = "application-autoscaling:DescribeScalableTargets"
    timeout: ClassVar = SHORT
    reads: ClassVar = "autoscaling of the services"

    cluster: str
    services: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The services."""
        return ",".join(map(_service, members.get("ResourceIds", ())))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {**DIMENSION, "ResourceIds": [f"service/{self.cluster}/{service}" for service in self.services]}

    def read(self, body: Body) -> dict[str, Limits]:
        """See `Call`."""
        return {_service(target.resource_id): target.limits() for target in typed(body, _Targets).scalable_targets}


def _service(resource: str) -> str:
    """The name in `service/cluster/name`."""
    return resource.rpartition("/")[2]


class RegisterScalableTarget(Call[None], frozen=True, kw_only=True):
    """Change the limits and suspensions of a service's desired count."""

    service: ClassVar = "application-autoscaling"
    operation: ClassVar = "RegisterScalableTarget"
    quota: ClassVar = modest("RegisterScalableTarget")
    permission: ClassVar = "application-autoscaling:RegisterScalableTarget"
    writes: ClassVar = True
    timeout: ClassVar = SHORT

    cluster: str
    name: str
    limits: Limits

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service."""
        return _service(members.get("ResourceId", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {
            **DIMENSION,
            "ResourceId": f"service/{self.cluster}/{self.name}",
            "MinCapacity": self.limits.minimum,
            "MaxCapacity": self.limits.maximum,
            "SuspendedState": {f"{name}Suspended": name in self.limits.suspended for name in sorted(SUSPENSIONS)},
        }

    def read(self, body: Body) -> None:
        """Nothing: that there is an answer says it all, if it is AWS's."""
        plain(body)
