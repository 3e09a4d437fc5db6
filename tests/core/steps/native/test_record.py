"""How the service deployment is found, and what is kept of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.service_deployments import DescribeServiceDeployments, ListServiceDeployments
from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment
from drone_deploy_ecs.core.steps.native.record import BEFORE, Known, Look, bake, counts
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from tests.core.shown import DENIED, NOON, OLD, OURS, TARGET, primary, service
from tests.core.steps.native.shifts import CANARY, LAMBDA, RECORD, following, known, record, returning, revision

LISTING = ListServiceDeployments(region="eu-west-1", cluster="prod", name="web", after=NOON - BEFORE)
DESCRIPTION = DescribeServiceDeployments(region="eu-west-1", arns=(RECORD,))
THEIRS = ServiceDeployment(arn="theirs", target_service_revision_arn=revision(OLD), status="SUCCESSFUL")
ENTRY = ServiceDeployment(arn=RECORD, target_service_revision_arn=revision(OURS), status="IN_PROGRESS")


def look(**more: Any) -> Look:
    return Look(service=service(primary()), at=1.0, of=OURS, **more)


def test_it_is_listed_and_then_described() -> None:
    listed = look(wants=LISTING)
    assert listed.call(TARGET) is LISTING
    asked = listed.advance((THEIRS, ENTRY), frozenset())
    assert isinstance(asked, Look)
    assert (asked.call(TARGET), asked.is_whole) == (DESCRIPTION, False)
    read = asked.advance((record(),), frozenset())
    assert isinstance(read, Look)
    assert (read.found, read.is_whole) == (record(), True)


def test_the_list_may_be_late() -> None:
    late = look(wants=LISTING).advance((THEIRS,), frozenset())
    assert late.is_whole
    assert late.fault is None


def test_what_is_described_may_be_gone() -> None:
    gone = look(wants=DESCRIPTION).advance((), frozenset())
    assert isinstance(gone, Look)
    assert (gone.found, gone.is_whole) == (None, True)


@pytest.mark.parametrize("wants", [LISTING, DESCRIPTION])
def test_what_is_no_answer_tells_nothing(wants: Any) -> None:
    asked = look(wants=wants)
    assert asked.advance(("strange",), frozenset()) is asked
    assert asked.advance(None, frozenset()) is asked


def test_without_the_record_a_look_has_failed() -> None:
    failed = look(wants=DESCRIPTION).with_tasks().advance(DENIED, frozenset())
    assert (failed.is_whole, failed.fault, failed.tasks) == (True, DENIED, None)


def test_tasks_are_read_after_it() -> None:
    asked = look(wants=DESCRIPTION).with_tasks()
    assert asked.call(TARGET) == DESCRIPTION
    after = asked.advance((record(),), frozenset())
    assert after.call(TARGET).operation == "ListTasks"


@pytest.mark.parametrize(
    ("kept", "call"),
    [
        (Known(), None),
        (known(), LISTING),
        (known(record()), DESCRIPTION),
        (known(record("SUCCESSFUL")), None),
    ],
)
def test_what_is_asked(kept: Known, call: object) -> None:
    assert kept.asks(TARGET, NOON) == call


def test_without_a_time_all_are_listed() -> None:
    assert known().asks(TARGET, None) == replace(LISTING, after=None)


def test_what_is_judged_is_read_no_more() -> None:
    assert following(record()).advance((service(primary()),), 1.0).call == DESCRIPTION
    gone = following(record()).advance((), 1.0)
    assert gone.reading
    assert gone.reading.is_whole
    wants = returning(None).advance((service(primary(OLD)),), 1.0).call
    assert wants == LISTING  # by the time of what is undone


# --- the time that the budget doesn't count ---


@pytest.mark.parametrize(
    ("found", "is_counted"),
    [
        (record("PENDING", ""), True),
        (record(stage="RECONCILE_SERVICE"), True),
        (record(stage="SCALE_UP"), True),
        (record(stage="RECONCILE_SERVICE", hooks=(LAMBDA,)), False),
        (record(stage="PRE_SCALE_UP"), False),
        (record(stage="BAKE_TIME"), False),
        (record(stage="CLEAN_UP"), False),
        (record(stage="NEW_STAGE"), False),
    ],
)
def test_what_the_budget_counts(found: Any, is_counted: bool) -> None:  # noqa: FBT001 a table
    assert counts(found) is is_counted


def test_time_that_ecs_waits_is_not_counted() -> None:
    kept = known().after(record(), 10.0).after(record(stage="POST_SCALE_UP"), 20.0)
    assert (kept.uncounted, kept.since) == (0.0, 10.0)
    kept = kept.after(record(stage="BAKE_TIME", production=100.0), 50.0).after(None, 60.0)
    assert (kept.uncounted, kept.since, kept.shifted_at) == (40.0, 20.0, 50.0)
    over = kept.after(record("SUCCESSFUL", "CLEAN_UP", 100.0), 70.0)
    assert (over.uncounted, over.after(None, 90.0).uncounted) == (50.0, 50.0)
    assert following(record(), known=over).deadline == 150.0


def test_looks_in_a_row() -> None:
    kept = known().after(None, 1.0)
    assert kept.looks == 0
    kept = kept.after(record("STOPPED"), 2.0)
    assert (kept.looks, kept.after(None, 3.0).looks) == (1, 2)


def test_when_all_traffic_is_on_it() -> None:
    assert known().after(record(stage="BAKE_TIME", production=None), 5.0).shifted_at == 5.0
    assert known().after(record(stage="POST_SCALE_UP", production=None), 5.0).shifted_at is None
    assert known().after(record(stage="PRODUCTION_TRAFFIC_SHIFT", production=5.0), 5.0).shifted_at is None


@pytest.mark.parametrize(
    ("found", "seconds"),
    [
        (record(stage="BAKE_TIME", production=100.0), 600.0),
        (record(stage="PRODUCTION_TRAFFIC_SHIFT", production=5.0, strategy=CANARY), 600.0),
        (record(stage="PRODUCTION_TRAFFIC_SHIFT", production=100.0, strategy=CANARY), None),
        (record(stage="PRODUCTION_TRAFFIC_SHIFT", production=None), None),
        (record(stage="CLEAN_UP", production=100.0), None),
        (record("ROLLBACK_IN_PROGRESS", "BAKE_TIME"), None),
        (record("SUCCESSFUL", "BAKE_TIME"), None),
    ],
)
def test_how_long_it_bakes(found: Any, seconds: float | None) -> None:
    assert bake(found) == seconds


# --- what it is of ---


def test_another_deployment_s_record_judges_nothing() -> None:
    """The update's answer was lost: what a look then finds as ours has a record of its own."""
    other = following(record("STOPPED"), ours=Ours(deployment="ecs-svc/7", since=NOON))
    seen = service(primary("ecs-svc/7"))
    assert other.advance((seen,), 1.0).advance((record("STOPPED"),), 1.0).advance(None, 1.0).known == Known(
        of="ecs-svc/7"
    )


def test_no_lessons() -> None:
    kept = following(record())
    assert (kept.lesson, kept.taught(object()), kept.foretold(())) == (None, kept, ())


def test_tasks_of_what_ecs_returns_to_are_not_read() -> None:
    seen = service(primary(OLD, running=0))
    assert not returning(record(), ours=Ours(deployment=OLD, since=NOON, is_ecs_rollback=True)).wants_tasks(seen, 1e6)
    assert following(record(), ours=Ours(deployment=OURS, since=NOON)).wants_tasks(
        service(primary(failed_tasks=1)), 1.0
    )
    assert not following(record()).wants_tasks(service(primary()), 1e6)
