"""A desired count under way: one answer, the next state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.attempts import SETTLE, Attempts, Phase
from drone_deploy_ecs.core.steps.observation import READ_GRACE, SURE
from drone_deploy_ecs.core.steps.scale import STEADY, WRITES, Scale, Scaling
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import (
    BEFORE,
    BUDGET,
    CONTEXT,
    DENIED,
    FOREIGN,
    OLD,
    OTHER,
    TARGET,
    THROTTLED,
    TIMED_OUT,
    UNREACHABLE,
    primary,
    service,
)

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Service


def shown(desired: int, running: int, pending: int = 0, **more: Any) -> Service:
    """The live service with so many tasks."""
    return service(
        primary(OLD, BEFORE, "COMPLETED", running, pending=pending), desired=desired, running=running, **more
    )


DOWN = Scale(target=TARGET, expected=4, to=2).begin(CONTEXT)
UP = Scale(target=TARGET, expected=2, to=4).begin(CONTEXT)
BACK = Scale(target=TARGET, to=4, allow_more=True).begin(CONTEXT)
STALE = service(said=[(1.0, "has started 1 tasks: (task a).")])
WRITING_DOWN = replace(DOWN, phase=Phase.WRITE)
FALLING = replace(DOWN, phase=Phase.FOLLOW, accepted_at=3.0, writes=1)
RISING = replace(UP, phase=Phase.FOLLOW, accepted_at=3.0, writes=1)
FULL = replace(RISING, full_at=4.0)
STEADY_NOW = shown(4, 4, events=service(said=[(9.0, STEADY)]).events)

Row = tuple[Scaling, object, float, dict[str, Any]]

SURELY = Scale(target=TARGET, to=4, allow_more=True, always_write=True).begin(CONTEXT)

WRITING: dict[str, Row] = {
    "back already": (BACK, (shown(4, 4),), 3.0, {"verdict": Verdict.COMPLETED, "writes": 0}),
    "back already, by a look that may be old": (SURELY, (shown(4, 4),), 3.0, {"phase": Phase.WRITE, "verdict": None}),
    "back already, by a look after the write": (
        replace(SURELY, writes=1, accepted_at=2.0), (shown(4, 4),), 3.0, {"phase": Phase.FOLLOW}),
    "more than that": (SURELY, (shown(5, 5),), 3.0, {"verdict": Verdict.COMPLETED, "writes": 0}),
    "the count that was planned for: write": (DOWN, (shown(4, 4),), 3.0, {"phase": Phase.WRITE, "not_before": 3.0}),
    "as asked already": (DOWN, (shown(2, 2),), 3.0, {"verdict": Verdict.COMPLETED, "writes": 0, "accepted_at": 3.0}),
    "accepted": (WRITING_DOWN, shown(2, 4), 3.0, {
        "phase": Phase.FOLLOW, "writes": 1, "accepted_at": 3.0, "not_before": 4.0, "verdict": None}),
    "refused": (WRITING_DOWN, DENIED, 3.0, {"verdict": Verdict.REFUSED, "reason": f"AWS refused {DENIED}"}),
    "throttled": (WRITING_DOWN, THROTTLED, 3.0, {"phase": Phase.CHECK, "not_before": 4.0, "unconfirmed": None, "verdict": None}),
    "throttled for the third time": (replace(WRITING_DOWN, attempts=Attempts(count=2)), THROTTLED, 3.0, {"not_before": 7.0}),
    "throttled until the budget ends": (WRITING_DOWN, THROTTLED, BUDGET, {"verdict": Verdict.REFUSED}),
    "unconfirmed until the budget ends": (WRITING_DOWN, TIMED_OUT, BUDGET, {"verdict": Verdict.FAILED}),
    "no answer": (WRITING_DOWN, TIMED_OUT, 3.0, {"phase": Phase.CHECK, "unconfirmed": TIMED_OUT, "verdict": None}),
    "another count, perhaps a stale read": (DOWN, (shown(5, 4),), 3.0, {"odd_since": 3.0, "not_before": 8.0, "verdict": None}),
    "another count for long": (replace(DOWN, odd_since=3.0), (shown(5, 4),), SETTLE + 3, {
        "verdict": Verdict.SUPERSEDED, "reason": "somebody else scaled it to 5 tasks"}),
    "another count, on the way back": (BACK, (shown(1, 1),), 3.0, {"phase": Phase.WRITE, "verdict": None}),
    "another count again and again, on the way back": (
        replace(BACK, writes=WRITES), (shown(1, 1),), 3.0, {"verdict": Verdict.SUPERSEDED}),
    "more than asked, on the way back": (BACK, (shown(6, 6),), 3.0, {"verdict": Verdict.COMPLETED}),
    "somebody deployed": (DOWN, (service(primary(OTHER, FOREIGN), desired=4),), 3.0, {
        "verdict": Verdict.FAILED, "reason": "somebody deployed web:9 to it, as ecs-svc/3"}),
    "an answer from the past": (replace(DOWN, service=STALE), (shown(2, 2),), 3.0, {
        "verdict": None, "not_before": 4.0, "service": STALE}),
    "an answer from before the last event": (
        replace(DOWN, service=STALE), (shown(2, 2, events=service(said=[(0.0, "x")]).events),), 3.0, {"verdict": None}),
    "gone, perhaps a stale read": (DOWN, (), 3.0, {"odd_since": 3.0, "not_before": 8.0, "verdict": None}),
    "gone for long": (replace(DOWN, odd_since=3.0), (), SETTLE + 3, {
        "verdict": Verdict.FAILED, "reason": "the service is gone"}),
    "out of sight": (DOWN, UNREACHABLE, 3.0, {"read_fault": UNREACHABLE, "not_before": 4.0, "verdict": None}),
    "out of sight for the fifth time": (replace(DOWN, attempts=Attempts(count=4)), UNREACHABLE, 3.0, {"not_before": 18.0}),
    "out of sight when the budget ends": (DOWN, UNREACHABLE, BUDGET, {"verdict": None}),
    "out of sight until after that": (DOWN, UNREACHABLE, BUDGET + READ_GRACE, {
        "verdict": Verdict.UNKNOWN, "reason": f"lost sight of AWS: {UNREACHABLE}"}),
    "in sight again": (replace(DOWN, read_fault=UNREACHABLE, attempts=Attempts(count=3)), (shown(4, 4),), 3.0, {
        "read_fault": None, "count": 0}),
}  # fmt: skip

FOLLOWING: dict[str, Row] = {
    "still too many": (FALLING, (shown(2, 3),), 12.0, {"verdict": None, "not_before": 15.0}),
    "still too many after long": (FALLING, (shown(2, 3),), 53.0, {"verdict": None, "not_before": 58.0}),
    "as few as asked": (FALLING, (shown(2, 2),), 9.0, {"verdict": Verdict.COMPLETED, "note": ""}),
    "too many until the budget ends": (FALLING, (shown(2, 3),), BUDGET + 3, {
        "verdict": Verdict.COMPLETED,
        "note": "1 task more than asked for still run: they may be protected from scale-in, or drain slowly"}),
    "too few": (RISING, (shown(4, 3),), 9.0, {"verdict": None, "full_at": None}),
    "all run": (RISING, (shown(4, 4),), 12.0, {"verdict": None, "full_at": 12.0, "not_before": 15.0}),
    "all run, one more is starting": (RISING, (shown(4, 4, 1),), 9.0, {"verdict": None, "full_at": None}),
    "all have run for a while": (FULL, (shown(4, 4),), SURE + 3, {"verdict": None, "full_at": 4.0}),
    "all have run for long": (FULL, (shown(4, 4),), SURE + 4, {"verdict": Verdict.COMPLETED}),
    "all run, steady": (RISING, (STEADY_NOW,), 9.0, {"verdict": Verdict.COMPLETED}),
    "steady as it was before the write": (replace(RISING, known_events=frozenset({"0"})), (STEADY_NOW,), 9.0, {"verdict": None}),
    "too few until the budget ends": (RISING, (shown(4, 3),), BUDGET + 3, {
        "verdict": Verdict.FAILED, "reason": "it runs 3 of 4 tasks"}),
    "too few just before that": (RISING, (shown(4, 3),), BUDGET + 2, {"verdict": None}),
    "scaled again by somebody": (FALLING, (shown(4, 4),), 9.0, {"odd_since": 9.0, "verdict": None}),
    "and no longer": (replace(FALLING, odd_since=5.0), (shown(2, 3),), 9.0, {"odd_since": None, "verdict": None}),
}  # fmt: skip

ROWS = {
    f"{part}: {name}": row
    for part, rows in {"writing": WRITING, "following": FOLLOWING}.items()
    for name, row in rows.items()
}


def member(scaling: Scaling, name: str) -> object:
    return getattr(scaling.attempts if hasattr(scaling.attempts, name) else scaling, name)


@pytest.mark.parametrize("name", ROWS)
def test_the_next_state(name: str) -> None:
    scaling, answer, now, expected = ROWS[name]
    after = scaling.advance(answer, now)
    assert {name: member(after, name) for name in expected} == expected


@pytest.mark.parametrize("verdict", Verdict)
def test_how_it_ended_never_changes(verdict: Verdict) -> None:
    ended = replace(WRITING_DOWN, verdict=verdict)
    answers: tuple[object, ...] = (shown(2, 2), DENIED, UNREACHABLE, (shown(2, 2),), (), None)
    assert all(ended.advance(answer, 1e6) is ended for answer in answers)
    assert ended.abort(Verdict.UNKNOWN, "another failed", 1e6) is ended


def test_what_is_postponed_is_looked_at_again_and_loses_no_time() -> None:
    later = DOWN.advance((shown(4, 4),), 3.0).advance(None, 50.0)
    assert (later.phase, later.attempts.not_before, later.deadline) == (Phase.CHECK, 51.0, 50.0 + BUDGET)


def test_somebody_elses_count_calls_for_a_new_plan() -> None:
    assert replace(DOWN, verdict=Verdict.SUPERSEDED).needs_replan
    assert not replace(DOWN, verdict=Verdict.FAILED).needs_replan


def test_only_the_way_forward_takes_tasks_away_while_others_are_watched() -> None:
    assert [one.step.reduces_capacity for one in (DOWN, UP, BACK)] == [True, False, False]


def test_a_write_that_may_have_been_accepted_counts_as_one() -> None:
    assert not WRITING_DOWN.has_written
    assert WRITING_DOWN.advance(TIMED_OUT, 3.0).has_written
    assert WRITING_DOWN.advance(shown(2, 4), 3.0).has_written


BLIND = DOWN.advance(UNREACHABLE, 3.0)


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (replace(DOWN, service=shown(4, 4)), WRITING_DOWN.advance(shown(2, 4), 3.0), ["scaling it from 4 to 2 tasks"]),
        (DOWN, WRITING_DOWN.advance(shown(2, 2), 3.0), ["scaling it to 2 tasks", "runs 2 tasks"]),
        (DOWN, WRITING_DOWN.advance(TIMED_OUT, 3.0), [f"{TIMED_OUT}; looking before trying again"]),
        (DOWN, WRITING_DOWN.advance(THROTTLED, 3.0), []),
        (DOWN, BLIND, [f"can't see it: {UNREACHABLE}; going on looking"]),
        (BLIND, BLIND.advance(UNREACHABLE, 5.0), []),
        (DOWN, WRITING_DOWN.advance(DENIED, 3.0), [f"scaling it to 2 tasks failed: AWS refused {DENIED}"]),
        (replace(DOWN, verdict=Verdict.COMPLETED), replace(DOWN, verdict=Verdict.COMPLETED, service=shown(2, 2)), []),
        (DOWN, DOWN.abort(Verdict.WITHDRAWN, "another failed", 3.0), []),
    ],
)
def test_what_is_told(before: Scaling, after: Scaling, texts: list[str]) -> None:
    assert [text for _, text in after.news(before)] == texts


def test_what_is_said_while_nothing_changes() -> None:
    assert DOWN.heartbeat(0.0) == "still waiting for it to run 2 tasks: it runs an unknown number"
    falling = replace(FALLING, service=shown(2, 3))
    assert falling.heartbeat(0.0) == "still waiting for it to run 2 tasks: it runs 3"
    assert FULL.heartbeat(0.0) == "runs 4 tasks; still waiting for ECS to call it steady"
