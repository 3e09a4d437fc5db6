"""A service's tasks by revision over time, as SVG: running ones solid, starting ones pale, events as numbered marks.

Below them, where ECS shifts its traffic, who got that (`traffic.py`).

It has no viewBox: across, everything is in per cent, so that it fits any width and its text keeps its size.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.report.counts import bands, failures, moments
from drone_deploy_ecs.core.text import span, tasks
from drone_deploy_ecs.output.html import traffic
from drone_deploy_ecs.output.html.markup import each, tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from xml.etree.ElementTree import Element

    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.report.counts import Band, Moment
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.report.traffic import Traffic

LANE, PLOT, AXIS = 30, 150, 24
"""Heights in pixels: the lane of the marks, the picture, and the axis below it."""
SPARK = 26
"""Height of the small picture in a table's row."""
APART = 7.0
"""Least distance of two marks, in per cent of the width: events in between share a mark."""
MARKED = (Kind.UPDATED, Kind.SERVICE_EVENT, Kind.TASK, Kind.TROUBLE, Kind.VERDICT, Kind.UNDO)
"""Events marked in the picture. The others are in the log, or visible as counts."""
ALARMING = (Kind.SERVICE_EVENT, Kind.TASK, Kind.TROUBLE)
STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
"""Seconds between two ticks of the axis."""
TICKS = 6

Mark = tuple["Event", ...]
"""The events that share one mark."""


class Scale(Struct, frozen=True):
    """Where in the picture a time and a number of tasks is: per cent across, pixels down."""

    start: datetime
    seconds: float
    most: int
    top: int
    height: int

    def x(self, at: datetime) -> float:
        """Per cent from the left."""
        return min(100.0, max(0.0, (at - self.start).total_seconds() / self.seconds * 100))

    def y(self, count: float) -> float:
        """Pixels from the top."""
        return self.top + self.height * (1 - count / self.most)


class Story(Struct, frozen=True):
    """What there is to draw about one service."""

    shown: tuple[Moment, ...]
    order: tuple[Band, ...]
    failed: dict[Band, int]
    before: str
    start: datetime
    seconds: float
    ours: str
    traffic: Traffic

    @property
    def end(self) -> datetime:
        """When the run ended."""
        return self.start + timedelta(seconds=self.seconds)

    def scale(self, top: int, height: int) -> Scale:
        """With a little room above the highest."""
        most = max((moment.most for moment in self.shown), default=0)
        return Scale(self.start, self.seconds, max(1, most), top, height)

    def look(self, band: Band) -> str:
        """The class that gives a band its colour."""
        if band.is_ours:
            return "ours"
        return "before" if band.revision == self.before or band == self.order[0] else "other"

    def look_of(self, deployment: str) -> str:
        """The class that gives a deployment's traffic its colour: that of its tasks."""
        if deployment == self.ours:
            return "ours"
        weights = self.traffic.weights
        is_before = any(weight.revision == self.before for weight in weights if weight.deployment == deployment)
        first = next((weight.deployment for weight in weights if weight.percent), "")
        return "before" if is_before or deployment == first else "other"

    def name(self, band: Band) -> str:
        """For people."""
        suffix = ", new" if band.is_ours else ", before" if band.revision == self.before else ""
        return f"{band.revision}{suffix}"


def story(report: Report, outcome: Outcome) -> Story:
    """Collect what the pictures of a service show."""
    counted = report.counted(outcome)
    ours = [outcome.deployment] if outcome.deployment else []
    shown = moments(counted, ours)
    seconds = max(1.0, (report.finished_at - report.started_at).total_seconds())
    return Story(
        shown=shown,
        order=bands(shown),
        failed=failures(counted, ours),
        before=short(outcome.target.before),
        start=report.started_at,
        seconds=seconds,
        ours=outcome.deployment,
        traffic=report.shifted(outcome),
    )


def marks(report: Report, service: str, seconds: float) -> Iterator[Mark]:
    """Events about the service or all services, in groups that can be told apart in the picture."""
    group: list[Event] = []
    for event in report.timeline:
        if event.kind not in MARKED or event.service not in ("", service):
            continue
        if group and (event.at - group[0].at).total_seconds() / seconds * 100 >= APART:
            yield tuple(group)
            group = []
        group.append(event)
    if group:
        yield tuple(group)


# --- the picture ---


def picture(story: Story, marks: Sequence[Mark], name: str) -> Element:
    """The whole picture; `name` is unique on the page, and stands before the ids in it."""
    scale = story.scale(LANE, PLOT)
    bottom = LANE + PLOT + traffic.height(story.traffic)
    return tag(
        "svg",
        tag("title", _title(story), id=f"{name}-title"),
        tag("desc", summary(story), id=f"{name}-desc"),
        tag("g", *_grid(scale), class_="grid"),
        *_bands(story, scale),
        tag("g", *_wanted(story, scale), class_="wanted"),
        *traffic.band(story, LANE + PLOT),
        tag("g", *_ticks(scale, bottom), class_="axis"),
        tag("g", *_numbered(marks, scale, bottom), class_="marks"),
        role="img",
        aria_labelledby=f"{name}-title {name}-desc",
        width="100%",
        height=bottom + AXIS,
    )


def _title(story: Story) -> str:
    return f"Tasks{' and production traffic' if story.traffic.weights else ''} by revision over time"


def spark(story: Story) -> Element:
    """The picture without words, for a table's row that says in words how it ended."""
    return tag(
        "svg", *_bands(story, story.scale(0, SPARK)), class_="spark", aria_hidden="true", width="100%", height=SPARK
    )


def summary(story: Story) -> str:
    """The picture in words."""
    if not story.shown:
        return "No count was seen."
    peaks = {band: max(sum(moment.tasks.get(band, (0, 0))) for moment in story.shown) for band in story.order}
    last = story.shown[-1].tasks
    sentences = (
        f"{story.name(band)}: at most {tasks(peaks[band])}, {last.get(band, (0, 0))[0]} running at the end"
        + (f", {story.failed[band]} failed" if story.failed.get(band) else "")
        for band in story.order
    )
    told = f"{'; '.join(sentences)}. {traffic.summary(story)}"
    return f"Over {span(story.seconds)}. {told}The marks are the events listed below it."


def _bands(story: Story, scale: Scale) -> Iterator[Element]:
    for band in story.order:
        for state in (0, 1):
            blocks = list(_blocks(story, scale, band, state))
            look = f"{story.look(band)} {('running', 'starting')[state]}"
            if blocks:
                yield tag("g", *blocks, class_=look)


def _blocks(story: Story, scale: Scale, band: Band, state: int) -> Iterator[Element]:
    """The band's running (state 0) or starting (1) tasks, stacked; one block while unchanged."""
    levels = [(scale.x(moment.at), *_level(story.order, moment, band, state)) for moment in story.shown]
    turns = [level for index, level in enumerate(levels) if index == 0 or levels[index - 1][1:] != level[1:]]
    for (left, low, high), (right, _, _) in pairwise([*turns, (100.0, 0, 0)]):
        if high > low and right > left:
            yield tag(
                "rect",
                x=f"{left:.2f}%",
                width=f"{right - left:.2f}%",
                y=f"{scale.y(high):.1f}",
                height=f"{scale.y(low) - scale.y(high):.1f}",
            )


def _level(order: Sequence[Band], moment: Moment, band: Band, state: int) -> tuple[int, int]:
    below = order[: order.index(band)]
    low = sum(sum(moment.tasks.get(lower, (0, 0))) for lower in below)
    running, starting = moment.tasks.get(band, (0, 0))
    return (low, low + running) if state == 0 else (low + running, low + running + starting)


def _wanted(story: Story, scale: Scale) -> Iterator[Element]:
    """How many tasks the PRIMARY deployment wants: a line that the picture has to come back to."""
    turns = [
        moment
        for index, moment in enumerate(story.shown)
        if index == 0 or story.shown[index - 1].desired != moment.desired
    ]
    ends = [*(scale.x(moment.at) for moment in turns), 100.0]
    for moment, (left, right) in zip(turns, pairwise(ends), strict=True):
        y = f"{scale.y(moment.desired):.1f}"
        yield tag("line", x1=f"{left:.2f}%", x2=f"{right:.2f}%", y1=y, y2=y)


def _grid(scale: Scale) -> Iterator[Element]:
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000) if scale.most / step <= TICKS - 1)
    for count in range(0, scale.most + 1, step):
        y = f"{scale.y(count):.1f}"
        yield tag("line", x1="0", x2="100%", y1=y, y2=y)
        if count:
            yield tag("text", str(count), x="-6", y=f"{scale.y(count) + 4:.1f}", text_anchor="end")


def _ticks(scale: Scale, bottom: int) -> Iterator[Element]:
    step = next((seconds for seconds in STEPS if scale.seconds / seconds <= TICKS), STEPS[-1])
    for second in range(0, int(scale.seconds) + 1, step):
        x = f"{second / scale.seconds * 100:.2f}%"
        yield tag("line", x1=x, x2=x, y1=bottom, y2=bottom + 4)
        yield tag("text", span(second), x=x, y=bottom + 18, text_anchor="middle")


def _numbered(marks: Sequence[Mark], scale: Scale, bottom: int) -> Iterator[Element]:
    for number, events in enumerate(marks, 1):
        x = f"{scale.x(events[0].at):.2f}%"
        yield tag(
            "g",
            tag("line", x1=x, x2=x, y1=LANE - 8, y2=bottom),
            tag("circle", cx=x, cy=LANE - 18, r=10),
            tag("text", str(number), x=x, y=LANE - 14, text_anchor="middle"),
            class_="alarming" if is_alarming(events) else "",
        )


def is_alarming(events: Mark) -> bool:
    """Whether any of them tells of trouble."""
    return any(event.kind in ALARMING for event in events)


# --- the same in words ---


def legend(story: Story) -> Element:
    """What the colours mean."""

    def entry(look: str, text: str) -> Element:
        return tag("li", tag("span", class_=f"swatch {look}"), text)

    shown = [
        (story.look(band), story.name(band) + (f": {story.failed[band]} failed" if story.failed.get(band) else ""))
        for band in story.order
    ]
    return tag(
        "ul", *(entry(f"{look} running", text) for look, text in shown),
        entry("ours starting", "starting"), entry("wanted", "desired count"),
        *(entry(look, text) for look, text in traffic.legend(story)), class_="legend",
    )  # fmt: skip


def table(story: Story) -> Element:
    """What the picture shows, as a table."""
    heads = ["Time (UTC)", "Desired", *(story.name(band) for band in story.order)]
    rows = [
        [f"{moment.at:%H:%M:%S}", str(moment.desired), *(_cell(moment.tasks.get(band, (0, 0))) for band in story.order)]
        for moment in story.shown
    ]
    return tag(
        "table",
        tag("caption", "Tasks whenever a look showed another count"),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag(
            "tbody",
            *(tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:])) for row in rows),
        ),
    )


def _cell(count: tuple[int, int]) -> str:
    running, starting = count
    return f"{running} running" + (f", {starting} starting" if starting else "")


def listed(marks: Sequence[Mark]) -> Element | None:
    """The events behind the marks, numbered as they are."""
    return each(
        "ol",
        (
            tag("li", *(_line(event) for event in events), class_="alarming" if is_alarming(events) else "")
            for events in marks
        ),
        class_="moments",
    )


def _line(event: Event) -> Element:
    return tag("p", moment(event.at), " ", event.text)


def moment(at: datetime) -> Element:
    """A time of day, for people and for machines."""
    return tag("time", f"{at:%H:%M:%S}Z", datetime=at.isoformat())
