"""One service's update as a value: all that is known about it, and how it begins and ends. `fold` moves it on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.calls.ecs import DescribeTasks, ListTasks
from drone_deploy_ecs.core.cause import Cause, causes
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.step import FollowDeployment, UpdateService
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core import history
    from drone_deploy_ecs.core.ecs import Service, Task
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.step import ServiceStep
    from drone_deploy_ecs.core.target import Target

RETRIES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before a failed call is tried again; the last of them from then on."""
RETRY_FIRST = RETRIES[0]
LOOK_AGAIN = 2.0
"""Seconds to the next look for what must become visible, be it our write or what ECS does by itself."""
SETTLE = 20.0
"""Seconds in which an ambiguous write that did take effect will have become visible."""
FRESH = 5.0
"""Seconds after which what a plan was made from may be out of date: somebody else may have deployed."""
TURN = 1.0
"""The same for an update that had to wait for its turn."""
ECS_TURN = 45.0
"""Seconds that ECS's own rollback gets to begin before ours does what it should have done."""
LAST_SIGHT = 15.0
"""Seconds of looking that are always granted to lost sight, even past the budget."""
SURE = 60.0
"""Seconds after which tasks that run count as healthy without ECS saying so: it needs 40 where nothing checks them."""
TASK_PERMISSIONS = frozenset({ListTasks.permission, DescribeTasks.permission})
"""What IAM must allow for stopped tasks to be read."""
PAST = Fault(FaultKind.AMBIGUOUS, "DescribeServices", "", "the answer was older than an earlier one")


class Phase(Enum):
    """What a watch does next."""

    CHECK = "check"
    """Look at the service before (again) writing to it."""
    WRITE = "write"
    FOLLOW = "follow"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What counts as done, and how long it may take: seconds, as in `Request`.

    `at_least` tasks must run, whatever the desired count is by then; `checks` looks in a row, `check_interval` apart,
    must find it complete; `must_stay`: once complete, a container that dies fails it until all is over.
    """

    budget: float
    max_failed_tasks: int | None = None
    stable_for: float = 0.0
    wait_for_drained: bool = True
    at_least: int = 0
    checks: int = 0
    check_interval: float = 0.0
    must_stay: bool = False

    @property
    def must_prove_stable(self) -> bool:
        """Whether a container that dies after completion is a failure."""
        return self.must_stay or self.stable_for > 0


@dataclass(frozen=True, kw_only=True)
class Watch:
    """Everything known about one service's update. `began` and the other times are monotonic seconds.

    `since` is AWS's time of our deployment's creation; `short_at` when it was last seen short of tasks; `stopped` our
    deployment's stopped tasks; `earlier` this service's rollouts before it (none for an undo: that is no rollout like
    others); `adopted` says that an undo found ECS's own rollback and follows that; `recalled` that nothing more is to
    be written, and with which verdict. `last_start_at` is when ECS had last started tasks as all of them ran;
    `passed` are the checks in a row that found it so, the last of them at `passed_at`; `full_since` is when all its
    tasks ran again after some had been replaced; `guarded_to` until when it only stands by, `seen_by` when it must have
    been seen complete for the next stage to begin.

    Complete is not yet a verdict: that is given (`settle`) when all services of the run are complete, and have been for
    as long as asked.
    """

    target: Target
    definition: str
    force: bool = False
    desired: int | None = None
    only_over: str = ""
    confirm_only: bool = False
    recalled: Verdict | None = None
    adopted: bool = False
    terms: Terms
    phase: Phase = Phase.WRITE
    began: float
    attempts: int = 0
    not_before: float = 0.0
    last_write: Fault | None = None
    doubt: Fault | None = None
    doubted_at: float = 0.0
    deployment: str = ""
    since: datetime | None = None
    was_seen: bool = False
    short_at: float = 0.0
    away_since: float | None = None
    blind_since: float | None = None
    blindness: Fault | None = None
    blind_looks: int = 0
    looked_at: float = 0.0
    changed_at: float = 0.0
    tasks_read_at: float = 0.0
    service: Service | None = None
    earlier: tuple[history.Rollout, ...] = ()
    stopped: tuple[Task, ...] = ()
    read: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()
    healthy_at: float | None = None
    full_since: float | None = None
    completed_at: float | None = None
    completed_reason: str = ""
    stopped_when_complete: int | None = None
    last_start_at: datetime | None = None
    passed: int = 0
    passed_at: float = 0.0
    guarded_to: float = 0.0
    seen_by: float = 0.0
    verdict: Verdict | None = None
    reason: str = ""
    decided_at: float = 0.0
    explained: bool = False
    causes: tuple[Cause, ...] = ()

    @property
    def is_undo(self) -> bool:
        """Whether this brings a service back rather than forward."""
        return bool(self.only_over)

    @property
    def is_done(self) -> bool:
        """Nothing more to do: judged, and where that was bad, explained as well as AWS allows."""
        return self.verdict is not None and self.explained

    @property
    def revision(self) -> str:
        """What it goes to, for people: an ARN is known once the revision is registered."""
        return short(self.definition) if self.definition.startswith("arn:") else "the new revision"

    @property
    def deadline(self) -> float:
        """When the budget ends. It counts anew after a time in which it was only to stand by."""
        return max(self.began, self.guarded_to) + self.terms.budget

    @property
    def stable_at(self) -> float | None:
        """When it will have been complete for as long as asked; None while it isn't, can't be seen, or is judged."""
        if self.completed_at is None or self.blind_since is not None or self.verdict is not None:
            return None
        checked = self.passed_at if self.terms.checks else 0.0
        return max(self.completed_at + self.terms.stable_for, self.seen_by, checked)

    @property
    def next_check(self) -> float | None:
        """When it is to be found complete once more; None when no check is due."""
        if self.completed_at is None or self.passed >= self.terms.checks or self.verdict is not None:
            return None
        return self.passed_at + self.terms.check_interval


def retry_in(tries: int) -> float:
    """Seconds to the next try after so many that failed, one at the least."""
    return RETRIES[min(tries, len(RETRIES)) - 1]


def is_proven(watch: Watch, now: float) -> bool:
    """Whether its stopped tasks were read at the end of the time in which it had to prove stable, if they can be."""
    end = watch.stable_at
    if end is None or now < end or watch.passed < watch.terms.checks:
        return False
    can_be_read = not watch.denied & TASK_PERMISSIONS and now < end + LAST_SIGHT
    return not watch.terms.must_prove_stable or watch.tasks_read_at >= end or not can_be_read


def guard(watch: Watch, until: float) -> Watch:
    """It goes on being watched while other steps are taken, until then at least."""
    return replace(watch, guarded_to=until)


def require(watch: Watch, now: float) -> Watch:
    """From now on only a look later than this shows that it is still complete."""
    return replace(watch, seen_by=now)


def terms(asked: Request, step: ServiceStep) -> Terms:
    """On the way back nobody is choosy: it is judged by the evidence, and done when it is complete."""
    if isinstance(step, UpdateService) and step.only_over:
        return Terms(budget=asked.budget)
    chosen = Terms(
        budget=asked.budget,
        max_failed_tasks=asked.max_failed_tasks,
        stable_for=asked.stable_for,
        wait_for_drained=asked.wait_for_drained,
    )
    switch = asked.blue_green
    if switch is None:
        return chosen
    return replace(
        chosen,
        at_least=step.desired or 0,
        checks=switch.checks,
        check_interval=switch.check_interval,
        must_stay=True,
    )


def begin(
    step: UpdateService | FollowDeployment, definition: str, terms: Terms, now: float, *, seen_at: float | None = None
) -> Watch:
    """A watch on this step; `definition` is the ARN its revision turned out to have.

    `seen_at` is when the service was looked at to plan this (now, if not given): if that is too long ago, it is looked
    at again before it is written to.
    """
    watch = Watch(target=step.target, definition=definition, terms=terms, began=now, changed_at=now)
    if isinstance(step, FollowDeployment):
        return replace(watch, phase=Phase.FOLLOW, deployment=step.deployment)
    is_fresh = seen_at is None or now <= seen_at + FRESH
    phase = Phase.WRITE if is_fresh and not step.only_over else Phase.CHECK
    return replace(
        watch,
        phase=phase,
        force=step.force,
        desired=step.desired,
        only_over=step.only_over,
        since=step.since,
        confirm_only=step.confirm_only,
    )


def start(watch: Watch, now: float) -> Watch:
    """Its turn comes only now: its time counts from here, and what it was planned from may be out of date."""
    is_late = watch.phase is Phase.WRITE and now > watch.began + TURN
    return replace(watch, began=now, changed_at=now, phase=Phase.CHECK if is_late else watch.phase)


def refuse(watch: Watch, reason: str, now: float) -> Watch:
    """It can't even be written: what it needs isn't there."""
    return decide(watch, Verdict.REFUSED, reason, now)


def recall(watch: Watch, verdict: Verdict, reason: str, now: float) -> Watch:
    """Stop going forward, for that reason. Where a write may have landed, find that out first."""
    if watch.verdict is not None:
        return watch
    if watch.deployment or not may_have_landed(watch):
        return decide(watch, verdict, reason, now)
    return replace(watch, recalled=verdict, reason=reason)


def settle(watch: Watch, now: float) -> Watch:
    """Complete, and for long enough: that is the verdict, unless there is one already."""
    return watch if watch.verdict else decide(watch, Verdict.COMPLETED, watch.completed_reason, now)


def decide(watch: Watch, verdict: Verdict, reason: str, now: float) -> Watch:
    """The verdict. A bad one is explained by stopped tasks, where those may be read and weren't just now."""
    is_bad = verdict in (Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT)
    needs_tasks = is_bad and bool(watch.deployment) and not watch.denied & TASK_PERMISSIONS
    fresh = watch.tasks_read_at == now
    return explain(replace(watch, verdict=verdict, reason=reason, decided_at=now, explained=fresh or not needs_tasks))


def explain(watch: Watch) -> Watch:
    """The causes, from all evidence there is by now."""
    if watch.verdict is None or watch.verdict.is_good or not watch.deployment:
        return watch
    since = watch.since.timestamp() if watch.since else 0.0
    return replace(watch, causes=causes(watch.service, watch.stopped, since))


def may_have_landed(watch: Watch) -> bool:
    """Whether an earlier try may have been accepted; a later one that failed for sure doesn't change that."""
    return watch.doubt is not None
