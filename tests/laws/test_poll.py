"""Laws of when to look: whatever was seen, a look is neither in the past nor far off; what misleads costs little."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.steps.rollout import polling
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.steps.rollout.rollouts import fact
from tests.core.steps.rollout.rollouts import given as known
from tests.core.steps.rollout.underway import (
    AGAIN,
    BEGAN,
    INFORMED,
    ROLLOUT,
    STARTED,
    STOPPED,
    crashed,
    deployment,
    killed,
    past,
    service,
    task,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

SEEN = (deployment(), deployment(pending=2), deployment(running=2), deployment(failed=1), None)
seconds = st.floats(0, 2000)
events = st.lists(st.tuples(seconds, st.sampled_from([STARTED, AGAIN, STOPPED, "registered 2 targets"])), max_size=6)
ended = st.builds(task, seconds, seconds) | st.builds(killed, seconds, seconds)
lengths = st.lists(st.floats(15, 900), min_size=1, max_size=8)


@given(lengths, st.floats(15, 300))
def test_misleading_history_costs_little(before: list[float], took: float) -> None:
    """Against the same rollout without history: a few looks more, and a verdict that is a little later."""
    plain = _followed(ROLLOUT, took)
    told = _followed(known(ROLLOUT, earlier=tuple(map(past, before))), took)
    predictions, more_each = 2, 3
    assert len(told) <= len(plain) + predictions * more_each
    assert told[-1] - took - 5 <= 1.5 * polling.FAR + 1e-6


@given(
    rollout=st.builds(
        known,
        st.sampled_from([ROLLOUT, INFORMED, crashed()]),
        service=st.builds(lambda ours, said: service(ours, *said), st.sampled_from(SEEN), events),
        earlier=st.lists(st.builds(past, seconds), max_size=6).map(tuple),
        stopped=st.lists(ended, max_size=3).map(tuple),
        was_seen=st.booleans(),
        failed_reads=st.integers(0, 50),
        completed_at=st.none() | seconds.map(BEGAN.__add__),
        below_desired_at=seconds.map(BEGAN.__add__),
        verdict=st.sampled_from([None, Verdict.FAILED]),
    ),
    after=seconds,
    chance=st.floats(0, 1),
)
def test_no_look_is_in_the_past_nor_far_off(rollout: Rollout, after: float, chance: float) -> None:
    now = BEGAN + after
    assert now < known(rollout, seen_at=now).due(now, chance) <= now + 1.5 * polling.FAR + 1e-6


def _followed(rollout: Rollout, took: float) -> list[float]:
    """When it is looked at, until it is seen to have completed: started at 5 s, stopped 10 s before the end."""
    looks = [0.0]
    rollout = known(rollout, was_seen=False)
    while looks[-1] < took + 5:
        now = BEGAN + looks[-1]
        looks.append(rollout.due(now, 0.0) - BEGAN)
        assert looks[-1] > now - BEGAN + 0.5, "time stands still"
        at = looks[-1]
        said = [one for one in ((5.0, STARTED), (took - 5, STOPPED)) if one[0] <= at]
        ours = deployment(running=2) if at >= took / 2 else deployment(pending=2)
        short_at = fact(rollout, "below_desired_at") if ours.running else BEGAN + at
        rollout = known(
            rollout, was_seen=True, service=service(ours, *said), seen_at=BEGAN + at, below_desired_at=short_at
        )
    return looks
