"""What is said, and what stands on paper."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service_deployment import Canary, LifecycleHook, Linear, Strategy
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.kind import SILENCE
from drone_deploy_ecs.core.steps.native.update import FollowServiceDeployment, RollBack, ShiftTraffic
from drone_deploy_ecs.core.steps.observation import Observed
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from tests.core.shown import (
    BEFORE,
    CONTEXT,
    NEW,
    NOON,
    OLD,
    OURS,
    TARGET,
    UNREACHABLE,
    active,
    primary,
    service,
)
from tests.core.steps.native.shifts import BLUE_GREEN, LAMBDA, PAUSE, RECORD, following, known, record, returning

SEEN = Observed(service=service(primary(), active()), seen_at=10.0)
SHORT = Observed(service=service(primary(running=1), active()), seen_at=10.0)
BAKING = "web:2 gets 100 % of production traffic; baking until 12:10Z, at least 9 m 50 s more"
BAKES = record(stage="BAKE_TIME", production=100.0)


def said(before: Any, after: Any) -> list[str]:
    return [text for _, text in after.news(before)]


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (None, "after 10 s: web:2 2 of 2 running; web:1 2 running"),
        (record("PENDING", ""), "after 10 s: web:2 2 of 2 running; web:1 2 running"),
        (record(), "after 10 s: SCALE_UP: starting its tasks; web:2 2 of 2 running; web:1 2 running"),
        (record(stage="NEW_STAGE"), "after 10 s: NEW_STAGE; web:2 2 of 2 running; web:1 2 running"),
        (BAKES, f"after 10 s: BAKE_TIME: {BAKING}; web:2 2 of 2 running; web:1 2 running"),
        (record(stage="POST_SCALE_UP", hooks=(LAMBDA,)),
         "after 10 s: POST_SCALE_UP: its tasks are up; waiting for a lifecycle hook's answer; web:2 2 of 2 running; web:1 2 running"),
        (record(stage="POST_SCALE_UP", hooks=(PAUSE,)),
         "after 10 s: POST_SCALE_UP: its tasks are up; waiting for somebody's answer, until 05 Jan 13:00Z; web:2 2 of 2 running; web:1 2 running"),
    ],
)  # fmt: skip
def test_while_nothing_changes(found: Any, line: str) -> None:
    assert following(found, observed=SEEN).heartbeat(10.0) == line


def test_a_bake_that_should_be_over() -> None:
    assert "baking until 12:10Z, about to end" in following(BAKES, observed=SEEN).heartbeat(700.0)


def test_out_of_sight_and_complete_it_says_so_as_any_rollout() -> None:
    lost = following(BAKES, observed=replace(SEEN, read_fault=UNREACHABLE, unreadable_since=0.0))
    assert lost.heartbeat(10.0).startswith("still can't see it after 10 s")
    complete = following(BAKES, observed=SEEN, completion=Completion(completed_at=5.0))
    assert complete.heartbeat(10.0).startswith("still complete after 10 s")
    assert said(complete, replace(complete, completion=Completion()))[-1] == "no longer complete"


@pytest.mark.parametrize(
    ("found", "now", "seconds"),
    [
        (record(), 1000.0, SILENCE),
        (record(stage="BAKE_TIME"), 20.0, SILENCE),
        (record(stage="BAKE_TIME"), 100.0, 100.0),
        (record(stage="POST_SCALE_UP", hooks=(PAUSE,)), 100.0, 100.0),
        (record(stage="POST_SCALE_UP", hooks=(PAUSE,)), 10_000.0, 480.0),
        (None, 1000.0, SILENCE),
    ],
)
def test_the_longer_ecs_waits_the_less_is_said(found: Any, now: float, seconds: float) -> None:
    assert following(found, observed=SEEN).silence(now) == seconds


def test_what_ecs_returns_to() -> None:
    before = returning(record("ROLLBACK_IN_PROGRESS", back_to=OLD))
    after = replace(before, phase=Phase.FOLLOW, ours=Ours(deployment=OLD, since=NOON, is_ecs_rollback=True))
    assert (
        said(before, after)[0] == f"web:1 is PRIMARY again, as {OLD}: ECS itself is returning it, so nothing is written"
    )
    asked = replace(before, asked_at=5.0)
    assert said(before, asked) == ["told ECS to roll it back (UpdateService)"]
    assert asked.heartbeat(9.0) == "still waiting for ECS to roll it back after 4 s"
    assert said(asked, replace(after, asked_at=5.0))[0] == f"web:1 is PRIMARY again, as {OLD}"


@pytest.mark.parametrize("is_shifted", [True, False])
def test_it_is_complete(is_shifted: bool) -> None:  # noqa: FBT001 a table
    over = record("SUCCESSFUL", "CLEAN_UP", 100.0)
    before = following(over, observed=SEEN, known=known(over, shifted_at=60.0 if is_shifted else None))
    after = replace(before, completion=Completion(completed_at=90.0))
    shifted = "all production traffic on it after 1 m; " if is_shifted else ""
    assert said(before, after) == [f"web:2 completed: {shifted}SUCCESSFUL after 1 m 30 s"]
    early = replace(before, completion=Completion(completed_at=90.0, reason="not yet"))
    assert said(before, early) == [f"web:2 is up: {shifted}not yet"]


def test_what_was_not_over_may_be_when_it_is_settled() -> None:
    early = following(BAKES, completion=Completion(completed_at=90.0, reason="not SUCCESSFUL yet"))
    assert (early.settle(91.0).reason, early.settle(91.0).unfinished) == ("not SUCCESSFUL yet: it is at BAKE_TIME",) * 2
    over = replace(early, known=known(record("SUCCESSFUL", "CLEAN_UP", 100.0)))
    assert (over.settle(91.0).reason, over.settle(91.0).unfinished, over.unfinished) == ("", "", "")
    back = returning(record("ROLLBACK_SUCCESSFUL"), completion=Completion(completed_at=90.0))
    assert back.settle(91.0).unfinished == ""


def test_its_record_is_a_cause() -> None:
    why = "Service deployment rolled back because of triggered alarm(s): errors."
    taken = following(record("ROLLBACK_IN_PROGRESS", status_reason=why), observed=SEEN)
    assert [cause.name for cause in taken.reasons(0.0)] == ["alarm"]
    assert following(record(status_reason="stopped by somebody"), observed=SEEN).reasons(0.0) == ()
    assert following(observed=SEEN).reasons(0.0) == ()


# --- on paper ---

STEPS = Strategy(name="LINEAR", bake=5, linear=Linear(percent=40.0, bake=2), hooks=(
    LifecycleHook(target_type="PAUSE", stages=("POST_SCALE_UP", "PRE_PRODUCTION_TRAFFIC_SHIFT")), LifecycleHook(stages=("PRE_SCALE_UP",))))  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "line", "run"),
    [
        (Terms(budget=600.0), "its service deployment is SUCCESSFUL: at least 9 m", "29 m"),
        (Terms(budget=600.0, wait_for_drained=False, wait_for_shift=True),
         "all production traffic is on it and the bake has begun: at least 4 m", "24 m"),
        (Terms(budget=600.0, wait_for_drained=False), "all its tasks are healthy: at least 0 s", "20 m"),
    ],
)  # fmt: skip
def test_the_plan_says_how_long_it_takes(terms: Terms, line: str, run: str) -> None:
    step = ShiftTraffic(target=TARGET, terms=terms, definition=NEW, strategy=STEPS, undo="none")
    lines = list(step.explain())
    assert lines[1] == f"Wait until {line} by its own bakes, which the budget of 10 m doesn't count"
    assert lines[2] == "It waits for somebody's answer at its PAUSE hooks (POST_SCALE_UP, PRE_PRODUCTION_TRAFFIC_SHIFT)"
    assert lines[3] == f"Let the CI step run for {run} at least, and as long again as hooks take"
    follow = FollowServiceDeployment(
        target=TARGET, terms=terms, definition=NEW, deployment=OURS, strategy=STEPS, undo="none"
    )
    assert list(follow.explain()) == lines


@pytest.mark.parametrize(
    ("strategy", "minutes"),
    [
        (Strategy(), 0),
        (BLUE_GREEN, 10),
        (Strategy(name="CANARY", bake=1, canary=Canary(percent=5.0, bake=3)), 4),
        (Strategy(name="CANARY", bake=1, canary=Canary(percent=100.0, bake=3)), 1),
        (Strategy(name="LINEAR", bake=1, linear=Linear(percent=33.3, bake=2)), 7),
        (Strategy(name="LINEAR", bake=1, linear=Linear(percent=10.0, bake=2)), 19),
        (Strategy(name="LINEAR", bake=1, linear=Linear(percent=0.0, bake=2)), 1),
    ],
)
def test_what_its_bakes_take(strategy: Strategy, minutes: int) -> None:
    assert strategy.least == 60.0 * minutes


def test_the_steps_and_their_way_back() -> None:
    step = ShiftTraffic(target=TARGET, terms=Terms(budget=600.0), definition=NEW, strategy=BLUE_GREEN)
    assert str(step) == "UpdateService: web to web:2, by its strategy BLUE_GREEN"
    how: dict[str, Any] = {"target": TARGET, "terms": Terms(budget=600.0), "definition": BEFORE, "undoes": OURS}
    back = step.undone(following(BAKES), **how)
    assert back == RollBack(strategy=BLUE_GREEN, arn=RECORD, **how)
    assert str(back) == "StopServiceDeployment: web back to web:1"
    assert str(replace(back, definition="")) == "StopServiceDeployment: web back to that revision"
    assert step.undone(object(), **how) == RollBack(strategy=BLUE_GREEN, **how)
    assert step.begin(replace(CONTEXT, seen_at=-60.0)).phase is Phase.CHECK
