"""Every call of a deployment passes here: counted for the report, and paced at a share of AWS's own rates."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from drone_deploy_ecs.core.events import Kind
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_ecs.type_defs import (
        DescribeServicesResponseTypeDef,
        DescribeTasksResponseTypeDef,
        ListTasksResponseTypeDef,
        UpdateServiceResponseTypeDef,
    )

    from drone_deploy_ecs.core.limits import Limits
    from drone_deploy_ecs.ports import Clock, Connection
    from drone_deploy_ecs.telling import Telling

T = TypeVar("T")

SHARE = 0.5
"""Of AWS's rates: they are per account and Region, and others deploy too."""
# (burst, refill a second) of each class of API, for all callers of the account (developer guide, request throttling).
RATES = {
    "DescribeServices": (100, 20.0),
    "UpdateService": (50, 5.0),
    "ListTasks": (100, 20.0),
    "DescribeTasks": (100, 20.0),
    "RegisterTaskDefinition": (20, 1.0),
    "DescribeTaskDefinition": (50, 20.0),
}
OTHERS = (20, 5.0)
"""For operations of other services than ECS, of which there are few."""
PATIENCE = 60.0
"""Seconds for which reads before the first write are repeated when they fail for a reason that may pass."""
PAUSE_FIRST, PAUSE_MOST = 1.0, 10.0


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Calls:
    """An `EcsApi` around a connection's, with what else of AWS a deployment asks or changes."""

    def __init__(self, aws: Connection, clock: Clock, telling: Telling) -> None:
        self._aws = aws
        self._clock = clock
        self._telling = telling
        self._buckets: dict[str, _Bucket] = {}
        self.counted: Counter[str] = Counter()

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> DescribeServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        self._take("DescribeServices")
        return self._aws.ecs.describe_services(cluster=cluster, services=services)

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        self._take("DescribeTaskDefinition")
        return self._aws.ecs.describe_task_definition(taskDefinition=taskDefinition)

    def register_task_definition(self, *, definition: Mapping[str, Any]) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        self._take("RegisterTaskDefinition")
        return self._aws.ecs.register_task_definition(definition=definition)

    def update_service(
        self,
        *,
        cluster: str,
        service: str,
        taskDefinition: str = "",
        desiredCount: int | None = None,
        forceNewDeployment: bool = False,
    ) -> UpdateServiceResponseTypeDef:
        """See `ports.EcsApi`."""
        self._take("UpdateService")
        return self._aws.ecs.update_service(
            cluster=cluster,
            service=service,
            taskDefinition=taskDefinition,
            desiredCount=desiredCount,
            forceNewDeployment=forceNewDeployment,
        )

    def limits(self, *, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
        """See `ports.Autoscaling`."""
        self._take("DescribeScalableTargets")
        return self._aws.autoscaling.limits(cluster=cluster, services=services)

    def set_limits(self, *, cluster: str, service: str, limits: Limits) -> None:
        """See `ports.Autoscaling`."""
        self._take("RegisterScalableTarget")
        self._aws.autoscaling.set_limits(cluster=cluster, service=service, limits=limits)

    def secret(self, *, name: str) -> str:
        """See `ports.Secrets`."""
        self._take("GetSecretValue")
        return self._aws.secrets.secret(name=name)

    def list_tasks(
        self, *, cluster: str, serviceName: str, desiredStatus: Literal["RUNNING", "STOPPED"], nextToken: str = ""
    ) -> ListTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        self._take("ListTasks")
        return self._aws.ecs.list_tasks(
            cluster=cluster, serviceName=serviceName, desiredStatus=desiredStatus, nextToken=nextToken
        )

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> DescribeTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        self._take("DescribeTasks")
        return self._aws.ecs.describe_tasks(cluster=cluster, tasks=tasks)

    def patiently(self, read: Callable[[], T]) -> T:
        """The answer of a read before the first write, repeated while it fails for a reason that may pass."""
        until = self._clock.monotonic() + PATIENCE
        pause = PAUSE_FIRST
        while True:
            try:
                return read()
            except ApiError as error:
                passing = error.fault.kind in (FaultKind.THROTTLED, FaultKind.AMBIGUOUS, FaultKind.UNREACHABLE)
                if not passing or self._clock.monotonic() + pause > until:
                    raise
                self._telling.tell(Kind.TROUBLE, "", safe(f"{error.fault}; trying again"))
            self._clock.sleep(pause)
            pause = min(2 * pause, PAUSE_MOST)

    def _take(self, operation: str) -> None:
        """A token for this call, waiting for one if none is left."""
        self.counted[operation] += 1
        burst, rate = (SHARE * number for number in RATES.get(operation, OTHERS))
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(operation, _Bucket(burst, now))
        bucket.tokens = min(burst, bucket.tokens + (now - bucket.filled_at) * rate)
        bucket.filled_at = now
        if bucket.tokens < 1:
            wait = (1 - bucket.tokens) / rate
            self._clock.sleep(wait)
            bucket.tokens, bucket.filled_at = 1.0, now + wait
        bucket.tokens -= 1
