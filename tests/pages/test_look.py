"""The page in a browser: it fits, can be read by everybody, and is printed.

What it looked like is kept in `.cache/screenshots`, to be looked at.
"""

from __future__ import annotations

import io
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import pytest
from rich.console import Console
from rich.terminal_theme import MONOKAI

from drone_deploy_ecs.core.progress import State
from drone_deploy_ecs.output.console.live import line, view
from drone_deploy_ecs.output.html.page import page
from tests.pages import runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from drone_deploy_ecs.core.progress import Progress
    from drone_deploy_ecs.core.report.report import Report

pytestmark = pytest.mark.xdist_group("browser")

KEPT = Path(__file__).parents[2] / ".cache" / "screenshots"
MAKERS: dict[str, Callable[[], Report]] = {
    "good": runs.good,
    "rolled-back": runs.rolled_back,
    "refused": runs.refused,
    "linear": runs.linear,
    "canary-rolled-back": runs.canary_rolled_back,
    "8-services-one-failing": runs.eight_one_failing,
    "40-services": runs.forty,
    "40-services-one-failing": runs.forty_one_failing,
}
AXE = files("axe_playwright_python") / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
TOO_WIDE = """[...document.body.querySelectorAll("*")].filter(one => !one.parentElement.closest(".scrollable") &&
    one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(one => one.tagName)"""
"""Elements that reach out of the window, be it where that doesn't show; what may be scrolled by itself may be wider."""


class Reader(NamedTuple):
    """Who looks, and at what."""

    width: int
    scheme: Literal["light", "dark"]


READERS = {"light": Reader(1100, "light"), "dark": Reader(1100, "dark"), "narrow": Reader(360, "light")}


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[[str, Reader], Page]]:
    """Opens a run's page, and finds at the end that nothing was fetched and nothing was complained of."""
    asked: list[str] = []
    complaints: list[str] = []
    pages: list[Page] = []

    def open_page(run: str, reader: Reader) -> Page:
        path = tmp_path / f"{run}.html"
        path.write_text(page(MAKERS[run]()), encoding="utf-8")
        shown = browser.new_page(viewport={"width": reader.width, "height": 900}, color_scheme=reader.scheme)
        pages.append(shown)
        shown.on("request", lambda one: asked.append(one.url))
        shown.on("console", lambda one: complaints.append(one.text))
        shown.goto(path.as_uri())
        return shown

    yield open_page
    for one in pages:
        one.close()
    assert [Path(url).suffix for url in asked] == [".html"] * len(pages)
    assert complaints == []


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "run", ["good", "rolled-back", "refused", "linear", "canary-rolled-back", "40-services", "40-services-one-failing"]
)
def test_it_fits(opened: Callable[[str, Reader], Page], run: str, reader: str) -> None:
    shown = opened(run, READERS[reader])
    KEPT.mkdir(parents=True, exist_ok=True)
    shown.screenshot(path=KEPT / f"{run}-{reader}.png", full_page=True)
    for summary in shown.locator("summary").all():
        summary.click()
    assert shown.evaluate(TOO_WIDE) == []
    assert shown.evaluate("document.documentElement.scrollWidth") == READERS[reader].width


@pytest.mark.parametrize(
    ("run", "scheme"),
    [
        ("rolled-back", "light"),
        ("rolled-back", "dark"),
        ("refused", "dark"),
        ("8-services-one-failing", "light"),
        ("linear", "dark"),
        ("canary-rolled-back", "light"),
        ("canary-rolled-back", "dark"),
    ],
)
def test_everybody_can_read_it(opened: Callable[[str, Reader], Page], run: str, scheme: str) -> None:
    shown = opened(run, READERS[scheme])
    for summary in shown.locator("summary").all():
        summary.click()
    found = faults(shown)
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert any(one["id"] == "color-contrast" for one in found["passes"])


def test_the_checks_would_find_faults(opened: Callable[[str, Reader], Page]) -> None:
    shown = opened("rolled-back", READERS["light"])
    shown.add_style_tag(content=".said { color: #bbb !important } h1 { display: none } pre { width: 3000px }")
    assert {one["id"] for one in faults(shown)["violations"]} >= {"color-contrast", "page-has-heading-one"}
    assert shown.evaluate(TOO_WIDE) == ["PRE"]


def faults(shown: Page) -> dict[str, Any]:
    """What axe finds: its `violations`, and what `passes`."""
    shown.evaluate(AXE.read_text(encoding="utf-8"))
    return dict(shown.evaluate("rules => axe.run(document, { runOnly: rules })", RULES))


def test_all_that_is_folded_opens_by_keyboard(opened: Callable[[str, Reader], Page]) -> None:
    shown = opened("rolled-back", READERS["light"])
    assert shown.locator("details[open]").count() == 0
    for _ in range(2):
        shown.keyboard.press("Tab")
        while shown.evaluate("document.activeElement.tagName") != "SUMMARY":
            shown.keyboard.press("Tab")
        shown.keyboard.press("Enter")
    assert shown.locator("details[open]").count() == shown.locator("details").count() == 2


def test_a_screen_reader_hears_landmarks_headings_and_the_picture(opened: Callable[[str, Reader], Page]) -> None:
    shown = opened("rolled-back", READERS["light"])
    for role in ("banner", "main", "contentinfo"):
        assert shown.get_by_role(role).count() == 1
    assert shown.get_by_role("heading", level=1).inner_text() == "✗ Failed shop:crash on web"
    heard = shown.get_by_role("img").aria_snapshot()
    assert "web:2, new: at most 2 tasks, 0 running at the end" in heard
    assert shown.get_by_role("article", name="Failed web").count() == 1
    shown.get_by_text("The picture as a table").click()
    assert shown.get_by_role("table", name="Tasks whenever a look showed another count").count() == 1


@pytest.mark.parametrize("run", ["rolled-back", "40-services-one-failing"])
def test_it_is_printed(opened: Callable[[str, Reader], Page], run: str) -> None:
    shown = opened(run, READERS["dark"])
    KEPT.mkdir(parents=True, exist_ok=True)
    printed = shown.pdf(path=KEPT / f"{run}.pdf", format="A4", margin={"top": "15mm", "left": "12mm", "right": "12mm"})
    sheets = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 1 <= sheets <= 5
    shown.emulate_media(media="print")
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.evaluate("document.documentElement.scrollWidth") <= READERS["dark"].width


# --- the live view on a terminal ---


def test_the_live_view_is_drawn(browser: Browser) -> None:
    """In the midst of a rollout of several services, one of which an alarm is about to stop."""
    latest: dict[str, Progress] = {}
    terminal = Console(record=True, file=io.StringIO(), force_terminal=True, width=110, highlight=False, markup=False)
    events = [one for one in runs.eight_one_failing().timeline if one.progress]
    for event in events:
        assert event.progress is not None
        latest[event.service] = event.progress
        if event.service == "web-2" and event.progress.state is State.FAILED:
            break
    until = events.index(event)
    for one in events[until - 9 : until + 1]:
        terminal.print(line(one), soft_wrap=True)
    terminal.print(view(latest, event.at, 20))
    shown = browser.new_page(viewport={"width": 1250, "height": 500})
    shown.set_content(terminal.export_html(theme=MONOKAI, inline_styles=True))
    KEPT.mkdir(parents=True, exist_ok=True)
    shown.screenshot(path=KEPT / "live-view.png", full_page=True)
    told = shown.inner_text("pre")
    shown.close()
    assert re.search(r"web-2\s+web-2:2 .*\d of 6\s+failed", told)
    assert re.search(r"api-1\s+api-1:2 .*\d of 1\s+(rolling out|old tasks draining)\s+\d+ s", told)
