"""When what was done beside the services was done, as SVG: a bar for each step, over the time of the whole run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.output.html.markup import tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from drone_deploy_ecs.core.report.report import Report

ROW, BAR = 40, 14
"""Heights in pixels: of a row, which has its name above its bar, and of the bar."""
NARROWEST = 0.5
"""Per cent across of a bar that would be too narrow to be seen."""


def bars(report: Report, tone: dict[str, str]) -> Element | None:
    """The picture; `tone` is the class that gives a verdict its colour. None where nothing of the kind began."""
    rows = list(_rows(report, tone))
    if not rows:
        return None
    return tag(
        "svg",
        tag("title", "One-off tasks and the like over the time of the run", id="steps-title"),
        *rows,
        role="img",
        aria_labelledby="steps-title",
        class_="bars",
        width="100%",
        height=ROW * len(rows),
    )


def _rows(report: Report, tone: dict[str, str]) -> Iterator[Element]:
    seconds = max(1.0, (report.finished_at - report.started_at).total_seconds())
    begun = [(step, step.began_at, step.ended_at or report.finished_at) for step in report.steps if step.began_at]
    for number, (step, began, ended) in enumerate(begun):
        left = max(0.0, min(100.0 - NARROWEST, (began - report.started_at).total_seconds() / seconds * 100))
        took = (ended - began).total_seconds()
        width = max(NARROWEST, min(100.0 - left, took / seconds * 100))
        top = ROW * number
        yield tag(
            "g",
            tag("text", f"{safe(step.title)}, {span(took)}", x="0", y=top + 14, class_="name"),
            tag("rect", x=f"{left:.2f}%", width=f"{width:.2f}%", y=top + 20, height=BAR),
            class_=tone[step.verdict.value],
        )
