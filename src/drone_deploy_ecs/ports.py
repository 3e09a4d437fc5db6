"""What the engine needs from outside: an ECS to talk to, a clock, and somebody who listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from types_boto3_ecs.type_defs import (
        DescribeServicesResponseTypeDef,
        DescribeTasksResponseTypeDef,
        ListTasksResponseTypeDef,
        UpdateServiceResponseTypeDef,
    )

    from drone_deploy_ecs.core.events import Event

    Listener = Callable[[Event], None]


class EcsApi(Protocol):
    """The six ECS operations a deployment takes, in botocore's own names and shapes.

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
        self, *, cluster: str, service: str, taskDefinition: str, forceNewDeployment: bool = False
    ) -> UpdateServiceResponseTypeDef:
        """Start a deployment. `forceNewDeployment` is sent only when true."""

    def list_tasks(
        self, *, cluster: str, serviceName: str, desiredStatus: Literal["RUNNING", "STOPPED"], nextToken: str = ""
    ) -> ListTasksResponseTypeDef:
        """One page (at most 100) of task ARNs of a service."""

    def describe_tasks(self, *, cluster: str, tasks: Sequence[str]) -> DescribeTasksResponseTypeDef:
        """Up to 100 tasks."""


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
