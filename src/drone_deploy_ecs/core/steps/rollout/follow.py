"""Our deployment: what each look shows of it, and which stopped tasks are its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.reported import Reported

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.steps.observation import Reading, StoppedTasks


class Ours(Struct, frozen=True, kw_only=True):
    """Our deployment, by its id. `since` is AWS's time of its creation, or of what it is to undo.

    `is_ecs_rollback`: in a way back, ECS itself has returned the service to it, and nothing was written. `was_seen`: a
    look has shown it as PRIMARY. At `below_desired_at` it was last seen short of tasks, and at `healthy_at` first with
    all of them, the old ones draining. `reported` is what events say of it.

    `instead`: in a way back, the revision that it brings; another deployment of it, to which ECS goes, does as well.
    """

    deployment: str
    since: datetime | None
    is_ecs_rollback: bool = False
    was_seen: bool = False
    below_desired_at: float = 0.0
    healthy_at: float | None = None
    reported: Reported = field(default_factory=Reported)
    instead: str = ""

    def listed(self, service: Service | None) -> Deployment | None:
        """Its entry among the service's deployments, if it is (still) listed."""
        return service.deployment(self.deployment) if service else None

    def after(self, before: Ours | None) -> Ours:
        """Our deployment, with what was seen of `before`, the one that was taken for ours until now."""
        if before is None:
            return self
        return replace(
            before,
            deployment=self.deployment,
            since=self.since,
            is_ecs_rollback=self.is_ecs_rollback,
            reported=self.reported,
            instead=self.instead,
        )

    def or_instead(self, service: Service | None) -> Ours:
        """The deployment to follow: where ECS took a way back's own one back, and runs the same, that one.

        So it goes where a lifecycle hook refuses every deployment, the way back, too.
        """
        primary = service.primary if service else None
        if not self.instead or service is None or primary is None or primary.id == self.deployment:
            return self
        if primary.task_definition != self.instead or not service.failure_of(self.deployment):
            return self
        return replace(self, deployment=primary.id, is_ecs_rollback=True, instead="")


def accepted(answer: Service, primary: Deployment, now: float, instead: str = "") -> Ours:
    """Our deployment as UpdateService's answer shows it: from then on, what ECS says may be about it."""
    reported = Reported().after(answer, primary, primary.created_at, now)
    return Ours(deployment=primary.id, since=primary.created_at, reported=reported, instead=instead)


def follow(ours: Ours, service: Service | None, away_since: float | None, now: float) -> tuple[Ours, float | None]:
    """Our deployment after a look, and since when (monotonic seconds) it isn't PRIMARY; None while it is."""
    ours = ours.or_instead(service)
    listed = ours.listed(service)
    if service is None or listed is None or listed.status != "PRIMARY":
        ours = replace(ours, reported=ours.reported.interrupted())
        return ours, now if away_since is None else away_since
    is_healthy = listed.desired > 0 and only_draining_is_left(service, listed)
    since = ours.since or listed.created_at
    updated = replace(
        ours,
        was_seen=True,
        since=since,
        below_desired_at=ours.below_desired_at if listed.is_at_full_count else now,
        healthy_at=now if ours.healthy_at is None and is_healthy else ours.healthy_at,
        reported=ours.reported.after(service, listed, since, now),
    )
    return updated, None


def only_draining_is_left(service: Service | None, ours: Deployment) -> bool:
    """Whether the new tasks are all up and the old ones only drain.

    ECS lowers the others' desired count to zero only once as many new tasks are healthy, so that count decides,
    and not just whether ours run (running isn't healthy).
    """
    others = [deployment for deployment in service.deployments if deployment.id != ours.id] if service else []
    is_wanted = any(deployment.desired or deployment.running or deployment.pending for deployment in others)
    return bool(others) and ours.is_at_full_count and not is_wanted


def keep(tasks: StoppedTasks, reading: Reading, ours: Ours | None, definition: str, now: float) -> StoppedTasks:
    """The stopped tasks after a look: those of our deployment that it read are added, without repetition."""
    denied = tasks.denied | {reading.denied} if reading.denied else tasks.denied
    if reading.tasks is None or ours is None:
        return replace(tasks, denied=denied)
    belonging = [task for task in reading.tasks if task.belongs_to(ours.deployment, definition)]
    # A task listed as STOPPED may still be on its way there, without its exit codes: such of ours are read again.
    # But one without its volume may stay on its way for ever (developer guide, status reasons of EBS volumes).
    unfinished = {task.arn for task in belonging if task.status != "STOPPED" and not task.unattached}
    known = {task.arn for task in tasks.stopped} | unfinished
    new = [task for task in belonging if task.arn not in known]
    if ours.since is not None:
        # An older deployment that ECS returned to has tasks from before: they tell nothing of the way back.
        new = [task for task in new if task.created_at is None or task.created_at >= ours.since]
    return replace(
        tasks,
        stopped=(*tasks.stopped, *new),
        read=tasks.read | ({task.arn for task in reading.tasks} - unfinished),
        read_at=now,
        denied=denied,
    )
