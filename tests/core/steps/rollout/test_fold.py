"""One state, one observation, the next state: the guard clauses of the fold, a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.build import of_build
from drone_deploy_ecs.core.ecs.fault import not_awss
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.steps.attempts import SETTLE, Phase
from drone_deploy_ecs.core.steps.observation import PAST, READ_GRACE, SURE, Reading, StoppedTasks
from drone_deploy_ecs.core.steps.rollout import history
from drone_deploy_ecs.core.steps.rollout.judge import GRACE
from drone_deploy_ecs.core.steps.rollout.rival import Rival
from drone_deploy_ecs.core.steps.rollout.rollback import ECS_TURN
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict
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
    TARGET,
    THROTTLED,
    TIMED_OUT,
    UNREACHABLE,
    active,
    at,
    primary,
    service,
    stopped,
)
from tests.core.steps.rollout.rollouts import Look, after, fact, following, forward, given, undo

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

STARTED = (1.0, "has started 2 tasks: (task a) (task b).")
UNCHANGED = service(primary(OLD, BEFORE, "COMPLETED"))
ROLLING = service(primary(), active())
GIVEN_UP = service(primary(state="FAILED"), active(), breaker_rolls_back=True)
RETURNING = service(primary(OLD, BEFORE), active(OURS, NEW, "FAILED", 0))
THEIRS = service(primary(OTHER, FOREIGN), active())
ANNOUNCED = f"rolling back to deployment {OTHER}."

CHECKING = given(forward(), phase=Phase.CHECK)
DOUBTING = given(CHECKING, unconfirmed=TIMED_OUT, written_at=0.0)
SEEN = given(following(), service=replace(ROLLING, events=service(said=[STARTED]).events), seen_at=1.0)
RETURNED = given(undo(), phase=Phase.FOLLOW, deployment=OLD, is_ecs_rollback=True)
BLIND = given(following(), unreadable_since=1.0, read_fault=UNREACHABLE, failed_reads=1)

Row = tuple["Rollout", object, float, dict[str, Any]]

WRITING: dict[str, Row] = {
    "accepted": (forward(), ROLLING, 3.0, {
        "phase": Phase.FOLLOW, "deployment": OURS, "since": NOON, "began": 3.0, "count": 1, "verdict": None, "decided_at": 0.0}),
    "accepted, and nothing is PRIMARY": (forward(), service(active()), 3.0, {
        "phase": Phase.CHECK, "unconfirmed": not_awss("UpdateService"), "written_at": 3.0, "verdict": None}),
    "accepted, and PRIMARY has no name": (forward(), service(primary(""), active()), 3.0, {
        "phase": Phase.CHECK, "unconfirmed": not_awss("UpdateService"), "ours": None, "verdict": None}),
    "refused": (forward(), DENIED, 3.0, {
        "verdict": Verdict.REFUSED, "reason": f"AWS refused {DENIED}", "count": 1}),
    "throttled": (forward(), THROTTLED, 3.0, {
        "phase": Phase.CHECK, "not_before": 4.0, "unconfirmed": None, "fault": THROTTLED, "verdict": None}),
    "throttled for the third time": (given(forward(), count=2), THROTTLED, 3.0, {"not_before": 7.0}),
    "throttled for the ninth time": (given(forward(), count=8), THROTTLED, 3.0, {"not_before": 18.0}),
    "throttled for the two thousandth time": (given(forward(), count=1999), THROTTLED, 3.0, {"not_before": 18.0}),
    "throttled until the budget ends": (forward(), THROTTLED, BUDGET, {
        "verdict": Verdict.REFUSED, "reason": f"the update never got through: {THROTTLED}"}),
    "no answer": (forward(), TIMED_OUT, 3.0, {
        "phase": Phase.CHECK, "unconfirmed": TIMED_OUT, "written_at": 3.0, "verdict": None}),
    "no answer until the budget ends": (forward(), TIMED_OUT, BUDGET, {
        "verdict": Verdict.UNKNOWN, "reason": f"the update may or may not have been accepted: {TIMED_OUT}"}),
    "refused after no answer": (given(forward(), unconfirmed=TIMED_OUT), DENIED, 3.0, {
        "phase": Phase.CHECK, "verdict": None, "unconfirmed": TIMED_OUT}),
}  # fmt: skip

CHECKS: dict[str, Row] = {
    "nothing happened: write": (CHECKING, (UNCHANGED,), 3.0, {"phase": Phase.WRITE, "not_before": 3.0}),
    "nothing is PRIMARY: look again": (CHECKING, (service(active()),), 3.0, {
        "phase": Phase.CHECK, "not_before": 4.0, "verdict": None}),
    "it is gone until the budget ends": (CHECKING, (), BUDGET, {
        "verdict": Verdict.REFUSED, "reason": "the update never got through: AWS was not seen", "service": None}),
    "out of sight until the budget ends": (
        given(CHECKING, unreadable_since=1.0, fault=THROTTLED), UNREACHABLE, BUDGET, {
            "verdict": Verdict.REFUSED, "reason": f"the update never got through: {THROTTLED}"}),
    "out of sight just before it ends": (
        given(CHECKING, unreadable_since=BUDGET - 1), UNREACHABLE, BUDGET, {"verdict": None}),
    "somebody else was quicker": (CHECKING, (THEIRS,), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "somebody else's ecs-svc/3 (web:9) became PRIMARY before our update"}),
    "somebody else's of our revision": (CHECKING, (ROLLING,), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "somebody else's ecs-svc/2 (web:2) became PRIMARY before our update"}),
    "ours after all": (DOUBTING, (ROLLING,), 3.0, {
        "phase": Phase.FOLLOW, "deployment": OURS, "since": NOON, "began": 3.0, "was_seen": True}),
    "ours after all, and complete": (
        DOUBTING, (service(primary(state="COMPLETED")),), 3.0, {"deployment": OURS, "completed_at": 3.0}),
    "not to be seen yet": (DOUBTING, (UNCHANGED,), SETTLE - 1, {"phase": Phase.CHECK, "not_before": SETTLE + 1}),
    "it never landed until the budget ends": (CHECKING, (UNCHANGED,), BUDGET, {
        "verdict": Verdict.REFUSED, "reason": "the update never got through: AWS was not seen"}),
    "it may have landed until the budget ends": (DOUBTING, (UNCHANGED,), BUDGET, {
        "verdict": Verdict.UNKNOWN, "reason": f"the update may or may not have been accepted: {TIMED_OUT}"}),
    "it never landed: write again": (DOUBTING, (UNCHANGED,), SETTLE, {"phase": Phase.WRITE, "not_before": SETTLE}),
}  # fmt: skip

UNDOING: dict[str, Row] = {
    "ours is PRIMARY: write": (undo(), (ROLLING,), 3.0, {"phase": Phase.WRITE, "not_before": 3.0}),
    "ECS will return it": (undo(), (GIVEN_UP,), 3.0, {"phase": Phase.CHECK, "not_before": 5.0, "verdict": None}),
    "ECS doesn't after all": (undo(), (GIVEN_UP,), ECS_TURN, {"phase": Phase.WRITE}),
    "ECS doesn't, and we may not": (undo(must_not_write=True), (GIVEN_UP,), ECS_TURN, {
        "verdict": Verdict.TIMED_OUT, "reason": "ECS doesn't return it, and rollbacks are disabled"}),
    "ECS has": (undo(), (RETURNING,), 3.0, {
        "phase": Phase.FOLLOW, "deployment": OLD, "since": NOON, "is_ecs_rollback": True, "began": 3.0, "verdict": None}),
    "ECS has again": (given(undo(), is_ecs_rollback=True), (RETURNING,), 3.0, {"is_ecs_rollback": True, "began": 0.0}),
    "ECS has again, seen healthy before": (given(undo(), deployment=OLD, is_ecs_rollback=True, healthy_at=1.0), (RETURNING,), 3.0, {
        "phase": Phase.FOLLOW, "healthy_at": 1.0}),
    "what it was taken for before doesn't count while it looks": (
        given(undo(), deployment=OLD, is_ecs_rollback=True), (THEIRS,), 3.0, {
            "verdict": Verdict.SUPERSEDED, "reason": "ecs-svc/3 (web:9) is PRIMARY now and isn't ours: left alone"}),
    "back, and ours isn't listed: perhaps a stale read": (undo(), (UNCHANGED,), 3.0, {
        "phase": Phase.CHECK, "not_primary_since": 3.0, "not_before": 5.0, "is_ecs_rollback": False}),
    "back for a while": (given(undo(), not_primary_since=3.0), (UNCHANGED,), GRACE + 2, {
        "not_primary_since": 3.0, "is_ecs_rollback": False, "not_before": GRACE + 4}),
    "back for long": (given(undo(), not_primary_since=3.0), (UNCHANGED,), GRACE + 3, {
        "is_ecs_rollback": True, "deployment": OLD, "completed_at": GRACE + 3}),
    "back, and an event says that ours failed": (
        undo(), (replace(UNCHANGED, events=service(said=[(2, f"(deployment {OURS}) deployment failed: x.")]).events),),
        3.0, {"is_ecs_rollback": True, "deployment": OLD}),
    "somebody else's": (undo(), (THEIRS,), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "ecs-svc/3 (web:9) is PRIMARY now and isn't ours: left alone"}),
    "the revision before, though a copy is needed": (
        undo(COPY), (service(primary(OTHER, BEFORE), active(OURS, NEW)),), 3.0, {"verdict": Verdict.SUPERSEDED}),
    "a copy of it, by whomever": (
        undo(COPY), (service(primary(OTHER, COPY), active(OURS, NEW, "FAILED", 0)),), 3.0, {
            "is_ecs_rollback": True, "deployment": OTHER}),
    "the revision before, by its own deployment": (undo(COPY), (RETURNING,), 3.0, {"is_ecs_rollback": True, "deployment": OLD}),
    "the revision before, as ECS announced": (
        undo(COPY), (service(primary(OTHER, BEFORE), active(OURS, NEW), said=[(2, ANNOUNCED)]),),
        3.0, {"is_ecs_rollback": True, "deployment": OTHER}),
    "the revision before, as ECS announced of an earlier one": (
        undo(COPY), (service(primary(OTHER, BEFORE), active(OURS, NEW), said=[(-5, ANNOUNCED)]),),
        3.0, {"verdict": Verdict.SUPERSEDED}),
}  # fmt: skip

FOLLOWING: dict[str, Row] = {
    "seen": (given(following(), not_primary_since=1.0), (ROLLING,), 3.0, {
        "was_seen": True, "not_primary_since": None, "seen_at": 3.0, "verdict": None, "below_desired_at": 0.0}),
    "seen short of tasks": (following(), (service(primary(running=1), active()),), 3.0, {
        "below_desired_at": 3.0, "healthy_at": None}),
    "the old ones drain": (following(), (service(primary(), active(running=0)),), 3.0, {
        "healthy_at": 3.0, "completed_at": None}),
    "seen for the first time": (given(following(), since=None), (ROLLING,), 3.0, {"since": NOON, "was_seen": True}),
    "gone": (SEEN, (), 3.0, {"service": None, "not_primary_since": 3.0, "verdict": None}),
    "gone for a moment": (given(SEEN, not_primary_since=GRACE - 3), (), GRACE - 1, {"not_primary_since": GRACE - 3, "verdict": None}),
    "gone for long": (given(SEEN, not_primary_since=3.0), (), GRACE + 3, {
        "verdict": Verdict.SUPERSEDED, "reason": "the service is gone"}),
    "an answer from the past": (SEEN, (service(primary(state="COMPLETED"), said=[(0.0, "x")]),), 3.0, {
        "read_fault": PAST, "unreadable_since": 3.0, "failed_reads": 1, "service": SEEN.service, "completed_at": None}),
    "an answer without any events any more": (SEEN, (service(primary(state="COMPLETED")),), 3.0, {"read_fault": PAST}),
    "an answer as old as the last": (SEEN, (service(primary(state="COMPLETED"), said=[STARTED]),), 3.0, {
        "read_fault": None, "completed_at": 3.0}),
    "out of sight": (following(), UNREACHABLE, 3.0, {
        "read_fault": UNREACHABLE, "unreadable_since": 3.0, "failed_reads": 1, "seen_at": 3.0, "verdict": None}),
    "still out of sight": (BLIND, UNREACHABLE, 3.0, {"unreadable_since": 1.0, "failed_reads": 2}),
    "in sight again": (BLIND, (ROLLING,), 3.0, {"unreadable_since": None, "read_fault": None, "failed_reads": 0}),
    "out of sight until the budget ends": (BLIND, UNREACHABLE, BUDGET, {
        "verdict": Verdict.UNKNOWN, "reason": f"lost sight of AWS: {UNREACHABLE}"}),
    "out of sight since just before that": (
        given(BLIND, unreadable_since=BUDGET - READ_GRACE + 1), UNREACHABLE, BUDGET, {"verdict": None}),
    "out of sight since a little before that": (
        given(BLIND, unreadable_since=BUDGET - READ_GRACE), UNREACHABLE, BUDGET, {"verdict": Verdict.UNKNOWN}),
    "what ran before comes back under a new id": (
        following(), (service(primary(OTHER, BEFORE), active(OURS, NEW, "FAILED", 0)),), 3.0, {"verdict": Verdict.ROLLED_BACK}),
    "an older one than ours is PRIMARY": (
        given(following(), since=at(5)), (service(primary(OTHER, FOREIGN), active()),), 8.0, {"verdict": None, "not_primary_since": 8.0}),
    "as many failed as asked": (
        following(max_failed_tasks=1), Look(ROLLING, tasks=(stopped(),)), 3.0, {
            "verdict": Verdict.FAILED, "reason": "1 task failed, and max_failed_tasks is 1"}),
    "what ECS returned is complete, but what failed is still there": (
        RETURNED, (service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 1)),), 3.0, {"completed_at": None}),
    "what ECS returned is complete": (
        RETURNED, (service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 0)),), 3.0, {"completed_at": 3.0}),
    "what we returned is complete, whatever is still there": (
        given(RETURNED, deployment=OTHER, is_ecs_rollback=False),
        (service(primary(OTHER, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 1)),), 3.0, {"completed_at": 3.0}),
    "what ECS returned has been replaced by what failed": (
        RETURNED, (ROLLING,), 3.0, {
            "phase": Phase.CHECK, "not_before": 3.0, "verdict": None}),
    "what ECS returned was complete, and has been replaced by what failed": (
        given(RETURNED, completed_at=2.0), (ROLLING,), 3.0, {
            "phase": Phase.CHECK, "completed_at": None, "state": State.ACTIVE}),
}  # fmt: skip

TOLD = (50.0, f"(deployment {OURS}) deployment completed.")
COMPLETE = service(primary(state="COMPLETED"), said=[STARTED, TOLD])
REPLACED_UNSEEN = service(primary(state="COMPLETED"), said=[STARTED, TOLD, (62.0, "has started 1 tasks: (task c).")])
STAYING = after(following(must_stay=True), (COMPLETE,), 60.0)
STOPPED_BY_USER = stopped(exit_code=0, stop_code="UserInitiated", stopped_reason="Task stopped by user")
REPLACED = given(following(must_stay=True), stopped=(replace(STOPPED_BY_USER, stopped_at=at(55)),))
FULL = after(REPLACED, (COMPLETE,), 30.0)
PROVING: dict[str, Row] = {
    "complete": (following(must_stay=True), (COMPLETE,), 60.0, {
        "completed_at": 60.0, "passed_at": 60.0, "passed": 0, "healthy_at": 60.0, "last_start_at": at(1)}),
    "complete by its counts": (following(), (service(primary(state="")),), 60.0, {
        "completed_reason": "by its counts: ECS gives no rolloutState for this service", "last_start_at": None}),
    "complete, but one was replaced since ECS said so": (REPLACED, (COMPLETE,), 60.0, {
        "completed_at": None, "at_desired_since": 60.0, "verdict": None}),
    "complete, but one died since ECS said so": (
        given(REPLACED, stopped=(stopped(stopped_at=at(55)),)), (COMPLETE,), 60.0, {"verdict": Verdict.FAILED}),
    "all have run for a while since": (FULL, (COMPLETE,), 30.0 + SURE - 1, {
        "completed_at": None, "at_desired_since": 30.0, "verdict": None}),
    "all have run for a while since, but not the same": (FULL, (REPLACED_UNSEEN,), 30.0 + SURE, {
        "completed_at": None, "at_desired_since": 30.0 + SURE, "last_start_at": at(62), "verdict": None}),
    "all have run for long since": (FULL, (COMPLETE,), 30.0 + SURE, {
        "completed_at": 30.0 + SURE, "stopped_when_complete": 1}),
    "one was replaced before ECS said so": (
        given(REPLACED, stopped=(replace(STOPPED_BY_USER, stopped_at=at(45)),)), (COMPLETE,), 60.0, {"completed_at": 60.0}),
    "it stays complete": (STAYING, (COMPLETE,), 70.0, {"completed_at": 60.0, "last_start_at": at(1)}),
    "one was replaced while nobody looked": (given(STAYING, passed=1), (REPLACED_UNSEEN,), 70.0, {
        "completed_at": None, "at_desired_since": 70.0, "passed": 0, "verdict": None}),
    "one was replaced while nobody looked, and it need not stay": (
        after(following(), (COMPLETE,), 60.0), (REPLACED_UNSEEN,), 70.0, {"completed_at": 60.0}),
    "one was replaced of what came without events": (
        after(following(must_stay=True), (service(primary(state="COMPLETED")),), 60.0), (REPLACED_UNSEEN,), 70.0, {
            "completed_at": None}),
    "one was replaced while nobody looked, and there is no time left": (STAYING, (REPLACED_UNSEEN,), BUDGET, {
        "verdict": Verdict.TIMED_OUT, "reason": "the budget ended, and some of its tasks had only just replaced others"}),
    "one was replaced while nobody looked, and a second is left": (STAYING, (REPLACED_UNSEEN,), BUDGET - 1, {"verdict": None}),
    "all have run for a while since, and there is no time left": (
        given(FULL, at_desired_since=BUDGET - 1), (COMPLETE,), BUDGET, {"verdict": Verdict.TIMED_OUT}),
    "one was replaced, and nobody minds": (
        given(following(), stopped=REPLACED.tasks.stopped), (COMPLETE,), 60.0, {"completed_at": 60.0}),
}  # fmt: skip

CHECKED = given(STAYING, terms=replace(STAYING.terms, checks=2, check_interval=10.0))
CHECKING_ON: dict[str, Row] = {
    "too early": (CHECKED, (COMPLETE,), 69.0, {"passed": 0, "passed_at": 60.0, "budget_paused_until": 69.0}),
    "the first": (CHECKED, (COMPLETE,), 70.0, {"passed": 1, "passed_at": 70.0}),
    "the second": (given(CHECKED, passed=1, passed_at=70.0), (COMPLETE,), 80.0, {"passed": 2, "passed_at": 80.0}),
    "none is left: others are waited for at nobody's cost": (
        given(CHECKED, passed=2, passed_at=80.0), (COMPLETE,), 80.0, {"passed": 2, "budget_paused_until": 80.0}),
    "it guards for longer anyway": (
        given(CHECKED, passed=2, passed_at=80.0, budget_paused_until=95.0), (COMPLETE,), 90.0, {"budget_paused_until": 95.0}),
    "it has to prove stable for longer": (
        given(STAYING, terms=replace(STAYING.terms, stable_for=20.0)), (COMPLETE,), 79.0, {"budget_paused_until": 0.0}),
    "no longer complete": (
        given(CHECKED, passed=1, at_desired_since=50.0), (replace(COMPLETE, deployments=(primary(running=1),)),), 80.0, {
            "passed": 0, "at_desired_since": None, "completed_at": None}),
    "complete again": (
        given(STAYING, completed_at=None, at_desired_since=60.0 - SURE, stopped=(STOPPED_BY_USER,), healthy_at=55.0), (COMPLETE,), 61.0, {
            "completed_at": 61.0, "stopped_when_complete": 0, "healthy_at": 55.0}),
}  # fmt: skip

TASK = stopped()
LIST_DENIED = replace(DENIED, operation="ListTasks")
READ = given(following(), service=ROLLING, read=frozenset({"a/t9"}), denied=frozenset({"logs"}))
JUDGED = given(READ, verdict=Verdict.FAILED, reason="it can't succeed", decided_at=3.0)
REMEMBERING: dict[str, Row] = {
    "tasks that weren't asked for": (READ, (ROLLING,), 5.0, {"stopped": (), "read_at": 0.0}),
    "tasks": (READ, Look(ROLLING, tasks=(TASK,)), 5.0, {
        "stopped": (TASK,), "read_at": 5.0, "read": frozenset({"a/t1", "a/t9"}),
        "denied": frozenset({"logs"}), "explained": False}),
    "tasks that may not be listed": (
        given(READ, reading=Reading(service=ROLLING, at=4.0).with_tasks()), LIST_DENIED, 5.0, {
            "stopped": (), "read_at": 0.0, "seen_at": 4.0, "denied": frozenset({"logs", "ecs:ListTasks"}), "explained": False}),
    "tasks that took long to read": (READ, Look(ROLLING, (TASK,), at=4.0), 29.0, {"seen_at": 4.0, "read_at": 29.0}),
    "the same tasks again": (given(READ, stopped=(TASK,)), Look(ROLLING, tasks=(TASK,)), 5.0, {"stopped": (TASK,)}),
    "another deployment's tasks": (READ, Look(ROLLING, tasks=(replace(TASK, started_by=OTHER),)), 5.0, {"stopped": ()}),
    "tasks from before": (
        given(READ, since=at(60)), Look(ROLLING, tasks=(replace(TASK, created_at=at(50)),)), 5.0, {"stopped": ()}),
    "tasks by their revision alone": (
        READ, Look(ROLLING, tasks=(replace(TASK, started_by="ecs-service"),)), 5.0, {
            "stopped": (replace(TASK, started_by="ecs-service"),)}),
    "tasks for what was judged": (JUDGED, Look(ROLLING, tasks=(TASK,)), 5.0, {"explained": True, "verdict": Verdict.FAILED}),
    "no tasks for what was judged": (JUDGED, (ROLLING,), 5.0, {"explained": False}),
    "no tasks for what was judged, for long": (JUDGED, (ROLLING,), 3.0 + READ_GRACE, {"explained": True}),
    "no tasks for what was judged, for nearly as long": (JUDGED, (ROLLING,), 2.9 + READ_GRACE, {"explained": False}),
    "no tasks for what was explained": (given(JUDGED, explained=True), (ROLLING,), 5.0, {"explained": True}),
}  # fmt: skip

TAKEN = service(primary(OTHER, FOREIGN), active(OURS, NEW))
ASKING, IS_LOWER = Rival(definition=FOREIGN), Rival(definition=FOREIGN, is_read=True, build=6)
UNTOLD = Rival(definition=FOREIGN, is_read=True)
DESCRIBE_DENIED = replace(DENIED, operation="DescribeTaskDefinition")
DESCRIBE_THROTTLED = replace(THROTTLED, operation="DescribeTaskDefinition")
BEFORE_WRITE = given(CHECKING, build=7, service=THEIRS)
READING_BEFORE = given(BEFORE_WRITE, rival=ASKING)
TAKEN_OVER = given(following(), build=7, service=TAKEN, was_seen=True, stopped=(TASK,), at_desired_since=1.0)
READING_AFTER = given(TAKEN_OVER, rival=ASKING)


def of_that_build(build: int) -> Definition:
    """What somebody else's revision is described as."""
    return Definition(FOREIGN, active=True, body=of_build({}, build))


RACING: dict[str, Row] = {
    "before the write: of which build is what runs?": (BEFORE_WRITE, (THEIRS,), 3.0, {
        "rival": ASKING, "phase": Phase.CHECK, "verdict": None}),
    "before the write: of a lower one": (READING_BEFORE, of_that_build(6), 3.0, {
        "rival": IS_LOWER, "phase": Phase.WRITE, "not_before": 3.0, "verdict": None}),
    "before the write: of a higher one": (READING_BEFORE, of_that_build(8), 3.0, {
        "verdict": Verdict.SUPERSEDED, "reason": "it has web:9 of build 8, and this is build 7"}),
    "before the write: that may not be read": (READING_BEFORE, DESCRIBE_DENIED, 3.0, {
        "rival": UNTOLD, "verdict": Verdict.SUPERSEDED,
        "reason": "somebody else's ecs-svc/3 (web:9) became PRIMARY before our update"}),
    "before the write: that can't be read now": (READING_BEFORE, DESCRIBE_THROTTLED, 3.0, {
        "rival": None, "phase": Phase.CHECK, "not_before": 4.0, "verdict": None}),
    "before the write: that can't be read until the budget ends": (READING_BEFORE, DESCRIBE_THROTTLED, BUDGET, {
        "rival": UNTOLD, "verdict": Verdict.SUPERSEDED}),
    "before the write: asked anew at every look": (given(BEFORE_WRITE, rival=IS_LOWER), (THEIRS,), 3.0, {
        "rival": ASKING, "phase": Phase.CHECK}),
    "it took our place: of which build is it?": (given(TAKEN_OVER, completed_at=2.0), (TAKEN,), 3.0, {
        "rival": ASKING, "phase": Phase.FOLLOW, "completion": Completion(), "verdict": None}),
    "it took our place: another than the one that was read": (
        given(TAKEN_OVER, rival=replace(IS_LOWER, definition=BEFORE)), (TAKEN,), 3.0, {"rival": ASKING, "verdict": None}),
    "it took our place, of a lower one: written once more": (READING_AFTER, of_that_build(6), 3.0, {
        "rival": IS_LOWER, "phase": Phase.WRITE, "not_before": 3.0, "contested": (6,), "deployment": OURS, "since": NOON,
        "was_seen": False, "tasks": StoppedTasks(), "completion": Completion(), "not_primary_since": None,
        "target": replace(TARGET, known=frozenset({OLD, OURS, OTHER})), "verdict": None}),
    "it took our place, and was read already": (given(TAKEN_OVER, rival=IS_LOWER), (TAKEN,), 3.0, {
        "phase": Phase.WRITE, "contested": (6,)}),
    "it took our place, of a higher one": (READING_AFTER, of_that_build(8), 3.0, {
        "phase": Phase.FOLLOW, "contested": (), "verdict": Verdict.SUPERSEDED}),
    "it took our place, of the same one": (READING_AFTER, of_that_build(7), 3.0, {"verdict": Verdict.SUPERSEDED}),
    "it took our place: that can't be read now": (READING_AFTER, DESCRIBE_THROTTLED, 3.0, {
        "rival": None, "phase": Phase.FOLLOW, "not_before": 0.0, "verdict": None}),
    "it took our place a second time": (given(READING_AFTER, contested=(6,)), of_that_build(6), 3.0, {
        "phase": Phase.FOLLOW, "contested": (6,), "verdict": Verdict.SUPERSEDED}),
    "it took our place, after another lower one": (given(READING_AFTER, contested=(5,)), of_that_build(6), 3.0, {
        "phase": Phase.WRITE, "contested": (5, 6), "verdict": None}),
    "it took our place, and nobody counts builds": (given(TAKEN_OVER, build=None), (TAKEN,), 3.0, {
        "rival": None, "verdict": Verdict.SUPERSEDED}),
    "it took our place, and the service is going": (TAKEN_OVER, (replace(TAKEN, status="DRAINING"),), 3.0, {
        "rival": None, "verdict": Verdict.SUPERSEDED}),
    "it failed, whatever is read": (TAKEN_OVER, (GIVEN_UP,), 3.0, {
        "rival": None, "contested": (), "phase": Phase.FOLLOW}),
}  # fmt: skip

ROWS = {
    f"{part}: {name}": row
    for part, rows in {
        "writing": WRITING, "checking": CHECKS, "undoing": UNDOING, "following": FOLLOWING, "proving": PROVING,
        "checking on": CHECKING_ON, "remembering": REMEMBERING, "racing": RACING,
    }.items()
    for name, row in rows.items()
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_the_next_state(name: str) -> None:
    rollout, answer, now, expected = ROWS[name]
    next_ = after(rollout, answer, now)
    assert {member: fact(next_, member) for member in expected} == expected
    assert next_.verdict is rollout.verdict or fact(next_, "decided_at") == now


ROLLED_OUT_BEFORE = service(
    primary(),
    active(),
    said=[
        (-950, "has reached a steady state."),
        (-900, "has started 2 tasks: (task a) (task b)."),
        (-800, f"(deployment {OLD}) deployment completed."),
    ],
)


def test_what_is_accepted_has_the_services_earlier_rollouts_but_for_another_count() -> None:
    known = history.earlier(ROLLED_OUT_BEFORE.events)
    assert known
    accepted = given(forward(), fault=TIMED_OUT).advance(ROLLED_OUT_BEFORE, 3.0)
    assert (accepted.earlier, accepted.service, accepted.writes.fault) == (known, ROLLED_OUT_BEFORE, None)
    undoing = given(undo(), phase=Phase.WRITE)
    assert undoing.advance(ROLLED_OUT_BEFORE, 3.0).earlier == known, (
        "the old revision's own rollout foretells its return"
    )
    assert given(forward(), desired=4).advance(ROLLED_OUT_BEFORE, 3.0).earlier == ()
    written_after_all = given(undoing, is_ecs_rollback=True, was_seen=True).advance(ROLLED_OUT_BEFORE, 3.0)
    assert (fact(written_after_all, "is_ecs_rollback"), fact(written_after_all, "was_seen")) == (False, True)


def test_only_on_the_way_back_another_deployment_of_the_revision_will_do() -> None:
    ours = forward().advance(ROLLING, 3.0).ours
    back = given(undo(), phase=Phase.WRITE).advance(service(primary(OTHER, BEFORE), active(OURS, NEW)), 3.0).ours
    assert ours is not None
    assert back is not None
    assert (ours.instead, back.instead) == ("", BEFORE)


def test_a_recalled_update_whose_write_landed_is_judged_when_that_shows() -> None:
    recalled = DOUBTING.abort(Verdict.WITHDRAWN, "another failed", 2.0)
    assert recalled.verdict is None
    landed = after(recalled, (ROLLING,), 3.0)
    assert (landed.verdict, landed.output, fact(landed, "decided_at")) == (Verdict.WITHDRAWN, OURS, 3.0)
    assert landed.reason == "another failed"
    assert after(recalled, (service(primary(state="COMPLETED")),), 3.0).completion.completed_at is None


def test_a_recalled_update_whose_write_never_landed_is_judged_when_that_is_certain() -> None:
    recalled = DOUBTING.abort(Verdict.CANCELLED, "signal 15", 2.0)
    assert after(recalled, (UNCHANGED,), SETTLE - 1).verdict is None
    never = after(recalled, (UNCHANGED,), SETTLE)
    assert (never.verdict, never.reason, never.output) == (Verdict.CANCELLED, "signal 15", "")
    assert fact(never, "decided_at") == SETTLE


def test_it_is_told_when_what_failed_is_primary_again() -> None:
    adopted = given(undo(), phase=Phase.FOLLOW, deployment=OLD, is_ecs_rollback=True, service=ROLLING)
    again = after(adopted, (ROLLING,), 3.0)
    assert [text for _, text in again.news(adopted)] == [f"{OURS} is PRIMARY again"]
