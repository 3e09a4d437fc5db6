"""When to look again, and when to read tasks: looks are spent where they tell something.

Knowing nothing: a deployment can't complete before its tasks run and had the time to be found healthy. Until then
looking is patient, and from then on quick.

Knowing something (`history`): the service's earlier rollouts tell how long it takes from the latest milestone to the
end, and a task that died tells when its replacement will. Before that moment only what nobody foresees could be seen,
and looks are far apart; from it on they are close, the closer the surer it is. When it passes and nothing came, the
prediction was wrong, and all is as knowing nothing until the next milestone or death allows a better one.
"""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.cause import is_evidence
from drone_deploy_ecs.core.steps.attempts import RETRIES, Phase, retry_in
from drone_deploy_ecs.core.steps.rollout.history import ONE_MOMENT, next_death
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.steps.rollout.history import Span
    from drone_deploy_ecs.core.steps.rollout.record import Record

FIRST = 3.5
"""Seconds to the first look: sooner hardly any task has been started and died."""
PATIENT = 5.0
"""Seconds between looks while the end can't be near; a failure may be."""
QUICK = 3.4
"""Seconds between looks when the end may come at any of ECS's ticks."""
HOLDING = 10.0
"""Seconds between looks at a service that is complete and waits for others, or proves stable."""
UNREADABLE_FIRST = RETRIES[1]
"""Seconds to the look after one that failed; from there on as after any failed call."""
JITTER = 0.1
"""The share by which an interval is shortened at random, so that many pipelines don't look in step."""
TASKS_FIRST, TASKS_TOLD = 30.0, 180.0
"""Seconds to a task listing that nothing called for; then twice as long each time. It finds what no event told of.

The first where no event says that tasks were started: some emulators have no events. The second where events do.
"""
SHORT_EVERY = 10.0
"""The same while tasks are missing although no event says that any was started: some emulators have no events."""

FAR = 15.0
"""Seconds between looks, about, until something is expected, and to the first look with history."""
CLOSE = 0.6
"""Seconds between looks when the end is expected within one second; when within more, times the root of that.

A closer look saves half of its interval, and costs a share of the span: so the best interval grows with the root.
"""
LEAD = 0.9
"""The share of the shortest time from the next milestone to the end after which to look for that milestone again."""
NEEDS_EVIDENCE = (Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT)
"""Verdicts that stopped tasks may explain."""

_STARTED = re.compile(r"has started (\d{1,6}) tasks")


def next_look(rollout: Record, now: float, chance: float) -> float:
    """When (monotonic seconds) this rollout wants to be looked at again; `chance` is random, in 0..1."""
    if rollout.decision:  # only its stopped tasks are still to be read
        return now + UNREADABLE_FIRST
    if rollout.phase is not Phase.FOLLOW:
        return rollout.writes.not_before
    if rollout.next_check is not None and not rollout.observed.failed_reads:
        return max(rollout.next_check, now + CLOSE)
    wait = _predicted_wait(rollout, now)
    if wait is None:
        wait = _interval(rollout) * (1 - JITTER * chance)
    # A look at the very end of the budget, or of the time that proves something, is worth more than one after it.
    ends = (rollout.deadline, rollout.stable_at, *_confirmed_at(rollout))
    moments = (at for at in ends if at is not None and at > now)
    return min((now + wait, *moments))


def _predicted_wait(rollout: Record, now: float) -> float | None:
    """Seconds to the next look, by the prediction; None where there is none, or where it didn't come true."""
    if rollout.observed.failed_reads or rollout.completion.completed_at is not None:
        return None
    if not _has_appeared(rollout):
        return FAR if rollout.examples else None  # with history, nothing can come before the first milestone
    foreseen = rollout.foreseen
    if foreseen and foreseen.lead > ONE_MOMENT:
        # Without the next milestone the end can't be near; with it, the end is foreseen anew.
        step = max(foreseen.lead * LEAD, _step(foreseen.next))
        return None if now > foreseen.next.late else _in_legs(max(foreseen.end.early - now, step))
    end = foreseen.end if foreseen else _next_death(rollout)
    if end is None or now > end.late:
        return None
    return _in_legs(max(end.early - now, 0.0) + _step(end))


def _confirmed_at(rollout: Record) -> tuple[float, ...]:
    """When what an event reports may be confirmed by time alone."""
    return rollout.ours.reported.confirmed_at if rollout.ours else ()


def _has_appeared(rollout: Record) -> bool:
    return rollout.ours is not None and rollout.ours.was_seen


def _step(due: Span) -> float:
    """Seconds between looks within this span."""
    return min(CLOSE * sqrt(due.late - due.early), QUICK)


def _in_legs(ahead: float) -> float:
    """The first of equal waits, FAR or so each, that lead to a moment so far ahead."""
    return ahead / max(1, round(ahead / FAR))


def _next_death(rollout: Record) -> Span | None:
    """When the replacement of dead tasks is expected to die; None where a verdict may come before that."""
    service, since = rollout.service, rollout.since
    if service is None or since is None or rollout.terms.max_failed_tasks is not None or not _is_unfinished(rollout):
        return None
    died = tuple(filter(is_evidence, rollout.tasks.stopped))
    return next_death(died, service.events, since, rollout.began)


def _interval(rollout: Record) -> float:
    if rollout.observed.failed_reads:
        return retry_in(1 + rollout.observed.failed_reads)
    if rollout.completion.completed_at is not None:
        return HOLDING
    if rollout.service is None or not _has_appeared(rollout):
        return FIRST
    tasks_died = bool(rollout.tasks.stopped or (rollout.listed and rollout.listed.failed_tasks))
    return PATIENT if _is_unfinished(rollout) and not tasks_died else QUICK


def _is_unfinished(rollout: Record) -> bool:
    """Whether it is listed and can't be complete yet: tasks are missing, or can't be healthy yet."""
    ours, listed = rollout.ours, rollout.listed
    if ours is None or listed is None:
        return False
    healthy_at = ours.below_desired_at + rollout.step.target.warm_up
    return not listed.is_at_full_count or rollout.observed.seen_at < healthy_at


# --- reading stopped tasks ---


def wants_tasks(rollout: Record, service: Service | None, now: float, *, events_tell: bool = False) -> bool:
    """Whether this look should read the stopped tasks too: two more calls, so only when there is something to learn.

    `service` is what the look has shown so far; the rollout doesn't know of it yet. `events_tell`: of every task that
    is started there is an event, so nothing is read that neither events nor counts call for.
    """
    if rollout.ours is None or not rollout.tasks.may_be_read:
        return False
    if rollout.verdict is not None:
        return rollout.verdict in NEEDS_EVIDENCE
    listed = service.deployment(rollout.ours.deployment) if service else None
    if service is None or listed is None:
        return False
    if rollout.terms.must_prove_stable and _begins_or_ends_to_prove_stable(rollout, listed, now):
        return True
    # That nothing got on proves what an event reports only where no task of ours is known to have stopped by then.
    if any(rollout.tasks.read_at < at <= now for at in _confirmed_at(rollout)):
        return True
    started = _started_since(service, rollout)
    if _has_unread_deaths(rollout, listed, started):
        return True
    return not events_tell and _is_due_anyway(rollout, listed, started, now)


def _begins_or_ends_to_prove_stable(rollout: Record, listed: Deployment, now: float) -> bool:
    """Whether stopped tasks are to be read because the time to prove stable begins or ends.

    So no death within that time is missed, and none from before it counts.
    """
    if rollout.completion.completed_at is None or rollout.stable_at is None:
        return listed.rollout_state == "COMPLETED"
    return rollout.tasks.read_at < rollout.stable_at <= now


def _started_since(service: Service, rollout: Record) -> int:
    """How many tasks ECS's events say it started since our deployment began; some died if fewer are alive."""
    since = rollout.since
    if since is None:
        return 0
    messages = (event.message for event in service.events if event.at >= since)
    return sum(int(match[1]) for message in messages if (match := _STARTED.search(message)))


def _has_unread_deaths(rollout: Record, listed: Deployment, started: int) -> bool:
    """Whether tasks died that weren't read yet: by ECS's count, or as fewer are alive than before, or than started."""
    stopped = rollout.tasks.stopped
    alive = listed.running + listed.pending
    if listed.failed_tasks > sum(map(is_evidence, stopped)) or listed.rollout_state == "FAILED":
        return True
    before = rollout.listed
    if before and before.running + before.pending > alive:
        return True
    return started > alive + len(stopped)


def _is_due_anyway(rollout: Record, listed: Deployment, started: int, now: float) -> bool:
    """Whether tasks are to be read although nothing called for it: deaths may go untold."""
    if rollout.completion.completed_at is not None and not rollout.terms.must_prove_stable:
        return False  # it only waits for others: a death now shows in its counts
    last_read = max(rollout.tasks.read_at, rollout.began)
    since_read = now - last_read
    if not started and listed.running + listed.pending < listed.desired and since_read >= SHORT_EVERY:
        return True
    return since_read >= max(TASKS_TOLD if started else TASKS_FIRST, last_read - rollout.began)
