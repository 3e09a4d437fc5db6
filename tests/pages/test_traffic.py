"""The band of production traffic, and the stages below it: what the JSON says, drawn."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.report.json import as_json
from drone_deploy_ecs.core.report.traffic import Stage, Traffic, Weight
from drone_deploy_ecs.output.html import timeline, traffic
from drone_deploy_ecs.output.html.page import page
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from tests.pages import runs
from tests.pages.reading import read
from tests.simulator.native import native

if TYPE_CHECKING:
    from typing import Any

    from drone_deploy_ecs.core.report.report import Report
    from tests.pages.reading import Element

MAKERS = {"linear": runs.linear, "canary, rolled back": runs.canary_rolled_back}


@pytest.fixture(params=MAKERS)
def report(request: pytest.FixtureRequest) -> Report:
    """Each of the runs."""
    return MAKERS[request.param]()


def article(report: Report) -> Element:
    (found,) = read(page(report)).all("article")
    return found


def service(report: Report) -> dict[str, Any]:
    (found,) = as_json(report)["services"]
    return dict(found)


def words(found: Element) -> list[str]:
    return [label.text for label in found.classed("label")]


def areas(found: Element, look: str) -> float:
    """Of the blocks of that look in the band, in per cent times per cent."""
    (_, band) = (
        [one for one in found.all("g") if one.attributes.get("class") == f"{look} {state}"][place]
        for state, place in (("running", 0), ("running", -1))
    )
    return sum(
        float(one.attributes["width"].rstrip("%")) * float(one.attributes["height"]) / traffic.BAND * 100
        for one in band.all("rect")
    )


@pytest.mark.parametrize(("look", "revision"), [("before", "web:1"), ("ours", "web:2")])
def test_each_revision_has_as_much_of_the_band_as_it_got_of_the_traffic(
    report: Report, look: str, revision: str
) -> None:
    told = [one for one in service(report)["traffic"] if one["revision"] == revision]
    times = [*(datetime.fromisoformat(one["at"]) for one in told), report.finished_at]
    whole = (report.finished_at - report.started_at).total_seconds()
    parts = zip(told, pairwise(times), strict=True)
    expected = sum(one["weight"] * (end - start).total_seconds() / whole * 100 for one, (start, end) in parts)
    assert expected > 0
    assert areas(article(report), look) == pytest.approx(expected, rel=0.01)


def test_what_the_new_revision_gets_is_written_into_the_band_and_beside_what_is_too_thin() -> None:
    assert [one for one in words(article(runs.linear())) if "%" in one] == [
        "100 %", "20 %", "40 %", "60 %", "80 %", "100 %",
    ]  # fmt: skip
    assert [one for one in words(article(runs.canary_rolled_back())) if "%" in one] == ["100 %", "↑ 10 %", "100 %"]


def test_every_stage_is_a_block_that_says_what_it_is() -> None:
    report = runs.canary_rolled_back()
    (strip,) = article(report).classed("stages")
    told = [one for one in service(report)["stages"] if not one["status"].endswith("SUCCESSFUL")]
    titles = [one.all("title")[0].text for one in strip.all("g")]
    assert len(titles) == len(told)
    assert "PRODUCTION_TRAFFIC_SHIFT, bakes, 2 m 12 s" in titles
    assert "CLEAN_UP, ROLLBACK_IN_PROGRESS, 9 s" in titles
    ends = [
        float(one.attributes["x"].rstrip("%")) + float(one.attributes["width"].rstrip("%")) for one in strip.all("rect")
    ]
    starts = [float(one.attributes["x"].rstrip("%")) for one in strip.all("rect")]
    assert ends[:-1] == pytest.approx(starts[1:], abs=0.02)


def test_the_legend_names_what_is_there_and_no_more() -> None:
    legends = {name: article(maker()).classed("legend")[0].words for name, maker in MAKERS.items()}
    assert legends["linear"].endswith("desired count ECS at work bake waits for a hook")
    assert legends["canary, rolled back"].endswith("desired count ECS at work bake rolls back")
    assert article(runs.good()).classed("legend")[0].words.endswith("desired count")


def test_a_pause_is_told() -> None:
    pause = LifecycleHook(stages=("POST_SCALE_UP",), is_pause=True, timeout_minutes=2, timeout_continues=True)
    found = article(runs.run(native(hooks=(pause,))))
    assert "PAUSE" in words(found)
    assert "PAUSE: waits for somebody" in found.classed("legend")[0].words


def test_the_table_has_every_change(report: Report) -> None:
    _, table = article(report).all("table")
    told = service(report)
    times = {one["at"][11:19] for one in (*told["traffic"], *told["stages"])}
    heads, *rows = ([cell.text for cell in row.all("th") + row.all("td")] for row in table.all("tr"))
    assert heads == ["Time (UTC)", "Stage", "web:2", "web:1"]
    assert {row[0] for row in rows} == times
    assert all(float(row[2].rstrip(" %")) + float(row[3].rstrip(" %")) == 100 for row in rows)
    assert rows[-1][1] == f"{told['stages'][-1]['name']}, {told['stages'][-1]['status']}"


def test_who_does_not_see_the_picture_hears_of_the_traffic() -> None:
    (picture,) = article(runs.canary_rolled_back()).all("desc")
    assert (
        "Production traffic by CANARY: web:2 0 % after 4 s, web:2 10 % after 1 m 23 s, web:2 0 % after" in picture.text
    )
    assert "At the end ECS is at CLEAN_UP, ROLLBACK_SUCCESSFUL. " in picture.text


def test_stages_without_weights_stand_alone() -> None:
    found = article(runs.run(native("BLUE_GREEN", balancer="", target_group="")))
    (picture,) = found.all("svg")
    assert (
        int(picture.attributes["height"])
        == timeline.LANE + timeline.PLOT + traffic.HEAD + traffic.STRIP + timeline.AXIS
    )
    assert ("Production traffic in %" in picture.words, bool(found.classed("stages"))) == (False, True)


def test_rolling_has_no_band() -> None:
    found = article(runs.good())
    (picture,) = found.all("svg")
    assert int(picture.attributes["height"]) == timeline.LANE + timeline.PLOT + timeline.AXIS
    assert (found.classed("stages"), len(found.all("table"))) == ([], 1)


def test_a_third_revision_and_a_stage_that_nobody_knows_have_their_own() -> None:
    report = runs.canary_rolled_back()
    (outcome,) = report.outcomes
    at = report.started_at + timedelta(seconds=60)
    odd = Traffic(
        strategy="SHADOW",
        weights=(
            Weight(at=report.started_at, revision="web:1", deployment="ecs-svc/1", percent=100.0),
            Weight(at=at, revision="", deployment="ecs-svc/9", percent=100.0),
            Weight(at=at, revision="web:1", deployment="ecs-svc/1", percent=0.0),
        ),
        stages=(Stage(at=at, name="MIRROR_TRAFFIC", status="IN_PROGRESS", awaits="", bakes=False),),
    )
    found = article(replace(report, traffic={outcome.target.name: odd}))
    assert words(found) == ["100 %", "100 %", "mirror traffic"]
    assert [one.attributes.get("class") for one in found.all("g")].count("other running") == 1
    assert "ecs-svc/9" in found.all("table")[1].words
