"""How a way back is begun: by which call, or by none."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.native.back import Means, check, means
from drone_deploy_ecs.core.steps.observation import Observed
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.judge import GRACE
from drone_deploy_ecs.core.steps.rollout.write import Next
from drone_deploy_ecs.core.verdict import Judgement, Verdict
from tests.core.shown import BEFORE, BUDGET, DENIED, FOREIGN, NOON, OLD, OTHER, OURS, THROTTLED, primary, service
from tests.core.steps.native.shifts import PAUSE, RECORD, record, returning

NONE: frozenset[Means] = frozenset()
BOTH = frozenset({Means.ANSWER, Means.STOP})
OURS_IS = primary(OURS)
FORMER = primary(OLD, BEFORE)
ANEW = primary(OTHER, BEFORE)
ROLLS_BACK = record("ROLLBACK_IN_PROGRESS", back_to=OLD)
LEFT_ALONE = Judgement(Verdict.SUPERSEDED, f"{OTHER} (web:9) is PRIMARY now and isn't ours: left alone")


@pytest.mark.parametrize(
    ("found", "refused", "by"),
    [
        (None, NONE, Means.UPDATE),
        (record("PENDING", ""), NONE, Means.STOP),
        (record(), NONE, Means.STOP),
        (record(), frozenset({Means.STOP}), Means.UPDATE),
        (record(hooks=(PAUSE,)), NONE, Means.ANSWER),
        (record(hooks=(PAUSE,)), frozenset({Means.ANSWER}), Means.STOP),
        (record(hooks=(PAUSE,)), BOTH, Means.UPDATE),
        (record("SUCCESSFUL"), NONE, Means.UPDATE),
        (record("STOPPED"), NONE, Means.UPDATE),
        (record("ROLLBACK_FAILED"), NONE, Means.UPDATE),
    ],
)
def test_by_which_call(found: Any, refused: frozenset[Means], by: Means) -> None:
    assert means(found, refused) is by


@pytest.mark.parametrize(
    ("found", "seen", "now", "more", "finding"),
    [
        (record(), OURS_IS, 1.0, {}, Next.WRITE),
        (record("SUCCESSFUL"), OURS_IS, 1.0, {}, Next.WRITE),
        (record(), OURS_IS, 1.0, {"must_not_write": True}, Judgement(Verdict.TIMED_OUT, "ECS doesn't return it, and rollbacks are disabled")),
        (None, OURS_IS, 1.0, {}, Next.WAIT),
        (None, OURS_IS, 16.0, {}, Next.WRITE),
        (record("ROLLBACK_REQUESTED"), OURS_IS, 1.0, {}, Next.WAIT),
        (record("STOP_REQUESTED"), OURS_IS, 1.0, {}, Next.WAIT),
        (ROLLS_BACK, OURS_IS, BUDGET, {}, Judgement(Verdict.TIMED_OUT, "ECS's rollback didn't come to an end")),
        (ROLLS_BACK, FORMER, 1.0, {}, Ours(deployment=OLD, since=NOON, is_ecs_rollback=True)),
        (record("ROLLBACK_FAILED", back_to=OLD), FORMER, 1.0, {}, Next.WRITE),
        (record(), FORMER, 1.0, {}, Next.WAIT_AWAY),
        (record(), FORMER, GRACE, {"not_primary_since": 0.0}, Ours(deployment=OLD, since=NOON, is_ecs_rollback=True)),
        (record("STOPPED"), ANEW, GRACE, {"not_primary_since": 0.0}, Ours(deployment=OTHER, since=NOON, instead=BEFORE)),
        (record("ROLLBACK_IN_PROGRESS", back_to=OTHER), primary(OTHER, FOREIGN), 1.0, {}, Ours(deployment=OTHER, since=NOON, is_ecs_rollback=True)),
        (record("STOPPED"), primary(OTHER, FOREIGN), 1.0, {}, LEFT_ALONE),
        (ROLLS_BACK, primary(OTHER, FOREIGN), 1.0, {}, LEFT_ALONE),
    ],
)  # fmt: skip
def test_a_look_before_the_write(found: Any, seen: Any, now: float, more: dict[str, Any], finding: object) -> None:
    assert check(returning(found, **more), seen, now) == finding


# --- the calls ---


def writing(found: Any, **more: Any) -> Any:
    return returning(found, phase=Phase.WRITE, observed=Observed(service=service(OURS_IS)), **more)


def test_it_is_stopped_and_then_looked_at() -> None:
    asked = writing(record())
    assert asked.call.operation == "StopServiceDeployment"
    after = asked.advance(RECORD, 3.0)
    assert (after.phase, after.asked_at, after.due(3.0, 0.5)) == (Phase.CHECK, 3.0, 5.0)
    assert after.call.operation == "DescribeServices"


def test_a_pause_is_answered() -> None:
    call = writing(record(hooks=(PAUSE,))).call
    assert call.members() == {"serviceDeploymentArn": RECORD, "hookId": "ecs-pause-x", "action": "ROLLBACK"}


@pytest.mark.parametrize("kind", [FaultKind.DENIED, FaultKind.REJECTED])
def test_what_is_refused_is_not_asked_again(kind: FaultKind) -> None:
    after = writing(record()).advance(Fault(kind, "StopServiceDeployment", "ConflictException", "no"), 3.0)
    assert (after.phase, after.refused, after.due(3.0, 0.5)) == (Phase.CHECK, {Means.STOP}, 3.0)
    assert replace(after, phase=Phase.WRITE).call.operation == "UpdateService"


def test_what_may_pass_is_asked_again_after_a_look() -> None:
    after = writing(record()).advance(THROTTLED, 3.0)
    assert (after.phase, after.refused, after.due(3.0, 0.5)) == (Phase.CHECK, NONE, 4.0)


def test_what_is_no_answer_tells_nothing() -> None:
    asked = writing(record())
    assert asked.advance((), 3.0) is asked


def test_an_update_to_what_is_primary_is_forced() -> None:
    """It would start nothing else, and where ECS's rollback failed traffic would stay where it is."""
    failed = record("ROLLBACK_FAILED", back_to=OLD)
    back: Any = returning(failed, phase=Phase.WRITE, observed=Observed(service=service(FORMER)))
    assert back.call.members()["forceNewDeployment"] is True
    assert "forceNewDeployment" not in writing(record("SUCCESSFUL")).call.members()
    assert "forceNewDeployment" not in replace(back, observed=Observed()).call.members()


def test_a_rollback_of_ecs_that_fails_is_written_anew() -> None:
    ours = Ours(deployment=OLD, since=NOON, is_ecs_rollback=True)
    followed = returning(ROLLS_BACK, phase=Phase.FOLLOW, ours=ours)
    reading = followed.advance((service(FORMER),), 3.0)
    after = reading.advance((record("ROLLBACK_FAILED", back_to=OLD),), 3.0).advance(None, 3.0)
    assert (after.phase, after.decision) == (Phase.CHECK, None)
    assert [text for _, text in after.news(followed)][
        -1
    ] == "ECS's rollback didn't do: deploying what ran before instead"


@pytest.mark.parametrize(
    ("found", "more", "deadline"),
    [
        (record(stage="BAKE_TIME"), {}, BUDGET),
        (record(stage="BAKE_TIME"), {"asked_at": 1.0}, BUDGET + 900.0),
        (record("ROLLBACK_IN_PROGRESS"), {}, BUDGET + 900.0),
        (None, {}, BUDGET),
    ],
)
def test_a_way_back_that_cannot_be_begun_takes_the_budget(found: Any, more: dict[str, Any], deadline: float) -> None:
    back = returning(found, **more)
    assert replace(back, known=replace(back.known, uncounted=900.0)).deadline == deadline


def test_an_update_that_is_denied_is_the_end() -> None:
    assert writing(record("SUCCESSFUL")).advance(DENIED, 3.0).verdict is Verdict.REFUSED
