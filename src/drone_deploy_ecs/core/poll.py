"""When to look again, and when to read tasks: looks are spent where they tell something.

Knowing nothing: a deployment can't complete before its tasks run and had the time to be found healthy. Until then
looking is patient, and from then on quick.

Knowing something (`core/history.py`): the service's earlier rollouts tell how long it takes from the latest milestone
to the end, and a task that died tells when its replacement will. Before that moment only what nobody foresees could be
seen, and looks are far apart; from it on they are close, the closer the surer it is. When it passes and nothing came,
the prediction was wrong, and all is as knowing nothing until the next milestone or death allows a better one.
"""

from __future__ import annotations

import re
from math import sqrt
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.cause import is_evidence
from drone_deploy_ecs.core.history import TOGETHER, foresee, next_death
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import RETRIES, TASK_PERMISSIONS, Phase, retry_in

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs import Deployment, Service
    from drone_deploy_ecs.core.history import Span
    from drone_deploy_ecs.core.watch import Watch

FIRST = 8.0
"""Seconds to the first look: ECS's scheduler, whose turn comes every ten, has hardly started tasks sooner."""
PATIENT = 4.5
"""Seconds between looks while the end can't be near; a failure may be."""
QUICK = 3.4
"""Seconds between looks when the end may come at any of ECS's ticks."""
HOLDING = 10.0
"""Seconds between looks at a service that is complete and waits for others, or proves stable."""
BLIND_FIRST = RETRIES[1]
"""Seconds to the look after one that failed; from there on as after any failed call."""
JITTER = 0.1
"""The share by which an interval is shortened at random, so that many pipelines don't look in step."""
TASKS_FIRST, TASKS_TOLD = 30.0, 180.0
"""Seconds to a task listing that nothing called for; then twice as long each time. It catches what wasn't told.

The first where no event told that tasks were started: some emulators have none. The second where events do tell.
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

_STARTED = re.compile(r"has started (\d{1,6}) tasks")


def next_look(watch: Watch, now: float, chance: float) -> float:
    """When (monotonic seconds) this watch wants to be looked at again; `chance` is random, in 0..1."""
    if watch.verdict is not None:
        return now + BLIND_FIRST
    if watch.phase is not Phase.FOLLOW:
        return watch.not_before
    if watch.next_check is not None and not watch.blind_looks:
        return max(watch.next_check, now + CLOSE)
    foretold = _foretold(watch, now)
    wait = _interval(watch) * (1 - JITTER * chance) if foretold is None else foretold
    moments = (at for at in (watch.deadline, watch.stable_at) if at is not None and at > now)
    return min((now + wait, *moments))


def _foretold(watch: Watch, now: float) -> float | None:
    """Seconds to the next look by what is expected; None where nothing is, or it didn't come."""
    if watch.blind_looks or watch.completed_at is not None:
        return None
    if not watch.was_seen:
        return FAR if watch.earlier else None
    foreseen = foresee(watch)
    if foreseen and foreseen.lead > TOGETHER:
        # Without the next milestone the end can't be near; with it, the end is foreseen anew.
        step = max(foreseen.lead * LEAD, _step(foreseen.next))
        return None if now > foreseen.next.late else _in_legs(max(foreseen.end.early - now, step))
    end = foreseen.end if foreseen else _next_death(watch)
    if end is None or now > end.late:
        return None
    return _in_legs(max(end.early - now, 0.0) + _step(end))


def _step(due: Span) -> float:
    """Seconds between looks within this span."""
    return min(CLOSE * sqrt(due.late - due.early), QUICK)


def _in_legs(ahead: float) -> float:
    """The first of equal waits, FAR or so each, that lead to a moment so far ahead."""
    return ahead / max(1, round(ahead / FAR))


def _next_death(watch: Watch) -> Span | None:
    """When a replacement of dead tasks is expected to die; None where something else may come before that."""
    ours = watch.service.deployment(watch.deployment) if watch.service else None
    if ours is None or not _is_unfinished(watch, ours) or watch.terms.max_failed_tasks is not None:
        return None
    return next_death(watch, tuple(filter(is_evidence, watch.stopped)))


def _interval(watch: Watch) -> float:
    if watch.blind_looks:
        return retry_in(1 + watch.blind_looks)
    if watch.completed_at is not None:
        return HOLDING
    if watch.service is None or not watch.was_seen:
        return FIRST
    return PATIENT if _end_is_far(watch, watch.service) else QUICK


def _end_is_far(watch: Watch, service: Service) -> bool:
    ours = service.deployment(watch.deployment)
    if ours is None or watch.stopped or ours.failed_tasks:
        return False
    return _is_unfinished(watch, ours)


def _is_unfinished(watch: Watch, ours: Deployment) -> bool:
    """Whether it can't be complete yet: tasks are missing, or can't be healthy yet."""
    return not ours.is_at_full_count or watch.looked_at < watch.short_at + watch.target.warm_up


def wants_tasks(watch: Watch, service: Service | None, now: float) -> bool:
    """Whether this look should read the stopped tasks too: two more calls, so only when there is something to learn."""
    if not watch.deployment or watch.denied & TASK_PERMISSIONS:
        return False
    if watch.verdict is not None:
        return watch.verdict in (Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT)
    ours = service.deployment(watch.deployment) if service else None
    if service is None or ours is None:
        return False
    if watch.terms.must_prove_stable and _begins_or_ends_to_prove_stable(watch, ours, now):
        return True
    died = sum(map(is_evidence, watch.stopped))
    if ours.failed_tasks > died or ours.rollout_state == "FAILED":
        return True
    seen = watch.service.deployment(watch.deployment) if watch.service else None
    if seen and seen.running + seen.pending > ours.running + ours.pending:
        return True
    started = _started_since(service, watch)
    if started > ours.running + ours.pending + len(watch.stopped):
        return True
    if watch.completed_at is not None and not watch.terms.must_prove_stable:
        return False  # it waits for others; what dies now is told by its counts
    last_read = max(watch.tasks_read_at, watch.began)
    since_read = now - last_read
    if not started and ours.running + ours.pending < ours.desired and since_read >= SHORT_EVERY:
        return True
    return since_read >= max(TASKS_TOLD if started else TASKS_FIRST, last_read - watch.began)


def _begins_or_ends_to_prove_stable(watch: Watch, ours: Deployment, now: float) -> bool:
    """At both ends of that time the stopped tasks are read: none in it goes unseen, and none from before it counts."""
    if watch.completed_at is None or watch.stable_at is None:
        return ours.rollout_state == "COMPLETED"
    return watch.tasks_read_at < watch.stable_at <= now


def _started_since(service: Service, watch: Watch) -> int:
    """How many tasks ECS says it started since our deployment began: more than there are means that some died."""
    if watch.since is None:
        return 0
    messages = (one.message for one in service.events if one.at >= watch.since)
    return sum(int(found[1]) for message in messages if (found := _STARTED.search(message)))
