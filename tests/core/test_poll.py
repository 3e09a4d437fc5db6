"""When to look: patient far from the end, quick when it is near, and never for long on a wrong prediction."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core import poll
from drone_deploy_ecs.core.ecs import Container, Deployment, Service, ServiceEvent, Task
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.history import Kind, Milestone, Rollout
from drone_deploy_ecs.core.step import Target, WayBack
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase, Terms, Watch

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
BEGAN = 1000.0
OURS = "ecs-svc/2"
STARTED, STOPPED = "has started 2 tasks: (task a).", "has stopped 2 running tasks: (task b)."


def deployment(running: int = 0, pending: int = 0, failed: int = 0, state: str = "IN_PROGRESS") -> Deployment:
    return Deployment(OURS, "PRIMARY", "web:2", 2, pending, running, failed, state, "", NOON)


def service(ours: Deployment | None, *said: tuple[float, str]) -> Service:
    events = tuple(ServiceEvent(text, NOON + timedelta(seconds=at), text) for at, text in said)
    found = (ours,) if ours else ()
    return Service(
        name="web", arn="", status="ACTIVE", desired=2, running=2, task_definition="", deployments=found, events=events
    )


def rollout(length: float) -> Rollout:
    """Started at 0, old tasks stopped ten seconds before the end."""
    return Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, length - 10), Milestone(Kind.COMPLETED, length)


TARGET = Target(
    name="web",
    service="web",
    asked="web",
    cluster="c",
    region="eu-west-1",
    desired=2,
    warm_up=40.0,
    before="web:1",
    known=frozenset(),
    back=WayBack(),
)
WATCH = Watch(
    target=TARGET, definition="web:2", terms=Terms(budget=3600), phase=Phase.FOLLOW, began=BEGAN, deployment=OURS,
    since=NOON, was_seen=True, service=service(deployment(pending=2)), looked_at=BEGAN, short_at=BEGAN,
)  # fmt: skip
DEAD = Task(
    arn="t", started_by=OURS, task_definition="web:2", status="STOPPED", health="", stop_code="EssentialContainerExited",
    stopped_reason="Essential container in task exited", created_at=NOON, started_at=NOON, stopped_at=NOON,
    containers=(Container("app", "shop:2", "", "STOPPED", 1, "", ""),),
)  # fmt: skip
INFORMED = replace(WATCH, earlier=(rollout(100), rollout(100), rollout(100)))


def wait(watch: Watch, after: float = 0.0) -> float:
    """Seconds from a look so long after the beginning to the next."""
    now = BEGAN + after
    return round(poll.next_look(replace(watch, looked_at=now), now, 0.0) - now, 6)


# --- without history ---


def test_a_judged_watch_is_looked_at_again_for_its_causes() -> None:
    assert wait(replace(WATCH, verdict=Verdict.FAILED)) == poll.BLIND_FIRST


def test_a_write_has_its_own_time() -> None:
    assert poll.next_look(replace(WATCH, phase=Phase.CHECK, not_before=1234.0), BEGAN, 0.0) == 1234.0


@pytest.mark.parametrize(("looks", "seconds"), [(1, 2.0), (2, 4.0), (3, 8.0), (4, 15.0), (9, 15.0)])
def test_blindness_is_met_with_doubling_waits(looks: int, seconds: float) -> None:
    blind = replace(INFORMED, blind_looks=looks, blindness=Fault(FaultKind.UNREACHABLE, "DescribeServices", "", ""))
    assert wait(blind) == seconds


def test_what_is_complete_is_held_in_view() -> None:
    stable = replace(INFORMED, completed_at=BEGAN, terms=Terms(budget=3600, stable_for=60.0))
    assert wait(stable) == poll.HOLDING
    assert wait(stable, 55.0) == 5.0


def test_no_task_starts_before_the_first_look() -> None:
    assert wait(replace(WATCH, was_seen=False)) == poll.FIRST
    assert wait(replace(WATCH, service=None)) == poll.FIRST


def test_it_is_patient_until_new_tasks_can_be_healthy() -> None:
    assert wait(WATCH) == poll.PATIENT
    full = replace(WATCH, service=service(deployment(running=2)))
    assert wait(full, 39.0) == poll.PATIENT
    assert wait(full, 41.0) == poll.QUICK


def test_once_a_task_died_it_is_quick() -> None:
    assert wait(replace(WATCH, stopped=(DEAD,))) == poll.QUICK
    assert wait(replace(WATCH, service=service(deployment(failed=1)))) == poll.QUICK
    assert wait(replace(WATCH, service=service(None))) == poll.QUICK


def test_it_looks_when_the_budget_ends() -> None:
    assert wait(replace(WATCH, terms=Terms(budget=10.0)), 8.0) == 2.0


def test_pipelines_do_not_look_in_step() -> None:
    assert poll.next_look(WATCH, BEGAN, 1.0) - BEGAN == pytest.approx(0.9 * poll.PATIENT)


# --- with history ---


def informed(*said: tuple[float, str], healthy: bool = False) -> Watch:
    ours = deployment(running=2) if healthy else deployment(pending=2)
    return replace(INFORMED, service=service(ours, *said))


def test_the_first_look_comes_after_the_schedulers_turn() -> None:
    assert wait(replace(INFORMED, was_seen=False)) == poll.TURN


def test_before_the_first_milestone_all_is_as_without_history() -> None:
    assert wait(informed()) == poll.PATIENT


def test_far_from_a_milestone_waits_grow_with_the_time_it_took() -> None:
    assert wait(informed((5, STARTED)), 10.0) == pytest.approx(85 / 19)
    assert wait(informed((5, STARTED)), 30.0) == pytest.approx(65 / 7)
    long = replace(informed((5, STARTED)), earlier=(rollout(915),) * 3)
    assert wait(long, 300.0) == pytest.approx(610 / 31)


def test_a_milestone_need_only_be_seen_before_the_end() -> None:
    assert wait(informed((5, STARTED)), 93.0) == pytest.approx(2.0)
    assert wait(informed((5, STARTED)), 95.5) == pytest.approx(7.5)


def test_the_end_is_seen_at_once() -> None:
    ending = informed((5, STARTED), (94, STOPPED), healthy=True)
    assert wait(ending, 95.0) == pytest.approx(9.0)
    assert wait(ending, 104.0) == poll.CLOSE
    assert wait(ending, 104.9) == poll.CLOSE


def test_a_wait_is_never_so_short_that_time_stands_still() -> None:
    ending = informed((5, STARTED), (94, STOPPED), healthy=True)
    assert wait(ending, 104.0 - 1e-9) == pytest.approx(poll.SHORTEST)


def test_a_wrong_prediction_is_given_up() -> None:
    ending = informed((5, STARTED), (54, STOPPED), healthy=True)
    assert wait(ending, 66.0) == poll.QUICK
    assert wait(informed((5, STARTED)), 97.0) == poll.PATIENT


def test_a_vague_prediction_is_followed_closely_for_a_while_only() -> None:
    vague = replace(informed((5, STARTED), (54, STOPPED), healthy=True), earlier=tuple(_vague(n) for n in range(5)))
    assert wait(vague, 74.0) == poll.CLOSE
    assert wait(vague, 85.0) == poll.CLOSE
    assert wait(vague, 87.0) == poll.QUICK, "although the end may be as late as 95 s"


def _vague(number: int) -> Rollout:
    return Milestone(Kind.STARTED, 0.0), Milestone(Kind.STOPPED, 50.0), Milestone(Kind.COMPLETED, 60.0 + 10 * number)


def test_who_waits_for_health_only_is_quick_at_that_moment() -> None:
    terms = Terms(budget=3600, wait_for_drained=False)
    assert wait(replace(informed((5, STARTED)), terms=terms), 95.5) == poll.CLOSE


@pytest.mark.parametrize(
    "unlike",
    [
        replace(INFORMED, stopped=(DEAD,)),
        replace(INFORMED, service=service(deployment(failed=1), (5, STARTED))),
        replace(INFORMED, service=service(None, (5, STARTED))),
        replace(informed((5, STARTED), healthy=True), since=None, short_at=0.0),
    ],
)
def test_a_rollout_unlike_the_others_is_followed_as_without_history(unlike: Watch) -> None:
    assert wait(unlike) == poll.QUICK


lengths = st.lists(st.floats(15, 900), min_size=1, max_size=8)


@given(lengths, st.floats(15, 300))
def test_misleading_history_costs_little(before: list[float], took: float) -> None:
    """Against the same rollout without history: a few looks more, and a verdict that is a little later."""
    plain = _followed(WATCH, took)
    told = _followed(replace(WATCH, earlier=tuple(map(rollout, before))), took)
    milestones = 2
    assert len(told) <= len(plain) + milestones * poll.CLOSE_MOST / poll.CLOSE
    assert told[-1] - took - 5 <= max(poll.TURN, poll.PATIENT, min(poll.FAR, poll.ELAPSED * (took + 5))) + 1e-6


def _followed(watch: Watch, took: float) -> list[float]:
    """When it is looked at, until it is seen to have completed: started at 5 s, stopped 10 s before the end."""
    looks = [0.0]
    watch = replace(watch, was_seen=False)
    while looks[-1] < took + 5:
        now = BEGAN + looks[-1]
        looks.append(poll.next_look(watch, now, 0.0) - BEGAN)
        assert looks[-1] > now - BEGAN, "time stands still"
        at = looks[-1]
        said = [one for one in ((5.0, STARTED), (took - 5, STOPPED)) if one[0] <= at]
        ours = deployment(running=2) if at >= took / 2 else deployment(pending=2)
        short_at = watch.short_at if ours.running else BEGAN + at
        watch = replace(watch, was_seen=True, service=service(ours, *said), looked_at=BEGAN + at, short_at=short_at)
    return looks


# --- reading stopped tasks ---


def wants(watch: Watch, ours: Deployment | None, *said: tuple[float, str], after: float = 5.0) -> bool:
    return poll.wants_tasks(watch, service(ours, *said), BEGAN + after)


@pytest.mark.parametrize(
    ("watch", "wanted"),
    [
        (replace(WATCH, deployment=""), False),
        (replace(WATCH, denied=frozenset({"ecs:ListTasks"})), False),
        (replace(WATCH, verdict=Verdict.FAILED), True),
        (replace(WATCH, verdict=Verdict.SUPERSEDED), False),
    ],
)
def test_tasks_are_read_to_explain_and_where_they_may_be(watch: Watch, wanted: bool) -> None:  # noqa: FBT001
    assert wants(watch, deployment(running=2)) is wanted


def test_tasks_are_read_when_something_tells_that_one_died() -> None:
    assert not wants(WATCH, deployment(pending=2))
    assert not wants(WATCH, None)
    assert not poll.wants_tasks(WATCH, None, BEGAN)
    assert wants(WATCH, deployment(pending=2, failed=1))
    assert wants(WATCH, deployment(pending=2, state="FAILED"))
    assert wants(WATCH, deployment(pending=1)), "there were two"
    assert wants(replace(WATCH, service=None), deployment(pending=1), (1, STARTED)), "two were started"
    assert not wants(replace(WATCH, service=None, since=None), deployment(pending=1), (1, STARTED))


def test_tasks_are_read_now_and_then_all_the_same() -> None:
    unseen = replace(WATCH, service=None)
    assert wants(unseen, deployment(), after=poll.SHORT_EVERY), "short of tasks, and no event says why"
    assert not wants(unseen, deployment(running=2), after=29.0)
    assert wants(unseen, deployment(running=2), after=poll.TASKS_FIRST)
    assert not wants(unseen, deployment(running=2), (1, STARTED), after=119.0)
    assert wants(unseen, deployment(running=2), (1, STARTED), after=poll.TASKS_TOLD)
    assert not wants(replace(unseen, tasks_read_at=BEGAN + 120), deployment(running=2), (1, STARTED), after=239.0)
