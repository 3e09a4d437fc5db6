"""When the next look at a deployment is whose traffic is shifted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.native.polling import FAR, SOON, next_look
from drone_deploy_ecs.core.steps.native.update import ShiftTraffic
from drone_deploy_ecs.core.steps.observation import Observed
from drone_deploy_ecs.core.steps.rollout.polling import FIRST, HOLDING, PATIENT, UNREADABLE_FIRST
from drone_deploy_ecs.core.steps.rollout.record import Decision
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import DENIED, OURS, primary, service, stopped
from tests.core.steps.native.shifts import CANARY, LAMBDA, PAUSE, following, known, record, returning

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.steps.native.shift import Shift

BAKING = record(stage="BAKE_TIME", production=100.0)
SHORT = primary(running=1)


def seen(found: DescribedServiceDeployment | None, *, since: float = 0.0, listed: Any = None, **more: Any) -> Shift:
    """What was seen of it: `found` since that second, and PRIMARY with all its tasks."""
    observed = Observed(service=service(listed or primary()))
    return following(found, known=known(found, since=since), observed=observed, **more)


def waits(shift: Shift, now: float, chance: float = 0.0) -> float:
    return next_look(shift, now, chance) - now


def test_before_it_is_listed_and_when_it_is_over_it_is_as_any_rollout() -> None:
    assert waits(seen(None), 1.0) == FIRST
    decision = Decision(verdict=Verdict.FAILED, reason="", decided_at=1.0, explained=False)
    assert waits(seen(BAKING, decision=decision), 1.0) == UNREADABLE_FIRST
    assert waits(seen(BAKING, completion=Completion(completed_at=1.0)), 1.0) == HOLDING
    assert next_look(returning(), 1.0, 0.0) == returning().writes.not_before
    assert returning().phase is Phase.CHECK


@pytest.mark.parametrize(
    ("now", "wait"),
    [
        (100.0, 5.0),
        (104.9, 0.1),
        (105.0, FAR),
        (591.0, 9.0),  # the end of the bake, at 600
        (597.0, SOON),
        (900.0, SOON),  # it should have ended long ago
    ],
)
def test_in_a_bake_it_looks_by_the_clock_and_when_it_may_end(now: float, wait: float) -> None:
    assert waits(seen(BAKING), now, chance=1.0) == pytest.approx(wait)
    step = record(stage="PRODUCTION_TRAFFIC_SHIFT", production=5.0, strategy=CANARY)
    assert waits(seen(step), now, chance=1.0) == pytest.approx(wait)


def test_a_bake_in_which_tasks_stopped_is_looked_at_sooner() -> None:
    calm = seen(BAKING)
    troubled = replace(calm, tasks=replace(calm.tasks, stopped=(stopped(),)))
    assert (waits(calm, 106.0), waits(troubled, 106.0)) == (14.0, 4.0)


def test_at_a_pause_it_looks_by_the_clock() -> None:
    assert waits(seen(record(stage="POST_SCALE_UP", hooks=(PAUSE,))), 1001.0, chance=1.0) == 4.0


@pytest.mark.parametrize(
    ("stage", "wait_for", "wait"),
    [
        ("SCALE_UP", "completed", PATIENT),
        ("TEST_TRAFFIC_SHIFT", "shifted", PATIENT),
        ("SCALE_UP", "healthy", SOON),
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", "completed", SOON),
        ("CLEAN_UP", "completed", SOON),
        ("A_STAGE_OF_TOMORROW", "completed", SOON),
    ],
)
def test_where_what_is_waited_for_may_come_next_it_looks_soon(stage: str, wait_for: str, wait: float) -> None:
    shift = seen(record(stage=stage, production=100.0))
    terms = Terms(budget=1000.0, wait_for_drained=wait_for == "completed", wait_for_shift=wait_for == "shifted")
    assert isinstance(shift.step, ShiftTraffic)
    asked = replace(shift, step=replace(shift.step, terms=terms))
    assert waits(asked, 1.0) == wait
    assert 0.8 * wait < waits(asked, 1.0, chance=1.0) < wait


def test_without_all_its_tasks_nothing_comes_next_unless_some_stopped() -> None:
    shift = seen(record(stage="CLEAN_UP", production=100.0), listed=SHORT)
    assert waits(shift, 1.0) == PATIENT
    assert waits(replace(shift, tasks=replace(shift.tasks, stopped=(stopped(),))), 1.0) == SOON


def test_a_rollback_is_looked_at_soon() -> None:
    assert waits(seen(record("ROLLBACK_IN_PROGRESS", "SCALE_UP", 0.0, back_to=OURS)), 1.0) == SOON


@pytest.mark.parametrize(("now", "wait"), [(10.0, SOON), (100.0, 10.0), (5000.0, FAR)])
def test_the_longer_a_hook_takes_the_seldomer_it_looks(now: float, wait: float) -> None:
    assert waits(seen(record(stage="POST_SCALE_UP", hooks=(LAMBDA,))), now) == pytest.approx(wait)


def test_what_can_not_be_read_is_tried_again_soon() -> None:
    shift = seen(BAKING)
    assert waits(replace(shift, observed=replace(shift.observed, failed_reads=1, read_fault=DENIED)), 100.0) < SOON


def test_the_end_of_the_budget_is_looked_at() -> None:
    assert next_look(seen(record(stage="SCALE_UP")), 98.0, 0.0) == 100.0
