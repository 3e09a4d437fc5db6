"""What events tell of earlier rollouts, and what those foretell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs.service import ServiceEvent
from drone_deploy_ecs.core.steps.rollout.history import (
    Kind,
    Milestone,
    Milestones,
    Usual,
    earlier,
    predict,
    so_far,
    until_healthy,
    usual,
)
from tests.laws.structs import structs

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
STEADY, COMPLETED = "has reached a steady state.", "(deployment ecs-svc/1) deployment completed."
STARTED, STOPPED = "has started 2 tasks: (task a) (task b).", "has stopped 2 running tasks: (task a) (task b)."
REGISTERED = "registered 2 targets in (target-group arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/web/1)"
DRAINING = "(service web, taskSet ecs-svc/1) has begun draining connections on 2 tasks."


def events(*said: tuple[float, str]) -> list[ServiceEvent]:
    """Oldest first, at seconds after noon."""
    return [
        ServiceEvent(id=f"{n}", at=NOON + timedelta(seconds=at), message=f"(service web) {text}")
        for n, (at, text) in enumerate(said)
    ]


def rollout(at: float, length: float = 100.0) -> list[tuple[float, str]]:
    """As captured: started, registered, stopped, draining, completed and steady."""
    moments = (0.0, STARTED), (0.26, REGISTERED), (0.59, STOPPED), (0.66, DRAINING), (1.0, COMPLETED), (1.0, STEADY)
    return [(at + share * length, text) for share, text in moments]


def lengths(found: tuple[Milestones, ...]) -> list[float]:
    return [one[-1].at - one[0].at for one in found]


def past(*took: float) -> tuple[Milestones, ...]:
    said = [(0.0, STEADY)]
    for number, length in enumerate(took):
        said += rollout(1000.0 * (number + 1), length)
    return earlier(events(*said))


def test_a_rollout_is_a_sequence_of_milestones() -> None:
    (one,) = past(100)
    kinds = [step.kind for step in one]
    assert kinds == [Kind.STARTED, Kind.REGISTERED, Kind.STOPPED, Kind.DRAINING, Kind.COMPLETED]
    assert [step.at - one[0].at for step in one] == [0, 26, 59, 66, 100]
    assert {step.share for step in one} == {1.0}


def test_waves_are_told_apart_by_their_share() -> None:
    said = [(0, STEADY), (1, STARTED), (20, STOPPED), (21, STARTED), (40, STOPPED), (50, COMPLETED)]
    (one,) = earlier(events(*said))
    assert [step.share for step in one] == [0.5, 0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(0, STEADY), *rollout(10), *rollout(500, 80)], [100, 80], id="two"),
        pytest.param([*rollout(0)[1:], *rollout(500, 80)], [80], id="the first is cut off"),
        pytest.param(
            [(0, STEADY), (1, STARTED), (50, STEADY), *rollout(200)], [100], id="somebody scaled out in between"
        ),
        pytest.param([(0, STEADY), (1, STARTED), (9, "rolling back to deployment ecs-svc/1."), (30, COMPLETED)], [], id="rolled back"),
        pytest.param([(0, STEADY), (1, STARTED), (9, "was unable to place a task."), (30, COMPLETED)], [], id="trouble"),
        pytest.param([(0, STEADY), (30, COMPLETED)], [], id="without tasks"),
        pytest.param([(0, STEADY), (1, STARTED), (30, STOPPED), (40, STEADY)], [39], id="Classic Load Balancer"),
        pytest.param([(0, STEADY), (1, STARTED), (40, STEADY)], [], id="Classic Load Balancer, scaled"),
        pytest.param([(0, STEADY), (1, "has started 0 tasks"), (3, "has started tasks"), (40, COMPLETED)], [39], id="odd"),
        pytest.param([(0, STEADY), (1, f"has started {'9' * 9000} tasks"), (40, COMPLETED)], [], id="absurd"),
        pytest.param([(0, STEADY), (1, "deregistered 2 targets in (target-group x)"), *rollout(5)], [100], id="deregistered"),
    ],
)  # fmt: skip
def test_which_rollouts_count(said: list[tuple[float, str]], found: list[float]) -> None:
    assert lengths(earlier(events(*said))) == found


def test_an_event_told_twice_is_one_event() -> None:
    said = events((0, STEADY), *rollout(10))
    assert earlier([one for one in said for _ in range(2)]) == earlier(said)


def test_how_long_it_usually_takes() -> None:
    assert usual(()) is None
    assert usual(past(100, 200, 300)) == Usual(total=200, healthy=118, rollouts=3)


def test_when_tasks_are_stopped_before_others_start_their_health_leaves_no_trace() -> None:
    found = earlier(events((0, STEADY), (1, STOPPED), (10, STARTED), (60, COMPLETED)))
    assert usual(found) == Usual(total=59, healthy=None, rollouts=1)
    assert until_healthy(found) == ()


def test_who_waits_for_health_only_sees_rollouts_end_there() -> None:
    (one,) = until_healthy(past(100))
    assert [(step.kind, step.at - one[0].at) for step in one] == [
        (Kind.STARTED, 0), (Kind.REGISTERED, 26), (Kind.COMPLETED, 59),
    ]  # fmt: skip


def test_the_present_rollout_is_told_by_our_clock_and_of_the_tasks_that_are_wanted() -> None:
    said = events((-50, STARTED), (-10, COMPLETED), (4, STARTED), (5, STEADY), (6, "was unable to place a task."))
    assert so_far(said, NOON, 1000.0, 4) == (Milestone(Kind.STARTED, 1004.0, 0.5),)
    assert so_far(said, NOON, 1000.0, 0) == (Milestone(Kind.STARTED, 1004.0, 1.0),)


def test_a_prediction_follows_from_the_latest_milestone() -> None:
    rollouts = past(100, 110, 90)
    found = predict(rollouts, (Milestone(Kind.STARTED, 5.0),))
    assert found is not None
    assert (found.next.early, found.next.usual, found.next.late) == pytest.approx((28.4, 31, 34.6))
    assert (found.end.early, found.end.usual, found.end.late) == pytest.approx((95, 105, 116))
    assert found.lead == pytest.approx(66.6), "at least"
    assert found.healthy == pytest.approx(64)
    later = predict(rollouts, (Milestone(Kind.STARTED, 5.0), Milestone(Kind.DRAINING, 80.0)))
    assert later is not None
    assert (later.next, later.lead, later.healthy) == (later.end, 0.0, None)
    assert later.end.usual == pytest.approx(114)


def test_one_earlier_rollout_leaves_room_for_another_length() -> None:
    found = predict(past(100), (Milestone(Kind.STARTED, 0.0),))
    assert found is not None
    assert (found.end.early, found.end.late) == (100, 105)


def test_of_many_the_oddest_are_left_out() -> None:
    found = predict(past(100, 104, 102, 103, 20, 900), (Milestone(Kind.STARTED, 0.0),))
    assert found is not None
    assert (found.end.early, found.end.late) == (100, 105)
    assert found.lead == pytest.approx(74), "not that of the shortest either"


@pytest.mark.parametrize(
    "now",
    [
        pytest.param((), id="nothing seen yet"),
        pytest.param((Milestone(Kind.STARTED, 0.0), Milestone(Kind.COMPLETED, 9.0)), id="over"),
        pytest.param((Milestone(Kind.REGISTERED, 0.0, 0.5),), id="no earlier one had such a milestone"),
    ],
)
def test_where_there_is_nothing_to_foretell(now: Milestones) -> None:
    rollouts = earlier(events((0, STEADY), (1, STARTED), (30, STOPPED), (40, COMPLETED)))
    assert predict(rollouts, now) is None


texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from([STEADY, COMPLETED, REGISTERED, DRAINING, "deployment failed", ""]),
    st.builds("has started {} tasks".format, st.integers(0, 10**7)),
    st.builds("has stopped {} running tasks".format, st.integers(0, 10**7)),
)
anything = st.lists(
    structs(
        ServiceEvent,
        id=st.sampled_from(["", "a", "b", "c"]),
        at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 2), timezones=st.just(UTC)),  # noqa: DTZ001
        message=texts,
    ),
    max_size=100,
)


@given(anything, anything, st.integers(0, 50))
def test_whatever_the_events_say_it_foretells_no_past(
    before: list[ServiceEvent], after: list[ServiceEvent], desired: int
) -> None:
    rollouts = earlier(before)
    now = so_far(after, datetime(2026, 1, 1, 6, tzinfo=UTC), 0.0, desired)
    assert all(length >= 0 for length in lengths(rollouts))
    for known in (rollouts, until_healthy(rollouts)):
        usual(known)
        found = predict(known, now)
        if found is not None:
            latest = now[-1].at
            assert latest <= found.next.early <= found.next.usual <= found.next.late
            assert latest <= found.end.early <= found.end.usual <= found.end.late
            assert found.lead >= 0
            assert found.healthy is None or found.healthy > latest
