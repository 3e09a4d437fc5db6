"""What the secret says of two colours."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.secrets import GetSecretValue
from drone_deploy_ecs.core.masking import Secret
from drone_deploy_ecs.core.plan.by_secret import BySecret
from drone_deploy_ecs.core.plan.deployed import unchanged
from drone_deploy_ecs.core.plan.snapshot import Snapshot
from drone_deploy_ecs.core.report.report import Report
from drone_deploy_ecs.core.request.request import Colours
from drone_deploy_ecs.core.request.services import ServiceRef
from tests.core.plan.judged import REQUEST
from tests.core.shown import NOON, TARGET, service
from tests.edits import set_image

COLOURS = Colours(
    secret="production-shop", blue="web-blue", green="web-green",
    blue_edits=(set_image("app", "shop:b"),), green_edits=(set_image("app", "shop:g"),),
)  # fmt: skip
ASKED = replace(REQUEST, services=("web-blue", "web-green"), colours=COLOURS, secrets=(Secret("A", "a"),))
STRATEGY = BySecret(COLOURS)
CALL = GetSecretValue(region="eu-west-1", name="production-shop")


def test_the_secret_is_asked_for() -> None:
    assert STRATEGY.asks(ASKED, {}) == (CALL,)


@pytest.mark.parametrize(
    ("live", "services", "image"), [("blue", ("web-green",), "shop:g"), ("green", ("web-blue",), "shop:b")]
)
def test_the_request_is_the_other_colours_and_hides_what_came_along(
    live: str, services: tuple[str], image: str
) -> None:
    text = json.dumps({"CURRENT_LIVE_ENVIRONMENT": live, "PASSWORD": "hunter2", "PORT": 80})
    request = STRATEGY.resolve(ASKED, {CALL: text})
    assert not isinstance(request, tuple)
    assert (request.services, request.brief) == (services, image)
    assert request.secrets == (
        Secret("A", "a"),
        Secret("CURRENT_LIVE_ENVIRONMENT", live),
        Secret("PASSWORD", "hunter2"),
    )


def test_without_a_colour_there_is_no_request() -> None:
    problems = STRATEGY.resolve(ASKED, {CALL: "{}"})
    assert isinstance(problems, tuple)
    assert [str(problem) for problem in problems] == [
        "secret production-shop has no CURRENT_LIVE_ENVIRONMENT. Set it to the live colour, blue or green."
    ]


@pytest.mark.parametrize(("live", "idle"), [("blue", "web-green"), ("green", "web-blue")])
def test_what_the_secret_calls_idle_must_be(live: str, idle: str) -> None:
    request = replace(ASKED, services=(idle,))
    snapshot = Snapshot(ref=ServiceRef("eu-west-1", "prod", idle), name=idle, service=service(name=idle))
    problems = STRATEGY.plan(request, (snapshot,), {})
    assert isinstance(problems, tuple)
    (problem,) = problems
    assert problem.what == (
        f"{idle} should be idle, as secret production-shop names {live} as live, but it has 2 tasks"
    )
    assert problem.do == f"Check CURRENT_LIVE_ENVIRONMENT in the secret; scale {idle} to 0 if it is right"


@pytest.mark.parametrize(
    ("live", "run_failed", "told"),
    [("blue", False, "set CURRENT_LIVE_ENVIRONMENT to green in secret production-shop"), ("blue", True, "")],
)
def test_how_to_switch_is_told_where_there_is_something_to_switch_to(live: str, *, run_failed: bool, told: str) -> None:
    outcome = unchanged(TARGET, run_failed=run_failed)
    report = Report(request=ASKED, started_at=NOON, finished_at=NOON, outcomes=(outcome,), api_calls={}, timeline=())
    sentences = replace(STRATEGY, live=live).epilogue(report)
    assert [name for name, sentence in sentences if told in sentence] == ([] if run_failed else ["web"])
