"""The laws of the folds: whatever is observed, in whatever order, `core.watch` and `core.registration` keep them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core import fold, poll, registration, taskdef, watch
from drone_deploy_ecs.core.ecs import Container, Deployment, Service, ServiceEvent, Task
from drone_deploy_ecs.core.events import news
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.judge import GRACE
from drone_deploy_ecs.core.observation import Accepted, NotSeen, NotWritten, Observation, Seen
from drone_deploy_ecs.core.registration import Newest, NotRegistered, Registered
from drone_deploy_ecs.core.step import FollowDeployment, RegisterTaskDefinition, UpdateService
from drone_deploy_ecs.core.taskdef import Definition
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase, Terms, Watch
from tests.core.shown import BEFORE, FOREIGN, NEW, NOON, OLD, OTHER, OURS, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

BUDGET = 60.0
MESSAGES = (
    "(service web) has started 2 tasks: (task a) (task b).",
    f"(service web) (deployment {OURS}) deployment completed.",
    f"(service web) (deployment {OURS}) deployment failed: tasks failed to start.",
    f"(service web) rolling back to deployment {OLD}.",
    "(service web) was unable to place a task because no container instance met all of its requirements.",
)

seconds = st.integers(0, 200)
counts = st.integers(0, 3)
times = st.none() | seconds.map(lambda after: NOON + timedelta(seconds=after))
deployments = st.builds(
    Deployment,
    id=st.sampled_from([OLD, OURS, OURS, OTHER]),
    status=st.sampled_from(["PRIMARY", "PRIMARY", "ACTIVE", "DRAINING", ""]),
    task_definition=st.sampled_from([BEFORE, NEW, FOREIGN]),
    desired=counts,
    pending=counts,
    running=counts,
    failed_tasks=counts,
    rollout_state=st.sampled_from(["IN_PROGRESS", "COMPLETED", "FAILED", "", "STRANGE"]),
    rollout_reason=st.sampled_from(["", f"ECS deployment circuit breaker: rolling back to deploymentId {OLD}."]),
    created_at=times,
)
happenings = st.builds(ServiceEvent, id=st.uuids().map(str), at=seconds.map(lambda after: NOON + timedelta(seconds=after)),
                       message=st.sampled_from(MESSAGES))  # fmt: skip
services = st.builds(
    Service,
    name=st.just("web"),
    arn=st.just("arn:aws:ecs:eu-west-1:1:service/prod/web"),
    status=st.sampled_from(["ACTIVE", "ACTIVE", "ACTIVE", "", "DRAINING", "INACTIVE"]),
    desired=counts,
    running=counts,
    task_definition=st.just(""),
    deployments=st.lists(deployments, max_size=3, unique_by=lambda one: one.id).map(tuple),
    events=st.lists(happenings, max_size=3).map(lambda found: tuple(sorted(found, key=lambda one: one.at))),
    breaker_rolls_back=st.booleans(),
)
containers = st.builds(
    Container, name=st.just("app"), image=st.just("shop:2"), image_digest=st.just(""), status=st.just("STOPPED"),
    exit_code=st.sampled_from([None, 0, 1, 127, 137, 143]), reason=st.sampled_from(["", "CannotPullContainerError: x: not found"]),
    health=st.sampled_from(["UNKNOWN", "HEALTHY", "UNHEALTHY"]),
)  # fmt: skip
tasks = st.builds(
    Task, arn=st.uuids().map(lambda one: f"arn:aws:ecs:eu-west-1:1:task/prod/{one.hex}"), started_by=st.sampled_from([OLD, OURS, OTHER, ""]),
    task_definition=st.sampled_from([BEFORE, NEW]), status=st.just("STOPPED"), health=st.sampled_from(["UNKNOWN", "HEALTHY"]),
    stop_code=st.sampled_from(["", "EssentialContainerExited", "TaskFailedToStart", "UserInitiated"]),
    stopped_reason=st.sampled_from(["", "Essential container in task exited", "Scaling activity initiated by (deployment ecs-svc/3)"]),
    created_at=times, started_at=times, stopped_at=times, containers=st.lists(containers, max_size=2).map(tuple),
)  # fmt: skip
faults = st.builds(Fault, kind=st.sampled_from(FaultKind), operation=st.just("UpdateService"), code=st.just("Code"), message=st.just("why"))  # fmt: skip
seen = st.builds(Seen, st.none() | services, tasks=st.none() | st.lists(tasks, max_size=3).map(tuple))
looks = seen | st.builds(NotSeen, faults)
writes = st.builds(Accepted, services) | st.builds(NotWritten, faults)
steps = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 3.0, 12.0, 40.0]), looks, writes), max_size=12)
terms = st.builds(
    Terms, budget=st.just(BUDGET), max_failed_tasks=st.sampled_from([None, None, 1]), stable_for=st.sampled_from([0.0, 20.0]),
    wait_for_drained=st.booleans(),
)  # fmt: skip
forwards = st.sampled_from([
    UpdateService(target=TARGET, definition=NEW),
    FollowDeployment(target=TARGET, definition=NEW, deployment=OURS),
])  # fmt: skip
backs = st.builds(
    UpdateService, target=st.just(replace(TARGET, known=frozenset({OLD, OURS}))), definition=st.just(BEFORE), only_over=st.just(OURS),
    confirm_only=st.booleans(), since=st.just(NOON),
)  # fmt: skip
beginnings = st.builds(
    lambda step, agreed: watch.begin(step, step.definition, agreed, 0.0), forwards | backs, terms
)  # fmt: skip

Step = tuple[float, Observation, Observation]


def play(one: Watch, script: Sequence[Step]) -> list[Watch]:
    """Every state, as the engine would come to it: writes where one is due, looks otherwise."""
    states, now = [one], 0.0
    for wait, look, write in script:
        now += wait
        one = fold.advance(one, write if one.phase is Phase.WRITE and one.verdict is None else look, now)
        states.append(one)
    return states


@given(beginnings, st.lists(st.tuples(st.floats(0, 100), looks | writes), max_size=12))
def test_no_sequence_raises(one: Watch, script: list[tuple[float, Observation]]) -> None:
    now = 0.0
    for wait, observation in script:
        now += wait
        after = fold.advance(one, observation, now)
        list(news(one, after))
        assert poll.next_look(after, now, 0.5) >= min(now, after.not_before)
        one = after


@given(beginnings, steps)
def test_a_verdict_is_final(one: Watch, script: list[Step]) -> None:
    states = play(one, script)
    judged = [state for state in states if state.verdict is not None]
    assert (
        len({(state.verdict, state.reason, state.decided_at, state.deployment, state.phase) for state in judged}) <= 1
    )
    assert judged == states[len(states) - len(judged) :]
    for state in judged:
        assert watch.settle(state, 1e6).verdict is state.verdict
        assert watch.recall(state, Verdict.WITHDRAWN, "another failed", 1e6) is state
        assert state.stable_at is None


@given(beginnings, steps, st.data())
def test_a_repeated_observation_changes_no_verdict(one: Watch, script: list[Step], data: st.DataObject) -> None:
    twice = [again for step in script for again in [step, *[(0.0, *step[1:])] * data.draw(st.integers(0, 2))]]
    # A write's answer comes once: only looks are repeated.
    asked = [step for step in script if not isinstance(step[2], NotWritten)]
    if len(asked) == len(script):
        assert play(one, twice)[-1].verdict is play(one, script)[-1].verdict


def shows_success(look: Observation) -> bool:
    """Whether this could be taken for success: ours is PRIMARY with all its tasks."""
    ours = look.service.deployment(OURS) if isinstance(look, Seen) and look.service else None
    return ours is not None and ours.status == "PRIMARY" and ours.running >= ours.desired


@given(forwards, terms, steps, st.randoms(use_true_random=False))
def test_no_order_of_polls_makes_a_success_of_a_failure(
    step: UpdateService | FollowDeployment, agreed: Terms, script: list[Step], order: object
) -> None:
    following = replace(watch.begin(step, NEW, agreed, 0.0), phase=Phase.FOLLOW, deployment=OURS, since=NOON)
    failing = [one for one in script if not shows_success(one[1])]
    shuffled = sorted([*failing, *failing[:3]], key=lambda _: order.random())  # type: ignore[attr-defined]
    assert play(following, shuffled)[-1].verdict is not Verdict.COMPLETED
    assert play(following, shuffled)[-1].completed_at is None


@given(terms, services, services, st.lists(st.booleans(), max_size=6))
def test_a_delayed_poll_does_not_bring_success_back(
    agreed: Terms, past: Service, present: Service, late: list[bool]
) -> None:
    """Once the present was seen, in which ours isn't complete, no answer from before it makes it so."""
    newest = ServiceEvent("n", NOON + timedelta(seconds=500), MESSAGES[0])
    present = replace(present, events=(*present.events, newest))
    if shows_success(Seen(present)):
        return
    step = UpdateService(target=TARGET, definition=NEW)
    following = replace(watch.begin(step, NEW, agreed, 0.0), phase=Phase.FOLLOW, deployment=OURS, since=NOON)
    script = [(1.0, Seen(past if is_late else present), NotWritten(watch.PAST)) for is_late in [False, *late]]
    assert all(state.completed_at is None for state in play(following, script))


@given(beginnings, steps)
def test_unknown_is_never_said_of_what_is_seen(one: Watch, script: list[Step]) -> None:
    """But of a write of which nobody can tell whether it was accepted, and of an answer without a PRIMARY."""
    states = play(one, script)
    for before, after, (_, look, _) in zip(states, states[1:], script, strict=False):
        if before.verdict is None and after.verdict is Verdict.UNKNOWN and before.phase is Phase.FOLLOW:
            assert not isinstance(look, Seen) or after.blindness is not None


@given(beginnings, steps)
def test_refused_is_never_said_of_a_write_that_may_have_landed(one: Watch, script: list[Step]) -> None:
    states = play(one, script)
    doubted = False
    for before, after, (_, _, write) in zip(states, states[1:], script, strict=False):
        wrote = before.phase is Phase.WRITE and before.verdict is None
        doubted |= wrote and isinstance(write, NotWritten) and write.fault.kind is FaultKind.AMBIGUOUS
        if after.verdict is Verdict.REFUSED:
            assert not doubted


@given(beginnings, st.lists(st.tuples(looks, writes), min_size=1, max_size=4))
def test_budgets_end(one: Watch, world: list[tuple[Observation, Observation]]) -> None:
    """Whatever is seen again and again, there is a verdict, or it is complete and only waits for the others."""
    now, limit = 0.0, 4 * BUDGET + watch.ECS_TURN + GRACE + watch.LAST_SIGHT
    for number in range(3000):
        if one.is_done or (one.completed_at is not None and now > limit):
            return
        now = max(now, poll.next_look(one, now, 0.5))
        if one.completed_at is None:
            assert now <= limit
        look, write = world[number % len(world)]
        one = fold.advance(one, write if one.phase is Phase.WRITE and one.verdict is None else look, now + 0.05)
        now += 0.05
    raise AssertionError(one)


# --- registration ---

BODY: dict[str, Any] = {"family": "web", "tags": [{"key": "team", "value": "shop"}]}
register = RegisterTaskDefinition(
    key="web#1", region="eu-west-1", family="web", body=BODY, serves=("web",), source=BEFORE, what="a change"
)
tag_denied = Fault(
    FaultKind.DENIED, "RegisterTaskDefinition", "AccessDeniedException", "not authorized: ecs:TagResource"
)
BODIES: list[dict[str, Any]] = [BODY, {"family": "web"}, {"family": "web", "cpu": "512"}]
bodies = st.sampled_from(BODIES)
newest = st.builds(Newest, st.none() | bodies.map(lambda body: Definition(NEW, active=True, body=body)))
failures = st.builds(NotRegistered, faults | st.just(tag_denied))
registering = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 11.0]), failures | newest, failures | st.just(Registered(NEW))), max_size=12
)


@given(registering)
def test_a_registration_keeps_its_laws(script: list[tuple[float, registration.Registration, object]]) -> None:
    """It never raises; ends for good; after doubt it looks, long enough, before it writes again."""
    one, now, doubted_at = registration.begin(register, 0.0, BUDGET), 0.0, None
    for wait, look, write in script:
        now = max(now + wait, one.not_before)
        if one.is_done:
            break
        writes_now = one.phase is Phase.WRITE
        if writes_now and doubted_at is not None:
            assert now >= doubted_at + watch.SETTLE
        observation = write if writes_now else look
        if writes_now and isinstance(write, NotRegistered) and write.fault.kind is FaultKind.AMBIGUOUS:
            doubted_at = now
        one = registration.advance(one, observation, now)  # type: ignore[arg-type]
        assert taskdef.without_tags(one.body) == taskdef.without_tags(BODY)
        assert one.untagged or one.body == BODY


@given(st.lists(st.tuples(failures | newest, failures), min_size=1, max_size=3))
def test_a_registration_ends(world: list[tuple[NotRegistered | Newest, NotRegistered]]) -> None:
    one, now = registration.begin(register, 0.0, BUDGET), 0.0
    for number in range(1000):
        if one.is_done:
            return
        now = max(now, one.not_before) + 0.05
        look, write = world[number % len(world)]
        one = registration.advance(one, write if one.phase is Phase.WRITE else look, now)
    raise AssertionError(one)
