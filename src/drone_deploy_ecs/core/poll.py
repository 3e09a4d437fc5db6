"""When to look again, and when to read tasks: looks are spent where they tell something.

Without history: a deployment can't complete before its tasks run and had the time to be found healthy. Until then
looking is patient, and from then on quick. Once a task has died it is quick too, as its replacement will tell.

With history (`core/history.py`) the service's earlier rollouts tell when the next milestone comes, and how long after
it the end. Before that moment looking is more patient still: only a failure could be seen. Within it, a milestone need
only be seen before the end is due, the end itself at once. When it passes and nothing came the prediction was wrong,
and all is as without history until the next milestone allows a better one. So history that misleads costs at most
CLOSE_MOST / CLOSE looks a milestone; and a verdict is late by a third of the time it took anyway, and by FAR seconds.
"""

from __future__ import annotations

import re
from math import ceil
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.cause import is_evidence
from drone_deploy_ecs.core.history import foresee
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import TASK_PERMISSIONS, Phase

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs import Deployment, Service
    from drone_deploy_ecs.core.watch import Watch

FIRST = 4.0
"""Seconds to the first look: no task starts sooner."""
PATIENT = 4.5
"""Seconds between looks while the end can't be near; a failure may be."""
QUICK = 3.4
"""Seconds between looks when the end may come at any of ECS's ticks."""
HOLDING = 10.0
"""Seconds between looks at a service that is complete and waits for others, or proves stable."""
BLIND_FIRST, BLIND_MOST = 2.0, 15.0
"""Seconds between looks while they fail: doubling."""
JITTER = 0.1
"""The share by which an interval is shortened at random, so that many pipelines don't look in step."""
TASKS_FIRST, TASKS_TOLD = 30.0, 120.0
"""Seconds to a task listing that nothing called for; then twice as long each time. It catches what wasn't told.

The first where no event told that tasks were started: some emulators have none. The second where events do tell.
"""
SHORT_EVERY = 10.0
"""The same while tasks are missing although no event says that any was started: some emulators have no events."""

FAR, ELAPSED = 20.0, 1 / 3
"""Seconds between looks until history expects something: this share of the time it took so far, at most FAR.

Only a failure could be seen until then: most come early, and a late one may be called a little later.
"""
TURN = 10.0
"""Seconds to the first look with history: ECS's scheduler has had its turn by then, and started tasks."""
CLOSE, SHORTEST = 1.0, 0.1
"""Seconds between looks when the end is expected; and at the least, just before that."""
LEAD = 0.75
"""The share of the time from the next milestone to the end after which to look for that milestone again."""
CLOSE_MOST = 12.0
"""Seconds for which it is looked closer than without history, for each prediction."""

_STARTED = re.compile(r"has started (\d{1,6}) tasks")


def next_look(watch: Watch, now: float, chance: float) -> float:
    """When (monotonic seconds) this watch wants to be looked at again; `chance` is random, in 0..1."""
    if watch.verdict is not None:
        return now + BLIND_FIRST
    if watch.phase is not Phase.FOLLOW:
        return watch.not_before
    if watch.next_check is not None and not watch.blind_looks:
        return max(watch.next_check, now + SHORTEST)
    foretold = _foretold(watch, now)
    wait = _interval(watch) * (1 - JITTER * chance) if foretold is None else foretold
    moments = (at for at in (watch.deadline, watch.stable_at) if at is not None and at > now)
    return min((now + wait, *moments))


def _foretold(watch: Watch, now: float) -> float | None:
    """Seconds to the next look by history; None where it has nothing to say, or was wrong."""
    if watch.blind_looks or watch.completed_at is not None:
        return None
    if not watch.was_seen:
        return TURN if watch.earlier else None
    foreseen = foresee(watch)
    if foreseen is None:
        return None
    ahead = foreseen.next.early - now
    far = min(max(PATIENT, (now - watch.began) * ELAPSED), FAR)
    if ahead > 0:
        return max(SHORTEST, ahead / ceil(ahead / far))
    pace = min(max(CLOSE, foreseen.lead * LEAD), far)
    is_over = now > foreseen.next.late or (pace < QUICK and -ahead > CLOSE_MOST)
    return None if is_over else pace


def _interval(watch: Watch) -> float:
    if watch.blind_looks:
        return float(min(BLIND_FIRST * 2 ** (watch.blind_looks - 1), BLIND_MOST))
    if watch.completed_at is not None:
        return HOLDING
    if watch.service is None or not watch.was_seen:
        return FIRST
    return PATIENT if _end_is_far(watch, watch.service) else QUICK


def _end_is_far(watch: Watch, service: Service) -> bool:
    ours = service.deployment(watch.deployment)
    if ours is None or watch.stopped or ours.failed_tasks:
        return False
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
    if watch.completed_at is not None:
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
