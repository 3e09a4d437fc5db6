"""One state, one observation, the next state: the guard clauses of the fold, a row each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core import fold, history
from drone_deploy_ecs.core.events import news
from drone_deploy_ecs.core.judge import GRACE
from drone_deploy_ecs.core.observation import Accepted, NotSeen, NotWritten, Seen
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import ECS_TURN, LAST_SIGHT, PAST, SETTLE, SURE, Phase, recall
from tests.core.shown import (
    BEFORE,
    BUDGET,
    COPY,
    DENIED,
    FOREIGN,
    NEW,
    NOON,
    OLD,
    OTHER,
    OURS,
    THROTTLED,
    TIMED_OUT,
    UNREACHABLE,
    active,
    at,
    following,
    forward,
    primary,
    service,
    stopped,
    undo,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.observation import Observation
    from drone_deploy_ecs.core.watch import Watch

STARTED = (1.0, "has started 2 tasks: (task a) (task b).")
UNCHANGED = service(primary(OLD, BEFORE, "COMPLETED"))
ROLLING = service(primary(), active())
GIVEN_UP = service(primary(state="FAILED"), active(), breaker_rolls_back=True)
RETURNING = service(primary(OLD, BEFORE), active(OURS, NEW, "FAILED", 0))
THEIRS = service(primary(OTHER, FOREIGN), active())
ANNOUNCED = f"rolling back to deployment {OTHER}."

CHECKING = replace(forward(), phase=Phase.CHECK)
DOUBTING = replace(CHECKING, doubt=TIMED_OUT, doubted_at=0.0)
SEEN = replace(following(), service=replace(ROLLING, events=service(said=[STARTED]).events), looked_at=1.0)
RETURNED = replace(undo(), phase=Phase.FOLLOW, deployment=OLD, adopted=True)
BLIND = replace(following(), blind_since=1.0, blindness=UNREACHABLE, blind_looks=1)

Row = tuple["Watch", "Observation", float, dict[str, Any]]

WRITING: dict[str, Row] = {
    "accepted": (forward(), Accepted(ROLLING), 3.0, {
        "phase": Phase.FOLLOW, "deployment": OURS, "since": NOON, "began": 3.0, "attempts": 1, "verdict": None, "decided_at": 0.0}),
    "accepted, and nothing is PRIMARY": (forward(), Accepted(service(active())), 3.0, {
        "verdict": Verdict.UNKNOWN, "reason": "UpdateService answered without a PRIMARY deployment"}),
    "refused": (forward(), NotWritten(DENIED), 3.0, {
        "verdict": Verdict.REFUSED, "reason": f"AWS refused {DENIED}", "attempts": 1}),
    "throttled": (forward(), NotWritten(THROTTLED), 3.0, {
        "phase": Phase.CHECK, "not_before": 4.0, "doubt": None, "last_write": THROTTLED, "verdict": None}),
    "throttled for the third time": (replace(forward(), attempts=2), NotWritten(THROTTLED), 3.0, {"not_before": 7.0}),
    "throttled for the ninth time": (replace(forward(), attempts=8), NotWritten(THROTTLED), 3.0, {"not_before": 18.0}),
    "throttled for the two thousandth time": (replace(forward(), attempts=1999), NotWritten(THROTTLED), 3.0, {"not_before": 18.0}),
    "throttled until the budget ends": (forward(), NotWritten(THROTTLED), BUDGET, {
        "verdict": Verdict.REFUSED, "reason": f"the update never got through: {THROTTLED}"}),
    "no answer": (forward(), NotWritten(TIMED_OUT), 3.0, {
        "phase": Phase.CHECK, "doubt": TIMED_OUT, "doubted_at": 3.0, "verdict": None}),
    "no answer until the budget ends": (forward(), NotWritten(TIMED_OUT), BUDGET, {
        "verdict": Verdict.UNKNOWN, "reason": f"the update may or may not have been accepted: {TIMED_OUT}"}),
    "refused after no answer": (replace(forward(), doubt=TIMED_OUT), NotWritten(DENIED), 3.0, {
        "phase": Phase.CHECK, "verdict": None, "doubt": TIMED_OUT}),
}  # fmt: skip

CHECKS: dict[str, Row] = {
    "nothing happened: write": (CHECKING, Seen(UNCHANGED), 3.0, {"phase": Phase.WRITE, "not_before": 3.0}),
    "nothing is PRIMARY: look again": (CHECKING, Seen(service(active())), 3.0, {
        "phase": Phase.CHECK, "not_before": 4.0, "verdict": None}),
    "it is gone until the budget ends": (CHECKING, Seen(None), BUDGET, {
        "verdict": Verdict.REFUSED, "reason": "the update never got through: AWS was not seen", "service": None}),
    "out of sight until the budget ends": (
        replace(CHECKING, blind_since=1.0, last_write=THROTTLED), NotSeen(UNREACHABLE), BUDGET, {
            "verdict": Verdict.REFUSED, "reason": f"the update never got through: {THROTTLED}"}),
    "out of sight just before it ends": (
        replace(CHECKING, blind_since=BUDGET - 1), NotSeen(UNREACHABLE), BUDGET, {"verdict": None}),
    "somebody else was quicker": (CHECKING, Seen(THEIRS), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "somebody else's ecs-svc/3 (web:9) became PRIMARY before our update"}),
    "somebody else's of our revision": (CHECKING, Seen(ROLLING), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "somebody else's ecs-svc/2 (web:2) became PRIMARY before our update"}),
    "ours after all": (DOUBTING, Seen(ROLLING), 3.0, {
        "phase": Phase.FOLLOW, "deployment": OURS, "since": NOON, "began": 3.0, "was_seen": True}),
    "ours after all, and complete": (
        DOUBTING, Seen(service(primary(state="COMPLETED"))), 3.0, {"deployment": OURS, "completed_at": 3.0}),
    "not to be seen yet": (DOUBTING, Seen(UNCHANGED), SETTLE - 1, {"phase": Phase.CHECK, "not_before": SETTLE + 1}),
    "it never landed: write again": (DOUBTING, Seen(UNCHANGED), SETTLE, {"phase": Phase.WRITE, "not_before": SETTLE}),
}  # fmt: skip

UNDOING: dict[str, Row] = {
    "ours is PRIMARY: write": (undo(), Seen(ROLLING), 3.0, {"phase": Phase.WRITE, "not_before": 3.0}),
    "ECS will return it": (undo(), Seen(GIVEN_UP), 3.0, {"phase": Phase.CHECK, "not_before": 5.0, "verdict": None}),
    "ECS doesn't after all": (undo(), Seen(GIVEN_UP), ECS_TURN, {"phase": Phase.WRITE}),
    "ECS doesn't, and we may not": (undo(confirm_only=True), Seen(GIVEN_UP), ECS_TURN, {
        "verdict": Verdict.TIMED_OUT, "reason": "ECS doesn't return it, and rollbacks are disabled"}),
    "ECS has": (undo(), Seen(RETURNING), 3.0, {
        "phase": Phase.FOLLOW, "deployment": OLD, "since": NOON, "adopted": True, "began": 3.0, "verdict": None}),
    "ECS has again": (replace(undo(), adopted=True), Seen(RETURNING), 3.0, {"adopted": True, "began": 0.0}),
    "back, and ours isn't listed: perhaps a stale read": (undo(), Seen(UNCHANGED), 3.0, {
        "phase": Phase.CHECK, "away_since": 3.0, "not_before": 5.0, "adopted": False}),
    "back for a while": (replace(undo(), away_since=3.0), Seen(UNCHANGED), GRACE + 2, {
        "away_since": 3.0, "adopted": False, "not_before": GRACE + 4}),
    "back for long": (replace(undo(), away_since=3.0), Seen(UNCHANGED), GRACE + 3, {
        "adopted": True, "deployment": OLD, "completed_at": GRACE + 3}),
    "back, and an event says that ours failed": (
        undo(), Seen(replace(UNCHANGED, events=service(said=[(2, f"(deployment {OURS}) deployment failed: x.")]).events)),
        3.0, {"adopted": True, "deployment": OLD}),
    "somebody else's": (undo(), Seen(THEIRS), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "ecs-svc/3 (web:9) is PRIMARY now and isn't ours: left alone"}),
    "the revision before, though a copy is needed": (
        undo(COPY), Seen(service(primary(OTHER, BEFORE), active(OURS, NEW))), 3.0, {"verdict": Verdict.SUPERSEDED}),
    "the revision before, by its own deployment": (undo(COPY), Seen(RETURNING), 3.0, {"adopted": True, "deployment": OLD}),
    "the revision before, as ECS announced": (
        undo(COPY), Seen(service(primary(OTHER, BEFORE), active(OURS, NEW), said=[(2, ANNOUNCED)])),
        3.0, {"adopted": True, "deployment": OTHER}),
    "the revision before, as ECS announced of an earlier one": (
        undo(COPY), Seen(service(primary(OTHER, BEFORE), active(OURS, NEW), said=[(-5, ANNOUNCED)])),
        3.0, {"verdict": Verdict.SUPERSEDED}),
}  # fmt: skip

FOLLOWING: dict[str, Row] = {
    "seen": (replace(following(), away_since=1.0), Seen(ROLLING), 3.0, {
        "was_seen": True, "away_since": None, "looked_at": 3.0, "verdict": None, "short_at": 0.0, "changed_at": 3.0}),
    "seen short of tasks": (following(), Seen(service(primary(running=1), active())), 3.0, {
        "short_at": 3.0, "healthy_at": None}),
    "the old ones drain": (following(), Seen(service(primary(), active(running=0))), 3.0, {
        "healthy_at": 3.0, "completed_at": None}),
    "seen for the first time": (replace(following(), since=None), Seen(ROLLING), 3.0, {"since": NOON, "was_seen": True}),
    "gone": (SEEN, Seen(None), 3.0, {"service": None, "away_since": 3.0, "verdict": None}),
    "gone for a moment": (replace(SEEN, away_since=GRACE - 3), Seen(None), GRACE - 1, {"away_since": GRACE - 3, "verdict": None}),
    "gone for long": (replace(SEEN, away_since=3.0), Seen(None), GRACE + 3, {
        "verdict": Verdict.SUPERSEDED, "reason": "the service is gone"}),
    "an answer from the past": (SEEN, Seen(service(primary(state="COMPLETED"), said=[(0.0, "x")])), 3.0, {
        "blindness": PAST, "blind_since": 3.0, "blind_looks": 1, "service": SEEN.service, "completed_at": None}),
    "an answer without any events any more": (SEEN, Seen(service(primary(state="COMPLETED"))), 3.0, {"blindness": PAST}),
    "an answer as old as the last": (SEEN, Seen(service(primary(state="COMPLETED"), said=[STARTED])), 3.0, {
        "blindness": None, "completed_at": 3.0}),
    "out of sight": (following(), NotSeen(UNREACHABLE), 3.0, {
        "blindness": UNREACHABLE, "blind_since": 3.0, "blind_looks": 1, "looked_at": 3.0, "verdict": None}),
    "still out of sight": (BLIND, NotSeen(UNREACHABLE), 3.0, {"blind_since": 1.0, "blind_looks": 2}),
    "in sight again": (BLIND, Seen(ROLLING), 3.0, {"blind_since": None, "blindness": None, "blind_looks": 0}),
    "out of sight until the budget ends": (BLIND, NotSeen(UNREACHABLE), BUDGET, {
        "verdict": Verdict.UNKNOWN, "reason": f"lost sight of AWS: {UNREACHABLE}"}),
    "out of sight since just before that": (
        replace(BLIND, blind_since=BUDGET - LAST_SIGHT + 1), NotSeen(UNREACHABLE), BUDGET, {"verdict": None}),
    "out of sight since a little before that": (
        replace(BLIND, blind_since=BUDGET - LAST_SIGHT), NotSeen(UNREACHABLE), BUDGET, {"verdict": Verdict.UNKNOWN}),
    "what ran before comes back under a new id": (
        following(), Seen(service(primary(OTHER, BEFORE), active(OURS, NEW, "FAILED", 0))), 3.0, {"verdict": Verdict.ROLLED_BACK}),
    "an older one than ours is PRIMARY": (
        replace(following(), since=at(5)), Seen(service(primary(OTHER, FOREIGN), active())), 8.0, {"verdict": None, "away_since": 8.0}),
    "as many failed as asked": (
        following(max_failed_tasks=1), Seen(ROLLING, tasks=(stopped(),)), 3.0, {
            "verdict": Verdict.FAILED, "reason": "1 task failed, and max_failed_tasks is 1"}),
    "what ECS returned is complete, but what failed is still there": (
        RETURNED, Seen(service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 1))), 3.0, {"completed_at": None}),
    "what ECS returned is complete": (
        RETURNED, Seen(service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 0))), 3.0, {"completed_at": 3.0}),
    "what we returned is complete, whatever is still there": (
        replace(RETURNED, deployment=OTHER, adopted=False),
        Seen(service(primary(OTHER, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 1))), 3.0, {"completed_at": 3.0}),
    "what ECS returned has been replaced by what failed": (
        RETURNED, Seen(ROLLING), 3.0, {
            "phase": Phase.CHECK, "not_before": 3.0, "verdict": None}),
}  # fmt: skip

TOLD = (50.0, f"(deployment {OURS}) deployment completed.")
COMPLETE = service(primary(state="COMPLETED"), said=[STARTED, TOLD])
REPLACED_UNSEEN = service(primary(state="COMPLETED"), said=[STARTED, TOLD, (62.0, "has started 1 tasks: (task c).")])
STAYING = fold.advance(following(must_stay=True), Seen(COMPLETE), 60.0)
STOPPED_BY_USER = stopped(exit_code=0, stop_code="UserInitiated", stopped_reason="Task stopped by user")
REPLACED = replace(following(must_stay=True), stopped=(replace(STOPPED_BY_USER, stopped_at=at(55)),))
FULL = fold.advance(REPLACED, Seen(COMPLETE), 30.0)
PROVING: dict[str, Row] = {
    "complete": (following(must_stay=True), Seen(COMPLETE), 60.0, {
        "completed_at": 60.0, "passed_at": 60.0, "passed": 0, "healthy_at": 60.0, "last_start_at": at(1)}),
    "complete by its counts": (following(), Seen(service(primary(state=""))), 60.0, {
        "completed_reason": "by its counts: ECS gives no rolloutState for this service", "last_start_at": None}),
    "complete, but one was replaced since ECS said so": (REPLACED, Seen(COMPLETE), 60.0, {
        "completed_at": None, "full_since": 60.0, "verdict": None}),
    "complete, but one died since ECS said so": (
        replace(REPLACED, stopped=(stopped(stopped_at=at(55)),)), Seen(COMPLETE), 60.0, {"verdict": Verdict.FAILED}),
    "all have run for a while since": (FULL, Seen(COMPLETE), 30.0 + SURE - 1, {
        "completed_at": None, "full_since": 30.0, "verdict": None}),
    "all have run for a while since, but not the same": (FULL, Seen(REPLACED_UNSEEN), 30.0 + SURE, {
        "completed_at": None, "full_since": 30.0 + SURE, "last_start_at": at(62), "verdict": None}),
    "all have run for long since": (FULL, Seen(COMPLETE), 30.0 + SURE, {
        "completed_at": 30.0 + SURE, "stopped_when_complete": 1}),
    "one was replaced before ECS said so": (
        replace(REPLACED, stopped=(replace(STOPPED_BY_USER, stopped_at=at(45)),)), Seen(COMPLETE), 60.0, {"completed_at": 60.0}),
    "it stays complete": (STAYING, Seen(COMPLETE), 70.0, {"completed_at": 60.0, "last_start_at": at(1)}),
    "one was replaced while nobody looked": (replace(STAYING, passed=1), Seen(REPLACED_UNSEEN), 70.0, {
        "completed_at": None, "full_since": 70.0, "passed": 0, "verdict": None}),
    "one was replaced while nobody looked, and it need not stay": (
        fold.advance(following(), Seen(COMPLETE), 60.0), Seen(REPLACED_UNSEEN), 70.0, {"completed_at": 60.0}),
    "one was replaced of what came without events": (
        fold.advance(following(must_stay=True), Seen(service(primary(state="COMPLETED"))), 60.0), Seen(REPLACED_UNSEEN), 70.0, {
            "completed_at": None}),
    "one was replaced while nobody looked, and there is no time left": (STAYING, Seen(REPLACED_UNSEEN), BUDGET, {
        "verdict": Verdict.TIMED_OUT, "reason": "the budget ended, and some of its tasks had only just replaced others"}),
    "all have run for a while since, and there is no time left": (
        replace(FULL, full_since=BUDGET - 1), Seen(COMPLETE), BUDGET, {"verdict": Verdict.TIMED_OUT}),
    "one was replaced, and nobody minds": (
        replace(following(), stopped=REPLACED.stopped), Seen(COMPLETE), 60.0, {"completed_at": 60.0}),
}  # fmt: skip

CHECKED = replace(STAYING, terms=replace(STAYING.terms, checks=2, check_interval=10.0))
CHECKING_ON: dict[str, Row] = {
    "too early": (CHECKED, Seen(COMPLETE), 69.0, {"passed": 0, "passed_at": 60.0, "guarded_to": 69.0}),
    "the first": (CHECKED, Seen(COMPLETE), 70.0, {"passed": 1, "passed_at": 70.0}),
    "the second": (replace(CHECKED, passed=1, passed_at=70.0), Seen(COMPLETE), 80.0, {"passed": 2, "passed_at": 80.0}),
    "none is left: others are waited for at nobody's cost": (
        replace(CHECKED, passed=2, passed_at=80.0), Seen(COMPLETE), 80.0, {"passed": 2, "guarded_to": 80.0}),
    "it guards for longer anyway": (
        replace(CHECKED, passed=2, passed_at=80.0, guarded_to=95.0), Seen(COMPLETE), 90.0, {"guarded_to": 95.0}),
    "it has to prove stable for longer": (
        replace(STAYING, terms=replace(STAYING.terms, stable_for=20.0)), Seen(COMPLETE), 79.0, {"guarded_to": 0.0}),
    "no longer complete": (
        replace(CHECKED, passed=1, full_since=50.0), Seen(replace(COMPLETE, deployments=(primary(running=1),))), 80.0, {
            "passed": 0, "full_since": None, "completed_at": None}),
    "complete again": (
        replace(STAYING, completed_at=None, full_since=60.0 - SURE, stopped=(STOPPED_BY_USER,), healthy_at=55.0), Seen(COMPLETE), 61.0, {
            "completed_at": 61.0, "stopped_when_complete": 0, "healthy_at": 55.0}),
}  # fmt: skip

TASK = stopped()
READ = replace(following(), service=ROLLING, read=frozenset({"a/t9"}), denied=frozenset({"logs"}), changed_at=1.0)
JUDGED = replace(READ, verdict=Verdict.FAILED, reason="it can't succeed", decided_at=3.0)
REMEMBERING: dict[str, Row] = {
    "tasks that weren't asked for": (READ, Seen(ROLLING), 5.0, {"stopped": (), "tasks_read_at": 0.0, "changed_at": 1.0}),
    "tasks": (READ, Seen(ROLLING, tasks=(TASK,), read=frozenset({"a/t1"}), denied=frozenset({"ecs:ListTasks"})), 5.0, {
        "stopped": (TASK,), "tasks_read_at": 5.0, "read": frozenset({"a/t1", "a/t9"}),
        "denied": frozenset({"logs", "ecs:ListTasks"}), "explained": False}),
    "tasks that took long to read": (READ, Seen(ROLLING, 4.0, tasks=(TASK,)), 29.0, {"looked_at": 4.0, "tasks_read_at": 29.0}),
    "the same tasks again": (replace(READ, stopped=(TASK,)), Seen(ROLLING, tasks=(TASK,)), 5.0, {"stopped": (TASK,)}),
    "another deployment's tasks": (READ, Seen(ROLLING, tasks=(replace(TASK, started_by=OTHER),)), 5.0, {"stopped": ()}),
    "tasks from before": (
        replace(READ, since=at(60)), Seen(ROLLING, tasks=(replace(TASK, created_at=at(50)),)), 5.0, {"stopped": ()}),
    "tasks by their revision alone": (
        READ, Seen(ROLLING, tasks=(replace(TASK, started_by="ecs-service"),)), 5.0, {
            "stopped": (replace(TASK, started_by="ecs-service"),)}),
    "other counts": (READ, Seen(service(primary(running=1), active())), 5.0, {"changed_at": 5.0}),
    "tasks for what was judged": (JUDGED, Seen(ROLLING, tasks=(TASK,)), 5.0, {"explained": True, "verdict": Verdict.FAILED}),
    "no tasks for what was judged": (JUDGED, Seen(ROLLING), 5.0, {"explained": False}),
    "no tasks for what was judged, for long": (JUDGED, Seen(ROLLING), 3.0 + LAST_SIGHT, {"explained": True}),
    "no tasks for what was judged, for nearly as long": (JUDGED, Seen(ROLLING), 2.9 + LAST_SIGHT, {"explained": False}),
    "no tasks for what was explained": (replace(JUDGED, explained=True), Seen(ROLLING), 5.0, {"explained": True}),
}  # fmt: skip

ROWS = {
    f"{part}: {name}": row
    for part, rows in {
        "writing": WRITING, "checking": CHECKS, "undoing": UNDOING, "following": FOLLOWING, "proving": PROVING,
        "checking on": CHECKING_ON, "remembering": REMEMBERING,
    }.items()
    for name, row in rows.items()
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_the_next_state(name: str) -> None:
    one, observation, now, expected = ROWS[name]
    after = fold.advance(one, observation, now)
    assert {member: getattr(after, member) for member in expected} == expected
    assert after.verdict is one.verdict or after.decided_at == now


ROLLED_OUT_BEFORE = service(
    primary(),
    active(),
    said=[
        (-950, "has reached a steady state."),
        (-900, "has started 2 tasks: (task a) (task b)."),
        (-800, f"(deployment {OLD}) deployment completed."),
    ],
)


def test_what_is_accepted_has_the_services_earlier_rollouts_but_for_an_undo_or_another_count() -> None:
    known = history.earlier(ROLLED_OUT_BEFORE.events)
    assert known
    after = fold.advance(replace(forward(), last_write=TIMED_OUT), Accepted(ROLLED_OUT_BEFORE), 3.0)
    assert (after.earlier, after.service, after.last_write) == (known, ROLLED_OUT_BEFORE, None)
    for other in (undo(), replace(forward(), desired=4)):
        assert fold.advance(other, Accepted(ROLLED_OUT_BEFORE), 3.0).earlier == ()
    assert fold.advance(replace(undo(), adopted=True), Accepted(ROLLED_OUT_BEFORE), 3.0).adopted is False


def test_a_recalled_update_whose_write_landed_is_judged_when_that_shows() -> None:
    recalled = recall(DOUBTING, Verdict.WITHDRAWN, "another failed", 2.0)
    assert recalled.verdict is None
    landed = fold.advance(recalled, Seen(ROLLING), 3.0)
    assert (landed.verdict, landed.deployment, landed.decided_at) == (Verdict.WITHDRAWN, OURS, 3.0)
    assert landed.reason == "another failed"
    assert fold.advance(recalled, Seen(service(primary(state="COMPLETED"))), 3.0).completed_at is None


def test_a_recalled_update_whose_write_never_landed_is_judged_when_that_is_certain() -> None:
    recalled = recall(DOUBTING, Verdict.CANCELLED, "signal 15", 2.0)
    assert fold.advance(recalled, Seen(UNCHANGED), SETTLE - 1).verdict is None
    never = fold.advance(recalled, Seen(UNCHANGED), SETTLE)
    assert (never.verdict, never.reason, never.deployment) == (Verdict.CANCELLED, "signal 15", "")
    assert never.decided_at == SETTLE


def test_it_is_told_when_what_failed_is_primary_again() -> None:
    adopted = replace(undo(), phase=Phase.FOLLOW, deployment=OLD, adopted=True, service=ROLLING)
    after = fold.advance(adopted, Seen(ROLLING), 3.0)
    assert [text for _, text in news(adopted, after)] == [f"{OURS} is PRIMARY again"]
