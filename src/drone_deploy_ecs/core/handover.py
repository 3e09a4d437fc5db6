"""The steps of a hand-over, from its value alone: one side is kept up, the other gives way step by step.

Autoscaling may not interfere meanwhile: what takes over may not be shrunk before it has traffic, and what gives way
isn't scaled at all. The live side's own limits stay where they are until the very end, so that a later run finds them
wherever this one was killed.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.step import Handover, Hold, RegisterScalableTarget, Scale, Stage
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.step import Step
    from drone_deploy_ecs.core.target import Target


def keep_up(handover: Handover, found: Limits | None) -> Iterator[Step]:
    """Autoscaling of what takes over: nothing may shrink it while it has no traffic yet.

    Once it is updated: registering a minimum brings a service up to it, and that would be with its old revision.
    """
    if handover.idle_limits is None:
        return
    like = handover.live_limits or handover.idle_limits
    during = Limits(handover.count, max(like.maximum, handover.count))
    if during != found:
        yield _limit(handover.idle, during, "so that nothing shrinks it before it has traffic")


def give_way(handover: Handover, count: int, wait: float) -> Iterator[Step]:
    """The live side down to nothing from `count`, and autoscaling as it is to be afterwards."""
    live, idle = handover.live, handover.idle
    if count and wait:
        yield Hold(target=idle, seconds=wait)
    if count and handover.live_limits:
        yield _limit(live, replace(handover.live_limits, suspended=SUSPENSIONS), "while it is scaled down")
    for was, to in pairwise((count, *steps_down(count, handover.count, handover.percent))):
        yield Scale(target=live, was=was, to=to)
        if to and handover.interval:
            yield Hold(target=idle, seconds=handover.interval)
    if handover.idle_limits:
        yield _limit(idle, _afterwards(handover), f"as {live.name} had it", vital=False)
    if handover.live_limits:
        spare = replace(handover.live_limits, minimum=0)
        yield _limit(live, spare, "idle, but free to scale if it is switched back to", vital=False)


def steps_down(count: int, of: int, percent: int) -> tuple[int, ...]:
    """The counts to go through from `count` to 0, each `percent` of `of` lower than the last, one task at the least."""
    by = max(1, of * percent // 100)
    return tuple(range(count - by, 0, -by)) + ((0,) if count else ())


def _afterwards(handover: Handover) -> Limits:
    """The side that took over scales as the other did; where that one wasn't scaled, around its count."""
    if handover.live_limits:
        return handover.live_limits
    assert handover.idle_limits is not None
    return Limits(min(handover.count, handover.idle_limits.maximum), max(handover.count, handover.idle_limits.maximum))


def _limit(target: Target, limits: Limits, why: str, *, vital: bool = True) -> RegisterScalableTarget:
    return RegisterScalableTarget(target=target, limits=limits, why=why, vital=vital)


def what_is_left(handover: Handover, live: int, idle: int, deployment: str) -> tuple[Handover, tuple[Stage, ...]]:
    """What is left to do when somebody scaled the live side meanwhile: from its count now, matched on the idle side."""
    count = max(handover.count, live)
    to_match: list[Step] = []
    if idle < live:
        if handover.idle_limits:
            most = max(handover.idle_limits.maximum, count)
            to_match.append(_limit(handover.idle, Limits(count, most), f"to take over from {tasks(live)}"))
        ours = replace(handover.idle, known=frozenset({deployment}))
        to_match.append(Scale(target=ours, was=idle, to=live))
    changed = replace(handover, count=count)
    return changed, one_by_one((*to_match, *give_way(changed, live, 0.0)))


def one_by_one(steps: Iterable[Step]) -> tuple[Stage, ...]:
    """A stage each: every step is for the next one's sake."""
    return tuple(Stage((step,)) for step in steps)
