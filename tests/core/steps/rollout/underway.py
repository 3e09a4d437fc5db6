"""Rollouts under way, as values, for tests of when to look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service import Deployment, Service, ServiceEvent
from drone_deploy_ecs.core.ecs.task import Container, Task
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.rollout.history import Kind, Milestone, Milestones
from drone_deploy_ecs.core.steps.rollout.rollout import Rollout
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import UpdateService
from drone_deploy_ecs.core.target import Target, WayBack
from tests.core.steps.rollout.rollouts import given

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BEGAN = 1000.0
OURS = "ecs-svc/2"
STARTED, STOPPED = "has started 2 tasks: (task a).", "has stopped 2 running tasks: (task b)."
AGAIN = "has started 1 tasks: (task c)."


def deployment(running: int = 0, pending: int = 0, failed: int = 0, state: str = "IN_PROGRESS") -> Deployment:
    return Deployment(OURS, "PRIMARY", "web:2", 2, pending, running, failed, state, "", NOON)


def service(ours: Deployment | None, *said: tuple[float, str]) -> Service:
    events = tuple(ServiceEvent(id=text, at=NOON + timedelta(seconds=at), message=text) for at, text in said)
    found = (ours,) if ours else ()
    return Service(
        name="web", arn="", status="ACTIVE", desired=2, running=2, task_definition="", deployments=found, events=events
    )


def past(length: float) -> Milestones:
    """Started at 0, old tasks stopped ten seconds before the end."""
    return Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, length - 10), Milestone(Kind.COMPLETED, length)


TARGET = Target(
    name="web",
    service="web",
    asked="web",
    cluster="prod",
    region="eu-west-1",
    desired=2,
    warm_up=40.0,
    before="web:1",
    known=frozenset(),
    back=WayBack(),
)
STEP = UpdateService(target=TARGET, definition="web:2", terms=Terms(budget=3600))
ROLLOUT = given(
    Rollout(step=STEP, definition="web:2", began=BEGAN, phase=Phase.FOLLOW),
    deployment=OURS,
    since=NOON,
    was_seen=True,
    service=service(deployment(pending=2)),
    seen_at=BEGAN,
    below_desired_at=BEGAN,
)
DEAD = Task(
    arn="t", started_by=OURS, task_definition="web:2", status="STOPPED", health="", stop_code="EssentialContainerExited",
    stopped_reason="Essential container in task exited", created_at=NOON, started_at=NOON, stopped_at=NOON,
    containers=(Container("app", "shop:2", "", "STOPPED", 1, "", ""),),
)  # fmt: skip
INFORMED = given(ROLLOUT, earlier=(past(100), past(100), past(100)))


def task(began: float, ended: float) -> Task:
    created, stopped = (NOON + timedelta(seconds=at) for at in (began, ended))
    return replace(DEAD, arn=f"{began}", created_at=created, stopped_at=stopped)


def killed(began: float, ended: float) -> Task:
    return replace(task(began, ended), stop_code="UserInitiated", stopped_reason="Task stopped by user")


def crashed(*said: tuple[float, str], dead: tuple[Task, ...] = (task(5, 65), task(5, 66))) -> Rollout:
    """Two tasks lived for about a minute; whatever more was said since."""
    return given(ROLLOUT, stopped=dead, service=service(deployment(pending=2), (5, STARTED), *said))
