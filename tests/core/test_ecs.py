"""How many tasks a deployment is to have, as read: ECS's own number of a new one is 0 at first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.judge import Sight, judge
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import TARGET, read_service

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
OLD, OURS = "ecs-svc/1", "ecs-svc/2"


def entry(name: str = OURS, status: str = "PRIMARY", desired: int = 0, running: int = 0, state: str = "") -> Any:
    found = {"id": name, "status": status, "desiredCount": desired, "runningCount": running, "createdAt": NOON}
    return found | ({"rolloutState": state} if state else {})


def answer(*listed: Any, desired: int | None = 2, **members: Any) -> Any:
    counted = {} if desired is None else {"desiredCount": desired}
    found: Any = {"serviceName": "web", "status": "ACTIVE", "deployments": list(listed)} | counted | members
    return found


WANTED = {
    "a new one, as answers of 2025 and later show it": (answer(entry()), 2),
    "a new one, as earlier answers show it": (answer(entry(desired=2)), 2),
    "some of its tasks are started": (answer(entry(desired=1)), 2),
    "the service has just been scaled in": (answer(entry(desired=4)), 4),
    "the service is scaled to 0": (answer(entry(), desired=0), 0),
    "a DAEMON": (answer(entry(), desired=3, schedulingStrategy="DAEMON"), 3),
    "ECS has given it up": (answer(entry(desired=1, state="FAILED")), 2),
    "it gives way": (answer(entry(status="ACTIVE")), 0),
    "the service's own count is left out, as by an emulator": (answer(entry(desired=1), desired=None), 1),
}


@pytest.mark.parametrize("name", WANTED)
def test_what_is_wanted_of_a_deployment(name: str) -> None:
    raw, wanted = WANTED[name]
    (one,) = read_service(raw).deployments
    assert one.desired == wanted


@given(desired=st.integers(0, 9), own=st.integers(0, 9), running=st.integers(0, 9))
def test_primary_is_never_at_full_count_with_fewer_tasks_than_the_service_wants(
    desired: int, own: int, running: int
) -> None:
    service = read_service(answer(entry(desired=own, running=running), desired=desired))
    (one,) = service.deployments
    assert not one.is_at_full_count or running >= desired
    assert (service.last_completed is None) is (running < max(own, desired))


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
OLD_DRAINS = entry(OLD, "ACTIVE")


def looked_at(*listed: Any, desired: int = 2) -> Sight:
    return replace(SIGHT, service=read_service(answer(*listed, desired=desired)))


def on_terms(sight: Sight, **terms: Any) -> Sight:
    return replace(sight, terms=replace(sight.terms, **terms))


@pytest.mark.parametrize(
    "sight",
    [
        looked_at(entry()),
        looked_at(entry(state="COMPLETED")),
        on_terms(looked_at(entry(state="IN_PROGRESS"), OLD_DRAINS), wait_for_drained=False),
    ],
    ids=["by its counts", "in name", "healthy"],
)
def test_nothing_of_two_is_not_complete(sight: Sight) -> None:
    assert judge(sight) is None
    late = judge(replace(sight, left=0.0))
    assert late
    assert late[0] is Verdict.TIMED_OUT
    assert late[1].startswith("the budget ended with 0 of 2 tasks running")


def test_nobody_set_a_count_that_ecs_has_yet_to_raise() -> None:
    new = on_terms(replace(looked_at(entry(state="IN_PROGRESS")), left=0.0), at_least=2)
    assert judge(new) == (Verdict.TIMED_OUT, "the budget ended with 0 of 2 tasks running")


def test_a_count_that_somebody_set_counts_before_the_deployment_shows_it() -> None:
    scaled_in = on_terms(looked_at(entry(desired=2, running=2, state="COMPLETED"), desired=1), at_least=2)
    assert judge(scaled_in) is None
    said = "the budget ended with 2 of 2 tasks running, as somebody set its desired count to 1"
    assert judge(replace(scaled_in, left=0.0)) == (Verdict.TIMED_OUT, said)


def test_what_gives_way_with_nothing_started_was_to_run_what_the_service_wants() -> None:
    away = looked_at(entry("ecs-svc/1", desired=2, running=2, state="COMPLETED"), entry(OURS, "ACTIVE"))
    assert judge(replace(away, left=0.0)) == (Verdict.TIMED_OUT, "the budget ended with 0 of 2 tasks running")
