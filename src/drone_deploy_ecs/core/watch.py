"""One service's update, followed from the write to the verdict: `advance(watch, observation, now) -> watch`.

A pure fold keyed on *our* deployment's id. Level-triggered: every look re-derives the verdict from what is seen. A
failed look is an observation like any other, an ambiguous write is looked for before it is repeated, and a verdict,
once given, stays. `now` is monotonic seconds and serves budgets; AWS's own timestamps serve evidence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from drone_deploy_ecs.core import history, judge
from drone_deploy_ecs.core.cause import Cause, causes
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.plan import FollowDeployment, UpdateService
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.ecs import Deployment, Service, Task
    from drone_deploy_ecs.core.plan import Target

RETRY_FIRST, RETRY_MOST = 1.0, 15.0
"""Seconds before a failed write is tried again: doubling, from first to most."""
SETTLE = 10.0
"""Seconds in which an ambiguous write that did take effect will have become visible."""
FRESH = 5.0
"""Seconds after which what a plan was made from may be out of date: somebody else may have deployed."""
ECS_TURN = 45.0
"""Seconds that ECS's own rollback gets to begin before ours does what it should have done."""
LAST_SIGHT = 15.0
"""Seconds of looking that are always granted to lost sight, even past the budget."""
PAST = Fault(FaultKind.AMBIGUOUS, "DescribeServices", "", "the answer was older than an earlier one")


class Phase(Enum):
    """What a watch does next."""

    CHECK = "check"
    """Look at the service before (again) writing to it."""
    WRITE = "write"
    FOLLOW = "follow"


@dataclass(frozen=True, slots=True)
class Accepted:
    """UpdateService answered: the service as it is now."""

    service: Service


@dataclass(frozen=True, slots=True)
class NotWritten:
    """UpdateService failed, or may have."""

    fault: Fault


@dataclass(frozen=True, slots=True)
class Seen:
    """DescribeServices answered (None: no such service), with the newly stopped tasks, if they were read.

    `read` are all task ARNs that were listed, so that none is described twice; `denied` the permissions that were
    missing to see more.
    """

    service: Service | None
    tasks: tuple[Task, ...] | None = None
    read: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NotSeen:
    """A look failed."""

    fault: Fault


Observation = Accepted | NotWritten | Seen | NotSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What counts as done, and how long it may take: seconds, as in `Request`."""

    budget: float
    max_failed_tasks: int | None = None
    stable_for: float = 0.0
    wait_for_drained: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Everything known about one service's update. `began` and the other times are monotonic seconds.

    `since` is AWS's time of our deployment's creation; `short_at` when it was last seen short of tasks; `stopped` our
    deployment's stopped tasks; `earlier` this service's rollouts before it (none for an undo: that is no rollout like
    others); `adopted` says that an undo found ECS's own rollback and follows that; `recalled` that
    nothing more is to be written, and with which verdict. Complete is not yet a verdict: that is given (`settle`) when
    all services of the run are complete, and have been for as long as asked.
    """

    target: Target
    definition: str
    force: bool = False
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
    completed_at: float | None = None
    completed_reason: str = ""
    stopped_when_complete: int = 0
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
        """When the budget ends."""
        return self.began + self.terms.budget

    @property
    def stable_at(self) -> float | None:
        """When it will have been complete for as long as asked; None while it isn't complete, and once it is judged."""
        if self.completed_at is None or self.verdict is not None:
            return None
        return self.completed_at + self.terms.stable_for


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
        watch, phase=phase, force=step.force, only_over=step.only_over, since=step.since, confirm_only=step.confirm_only
    )


def refuse(watch: Watch, reason: str, now: float) -> Watch:
    """It can't even be written: what it needs isn't there."""
    return _decide(watch, Verdict.REFUSED, reason, now)


def recall(watch: Watch, verdict: Verdict, reason: str, now: float) -> Watch:
    """Stop going forward, for that reason. Where a write may have landed, find that out first."""
    if watch.verdict is not None:
        return watch
    if watch.deployment or not _may_have_landed(watch):
        return _decide(watch, verdict, reason, now)
    return replace(watch, recalled=verdict, reason=reason)


def advance(watch: Watch, observation: Observation, now: float) -> Watch:
    """The watch after this observation. A given verdict is only ever explained further, never changed."""
    if isinstance(observation, Seen) and _is_stale(watch, observation.service):
        observation = NotSeen(PAST)
    if isinstance(observation, Seen):
        watch = _remember(watch, observation, now)
    elif isinstance(observation, NotSeen):
        watch = _lose_sight(watch, observation.fault, now)
    if watch.verdict is not None:
        return _explain(replace(watch, explained=watch.explained or now >= watch.decided_at + LAST_SIGHT))
    match observation:
        case Accepted(service):
            return _accepted(watch, service, now)
        case NotWritten(fault):
            return _not_written(watch, fault, now)
        case NotSeen():
            return _blind(watch, now)
        case Seen() if watch.phase is Phase.FOLLOW:
            return _follow(watch, now)
        case Seen():
            return _check(watch, now)


def _lose_sight(watch: Watch, fault: Fault, now: float) -> Watch:
    since = now if watch.blind_since is None else watch.blind_since
    return replace(watch, blindness=fault, blind_since=since, blind_looks=watch.blind_looks + 1, looked_at=now)


def _remember(watch: Watch, seen: Seen, now: float) -> Watch:
    stopped = watch.stopped
    if seen.tasks is not None:
        ours = (one for one in seen.tasks if judge.is_ours(one, watch.deployment, watch.definition, watch.since))
        stopped = (*stopped, *(one for one in ours if one.arn not in {known.arn for known in stopped}))
    watch = replace(
        watch,
        stopped=stopped,
        read=watch.read | seen.read,
        tasks_read_at=watch.tasks_read_at if seen.tasks is None else now,
        explained=watch.explained or (watch.verdict is not None and seen.tasks is not None),
        looked_at=now,
        blind_since=None,
        blindness=None,
        blind_looks=0,
        denied=watch.denied | seen.denied,
    )
    if seen.service is None:
        return replace(watch, service=None)
    changed = watch.service is None or seen.service.deployments != watch.service.deployments
    return replace(watch, service=seen.service, changed_at=now if changed else watch.changed_at)


def _is_stale(watch: Watch, service: Service | None) -> bool:
    """Whether this answer is older than one we had: reads are eventually consistent, but events only ever grow."""
    if service is None or watch.service is None or not watch.service.events:
        return False
    return not service.events or service.events[-1].at < watch.service.events[-1].at


def _decide(watch: Watch, verdict: Verdict, reason: str, now: float) -> Watch:
    needs_tasks = verdict in (Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT) and bool(watch.deployment)
    fresh = watch.tasks_read_at == now
    return _explain(replace(watch, verdict=verdict, reason=reason, decided_at=now, explained=fresh or not needs_tasks))


def _explain(watch: Watch) -> Watch:
    """The causes, from all evidence there is by now."""
    if watch.verdict is None or watch.verdict.is_good or not watch.deployment:
        return watch
    since = watch.since.timestamp() if watch.since else 0.0
    return replace(watch, causes=causes(watch.service, watch.stopped, since))


# --- writing ---


def _accepted(watch: Watch, service: Service, now: float) -> Watch:
    """Our deployment is the PRIMARY of UpdateService's own answer."""
    earlier = () if watch.is_undo else history.earlier(service.events)
    watch = replace(
        watch, service=service, attempts=watch.attempts + 1, last_write=None, adopted=False, earlier=earlier
    )
    primary = service.primary
    if primary is None:
        return _decide(watch, Verdict.UNKNOWN, "UpdateService answered without a PRIMARY deployment", now)
    return _now_following(watch, primary.id, primary.created_at, now)


def _now_following(watch: Watch, deployment: str, since: datetime | None, now: float) -> Watch:
    """The budget starts to count when ECS has the update."""
    watch = replace(watch, phase=Phase.FOLLOW, deployment=deployment, since=since, began=now, not_before=0.0)
    return _decide(watch, watch.recalled, watch.reason, now) if watch.recalled else watch


def _not_written(watch: Watch, fault: Fault, now: float) -> Watch:
    watch = replace(watch, last_write=fault, attempts=watch.attempts + 1)
    if fault.kind is FaultKind.AMBIGUOUS:
        watch = replace(watch, doubt=fault, doubted_at=now)
    elif fault.kind in (FaultKind.DENIED, FaultKind.REJECTED) and not watch.doubt:
        return _decide(watch, Verdict.REFUSED, f"AWS refused {fault}", now)
    wait = min(RETRY_FIRST * 2 ** (watch.attempts - 1), RETRY_MOST)
    return _out_of_time(replace(watch, phase=Phase.CHECK, not_before=now + wait), now)


def _check(watch: Watch, now: float) -> Watch:
    """Decide, from a look at the service before a write, what it means for the write."""
    service = watch.service
    primary = service.primary if service else None
    if primary is None:
        return _out_of_time(replace(watch, not_before=now + RETRY_FIRST), now)
    if watch.is_undo:
        return _check_undo(watch, now)
    if primary.id not in watch.target.known:
        if primary.task_definition == watch.definition and _may_have_landed(watch):
            watch = _now_following(watch, primary.id, primary.created_at, now)
            return watch if watch.verdict else _follow(watch, now)
        reason = f"somebody else's {primary.id} ({short(primary.task_definition)}) became PRIMARY before our update"
        return _decide(watch, Verdict.SUPERSEDED, reason, now)
    return _write_when_settled(watch, now)


def _check_undo(watch: Watch, now: float) -> Watch:
    service = watch.service
    assert service is not None
    primary = service.primary
    assert primary is not None
    if primary.id == watch.only_over:
        if judge.ecs_is_rolling_back(service, watch.only_over) and now < watch.began + ECS_TURN:
            return replace(watch, not_before=now + 2 * RETRY_FIRST)
        if watch.confirm_only:
            return _decide(watch, Verdict.TIMED_OUT, "ECS doesn't return it, and rollbacks are disabled", now)
        return _write_when_settled(watch, now)
    if _is_return(watch, service, primary):
        certain = service.deployment(watch.only_over) or judge.says_failed(service, watch.only_over)
        if certain or now - (watch.away_since or now) >= judge.GRACE:
            # The budget counts from the first time: reads that go back and forth must not prolong it.
            began = watch.began if watch.adopted else now
            following = _now_following(watch, primary.id, watch.since, now)
            return _follow(replace(following, adopted=True, began=began), now)
        away = now if watch.away_since is None else watch.away_since
        return replace(watch, away_since=away, not_before=now + 2 * RETRY_FIRST)
    reason = f"{primary.id} ({short(primary.task_definition)}) is PRIMARY now and isn't ours: left alone"
    return _decide(watch, Verdict.SUPERSEDED, reason, now)


def _is_return(watch: Watch, service: Service, primary: Deployment) -> bool:
    """Whether this deployment brings back what ran before.

    The former revision alone doesn't say so where a copy of it is needed: the same tag may be another image by now.
    """
    if primary.task_definition == watch.definition:
        return True
    returned = primary.id in watch.target.known or judge.says_rolling_back_to(service, primary.id, watch.since)
    return primary.task_definition == watch.target.before and returned


def _may_have_landed(watch: Watch) -> bool:
    """Whether an earlier try may have been accepted; a later one that failed for sure doesn't change that."""
    return watch.doubt is not None


def _write_when_settled(watch: Watch, now: float) -> Watch:
    """Nothing of ours is there. After an ambiguous write, believe that only once it would have become visible."""
    watch = _out_of_time(watch, now)
    if watch.verdict is not None:
        return watch
    if _may_have_landed(watch) and now < watch.doubted_at + SETTLE:
        return replace(watch, not_before=now + 2 * RETRY_FIRST)
    if watch.recalled:
        return _decide(watch, watch.recalled, watch.reason, now)
    return replace(watch, phase=Phase.WRITE, not_before=now)


def _out_of_time(watch: Watch, now: float) -> Watch:
    """The budget may end before the write ever got through."""
    if now < watch.deadline:
        return watch
    if _may_have_landed(watch):
        return _decide(watch, Verdict.UNKNOWN, f"the update may or may not have been accepted: {watch.doubt}", now)
    return _decide(
        watch, Verdict.REFUSED, f"the update never got through: {watch.last_write or 'AWS was not seen'}", now
    )


# --- following ---


def _blind(watch: Watch, now: float) -> Watch:
    """A look failed, or showed the past: go on until the budget ends, and a little longer if sight was just lost."""
    if now < watch.deadline or (watch.blind_since is not None and now < watch.blind_since + LAST_SIGHT):
        return watch
    if watch.phase is not Phase.FOLLOW:
        return _out_of_time(watch, now)
    return _decide(watch, Verdict.UNKNOWN, f"lost sight of AWS: {watch.blindness}", now)


def _follow(watch: Watch, now: float) -> Watch:
    """Our deployment was looked for; there may be a verdict."""
    service = watch.service
    if watch.adopted and service and service.primary and service.primary.id == watch.only_over:
        return replace(watch, phase=Phase.CHECK, not_before=now)
    ours = service.deployment(watch.deployment) if service else None
    if ours and ours.status == "PRIMARY":
        short_at = watch.short_at if ours.is_at_full_count else now
        watch = replace(watch, was_seen=True, away_since=None, since=watch.since or ours.created_at, short_at=short_at)
        if watch.healthy_at is None and ours.desired and judge.only_draining_is_left(service, ours):
            watch = replace(watch, healthy_at=now)
    elif watch.away_since is None:
        watch = replace(watch, away_since=now)
    sight = judge.Sight(
        service=service,
        deployment=watch.deployment,
        before=watch.target.before,
        known=watch.target.known,
        displaced=watch.only_over if watch.adopted else "",
        since=watch.since,
        stopped=watch.stopped,
        max_failed_tasks=watch.terms.max_failed_tasks,
        wait_for_drained=watch.terms.wait_for_drained,
        stopped_since_complete=_stopped_since_complete(watch),
        away_for=0.0 if watch.away_since is None else now - watch.away_since,
        left=watch.deadline - now,
    )
    found = judge.judge(sight)
    if found is None:
        return replace(watch, completed_at=None)
    verdict, reason = found
    if verdict is not Verdict.COMPLETED:
        return _decide(watch, verdict, reason, now)
    if watch.completed_at is not None:
        return watch
    return replace(
        watch,
        completed_at=now,
        completed_reason=reason,
        healthy_at=now if watch.healthy_at is None else watch.healthy_at,
        stopped_when_complete=len(watch.stopped),
    )


def _stopped_since_complete(watch: Watch) -> tuple[Task, ...]:
    """Tasks that stopped while it was complete and to prove stable."""
    if watch.completed_at is None or not watch.terms.stable_for:
        return ()
    return watch.stopped[watch.stopped_when_complete :]


def settle(watch: Watch, now: float) -> Watch:
    """Complete, and for long enough: that is the verdict, unless there is one already."""
    return watch if watch.verdict else _decide(watch, Verdict.COMPLETED, watch.completed_reason, now)
