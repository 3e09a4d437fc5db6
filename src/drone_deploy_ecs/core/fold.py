"""One service's update, followed from the write to the verdict: `advance(watch, observation, now) -> watch`.

A pure fold keyed on *our* deployment's id. Level-triggered: every look re-derives the verdict from what is seen. A
failed look is an observation like any other, an ambiguous write is looked for before it is repeated, and a verdict,
once given, stays. `now` is monotonic seconds and serves budgets; AWS's own timestamps serve evidence.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from drone_deploy_ecs.core import history, judge
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.observation import Accepted, NotSeen, NotWritten, Observation, Seen
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import (
    ECS_TURN,
    LAST_SIGHT,
    LOOK_AGAIN,
    PAST,
    RETRY_FIRST,
    SETTLE,
    SURE,
    Phase,
    Watch,
    decide,
    explain,
    may_have_landed,
    retry_in,
)

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.ecs import Deployment, Service, Task


def advance(watch: Watch, observation: Observation, now: float) -> Watch:
    """The watch after this observation. A given verdict is only ever explained further, never changed."""
    if isinstance(observation, Seen) and observation.service and observation.service.is_older_than(watch.service):
        observation = NotSeen(PAST)
    if isinstance(observation, Seen):
        watch = _remember(watch, observation, now)
    elif isinstance(observation, NotSeen):
        watch = _lose_sight(watch, observation.fault, now)
    if watch.verdict is not None:
        return explain(replace(watch, explained=watch.explained or now >= watch.decided_at + LAST_SIGHT))
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
        case never:
            assert_never(never)


def _lose_sight(watch: Watch, fault: Fault, now: float) -> Watch:
    since = now if watch.blind_since is None else watch.blind_since
    return replace(watch, blindness=fault, blind_since=since, blind_looks=watch.blind_looks + 1, looked_at=now)


def _remember(watch: Watch, seen: Seen, now: float) -> Watch:
    stopped = watch.stopped
    if seen.tasks is not None:
        ours = (one for one in seen.tasks if judge.is_ours(one, watch.deployment, watch.definition, watch.since))
        known = {one.arn for one in stopped}
        stopped = (*stopped, *(one for one in ours if one.arn not in known))
    service = seen.service
    is_change = service and (watch.service is None or service.deployments != watch.service.deployments)
    return replace(
        watch,
        service=service,
        changed_at=now if is_change else watch.changed_at,
        stopped=stopped,
        read=watch.read | seen.read,
        tasks_read_at=watch.tasks_read_at if seen.tasks is None else now,
        explained=watch.explained or (watch.verdict is not None and seen.tasks is not None),
        looked_at=min(seen.at, now),
        blind_since=None,
        blindness=None,
        blind_looks=0,
        denied=watch.denied | seen.denied,
    )


# --- writing ---


def _accepted(watch: Watch, service: Service, now: float) -> Watch:
    """Our deployment is the PRIMARY of UpdateService's own answer."""
    earlier = () if watch.is_undo or watch.desired is not None else history.earlier(service.events)
    watch = replace(
        watch, service=service, attempts=watch.attempts + 1, last_write=None, adopted=False, earlier=earlier
    )
    primary = service.primary
    if primary is None:
        return decide(watch, Verdict.UNKNOWN, "UpdateService answered without a PRIMARY deployment", now)
    return _now_following(watch, primary.id, primary.created_at, now)


def _now_following(watch: Watch, deployment: str, since: datetime | None, now: float) -> Watch:
    """The budget starts to count when ECS has the update."""
    watch = replace(watch, phase=Phase.FOLLOW, deployment=deployment, since=since, began=now)
    return decide(watch, watch.recalled, watch.reason, now) if watch.recalled else watch


def _not_written(watch: Watch, fault: Fault, now: float) -> Watch:
    watch = replace(watch, last_write=fault, attempts=watch.attempts + 1)
    if fault.kind is FaultKind.AMBIGUOUS:
        watch = replace(watch, doubt=fault, doubted_at=now)
    elif fault.kind in (FaultKind.DENIED, FaultKind.REJECTED) and not watch.doubt:
        return decide(watch, Verdict.REFUSED, f"AWS refused {fault}", now)
    return _out_of_time(replace(watch, phase=Phase.CHECK, not_before=now + retry_in(watch.attempts)), now)


def _check(watch: Watch, now: float) -> Watch:
    """Decide, from a look at the service before a write, what it means for the write."""
    service = watch.service
    primary = service.primary if service else None
    if primary is None:
        return _out_of_time(replace(watch, not_before=now + RETRY_FIRST), now)
    if watch.is_undo:
        return _check_undo(watch, now)
    if primary.id not in watch.target.known:
        if primary.task_definition == watch.definition and may_have_landed(watch):
            watch = _now_following(watch, primary.id, primary.created_at, now)
            return watch if watch.verdict else _follow(watch, now)
        reason = f"somebody else's {primary.id} ({short(primary.task_definition)}) became PRIMARY before our update"
        return decide(watch, Verdict.SUPERSEDED, reason, now)
    return _write_when_settled(watch, now)


def _check_undo(watch: Watch, now: float) -> Watch:
    service = watch.service
    assert service is not None
    primary = service.primary
    assert primary is not None
    if primary.id == watch.only_over:
        if judge.ecs_is_rolling_back(service, watch.only_over) and now < watch.began + ECS_TURN:
            return replace(watch, not_before=now + LOOK_AGAIN)
        if watch.confirm_only:
            return decide(watch, Verdict.TIMED_OUT, "ECS doesn't return it, and rollbacks are disabled", now)
        return _write_when_settled(watch, now)
    if _is_return(watch, service, primary):
        certain = service.deployment(watch.only_over) or judge.says_failed(service, watch.only_over)
        if certain or now - (watch.away_since or now) >= judge.GRACE:
            # The budget counts from the first time: reads that go back and forth must not prolong it.
            began = watch.began if watch.adopted else now
            following = _now_following(watch, primary.id, watch.since, now)
            return _follow(replace(following, adopted=True, began=began), now)
        away = now if watch.away_since is None else watch.away_since
        return replace(watch, away_since=away, not_before=now + LOOK_AGAIN)
    reason = f"{primary.id} ({short(primary.task_definition)}) is PRIMARY now and isn't ours: left alone"
    return decide(watch, Verdict.SUPERSEDED, reason, now)


def _is_return(watch: Watch, service: Service, primary: Deployment) -> bool:
    """Whether this deployment brings back what ran before.

    The former revision alone doesn't say so where a copy of it is needed: the same tag may be another image by now.
    """
    if primary.task_definition == watch.definition:
        return True
    returned = primary.id in watch.target.known or judge.says_rolling_back_to(service, primary.id, watch.since)
    return primary.task_definition == watch.target.before and returned


def _write_when_settled(watch: Watch, now: float) -> Watch:
    """Nothing of ours is there. After an ambiguous write, believe that only once it would have become visible."""
    watch = _out_of_time(watch, now)
    if watch.verdict is not None:
        return watch
    if may_have_landed(watch) and now < watch.doubted_at + SETTLE:
        return replace(watch, not_before=now + LOOK_AGAIN)
    if watch.recalled:
        return decide(watch, watch.recalled, watch.reason, now)
    return replace(watch, phase=Phase.WRITE, not_before=now)


def _out_of_time(watch: Watch, now: float) -> Watch:
    """The budget may end before the write ever got through."""
    if now < watch.deadline:
        return watch
    if may_have_landed(watch):
        return decide(watch, Verdict.UNKNOWN, f"the update may or may not have been accepted: {watch.doubt}", now)
    return decide(
        watch, Verdict.REFUSED, f"the update never got through: {watch.last_write or 'AWS was not seen'}", now
    )


# --- following ---


def _blind(watch: Watch, now: float) -> Watch:
    """A look failed, or showed the past: go on until the budget ends, and a little longer if sight was just lost."""
    if now < watch.deadline or (watch.blind_since is not None and now < watch.blind_since + LAST_SIGHT):
        return watch
    if watch.phase is not Phase.FOLLOW:
        return _out_of_time(watch, now)
    return decide(watch, Verdict.UNKNOWN, f"lost sight of AWS: {watch.blindness}", now)


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
    found = judge.judge(_sight(watch, now))
    if found is None:
        return replace(watch, completed_at=None, full_since=None, passed=0)
    verdict, reason = found
    if verdict is not Verdict.COMPLETED:
        return decide(watch, verdict, reason, now)
    return _still_complete(watch, now) if watch.completed_at is not None else _complete(watch, reason, now)


def _sight(watch: Watch, now: float) -> judge.Sight:
    return judge.Sight(
        service=watch.service,
        deployment=watch.deployment,
        before=watch.target.before,
        known=watch.target.known,
        displaced=watch.only_over if watch.adopted else "",
        since=watch.since,
        stopped=watch.stopped,
        max_failed_tasks=watch.terms.max_failed_tasks,
        wait_for_drained=watch.terms.wait_for_drained,
        at_least=watch.terms.at_least,
        stopped_since_complete=_stopped_since_complete(watch),
        away_for=0.0 if watch.away_since is None else now - watch.away_since,
        left=watch.deadline - now,
    )


def _complete(watch: Watch, reason: str, now: float) -> Watch:
    """ECS calls it complete. Where it must stay so, tasks that replaced others get the time to be healthy first."""
    if watch.terms.must_stay and _replaces_some(watch):
        full_since = now if watch.full_since is None or _replaced_unseen(watch) else watch.full_since
        if now < full_since + SURE:
            return _unsure(watch, full_since, now)
    stopped = len(watch.stopped) if watch.stopped_when_complete is None else watch.stopped_when_complete
    return replace(
        watch,
        completed_at=now,
        passed_at=now,
        completed_reason=reason,
        healthy_at=now if watch.healthy_at is None else watch.healthy_at,
        stopped_when_complete=stopped,
        last_start_at=_last_start_at(watch),
    )


def _still_complete(watch: Watch, now: float) -> Watch:
    if watch.terms.must_prove_stable and _replaced_unseen(watch):
        return _unsure(watch, now, now)
    if watch.next_check is not None and now >= watch.next_check:
        return replace(watch, passed=watch.passed + 1, passed_at=now)
    # It may only be waiting for its checks or for others: how long those take is not charged to it.
    is_waiting = watch.stable_at is not None and watch.stable_at <= now
    return replace(watch, guarded_to=max(watch.guarded_to, now)) if is_waiting else watch


def _unsure(watch: Watch, full_since: float, now: float) -> Watch:
    """All its tasks run, but some only since then."""
    if now >= watch.deadline:
        reason = "the budget ended, and some of its tasks had only just replaced others"
        return decide(watch, Verdict.TIMED_OUT, reason, now)
    return replace(watch, completed_at=None, full_since=full_since, passed=0, last_start_at=_last_start_at(watch))


def _replaced_unseen(watch: Watch) -> bool:
    """Whether ECS started tasks since all were last seen to run, although no look found one missing.

    What can't be seen for a while, or is looked at rarely, may be short of a task and full again.
    """
    last = _last_start_at(watch)
    return last is not None and (watch.last_start_at is None or last > watch.last_start_at)


def _last_start_at(watch: Watch) -> datetime | None:
    return watch.service.last_start_at if watch.service else None


def _stopped_since_complete(watch: Watch) -> tuple[Task, ...]:
    """Tasks that stopped since it was first complete, be it before it was seen to be, where it has to prove stable."""
    if not watch.terms.must_prove_stable:
        return ()
    if watch.stopped_when_complete is not None:
        return watch.stopped[watch.stopped_when_complete :]
    told = watch.service.completed_at(watch.deployment) if watch.service else None
    return tuple(one for one in watch.stopped if told and one.stopped_at and one.stopped_at > told)


def _replaces_some(watch: Watch) -> bool:
    """Whether some of its tasks are younger than its completion: ECS calls it COMPLETED, healthy or not."""
    return watch.stopped_when_complete is not None or bool(_stopped_since_complete(watch))
