"""What is told of a change, and what isn't told again; and what is said where nothing changed for long."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.progress import Progress, State
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.rollout.history import Kind as Mile
from drone_deploy_ecs.core.steps.rollout.history import Milestone
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import (
    BEFORE,
    COPY,
    NEW,
    NOON,
    OLD,
    OTHER,
    OURS,
    TARGET,
    THROTTLED,
    TIMED_OUT,
    UNREACHABLE,
    active,
    primary,
    service,
    stopped,
)
from tests.core.steps.rollout.rollouts import following, forward, given, undo

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout


@pytest.mark.parametrize(
    ("told", "more", "said"),
    [
        (0, 1, ["1 task stopped (t0)"]),
        (1, 1, ["1 task stopped (t1)"]),
        (2, 1, []),
        (2, 2, ["2 tasks stopped (t2, t3)"]),
        (4, 3, []),
        (4, 4, ["4 tasks stopped (t4, t5, t6, …)"]),
    ],
)
def test_tasks_that_stop_alike_are_told_each_time_there_are_twice_as_many(
    told: int, more: int, said: list[str]
) -> None:
    tasks = tuple(stopped(f"a/t{number}") for number in range(told + more))
    before = given(following(), stopped=tasks[:told])
    found = [text for kind, text in given(before, stopped=tasks).news(before) if kind is Kind.TASK]
    assert [text.partition(":")[0] for text in found] == said


def test_counts_are_told_when_they_change() -> None:
    before = given(following(), service=service(primary(running=1), active()))
    after = given(before, service=service(primary(running=2), active(running=1)))
    assert [text for _, text in after.news(before)] == ["web:2 2 of 2 running; web:1 1 running"]
    assert not list(after.news(after))


def test_that_fewer_are_wanted_than_there_must_be_is_told_before_the_deployment_shows_it() -> None:
    before = given(following(at_least=2), service=service(primary()))
    after = given(before, service=service(primary(), desired=1))
    assert [text for _, text in after.news(before)] == ["web:2 2 of 2 running, but 2 must"]


# --- each kind of news, word by word ---

HISTORY = (
    (Milestone(Mile.STARTED, 0.0), Milestone(Mile.STOPPED, 60.0), Milestone(Mile.COMPLETED, 90.0)),
    (Milestone(Mile.STARTED, 0.0), Milestone(Mile.STOPPED, 70.0), Milestone(Mile.COMPLETED, 100.0)),
)
QUICK = (Milestone(Mile.STARTED, 0.0), Milestone(Mile.STOPPED, 20.0), Milestone(Mile.COMPLETED, 30.0))
CONTRARY = (Milestone(Mile.STOPPED, 0.0), Milestone(Mile.STARTED, 60.0), Milestone(Mile.COMPLETED, 90.0))
COUNTED = given(following(), service=service(primary(running=1, pending=1, failed_tasks=1)))
NAMESAKE = service(primary(running=1), active(definition=NEW), active(OTHER, running=0, pending=1))
ROLLED_OUT = given(following(), service=service(primary()), healthy_at=40.0, completed_at=60.0)
UNPLACEABLE = "was unable to place a task because no container instance met all of its requirements."

NEWS: dict[str, tuple[Rollout, Rollout, list[str]]] = {
    "a write failed": (
        forward(), given(forward(), fault=THROTTLED, phase=Phase.CHECK),
        ["UpdateService: ThrottlingException: Rate exceeded; looking before trying again"]),
    "the same is not told twice": (given(forward(), fault=THROTTLED), given(forward(), fault=THROTTLED), []),
    "a write was refused": (
        forward(), given(forward(), fault=THROTTLED, verdict=Verdict.REFUSED, reason="AWS refused it", decided_at=3.0),
        ["web:2 was refused after 3 s: AWS refused it"]),
    "updated": (forward(), following(), ["updated to web:2, as ecs-svc/2; back to web:1 if it fails"]),
    "updated without a way back": (
        forward(), given(following(), target=replace(TARGET, before="")), ["updated to web:2, as ecs-svc/2"]),
    "updated with a count": (
        forward(), given(following(), desired=3), ["updated to web:2 with 3 tasks, as ecs-svc/2; taken down again if it fails"]),
    "found accepted": (
        given(forward(), fault=TIMED_OUT), given(following(), fault=TIMED_OUT),
        ["found the update to web:2 accepted, as ecs-svc/2; back to web:1 if it fails"]),
    "updated to what was registered under no name we know": (
        given(forward(), definition=""), given(following(), definition="", desired=1),
        ["updated to the new revision with 1 task, as ecs-svc/2; taken down again if it fails"]),
    "updated, and how long it usually takes": (
        forward(), given(following(), earlier=HISTORY),
        ["updated to web:2, as ecs-svc/2; back to web:1 if it fails",
         "usually completes in 1 m 35 s, new tasks healthy after 1 m 5 s (2 earlier rollouts)"]),
    "updated, and how long it usually takes, but not until its tasks are healthy": (
        forward(), given(following(), earlier=(CONTRARY,)),
        ["updated to web:2, as ecs-svc/2; back to web:1 if it fails", "usually completes in 1 m 30 s (1 earlier rollout)"]),
    "on the way back": (undo(), given(undo(), phase=Phase.FOLLOW, deployment=OTHER), ["updated to web:1, as ecs-svc/3"]),
    "ECS returns it": (
        undo(), given(undo(), phase=Phase.FOLLOW, deployment=OLD, is_ecs_rollback=True),
        ["ECS itself is returning it, as ecs-svc/1: not written again"]),
    "it can't be read": (
        following(), given(following(), read_fault=UNREACHABLE), ["can't see it: DescribeServices: no route; going on looking"]),
    "it still can't": (given(following(), read_fault=UNREACHABLE), given(following(), read_fault=TIMED_OUT), []),
    "it can be read again": (given(following(), read_fault=UNREACHABLE), following(), ["in sight again"]),
    "tasks may not be read": (
        following(), given(following(), denied=frozenset({"ecs:ListTasks", "ecs:DescribeTasks"})),
        ["ecs:DescribeTasks isn't allowed: stopped tasks and their reasons can't be shown",
         "ecs:ListTasks isn't allowed: stopped tasks and their reasons can't be shown"]),
    "the first counts": (
        following(), COUNTED, ["web:2 1 of 2 running, 1 starting, 1 failed"]),
    "counts, of two deployments of one revision": (
        following(), given(following(), service=NAMESAKE),
        ["web:2 1 of 2 running; web:2 (previous deployment) 2 running; web:1 0 running, 1 starting"]),
    "nothing is running": (following(), given(following(), service=service(active(running=0))), []),
    "ours isn't listed": (following(), given(following(), service=service(active())), ["web:1 2 running"]),
    "new tasks are up": (
        following(), given(following(), healthy_at=40.0), ["new tasks are up after 40 s; old ones are draining"]),
    "a check passed": (
        given(following(checks=2), completed_at=3.0), given(following(checks=2), completed_at=3.0, passed=1),
        ["check 1 of 2 passed"]),
    "no longer complete": (given(following(), completed_at=3.0), following(), ["no longer complete"]),
    "complete": (
        following(), ROLLED_OUT, ["web:2 2 of 2 running", "web:2 completed: new tasks up after 40 s, old ones gone after 1 m"]),
    "complete, and has to prove stable": (
        following(stable_for=30.0), given(following(stable_for=30.0), completed_at=60.0),
        ["web:2 completed: new tasks up after 1 m, old ones gone after 1 m; watching it for another 30 s"]),
    "complete for a reason": (
        following(), given(following(), completed_at=60.0, completed_reason="by its counts"),
        ["web:2 completed: new tasks up after 1 m; by its counts"]),
    "complete, beside what is still live": (
        following(at_least=2), given(following(at_least=2), completed_at=60.0), ["web:2 completed: new tasks up after 1 m"]),
    "back": (
        given(undo(), deployment=OLD), given(undo(), deployment=OLD, completed_at=60.0, service=service(primary(OLD, BEFORE))),
        ["web:1 2 of 2 running", "back on web:1 (2 of 2 tasks), steady, after 1 m"]),
    "back for a reason": (
        given(undo(), deployment=OLD), given(undo(), deployment=OLD, completed_at=60.0, completed_reason="by its counts"),
        ["back on an unknown revision, steady, after 1 m; by its counts"]),
    "settled": (ROLLED_OUT, ROLLED_OUT.settle(90.0), []),
    "settled, having proved stable": (
        given(ROLLED_OUT, terms=following(stable_for=30.0).terms),
        given(ROLLED_OUT, terms=following(stable_for=30.0).terms).settle(90.0), ["web:2 was stable for 30 s"]),
    "failed": (following(), following().abort(Verdict.FAILED, "it\ncan't", 90.0), ["web:2 failed after 1 m 30 s: it can't"]),
    "withdrawn for no reason": (following(), following().abort(Verdict.WITHDRAWN, "", 9.0), ["web:2 was withdrawn after 9 s"]),
    "the way back failed": (
        undo(COPY), undo(COPY).abort(Verdict.TIMED_OUT, "why", 9.0), ["the way back timed out after 9 s: why"]),
}  # fmt: skip


@pytest.mark.parametrize("name", NEWS)
def test_what_is_told_of_a_change(name: str) -> None:
    before, after, texts = NEWS[name]
    assert [text for _, text in after.news(before)] == texts


def events(*said: str) -> Rollout:
    return given(following(), service=service(said=[(float(number), text) for number, text in enumerate(said)]))


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (following(), events("has reached a steady state.", UNPLACEABLE), [UNPLACEABLE]),
        (events(UNPLACEABLE), events(UNPLACEABLE), []),
        (events(UNPLACEABLE), events(UNPLACEABLE, UNPLACEABLE), []),
        (events("is fine."), events("is fine.", UNPLACEABLE, UNPLACEABLE), [UNPLACEABLE]),
        (following(), given(events(UNPLACEABLE), since=NOON + timedelta(seconds=1)), []),
        (following(), given(events(UNPLACEABLE), since=None), []),
        (undo(), given(undo(), service=events(UNPLACEABLE).service), []),
        (
            given(undo(), service=service()),
            given(undo(), service=events(UNPLACEABLE).service),
            [UNPLACEABLE],
        ),
    ],
)
def test_trouble_that_ecs_tells_of_is_told_once(before: Rollout, after: Rollout, texts: list[str]) -> None:
    found = [text for kind, text in after.news(before) if kind is Kind.SERVICE_EVENT]
    assert found == [f"ECS says: {text}" for text in texts]


# --- when nothing changes ---

STARTED = (5.0, "has started 2 tasks: (task a) (task b).")
FORESEEN = given(following(), service=service(primary(), said=[STARTED]), earlier=HISTORY)
PROVING = given(following(stable_for=60.0), completed_at=60.0, service=service(primary()))
HEARTBEATS = {
    "out of sight": (given(following(), read_fault=UNREACHABLE), "still can't see it after 1 m 10 s: DescribeServices: no route"),
    "not written yet": (given(forward(), phase=Phase.CHECK), "still trying to update it after 1 m 10 s"),
    "rolling out": (
        given(following(), service=service(primary(running=1))),
        "still rolling out after 1 m 10 s of at most 1 m 40 s: web:2 1 of 2 running"),
    "rolling out, unseen": (following(), "still rolling out after 1 m 10 s of at most 1 m 40 s: "),
    "rolling out, as before": (
        FORESEEN, "still rolling out after 1 m 10 s of at most 1 m 40 s, about 30 s to go: web:2 2 of 2 running"),
    "rolling out, later than before": (
        given(FORESEEN, earlier=(QUICK,)), "still rolling out after 1 m 10 s of at most 1 m 40 s: web:2 2 of 2 running"),
    "rolling out, earlier than before": (
        given(FORESEEN, began=50.0),
        "still rolling out after 20 s of at most 1 m 40 s, new tasks healthy in about 50 s, about 1 m 30 s to go: web:2 2 of 2 running"),
    "rolling out, whoever drains": (
        given(FORESEEN, began=50.0, terms=following(wait_for_drained=False).terms),
        "still rolling out after 20 s of at most 1 m 40 s, about 50 s to go: web:2 2 of 2 running"),
    "proving stable": (PROVING, "still complete after 1 m 10 s, 50 s to prove stable: web:2 2 of 2 running"),
    "complete": (
        given(PROVING, terms=following().terms), "still complete after 1 m 10 s, waiting for the others: web:2 2 of 2 running"),
    "to stay up": (given(PROVING, terms=following(must_stay=True).terms), "still up after 1 m 10 s: web:2 2 of 2 running"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEARTBEATS)
def test_what_is_said_where_nothing_changed_for_long(name: str) -> None:
    rollout, text = HEARTBEATS[name]
    assert rollout.heartbeat(70.0) == text


# --- how far it is ---


@pytest.mark.parametrize(
    ("rollout", "state"),
    [
        (forward(), State.UPDATING),
        (following(), State.ROLLING_OUT),
        (given(following(), healthy_at=3.0), State.DRAINING),
        (given(following(), completed_at=3.0), State.COMPLETE),
        (following().settle(3.0), State.COMPLETE),
        (following().abort(Verdict.FAILED, "why", 3.0), State.FAILED),
        (undo(), State.ROLLING_BACK),
        (given(undo(), deployment=OURS, phase=Phase.FOLLOW), State.ROLLING_BACK),
    ],
)
def test_what_it_is_doing_in_a_word(rollout: Rollout, state: State) -> None:
    assert rollout.progress(3.0, NOON).state is state


def test_how_far_it_is_is_drawn_from_what_was_last_seen() -> None:
    at = NOON + timedelta(seconds=70)
    rolling = given(FORESEEN, service=service(primary(running=1), said=[STARTED]))
    assert rolling.progress(70.0, at) == Progress(
        revision="web:2",
        state=State.ROLLING_OUT,
        running=1,
        desired=2,
        began_at=NOON,
        ends_at=NOON + timedelta(seconds=100),
    )
    unseen = forward().progress(70.0, at)
    assert (unseen.running, unseen.desired, unseen.ends_at) == (0, TARGET.desired, None)
    late = given(rolling, began=-50.0)
    assert late.progress(70.0, at).ends_at is None, "what is late is no rollout like the others"
