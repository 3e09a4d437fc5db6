"""What ECS's events prove of our deployment, and all that must not let them prove anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.cause import brief, terminal_cause
from drone_deploy_ecs.core.causes.reported import PATIENCE, Reported
from tests.core.shown import NOON, OLD, OTHER, OURS, active, at, primary, service, stopped

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.ecs.task import Task

NO_PLATFORM = "was unable to place a task. Reason: CannotPullContainerError: no match for platform in manifest sha256:1: not found."
UNASSUMED = "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::1:role/x')."
UNREGISTERED = "failed to register targets in (target-group x) with (error The following targets are not in the VPC)"
NO_ROOM = "was unable to place a task. Reason: RESOURCE:MEMORY."
UNHEALTHY = "(task t1) (port 80) is unhealthy in (target-group x) due to (reason Request timed out)."
STARTED = "has started 1 tasks: (task t2)."
OF_OURS, OF_OLD = (f"(taskSet {name}) {UNREGISTERED}" for name in (OURS, OLD))
NEVER_RAN = stopped(
    "a/t9",
    None,
    started_at=None,
    stop_code="TaskFailedToStart",
    stopped_reason="Timeout waiting for EBS",
    created_at=NOON,
)
REFUSED = stopped(
    "a/t2",
    None,
    stop_code="TaskFailedToStart",
    stopped_reason="ECS was unable to assume the role 'x'",
    created_at=at(60),
)
UP = primary(running=0)


def looks(
    *said: tuple[float, str],
    by: Iterable[float] = (0, 10, 20),
    ours: Deployment = UP,
    others: Iterable[Deployment] = (active(),),
) -> Reported:
    """What is reported after looks at these seconds: each shows what was said by then, and the same deployments."""
    reported = Reported()
    for now in by:
        shown = service(ours, *others, said=[one for one in said if one[0] <= now])
        reported = reported.after(shown, ours, NOON, now)
    return reported


def proven(reported: Reported, now: float, *tasks: Task, read_at: float | None = None) -> str:
    """The cause that is proven, by its name."""
    cause: Cause | None = reported.proof(tasks, now if read_at is None else read_at, now)
    return cause.name if cause else ""


# --- whose it is ---


@pytest.mark.parametrize(
    "others",
    [(), (active(),), (active(OTHER), active()), (active(desired=1, running=2),)],
    ids=["nobody", "old", "two", "more"],
)
def test_an_event_that_names_nobody_is_ours_where_nobody_else_has_tasks_to_start(
    others: tuple[Deployment, ...],
) -> None:
    assert proven(looks((5, NO_PLATFORM), others=others), 20) == "wrong-platform"


@pytest.mark.parametrize(
    "other",
    [
        active(desired=2, running=1),
        active(pending=1),
        active(state="IN_PROGRESS"),
        active(state="IN_PROGRESS", running=0),
        active(state="FAILED"),
        active(state=""),
        active(failed_tasks=1),
    ],
    ids=["short", "starting", "unfinished", "unstarted", "failed", "unknown", "failing"],
)
def test_it_is_not_while_another_deployment_has_tasks_to_start(other: Deployment) -> None:
    reported = looks((5, NO_PLATFORM), (6, UNASSUMED), others=(active(OTHER), other))
    assert proven(reported, 9999) == ""
    assert reported.confirmed_at == ()


def test_it_is_not_where_somebody_had_tasks_to_start_at_the_look_before_or_at_the_look_itself() -> None:
    busy, idle = service(UP, active(pending=1)), service(UP, active())
    said = service(UP, active(), said=[(5, NO_PLATFORM)])
    known = Reported().after(busy, UP, NOON, 0)
    assert proven(known.after(said, UP, NOON, 10), 20) == ""
    known = Reported().after(idle, UP, NOON, 0)
    assert proven(known.after(replace(said, deployments=busy.deployments), UP, NOON, 10), 20) == ""
    assert proven(known.interrupted().after(said, UP, NOON, 10), 20) == ""
    assert proven(known.after(said, UP, NOON, 10), 20) == "wrong-platform"


def test_it_is_not_where_it_is_not_known_since_when_ours_is_there() -> None:
    """Some emulators give no createdAt: then what was said long before may be new to us."""
    said = service(UP, active(), said=[(5, NO_PLATFORM)])
    known = Reported().after(service(UP, active()), UP, None, 0)
    assert proven(known.after(said, UP, None, 10), 20) == ""
    assert proven(known.after(said, UP, NOON, 10), 20) == "wrong-platform"


def test_it_is_not_where_the_first_look_shows_it_already_or_a_late_one_brings_what_is_older() -> None:
    assert proven(looks((5, NO_PLATFORM), by=(6, 10, 20)), 20) == ""
    older = service(UP, active(), said=[(2, NO_PLATFORM), (5, "has reached a steady state.")])
    assert proven(looks((5, "has reached a steady state.")).after(older, UP, NOON, 30), 30) == ""


def test_it_is_not_from_before_our_update() -> None:
    assert proven(looks((-1, NO_PLATFORM), by=(-2, 0, 10)), 20) == ""


def test_what_is_no_start_may_be_an_old_tasks() -> None:
    old_wording = "(instance i-1) (port 80) is unhealthy in (target-group x) due to (reason Health checks failed)"
    reported = looks((5, old_wording), (6, "is unable to consistently start tasks successfully."))
    assert proven(reported, 9999) == ""
    failed = f"(deployment {OURS}) deployment failed: alarm detected."
    assert proven(looks((5, failed)), 20) == "", "whether ECS rolls back after that has to be seen"


@pytest.mark.parametrize("other", [active(pending=1), active(state="IN_PROGRESS")])
def test_an_event_that_names_our_deployment_is_ours_whoever_else_has_tasks_to_start(other: Deployment) -> None:
    assert proven(looks((5, OF_OURS), by=(6,), others=(other,)), PATIENCE + 6) == "target-registration"


def test_an_event_that_names_another_deployment_is_not_ours() -> None:
    assert proven(looks((5, OF_OLD)), 9999) == ""
    assert proven(looks((5, f"{OF_OLD} {OURS}")), 9999) == ""
    assert proven(looks((5, f"(taskSet {OURS}0) {UNREGISTERED}")), 9999) == "", "its id only begins as ours"


def test_an_event_that_names_a_task_is_ours_once_that_task_is_known_to_be() -> None:
    missing = (
        "(task t1) was unable to place a task. Reason: CannotPullContainerError: x: no match for platform in manifest"
    )
    reported = looks((5, missing), others=(active(pending=1),))
    assert proven(reported, 20) == proven(reported, 20, stopped("a/t2")) == ""
    assert proven(reported, 20, stopped("a/t1")) == "wrong-platform"


# --- what it proves ---


def test_what_may_pass_proves_nothing_however_long_it_lasts() -> None:
    assert proven(looks((5, NO_ROOM), (6, "has reached a steady state.")), 9999) == ""


def test_a_repeating_cause_is_confirmed_when_nothing_got_on() -> None:
    reported = looks((5, UNASSUMED))
    assert reported.confirmed_at == (10 + PATIENCE,)
    assert proven(reported, 9.9 + PATIENCE) == ""
    assert proven(reported, 10 + PATIENCE) == "role-refused"
    cause = reported.proof((), 10 + PATIENCE, 10 + PATIENCE)
    assert cause is not None
    assert brief(cause) == "ECS may not use the task's or the execution role, and nothing has got on for 8 m"


def test_a_second_event_confirms_nothing() -> None:
    assert proven(looks((5, UNASSUMED), (12, UNASSUMED), (13, UNASSUMED)), 9.0 + PATIENCE) == ""


@pytest.mark.parametrize("news", [STARTED, "registered 1 targets in (target-group x)", "has reached a steady state."])
def test_time_confirms_nothing_once_something_got_on(news: str) -> None:
    assert proven(looks((5, UNASSUMED), (15, news)), 9999) == ""


def test_that_old_targets_go_is_no_progress() -> None:
    gone = "deregistered 1 targets in (target-group x)"
    assert proven(looks((5, UNASSUMED), (15, gone)), 9999) == "role-refused"


def test_time_confirms_nothing_once_more_tasks_run_than_then() -> None:
    reported, more = looks((5, UNASSUMED)), replace(UP, running=1)
    assert reported.after(service(more), more, NOON, 30).confirmed_at == ()


def test_time_confirms_nothing_once_something_else_that_may_pass_holds_it_up() -> None:
    assert proven(looks((5, UNASSUMED), (15, NO_ROOM)), 9999) == ""
    assert proven(looks((5, UNASSUMED), (15, "failed to launch a task with (error x)")), 9999) == "role-refused"
    assert proven(looks((5, UNASSUMED), (15, "operations are being throttled. Will try again later.")), 9999) != ""


def test_time_confirms_nothing_where_ecs_waits_after_tasks_that_never_ran() -> None:
    reported = looks((5, UNASSUMED))
    assert proven(reported, 9999, NEVER_RAN) == ""
    assert proven(reported, 9999, replace(NEVER_RAN, started_at=NOON)) == "role-refused"


def test_time_confirms_nothing_where_tasks_were_not_read_since() -> None:
    assert proven(looks((5, UNASSUMED)), 9999, read_at=9.0 + PATIENCE) == ""


def test_a_later_task_of_ours_that_tells_the_same_confirms_it() -> None:
    reported = looks((5, UNASSUMED), (15, STARTED))
    assert proven(reported, 70, REFUSED) == "role-refused"
    assert proven(reported, 70, replace(REFUSED, created_at=at(4))) == "", "the event may be about that very task"
    assert proven(reported, 70, replace(REFUSED, created_at=None)) == ""
    assert proven(reported, 70, replace(REFUSED, health="HEALTHY")) == ""
    assert proven(reported, 70, replace(REFUSED, stopped_reason="Essential container in task exited")) == ""


def test_a_bad_health_is_confirmed_by_a_later_task_alone() -> None:
    reported = looks((5, UNHEALTHY))
    first = stopped(
        "a/t1", stop_code="ServiceSchedulerInitiated", stopped_reason="Task failed ELB health checks in (x)"
    )
    assert proven(reported, 9999, first) == ""
    assert proven(reported, 9999, first, replace(first, arn="a/t2", created_at=at(30))) == "target-unhealthy"


def test_what_failed_after_its_own_health_checks_had_passed_proves_nothing_with_one_that_did_not_get_so_far() -> None:
    code, said = "ServiceSchedulerInitiated", "Task failed ELB health checks in (x)"
    second = stopped("a/t2", stop_code=code, stopped_reason=said, created_at=at(30))
    first = replace(second, arn="a/t1", health="HEALTHY", created_at=NOON)
    assert proven(looks((5, UNHEALTHY)), 9999, first, second) == ""
    assert terminal_cause((first, second)) is None


def test_a_service_without_events_says_nothing() -> None:
    quiet: Service = service(UP, active())
    reported = Reported().after(quiet, UP, None, 0).after(quiet, UP, None, 10)
    assert reported == Reported(was_alone=True)
