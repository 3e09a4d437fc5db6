"""The page: it says what the JSON says, draws what was counted, and nothing that it quotes becomes markup."""

from __future__ import annotations

import io
import itertools
import re
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report.json import as_json
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.output import files as written
from drone_deploy_ecs.output.html import timeline
from drone_deploy_ecs.output.html.page import ALLOWED, page
from drone_deploy_ecs.simulator.behaviour import crash
from tests.edits import set_image
from tests.pages import runs
from tests.pages.reading import Element, read
from tests.stories.story import small_world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from drone_deploy_ecs.core.report.report import Report

MAKERS: dict[str, Callable[[], Report]] = {
    "good": runs.good,
    "rolled back": runs.rolled_back,
    "refused": runs.refused,
    "linear": runs.linear,
    "canary, rolled back": runs.canary_rolled_back,
    "forty": runs.forty,
    "forty, one failing": runs.forty_one_failing,
}
HOSTILE = (
    "<script>alert(1)</script>", "</style><img src=x onerror=alert(2)>", "\"'><svg onload=alert(3)>", "]]> &lt;b&gt; &amp;",
    "</pre></title></html>", "<!-- --!> <?php ?>", "javascript:alert(4)", "{{7*7}} ${7*7} </desc>",
)  # fmt: skip


@pytest.fixture(scope="module", params=MAKERS)
def report(request: pytest.FixtureRequest) -> Report:
    """Each of the runs."""
    return MAKERS[request.param]()


# --- what it is ---


def test_every_element_is_closed_and_every_id_is_its_own(report: Report) -> None:
    html = read(page(report))
    ids = re.findall(r' id="([^"]*)"', page(report))
    assert len(ids) == len(set(ids))
    assert [one.name for one in html.inner] == ["head", "body"]


def test_what_names_an_element_is_there(report: Report) -> None:
    text = page(report)
    named = {one for names in re.findall(r'aria-labelledby="([^"]*)"', text) for one in names.split()}
    assert named
    assert named <= set(re.findall(r' id="([^"]*)"', text))


def test_it_needs_nothing_from_elsewhere(report: Report) -> None:
    text = page(report)
    html = read(text)
    assert f'content="{ALLOWED}"' in text
    assert not [
        one for name in ("script", "link", "img", "iframe", "object", "a", "image", "use") for one in html.all(name)
    ]
    assert not re.findall(r"\s(?:src|href|on\w+|style)=|url\(|@import", text.replace(ALLOWED, ""))


def test_headings_leave_no_level_out(report: Report) -> None:
    levels = [int(one) for one in re.findall(r"<h([1-6])[ >]", page(report))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))


def test_the_file_s_name_decides(report: Report, tmp_path: Path) -> None:
    stdout = io.StringIO()
    for name in ("a.html", "a.json", "html"):
        written.write(report, str(tmp_path / name), stdout)
    written.write(report, "-", stdout)
    assert (tmp_path / "a.html").read_text() == page(report)
    json = (tmp_path / "a.json").read_text()
    assert json.startswith('{\n  "version": 2')
    assert (tmp_path / "html").read_text() == json == stdout.getvalue()


A_RUN = """
import io, sys
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.scenario import default
world = default()
aws = SimulatedAws(world)
edges = Edges({}, io.StringIO(), io.StringIO(), lambda _: aws, world.clock, lambda: 0.5, NEVER)
flags = "--aws-region eu-west-1 --cluster demo --service web --container app --image shop:2 --report".split()
assert main(["deploy", *flags, sys.argv[1]], lambda: edges) == 0
print(*sys.modules)
"""


@pytest.mark.parametrize(("name", "is_paid"), [("a.json", False), ("a.html", True)])
def test_only_who_asks_for_a_page_pays_for_it(name: str, is_paid: bool, tmp_path: Path) -> None:  # noqa: FBT001
    command = [sys.executable, "-c", A_RUN, str(tmp_path / name)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    loaded = set(ran.stdout.split())
    assert ({"xml.etree.ElementTree", "drone_deploy_ecs.output.html.page"} <= loaded) is is_paid
    assert not {"rich", "drone_deploy_ecs.output.console.live"} & loaded


# --- what it says ---


def test_the_header_says_what_the_json_says(report: Report) -> None:
    shape, html = as_json(report), read(page(report))
    (header,) = html.all("header")
    facts = [(one.all("dt")[0].text, one.all("dd")[0].text) for one in header.all("div")]
    assert header.all("h1")[0].words.split()[1] == shape["verdict"]
    assert ("Exit code", str(shape["exit_code"])) in facts
    assert html.all("title")[0].text.startswith(f"{shape['verdict']}: {report.request.brief} on ")


def test_every_service_is_told_once_and_as_in_the_json(report: Report) -> None:
    services = {one["service"]: one for one in as_json(report)["services"]}
    html = read(page(report))
    articles, (*_, table) = html.all("article"), [Element("", {}), *html.classed("others")]
    rows = [[cell.words for cell in row.all("th") + row.all("td")] for row in table.all("tr")[1:]]
    assert sorted(services) == sorted([*(_name(one) for one in articles), *(row[0] for row in rows)])
    for article in articles:
        one = services[_name(article)]
        told = article.words
        ran = one["before"] or "nothing COMPLETED"
        expected = f"End state {one['stands']} Ran before {ran} Was to run {one['target']} Runs now {one['running']} Deployment"
        assert expected in told
        assert f"{one['deployment_id']} " in told
        assert one["verdict"] in article.all("h2")[0].words.split()
        assert [found.words for found in article.classed("reason")] == ([one["reason"]] if one["reason"] else [])
        _assert_causes(article, one["causes"])
    for name, verdict, *rest in (row[:6] for row in rows):
        one = services[name]
        assert verdict.split()[1] == one["verdict"]
        assert rest == [one["stands"], one["before"], one["target"], one["running"]]


def _name(article: Element) -> str:
    return article.all("h2")[0].words.split()[-1]


def _assert_causes(article: Element, causes: list[dict[str, Any]]) -> None:
    listed = [item for found in article.classed("causes") for item in found.inner]
    assert len(listed) == len(causes)
    for item, cause in zip(listed, causes, strict=True):
        assert [cause["headline"] in item.words, cause["advice"] in item.words] == [True, True]
        assert [one.text for one in item.all("pre")] == (["\n".join(cause["log"])] if cause["log"] else [])
        assert all(line in item.words for line in cause["evidence"])


def test_every_line_of_the_log_is_there(report: Report) -> None:
    (log,) = read(page(report)).classed("lines")
    told = [f"{one.at:%H:%M:%S}Z {one.service} {one.text}" for one in report.timeline]
    assert [one.words for one in log.all("li")] == [" ".join(one.split()) for one in told]


def test_a_refusal_says_what_and_what_to_do() -> None:
    refused = runs.refused()
    (section,) = (one for one in read(page(refused)).all("section") if one.attributes["class"] == "refused")
    assert [one.words for one in section.all("li")] == [f"{one.what} {one.do}" for one in refused.problems]
    assert "Warnings" not in read(page(refused)).words


def test_what_runs_now_is_a_sentence_each_while_there_are_few(report: Report) -> None:
    html = read(page(report))
    lines = [one.words for found in html.classed("standing") for one in found.all("li")]
    if len(report.outcomes) > 4:
        counted = sum(int(line.split()[0]) for line in lines)
        assert counted == len(report.outcomes)
    else:
        last = report.timeline[-1].text.partition(": ")[2]
        assert "; ".join(line.removesuffix(".") for line in lines) == (last.removesuffix(".") if lines else "")


def test_the_table_of_the_picture_is_the_json_s_counts() -> None:
    report = runs.rolled_back()
    (article,) = read(page(report)).all("article")
    (table,) = article.all("table")
    (service,) = as_json(report)["services"]
    assert {row.all("th")[0].text for row in table.all("tr")[1:]} == {one["at"][11:19] for one in service["counts"]}
    heads, *_, last = ([cell.text for cell in row.all("th") + row.all("td")] for row in table.all("tr"))
    assert heads == ["Time (UTC)", "Desired", "web:1, before", "web:2, new"]
    assert last[1:] == ["2", "2 running", "0 running"]


def test_warnings_are_told() -> None:
    report = runs.warned()
    (section,) = (one for one in read(page(report)).all("section") if one.attributes["class"] == "warnings")
    assert section.words.startswith("Warnings 1 warning web has another deployment in progress (ecs-svc/")


# --- what it draws ---


def _area(article: Element, look: str) -> float:
    """Of the blocks of that look, in per cent times pixels."""
    groups = [one for one in article.all("g") if one.attributes.get("class") == look]
    blocks = [one.attributes for group in groups for one in group.all("rect")]
    return sum(float(one["width"].rstrip("%")) * float(one["height"]) for one in blocks)


@pytest.mark.parametrize(("look", "revision"), [("before", "web:1"), ("ours", "web:2")])
@pytest.mark.parametrize(("state", "of"), [("running", "running"), ("starting", "pending")])
def test_the_picture_has_as_many_tasks_for_as_long_as_were_counted(
    look: str, revision: str, state: str, of: str
) -> None:
    report = runs.rolled_back()
    (article,) = read(page(report)).all("article")
    (outcome,) = report.outcomes
    counted = report.counted(outcome)
    task_seconds = 0.0
    for deployment in {one.deployment for one in counted if one.revision == revision}:
        series = [one for one in counted if one.deployment == deployment]
        ends = [*(one.at for one in series[1:]), report.finished_at]
        task_seconds += sum(
            getattr(one, of) * (end - one.at).total_seconds() for one, end in zip(series, ends, strict=True)
        )
    most = 4
    seconds = (report.finished_at - report.started_at).total_seconds()
    if (look, state) != ("ours", "running"):  # it crashes as soon as it starts
        assert task_seconds > 0
    assert _area(article, f"{look} {state}") == pytest.approx(
        task_seconds / seconds * 100 * 150 / most, rel=0.01, abs=1
    )


def test_marks_and_the_list_below_have_the_same_numbers(report: Report) -> None:
    for article in read(page(report)).all("article"):
        (marks,) = article.classed("marks")
        (listed,) = article.classed("moments")
        assert [one.text for one in marks.all("text")] == [str(place + 1) for place in range(len(listed.all("li")))]
        places = [float(one.attributes["cx"].rstrip("%")) for one in marks.all("circle")]
        assert all(right - left >= 7 for left, right in itertools.pairwise(places))
        alarming = [[one.attributes.get("class") for one in group.inner] for group in (marks, listed)]
        assert alarming[0] == alarming[1]


def test_events_share_a_mark_until_there_is_room_for_another() -> None:
    report = runs.good()
    events = [Event(report.started_at + timedelta(seconds=at), Kind.TASK, "web", "") for at in (0, 6, 7, 13, 14, 100)]
    told = timeline.marks(replace(report, timeline=tuple(events)), "web", 100.0)
    assert [len(one) for one in told] == [2, 2, 1, 1]


def test_marks_tell_of_the_service_and_of_the_whole_run_only() -> None:
    report = runs.good()
    events = [Event(report.started_at, Kind.TROUBLE, service, "") for service in ("web", "", "api")]
    (told,) = timeline.marks(replace(report, timeline=tuple(events)), "web", 100.0)
    assert [one.service for one in told] == ["web", ""]


def test_the_axis_has_its_times_where_they_are() -> None:
    report = runs.rolled_back()
    (axis,) = read(page(report)).classed("axis")
    seconds = (report.finished_at - report.started_at).total_seconds()
    places = {one.text: float(one.attributes["x"].rstrip("%")) for one in axis.all("text")}
    expected = {"0 s": 0, "30 s": 30, "1 m": 60, "1 m 30 s": 90}
    assert places == {text: pytest.approx(at / seconds * 100, abs=0.01) for text, at in expected.items()}


# --- many ---


def test_those_that_failed_come_first_and_in_full_and_the_rest_is_a_table() -> None:
    report = runs.forty_one_failing()
    html = read(page(report))
    (article,) = html.all("article")
    (others,) = html.classed("others")
    assert _name(article) == "web-2"
    assert (others.all("h2")[0].text, len(others.all("tr"))) == ("The other services", 40)


def test_a_service_that_is_not_as_before_is_told_in_full_even_if_it_did_not_fail_itself() -> None:
    report = runs.forty_one_failing()
    odd = replace(report.outcomes[-1], end_state=EndState.NOT_AS_BEFORE)
    html = read(page(replace(report, outcomes=(*report.outcomes[:-1], odd))))
    assert [_name(one) for one in html.all("article")] == ["cron-10", "web-2"]
    bad = [one.words for one in html.classed("standing")[0].classed("bad")]
    assert len(bad) == 1
    assert "cron-10 IS NOT AS BEFORE, look at it" in bad[0]


def test_a_thousand_services_are_still_a_page() -> None:
    report = runs.forty_one_failing()
    more = [
        replace(one, target=replace(one.target, name=f"{one.target.name}-{number}"))
        for number, one in itertools.product(range(25), report.outcomes)
    ]
    text = page(replace(report, outcomes=tuple(more)))
    html = read(text)
    assert (len(html.all("article")), len(html.classed("others")[0].all("tr"))) == (25, 976)
    assert len(text) < 3_000_000


# --- what it quotes ---


def test_nothing_that_a_container_or_ecs_says_becomes_markup() -> None:
    world = small_world()
    said = " ".join(HOSTILE)
    world.push("shop:2", replace(crash(1), log=HOSTILE, reason=said, stopped_reason=said))
    report = runs.run(world)
    assert report.verdict is Verdict.FAILED
    html = _assert_only_our_own_markup(report)
    assert html.all("pre")[0].text.splitlines() == list(HOSTILE)
    assert all(one in html.all("q")[0].text for one in HOSTILE)


def test_no_name_becomes_markup() -> None:
    report = runs.rolled_back()
    (one,) = report.outcomes
    for name in HOSTILE:
        named = replace(one, target=replace(one.target, name=name, before=f"arn/{name}"))
        asked = replace(report.request, edits=(set_image(name, "shop:2"),), services=(name,))
        html = _assert_only_our_own_markup(replace(report, request=asked, outcomes=(named,)))
        assert html.all("h2")[1].text.endswith(name)


def test_no_problem_becomes_markup() -> None:
    report = runs.refused()
    problems = tuple(Problem(name, name) for name in HOSTILE)
    html = _assert_only_our_own_markup(replace(report, problems=problems))
    assert [one.text for one in html.all("strong")] == list(HOSTILE)


def _assert_only_our_own_markup(report: Report) -> Element:
    """The elements are those that a page has which quotes nothing strange."""
    html = read(page(report))
    known = {
        "head", "meta", "title", "style", "body", "header", "p", "h1", "span", "dl", "div", "dt", "dd", "main", "section",
        "h2", "ul", "li", "article", "h3", "ol", "strong", "q", "b", "figure", "figcaption", "pre", "svg", "desc", "g",
        "line", "text", "rect", "circle", "details", "summary", "table", "caption", "thead", "tr", "th", "tbody", "td",
        "time", "footer",
    }  # fmt: skip
    assert {name for name in _names(html) if name not in known} == set()
    return html


def _names(element: Element) -> set[str]:
    return {name for one in element.inner for name in (one.name, *_names(one))}
