"""Below the tasks, where ECS shifts traffic: who was to get how much of it over time, and at which stage ECS was."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.service_deployment import OVER, WHOLE
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.output.html.markup import tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from xml.etree.ElementTree import Element

    from drone_deploy_ecs.core.report.traffic import Stage, Traffic, Weight
    from drone_deploy_ecs.output.html.timeline import Story

HEAD, BAND, GAP, STRIP = 30, 76, 5, 22
"""Heights in pixels: the band's name, the band, what parts it from the stages, and those."""
HEIGHT = HEAD + BAND + GAP + STRIP
LETTER, MARGIN = 7.5, 8.0
"""Pixels that a letter takes, and what is left free beside a label; it is left out where its block is narrower."""
ROW = 15.0
"""Pixels that a label is high."""
NARROW, WIDE = 260.0, 700.0
"""Pixels that the picture is wide on a telephone, and at least where a page is called wide."""
WORDS = {
    "RECONCILE_SERVICE": "clear",
    "PRE_SCALE_UP": "",
    "SCALE_UP": "start",
    "POST_SCALE_UP": "up",
    "TEST_TRAFFIC_SHIFT": "test",
    "POST_TEST_TRAFFIC_SHIFT": "tested",
    "PRE_PRODUCTION_TRAFFIC_SHIFT": "",
    "PRODUCTION_TRAFFIC_SHIFT": "shift",
    "POST_PRODUCTION_TRAFFIC_SHIFT": "shifted",
    "CLEAN_UP": "clean up",
}
"""What a stage is called in the picture, where that has to be short; one that isn't here: its name in small letters."""
KINDS = {
    "works": "ECS at work",
    "bakes": "bake",
    "hook": "waits for a hook",
    "pause": "PAUSE: waits for somebody",
    "back": "rolls back",
}
"""What a block of the strip may be, and what the legend says of it."""


class Block(Struct, frozen=True):
    """A piece of the picture: from when to when, its class, what stands in it, and what it says when pointed at."""

    start: datetime
    end: datetime
    look: str
    label: str
    title: str


class Interval(Struct, frozen=True):
    """Who was to get how much of the traffic, from when to when; per cent by deployment, in the order of appearance."""

    start: datetime
    end: datetime
    shares: dict[str, float]


# --- what there is to draw ---


def intervals(traffic: Traffic, end: datetime) -> list[Interval]:
    """The weights as a sequence of states, each until the next."""
    latest: dict[str, float] = {}
    states: dict[datetime, dict[str, float]] = {}
    for weight in traffic.weights:
        latest[weight.deployment] = weight.percent
        states[weight.at] = dict(latest)
    return [Interval(at, until, states[at]) for at, until in pairwise([*states, end])]


def blocks(traffic: Traffic, end: datetime) -> list[Block]:
    """The stages as blocks; where all is over there is none."""
    ends = [*(stage.at for stage in traffic.stages[1:]), end]
    found = zip(traffic.stages, ends, strict=False)
    return [_block(stage, until) for stage, until in found if stage.status not in OVER]


def _block(stage: Stage, end: datetime) -> Block:
    kind = _kind(stage)
    word = {"bakes": "bake", "hook": "hook", "pause": "PAUSE"}.get(kind, _word(stage.name))
    told = f"{state(stage)}, {span((end - stage.at).total_seconds())}"
    return Block(stage.at, end, kind, word, told)


def _kind(stage: Stage) -> str:
    if stage.status.startswith(("ROLLBACK", "STOP")):
        return "back"
    if stage.awaits:
        return "pause" if stage.awaits == "PAUSE" else "hook"
    return "bakes" if stage.bakes else "works"


def _word(name: str) -> str:
    return WORDS.get(name, name.lower().replace("_", " "))


def state(stage: Stage) -> str:
    """Where ECS was, in its words: `BAKE_TIME, bakes`, `SCALE_UP, ROLLBACK_IN_PROGRESS`."""
    awaited = f"waits for {stage.awaits}" if stage.awaits else "bakes" if stage.bakes else ""
    status = "" if stage.status == "IN_PROGRESS" else stage.status
    return ", ".join(filter(None, (stage.name, awaited, status)))


# --- the picture ---


def band(story: Story, top: int) -> Iterator[Element]:
    """The band and the stages, below `top` pixels."""
    if not story.traffic.stages:
        return
    y = top + HEAD
    if story.traffic.weights:
        yield tag("text", "Production traffic in %", x="0", y=y - 8, class_="name")
        yield tag("g", *_rule(y), class_="grid")
        for place, deployment in enumerate(_deployments(story)):
            yield tag("g", *_shares(story, deployment, place, y), class_=f"{story.look_of(deployment)} running")
        yield from _labels(story, y)
    strip = y + BAND + GAP if story.traffic.weights else y
    yield tag("g", *(_drawn(story, block, strip) for block in blocks(story.traffic, story.end)), class_="stages")


def height(traffic: Traffic) -> int:
    """Pixels that it takes."""
    if not traffic.stages:
        return 0
    return HEIGHT if traffic.weights else HEAD + STRIP


def _rule(y: int) -> Iterator[Element]:
    for percent in (0, 50, 100):
        at = f"{y + BAND * (1 - percent / WHOLE):.1f}"
        yield tag("line", x1="0", x2="100%", y1=at, y2=at)
    yield tag("text", "100", x="-6", y=y + 4, text_anchor="end")
    yield tag("text", "0", x="-6", y=y + BAND + 4, text_anchor="end")


def _deployments(story: Story) -> list[str]:
    """What ran before below, ours above it, as the tasks are stacked."""
    found = dict.fromkeys(weight.deployment for weight in story.traffic.weights if weight.percent)
    return sorted(found, key=lambda deployment: story.look_of(deployment) == "ours")


def _shares(story: Story, deployment: str, place: int, y: int) -> Iterator[Element]:
    below = _deployments(story)[:place]
    scale = story.scale(0, 0)
    for interval in intervals(story.traffic, story.end):
        share = interval.shares.get(deployment, 0.0)
        if not share:
            continue
        low = sum(interval.shares.get(other, 0.0) for other in below)
        left, width = scale.x(interval.start), scale.x(interval.end) - scale.x(interval.start)
        high, top = BAND * share / WHOLE, y + BAND * (1 - (low + share) / WHOLE)
        yield tag("rect", x=f"{left:.2f}%", width=f"{width:.2f}%", y=f"{top:.1f}", height=f"{high:.1f}")


def _labels(story: Story, y: int) -> Iterator[Element]:
    """One for each interval: the share of ours, else of who has all. Where ours is too thin for it, just below that."""
    scale = story.scale(0, 0)
    ours = next((deployment for deployment in _deployments(story) if story.look_of(deployment) == "ours"), "")
    for interval in intervals(story.traffic, story.end):
        most = max(interval.shares, key=lambda deployment: interval.shares[deployment])
        whose = ours if interval.shares.get(ours) else most
        percent = interval.shares[whose]
        high = BAND * percent / WHOLE
        is_inside = high >= ROW
        look = story.look_of(whose if is_inside else most)
        left, width = scale.x(interval.start), scale.x(interval.end) - scale.x(interval.start)
        middle = y + (high / 2 if is_inside else high + ROW / 2)
        arrow = "" if is_inside else "↑ "
        yield tag("g", *_label(f"{arrow}{percent:g} %", left, width, middle + 4), class_=look)


def _drawn(story: Story, block: Block, y: int) -> Element:
    scale = story.scale(0, 0)
    left, width = scale.x(block.start), scale.x(block.end) - scale.x(block.start)
    return tag(
        "g",
        tag("title", block.title),
        tag("rect", x=f"{left:.2f}%", width=f"{width:.2f}%", y=y, height=STRIP),
        *_label(block.label, left, width, y + STRIP / 2 + 4),
        class_=block.look,
    )


def _label(text: str, left: float, width: float, y: float) -> Iterator[Element]:
    """In the middle of its block, where there is room: on a narrow page there may be none."""
    needed = (len(text) * LETTER + MARGIN) * WHOLE
    if text and width >= needed / WIDE:
        look = "label" if width >= needed / NARROW else "label roomy"
        yield tag("text", text, x=f"{left + width / 2:.2f}%", y=f"{y:.1f}", text_anchor="middle", class_=look)


# --- the same in words ---


def summary(story: Story) -> str:
    """In a sentence or two; "" where there is nothing."""
    traffic = story.traffic
    if not traffic.stages:
        return ""
    shifts = (
        f"{weight.revision or weight.deployment} {weight.percent:g} % after {span((weight.at - story.start).total_seconds())}"
        for weight in traffic.weights
        if story.look_of(weight.deployment) == "ours"
    )
    told = f"Production traffic by {traffic.strategy}: {', '.join(shifts)}. " if traffic.weights else ""
    return f"{told}At the end ECS is at {state(traffic.stages[-1])}. "


def legend(story: Story) -> Iterator[tuple[str, str]]:
    """Classes and what they mean, of those that are there."""
    shown = {block.look for block in blocks(story.traffic, story.end)}
    return ((f"stage {kind}", text) for kind, text in KINDS.items() if kind in shown)


def table(story: Story) -> Element | None:
    """A row for every change of a weight or a stage; None where there is none."""
    traffic = story.traffic
    if not traffic.stages:
        return None
    names = _names(traffic.weights)
    rows, latest, stage = [], dict.fromkeys(names, "0 %"), ""
    for at in sorted({*(weight.at for weight in traffic.weights), *(found.at for found in traffic.stages)}):
        latest |= {weight.deployment: f"{weight.percent:g} %" for weight in traffic.weights if weight.at == at}
        stage = next((state(found) for found in traffic.stages if found.at == at), stage)
        rows.append([f"{at:%H:%M:%S}", stage, *latest.values()])
    heads = ("Time (UTC)", "Stage", *names.values())
    return tag(
        "table",
        tag("caption", f"Production traffic by {traffic.strategy}, and ECS's stage, whenever a look showed another"),
        tag("thead", tag("tr", *(tag("th", head, scope="col") for head in heads))),
        tag("tbody", *(_row(row) for row in rows)),
    )


def _names(weights: Sequence[Weight]) -> dict[str, str]:
    """Every deployment, by what is shown of it."""
    return {weight.deployment: weight.revision or weight.deployment for weight in weights}


def _row(cells: Sequence[str]) -> Element:
    first, *rest = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in rest))
