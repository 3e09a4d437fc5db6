"""How a rollout comes to a verdict by what ECS says elsewhere than in a stopped task, and looks when that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.reported import PATIENCE
from drone_deploy_ecs.core.ecs.task import Attachment, Detail, Task
from drone_deploy_ecs.core.steps.observation import Reading, StoppedTasks
from drone_deploy_ecs.core.steps.rollout import polling
from drone_deploy_ecs.core.steps.rollout.follow import Ours, keep
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import BEFORE, NEW, NOON, OLD, OURS, active, at, primary, service, stopped
from tests.core.steps.rollout.rollouts import Look, after, forward, undo
from tests.core.test_reported import NO_PLATFORM, UNASSUMED

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

UP = primary(running=0)
REASON = "ECS was unable to assume the configured ECS Infrastructure Role 'x'."
UNATTACHED = Attachment(
    "AmazonElasticBlockStorage", "FAILED", (Detail("volumeName", "data"), Detail("statusReason", REASON))
)
ADRIFT = stopped(
    status="DEPROVISIONING",
    exit_code=None,
    stop_code="TaskFailedToStart",
    stopped_reason="Task failed to start",
    started_at=None,
)


def said(message: str, seconds: float = 5) -> Service:
    return service(UP, active(), said=[(seconds, message)])


def updated(**terms: float) -> Rollout:
    """Our update, accepted at second 0."""
    return after(forward(**{"budget": 1800.0} | terms), service(UP, active()), 0)


def test_what_ecs_says_before_the_first_look_is_of_ours_where_the_answer_to_the_update_shows_nobody_else() -> None:
    assert (
        after(updated(), (said(NO_PLATFORM),), 8).reason
        == "it can't succeed: the image has no variant for the task's platform"
    )
    before = after(forward(budget=1800.0), service(UP, active(state="IN_PROGRESS")), 0)
    assert after(before, (said(NO_PLATFORM),), 8).verdict is None


def test_what_ecs_said_before_our_update_is_not_of_ours() -> None:
    assert after(updated(), (said(NO_PLATFORM, seconds=-5),), 8).verdict is None


def test_after_a_look_that_does_not_show_ours_what_ecs_says_may_be_of_others() -> None:
    unseen = after(updated(), (service(primary(OLD, BEFORE, "COMPLETED")),), 6)
    assert after(unseen, (said(NO_PLATFORM, seconds=7),), 8).verdict is None
    assert after(updated(), (said(NO_PLATFORM, seconds=7),), 8).verdict is Verdict.FAILED


def test_a_number_of_failed_tasks_replaces_what_events_prove() -> None:
    assert after(updated(max_failed_tasks=3), (said(NO_PLATFORM),), 8).verdict is None


def test_it_looks_and_reads_tasks_when_time_confirms_what_an_event_said() -> None:
    rollout = after(updated(), (said(UNASSUMED),), 8)
    end = 8 + PATIENCE
    assert polling.next_look(rollout, end - 1.5, 0.0) == end
    assert polling.next_look(rollout, end, 0.0) > end
    recently = replace(rollout, tasks=StoppedTasks(read_at=end - 1))
    assert not polling.wants_tasks(recently, said(UNASSUMED), end - 0.5)
    assert polling.wants_tasks(recently, said(UNASSUMED), end)
    assert after(rollout, (said(UNASSUMED),), end).verdict is None, "its tasks weren't read"
    assert after(rollout, Look(said(UNASSUMED), ()), end).verdict is Verdict.FAILED


def test_the_events_of_what_is_taken_back_do_not_end_the_way_back() -> None:
    back = undo()
    failed = service(primary(state="FAILED"), active())
    returned = service(
        replace(UP, id="ecs-svc/3", created_at=at(50)), active(OURS, state="FAILED"), said=[(55, NO_PLATFORM)]
    )
    rollout = after(after(back, (failed,), 50), returned, 50)
    assert rollout.output == "ecs-svc/3"
    assert after(rollout, (returned,), 60).verdict is None


@pytest.mark.parametrize(
    ("task", "kept"),
    [
        (ADRIFT, 0),
        (replace(ADRIFT, attachments=(Attachment("ElasticNetworkInterface", "DELETED"),)), 0),
        (replace(ADRIFT, attachments=(Attachment("ElasticNetworkInterface", "DELETED"), UNATTACHED)), 1),
        (replace(ADRIFT, attachments=(replace(UNATTACHED, status="DELETED"),)), 1),
        (replace(ADRIFT, attachments=(Attachment("AmazonElasticBlockStorage", "FAILED"),)), 1),
    ],
    ids=["on its way", "interface", "volume", "volume gone", "no reason"],
)
def test_a_task_that_stays_on_its_way_without_its_volume_is_read_once(task: Task, kept: int) -> None:
    reading = Reading(service=None, at=1.0, tasks=(task,))
    tasks = keep(StoppedTasks(), reading, Ours(deployment=OURS, since=NOON), NEW, 1.0)
    assert (len(tasks.stopped), len(tasks.read)) == (kept, kept)
