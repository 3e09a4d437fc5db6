"""What a rollout says of itself: its state, when its time is over, when it is complete for long enough, its causes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.failure import Failure
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.observation import READ_GRACE, TASK_PERMISSIONS
from drone_deploy_ecs.core.steps.rollout.rollout import TURN
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FRESH, FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import Context, Monitored, State, is_monitored
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import (
    BUDGET,
    NEW,
    NOON,
    OTHER,
    OURS,
    TARGET,
    THROTTLED,
    TIMED_OUT,
    UNREACHABLE,
    primary,
    service,
    stopped,
)
from tests.core.steps.rollout.rollouts import begun, fact, following, forward, given, undo

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

# --- times ---

COMPLETE = given(following(stable_for=20.0), completed_at=30.0, read_at=30.0)
CHECKED = given(following(checks=2, check_interval=10.0), completed_at=30.0, passed_at=40.0, passed=1)


def test_when_the_budget_ends() -> None:
    assert following().deadline == BUDGET
    assert given(following(), began=7.0).deadline == BUDGET + 7
    assert following().stand_by(60.0).deadline == BUDGET + 60


@pytest.mark.parametrize(
    ("rollout", "stable_at"),
    [
        (following(), None),
        (COMPLETE, 50.0),
        (given(COMPLETE, unreadable_since=31.0), None),
        (given(COMPLETE, verdict=Verdict.FAILED), None),
        (CHECKED, 50.0),
        (given(CHECKED, passed=2, passed_at=50.0), 50.0),
        (given(following(), completed_at=0.0), 0.0),
    ],
)
def test_when_it_will_have_been_complete_for_long_enough(rollout: Rollout, stable_at: float | None) -> None:
    assert rollout.stable_at == stable_at


def test_what_has_to_be_seen_complete_later_is_not_stable_before() -> None:
    assert COMPLETE.confirm_since(40.0, 55.0).stable_at == 55.0
    assert COMPLETE.confirm_since(40.0, 45.0).stable_at == 50.0


def test_what_was_to_be_confirmed_since_then_already_needs_no_later_look() -> None:
    confirmed = COMPLETE.confirm_since(40.0, 55.0)
    assert confirmed.confirm_since(50.0, 60.0) is confirmed
    assert confirmed.confirm_since(55.0, 60.0) is confirmed
    assert confirmed.confirm_since(56.0, 60.0).stable_at == 60.0


@pytest.mark.parametrize(
    ("rollout", "next_check"),
    [
        (following(checks=2), None),
        (CHECKED, 50.0),
        (given(CHECKED, passed=2), None),
        (given(CHECKED, verdict=Verdict.FAILED), None),
        (COMPLETE, None),
    ],
)
def test_when_it_is_to_be_found_complete_once_more(rollout: Rollout, next_check: float | None) -> None:
    assert rollout.next_check == next_check


@pytest.mark.parametrize(
    ("rollout", "now", "proven"),
    [
        (following(), 1e6, False),
        (CHECKED, 60.0, False),
        (given(CHECKED, passed=2), 60.0, True),
        (given(CHECKED, passed=2), 39.0, False),
        (given(COMPLETE, terms=Terms(budget=BUDGET)), 30.0, True),
        (COMPLETE, 49.0, False),
        (COMPLETE, 50.0, False),
        (given(COMPLETE, read_at=49.0), 50.0, False),
        (given(COMPLETE, read_at=50.0), 50.0, True),
        (COMPLETE, 50.0 + READ_GRACE - 1, False),
        (COMPLETE, 50.0 + READ_GRACE, True),
        (given(COMPLETE, denied=TASK_PERMISSIONS), 50.0, True),
        (given(COMPLETE, denied=frozenset({"ecs:DescribeTasks"})), 50.0, True),
        (given(COMPLETE, denied=frozenset({"logs:GetLogEvents"})), 50.0, False),
        (given(COMPLETE, terms=Terms(budget=BUDGET, must_stay=True), read_at=0.0), 31.0, False),
    ],
)
def test_what_had_to_prove_stable_is_proven_by_its_stopped_tasks_where_they_can_be_read(
    rollout: Rollout, now: float, *, proven: bool
) -> None:
    assert rollout.is_proven(now) is proven


# --- beginning and ending ---

TERMS = Terms(budget=BUDGET)
STEP = UpdateService(target=TARGET, definition=NEW, force=True, desired=3, terms=TERMS)
FOLLOW = FollowDeployment(target=TARGET, definition=NEW, deployment=OURS, terms=TERMS)


@pytest.mark.parametrize(
    ("step", "seen_at", "expected"),
    [
        (STEP, None, {"phase": Phase.WRITE, "began": 9.0, "since": None}),
        (STEP, 9.0 - FRESH, {"phase": Phase.WRITE}),
        (STEP, 8.9 - FRESH, {"phase": Phase.CHECK}),
        (replace(STEP, undoes=OURS, since=NOON, must_not_write=True), None, {
            "phase": Phase.CHECK, "since": NOON, "is_undo": True}),
        (FOLLOW, None, {
            "phase": Phase.FOLLOW, "deployment": OURS, "is_undo": False}),
    ],
)  # fmt: skip
def test_how_it_begins(step: UpdateService | FollowDeployment, seen_at: float | None, expected: dict[str, Any]) -> None:
    rollout = begun(step, 9.0, seen_at=seen_at)
    assert (rollout.step, rollout.definition, rollout.terms) == (step, NEW, TERMS)
    assert {member: fact(rollout, member) for member in expected} == expected


def test_what_is_registered_first_goes_to_the_revision_that_came_of_it() -> None:
    step = replace(STEP, definition="", registration="web#1")
    assert step.begin(Context(now=9.0, budget=BUDGET, seen_at=None, outputs={"web#1": NEW})).revision == "web:2"
    assert step.begin(Context(now=9.0, budget=BUDGET, seen_at=None, outputs={})).revision == "the new revision"


def test_what_cannot_be_written_is_refused() -> None:
    refused = forward().abort(Verdict.REFUSED, "its revision couldn't be registered", 3.0)
    assert (refused.verdict, refused.reason) == (Verdict.REFUSED, "its revision couldn't be registered")
    assert fact(refused, "decided_at") == 3.0
    assert refused.state is State.ENDED
    assert not fact(refused, "causes")


def test_it_is_recalled_at_once_unless_a_write_may_have_landed() -> None:
    cancelled = following().abort(Verdict.CANCELLED, "signal 15", 3.0)
    assert (cancelled.verdict, cancelled.reason) == (Verdict.CANCELLED, "signal 15")
    assert fact(cancelled, "decided_at") == 3.0
    assert cancelled.abort(Verdict.WITHDRAWN, "another failed", 4.0) is cancelled
    assert forward().abort(Verdict.CANCELLED, "signal 15", 3.0).verdict is Verdict.CANCELLED
    recalled = given(forward(), unconfirmed=TIMED_OUT).abort(Verdict.CANCELLED, "signal 15", 3.0)
    assert (recalled.verdict, recalled.recalled) == (None, (Verdict.CANCELLED, "signal 15"))
    assert recalled.reason == "signal 15"
    assert recalled.abort(Verdict.WITHDRAWN, "another failed", 4.0) is recalled, "the first reason counts"


def test_it_is_settled_with_the_reason_for_which_it_is_complete() -> None:
    settled = given(COMPLETE, completed_reason="by its counts").settle(50.0)
    assert (settled.verdict, settled.reason, settled.state) == (Verdict.COMPLETED, "by its counts", State.ENDED)
    assert fact(settled, "decided_at") == 50.0
    assert settled.settle(60.0) is settled


DIED = given(following(), stopped=(stopped(exit_code=127),))


@pytest.mark.parametrize(
    ("rollout", "verdict", "explained"),
    [
        (DIED, Verdict.FAILED, False),
        (DIED, Verdict.ROLLED_BACK, False),
        (DIED, Verdict.TIMED_OUT, False),
        (DIED, Verdict.SUPERSEDED, True),
        (given(DIED, read_at=50.0), Verdict.FAILED, True),
        (given(DIED, denied=frozenset({"ecs:ListTasks"})), Verdict.FAILED, True),
        (given(DIED, ours=None), Verdict.FAILED, True),
    ],
)
def test_a_bad_verdict_waits_for_the_tasks_that_explain_it(
    rollout: Rollout, verdict: Verdict, *, explained: bool
) -> None:
    judged = rollout.abort(verdict, "why", 50.0)
    assert (judged.verdict, judged.reason, fact(judged, "decided_at")) == (verdict, "why", 50.0)
    assert fact(judged, "explained") is explained
    assert judged.state is (State.ENDED if explained else State.ACTIVE)


def test_a_bad_verdict_of_a_deployment_has_its_causes() -> None:
    assert not fact(DIED, "causes")
    (cause,) = fact(DIED.abort(Verdict.FAILED, "why", 50.0), "causes")
    assert cause.exit_code == 127
    assert not fact(DIED.settle(50.0), "causes")
    assert not fact(given(DIED, ours=None).abort(Verdict.FAILED, "why", 50.0), "causes")


# --- its turn ---


@pytest.mark.parametrize(
    ("later", "phase"), [(0.0, Phase.WRITE), (TURN, Phase.WRITE), (TURN + 0.1, Phase.CHECK), (500.0, Phase.CHECK)]
)
def test_an_update_that_waited_for_its_turn_is_looked_at_before_it_is_written(later: float, phase: Phase) -> None:
    queued = STEP.begin(Context(now=7.0, budget=BUDGET, seen_at=None, outputs={}))
    assert queued.state is State.QUEUED
    assert queued.due(7.0, 0.5) == inf
    started = queued.start(7.0 + later)
    assert (started.state, started.phase, started.began) == (State.WRITING, phase, 7.0 + later)
    assert started.deadline == 7.0 + later + BUDGET, "its time counts from its turn"


QUEUED = STEP.begin(Context(now=0.0, budget=BUDGET, seen_at=None, outputs={}))


@pytest.mark.parametrize("phase", [Phase.CHECK, Phase.FOLLOW])
def test_what_is_not_to_be_written_keeps_its_phase(phase: Phase) -> None:
    assert given(QUEUED, phase=phase).start(500.0).phase is phase


def test_an_explanation_is_of_this_deployment_and_of_what_ecs_said_since() -> None:
    crash = "was unable to place a task because no container instance met all of its requirements."
    seen = service(primary(), said=[(-60.0, crash), (0.0, crash), (5.0, crash)])
    failed = given(following(), service=seen)
    (cause,) = fact(failed.abort(Verdict.FAILED, "why", 9.0), "causes")
    assert cause.name == "no-instance-fits"
    assert cause.headline
    assert cause.advice
    assert cause.count == 2, "the first was before it"
    nothing_said = given(failed, service=service(primary()))
    assert fact(nothing_said.abort(Verdict.FAILED, "why", 9.0), "causes") == ()


# --- as the engine sees it ---

THROTTLED_ONCE = given(forward(), fault=THROTTLED, phase=Phase.CHECK)
BACK = undo()


@pytest.mark.parametrize(
    ("rollout", "state", "tally"),
    [
        (QUEUED, State.QUEUED, "not begun"),
        (FOLLOW.begin(Context(now=0.0, budget=BUDGET, seen_at=None, outputs={})), State.ACTIVE, "rolling out"),
        (QUEUED.abort(Verdict.WITHDRAWN, "another failed", 3.0), State.ENDED, "withdrawn"),
        (forward(), State.WRITING, "not begun"),
        (given(forward(), phase=Phase.CHECK), State.WRITING, "not begun"),
        (THROTTLED_ONCE, State.ACTIVE, "not begun"),
        (following(), State.ACTIVE, "rolling out"),
        (given(following(), read_fault=UNREACHABLE), State.ACTIVE, "out of sight"),
        (COMPLETE, State.COMPLETE, "completed"),
        (COMPLETE.settle(50.0), State.ENDED, "completed"),
        (DIED.abort(Verdict.FAILED, "why", 50.0), State.ACTIVE, "failed"),
        (given(DIED, read_at=50.0).abort(Verdict.FAILED, "why", 50.0), State.ENDED, "failed"),
        (BACK, State.WRITING, "not begun"),
        (given(BACK, deployment=OTHER), State.ACTIVE, "on the way back"),
        (given(BACK, deployment=OTHER, completed_at=3.0), State.COMPLETE, "back"),
        (BACK.settle(3.0), State.ENDED, "back"),
    ],
)
def test_how_far_it_is(rollout: Rollout, state: State, tally: str) -> None:
    assert (rollout.state, rollout.tally) == (state, tally)
    assert rollout.is_serving is (state is State.COMPLETE)


def test_what_has_begun_is_not_begun_again() -> None:
    for rollout in (forward(), following(), COMPLETE.settle(50.0)):
        assert rollout.start(60.0) is rollout


def test_it_has_written_once_a_deployment_is_ours_or_may_be() -> None:
    assert not forward().has_written
    assert not THROTTLED_ONCE.has_written
    assert given(forward(), unconfirmed=TIMED_OUT).has_written
    assert following().has_written
    assert (forward().output, following().output) == ("", OURS)


def test_evidence_is_looked_for_where_a_deployment_of_ours_failed() -> None:
    failed = DIED.abort(Verdict.FAILED, "why", 50.0)
    assert failed.failure == Failure(
        target=TARGET,
        verdict=Verdict.FAILED,
        decided_at=50.0,
        deployment=OURS,
        since=NOON,
        definition=NEW,
        service=None,
        stopped=DIED.tasks.stopped,
        causes=fact(failed, "causes"),
    )
    for rollout in (DIED, DIED.abort(Verdict.SUPERSEDED, "why", 50.0), forward().abort(Verdict.REFUSED, "why", 50.0)):
        assert rollout.failure is None


def test_its_causes_may_be_explained_further() -> None:
    failed = DIED.abort(Verdict.FAILED, "why", 50.0)
    assert fact(failed.explained(()), "causes") == ()
    assert fact(failed.explained(()), "verdict") is Verdict.FAILED
    assert following().explained(()) == following(), "what isn't judged has none"


def test_of_the_rest_of_what_may_be_asked_a_rollout_has_nothing_to_say() -> None:
    rollout = following()
    assert (rollout.needs_replan, rollout.fails_target, rollout.stands_until) == (False, "", -inf)
    assert (rollout.seen_at, given(rollout, seen_at=3.0).seen_at) == (0.0, 3.0)


def test_the_execution_is_what_the_protocol_asks_for() -> None:
    monitored: Monitored = following()
    assert is_monitored(monitored)
