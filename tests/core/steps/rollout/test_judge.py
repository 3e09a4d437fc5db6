"""What one look means: a row a rule, and the rows beside it where the rule must keep quiet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.service import Deployment, Service, ServiceEvent
from drone_deploy_ecs.core.ecs.task import Container, Task
from drone_deploy_ecs.core.steps.observation import Reading, StoppedTasks
from drone_deploy_ecs.core.steps.rollout.follow import Ours, keep
from drone_deploy_ecs.core.steps.rollout.judge import GRACE, Sight, judge
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.target import WayBack
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import TARGET

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
OLD, OURS, OTHER = "ecs-svc/1", "ecs-svc/2", "ecs-svc/3"
BEFORE, NEW, FOREIGN = (f"arn:aws:ecs:eu-west-1:1:task-definition/web:{number}" for number in (1, 2, 9))


def primary(name: str, definition: str, state: str, running: int = 2, after: int = 0) -> Deployment:
    return Deployment(name, "PRIMARY", definition, 2, 0, running, 0, state, "", NOON + timedelta(seconds=after))


def active(name: str, definition: str, state: str, running: int = 2, reason: str = "") -> Deployment:
    return Deployment(name, "ACTIVE", definition, running, 0, running, 0, state, reason, NOON)


def service(*listed: Deployment, status: str = "ACTIVE", said: str = "", rolls_back: bool = False) -> Service:
    events = (ServiceEvent(id="1", at=NOON + timedelta(seconds=1), message=f"(service web) {said}"),) if said else ()
    return Service(name="web", arn="", status=status, desired=2, running=2, task_definition="", deployments=listed,
                   events=events, breaker_rolls_back=rolls_back)  # fmt: skip


def task(exit_code: int | None, health: str = "UNKNOWN") -> Task:
    app = Container("app", "shop:2", "", "STOPPED", exit_code, "", health)
    return Task(arn="a/t1", started_by=OURS, task_definition=NEW, status="STOPPED", health=health, stop_code="EssentialContainerExited",
                stopped_reason="Essential container in task exited", created_at=NOON, started_at=NOON, stopped_at=NOON, containers=(app,))  # fmt: skip


OF_OURS, OF_TERMS = (
    ("deployment", "since", "is_ecs_rollback"),
    ("max_failed_tasks", "at_least", "wait_for_drained", "is_anybodys"),
)
SIGHT = Sight(
    service=None,
    ours=Ours(deployment=OURS, since=NOON),
    target=TARGET,
    undoes="",
    terms=Terms(budget=600.0),
    stopped=(),
    stopped_since_complete=(),
    away_for=0.0,
    left=100.0,
)


def sight(base: Sight = SIGHT, **facts: Any) -> Sight:
    """That look with these facts, each where it belongs."""
    ours = replace(base.ours, **{name: facts.pop(name) for name in OF_OURS if name in facts})
    terms = replace(base.terms, **{name: facts.pop(name) for name in OF_TERMS if name in facts})
    return replace(base, ours=ours, terms=terms, **facts)


BACK = primary(OLD, BEFORE, "COMPLETED")
ROLLING = primary(OURS, NEW, "IN_PROGRESS", 1)
DONE = primary(OURS, NEW, "COMPLETED")
HOOKED = f"(deployment {OURS}) deployment failed: a hook."
GONE = active(OURS, NEW, "IN_PROGRESS", 0)

ROWS = {
    "gone for a moment": (sight(service=None), None, ""),
    "gone": (sight(service=None, away_for=GRACE), Verdict.SUPERSEDED, "the service is gone"),
    "being deleted": (sight(service=service(DONE, status="DRAINING")), Verdict.SUPERSEDED, "somebody is deleting"),
    "somebody else's": (
        sight(service=service(primary(OTHER, FOREIGN, "IN_PROGRESS", after=9), GONE)), Verdict.SUPERSEDED, "newer ecs-svc/3"),
    "an older one that was not listed": (
        sight(service=service(primary(OTHER, BEFORE, "COMPLETED", after=-9), GONE)), None, ""),
    "the former revision under a new id, after FAILED": (
        sight(service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), active(OURS, NEW, "FAILED"))),
        Verdict.ROLLED_BACK, "no reason given"),
    "under a new id, which an event announces": (
        sight(service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), GONE, said=f"rolling back to deployment {OTHER}.")),
        None, ""),
    "announced as ours began": (
        sight(since=NOON + timedelta(seconds=1),
                service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), GONE, said=f"rolling back to deployment {OTHER}.")),
        None, ""),
    "announced before ours began": (
        sight(since=NOON + timedelta(seconds=5),
                service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), GONE, said=f"rolling back to deployment {OTHER}.")),
        Verdict.SUPERSEDED, "newer ecs-svc/3"),
    "the former revision under a new id, ours gone as an event says": (
        sight(service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), said=HOOKED)), Verdict.ROLLED_BACK, "a hook"),
    "another revision under a new id, although ours had been refused": (
        sight(service=service(primary(OTHER, FOREIGN, "IN_PROGRESS", after=9), said=HOOKED)), Verdict.SUPERSEDED, "newer ecs-svc/3"),
    "the former revision under a new id, and nothing tells why": (
        sight(service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9))), Verdict.SUPERSEDED, "newer ecs-svc/3"),
    "the former revision under a new id, after FAILED, which may be another image": (
        sight(target=replace(TARGET, back=WayBack(definition=BEFORE, must_copy="the same tag")),
              service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), active(OURS, NEW, "FAILED"))),
        Verdict.SUPERSEDED, "somebody's newer"),
    "the same, announced by ECS": (
        sight(target=replace(TARGET, back=WayBack(definition=BEFORE, must_copy="the same tag")),
              service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), active(OURS, NEW, "FAILED"), rolls_back=True)),
        Verdict.ROLLED_BACK, "ECS rolled it back"),
    "the former revision under a new id, which may be another image": (
        sight(target=replace(TARGET, back=WayBack(definition=BEFORE, must_copy="the same tag")),
              service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), said=HOOKED)), Verdict.SUPERSEDED, "newer ecs-svc/3"),
    "FAILED and back": (
        sight(service=service(BACK, active(OURS, NEW, "FAILED", reason="the breaker"))), Verdict.ROLLED_BACK, "the breaker"),
    "an event names ours as failed": (
        sight(service=service(BACK, said=f"(deployment {OURS}) deployment failed: alarm detected.")),
        Verdict.ROLLED_BACK, "alarm detected"),
    "back, perhaps a stale read": (sight(service=service(BACK, GONE), away_for=GRACE - 1), None, ""),
    "back for long, ours still listed": (
        sight(service=service(BACK, GONE), away_for=GRACE), Verdict.ROLLED_BACK, "from before it is PRIMARY again"),
    "back for long, ours gone": (
        sight(service=service(BACK), away_for=GRACE), Verdict.ROLLED_BACK, "no longer listed"),
    "complete": (sight(service=service(DONE)), Verdict.COMPLETED, ""),
    "complete, but its tasks are gone": (sight(service=service(primary(OURS, NEW, "COMPLETED", 1))), None, ""),
    "an adopted one has to push the failed one out": (
        sight(service=service(DONE, active(OTHER, FOREIGN, "FAILED", 1)), undoes=OTHER, is_ecs_rollback=True), None, ""),
    "and has": (
        sight(service=service(DONE, active(OTHER, FOREIGN, "FAILED", 0)), undoes=OTHER, is_ecs_rollback=True), Verdict.COMPLETED, ""),
    "by its counts": (sight(service=service(primary(OURS, NEW, ""))), Verdict.COMPLETED, "by its counts"),
    "healthy is enough": (
        sight(service=service(primary(OURS, NEW, "IN_PROGRESS"), active(OLD, BEFORE, "COMPLETED", 0)), wait_for_drained=False),
        Verdict.COMPLETED, "still draining"),
    "healthy without a task proves nothing": (
        sight(service=service(replace(primary(OURS, NEW, "IN_PROGRESS", 0), desired=0), active(OLD, BEFORE, "COMPLETED", 0)),
              wait_for_drained=False), None, ""),
    "not healthy yet": (
        sight(service=service(ROLLING, active(OLD, BEFORE, "COMPLETED")), wait_for_drained=False), None, ""),
    "FAILED isn't healthy": (
        sight(service=service(primary(OURS, NEW, "FAILED"), active(OLD, BEFORE, "COMPLETED", 0)), wait_for_drained=False),
        Verdict.FAILED, "ECS gave up on it"),
    "died while it had to prove stable": (
        sight(service=service(DONE), stopped_since_complete=(task(1, "HEALTHY"),)), Verdict.FAILED, "not stable"),
    "given up, and ECS returns it": (
        sight(service=service(primary(OURS, NEW, "FAILED", 0), rolls_back=True)), Verdict.ROLLED_BACK, "ECS is rolling it back"),
    "given up, and ECS says that it returns it": (
        sight(service=service(replace(primary(OURS, NEW, "FAILED", 0), rollout_reason="the breaker: rolling back to ecs-svc/1."))),
        Verdict.ROLLED_BACK, "ECS is rolling it back"),
    "once is bad luck": (sight(service=service(ROLLING), stopped=(task(1),)), None, ""),
    "once is enough where asked": (
        sight(service=service(ROLLING), stopped=(task(1),), max_failed_tasks=1), Verdict.FAILED, "1 task failed"),
    "not yet as many as asked": (sight(service=service(ROLLING), stopped=(task(127),), max_failed_tasks=2), None, ""),
    "terminal": (sight(service=service(ROLLING), stopped=(task(127),)), Verdict.FAILED, "it can't succeed"),
    "out of time": (sight(service=service(ROLLING), left=0.0), Verdict.TIMED_OUT, "1 of 2 tasks running"),
    "out of time, out of sight": (sight(service=service(BACK), left=0.0), Verdict.TIMED_OUT, "can't be seen"),
    "out of time, only draining": (
        sight(service=service(primary(OURS, NEW, "IN_PROGRESS"), active(OLD, BEFORE, "COMPLETED", 0)), left=0.0),
        Verdict.COMPLETED, "at the end of the budget"),
    "out of time, wanting more than the service does": (
        sight(service=service(replace(ROLLING, desired=5)), left=0.0),
        Verdict.TIMED_OUT, "the budget ended with 1 of 5 tasks running"),
    "out of time, COMPLETED in name": (
        sight(service=service(primary(OURS, NEW, "COMPLETED", 1)), left=0.0), Verdict.TIMED_OUT, "although ECS calls it COMPLETED"),
}  # fmt: skip


DRAINING = (active(OLD, BEFORE, "COMPLETED", 0),)
HEALTHY = sight(service=service(primary(OURS, NEW, "IN_PROGRESS"), *DRAINING), wait_for_drained=False)
WORDS = {
    "complete": (sight(service=service(DONE), at_least=2), Verdict.COMPLETED, ""),
    "complete, but fewer than there must be": (sight(service=service(DONE), at_least=3), None, ""),
    "complete by its counts": (
        sight(service=service(primary(OURS, NEW, ""))),
        Verdict.COMPLETED, "by its counts: ECS gives no rolloutState for this service"),
    "complete by its counts, but the old one is still there": (
        sight(service=service(primary(OURS, NEW, ""), *DRAINING)), None, ""),
    "healthy": (sight(HEALTHY, at_least=2), Verdict.COMPLETED, "all new tasks are up; old ones are still draining"),
    "healthy, but fewer than there must be": (sight(HEALTHY, at_least=3), None, ""),
    "healthy, if only it were listed": (sight(HEALTHY, service=service(BACK)), None, ""),
    "healthy, but an old task is running that isn't wanted": (
        sight(HEALTHY, service=service(primary(OURS, NEW, "IN_PROGRESS"), replace(DRAINING[0], running=1))), None, ""),
    "healthy, but an old task is starting that isn't wanted": (
        sight(HEALTHY, service=service(primary(OURS, NEW, "IN_PROGRESS"), replace(DRAINING[0], pending=1))), None, ""),
    "healthy, but an old task is wanted": (
        sight(HEALTHY, service=service(primary(OURS, NEW, "IN_PROGRESS"), replace(DRAINING[0], desired=1))), None, ""),
    "without a status": (sight(service=service(DONE, status="")), Verdict.COMPLETED, ""),
    "without a PRIMARY": (sight(service=service(GONE)), None, ""),
    "somebody else's of the same moment": (
        sight(service=service(primary(OTHER, FOREIGN, "IN_PROGRESS"), GONE)),
        Verdict.SUPERSEDED, "somebody's newer ecs-svc/3 (web:9) is PRIMARY now"),
    "anybody's, and somebody returns": (
        sight(is_anybodys=True, service=service(primary(OTHER, BEFORE, "IN_PROGRESS", after=9), GONE)),
        Verdict.ROLLED_BACK, "somebody returns the service to ecs-svc/3 (web:1)"),
    "rolled back without a reason": (
        sight(service=service(BACK, active(OURS, NEW, "FAILED"))),
        Verdict.ROLLED_BACK, "ECS rolled it back to ecs-svc/1 (web:1): no reason given"),
    "given up without a reason": (
        sight(service=service(primary(OURS, NEW, "FAILED", 0))),
        Verdict.FAILED, "ECS gave up on it: rolloutState FAILED, no reason given"),
    "given up for a reason": (
        sight(service=service(replace(primary(OURS, NEW, "FAILED", 0), rollout_reason="the breaker"))),
        Verdict.FAILED, "ECS gave up on it: the breaker"),
    "tasks that only ECS counts": (
        sight(service=service(replace(ROLLING, failed_tasks=3)), stopped=(task(1),), max_failed_tasks=3),
        Verdict.FAILED, "3 tasks failed, and max_failed_tasks is 3"),
    "tasks of what isn't listed": (
        sight(service=service(BACK), stopped=(task(1),), max_failed_tasks=1),
        Verdict.FAILED, "1 task failed, and max_failed_tasks is 1"),
    "a second is left": (sight(service=service(ROLLING), left=1.0), None, ""),
    "out of time": (
        sight(service=service(ROLLING), left=0.0), Verdict.TIMED_OUT, "the budget ended with 1 of 2 tasks running"),
    "out of time, wanting more than the service does": (
        sight(service=service(replace(ROLLING, desired=5)), left=0.0),
        Verdict.TIMED_OUT, "the budget ended with 1 of 5 tasks running"),
    "out of time, COMPLETED in name": (
        sight(service=service(primary(OURS, NEW, "COMPLETED", 1)), left=0.0),
        Verdict.TIMED_OUT, "the budget ended with 1 of 2 tasks running, although ECS calls it COMPLETED"),
    "out of time, wanting less than the service does": (
        sight(service=service(replace(ROLLING, desired=1)), left=0.0),
        Verdict.TIMED_OUT, "the budget ended with 1 of 2 tasks running"),
    "out of time, wanting as many as there must be": (
        sight(service=service(ROLLING), at_least=2, left=0.0),
        Verdict.TIMED_OUT, "the budget ended with 1 of 2 tasks running"),
    "out of time, out of sight": (
        sight(service=service(BACK), left=0.0), Verdict.TIMED_OUT, "the budget ended, and the deployment can't be seen"),
    "out of time, only draining": (
        sight(service=service(primary(OURS, NEW, "IN_PROGRESS"), *DRAINING), at_least=2, left=0.0),
        Verdict.COMPLETED, "all new tasks are up; old ones are still draining at the end of the budget"),
    "out of time, only draining, and fewer than there must be": (
        sight(service=service(primary(OURS, NEW, "IN_PROGRESS"), *DRAINING), at_least=3, left=0.0),
        Verdict.TIMED_OUT, "the budget ended with 2 of 3 tasks running, as somebody set its desired count to 2"),
    "complete, but about to have fewer than there must be": (
        sight(service=service(primary(OURS, NEW, "COMPLETED", 3)), at_least=3), None, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", WORDS)
def test_what_a_look_means_word_by_word(name: str) -> None:
    seen, verdict, reason = WORDS[name]
    assert (judge(seen) or (None, "")) == (verdict, reason)


def test_one_task_that_did_not_fail_is_not_counted_where_ours_is_not_listed() -> None:
    assert judge(sight(service=service(BACK), max_failed_tasks=1)) is None


@pytest.mark.parametrize("name", ROWS)
def test_what_a_look_means(name: str) -> None:
    seen, verdict, reason = ROWS[name]
    judgement = judge(seen)
    assert (judgement.verdict if judgement else None) is verdict
    assert reason in (judgement.reason if judgement else "")


@pytest.mark.parametrize(
    ("deployment", "since", "ours"),
    [
        (None, None, False),
        (OTHER, None, False),
        (OURS, None, True),
        (OURS, NOON, True),
        (OURS, NOON + timedelta(1), False),
    ],
)
def test_whose_task(deployment: str | None, since: datetime | None, *, ours: bool) -> None:
    followed = Ours(deployment=deployment, since=since) if deployment else None
    assert is_kept(task(1), followed, NEW) is ours


def is_kept(stopped: Task, ours: Ours | None, definition: str) -> bool:
    """Whether this task is taken for one of our deployment's."""
    look = Reading(service=None, at=3.0, tasks=(stopped,))
    return bool(keep(StoppedTasks(), look, ours, definition, 3.0).stopped)


@pytest.mark.parametrize(("definition", "ours"), [(NEW, True), (BEFORE, False)])
def test_whose_task_where_started_by_names_no_deployment(definition: str, *, ours: bool) -> None:
    """Some emulators write something of their own there."""
    assert is_kept(replace(task(1), started_by="ecs-service"), Ours(deployment=OURS, since=NOON), definition) is ours
