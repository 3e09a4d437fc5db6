"""The stages of a switch, from its value alone: one side's capacity is held, the other is scaled down step by step.

Autoscaling may not interfere meanwhile: what takes over may not be shrunk before it has traffic, and what gives way
isn't scaled at all. The live side's own limits stay where they are until the very end, so that a later run finds them
wherever this one was killed.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.steps.hold import Hold
from drone_deploy_ecs.core.steps.limit import RegisterScalableTarget
from drone_deploy_ecs.core.steps.rollout.update import key_of
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.text import span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.plan.switch.switch import Switch
    from drone_deploy_ecs.core.steps.step import Step


def hold_capacity(switch: Switch, present: Limits | None) -> Iterator[Step]:
    """The idle side's autoscaling, now limited to `present`: nothing may shrink it before it has traffic.

    After its update: registering a minimum brings a service up to it, which before would start its old revision.
    """
    if switch.idle_limits is None:
        return
    like = switch.live_limits or switch.idle_limits
    during = Limits(switch.count, max(like.maximum, switch.count))
    if during != present:
        limit = _limit_idle(switch, during, "so that nothing shrinks it before it has traffic")
        yield replace(limit, update=key_of(switch.idle.name))


def scale_down_steps(switch: Switch, count: int, wait: float) -> Iterator[Step]:
    """The live side down to nothing from `count`, and autoscaling as it is to be afterwards."""
    live, idle = switch.live, switch.idle
    # What has taken over must prove itself while the live side can still serve everything.
    if count and wait:
        yield Hold(target=idle, seconds=wait)
    if count and switch.live_limits:
        yield _limit_live(switch, replace(switch.live_limits, suspended=SUSPENSIONS), "while it is scaled down")
    undo = f"back to {tasks(switch.count)}"
    for expected, to in pairwise((count, *counts_down(count, switch.count, switch.percent))):
        yield Scale(target=live, expected=expected, to=to, undo=undo)
        if to and switch.interval:
            yield Hold(target=idle, seconds=switch.interval)
    # The live side's limits come last: as long as they stand, a later run can read them off it (see the module).
    if switch.idle_limits:
        afterwards = switch.live_limits or _around(switch.count, switch.idle_limits)
        yield replace(_limit_idle(switch, afterwards, f"as {live.name} had it"), required=False)
    if switch.live_limits:
        spare = replace(switch.live_limits, minimum=0)
        why = "idle, but free to scale if it is switched back to"
        yield replace(_limit_live(switch, spare, why), required=False)


def counts_down(count: int, of: int, percent: int) -> tuple[int, ...]:
    """The counts to go through from `count` to 0, each `percent` of `of` lower than the last, one task at the least."""
    by = max(1, of * percent // 100)
    return tuple(range(count - by, 0, -by)) + ((0,) if count else ())


def _around(count: int, limits: Limits) -> Limits:
    """The limits of a side that takes over from one that wasn't scaled: its count, and the maximum it has."""
    return Limits(min(count, limits.maximum), max(count, limits.maximum))


def _limit_live(switch: Switch, limits: Limits, why: str) -> RegisterScalableTarget:
    undo = str(switch.live_limits or "none")
    return RegisterScalableTarget(target=switch.live, limits=limits, why=why, undo=undo)


def _limit_idle(switch: Switch, limits: Limits, why: str) -> RegisterScalableTarget:
    undo = str(switch.idle_limits or "none")
    return RegisterScalableTarget(target=switch.idle, limits=limits, why=why, undo=undo)


def remaining_stages(switch: Switch, live: int, idle: int, deployment: str) -> tuple[Switch, tuple[Stage, ...]]:
    """What is left to do when somebody scaled the live side meanwhile: from its count now, matched on the idle side.

    `live` and `idle` are the counts now, `deployment` is the id of ours on the idle side.
    """
    changed = replace(switch, count=max(switch.count, live))
    down = scale_down_steps(changed, live, 0.0)
    return changed, one_by_one((*_match(changed, live, idle, deployment), *down))


def _match(switch: Switch, live: int, idle: int, deployment: str) -> Iterator[Step]:
    """The idle side up to the live side's count."""
    if idle >= live:
        return
    if switch.idle_limits:
        maximum = max(switch.idle_limits.maximum, switch.count)
        yield _limit_idle(switch, Limits(switch.count, maximum), f"to take over from {tasks(live)}")
    ours = replace(switch.idle, known=frozenset({deployment}))
    yield Scale(target=ours, expected=idle, to=live, undo=f"back to {tasks(idle)}")


def one_by_one(steps: Iterable[Step]) -> tuple[Stage, ...]:
    """A stage for each step: no step may begin before the one ahead of it has come through."""
    return tuple(Stage((step,)) for step in steps)


def timed(switch: Switch, stages: Iterable[Stage], proven_after: float) -> Iterator[Stage]:
    """The stages, their steps that take tasks away with the earliest time for that, in words.

    What takes over is proven `proven_after` seconds after it is up.
    """
    passed = proven_after
    for stage in stages:
        steps = []
        for step in stage.steps:
            is_down = isinstance(step, Scale) and step.reduces_capacity
            earliest = f", {span(passed)} after {switch.idle.name} is up at the earliest"
            steps.append(replace(step, earliest=earliest) if isinstance(step, Scale) and is_down else step)
            passed += step.seconds if isinstance(step, Hold) else 0.0
        yield Stage(tuple(steps))
