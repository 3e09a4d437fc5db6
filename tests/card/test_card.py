"""Drone's card as Drone's page draws it. Its pictures are in .cache/screenshots."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.ci import drone
from drone_deploy_ecs.output.ci.put import TEMPLATE
from tests.card import drawing
from tests.card.runs import NAMES, report, story
from tests.card.test_laws import spoken

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report
    from tests.card.drawing import Drawn

pytestmark = pytest.mark.skipif(bool(drawing.missing()), reason=drawing.missing())
HOSTILE = (
    "**bold** _it_ [link](https://a.example) <b>tag</b> <script>alert(1)</script> ${1+1} {{x}} `code` # h",
    "${headline} ![i](https://a.example/i.png) </div> &amp; \\n \\",
    "wide" * 90,
)


@pytest.fixture(scope="module")
def reports() -> dict[str, Report]:
    """One of every kind."""
    told = {name: report(story(name)[0], **story(name)[1]) for name in NAMES}
    return told | {f"hostile {number}": spoken(text) for number, text in enumerate(HOSTILE)}


@pytest.fixture(scope="module")
def drawn(reports: dict[str, Report], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drawn]:
    """All cards, drawn on one page, and pictured."""
    cards = [json.loads(drone.card(one, TEMPLATE.read_text())) for one in reports.values()]
    profile = tmp_path_factory.mktemp("profile")
    with drawing.page(cards, tmp_path_factory.mktemp("page")) as address:
        found = dict(zip(reports, drawing.draw(address, profile), strict=True))
        drawing.picture(address, profile, "card", 2600)
    return found


def test_a_good_card_has_everything(drawn: dict[str, Drawn]) -> None:
    assert drawn["good"].text.splitlines() == [
        "✔ Completed: web runs web:2 (2 of 2 tasks)",
        "shop:2 for container app in cluster prod, eu-west-1, 1 m 5 s",
        "web",
        "new",
        "runs web:2 (2 of 2 tasks)",
        "before web:1",
        "AWS console",
    ]


def test_a_card_of_a_failure_says_why_what_to_do_and_what_the_container_said(drawn: dict[str, Drawn]) -> None:
    lines = drawn["rolled_back"].text.splitlines()
    assert lines[0] == "✘ Failed: web is back on web:1 (2 of 2 tasks), as before"
    assert lines[6] == (
        "web: the container exited by itself (container app, exit code 1): Essential container in task exited "
        "[EssentialContainerExited] → Read the container's log; run the image with the same environment"
    )
    assert lines[7:10] == ["shop starting", "reading the configuration", "fatal: no such table: orders; exiting with 1"]


def test_a_card_of_a_refusal_says_what_to_do(drawn: dict[str, Drawn]) -> None:
    assert drawn["refused"].text.splitlines() == [
        "✘ Refused: nothing was changed",
        "shop:2 for container app in cluster prod, eu-west-1, 0 s",
        "service nowhere isn't in cluster prod (eu-west-1) → Check the service's name, the cluster and the region",
        "AWS console",
    ]


def test_a_card_of_many_services_shows_some_and_counts_the_rest(drawn: dict[str, Drawn]) -> None:
    lines = drawn["forty_good"].text.splitlines()
    assert lines[0] == "✔ Completed: 40 services, all new"
    assert lines.count("new") == drone.MOST_ROWS
    assert lines[-2:] == ["and 32 more, all new", "AWS console"]


def test_nothing_is_wider_than_its_place(drawn: dict[str, Drawn]) -> None:
    assert [(name, one.overflowing) for name, one in drawn.items() if one.overflowing] == []


def test_nothing_is_drawn_but_text_and_one_button(drawn: dict[str, Drawn]) -> None:
    """Neither Markdown, nor HTML, nor the template's own language is alive in what others say."""
    assert {name: one.tags for name, one in drawn.items()} == {name: {"DIV", "SPAN", "BUTTON"} for name in drawn}


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_what_others_say_is_shown_as_it_is(number: int, drawn: dict[str, Drawn]) -> None:
    lines = drawn[f"hostile {number}"].text.replace("\u200b", "").splitlines()
    assert safe(HOSTILE[number], 200) in lines
    assert safe(f"x{HOSTILE[number]}", 200) in lines
