"""The series of counts: it grows by what changed, and adds up to the picture's bands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.service import Deployment, Service
from drone_deploy_ecs.core.report.counts import Band, Series, bands, failures, grow, moments
from drone_deploy_ecs.run.deployment import Deployment as Run
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/"
BEFORE, OURS = Band("web:1", is_ours=False), Band("web:2", is_ours=True)


def deployment(name: str, revision: str, running: int, *, pending: int = 0, failed: int = 0) -> Deployment:
    status = "PRIMARY" if name == "ecs-svc/2" else "ACTIVE"
    return Deployment(name, status, ARN + revision, 2, pending, running, failed, "IN_PROGRESS", "", NOON)


def seen(*deployments: Deployment) -> Service:
    arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod/web"
    return Service(
        name="web", arn=arn, status="ACTIVE", desired=2, running=2, task_definition=ARN + "web:2",
        deployments=deployments, events=(),
    )  # fmt: skip


def series(*looks: Service) -> Series:
    """Looks a second apart, from noon on."""
    found: Series = ()
    for second, look in enumerate(looks):
        found = grow(found, look, NOON + timedelta(seconds=second))
    return found


ROLLOUT = series(
    seen(deployment("ecs-svc/2", "web:2", 0, pending=2), deployment("ecs-svc/1", "web:1", 2)),
    seen(deployment("ecs-svc/2", "web:2", 0, pending=2), deployment("ecs-svc/1", "web:1", 2)),
    seen(deployment("ecs-svc/2", "web:2", 1, failed=1), deployment("ecs-svc/1", "web:1", 2)),
    seen(deployment("ecs-svc/2", "web:2", 2, failed=1)),
)


def test_a_look_that_shows_nothing_new_adds_nothing() -> None:
    assert sorted({(one.at - NOON).seconds for one in ROLLOUT}) == [0, 2, 3]


def test_only_what_changed_is_added() -> None:
    told = [((one.at - NOON).seconds, one.revision, one.running, one.pending, one.failed) for one in ROLLOUT]
    assert told == [
        (0, "web:2", 0, 2, 0),
        (0, "web:1", 2, 0, 0),
        (2, "web:2", 1, 0, 1),
        (3, "web:2", 2, 0, 1),
        (3, "web:1", 0, 0, 0),
    ]


def test_only_the_primary_deployment_wants_tasks() -> None:
    assert [(one.revision, one.desired) for one in ROLLOUT[:2]] == [("web:2", 2), ("web:1", 0)]


def test_moments_carry_on_what_did_not_change() -> None:
    at_two_seconds = moments(ROLLOUT, ["ecs-svc/2"])[1]
    assert at_two_seconds.tasks == {OURS: (1, 0), BEFORE: (2, 0)}
    assert (at_two_seconds.desired, at_two_seconds.most) == (2, 3)


def test_room_is_left_for_the_tasks_that_are_wanted_but_not_there() -> None:
    (nothing_yet,) = moments(series(seen(deployment("ecs-svc/2", "web:2", 0))), [])
    assert nothing_yet.most == 2


def test_what_ran_before_is_at_the_bottom() -> None:
    assert bands(moments(ROLLOUT, ["ecs-svc/2"])) == (BEFORE, OURS)


def test_the_same_revision_deployed_again_is_a_band_of_its_own() -> None:
    again = series(seen(deployment("ecs-svc/2", "web:1", 1), deployment("ecs-svc/1", "web:1", 2)))
    assert bands(moments(again, ["ecs-svc/2"])) == (BEFORE, Band("web:1", is_ours=True))


def test_failures_are_those_of_the_last_look_even_of_a_deployment_that_is_gone() -> None:
    gone = grow(ROLLOUT, seen(deployment("ecs-svc/1", "web:1", 2)), NOON + timedelta(seconds=9))
    assert failures(gone, ["ecs-svc/2"]) == {OURS: 1, BEFORE: 0}


def test_nothing_seen_is_nothing_to_show() -> None:
    assert (moments((), []), bands(()), failures((), [])) == ((), (), {})


# --- in a run ---


def report(image: str) -> Report:
    world = small_world()
    request, _ = resolve({}, PLUGIN | {"PLUGIN_IMAGE": image})
    return Run(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def test_a_run_keeps_the_counts_of_the_way_forward_and_back() -> None:
    crashed = report("shop:crash")
    (outcome,) = crashed.outcomes
    told = moments(crashed.counted(outcome), [outcome.deployment])
    assert told[0].tasks == {BEFORE: (2, 0)}
    assert any(one.tasks[OURS] != (0, 0) for one in told[1:])
    assert told[-1].tasks == {OURS: (0, 0), BEFORE: (2, 0)}
    assert crashed.started_at <= told[0].at < told[-1].at <= crashed.finished_at


def test_a_service_that_is_left_alone_was_counted_once() -> None:
    world = small_world()
    request, _ = resolve({}, PLUGIN | {"PLUGIN_IMAGE": "shop:1", "PLUGIN_SKIP_UNCHANGED": "true"})
    unchanged = Run(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    (outcome,) = unchanged.outcomes
    assert [(one.revision, one.running) for one in unchanged.counted(outcome)] == [("web:1", 2)]


def test_the_last_count_is_what_the_service_runs() -> None:
    good = report("shop:2")
    (outcome,) = good.outcomes
    assert outcome.service is not None
    (latest,) = (one for one in good.counted(outcome)[-2:] if one.running)
    assert outcome.service.primary is not None
    assert (latest.deployment, latest.running) == (outcome.service.primary.id, 2)
