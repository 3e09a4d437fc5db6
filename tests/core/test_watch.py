"""What a watch says of itself: when its time is over, when it is complete for long enough, what may be explained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core import watch
from drone_deploy_ecs.core.cause import cause_of_task
from drone_deploy_ecs.core.step import FollowDeployment, UpdateService
from drone_deploy_ecs.core.verdict import ExitCode, Now, Verdict, exit_code
from drone_deploy_ecs.core.watch import FRESH, LAST_SIGHT, TASK_PERMISSIONS, TURN, Phase, Terms
from tests.core.shown import BUDGET, NEW, NOON, OURS, TARGET, TIMED_OUT, following, forward, primary, service, stopped

if TYPE_CHECKING:
    from drone_deploy_ecs.core.watch import Watch

# --- verdicts and exit codes ---

GOOD = {Verdict.UNCHANGED, Verdict.COMPLETED}
FAILS_THE_RUN = {Verdict.ROLLED_BACK, Verdict.FAILED, Verdict.TIMED_OUT, Verdict.REFUSED}


@pytest.mark.parametrize("verdict", Verdict)
def test_which_verdicts_are_good_and_which_fail_the_run(verdict: Verdict) -> None:
    assert verdict.is_good is (verdict in GOOD)
    assert verdict.fails_the_run is (verdict in FAILS_THE_RUN)


WORST_FIRST = (
    (Now.NOT_AS_BEFORE, 4), (Now.UNSEEN, 6), (Now.AS_BEFORE, 3), (Now.LEFT, 4), (Now.SOMEBODY_ELSES, 5), (Now.NEW, 0),
    (Now.GAVE_WAY, 0),
)  # fmt: skip


@pytest.mark.parametrize("place", range(len(WORST_FIRST)))
def test_a_run_exits_with_the_worst_of_how_its_services_stand(place: int) -> None:
    assert exit_code([now for now, _ in reversed(WORST_FIRST[place:])]) == WORST_FIRST[place][1]


def test_a_run_that_left_some_untouched_is_not_done() -> None:
    assert exit_code([]) is ExitCode.REFUSED
    assert exit_code([Now.UNTOUCHED]) is ExitCode.REFUSED
    assert exit_code([Now.NEW, Now.UNTOUCHED]) is ExitCode.RETURNED
    assert exit_code([Now.NEW, Now.UNTOUCHED, Now.UNSEEN]) is ExitCode.LOST_SIGHT


# --- times ---

COMPLETE = replace(following(stable_for=20.0), completed_at=30.0, tasks_read_at=30.0)
CHECKED = replace(following(checks=2, check_interval=10.0), completed_at=30.0, passed_at=40.0, passed=1)


def test_when_the_budget_ends() -> None:
    assert following().deadline == BUDGET
    assert replace(following(), began=7.0).deadline == BUDGET + 7
    assert watch.guard(following(), 60.0).deadline == BUDGET + 60


@pytest.mark.parametrize(
    ("one", "stable_at"),
    [
        (following(), None),
        (COMPLETE, 50.0),
        (replace(COMPLETE, blind_since=31.0), None),
        (replace(COMPLETE, verdict=Verdict.FAILED), None),
        (CHECKED, 40.0),
        (replace(CHECKED, terms=Terms(budget=BUDGET)), 30.0),
    ],
)
def test_when_it_will_have_been_complete_for_long_enough(one: Watch, stable_at: float | None) -> None:
    assert one.stable_at == stable_at


def test_what_has_to_be_seen_complete_later_is_not_stable_before() -> None:
    assert watch.require(COMPLETE, 55.0).stable_at == 55.0
    assert watch.require(COMPLETE, 45.0).stable_at == 50.0


@pytest.mark.parametrize(
    ("one", "next_check"),
    [
        (following(checks=2), None),
        (CHECKED, 50.0),
        (replace(CHECKED, passed=2), None),
        (replace(CHECKED, verdict=Verdict.FAILED), None),
        (COMPLETE, None),
    ],
)
def test_when_it_is_to_be_found_complete_once_more(one: Watch, next_check: float | None) -> None:
    assert one.next_check == next_check


@pytest.mark.parametrize(
    ("one", "now", "proven"),
    [
        (following(), 1e6, False),
        (CHECKED, 60.0, False),
        (replace(CHECKED, passed=2), 60.0, True),
        (replace(CHECKED, passed=2), 39.0, False),
        (replace(COMPLETE, terms=Terms(budget=BUDGET)), 30.0, True),
        (COMPLETE, 49.0, False),
        (COMPLETE, 50.0, False),
        (replace(COMPLETE, tasks_read_at=49.0), 50.0, False),
        (replace(COMPLETE, tasks_read_at=50.0), 50.0, True),
        (COMPLETE, 50.0 + LAST_SIGHT - 1, False),
        (COMPLETE, 50.0 + LAST_SIGHT, True),
        (replace(COMPLETE, denied=TASK_PERMISSIONS), 50.0, True),
        (replace(COMPLETE, denied=frozenset({"ecs:DescribeTasks"})), 50.0, True),
        (replace(COMPLETE, denied=frozenset({"logs:GetLogEvents"})), 50.0, False),
        (replace(COMPLETE, terms=Terms(budget=BUDGET, must_stay=True), tasks_read_at=0.0), 31.0, False),
    ],
)
def test_what_had_to_prove_stable_is_proven_by_its_stopped_tasks_where_they_can_be_read(
    one: Watch, now: float, *, proven: bool
) -> None:
    assert watch.is_proven(one, now) is proven


# --- beginning and ending ---

STEP = UpdateService(target=TARGET, definition=NEW, force=True, desired=3)
TERMS = Terms(budget=BUDGET)


@pytest.mark.parametrize(
    ("step", "seen_at", "expected"),
    [
        (STEP, None, {"phase": Phase.WRITE, "force": True, "desired": 3, "began": 9.0, "changed_at": 9.0, "since": None}),
        (STEP, 9.0 - FRESH, {"phase": Phase.WRITE}),
        (STEP, 8.9 - FRESH, {"phase": Phase.CHECK}),
        (replace(STEP, only_over=OURS, since=NOON, confirm_only=True), None, {
            "phase": Phase.CHECK, "only_over": OURS, "since": NOON, "confirm_only": True, "is_undo": True}),
        (FollowDeployment(target=TARGET, definition=NEW, deployment=OURS), None, {
            "phase": Phase.FOLLOW, "deployment": OURS, "is_undo": False}),
    ],
)  # fmt: skip
def test_how_it_begins(step: UpdateService | FollowDeployment, seen_at: float | None, expected: dict[str, Any]) -> None:
    one = watch.begin(step, NEW, TERMS, 9.0, seen_at=seen_at)
    assert (one.target, one.definition, one.terms) == (TARGET, NEW, TERMS)
    assert {member: getattr(one, member) for member in expected} == expected


def test_what_cannot_be_written_is_refused() -> None:
    one = watch.refuse(forward(), "its revision couldn't be registered", 3.0)
    assert (one.verdict, one.reason, one.decided_at) == (Verdict.REFUSED, "its revision couldn't be registered", 3.0)
    assert one.is_done
    assert not one.causes


def test_it_is_recalled_at_once_unless_a_write_may_have_landed() -> None:
    cancelled = watch.recall(following(), Verdict.CANCELLED, "signal 15", 3.0)
    assert (cancelled.verdict, cancelled.reason, cancelled.decided_at) == (Verdict.CANCELLED, "signal 15", 3.0)
    assert watch.recall(cancelled, Verdict.WITHDRAWN, "another failed", 4.0) is cancelled
    assert watch.recall(forward(), Verdict.CANCELLED, "signal 15", 3.0).verdict is Verdict.CANCELLED
    doubting = replace(forward(), doubt=TIMED_OUT)
    recalled = watch.recall(doubting, Verdict.CANCELLED, "signal 15", 3.0)
    assert (recalled.verdict, recalled.recalled, recalled.reason) == (None, Verdict.CANCELLED, "signal 15")


def test_it_is_settled_with_the_reason_for_which_it_is_complete() -> None:
    one = watch.settle(replace(COMPLETE, completed_reason="by its counts"), 50.0)
    assert (one.verdict, one.reason, one.decided_at, one.is_done) == (Verdict.COMPLETED, "by its counts", 50.0, True)
    assert watch.settle(one, 60.0) is one


DIED = replace(following(), stopped=(stopped(exit_code=127),))


@pytest.mark.parametrize(
    ("one", "verdict", "explained"),
    [
        (DIED, Verdict.FAILED, False),
        (DIED, Verdict.ROLLED_BACK, False),
        (DIED, Verdict.TIMED_OUT, False),
        (DIED, Verdict.SUPERSEDED, True),
        (replace(DIED, tasks_read_at=50.0), Verdict.FAILED, True),
        (replace(DIED, denied=frozenset({"ecs:ListTasks"})), Verdict.FAILED, True),
        (replace(DIED, deployment=""), Verdict.FAILED, True),
    ],
)
def test_a_bad_verdict_waits_for_the_tasks_that_explain_it(one: Watch, verdict: Verdict, *, explained: bool) -> None:
    judged = watch.decide(one, verdict, "why", 50.0)
    assert (judged.verdict, judged.reason, judged.decided_at, judged.explained) == (verdict, "why", 50.0, explained)
    assert judged.is_done is explained


def test_a_bad_verdict_of_a_deployment_has_its_causes() -> None:
    assert not watch.explain(DIED).causes
    (cause,) = watch.decide(DIED, Verdict.FAILED, "why", 50.0).causes
    assert cause.exit_code == 127
    assert not watch.decide(DIED, Verdict.COMPLETED, "", 50.0).causes
    assert not watch.decide(replace(DIED, deployment=""), Verdict.FAILED, "why", 50.0).causes


# --- its turn ---


@pytest.mark.parametrize(
    ("later", "phase"), [(0.0, Phase.WRITE), (TURN, Phase.WRITE), (TURN + 0.1, Phase.CHECK), (500.0, Phase.CHECK)]
)
def test_an_update_that_waited_for_its_turn_is_looked_at_before_it_is_written(later: float, phase: Phase) -> None:
    started = watch.start(replace(forward(), began=7.0), 7.0 + later)
    assert (started.phase, started.began, started.changed_at) == (phase, 7.0 + later, 7.0 + later)
    assert started.deadline == 7.0 + later + BUDGET, "its time counts from its turn"


@pytest.mark.parametrize("phase", [Phase.CHECK, Phase.FOLLOW])
def test_what_is_not_to_be_written_keeps_its_phase(phase: Phase) -> None:
    assert watch.start(replace(forward(), phase=phase), 500.0).phase is phase


def test_an_explanation_is_of_this_deployment_and_of_what_ecs_said_since() -> None:
    crash = "was unable to place a task because no container instance met all of its requirements."
    seen = service(primary(), said=[(-60.0, crash), (0.0, crash), (5.0, crash)])
    failed = replace(following(), verdict=Verdict.FAILED, service=seen)
    (cause,) = watch.explain(failed).causes
    assert cause.name == "no-instance-fits"
    assert cause.headline
    assert cause.advice
    assert cause.count == 2, "the first was before it"
    assert watch.explain(replace(failed, service=service(primary()))).causes == ()


def test_of_a_task_that_ecs_stopped_the_unhealthy_container_is_the_culprit() -> None:
    """Whatever another one has for a reason: that one was stopped with it."""
    task = stopped(
        "a/t1", 137, stop_code="ServiceSchedulerInitiated", stopped_reason="Task failed container health checks"
    )
    app = replace(task.containers[0], health="UNHEALTHY")
    sidecar = replace(app, name="sidecar", health="UNKNOWN", reason="something of its own")
    assert cause_of_task(replace(task, containers=(sidecar, app))).container == "app"
