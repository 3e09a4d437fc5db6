"""What the engine needs from outside: an ECS to talk to, witnesses, a clock, and somebody who listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from types_boto3_ecs.type_defs import (
        DescribeServicesResponseTypeDef,
        DescribeTasksResponseTypeDef,
        ListServicesResponseTypeDef,
        ListTasksResponseTypeDef,
        UpdateServiceResponseTypeDef,
    )

    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.evidence import AlarmState, LogPlace, TargetCheck, TargetHealth
    from drone_deploy_ecs.core.limits import Limits

    Listener = Callable[[Event], None]


class EcsApi(Protocol):
    """The seven ECS operations a deployment takes, in botocore's own names and shapes.

    Every method raises `errors.ApiError` and nothing else. One call is one attempt on the wire: no hidden retries.
    Task definitions are the exception in shape: plain JSON exactly as on the wire, with members no SDK knows yet.
    """

    def describe_services(self, *, cluster: str, services: Sequence[str]) -> DescribeServicesResponseTypeDef:
        """Up to ten services; those that don't exist come back under `failures`."""

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:
        """The raw answer, `{"taskDefinition": {…}, "tags": […]}`. A bare family means its newest ACTIVE revision."""

    def register_task_definition(self, *, definition: Mapping[str, Any]) -> dict[str, Any]:
        """Register `definition` (a whole request body, unknown members included); the raw answer."""

    def update_service(
        self,
        *,
        cluster: str,
        service: str,
        taskDefinition: str = "",
        desiredCount: int | None = None,
        forceNewDeployment: bool = False,
    ) -> UpdateServiceResponseTypeDef:
        """Start a deployment, change the desired count, or both. Only what is given is sent."""

    def list_services(self, *, cluster: str, nextToken: str = "") -> ListServicesResponseTypeDef:
        """One page (at most 100) of the ARNs of a cluster's services."""

    def list_tasks(
        self, *, cluster: str, serviceName: str, desiredStatus: Literal["RUNNING", "STOPPED"], nextToken: str = ""
    ) -> ListTasksResponseTypeDef:
        """One page (at most 100) of task ARNs of a service."""

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> DescribeTasksResponseTypeDef:
        """Up to 100 tasks."""


class Witness(Protocol):
    """Where evidence of a failed deployment is, beside ECS. A run does without what can't be read.

    Every method raises `errors.ApiError` and nothing else, and is one attempt with a short time-out. Nothing is
    prepared before the first call: most deployments succeed.
    """

    def log_tail(self, *, place: LogPlace, most: int) -> tuple[str, ...]:
        """The last messages (at most `most`, oldest first) of a log stream. CloudWatch Logs, GetLogEvents."""

    def target_health(self, *, target_group: str) -> tuple[TargetHealth, ...]:
        """The targets of a group, by ARN. ELB v2, DescribeTargetHealth."""

    def target_checks(self, *, target_groups: Sequence[str]) -> dict[str, TargetCheck]:
        """How these groups check, by ARN. ELB v2, DescribeTargetGroups."""

    def alarms(self, *, names: Sequence[str]) -> tuple[AlarmState, ...]:
        """Those of these alarms that are in ALARM. CloudWatch, DescribeAlarms."""


class Autoscaling(Protocol):
    """Application Auto Scaling of ECS services. Every method raises `errors.ApiError` and nothing else."""

    def limits(self, *, cluster: str, services: Sequence[str]) -> dict[str, Limits]:
        """By service name; those that aren't autoscaled are left out. DescribeScalableTargets."""

    def set_limits(self, *, cluster: str, service: str, limits: Limits) -> None:
        """Limits and suspensions of a service's desired count. RegisterScalableTarget."""


class Secrets(Protocol):
    """Secrets Manager."""

    def secret(self, *, name: str) -> str:
        """The secret's SecretString, "" when it has none. GetSecretValue. Raises `errors.ApiError`."""


class Connection(NamedTuple):
    """One account and region: the ECS to deploy to, and where to look when that fails."""

    ecs: EcsApi
    witness: Witness
    autoscaling: Autoscaling
    secrets: Secrets


class Clock(Protocol):
    """Time, as the engine may use it."""

    def now(self) -> datetime:
        """The time of day, UTC, aware. For people and reports, never for budgets."""

    def monotonic(self) -> float:
        """Seconds that only ever grow. For budgets and intervals."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass, fewer when a cancellation arrives meanwhile."""


class Cancellation(Protocol):
    """The CI system's wish that the run end, which arrives as a signal at any time."""

    @property
    def signal(self) -> int:
        """The signal's number, 0 while there was none."""

    def defer(self) -> None:
        """From now on a signal is noted rather than obeyed at once: there may be something to undo."""


class Never:
    """The `Cancellation` that doesn't come."""

    signal = 0

    def defer(self) -> None:
        """Nothing to defer."""


NEVER = Never()
