"""What is told of many services: how many are how far, in a line, with those named that didn't make it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.steps.step import Execution

FEW = 20
"""Up to so many services, every event is printed; with more, summaries."""
NAMED = 5
NAMED_BY = ("failed", "waiting for approval")
"""The words of `Execution.tally` under which services are named."""


def progress(executions: Sequence[Execution]) -> str:
    """`120 of 500 completed, 300 rolling out, 79 not begun; failed: tenant-17`; "" where nothing is counted."""
    counted = [execution for execution in executions if execution.tally is not None]
    if not counted:
        return ""
    counts = Counter(execution.tally for execution in counted)
    order = [word for word in ORDER if counts[word]] or [counted[0].counted_as]
    first, *others = order
    text = ", ".join((f"{counts[first]} of {len(counted)} {first}", *(f"{counts[word]} {word}" for word in others)))
    for word in NAMED_BY:
        names = [target.name for execution in counted if execution.tally == word and (target := execution.step.target)]
        text += f"; {word}: {listed(names)}" if names else ""
    return text


ORDER = (
    "revisions registered", "completed", "back", "rolling out", "waiting for approval", "on the way back", "out of sight", "not begun", "withdrawn",
)  # fmt: skip
"""The words of `Execution.tally` in the order in which they are printed; other words are only counted."""


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """`a, b, c and 7 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
