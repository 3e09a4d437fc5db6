"""Completion: since when our deployment is complete, whether it stayed so, and what it has proved by that.

Complete is not yet a verdict: that is given when all executions of the run are complete, for as long as asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.observation import SURE
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.steps.rollout.follow import Ours
    from drone_deploy_ecs.core.steps.rollout.judge import Sight
    from drone_deploy_ecs.core.steps.rollout.terms import Terms


class Completion(Struct, frozen=True, kw_only=True):
    """Complete since `completed_at`, for a `reason` that is worth telling or ""; None while it isn't complete.

    All its tasks run again since `at_desired_since`, after some had been replaced. `stopped_when_complete` is how many
    of its tasks were known to have stopped when it was first complete, and `last_start_at` when ECS had last started
    tasks as all of them ran, by AWS's clock. So many checks in a row have `passed`, the last of them at `passed_at`.
    """

    completed_at: float | None = None
    reason: str = ""
    at_desired_since: float | None = None
    stopped_when_complete: int | None = None
    last_start_at: datetime | None = None
    passed: int = 0
    passed_at: float = 0.0

    def lost(self) -> Completion:
        """The completion after a look that showed the deployment incomplete."""
        return replace(self, completed_at=None, at_desired_since=None, passed=0)

    def next_check(self, terms: Terms) -> float | None:
        """When it is to be found complete once more; None when no check is due."""
        if self.completed_at is None or self.passed >= terms.checks:
            return None
        return self.passed_at + terms.check_interval

    def stable_at(self, terms: Terms, confirm_after: float) -> float | None:
        """When it will have been complete for as long as asked, after all checks and `confirm_after`; else None."""
        if self.completed_at is None:
            return None
        checked = self.passed_at + (terms.checks - self.passed) * terms.check_interval
        return max(self.completed_at + terms.stable_for, confirm_after, checked)


def stopped_since(
    completion: Completion, terms: Terms, stopped: tuple[Task, ...], service: Service | None, ours: Ours
) -> tuple[Task, ...]:
    """Tasks that stopped since the first completion, be it seen or not; () where it needn't prove stable."""
    if not terms.must_prove_stable:
        return ()
    if completion.stopped_when_complete is not None:
        return stopped[completion.stopped_when_complete :]
    completed_at = service.completed_at(ours.deployment) if service else None
    return tuple(task for task in stopped if completed_at and task.stopped_at and task.stopped_at > completed_at)


def advance(completion: Completion, sight: Sight, reason: str, now: float) -> Completion | Judgement:
    """The completion after a look that showed it complete, for `reason`; the same value where nothing changed."""
    if completion.completed_at is None:
        return _complete(completion, sight, reason, now)
    # Counts alone would hide a task that died and was replaced between two looks; the events tell of its start.
    if sight.terms.must_prove_stable and _replaced_unseen(completion, sight.service):
        return _unsure(completion, sight, now)
    next_check = completion.next_check(sight.terms)
    if next_check is not None and now >= next_check:
        return replace(completion, passed=completion.passed + 1, passed_at=now)
    return completion


def _complete(completion: Completion, sight: Sight, reason: str, now: float) -> Completion | Judgement:
    """ECS calls it complete. Where it must stay so, tasks that replaced others get the time to be healthy first."""
    # Some of its tasks are younger than its completion: ECS goes on calling it COMPLETED, healthy or not.
    has_replacements = completion.stopped_when_complete is not None or bool(sight.stopped_since_complete)
    if sight.terms.must_stay and has_replacements:
        since = completion.at_desired_since
        if since is None or _replaced_unseen(completion, sight.service):
            since = now
        if now < since + SURE:
            return _unsure(completion, sight, since)
    # Kept from the first time: tasks that died between two completions still count against the deployment.
    first = len(sight.stopped) if completion.stopped_when_complete is None else completion.stopped_when_complete
    return replace(
        completion,
        completed_at=now,
        passed_at=now,
        reason=reason,
        stopped_when_complete=first,
        last_start_at=_last_start_at(sight.service),
    )


def _unsure(completion: Completion, sight: Sight, since: float) -> Completion | Judgement:
    """All its tasks run, but some only since then: they may not be healthy, whatever ECS calls the deployment."""
    if sight.left <= 0:
        reason = "the budget ended, and some of its tasks had only just replaced others"
        return Judgement(Verdict.TIMED_OUT, reason)
    last_start_at = _last_start_at(sight.service)
    return replace(completion, completed_at=None, at_desired_since=since, passed=0, last_start_at=last_start_at)


def _replaced_unseen(completion: Completion, service: Service | None) -> bool:
    """Whether ECS started tasks since all were last seen to run, although no look found one missing.

    What can't be seen for a while, or is looked at rarely, may be short of a task and full again.
    """
    last = _last_start_at(service)
    return last is not None and (completion.last_start_at is None or last > completion.last_start_at)


def _last_start_at(service: Service | None) -> datetime | None:
    return service.last_start_at if service else None
