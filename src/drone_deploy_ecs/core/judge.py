"""What a look at a service means for our deployment: `judge(sight)` → a verdict with its reason, or None: not yet.

Guard clauses, strongest evidence first. The question is never "is the service stable" (it is, too, after a rollback)
but "what became of our deployment".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.cause import brief, cause_of_task, doom, is_evidence
from drone_deploy_ecs.core.ecs import without_service
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.text import tasks
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from drone_deploy_ecs.core.ecs import Deployment, Service, Task

GRACE = 30.0
"""Seconds in which "ours isn't there" may be a stale read: DescribeServices promises no consistency."""

Judgement = tuple[Verdict, str]


@dataclass(frozen=True, kw_only=True)
class Sight:
    """One look, with all that a verdict may depend on.

    `before` and `known`: the revision a rollback goes to, and the deployments from before ours. `displaced`: the failed
    deployment that ours, an older one that ECS returned to, has to push out first. `stopped_since_complete`: tasks that
    stopped while ours was complete and had to prove stable. `at_least`: tasks that must run.
    `away_for`: seconds since ours was last PRIMARY. `left`: seconds of the budget.
    """

    service: Service | None
    deployment: str
    before: str
    known: frozenset[str]
    displaced: str
    since: datetime | None
    stopped: tuple[Task, ...]
    max_failed_tasks: int | None
    wait_for_drained: bool
    at_least: int
    stopped_since_complete: tuple[Task, ...]
    away_for: float
    left: float

    @property
    def has_enough(self) -> bool:
        """Whether as many tasks run as there must be, and go on running: ECS stops those that aren't wanted."""
        return self.ours is not None and min(self.ours.running, self.wanted) >= self.at_least

    @property
    def wanted(self) -> int:
        """How many tasks the service wants: its own count, for a deployment's follows it only in time."""
        return self.service.desired if self.service else 0

    @property
    def ours(self) -> Deployment | None:
        """Our deployment's entry, if listed."""
        return self.service.deployment(self.deployment) if self.service else None


def judge(sight: Sight) -> Judgement | None:
    """The verdict that this look justifies."""
    rules: tuple[Callable[[Sight], Judgement | None], ...] = (
        _service_gone, _superseded, _rolled_back, _unstable, _completed, _healthy, _given_up, _doomed, _too_many_failed, _out_of_budget,
    )  # fmt: skip
    return next((found for rule in rules if (found := rule(sight))), None)


def _service_gone(sight: Sight) -> Judgement | None:
    if sight.service is None:
        return (Verdict.SUPERSEDED, "the service is gone") if sight.away_for >= GRACE else None
    if sight.service.status not in ("ACTIVE", ""):
        return Verdict.SUPERSEDED, f"somebody is deleting the service: it is {sight.service.status}"
    return None


def _superseded(sight: Sight) -> Judgement | None:
    """A deployment that is neither ours nor one from before ours is PRIMARY."""
    primary = sight.service.primary if sight.service else None
    if primary is None or primary.id == sight.deployment or primary.id in sight.known:
        return None
    if sight.since and primary.created_at and primary.created_at < sight.since:
        return None
    ours = sight.ours
    if ours and ours.rollout_state == "FAILED" and primary.task_definition == sight.before:
        return None
    if sight.service and says_rolling_back_to(sight.service, primary.id, sight.since):
        return None
    return Verdict.SUPERSEDED, f"somebody's newer {primary.id} ({short(primary.task_definition)}) is PRIMARY now"


def _rolled_back(sight: Sight) -> Judgement | None:
    service, ours = sight.service, sight.ours
    primary = service.primary if service else None
    if service is None or primary is None or primary.id == sight.deployment:
        return None
    went_to = f"{primary.id} ({short(primary.task_definition)})"
    if ours and ours.rollout_state == "FAILED":
        return Verdict.ROLLED_BACK, f"ECS rolled it back to {went_to}: {ours.rollout_reason or 'no reason given'}"
    if says_failed(service, sight.deployment):
        return Verdict.ROLLED_BACK, f"ECS rolled it back to {went_to}: {_failure_event(service, sight.deployment)}"
    if ours and sight.away_for >= GRACE:
        return Verdict.ROLLED_BACK, f"{went_to} from before it is PRIMARY again"
    if not ours and sight.away_for >= GRACE:
        return Verdict.ROLLED_BACK, f"it is no longer listed, and {went_to} from before it is PRIMARY"
    return None


def _completed(sight: Sight) -> Judgement | None:
    """ECS keeps saying COMPLETED when containers die afterwards, so the tasks must be there too."""
    service, ours = sight.service, sight.ours
    if service is None or ours is None or ours.status != "PRIMARY":
        return None
    displaced = service.deployment(sight.displaced)
    if displaced and (displaced.running or displaced.pending):
        return None
    if not sight.has_enough:
        return None
    if ours.rollout_state == "COMPLETED" and ours.running >= ours.desired:
        return Verdict.COMPLETED, ""
    if not ours.rollout_state and ours.is_at_full_count and len(service.deployments) == 1:
        return Verdict.COMPLETED, "by its counts: ECS gives no rolloutState for this service"
    return None


def _healthy(sight: Sight) -> Judgement | None:
    """All new tasks are healthy, and that is all that was to be waited for."""
    service, ours = sight.service, sight.ours
    if sight.wait_for_drained or service is None or ours is None or ours.status != "PRIMARY":
        return None
    if ours.rollout_state == "FAILED" or not sight.has_enough or not only_draining_is_left(service, ours):
        return None
    return Verdict.COMPLETED, "all new tasks are up; old ones are still draining"


def _unstable(sight: Sight) -> Judgement | None:
    """It was complete, and then a container of it died: once is enough within the time it has to prove stable."""
    cause = next((found for found in map(cause_of_task, sight.stopped_since_complete) if found.is_the_containers), None)
    return (Verdict.FAILED, f"it was complete, but not stable: {brief(cause)}") if cause else None


def _given_up(sight: Sight) -> Judgement | None:
    ours = sight.ours
    if ours is None or ours.rollout_state != "FAILED":
        return None
    why = ours.rollout_reason or "rolloutState FAILED, no reason given"
    if sight.service and ecs_is_rolling_back(sight.service, ours.id):
        return Verdict.ROLLED_BACK, f"ECS is rolling it back: {why}"
    return Verdict.FAILED, f"ECS gave up on it: {why}"


def _doomed(sight: Sight) -> Judgement | None:
    if sight.max_failed_tasks is not None:
        return None
    cause = doom(sight.stopped)
    if cause is None:
        return None
    return Verdict.FAILED, f"it can't succeed: {brief(cause)}"


def _too_many_failed(sight: Sight) -> Judgement | None:
    if sight.max_failed_tasks is None:
        return None
    counted = max(sight.ours.failed_tasks if sight.ours else 0, sum(map(is_evidence, sight.stopped)))
    if counted < sight.max_failed_tasks:
        return None
    return Verdict.FAILED, f"{tasks(counted)} failed, and max_failed_tasks is {sight.max_failed_tasks}"


def _out_of_budget(sight: Sight) -> Judgement | None:
    if sight.left > 0:
        return None
    service, ours = sight.service, sight.ours
    if service is None or ours is None:
        return Verdict.TIMED_OUT, "the budget ended, and the deployment can't be seen"
    if sight.has_enough and ours.status == "PRIMARY" and only_draining_is_left(service, ours):
        return Verdict.COMPLETED, "all new tasks are up; old ones are still draining at the end of the budget"
    although = ", although ECS calls it COMPLETED" if ours.rollout_state == "COMPLETED" else ""
    if sight.wanted < sight.at_least:
        although = f", as somebody set its desired count to {sight.wanted}"
    wanted = tasks(max(ours.desired, sight.wanted, sight.at_least))
    return Verdict.TIMED_OUT, f"the budget ended with {ours.running} of {wanted} running{although}"


def only_draining_is_left(service: Service | None, ours: Deployment) -> bool:
    """Whether the new tasks are all up and the old ones only drain.

    ECS lowers the others' desired count to zero only once as many new tasks are healthy, so that is asked, and not
    just whether ours run (running isn't healthy).
    """
    others = [one for one in service.deployments if one.id != ours.id] if service else []
    return (
        bool(others) and ours.is_at_full_count and not any(one.desired or one.running or one.pending for one in others)
    )


def ecs_is_rolling_back(service: Service, deployment: str) -> bool:
    """Whether ECS has given up on this deployment and is about to return the service by itself."""
    ours = service.deployment(deployment)
    if ours is None or ours.rollout_state != "FAILED":
        return False
    return service.breaker_rolls_back or "rolling back" in ours.rollout_reason


def says_rolling_back_to(service: Service, deployment: str, since: datetime | None) -> bool:
    """Whether an event since then says that ECS rolls back to that deployment."""
    return any(
        one.message.rstrip(".").endswith(f"rolling back to deployment {deployment}")
        for one in service.events
        if since is None or one.at >= since
    )


def says_failed(service: Service, deployment: str) -> bool:
    """Whether an event names this deployment as failed."""
    return bool(_failure_event(service, deployment))


def _failure_event(service: Service, deployment: str) -> str:
    told = f"(deployment {deployment}) deployment failed"
    return next((without_service(one.message) for one in service.events if told in one.message), "")


def is_ours(task: Task, deployment: str, definition: str, since: datetime | None) -> bool:
    """Whether our deployment started this task (an adopted older deployment's tasks count only from `since` on)."""
    if not deployment or not task.belongs_to(deployment, definition):
        return False
    return since is None or task.created_at is None or task.created_at >= since
