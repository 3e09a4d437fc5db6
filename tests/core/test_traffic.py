"""Who gets a service's traffic: read off ECS's record, and kept where it changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service_deployment import RevisionSummary
from drone_deploy_ecs.core.progress import Share, Shifting
from drone_deploy_ecs.core.report.json import as_json
from drone_deploy_ecs.core.report.traffic import Traffic, grow
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from tests.core.shown import NOON, OLD, OURS
from tests.core.steps.native.shifts import LAMBDA, PAUSE, following, record, revision
from tests.pages.runs import run
from tests.simulator.native import native
from tests.stories.story import small_world

if TYPE_CHECKING:
    from typing import Any

    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment

ECSS = RevisionSummary(arn=revision(OLD), running=2, production=100.0)
DEAD = RevisionSummary(arn=revision("ecs-svc/77"), production=100.0)


def shifting(found: DescribedServiceDeployment | None, **known: Any) -> Shifting | None:
    shift = following(found)
    shift = replace(shift, known=replace(shift.known, **known))
    return shift.progress(100.0, NOON + timedelta(seconds=100)).shifting


def told(found: DescribedServiceDeployment, **known: Any) -> Shifting:
    one = shifting(found, **known)
    assert one is not None
    return one


def service(world: Any, **settings: str) -> dict[str, Any]:
    """What the JSON says of the one service of a run."""
    (found,) = as_json(run(world, **settings))["services"]
    return dict(found)


def spans(found: dict[str, Any]) -> list[tuple[str, float]]:
    return [(one["revision"], one["weight"]) for one in found["traffic"]]


# --- what is read ---


def test_nothing_is_told_before_the_record_is_read() -> None:
    assert shifting(None) is None


def test_the_target_has_its_weight_and_the_source_that_runs_the_rest() -> None:
    found = record(production=5.0, sources=(DEAD, ECSS, DEAD))
    assert told(found).shares == (Share(OURS, "", 5.0), Share(OLD, "", 95.0))
    assert told(found).percent == 5.0


@pytest.mark.parametrize(
    ("found", "shares"),
    [
        (record(production=None, sources=(ECSS,)), ()),
        (record(production=100.0, sources=(ECSS,)), (Share(OURS, "", 100.0),)),
        (record(production=0.0), ()),
    ],
    ids=["no weights", "all of it", "no source"],
)
def test_where_there_is_less_to_tell(found: DescribedServiceDeployment, shares: tuple[Share, ...]) -> None:
    assert told(found).shares == shares
    assert told(found).percent == (shares[0].percent if shares else None)


def test_it_bakes_until_its_minutes_are_over_since_it_was_seen_to_begin() -> None:
    baking = record(stage="BAKE_TIME", production=100.0)
    assert told(baking, since=40.0).bakes_until == NOON + timedelta(seconds=640)
    assert told(record(stage="SCALE_UP")).bakes_until is None


@pytest.mark.parametrize(("hook", "kind"), [(PAUSE, "PAUSE"), (LAMBDA, "AWS_LAMBDA")])
def test_while_a_hook_is_waited_for_it_does_not_bake(hook: Any, kind: str) -> None:
    waiting = told(record(stage="BAKE_TIME", production=100.0, hooks=(replace(hook, status="SUCCEEDED"), hook)))
    assert (waiting.awaits, waiting.bakes_until) == (kind, None)


def test_it_goes_back_by_its_status() -> None:
    assert [told(record(one)).is_going_back for one in ("IN_PROGRESS", "ROLLBACK_REQUESTED")] == [False, True]


# --- what is kept ---


STEP = Shifting(strategy="CANARY", status="IN_PROGRESS", stage="BAKE_TIME")


def kept(*looks: Shifting) -> Traffic:
    """Looks a second apart."""
    found = Traffic()
    for second, look in enumerate(looks):
        found = grow(found, look, NOON + timedelta(seconds=second))
    return found


def weights(*shares: tuple[Share, ...]) -> list[tuple[int, str, str, float]]:
    found = kept(*(replace(STEP, shares=one) for one in shares)).weights
    return [((one.at - NOON).seconds, one.deployment, one.revision, one.percent) for one in found]


def test_a_look_that_shows_nothing_new_adds_nothing() -> None:
    later = replace(STEP, bakes_until=NOON)
    stages = kept(STEP, STEP, later, replace(later, bakes_until=NOON + timedelta(seconds=1)), STEP).stages
    assert [((one.at - NOON).seconds, one.bakes) for one in stages] == [(0, False), (2, True), (4, False)]
    assert weights((Share("a", "web:1", 100.0),), (Share("a", "web:1", 100.0),)) == [(0, "a", "web:1", 100.0)]


def test_who_is_not_told_of_any_more_gets_nothing() -> None:
    both = (Share("b", "web:2", 5.0), Share("a", "web:1", 95.0))
    alone = (Share("b", "web:2", 100.0),)
    assert weights(both, alone, alone)[2:] == [(1, "b", "web:2", 100.0), (1, "a", "web:1", 0.0)]


def test_without_weights_nothing_is_known_to_have_changed() -> None:
    assert weights((Share("a", "web:1", 100.0),), ()) == [(0, "a", "web:1", 100.0)]


def test_a_revision_that_is_not_listed_any_more_keeps_its_name() -> None:
    assert weights((Share("a", "web:1", 100.0),), (Share("a", "", 0.0),), (Share("c", "", 1.0),))[1:] == [
        (1, "a", "web:1", 0.0),
        (2, "c", "", 1.0),
    ]


@pytest.mark.parametrize(
    ("looks", "stage"),
    [((), ""), ((STEP,), "BAKE_TIME"), ((STEP, replace(STEP, status="SUCCESSFUL")), "")],
    ids=["never seen", "under way", "over"],
)
def test_it_is_at_a_stage_until_it_is_over(looks: tuple[Shifting, ...], stage: str) -> None:
    assert kept(*looks).stage == stage


# --- in a whole run ---


def test_a_canary_is_told_step_by_step() -> None:
    found = service(native("CANARY", step_bake_minutes=1))
    assert found["strategy"] == "CANARY"
    steps = [("web:2", 0.0), ("web:1", 100.0), ("web:2", 5.0), ("web:1", 95.0), ("web:2", 100.0), ("web:1", 0.0)]
    assert spans(found) == steps
    bakes = [one["name"] for one in found["stages"] if one["bakes"]]
    assert bakes == ["PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME"]
    assert found["stages"][-1]["status"] == "SUCCESSFUL"


def test_the_way_back_is_told_too() -> None:
    found = service(native("CANARY", crash(1, after=90.0), step_bake_minutes=2))
    assert spans(found)[-2:] == [("web:2", 0.0), ("web:1", 100.0)]
    assert [one["status"] for one in found["stages"]][-1] == "ROLLBACK_SUCCESSFUL"


def test_hooks_are_told() -> None:
    world = native(hooks=(LifecycleHook(stages=("POST_SCALE_UP",), after=30.0),))
    assert [one["name"] for one in service(world)["stages"] if one["awaits"] == "AWS_LAMBDA"] == ["POST_SCALE_UP"]


def test_without_a_balancer_there_are_stages_alone() -> None:
    found = service(native("BLUE_GREEN", balancer="", target_group=""))
    assert (found["traffic"], bool(found["stages"])) == ([], True)


def test_rolling_has_a_strategy_and_no_more() -> None:
    found = service(small_world())
    assert (found["strategy"], found["traffic"], found["stages"]) == ("ROLLING", [], [])
