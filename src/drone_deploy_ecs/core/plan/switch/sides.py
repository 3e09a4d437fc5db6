"""The two services as found: which of them is live, and what a person should know of either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.way_back import as_it_was
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.target import Target, WayBack
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs.limits import Limits
    from drone_deploy_ecs.core.ecs.service import Deployment
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.request.request import Request


class Side(Struct, frozen=True):
    """One of the two services, and autoscaling's limits of it (None: it isn't autoscaled)."""

    ready: Ready
    limits: Limits | None

    @property
    def name(self) -> str:
        """The service's."""
        return self.ready.service.name

    @property
    def desired(self) -> int:
        """How many tasks it is to run."""
        return self.ready.service.desired

    @property
    def primary(self) -> Deployment:
        """What it runs, or would run."""
        return self.ready.primary

    @property
    def edited(self) -> Definition:
        """Of which revision that is."""
        return self.ready.edited

    @property
    def is_idle(self) -> bool:
        """Whether it is to run nothing."""
        return self.desired == 0

    @property
    def was_left_suspended(self) -> bool:
        """Idle with all its autoscaling suspended: what a run leaves that was killed just before its end."""
        return self.is_idle and self.limits is not None and self.limits.suspended == SUSPENSIONS

    @property
    def runs_it(self) -> bool:
        """Whether it has the revision that is asked for."""
        return self.ready.runs_it

    def has_settled(self, request: Request) -> bool:
        """Whether it runs that already, steadily, and that is known to be the same image."""
        is_same = self.runs_it and (self.ready.revision.is_certain or request.skip_unchanged)
        return is_same and self.ready.is_settled and self.primary.is_at_full_count

    @property
    def target(self) -> Target:
        """The side as a step's target."""
        before = self.ready.before
        if before is None or (not self.is_idle and self.runs_it):
            back = WayBack(impossible="what it ran before isn't known")
        else:
            back = as_it_was(before)
        return self.ready.target(before.arn if before else self.primary.task_definition, back)

    def __str__(self) -> str:
        return f"{self.name} ({tasks(self.desired)}, {short(self.primary.task_definition)})"


def roles(request: Request, blue: Side, green: Side) -> tuple[Side, Side] | Problem:
    """(live, idle) where exactly one of the two has tasks; else why that can't be told."""
    if blue.is_idle != green.is_idle:
        return (green, blue) if blue.is_idle else (blue, green)
    if blue.is_idle:
        return Problem(
            f"neither {blue.name} nor {green.name} is live: both have desired count 0",
            "Scale the one that should be live up; exactly one of the two may have tasks",
        )
    either = f"and it isn't one of them alone that has {request.brief}"
    return Problem(
        f"{blue} and {green} both have tasks, so neither is idle; {either}",
        "If an earlier run was interrupted, deploy its image again to finish it; else scale the idle one to 0",
    )


def interrupted(blue: Side, green: Side) -> tuple[Side, Side] | None:
    """(live, idle) where an earlier run of the same edits was interrupted: only one side has it, and has tasks."""
    for live, idle in ((blue, green), (green, blue)):
        if idle.runs_it and not live.runs_it and not idle.is_idle:
            return (live, idle) if not live.is_idle or live.was_left_suspended else None
    return None


def without_count(services: tuple[Ready, ...]) -> Iterator[Problem]:
    """What speaks against services that have no desired count."""
    for ready in services:
        service = ready.service
        if service.scheduling != "REPLICA":
            what = f"service {service.name} is a {service.scheduling}: it has no desired count to change"
            yield Problem(what, "Use mode rolling for it")


def warnings(live: Side, idle: Side) -> Iterator[Problem]:
    """What a person would want to know before they are written to."""
    running = live.primary.running
    if not live.ready.is_settled:
        deployment = f"{live.primary.id}, {short(live.primary.task_definition)}"
        what = f"{live.name} has a deployment that isn't COMPLETED ({deployment})"
        yield Problem(what, "If this fails, it goes on as it is")
    if running < live.desired:
        what = f"{live.name} runs {running} of {tasks(live.desired)}"
        yield Problem(what, f"{idle.name} gets {tasks(live.desired)}")
    if idle.limits and not live.limits:
        what = f"{idle.name} is autoscaled ({idle.limits}) and {live.name} isn't"
        yield Problem(what, "It keeps its policies: give both services the same autoscaling")
    if idle.is_idle and idle.ready.before is None:
        yield Problem(f"{idle.name} has no COMPLETED deployment", "If this fails, it is only scaled to 0 again")
