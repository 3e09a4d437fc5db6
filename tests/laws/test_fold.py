"""The laws of a rollout: whatever is answered, in whatever order, it keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Page
from drone_deploy_ecs.core.calls.ecs import ListTasks
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.service import Service, ServiceEvent
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.observation import PAST, READ_GRACE
from drone_deploy_ecs.core.steps.rollout.judge import GRACE
from drone_deploy_ecs.core.steps.rollout.rollback import ECS_TURN
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import BEFORE, NEW, NOON, OLD, OURS, TARGET
from tests.core.steps.rollout.rollouts import begun, fact
from tests.core.steps.rollout.rollouts import given as known
from tests.laws.answers import MESSAGES, services
from tests.laws.answers import faults as any_faults
from tests.laws.answers import tasks as any_tasks
from tests.laws.structs import structs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

BUDGET = 60.0
tasks = any_tasks.map(lambda task: replace(task, status="STOPPED"))
faults = any_faults.map(lambda fault: replace(fault, operation="UpdateService"))


@dataclass(frozen=True)
class Shown:
    """What AWS shows of the service, and of its stopped tasks (None: nobody looks at those)."""

    service: Service | None
    tasks: tuple[Task, ...] | None = None


Seen = Shown | Fault
Written = Service | Fault
Step = tuple[float, Seen, Written]

shown = st.builds(Shown, st.none() | services, st.none() | st.lists(tasks, max_size=3).map(tuple))
looks = shown | faults
writes = services | faults
pages = st.builds(Page, st.lists(st.sampled_from(["a/1", "a/2"])).map(tuple), st.sampled_from(["", "more"]))
answers = (
    st.none()
    | faults
    | services
    | pages
    | st.lists(services, max_size=2).map(tuple)
    | st.lists(tasks, max_size=3).map(tuple)
)
scripts = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0, 12.0, 40.0]), looks, writes), max_size=12)
terms = structs(
    Terms, budget=st.just(BUDGET), max_failed_tasks=st.sampled_from([None, None, 1]), stable_for=st.sampled_from([0.0, 20.0]),
    wait_for_drained=st.booleans(),
)  # fmt: skip
forwards = structs(UpdateService, target=st.just(TARGET), definition=st.just(NEW), terms=terms) | structs(
    FollowDeployment, target=st.just(TARGET), definition=st.just(NEW), deployment=st.just(OURS), terms=terms
)
backs = structs(
    UpdateService, target=st.just(replace(TARGET, known=frozenset({OLD, OURS}))), definition=st.just(BEFORE), undoes=st.just(OURS),
    must_not_write=st.booleans(), since=st.just(NOON), terms=terms,
)  # fmt: skip
beginnings = (forwards | backs).map(begun)
followings = st.builds(begun, forwards).map(
    lambda rollout: known(rollout, phase=Phase.FOLLOW, deployment=OURS, since=NOON)
)


def is_to_write(rollout: Rollout) -> bool:
    return rollout.phase is Phase.WRITE and rollout.verdict is None


def look(rollout: Rollout, seen: Seen, now: float) -> Rollout:
    """After a look, in as many calls as it takes."""
    if isinstance(seen, Fault):
        return rollout.glanced(seen, now)
    services = (seen.service,) if seen.service else ()
    if seen.tasks is None:
        return rollout.glanced(services, now)
    rollout = rollout.advance(services, now)
    listed = Page(tuple(task.arn for task in seen.tasks), "")
    while (call := rollout.call) is not None and rollout.reads_on:
        rollout = rollout.advance(listed if isinstance(call, ListTasks) else seen.tasks, now)
    return rollout.advance(None, now)


def play(rollout: Rollout, script: Sequence[Step]) -> list[Rollout]:
    """Every state, as the engine would come to it: writes where one is due, looks otherwise."""
    states, now = [rollout], 0.0
    for wait, seen, written in script:
        now += wait
        rollout = rollout.advance(written, now) if is_to_write(rollout) else look(rollout, seen, now)
        states.append(rollout)
    return states


@given(beginnings, st.lists(st.tuples(st.floats(0, 100), answers, st.booleans()), max_size=12))
def test_no_sequence_raises(rollout: Rollout, script: list[tuple[float, object, bool]]) -> None:
    now = 0.0
    for wait, answer, is_glance in script:
        now += wait
        after = rollout.glanced(answer, now) if is_glance else rollout.advance(answer, now)
        list(after.news(rollout))
        assert after.reads_on or after.due(now, 0.5) >= min(now, after.writes.not_before)
        assert not list(after.news(after))
        rollout = after


@given(beginnings, scripts)
def test_a_verdict_is_final(rollout: Rollout, script: list[Step]) -> None:
    states = play(rollout, script)
    judged = [state for state in states if state.verdict is not None]
    verdicts = {(state.verdict, state.reason, fact(state, "decided_at"), state.output, state.phase) for state in judged}
    assert len(verdicts) <= 1
    assert judged == states[len(states) - len(judged) :]
    for state in judged:
        assert state.settle(1e6).verdict is state.verdict
        assert state.abort(Verdict.WITHDRAWN, "another failed", 1e6) is state
        assert state.stable_at is None


@given(beginnings, scripts, st.data())
def test_a_repeated_observation_changes_no_verdict(rollout: Rollout, script: list[Step], data: st.DataObject) -> None:
    twice = [again for step in script for again in [step, *[(0.0, *step[1:])] * data.draw(st.integers(0, 2))]]
    # A write's answer comes once: only looks are repeated.
    accepted = [step for step in script if not isinstance(step[2], Fault)]
    if len(accepted) == len(script):
        assert play(rollout, twice)[-1].verdict is play(rollout, script)[-1].verdict


def shows_success(seen: Seen) -> bool:
    """Whether this could be taken for success: ours is PRIMARY with all its tasks."""
    ours = seen.service.deployment(OURS) if isinstance(seen, Shown) and seen.service else None
    return ours is not None and ours.status == "PRIMARY" and ours.running >= ours.desired


@given(followings, scripts, st.randoms(use_true_random=False))
def test_no_order_of_polls_makes_a_success_of_a_failure(rollout: Rollout, script: list[Step], order: Random) -> None:
    failing = [step for step in script if not shows_success(step[1])]
    shuffled = sorted([*failing, *failing[:3]], key=lambda _: order.random())
    assert play(rollout, shuffled)[-1].verdict is not Verdict.COMPLETED
    assert play(rollout, shuffled)[-1].completion.completed_at is None


@given(followings, services, services, st.lists(st.booleans(), max_size=6))
def test_a_delayed_poll_does_not_bring_success_back(
    rollout: Rollout, past: Service, present: Service, late: list[bool]
) -> None:
    """Once the present was seen, in which ours isn't complete, no answer from before it makes it so."""
    newest = ServiceEvent(id="n", at=NOON + timedelta(seconds=500), message=MESSAGES[0])
    present = replace(present, events=(*present.events, newest))
    if shows_success(Shown(present)):
        return
    script: list[Step] = [(1.0, Shown(past if is_late else present), PAST) for is_late in [False, *late]]
    assert all(state.completion.completed_at is None for state in play(rollout, script))


@given(beginnings, scripts)
def test_unknown_is_never_said_of_what_is_seen(rollout: Rollout, script: list[Step]) -> None:
    """But of a write of which nobody can tell whether it was accepted."""
    states = play(rollout, script)
    for before, after, (_, seen, _) in zip(states, states[1:], script, strict=False):
        if before.verdict is None and after.verdict is Verdict.UNKNOWN and before.phase is Phase.FOLLOW:
            assert isinstance(seen, Fault) or after.observed.read_fault is not None


@given(beginnings, scripts)
def test_refused_is_never_said_of_a_write_that_may_have_landed(rollout: Rollout, script: list[Step]) -> None:
    states = play(rollout, script)
    is_unconfirmed = False
    for before, after, (_, _, written) in zip(states, states[1:], script, strict=False):
        is_ambiguous = isinstance(written, Fault) and written.kind is FaultKind.AMBIGUOUS
        is_unconfirmed |= is_to_write(before) and is_ambiguous
        if after.verdict is Verdict.REFUSED:
            assert not is_unconfirmed


@given(beginnings, st.lists(st.tuples(looks, writes), min_size=1, max_size=4))
def test_budgets_end(rollout: Rollout, world: list[tuple[Seen, Written]]) -> None:
    """Whatever is seen again and again, there is a verdict, or it is complete and only waits for the others."""
    now, limit = 0.0, 4 * BUDGET + ECS_TURN + GRACE + READ_GRACE
    for number in range(3000):
        is_complete = rollout.completion.completed_at is not None
        if rollout.state is State.ENDED or (is_complete and now > limit):
            return
        now = max(now, rollout.due(now, 0.5))
        if not is_complete:
            assert now <= limit
        now += 0.05
        seen, written = world[number % len(world)]
        rollout = rollout.advance(written, now) if is_to_write(rollout) else look(rollout, seen, now)
    raise AssertionError(rollout)
