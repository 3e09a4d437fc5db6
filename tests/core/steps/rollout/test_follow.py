"""Whose deployment a look shows, what is known of it from before, and what each look adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.attempts import Attempts
from drone_deploy_ecs.core.steps.observation import Reading, StoppedTasks
from drone_deploy_ecs.core.steps.rollout import rollback, write
from drone_deploy_ecs.core.steps.rollout.follow import Ours, follow, keep
from drone_deploy_ecs.core.steps.rollout.rival import Rival
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.rollout.write import Next
from drone_deploy_ecs.core.verdict import Judgement, Verdict
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
    TIMED_OUT,
    active,
    at,
    primary,
    service,
    stopped,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Service

SEEN = Ours(deployment=OLD, since=NOON, is_ecs_rollback=True, was_seen=True, below_desired_at=7.0, healthy_at=9.0)
REFUSED = f"(deployment {OTHER}) deployment failed: a hook."
STEP = UpdateService(target=TARGET, definition=NEW, terms=Terms(budget=BUDGET))
BACK_TO_COPY = UpdateService(target=TARGET, definition=COPY, undoes=OURS, since=at(5), terms=Terms(budget=BUDGET))


def test_what_takes_the_place_of_ours_is_new_but_for_what_was_seen() -> None:
    written = Ours(deployment=OTHER, since=at(20)).after(SEEN)
    assert written == replace(SEEN, deployment=OTHER, since=at(20), is_ecs_rollback=False)
    adopted = Ours(deployment=OLD, since=at(5), is_ecs_rollback=True)
    assert adopted.after(written).is_ecs_rollback
    assert adopted.after(None) is adopted


@pytest.mark.parametrize(
    ("instead", "shown", "followed"),
    [
        (BEFORE, service(primary(OLD, BEFORE), said=[(3, REFUSED)]), OLD),
        (BEFORE, service(primary(OLD, BEFORE)), OTHER),
        (BEFORE, service(primary(OLD, NEW), said=[(3, REFUSED)]), OTHER),
        (BEFORE, service(primary(OTHER, BEFORE), said=[(3, REFUSED)]), OTHER),
        (BEFORE, service(), OTHER),
        (BEFORE, None, OTHER),
        ("", service(primary(OLD, BEFORE), said=[(3, REFUSED)]), OTHER),
    ],
)
def test_a_way_back_that_was_refused_is_there_where_ecs_went_to_the_same_revision(
    instead: str, shown: Service | None, followed: str
) -> None:
    ours, away_since = follow(Ours(deployment=OTHER, since=NOON, instead=instead), shown, None, 30.0)
    assert (ours.deployment, ours.is_ecs_rollback) == (followed, followed == OLD)
    is_primary = followed == OLD or (shown is not None and shown.deployment(OTHER) is not None)
    assert away_since == (None if is_primary else 30.0)


@pytest.mark.parametrize(("desired", "healthy_at"), [(0, None), (1, 30.0), (2, 30.0)])
def test_a_deployment_is_healthy_with_all_its_tasks_and_never_without_any(
    desired: int, healthy_at: float | None
) -> None:
    draining = active(running=0)
    shown = service(primary(running=desired, desired=desired), draining)
    ours, away_since = follow(Ours(deployment=OURS, since=NOON), shown, 12.0, 30.0)
    assert (ours.healthy_at, away_since) == (healthy_at, None)


def test_a_write_that_may_have_landed_is_known_by_its_revision_and_its_time() -> None:
    found = write.check(primary(), STEP, NEW, Attempts(unconfirmed=TIMED_OUT), None)
    assert found == Ours(deployment=OURS, since=NOON)


@pytest.mark.parametrize(
    ("theirs", "ours", "may_be_written"),
    [(6, 7, True), (7, 7, False), (8, 7, False), (None, 7, False), (6, None, False)],
)
def test_only_a_lower_build_gives_way_to_a_write(theirs: int | None, ours: int | None, *, may_be_written: bool) -> None:
    rival = Rival(definition=FOREIGN, is_read=True, build=theirs)
    found = write.check(primary(OTHER, FOREIGN), replace(STEP, build=ours), NEW, Attempts(), rival)
    assert (found is Next.WRITE) is may_be_written
    assert may_be_written or (isinstance(found, Judgement) and found.verdict is Verdict.SUPERSEDED)


@pytest.mark.parametrize(
    ("theirs", "ours", "may_be_written"),
    [(6, 7, True), (7, 7, True), (8, 7, False), (None, 7, False), (None, None, False)],
)
def test_who_deployed_the_revision_that_this_build_tagged_gives_way(
    theirs: int | None, ours: int | None, *, may_be_written: bool
) -> None:
    rival = Rival(definition=NEW, is_read=True, build=theirs) if ours else None
    found = write.check(primary(OTHER, NEW), replace(STEP, build=ours), NEW, Attempts(), rival)
    assert (found is Next.WRITE) is may_be_written


@pytest.mark.parametrize(
    "step", [STEP, FollowDeployment(target=TARGET, definition=NEW, deployment=OURS, terms=Terms(budget=BUDGET))]
)
def test_a_step_is_about_what_it_takes_the_place_of(step: UpdateService | FollowDeployment) -> None:
    assert step.over(frozenset({OLD, OTHER})).target == replace(TARGET, known=frozenset({OLD, OTHER}))


@pytest.mark.parametrize(("answer", "is_read"), [(DENIED, True), (TIMED_OUT, False), (None, False)])
def test_what_may_not_be_read_has_no_build(answer: object, *, is_read: bool) -> None:
    rival = Rival(definition=FOREIGN)
    read = replace(rival, is_read=True)
    assert rival.after(answer, is_last_chance=False) == (read if is_read else None)
    assert rival.after(answer, is_last_chance=True) == read


@pytest.mark.parametrize(("theirs", "may_be_written"), [(6, True), (7, True), (8, False), (None, True)])
def test_what_was_there_is_replaced_unless_it_is_of_a_higher_build(theirs: int | None, *, may_be_written: bool) -> None:
    rival = Rival(definition=BEFORE, is_read=True, build=theirs)
    found = write.check(primary(OLD, BEFORE), replace(STEP, build=7), NEW, Attempts(), rival)
    assert (found is Next.WRITE) is may_be_written


def test_a_copy_that_is_back_is_the_way_back_whoever_returned_it() -> None:
    returned = primary(OTHER, COPY)
    shown = service(returned, active(OURS, NEW, "FAILED", 0))
    found = rollback.check(BACK_TO_COPY, COPY, shown, returned, since=at(5), began=0.0, away_since=None, now=3.0)
    assert found == Ours(deployment=OTHER, since=at(5), is_ecs_rollback=True)


def test_what_may_not_be_described_is_known_beside_what_was_listed() -> None:
    shown = service(primary(), active())
    task = stopped()
    reading = Reading(service=shown, at=3.0, tasks=(task,), denied="ecs:DescribeTasks")
    tasks = keep(StoppedTasks(denied=frozenset({"logs"})), reading, Ours(deployment=OURS, since=NOON), NEW, 3.0)
    assert (tasks.stopped, tasks.denied) == ((task,), frozenset({"logs", "ecs:DescribeTasks"}))
