"""When to look again, and when to read tasks: looks are spent where they tell something.

A deployment can't complete before its tasks run, so the waiting for them is patient, and once they do run the looks
are quick. Against fixed polling at the quick pace this gives the same delay for fewer calls, at every length.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.cause import is_evidence
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.watch import Watch

FIRST = 4.0
"""Seconds to the first look: no task starts sooner."""
STARTING = 6.0
"""Seconds between looks while new tasks are still to start: the end isn't near, a failure may be."""
FINISHING = 3.0
"""Seconds between looks once all new tasks run: the end may come at any of ECS's ticks."""
HOLDING = 10.0
"""Seconds between looks at a service that is complete and waits for others, or proves stable."""
BLIND_FIRST, BLIND_MOST = 2.0, 15.0
"""Seconds between looks while they fail: doubling."""
JITTER = 0.1
"""The share by which an interval is shortened at random, so that many pipelines don't look in step."""
TASKS_EVERY = 30.0
"""Seconds between task listings that nothing called for: they catch exits that ECS doesn't count."""
SHORT_EVERY = 10.0
"""The same while fewer tasks are there than are wanted: they die unseen, or can't be placed."""

_STARTED = re.compile(r"has started (\d+) tasks")


def next_look(watch: Watch, now: float, chance: float) -> float:
    """When (monotonic seconds) this watch wants to be looked at again; `chance` is random, in 0..1."""
    if watch.verdict is not None:
        return now + BLIND_FIRST
    if watch.phase is not Phase.FOLLOW:
        return watch.not_before
    wait = _interval(watch) * (1 - JITTER * chance)
    moments = (at for at in (watch.deadline, watch.stable_at) if at is not None and at > now)
    return min((now + wait, *moments))


def _interval(watch: Watch) -> float:
    if watch.blind_looks:
        return float(min(BLIND_FIRST * 2 ** (watch.blind_looks - 1), BLIND_MOST))
    if watch.completed_at is not None:
        return HOLDING
    ours = watch.service.deployment(watch.deployment) if watch.service else None
    if ours is None:
        return FINISHING
    if not watch.was_seen:
        return FIRST
    return FINISHING if ours.is_at_full_count else STARTING


def wants_tasks(watch: Watch, service: Service | None, now: float) -> bool:
    """Whether this look should read the stopped tasks too: two more calls, so only when there is something to learn."""
    if not watch.deployment or "ecs:ListTasks" in watch.denied:
        return False
    if watch.verdict is not None:
        return watch.verdict in (Verdict.FAILED, Verdict.ROLLED_BACK, Verdict.TIMED_OUT)
    ours = service.deployment(watch.deployment) if service else None
    if service is None or ours is None:
        return False
    died = sum(map(is_evidence, watch.stopped))
    if ours.failed_tasks > died or ours.rollout_state == "FAILED":
        return True
    seen = watch.service.deployment(watch.deployment) if watch.service else None
    if seen and seen.running + seen.pending > ours.running + ours.pending:
        return True
    if _started_since(service, watch) > ours.running + ours.pending + len(watch.stopped):
        return True
    since_read = now - max(watch.tasks_read_at, watch.began)
    if ours.running + ours.pending < ours.desired and since_read >= SHORT_EVERY:
        return True
    return since_read >= TASKS_EVERY


def _started_since(service: Service, watch: Watch) -> int:
    """How many tasks ECS says it started since our deployment began: more than there are means that some died."""
    if watch.since is None:
        return 0
    messages = (one.message for one in service.events if one.at >= watch.since)
    return sum(int(found[1]) for message in messages if (found := _STARTED.search(message)))
