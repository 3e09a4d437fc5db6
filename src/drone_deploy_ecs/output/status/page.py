"""The status as a page that needs nothing else: the table, and what there is to know of each service."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.plan.standing import State
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.html.markup import document, each, tag
from drone_deploy_ecs.output.html.page import ALLOWED
from drone_deploy_ecs.output.html.style import STYLE
from drone_deploy_ecs.output.status.words import counts, facts, moment, revision, rollouts, title

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from drone_deploy_ecs.core.plan.standing import Standing
    from drone_deploy_ecs.output.status.words import Shown

TONES = {State.STEADY: "good", State.IDLE: "good", State.GOING_BACK: "bad", State.FAILED: "bad", State.SHORT: "bad"}
"""What isn't here is odd."""


def page(shown: Shown) -> str:
    """The whole page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", http_equiv="Content-Security-Policy", content=ALLOWED),
        tag("title", f"Status: {title(shown)}"),
        tag("style", STYLE),
    )
    absent = each("ul", (tag("li", str(problem)) for problem in shown.absent), class_="problems")
    body = tag(
        "body",
        _header(shown),
        tag("main", absent, _table(shown), *(_article(standing, shown) for standing in shown.standings)),
    )
    return document(tag("html", head, body, lang="en"))


def _header(shown: Shown) -> Element:
    worst = shown.standings[0].state if shown.standings else State.OTHERS
    tone = "odd" if shown.absent else TONES.get(worst, "odd")
    return tag(
        "header",
        tag("p", f"Services on Amazon ECS, {shown.at:%Y-%m-%d %H:%M:%S} UTC", class_="kicker"),
        tag("h1", title(shown)),
        class_=tone,
    )


def _table(shown: Shown) -> Element:
    head = tag("tr", *(tag("th", text, scope="col") for text in ("Service", "Revision", "Tasks", "Since", "State")))
    rows = (
        tag(
            "tr",
            tag("th", safe(standing.name), scope="row"),
            tag("td", revision(standing)),
            tag("td", counts(standing.service)),
            tag("td", moment(standing.since)),
            tag("td", _badge(standing)),
        )
        for standing in shown.standings
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    return tag("section", tag("div", table, class_="scrollable", tabindex="0", role="region", aria_label="Services"))


def _badge(standing: Standing) -> Element:
    return tag("span", standing.state.value, class_=f"badge {TONES.get(standing.state, 'odd')}")


def _article(standing: Standing, shown: Shown) -> Element:
    past = (tag("li", " ".join(filter(None, (f"{began}Z", *rest)))) for began, *rest in rollouts(standing))
    pairs = (tag("div", tag("dt", name), tag("dd", text)) for name, text in facts(standing, shown.at))
    return tag(
        "article",
        tag("h2", safe(standing.name), " ", _badge(standing)),
        tag("dl", *pairs, class_="facts"),
        each("ul", past, class_="lines"),
        class_=TONES.get(standing.state, "odd"),
    )
