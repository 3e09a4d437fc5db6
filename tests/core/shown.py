"""What ECS may show, in a word each: services, deployments, stopped tasks, faults."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.service import Deployment, DescribedService, Service, ServiceEvent
from drone_deploy_ecs.core.ecs.task import Container, DescribedTask, Task
from drone_deploy_ecs.core.steps.step import Context
from drone_deploy_ecs.core.target import Target, WayBack

if TYPE_CHECKING:
    from collections.abc import Iterable

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
OLD, OURS, OTHER = "ecs-svc/1", "ecs-svc/2", "ecs-svc/3"
BEFORE, NEW, COPY, FOREIGN = (f"arn:aws:ecs:eu-west-1:1:task-definition/web:{number}" for number in (1, 2, 3, 9))
BUDGET = 100.0
CONTEXT = Context(now=0.0, budget=BUDGET, seen_at=None, outputs={})

TARGET = Target(
    name="web", service="web", asked="web", cluster="prod", region="eu-west-1", desired=2, warm_up=0.0, before=BEFORE, known=frozenset({OLD}),
    back=WayBack(definition=BEFORE),
)  # fmt: skip

TIMED_OUT = Fault(FaultKind.AMBIGUOUS, "UpdateService", "", "no answer")
THROTTLED = Fault(FaultKind.THROTTLED, "UpdateService", "ThrottlingException", "Rate exceeded")
DENIED = Fault(FaultKind.DENIED, "UpdateService", "AccessDeniedException", "no")
UNREACHABLE = Fault(FaultKind.UNREACHABLE, "DescribeServices", "", "no route")


def read_service(raw: Any) -> Service:
    """A service as it stands in an answer."""
    return typed(raw, DescribedService).service()


def read_task(raw: Any) -> Task:
    """A task as it stands in an answer."""
    return typed(raw, DescribedTask).task()


def at(seconds: float) -> datetime:
    """So long after noon, by AWS's clock."""
    return NOON + timedelta(seconds=seconds)


def primary(
    name: str = OURS, definition: str = NEW, state: str = "IN_PROGRESS", running: int = 2, **more: Any
) -> Deployment:
    """The deployment that ECS works towards, of two tasks."""
    return replace(Deployment(name, "PRIMARY", definition, 2, 0, running, 0, state, "", NOON), **more)


def active(
    name: str = OLD, definition: str = BEFORE, state: str = "COMPLETED", running: int = 2, **more: Any
) -> Deployment:
    """One that gives way, and still wants what it runs."""
    return replace(Deployment(name, "ACTIVE", definition, running, 0, running, 0, state, "", NOON), **more)


def service(*listed: Deployment, said: Iterable[tuple[float, str]] = (), **more: Any) -> Service:
    """The service with these deployments and, at these seconds after noon, these events."""
    events = tuple(
        ServiceEvent(id=f"{place}", at=at(when), message=f"(service web) {what}")
        for place, (when, what) in enumerate(said)
    )
    found = Service(
        name="web", arn="", status="ACTIVE", desired=2, running=2, task_definition="", deployments=listed, events=events
    )
    return replace(found, **more)


def stopped(arn: str = "a/t1", exit_code: int | None = 1, **more: Any) -> Task:
    """A task of ours whose container exited."""
    app = Container("app", "shop:2", "", "STOPPED", exit_code, "", "UNKNOWN")
    task = Task(
        arn=arn, started_by=OURS, task_definition=NEW, status="STOPPED", health="UNKNOWN", stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited", created_at=NOON, started_at=NOON, stopped_at=NOON, containers=(app,),
    )  # fmt: skip
    return replace(task, **more)
