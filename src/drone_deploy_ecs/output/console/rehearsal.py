"""A rehearsal on paper: a table that fits 80 columns, and what stands out in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.report.rehearsal import rows, sentences
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.report.rehearsal import Rehearsal


def render(plan: Plan, rehearsal: Rehearsal) -> str:
    """The whole answer, as `rehearse` prints it."""
    return "".join(f"{line}\n" for line in _lines(plan, rehearsal))


def _lines(plan: Plan, rehearsal: Rehearsal) -> Iterator[str]:
    trials = len(rehearsal.results[0].trials)
    yield safe(f"Rehearsal {where(plan.targets)}: a model's answer, {trials} trials each; nothing has been written.")
    yield ""
    table = list(rows(rehearsal))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    yield from (f"- {safe(sentence)}." for sentence in sentences(rehearsal))
