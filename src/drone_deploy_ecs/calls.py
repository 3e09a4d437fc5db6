"""Every call of a deployment to one account and Region passes here: counted for the report, and paced.

The pace is a share of AWS's own rates. There is no hidden repetition: a call is one attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.quota import quota
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping, Sequence

    from types_boto3_ecs.type_defs import (
        DescribeServicesResponseTypeDef,
        DescribeTasksResponseTypeDef,
        ListServicesResponseTypeDef,
        ListTasksResponseTypeDef,
        UpdateServiceResponseTypeDef,
    )

    from drone_deploy_ecs.core.fault import Fault
    from drone_deploy_ecs.core.limits import Limits
    from drone_deploy_ecs.core.quota import Quota
    from drone_deploy_ecs.ports import Clock, Connection
    from drone_deploy_ecs.telling import Telling

T = TypeVar("T")

SHARE = 0.95
"""Of AWS's rates. They are per account and Region: when others call too, throttling says so, and all slow down."""
SLOWEST = 1 / 4
"""The share of that to which throttling may bring it down, halving it each time."""
RECOVERS = 30.0
"""Seconds without throttling after which it is back at the whole."""
PATIENCE = 60.0
"""Seconds for which reads before the first write are repeated when they fail for a reason that may pass.

No longer than the run's budget, and altogether: what AWS doesn't answer for one read it won't for the next.
"""
PAUSE_FIRST, PAUSE_MOST = 1.0, 10.0


class Bucket:
    """A share of one of AWS's buckets. After a throttled call its rate is halved, and grows back in time."""

    def __init__(self, quota: Quota, now: float) -> None:
        self._burst = self._tokens = SHARE * quota.burst
        self._rate = SHARE * quota.rate
        self._pace = 1.0
        self._filled_at = now

    def ready_at(self, now: float) -> float:
        """When there is a token."""
        self._fill(now)
        return now + max(0.0, (1 - self._tokens) / (self._rate * self._pace))

    def take(self, now: float) -> None:
        """One token, which there must be."""
        self._fill(now)
        self._tokens -= 1

    def slow_down(self, now: float) -> None:
        """AWS says that it is empty: others take from it, too."""
        self._fill(now)
        self._tokens = 0.0
        self._pace = max(SLOWEST, self._pace / 2)

    def _fill(self, now: float) -> None:
        passed = now - self._filled_at
        self._tokens = min(self._burst, self._tokens + passed * self._rate * self._pace)
        self._pace = min(1.0, self._pace + passed / RECOVERS)
        self._filled_at = now


class Calls:
    """An `EcsApi` around a connection's, with what else of AWS a deployment asks or changes."""

    def __init__(
        self, aws: Connection, clock: Clock, telling: Telling, counted: Counter[str], budget: float = PATIENCE
    ) -> None:
        self._aws = aws
        self._clock = clock
        self._telling = telling
        self._buckets: dict[str, Bucket] = {}
        self._counted = counted
        self._told: set[Fault] = set()
        self._patience = min(PATIENCE, budget)
        self._last: Fault | None = None
        self._failing_since = 0.0

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> DescribeServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        return self.paced(
            "DescribeServices", lambda: self._aws.ecs.describe_services(cluster=cluster, services=services)
        )

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        return self.paced(
            "DescribeTaskDefinition", lambda: self._aws.ecs.describe_task_definition(taskDefinition=taskDefinition)
        )

    def register_task_definition(self, *, definition: Mapping[str, Any]) -> dict[str, Any]:
        """See `ports.EcsApi`."""
        return self.paced(
            "RegisterTaskDefinition", lambda: self._aws.ecs.register_task_definition(definition=definition)
        )

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
        return self.paced(
            "UpdateService",
            lambda: self._aws.ecs.update_service(
                cluster=cluster,
                service=service,
                taskDefinition=taskDefinition,
                desiredCount=desiredCount,
                forceNewDeployment=forceNewDeployment,
            ),
        )

    def limits(self, *, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
        """See `ports.Autoscaling`."""
        return self.paced(
            "DescribeScalableTargets", lambda: self._aws.autoscaling.limits(cluster=cluster, services=services)
        )

    def set_limits(self, *, cluster: str, service: str, limits: Limits) -> None:
        """See `ports.Autoscaling`."""
        self.paced(
            "RegisterScalableTarget",
            lambda: self._aws.autoscaling.set_limits(cluster=cluster, service=service, limits=limits),
        )

    def secret(self, *, name: str) -> str:
        """See `ports.Secrets`."""
        return self.paced("GetSecretValue", lambda: self._aws.secrets.secret(name=name))

    def list_services(self, *, cluster: str, nextToken: str = "") -> ListServicesResponseTypeDef:
        """See `ports.EcsApi`."""
        return self.paced("ListServices", lambda: self._aws.ecs.list_services(cluster=cluster, nextToken=nextToken))

    def list_tasks(
        self, *, cluster: str, serviceName: str, desiredStatus: Literal["RUNNING", "STOPPED"], nextToken: str = ""
    ) -> ListTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        return self.paced(
            "ListTasks",
            lambda: self._aws.ecs.list_tasks(
                cluster=cluster, serviceName=serviceName, desiredStatus=desiredStatus, nextToken=nextToken
            ),
        )

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> DescribeTasksResponseTypeDef:
        """See `ports.EcsApi`."""
        return self.paced("DescribeTasks", lambda: self._aws.ecs.describe_tasks(cluster=cluster, tasks=tasks))

    def patiently(self, read: Callable[[], T]) -> T:
        """The answer of a read before the first write, repeated while it fails for a reason that may pass."""
        if self._last is None:
            self._failing_since = self._clock.monotonic()
        pause = PAUSE_FIRST
        while True:
            try:
                answer = read()
            except ApiError as error:
                before, self._last = self._last, error.fault if error.fault.may_pass else None
                if not self._is_worth_another_try(error.fault, before, pause):
                    raise
                if error.fault not in self._told:
                    self._told.add(error.fault)
                    self._telling.tell(Kind.TROUBLE, "", safe(f"{error.fault}; trying again"))
            else:
                self._last = None
                return answer
            self._clock.sleep(pause)
            pause = min(2 * pause, PAUSE_MOST)

    def _is_worth_another_try(self, fault: Fault, before: Fault | None, pause: float) -> bool:
        """What isn't AWS's may have been cut by chance; the second in a row is no chance."""
        if fault.is_not_awss and before and before.is_not_awss:
            return False
        return fault.may_pass and self._clock.monotonic() + pause <= self._failing_since + self._patience

    def ready_at(self, operation: str) -> float:
        """When (monotonic seconds) such a call may go out; now, if at once."""
        return self._bucket(operation).ready_at(self._clock.monotonic())

    def paced(self, operation: str, call: Callable[[], T]) -> T:
        """The call, when there is a token for it; the report tells of it."""
        self._counted[operation] += 1
        bucket = self._bucket(operation)
        # Waiting once isn't always enough: a cancellation ends a sleep early.
        while (now := self._clock.monotonic()) < (ready := bucket.ready_at(now)):
            self._clock.sleep(ready - now)
        bucket.take(now)
        try:
            return call()
        except ApiError as error:
            if error.fault.kind is FaultKind.THROTTLED:
                bucket.slow_down(self._clock.monotonic())
            raise

    def _bucket(self, operation: str) -> Bucket:
        found = quota(operation)
        if found.name not in self._buckets:
            self._buckets[found.name] = Bucket(found, self._clock.monotonic())
        return self._buckets[found.name]
