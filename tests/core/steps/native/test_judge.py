"""What one look at a service deployment means: a row a rule, and the rows beside it where it must keep quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service_deployment import Rollback
from drone_deploy_ecs.core.steps.native.judge import judge, unfinished
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.judge import GRACE, Sight
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import BEFORE, FOREIGN, NEW, NOON, OLD, OTHER, OURS, TARGET, active, at, primary, service, stopped
from tests.core.steps.native.shifts import PAUSE, following, known, record, revision

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.steps.native.record import Known

SHIFTING = service(primary(), active())
DONE = service(primary(state="COMPLETED"))
BACK = service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", 0))
RETURNED = service(primary(OLD, BEFORE, "COMPLETED"))
RETURNING = service(primary(OLD, BEFORE, "IN_PROGRESS"), active(OURS, NEW, "FAILED"))
STRANGE = service(primary(OTHER, FOREIGN, created_at=at(60)), active())
ECS_RETURNS = Ours(deployment=OLD, since=NOON, is_ecs_rollback=True)
SHIFTED, HEALTHY = (
    Terms(budget=600.0, wait_for_drained=False, wait_for_shift=True),
    Terms(budget=600.0, wait_for_drained=False),
)
SIGHT = Sight(
    service=SHIFTING, ours=Ours(deployment=OURS, since=NOON), target=TARGET, undoes="", terms=Terms(budget=600.0), stopped=(),
    stopped_since_complete=(), away_for=0.0, left=100.0,
)  # fmt: skip


def sight(**facts: Any) -> Sight:
    return replace(SIGHT, **facts)


def twice(found: DescribedServiceDeployment) -> Known:
    return replace(known(found), looks=2)


BAKES = record(stage="BAKE_TIME", production=100.0)
PAUSED = record(stage="POST_SCALE_UP", hooks=(PAUSE,))
LEAVE = Terms(budget=600.0, on_pause="leave")
ROLLS_BACK = record("ROLLBACK_IN_PROGRESS", "PRODUCTION_TRAFFIC_SHIFT", 0.0, status_reason="an alarm", back_to=OLD)
ROWS: dict[str, tuple[Sight, Known, Verdict | None, str]] = {
    "gone": (sight(service=None, away_for=GRACE), known(BAKES), Verdict.SUPERSEDED, "the service is gone"),
    "under way": (SIGHT, known(record()), None, ""),
    "not listed yet": (SIGHT, known(), None, ""),
    "somebody's": (sight(service=STRANGE), known(BAKES), Verdict.SUPERSEDED, f"somebody's newer {OTHER} (web:9) is PRIMARY now"),
    "somebody's while it is rolled back": (
        sight(service=STRANGE), known(ROLLS_BACK), Verdict.SUPERSEDED, f"somebody's newer {OTHER} (web:9) is PRIMARY now"),
    "ECS goes back to what looks new": (
        sight(service=service(primary(OTHER, BEFORE, created_at=at(60)), active(OURS, NEW, "FAILED"))),
        known(replace(ROLLS_BACK, rollback=Rollback(service_revision_arn=revision(OTHER)))), Verdict.ROLLED_BACK, "ECS is rolling it back: an alarm"),
    "waits at a pause": (SIGHT, known(PAUSED), None, ""),
    "left at a pause": (sight(terms=LEAVE), known(PAUSED), Verdict.COMPLETED, "it waits at PAUSE hook ecs-pause-x (POST_SCALE_UP)"),
    "left at a pause, with healthy": (
        sight(terms=replace(LEAVE, wait_for_drained=False)), known(PAUSED), Verdict.COMPLETED, "it waits at PAUSE hook ecs-pause-x (POST_SCALE_UP)"),
    "left at a pause, but its tasks aren't up": (
        sight(terms=LEAVE, service=service(primary(running=1), active())), known(PAUSED), None, ""),
    "left before it has any task": (
        sight(terms=LEAVE, service=service(primary(running=0), active())), known(replace(PAUSED, stage="PRE_SCALE_UP")), Verdict.COMPLETED,
        "it waits at PAUSE hook ecs-pause-x (PRE_SCALE_UP)"),
    "healthy at a pause": (
        sight(terms=HEALTHY), known(PAUSED), Verdict.COMPLETED,
        "with 0 % of production traffic, not SUCCESSFUL yet: it is at POST_SCALE_UP; it waits at PAUSE hook ecs-pause-x (POST_SCALE_UP)"),
    "out of budget at a pause": (
        sight(left=0.0), known(PAUSED), Verdict.TIMED_OUT,
        "the budget ended at POST_SCALE_UP with 2 of 2 tasks running; it waits at PAUSE hook ecs-pause-x (POST_SCALE_UP)"),
    "gone from the list before it was listed": (
        sight(service=service(primary(OLD, BEFORE, "COMPLETED"), said=[(5, f"(deployment {OURS}) deployment failed: a hook.")])), known(),
        Verdict.ROLLED_BACK, f"ECS rolled it back to {OLD} (web:1): (deployment {OURS}) deployment failed: a hook."),
    "is rolled back": (sight(service=RETURNING), known(ROLLS_BACK), Verdict.ROLLED_BACK, "ECS is rolling it back: an alarm"),
    "to be rolled back, still PRIMARY": (
        SIGHT, known(record("ROLLBACK_REQUESTED", "BAKE_TIME", 100.0)), Verdict.ROLLED_BACK, "ECS is rolling it back: no reason given"),
    "was rolled back": (
        sight(service=RETURNED), known(record("ROLLBACK_SUCCESSFUL", "CLEAN_UP", status_reason="a hook", rollback=Rollback(reason="a hook"))),
        Verdict.ROLLED_BACK, "ECS has rolled it back: a hook"),
    "rollback failed": (
        sight(service=RETURNING), known(record("ROLLBACK_FAILED", status_reason="no candidate", rollback=Rollback(reason="an alarm"))),
        Verdict.FAILED, "ECS gave up on it, and its rollback failed: an alarm; no candidate"),
    "stopped, seen once": (SIGHT, replace(known(record("STOPPED")), looks=1), None, ""),
    "stopped": (SIGHT, twice(record("STOPPED", status_reason="an alarm")), Verdict.FAILED, "ECS stopped it, and left it as it was: an alarm"),
    "stopped, and what was before is PRIMARY": (
        sight(service=service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW)), away_for=GRACE), twice(record("STOPPED")),
        Verdict.ROLLED_BACK, f"{OLD} (web:1) from before it is PRIMARY again"),
    "unstable": (
        sight(stopped_since_complete=(stopped(),), service=DONE), known(record("SUCCESSFUL", "CLEAN_UP", 100.0)), Verdict.FAILED,
        "it was complete, but not stable: the container exited by itself (container app, exit code 1)"),
    "successful": (sight(service=DONE), known(record("SUCCESSFUL", "CLEAN_UP", 100.0)), Verdict.COMPLETED, ""),
    "successful without weights": (sight(service=DONE), known(record("SUCCESSFUL", "CLEAN_UP", None)), Verdict.COMPLETED, ""),
    "successful, and not all traffic": (sight(service=DONE), known(record("SUCCESSFUL", "CLEAN_UP", 99.9)), None, ""),
    "successful, and a task lacks": (
        sight(service=service(primary(state="COMPLETED", running=1))), known(record("SUCCESSFUL", "CLEAN_UP", 100.0)), None, ""),
    "successful long ago, and being returned to": (SIGHT, known(record("SUCCESSFUL", "CLEAN_UP", 100.0)), None, ""),
    "bakes": (SIGHT, known(BAKES), None, ""),
    "bakes, for shifted": (sight(terms=SHIFTED), known(BAKES), Verdict.COMPLETED, "not SUCCESSFUL yet: it is at BAKE_TIME"),
    "a step, for shifted": (sight(terms=SHIFTED), known(record(stage="PRODUCTION_TRAFFIC_SHIFT", production=5.0)), None, ""),
    "shifted, and no bake yet": (sight(terms=SHIFTED), known(record(stage="POST_PRODUCTION_TRAFFIC_SHIFT", production=100.0)), None, ""),
    "bakes without a task, for shifted": (
        sight(terms=SHIFTED, service=service(primary(running=1), active())), known(BAKES), None, ""),
    "successful, for shifted": (
        sight(terms=SHIFTED, service=DONE), known(record("SUCCESSFUL", "CLEAN_UP", 100.0)), Verdict.COMPLETED, ""),
    "up, for healthy": (
        sight(terms=HEALTHY), known(record(stage="POST_SCALE_UP")), Verdict.COMPLETED,
        "with 0 % of production traffic, not SUCCESSFUL yet: it is at POST_SCALE_UP"),
    "scales up, for healthy": (sight(terms=HEALTHY), known(record()), None, ""),
    "at a stage that nobody knows, for healthy": (sight(terms=HEALTHY), known(record(stage="NEW_STAGE")), None, ""),
    "crashes for good": (
        sight(stopped=(stopped("a/t1", 127),)), known(BAKES), Verdict.FAILED,
        "it can't succeed: the container's command isn't in the image (container app, exit code 127)"),
    "too many failed": (
        sight(stopped=(stopped(),), terms=Terms(budget=600.0, max_failed_tasks=1)), known(BAKES), Verdict.FAILED,
        "1 task failed, and max_failed_tasks is 1"),
    "out of budget, and never listed": (
        sight(left=0.0), known(), Verdict.TIMED_OUT, "the budget ended, and its service deployment isn't listed"),
    "out of budget before any stage": (
        sight(left=0.0), known(record("PENDING", "")), Verdict.TIMED_OUT, "the budget ended with 2 of 2 tasks running"),
    "out of budget": (
        sight(left=0.0, service=service(primary(running=1), active())), known(record()), Verdict.TIMED_OUT,
        "the budget ended at SCALE_UP with 1 of 2 tasks running"),
    "out of budget, and not to be seen": (
        sight(left=0.0, service=service(active())), known(record()), Verdict.TIMED_OUT, "the budget ended at SCALE_UP with 0 of 2 tasks running"),
    # --- ECS returns it ---
    "back": (sight(ours=ECS_RETURNS, service=BACK), known(record("ROLLBACK_SUCCESSFUL", back_to=OLD)), Verdict.COMPLETED, ""),
    "on its way back": (sight(ours=ECS_RETURNS, service=RETURNING), known(ROLLS_BACK), None, ""),
    "back, and still with traffic, but nobody to answer it": (
        sight(ours=ECS_RETURNS, service=BACK, undoes=OURS), known(record("ROLLBACK_SUCCESSFUL", production=5.0)), Verdict.COMPLETED, ""),
    "back, and still with traffic": (
        sight(ours=ECS_RETURNS, service=service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED")), undoes=OURS), known(record("ROLLBACK_SUCCESSFUL", production=5.0)), None, ""),
    "back, by a read from before": (sight(ours=ECS_RETURNS, service=RETURNING), known(record("ROLLBACK_SUCCESSFUL")), None, ""),
    "way back out of budget": (
        sight(ours=ECS_RETURNS, service=RETURNING, left=0.0), known(ROLLS_BACK), Verdict.TIMED_OUT,
        "the budget ended at PRODUCTION_TRAFFIC_SHIFT with 2 of 2 tasks running"),
    "way back superseded": (
        sight(ours=ECS_RETURNS, service=STRANGE), known(ROLLS_BACK), Verdict.SUPERSEDED, f"somebody's newer {OTHER} (web:9) is PRIMARY now"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_a_look(name: str) -> None:
    seen, found, verdict, reason = ROWS[name]
    judgement = judge(seen, found)
    assert (judgement and judgement.verdict, judgement.reason if judgement else "") == (verdict, reason)


def test_what_is_over_is_not_unfinished() -> None:
    assert unfinished(known(record("SUCCESSFUL", "CLEAN_UP", 100.0))) == unfinished(known()) == ""


@pytest.mark.parametrize(
    ("found", "serves"),
    [
        (None, False),
        (record(stage="POST_SCALE_UP"), False),
        (record(stage="BAKE_TIME", production=50.0), False),
        (record(stage="PRODUCTION_TRAFFIC_SHIFT", production=100.0), False),
        (record(stage="BAKE_TIME", production=100.0), True),
        (record("SUCCESSFUL", "", 100.0), True),
        (record("ROLLBACK_IN_PROGRESS", "BAKE_TIME", 100.0, back_to=OLD), False),
        (record("STOPPED", "BAKE_TIME", 100.0), False),
    ],
)
def test_it_serves_once_its_last_bake_has_begun(found: DescribedServiceDeployment | None, *, serves: bool) -> None:
    assert following(found).is_serving is serves
