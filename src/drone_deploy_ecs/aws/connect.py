"""A `Connection` to the real AWS: the ECS client at once, the others when a deployment failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.aws import alarms, autoscaling, health, logs, secrets
from drone_deploy_ecs.aws.ecs import Ecs
from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.aws.session import client
from drone_deploy_ecs.ports import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from botocore.session import Session

    from drone_deploy_ecs.core.evidence import AlarmState, LogPlace, TargetCheck, TargetHealth
    from drone_deploy_ecs.core.limits import Limits
    from drone_deploy_ecs.core.request import Access

CONNECT_TIMEOUT, READ_TIMEOUT = 2.0, 5.0
"""Seconds: an undo waits for these calls."""


def connect(access: Access) -> Connection:
    """Credentials are found once, and shared. Raises ApiError."""
    ecs = Ecs(access)
    others = OtherServices(lambda: ecs.session)
    return Connection(ecs, others, others, others)


class OtherServices:
    """`ports.Witness`, `Autoscaling` and `Secrets` over botocore, with the session of that moment.

    Expired credentials may have been read anew. Client and model of a service are loaded at its first call.
    """

    def __init__(self, session: Callable[[], Session]) -> None:
        self._session = session
        self.clients: dict[tuple[str, str], Any] = {}

    def log_tail(self, *, place: LogPlace, most: int) -> tuple[str, ...]:
        """See `ports.Witness`. The log may be in another region than the service."""
        return logs.log_tail(self._client("logs", "GetLogEvents", place.region), place, most)

    def target_health(self, *, target_group: str) -> tuple[TargetHealth, ...]:
        """See `ports.Witness`."""
        return health.target_health(self._client("elbv2", "DescribeTargetHealth"), target_group)

    def target_checks(self, *, target_groups: Sequence[str]) -> dict[str, TargetCheck]:
        """See `ports.Witness`."""
        return health.target_checks(self._client("elbv2", "DescribeTargetGroups"), target_groups)

    def alarms(self, *, names: Sequence[str]) -> tuple[AlarmState, ...]:
        """See `ports.Witness`."""
        return alarms.alarms(self._client("cloudwatch", "DescribeAlarms"), names)

    def limits(self, *, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
        """See `ports.Autoscaling`."""
        client = self._client("application-autoscaling", "DescribeScalableTargets")
        return autoscaling.limits(client, cluster, services)

    def set_limits(self, *, cluster: str, service: str, limits: Limits) -> None:
        """See `ports.Autoscaling`."""
        client = self._client("application-autoscaling", "RegisterScalableTarget")
        autoscaling.set_limits(client, cluster, service, limits)

    def secret(self, *, name: str) -> str:
        """See `ports.Secrets`."""
        return secrets.secret(self._client("secretsmanager", "GetSecretValue"), name)

    def _client(self, service: str, operation: str, region: str = "") -> Any:
        if (service, region) not in self.clients:
            self.clients[service, region] = calling(operation, lambda: self._make(service, region))
        return self.clients[service, region]

    def _make(self, service: str, region: str) -> Any:
        timeouts = {"read_timeout": READ_TIMEOUT, "connect_timeout": CONNECT_TIMEOUT}
        return client(self._session(), service, **timeouts, region=region or None)
