"""Whatever events say: what may be another deployment's, or may pass by itself, ends no deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.reported import PATIENCE
from drone_deploy_ecs.core.ecs.service import Deployment, ServiceEvent
from tests.core.shown import NEW, OLD, OTHER, OURS, active, at, primary, service, stopped
from tests.core.steps.rollout.rollouts import Look, after, forward
from tests.core.test_reported import NO_PLATFORM, NO_ROOM, UNASSUMED, UNHEALTHY, UNREGISTERED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.verdict import Verdict

Said = tuple[int, str]

BUSY = (
    active(pending=1),
    active(desired=2, running=1),
    active(state="IN_PROGRESS"),
    active(OTHER, state="FAILED", running=0),
    active(failed_tasks=2),
)
BAD = (NO_PLATFORM, UNASSUMED, UNREGISTERED, UNHEALTHY, "is unable to consistently start tasks successfully.")
TRANSIENT = (
    NO_ROOM,
    "operations are being throttled. Will try again later.",
    "failed to launch a task with (error Capacity is unavailable at this time. Please try again later)",
    f"(taskSet {OURS}) was unable to place a task. Reason: RESOURCE:CPU.",
)
seconds = st.integers(0, 1200)
others = st.sampled_from(["", f"(taskSet {OLD}) ", f"(deployment {OTHER}) "])
foreign = st.tuples(
    seconds, st.builds("{}{}".format, others, st.sampled_from(BAD) | st.text()).filter(lambda text: OURS not in text)
)
passing = st.tuples(seconds, st.sampled_from(TRANSIENT))
happened = st.tuples(
    seconds, st.sampled_from([*BAD, *TRANSIENT, "has started 1 tasks: (task a).", f"(taskSet {OURS}) {UNREGISTERED}"])
)
gaps = st.lists(st.sampled_from([1, 4, 15, 90, int(PATIENCE)]), min_size=1, max_size=8)
tasks = st.lists(
    st.sampled_from([stopped("a/t1"), stopped("a/t2", created_at=at(30)), stopped("a/t3", started_at=None)]),
    max_size=2,
    unique=True,
)


def verdict(
    said: Sequence[Said], gaps: Sequence[int], others: Sequence[Deployment], stopped: Sequence[Task] = ()
) -> Verdict | None:
    """What becomes of our deployment, of which nothing runs, by looks so far apart that each read its tasks.

    An everyday event at each look makes that none is staler than with other events.
    """
    ours, now = primary(OURS, NEW, running=0), 0
    rollout = after(forward(budget=9999.0), service(ours, *others), 0)
    for gap in gaps:
        now += gap
        told = sorted([*(one for one in said if one[0] <= now), (now, "has begun draining connections on 1 tasks.")])
        events = tuple(
            ServiceEvent(id=f"{when} {what}", at=at(when), message=f"(service web) {what}") for when, what in told
        )
        rollout = after(rollout, Look(replace(service(ours, *others), events=events), tuple(stopped)), now)
    return rollout.verdict


@given(st.lists(foreign, max_size=6), gaps, st.sampled_from(BUSY), tasks)
def test_what_does_not_name_ours_changes_nothing_while_another_has_tasks_to_start(
    said: list[Said], gaps: list[int], other: Deployment, stopped: list[Task]
) -> None:
    assert verdict(said, gaps, (other,), stopped) == verdict([], gaps, (other,), stopped)


@given(st.lists(passing, max_size=6), gaps, st.lists(st.sampled_from([active(), *BUSY]), max_size=1), tasks)
def test_what_may_pass_changes_nothing(
    said: list[Said], gaps: list[int], others: list[Deployment], stopped: list[Task]
) -> None:
    assert verdict(said, gaps, others, stopped) == verdict([], gaps, others, stopped)


@given(st.lists(happened, max_size=6), st.lists(passing, max_size=3), gaps, tasks)
def test_beside_other_events_what_may_pass_ends_nothing(
    said: list[Said], more: list[Said], gaps: list[int], stopped: list[Task]
) -> None:
    with_more, without = verdict([*said, *more], gaps, (active(),), stopped), verdict(said, gaps, (active(),), stopped)
    assert with_more in (without, None)


@given(st.lists(happened, max_size=6), gaps)
def test_without_tasks_nothing_but_a_missing_image_ends_it_before_the_patience_does(
    said: list[Said], gaps: list[int]
) -> None:
    quick = [gap for gap in gaps if gap < PATIENCE]
    bearable = [one for one in said if one[1] != NO_PLATFORM]
    if sum(quick) < PATIENCE:
        assert verdict(bearable, quick, (active(),)) is None
