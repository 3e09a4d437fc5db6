"""When to look: patient far from the end, quick when it is near, and never for long on a wrong prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.taskdef import Defined
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.observation import TASK_PERMISSIONS
from drone_deploy_ecs.core.steps.rollout import polling
from drone_deploy_ecs.core.steps.rollout.history import Kind, Milestone, Milestones
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.steps.rollout.rollouts import given
from tests.core.steps.rollout.underway import (
    AGAIN,
    BEGAN,
    DEAD,
    INFORMED,
    ROLLOUT,
    STARTED,
    STEP,
    STOPPED,
    crashed,
    deployment,
    killed,
    service,
    task,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Deployment
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout


def wait(rollout: Rollout, after: float = 0.0) -> float:
    """Seconds from a look so long after the beginning to the next."""
    now = BEGAN + after
    return round(given(rollout, seen_at=now).due(now, 0.0) - now, 6)


# --- without history ---


def test_a_judged_rollout_is_looked_at_again_for_its_causes() -> None:
    assert wait(given(ROLLOUT, verdict=Verdict.FAILED)) == polling.UNREADABLE_FIRST


def test_a_write_has_its_own_time() -> None:
    assert given(ROLLOUT, phase=Phase.CHECK, not_before=1234.0).due(BEGAN, 0.0) == 1234.0


@pytest.mark.parametrize(("looks", "seconds"), [(1, 2.0), (2, 4.0), (3, 8.0), (4, 15.0), (9, 15.0), (2000, 15.0)])
def test_blindness_is_met_with_doubling_waits(looks: int, seconds: float) -> None:
    blind = given(INFORMED, failed_reads=looks, read_fault=Fault(FaultKind.UNREACHABLE, "DescribeServices", "", ""))
    assert wait(blind) == seconds


def test_what_is_complete_is_held_in_view() -> None:
    stable = given(INFORMED, completed_at=BEGAN, terms=Terms(budget=3600, stable_for=60.0))
    assert wait(stable) == polling.HOLDING
    assert wait(stable, 55.0) == 5.0


def test_it_looks_when_a_check_is_due_and_at_once_when_one_was() -> None:
    checked = given(
        INFORMED, completed_at=BEGAN, passed_at=BEGAN, terms=Terms(budget=3600, checks=3, check_interval=30.0)
    )
    assert wait(checked, 5.0) == 25.0
    assert wait(checked, 40.0) == polling.CLOSE
    blind = given(checked, failed_reads=1, read_fault=Fault(FaultKind.UNREACHABLE, "DescribeServices", "", ""))
    assert wait(blind, 5.0) == polling.UNREADABLE_FIRST, "blindness finds nothing complete"


def test_no_task_starts_before_the_first_look() -> None:
    assert wait(given(ROLLOUT, was_seen=False)) == polling.FIRST
    assert wait(given(ROLLOUT, service=None)) == polling.FIRST


def test_it_is_patient_until_new_tasks_can_be_healthy() -> None:
    assert wait(ROLLOUT) == polling.PATIENT
    full = given(ROLLOUT, service=service(deployment(running=2)))
    assert wait(full, 39.0) == polling.PATIENT
    assert wait(full, 41.0) == polling.QUICK


def test_once_a_task_died_it_is_quick() -> None:
    assert wait(given(ROLLOUT, stopped=(DEAD,))) == polling.QUICK
    assert wait(given(ROLLOUT, service=service(deployment(failed=1)))) == polling.QUICK
    assert wait(given(ROLLOUT, service=service(None))) == polling.QUICK


def test_it_looks_when_the_budget_ends() -> None:
    assert wait(given(ROLLOUT, terms=Terms(budget=10.0)), 8.0) == 2.0


def test_pipelines_do_not_look_in_step() -> None:
    assert ROLLOUT.due(BEGAN, 1.0) - BEGAN == pytest.approx(0.9 * polling.PATIENT)


# --- with history ---


def informed(*said: tuple[float, str], healthy: bool = False) -> Rollout:
    ours = deployment(running=2) if healthy else deployment(pending=2)
    return given(INFORMED, service=service(ours, *said))


def test_the_first_look_comes_after_the_schedulers_turn() -> None:
    assert wait(given(INFORMED, was_seen=False)) == polling.FAR


def test_before_the_first_milestone_all_is_as_without_history() -> None:
    assert wait(informed()) == polling.PATIENT


def test_until_the_end_may_come_looks_are_far_apart() -> None:
    assert wait(informed((5, STARTED)), 12.0) == pytest.approx(93 / 6)
    assert wait(informed((5, STARTED)), 35.0) == pytest.approx(70 / 5)
    assert wait(informed((5, STARTED)), 87.5) == pytest.approx(17.5), "one look tells as much as two"


def test_without_the_milestone_before_it_the_end_is_not_near() -> None:
    assert wait(informed((5, STARTED)), 95.5) == pytest.approx(9.5)
    late = given(informed((5, STARTED)), earlier=tuple(_slower(by) for by in (0, 0, 30)))
    assert wait(late, 105.0) == pytest.approx(polling.LEAD * 10), (
        "stopped 10 s before the end, and it isn't stopped yet"
    )


def test_the_end_is_seen_at_once() -> None:
    ending = informed((5, STARTED), (94, STOPPED), healthy=True)
    assert wait(ending, 95.0) == pytest.approx(9.0 + polling.CLOSE), "a second is left for it"
    assert wait(ending, 104.7) == pytest.approx(polling.CLOSE)


def test_a_wrong_prediction_is_given_up() -> None:
    ending = informed((5, STARTED), (54, STOPPED), healthy=True)
    assert wait(ending, 66.0) == polling.QUICK
    assert wait(informed((5, STARTED)), 97.0) == polling.PATIENT


def test_the_vaguer_a_prediction_the_wider_the_looks() -> None:
    ending = informed((5, STARTED), (54, STOPPED), healthy=True)
    for by, seconds in ((0, polling.CLOSE), (3, 2 * polling.CLOSE), (8, 3 * polling.CLOSE), (80, polling.QUICK)):
        vague = given(ending, earlier=(_vague(0), _vague(0), _vague(by)))
        assert wait(vague, 65.0) == pytest.approx(seconds)


def test_a_milestone_just_before_the_end_is_not_hunted() -> None:
    hasty = (Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, 50.0), Milestone(Kind.COMPLETED, 53.0))
    slow = (Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, 200.0), Milestone(Kind.COMPLETED, 203.0))
    assert wait(given(informed((5, STARTED)), earlier=(hasty, hasty, slow)), 80.0) == polling.QUICK


def _slower(by: float) -> Milestones:
    """By as much both milestones are later."""
    return Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, 90.0 + by), Milestone(Kind.COMPLETED, 100.0 + by)


def _vague(by: float) -> Milestones:
    return Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, 50.0), Milestone(Kind.COMPLETED, 60.0 + by)


def test_who_waits_for_health_only_is_quick_at_that_moment() -> None:
    terms = Terms(budget=3600, wait_for_drained=False)
    assert wait(given(informed((5, STARTED)), terms=terms), 95.2) == polling.CLOSE


STEADY = "(deployment ecs-svc/2) deployment completed."


def test_what_came_through_in_this_run_foretells_what_is_like_it() -> None:
    through = given(ROLLOUT, service=service(deployment(running=2), (5, STARTED), (95, STOPPED), (105, STEADY)))
    lesson = through.lesson
    assert lesson is not None
    taught = given(ROLLOUT, service=service(deployment(pending=2), (5, STARTED))).taught(lesson)
    assert wait(taught, 35.0) == wait(informed((5, STARTED)), 35.0)
    assert wait(given(taught, was_seen=False)) == polling.FAR


def test_what_came_through_foretells_nothing_of_what_is_unlike_it_or_has_a_history() -> None:
    through = given(ROLLOUT, service=service(deployment(running=2), (5, STARTED), (105, STEADY)))
    other = replace(STEP, target=replace(STEP.target, containers=frozenset({Defined("worker")})))
    unlike = given(replace(ROLLOUT, step=other)).taught(through.lesson)
    assert wait(unlike, 35.0) == polling.PATIENT
    for knowing in (INFORMED, given(ROLLOUT, completed_at=BEGAN)):
        assert knowing.taught(through.lesson) is knowing
    assert ROLLOUT.taught("something else") is ROLLOUT


@pytest.mark.parametrize(
    "untold",
    [
        pytest.param(given(ROLLOUT, service=service(deployment(running=2), (5, STARTED))), id="it isn't complete"),
        pytest.param(given(ROLLOUT, service=service(deployment(running=2))), id="no event tells"),
        pytest.param(
            given(ROLLOUT, service=service(deployment(running=2), (5, STARTED), (105, STEADY)), stopped=(DEAD,)),
            id="tasks died",
        ),
        pytest.param(
            given(
                replace(ROLLOUT, step=replace(STEP, desired=4)),
                service=service(deployment(running=2), (5, STARTED), (105, STEADY)),
            ),
            id="it started from another count",
        ),
    ],
)
def test_what_is_no_example_teaches_nothing(untold: Rollout) -> None:
    assert untold.lesson is None


@pytest.mark.parametrize(
    "unlike",
    [
        given(INFORMED, stopped=(DEAD,)),
        given(INFORMED, service=service(deployment(failed=1), (5, STARTED))),
        given(INFORMED, service=service(None, (5, STARTED))),
        given(informed((5, STARTED), healthy=True), since=None, below_desired_at=0.0),
    ],
)
def test_a_rollout_unlike_the_others_is_followed_as_without_history(unlike: Rollout) -> None:
    assert wait(unlike) == polling.QUICK


# --- with a task that died ---


def test_a_replacement_is_expected_to_die_as_late_as_what_it_replaces() -> None:
    again = crashed((70, STARTED))
    close = polling.CLOSE * 13**0.5  # it may come from 124 s to 137 s
    assert wait(again, 75.0) == pytest.approx((49 + close) / 3)
    assert wait(again, 125.0) == pytest.approx(close)
    assert wait(again, 138.0) == polling.QUICK, "it lives longer: that tells nothing"


@pytest.mark.parametrize(
    "unsure",
    [
        pytest.param(crashed(), id="nothing was started again"),
        pytest.param(crashed((65.5, AGAIN)), id="not yet for the second one"),
        pytest.param(crashed((70, STARTED), dead=(task(5, 65),)), id="the other one lives, and may die"),
        pytest.param(crashed((70, STARTED), dead=(replace(DEAD, stopped_at=None),)), id="when is unknown"),
        pytest.param(crashed((70, STARTED), dead=(killed(5, 65), killed(5, 66))), id="somebody stopped them"),
        pytest.param(given(crashed((70, STARTED)), since=None), id="since when is unknown"),
        pytest.param(given(crashed((70, STARTED)), terms=Terms(budget=3600, max_failed_tasks=3)), id="all deaths count"),
    ],
)  # fmt: skip
def test_where_another_may_die_sooner_it_is_quick(unsure: Rollout) -> None:
    assert wait(unsure, 75.0) == polling.QUICK


def test_a_task_that_stopped_before_it_was_created_breaks_nothing() -> None:
    assert wait(crashed(dead=(task(12, 5),))) == pytest.approx(5 + polling.CLOSE)


def test_a_replacement_that_may_be_healthy_is_watched_closely() -> None:
    again = crashed((70, STARTED))
    running = given(again, service=service(deployment(running=2), (5, STARTED), (70, STARTED)))
    assert wait(given(running, below_desired_at=BEGAN + 74), 75.0) > polling.QUICK, "it can't be healthy yet"
    assert wait(given(running, below_desired_at=BEGAN + 35), 75.0) == polling.QUICK


# --- reading stopped tasks ---


def wants(rollout: Rollout, ours: Deployment | None, *said: tuple[float, str], after: float = 5.0) -> bool:
    return polling.wants_tasks(rollout, service(ours, *said), BEGAN + after)


@pytest.mark.parametrize(
    ("rollout", "wanted"),
    [
        (given(ROLLOUT, ours=None), False),
        (given(ROLLOUT, denied=frozenset({"ecs:ListTasks"})), False),
        (given(ROLLOUT, verdict=Verdict.FAILED), True),
        (given(ROLLOUT, verdict=Verdict.SUPERSEDED), False),
    ],
)
def test_tasks_are_read_to_explain_and_where_they_may_be(rollout: Rollout, wanted: bool) -> None:  # noqa: FBT001
    assert wants(rollout, deployment(running=2)) is wanted


def test_tasks_are_read_when_something_tells_that_one_died() -> None:
    assert not wants(ROLLOUT, deployment(pending=2))
    assert not wants(ROLLOUT, None)
    assert not polling.wants_tasks(ROLLOUT, None, BEGAN)
    assert wants(ROLLOUT, deployment(pending=2, failed=1))
    assert wants(ROLLOUT, deployment(pending=2, state="FAILED"))
    assert wants(ROLLOUT, deployment(pending=1)), "there were two"
    assert wants(given(ROLLOUT, service=None), deployment(pending=1), (1, STARTED)), "two were started"
    assert not wants(given(ROLLOUT, service=None, since=None), deployment(pending=1), (1, STARTED))
    assert not wants(given(ROLLOUT, service=None, since=None), deployment()), "nobody knows of any that was started"
    assert wants(given(ROLLOUT, service=None), deployment(pending=1), (0, STARTED)), "two, as it began"


def test_tasks_are_read_now_and_then_all_the_same() -> None:
    unseen = given(ROLLOUT, service=None)
    assert wants(unseen, deployment(), after=polling.SHORT_EVERY), "short of tasks, and no event says why"
    assert not wants(unseen, deployment(running=2), after=29.0)
    assert wants(unseen, deployment(running=2), after=polling.TASKS_FIRST)
    assert not wants(unseen, deployment(running=2), (1, STARTED), after=polling.TASKS_TOLD - 1)
    assert wants(unseen, deployment(running=2), (1, STARTED), after=polling.TASKS_TOLD)
    assert not wants(
        given(unseen, read_at=BEGAN + polling.TASKS_TOLD),
        deployment(running=2),
        (1, STARTED),
        after=2 * polling.TASKS_TOLD - 1,
    )
    complete = given(unseen, completed_at=BEGAN + 60)
    assert not wants(complete, deployment(running=2), after=1e4), "it only waits for others"
    assert not wants(unseen, deployment(running=1, pending=1), after=polling.SHORT_EVERY), "none is missing"
    read = given(ROLLOUT, service=None, stopped=(DEAD,))
    assert wants(read, deployment(running=2), (1, STARTED), (2, STARTED)), "four were started"
    assert not wants(read, deployment(running=2), (1, STARTED), (2, AGAIN)), "the third is known to be dead"
    assert not wants(given(unseen, denied=TASK_PERMISSIONS), deployment(running=2), after=1e4)
    assert not wants(given(unseen, ours=None), deployment(running=2), after=1e4)


MUST_STAY = given(ROLLOUT, service=None, terms=Terms(budget=3600, stable_for=60.0))
STANDS = given(MUST_STAY, completed_at=BEGAN + 40)
CHECKED = given(
    ROLLOUT,
    service=None,
    completed_at=BEGAN + 40,
    passed_at=BEGAN + 40,
    read_at=BEGAN + 40,
    terms=Terms(budget=3600, checks=3, check_interval=10.0, must_stay=True),
)


@pytest.mark.parametrize(
    ("rollout", "state", "after", "wanted"),
    [
        (MUST_STAY, "IN_PROGRESS", 5.0, False),
        (MUST_STAY, "COMPLETED", 5.0, True),
        (STANDS, "COMPLETED", 99.0, False),
        (STANDS, "COMPLETED", 100.0, True),
        (given(STANDS, read_at=BEGAN + 99.9), "COMPLETED", 100.0, True),
        (given(STANDS, read_at=BEGAN + 100), "COMPLETED", 100.0, False),
        (given(STANDS, terms=Terms(budget=3600)), "COMPLETED", 100.0, False),
        (given(CHECKED, passed=0), "COMPLETED", 50.0, False),
        (given(CHECKED, passed=1, passed_at=BEGAN + 50), "COMPLETED", 60.0, False),
        (given(CHECKED, passed=2, passed_at=BEGAN + 60), "COMPLETED", 70.0, True),
        (given(CHECKED, passed=2, passed_at=BEGAN + 60), "COMPLETED", 69.0, False),
        (given(CHECKED, passed=3, passed_at=BEGAN + 70, read_at=BEGAN + 70), "COMPLETED", 80.0, False),
    ],
)
def test_tasks_are_read_at_both_ends_of_the_time_in_which_it_must_stay_up(
    rollout: Rollout, state: str, after: float, *, wanted: bool
) -> None:
    assert wants(rollout, deployment(running=2, state=state), (1, STARTED), after=after) is wanted


def test_what_history_foretells_is_no_reason_to_look_at_what_cannot_be_seen() -> None:
    blind = given(crashed((66, AGAIN)), failed_reads=3)
    assert blind.due(BEGAN + 70, 0.0) == BEGAN + 70 + polling.UNREADABLE_FIRST * 4
