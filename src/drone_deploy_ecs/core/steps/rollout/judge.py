"""What a look at a service means for our deployment: `judge(sight)` → a verdict with its reason, or None: not yet.

Guard clauses, strongest evidence first. The question is never "is the service stable" (it is, too, after a rollback)
but "what became of our deployment".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.causes.cause import brief, cause_of_task, is_evidence, terminal_cause
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.rollout.follow import only_draining_is_left
from drone_deploy_ecs.core.text import tasks
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.steps.rollout.follow import Ours
    from drone_deploy_ecs.core.steps.rollout.terms import Terms
    from drone_deploy_ecs.core.target import Target

GRACE = 30.0
"""Seconds in which "ours isn't there" may be a stale read: DescribeServices promises no consistency."""


class Sight(Struct, frozen=True, kw_only=True):
    """One look, with all that a verdict may depend on.

    `undoes` is the deployment that a way back undoes. `stopped` are our deployment's stopped tasks, and
    `stopped_since_complete` those that stopped while it was complete and had to prove stable. It hasn't been PRIMARY
    for `away_for` seconds, and `left` seconds of the budget are left. `proof` is the cause that events prove, if any.
    """

    service: Service | None
    ours: Ours
    target: Target
    undoes: str
    terms: Terms
    stopped: tuple[Task, ...]
    stopped_since_complete: tuple[Task, ...]
    away_for: float
    left: float
    proof: Cause | None = None

    @property
    def listed(self) -> Deployment | None:
        """Our deployment's entry, if listed."""
        return self.ours.listed(self.service)

    @property
    def wanted(self) -> int:
        """How many tasks the service wants: its own count, for a deployment's follows it only in time."""
        return self.service.desired if self.service else 0

    @property
    def has_enough(self) -> bool:
        """Whether as many tasks run as there must be, and go on running: ECS stops those that aren't wanted."""
        return self.listed is not None and min(self.listed.running, self.wanted) >= self.terms.at_least


def judge(sight: Sight) -> Judgement | None:
    """The verdict that this look justifies."""
    return next((judgement for rule in _RULES if (judgement := rule(sight))), None)


def service_gone(sight: Sight) -> Judgement | None:
    """The service isn't there any more, or somebody is deleting it."""
    if sight.service is None:
        return Judgement(Verdict.SUPERSEDED, "the service is gone") if sight.away_for >= GRACE else None
    if sight.service.status not in ("ACTIVE", ""):
        return Judgement(Verdict.SUPERSEDED, f"somebody is deleting the service: it is {sight.service.status}")
    return None


def superseded(sight: Sight) -> Judgement | None:
    """PRIMARY is a deployment that is neither ours nor from before ours."""
    service, ours = sight.service, sight.ours
    primary = service.primary if service else None
    if service is None or primary is None or primary.id == ours.deployment or primary.id in sight.target.known:
        return None
    # Older than ours: it was there before, though it wasn't listed when the plan was made.
    if ours.since and primary.created_at and primary.created_at < ours.since:
        return None
    # ECS's own rollback may be a deployment with a new id. Either ours has FAILED, or an event announces it.
    is_return = primary.task_definition == sight.target.before
    if is_return and (sight.terms.is_anybodys or _has_failed(sight, service)):
        return None
    if service.is_rolling_back_to(primary.id, ours.since):
        return None
    newer = f"somebody's newer {primary.id} ({short(primary.task_definition)}) is PRIMARY now"
    return Judgement(Verdict.SUPERSEDED, newer)


def _has_failed(sight: Sight, service: Service) -> bool:
    """Whether ECS gave up on ours. What a hook refuses before its first task isn't listed: then only an event tells.

    An event stays, though, and somebody may have come since. Where the former revision may be another image by now, as
    its tag was pushed again, that it runs is no sign of a return, but for what ECS has announced.
    """
    back = sight.target.back
    # A copy that an earlier run registered may be the way back already.
    may_be_another_image = bool(back.must_copy) or back.definition != sight.target.before
    if sight.listed:
        is_announced = service.is_rolling_back(sight.ours.deployment)
        return sight.listed.rollout_state == "FAILED" and (is_announced or not may_be_another_image)
    return bool(service.failure_of(sight.ours.deployment)) and not may_be_another_image


def rolled_back(sight: Sight) -> Judgement | None:
    """PRIMARY is what ECS rolled back to: it isn't ours, nor (`superseded` comes before) somebody's newer one."""
    service, deployment, listed = sight.service, sight.ours.deployment, sight.listed
    primary = service.primary if service else None
    if service is None or primary is None or primary.id == deployment:
        return None
    went_to = f"{primary.id} ({short(primary.task_definition)})"
    if listed and listed.rollout_state == "FAILED":
        why = listed.rollout_reason or "no reason given"
        return Judgement(Verdict.ROLLED_BACK, f"ECS rolled it back to {went_to}: {why}")
    if why := service.failure_of(deployment):
        return Judgement(Verdict.ROLLED_BACK, f"ECS rolled it back to {went_to}: {why}")
    if sight.terms.is_anybodys and primary.id not in sight.target.known:
        return Judgement(Verdict.ROLLED_BACK, f"somebody returns the service to {went_to}")
    # Nothing says why: it may be a read from before our update.
    if sight.away_for < GRACE:
        return None
    if listed:
        return Judgement(Verdict.ROLLED_BACK, f"{went_to} from before it is PRIMARY again")
    return Judgement(Verdict.ROLLED_BACK, f"it is no longer listed, and {went_to} from before it is PRIMARY")


def unstable(sight: Sight) -> Judgement | None:
    """It was complete, and then a container of it died: once is enough within the time it has to prove stable."""
    causes = map(cause_of_task, sight.stopped_since_complete)
    cause = next((cause for cause in causes if cause.is_the_containers), None)
    return Judgement(Verdict.FAILED, f"it was complete, but not stable: {brief(cause)}") if cause else None


def _completed(sight: Sight) -> Judgement | None:
    """ECS says COMPLETED, and the tasks run: it keeps saying so when containers die afterwards."""
    service, listed = sight.service, sight.listed
    if service is None or listed is None or listed.status != "PRIMARY":
        return None
    # An older deployment that ECS returned to was COMPLETED all along: it is done when what failed has given way.
    displaced = service.deployment(sight.undoes) if sight.ours.is_ecs_rollback else None
    if displaced and (displaced.running or displaced.pending):
        return None
    if not sight.has_enough:
        return None
    if listed.rollout_state == "COMPLETED" and listed.running >= listed.desired:
        return Judgement(Verdict.COMPLETED, "")
    # Behind a Classic Load Balancer, and in some emulators, ECS gives no rolloutState: then the counts decide.
    if not listed.rollout_state and listed.is_at_full_count and len(service.deployments) == 1:
        return Judgement(Verdict.COMPLETED, "by its counts: ECS gives no rolloutState for this service")
    return None


def _healthy(sight: Sight) -> Judgement | None:
    """All new tasks are healthy, where the request doesn't wait for old ones to drain."""
    service, listed = sight.service, sight.listed
    if sight.terms.wait_for_drained or service is None or listed is None or listed.status != "PRIMARY":
        return None
    if listed.rollout_state == "FAILED" or not sight.has_enough or not only_draining_is_left(service, listed):
        return None
    # With a desired count of 0 it is at full count before a lifecycle hook has answered: only COMPLETED tells.
    if not listed.running:
        return None
    return Judgement(Verdict.COMPLETED, "all new tasks are up; old ones are still draining")


def _given_up(sight: Sight) -> Judgement | None:
    listed = sight.listed
    if listed is None or listed.rollout_state != "FAILED":
        return None
    why = listed.rollout_reason or "rolloutState FAILED, no reason given"
    if sight.service and sight.service.is_rolling_back(listed.id):
        return Judgement(Verdict.ROLLED_BACK, f"ECS is rolling it back: {why}")
    return Judgement(Verdict.FAILED, f"ECS gave up on it: {why}")


def cannot_succeed(sight: Sight) -> Judgement | None:
    """Its stopped tasks or events prove it."""
    # A number given by the request replaces our own reading of the evidence.
    if sight.terms.max_failed_tasks is not None:
        return None
    cause = terminal_cause(sight.stopped) or sight.proof
    return Judgement(Verdict.FAILED, f"it can't succeed: {brief(cause)}") if cause else None


def too_many_failed(sight: Sight) -> Judgement | None:
    """As many of its tasks failed as the request bears."""
    most = sight.terms.max_failed_tasks
    if most is None:
        return None
    counted_by_ecs = sight.listed.failed_tasks if sight.listed else 0
    # ECS's count may lag behind the tasks that were read, or know of tasks that weren't.
    failed = max(counted_by_ecs, sum(map(is_evidence, sight.stopped)))
    if failed < most:
        return None
    return Judgement(Verdict.FAILED, f"{tasks(failed)} failed, and max_failed_tasks is {most}")


def _out_of_budget(sight: Sight) -> Judgement | None:
    if sight.left > 0:
        return None
    service, listed, at_least = sight.service, sight.listed, sight.terms.at_least
    if service is None or listed is None:
        return Judgement(Verdict.TIMED_OUT, "the budget ended, and the deployment can't be seen")
    if sight.has_enough and listed.status == "PRIMARY" and only_draining_is_left(service, listed):
        draining = "all new tasks are up; old ones are still draining at the end of the budget"
        return Judgement(Verdict.COMPLETED, draining)
    although = ", although ECS calls it COMPLETED" if listed.rollout_state == "COMPLETED" else ""
    if sight.wanted < at_least:
        although = f", as somebody set its desired count to {sight.wanted}"
    wanted = tasks(max(listed.desired, sight.wanted, at_least))
    return Judgement(Verdict.TIMED_OUT, f"the budget ended with {listed.running} of {wanted} running{although}")


_RULES: tuple[Callable[[Sight], Judgement | None], ...] = (
    service_gone,
    superseded,
    rolled_back,
    unstable,
    _completed,
    _healthy,
    _given_up,
    cannot_succeed,
    too_many_failed,
    _out_of_budget,
)
"""In the order of their evidence: the first that has something to say decides."""
