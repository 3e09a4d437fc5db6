"""What is told of many services: how many stand where, in a line, with those named that didn't make it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.flight import is_complete
from drone_deploy_ecs.core.registration import Registration
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.flight import Flight

FEW = 20
"""Services of which each is told by itself."""
NAMED = 5

_ORDER = ("completed", "back", "rolling out", "on the way back", "out of sight", "not begun", "withdrawn")


def progress(flights: Sequence[Flight]) -> str:
    """`120 of 500 completed, 300 rolling out, 79 not begun; failed: tenant-17`."""
    registrations = [one for one in flights if isinstance(one, Registration)]
    if registrations:
        done = sum(one.is_done for one in registrations)
        return f"{done} of {len(registrations)} revisions registered"
    watches = [one for one in flights if isinstance(one, Watch)]
    counts = Counter(map(_state, watches))
    first, *others = [f"{counts[state]} {state}" for state in _ORDER if counts[state]] or ["0 completed"]
    count, _, state = first.partition(" ")
    failed = [one.target.name for one in watches if _state(one) == "failed"]
    said = ", ".join((f"{count} of {len(watches)} {state}", *others))
    return f"{said}; failed: {listed(failed)}" if failed else said


def _state(watch: Watch) -> str:
    if is_complete(watch) or watch.verdict is Verdict.COMPLETED:
        return "back" if watch.is_undo else "completed"
    if watch.verdict is not None:
        return "failed" if watch.verdict.fails_the_run else "withdrawn"
    if watch.blindness is not None:
        return "out of sight"
    if watch.deployment:
        return "on the way back" if watch.is_undo else "rolling out"
    return "not begun"


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """`a, b, c and 7 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
