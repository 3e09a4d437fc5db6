"""A count, limits or a pause under way: one observation, the next state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core import scaling
from drone_deploy_ecs.core.limits import Limits
from drone_deploy_ecs.core.observation import Accepted, NotSeen, NotWritten, Seen
from drone_deploy_ecs.core.scaling import STEADY, TRIES, End, Holding, Limiting, Scaling
from drone_deploy_ecs.core.step import Hold, RegisterScalableTarget, Scale
from drone_deploy_ecs.core.watch import LAST_SIGHT, SETTLE, SURE, Phase
from tests.core.shown import (
    BEFORE,
    BUDGET,
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
    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.observation import Observation


def shown(desired: int, running: int, pending: int = 0, **more: Any) -> Service:
    """The live service with so many tasks."""
    return service(
        primary(OLD, BEFORE, "COMPLETED", running, pending=pending), desired=desired, running=running, **more
    )


DOWN = scaling.begin(Scale(target=TARGET, was=4, to=2), 0.0, BUDGET)
UP = scaling.begin(Scale(target=TARGET, was=2, to=4), 0.0, BUDGET)
BACK = scaling.begin(Scale(target=TARGET, to=4, at_least=True), 0.0, BUDGET)
STALE = service(said=[(1.0, "has started 1 tasks: (task a).")])
FALLING = replace(DOWN, phase=Phase.FOLLOW, accepted_at=3.0, writes=1)
RISING = replace(UP, phase=Phase.FOLLOW, accepted_at=3.0, writes=1)
FULL = replace(RISING, full_at=4.0)
STEADY_NOW = shown(4, 4, events=service(said=[(9.0, STEADY)]).events)

Row = tuple[Scaling, "Observation", float, dict[str, Any]]

SURELY = scaling.begin(Scale(target=TARGET, to=4, at_least=True, surely=True), 0.0, BUDGET)

WRITING: dict[str, Row] = {
    "back already": (BACK, Seen(shown(4, 4)), 3.0, {"end": End.DONE, "writes": 0}),
    "back already, by a look that may be old": (SURELY, Seen(shown(4, 4)), 3.0, {"phase": Phase.WRITE, "end": None}),
    "back already, by a look after the write": (
        replace(SURELY, writes=1, accepted_at=2.0), Seen(shown(4, 4)), 3.0, {"phase": Phase.FOLLOW}),
    "more than that": (SURELY, Seen(shown(5, 5)), 3.0, {"end": End.DONE, "writes": 0}),
    "the count that was planned for: write": (DOWN, Seen(shown(4, 4)), 3.0, {"phase": Phase.WRITE, "not_before": 3.0}),
    "as asked already": (DOWN, Seen(shown(2, 2)), 3.0, {"end": End.DONE, "writes": 0, "accepted_at": 3.0}),
    "accepted": (DOWN, Accepted(shown(2, 4)), 3.0, {
        "phase": Phase.FOLLOW, "writes": 1, "accepted_at": 3.0, "not_before": 8.0, "end": None}),
    "refused": (DOWN, NotWritten(DENIED), 3.0, {"end": End.FAILED, "reason": f"AWS refused {DENIED}"}),
    "throttled": (DOWN, NotWritten(THROTTLED), 3.0, {"phase": Phase.CHECK, "not_before": 4.0, "doubt": None, "end": None}),
    "throttled for the third time": (replace(DOWN, attempts=2), NotWritten(THROTTLED), 3.0, {"not_before": 7.0}),
    "throttled until the budget ends": (DOWN, NotWritten(THROTTLED), BUDGET, {"end": End.FAILED}),
    "no answer": (DOWN, NotWritten(TIMED_OUT), 3.0, {"phase": Phase.CHECK, "doubt": TIMED_OUT, "end": None}),
    "another count, perhaps a stale read": (DOWN, Seen(shown(5, 4)), 3.0, {"odd_since": 3.0, "not_before": 8.0, "end": None}),
    "another count for long": (replace(DOWN, odd_since=3.0), Seen(shown(5, 4)), SETTLE + 3, {
        "end": End.OVERTAKEN, "reason": "somebody else scaled it to 5 tasks"}),
    "another count, on the way back": (BACK, Seen(shown(1, 1)), 3.0, {"phase": Phase.WRITE, "end": None}),
    "another count again and again, on the way back": (
        replace(BACK, writes=TRIES), Seen(shown(1, 1)), 3.0, {"end": End.OVERTAKEN}),
    "more than asked, on the way back": (BACK, Seen(shown(6, 6)), 3.0, {"end": End.DONE}),
    "somebody deployed": (DOWN, Seen(service(primary(OTHER, FOREIGN), desired=4)), 3.0, {
        "end": End.FAILED, "reason": "somebody deployed web:9 to it, as ecs-svc/3"}),
    "an answer from the past": (replace(DOWN, service=STALE), Seen(shown(2, 2)), 3.0, {
        "end": None, "not_before": 4.0, "service": STALE}),
    "an answer from before the last event": (
        replace(DOWN, service=STALE), Seen(shown(2, 2, events=service(said=[(0.0, "x")]).events)), 3.0, {"end": None}),
    "gone, perhaps a stale read": (DOWN, Seen(None), 3.0, {"odd_since": 3.0, "not_before": 8.0, "end": None}),
    "gone for long": (replace(DOWN, odd_since=3.0), Seen(None), SETTLE + 3, {
        "end": End.FAILED, "reason": "the service is gone"}),
    "out of sight": (DOWN, NotSeen(UNREACHABLE), 3.0, {"blindness": UNREACHABLE, "not_before": 4.0, "end": None}),
    "out of sight for the fifth time": (replace(DOWN, attempts=4), NotSeen(UNREACHABLE), 3.0, {"not_before": 18.0}),
    "out of sight when the budget ends": (DOWN, NotSeen(UNREACHABLE), BUDGET, {"end": None}),
    "out of sight until after that": (DOWN, NotSeen(UNREACHABLE), BUDGET + LAST_SIGHT, {
        "end": End.UNSEEN, "reason": f"lost sight of AWS: {UNREACHABLE}"}),
    "in sight again": (replace(DOWN, blindness=UNREACHABLE, attempts=3), Seen(shown(4, 4)), 3.0, {
        "blindness": None, "attempts": 0}),
}  # fmt: skip

FOLLOWING: dict[str, Row] = {
    "still too many": (FALLING, Seen(shown(2, 3)), 9.0, {"end": None, "not_before": 14.0}),
    "as few as asked": (FALLING, Seen(shown(2, 2)), 9.0, {"end": End.DONE, "note": ""}),
    "too many until the budget ends": (FALLING, Seen(shown(2, 3)), BUDGET + 3, {
        "end": End.DONE,
        "note": "1 task more than asked for still run: they may be protected from scale-in, or drain slowly"}),
    "too few": (RISING, Seen(shown(4, 3)), 9.0, {"end": None, "full_at": None}),
    "all run": (RISING, Seen(shown(4, 4)), 9.0, {"end": None, "full_at": 9.0, "not_before": 14.0}),
    "all run, one more is starting": (RISING, Seen(shown(4, 4, 1)), 9.0, {"end": None, "full_at": None}),
    "all have run for a while": (FULL, Seen(shown(4, 4)), SURE + 3, {"end": None, "full_at": 4.0}),
    "all have run for long": (FULL, Seen(shown(4, 4)), SURE + 4, {"end": End.DONE}),
    "all run, steady": (RISING, Seen(STEADY_NOW), 9.0, {"end": End.DONE}),
    "steady as it was before the write": (replace(RISING, told=frozenset({"0"})), Seen(STEADY_NOW), 9.0, {"end": None}),
    "too few until the budget ends": (RISING, Seen(shown(4, 3)), BUDGET + 3, {
        "end": End.FAILED, "reason": "it runs 3 of 4 tasks"}),
    "too few just before that": (RISING, Seen(shown(4, 3)), BUDGET + 2, {"end": None}),
    "scaled again by somebody": (FALLING, Seen(shown(4, 4)), 9.0, {"odd_since": 9.0, "end": None}),
    "and no longer": (replace(FALLING, odd_since=5.0), Seen(shown(2, 3)), 9.0, {"odd_since": None, "end": None}),
}  # fmt: skip

ROWS = {
    f"{part}: {name}": row
    for part, rows in {"writing": WRITING, "following": FOLLOWING}.items()
    for name, row in rows.items()
}


@pytest.mark.parametrize("name", ROWS)
def test_the_next_state(name: str) -> None:
    one, observation, now, expected = ROWS[name]
    after = scaling.advance(one, observation, now)
    assert {member: getattr(after, member) for member in expected} == expected


@pytest.mark.parametrize("end", End)
def test_how_it_ended_never_changes(end: End) -> None:
    one = replace(DOWN, end=end)
    for observation in (Accepted(shown(2, 2)), NotWritten(DENIED), NotSeen(UNREACHABLE), Seen(shown(2, 2)), Seen(None)):
        assert scaling.advance(one, observation, 1e6) is one
    assert scaling.recall(one) is one


def test_what_is_postponed_is_looked_at_again_and_loses_no_time() -> None:
    ready = scaling.advance(DOWN, Seen(shown(4, 4)), 3.0)
    later = scaling.postpone(ready, 50.0)
    assert (later.phase, later.not_before, later.deadline) == (Phase.CHECK, 51.0, 50.0 + BUDGET)


# --- what is told ---

LIMITING = Limiting(
    step=RegisterScalableTarget(target=TARGET, limits=Limits(0, 4), why="as before"), began=0.0, budget=BUDGET
)
THROTTLED_ONCE = scaling.limit(LIMITING, THROTTLED, 3.0)
HOLDING = Holding(step=Hold(target=TARGET, seconds=60), until=60.0)
BLIND = scaling.advance(DOWN, NotSeen(UNREACHABLE), 3.0)


def test_attempts_at_limits_are_repeated_until_the_budget_ends() -> None:
    assert (THROTTLED_ONCE.end, THROTTLED_ONCE.not_before) == (None, 4.0)
    assert scaling.limit(THROTTLED_ONCE, THROTTLED, 4.0).not_before == 6.0
    assert scaling.limit(THROTTLED_ONCE, THROTTLED, BUDGET).end is End.FAILED
    assert scaling.limit(THROTTLED_ONCE, None, 4.0).end is End.DONE


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (HOLDING, replace(HOLDING, end=End.DONE), []),
        (LIMITING, replace(LIMITING, end=End.RECALLED), []),
        (LIMITING, scaling.limit(LIMITING, None, 3.0), ["autoscaling 0 to 4: as before"]),
        (LIMITING, THROTTLED_ONCE, [f"its autoscaling can't be changed: {THROTTLED}; trying again"]),
        (THROTTLED_ONCE, replace(THROTTLED_ONCE, end=End.RECALLED), []),
        (LIMITING, scaling.limit(LIMITING, DENIED, 3.0), [f"its autoscaling can't be changed: {DENIED}"]),
        (replace(DOWN, service=shown(4, 4)), scaling.advance(DOWN, Accepted(shown(2, 4)), 3.0),
         ["scaling it from 4 to 2 tasks"]),
        (DOWN, scaling.advance(DOWN, Accepted(shown(2, 2)), 3.0), ["scaling it to 2 tasks", "runs 2 tasks"]),
        (DOWN, scaling.advance(DOWN, NotWritten(TIMED_OUT), 3.0), [f"{TIMED_OUT}; looking before trying again"]),
        (DOWN, scaling.advance(DOWN, NotWritten(THROTTLED), 3.0), []),
        (DOWN, BLIND, [f"can't see it: {UNREACHABLE}; going on looking"]),
        (BLIND, scaling.advance(BLIND, NotSeen(UNREACHABLE), 5.0), []),
        (DOWN, scaling.advance(DOWN, NotWritten(DENIED), 3.0), [f"scaling it to 2 tasks failed: AWS refused {DENIED}"]),
        (DOWN, scaling.recall(DOWN), []),
    ],
)  # fmt: skip
def test_what_is_told(before: scaling.Counting, after: scaling.Counting, said: list[str]) -> None:
    assert [text for _, text in scaling.news(before, after)] == said


def test_what_is_said_while_nothing_changes() -> None:
    assert scaling.waiting(DOWN) == "still waiting for it to run 2 tasks: it runs an unknown number"
    assert scaling.waiting(replace(FALLING, service=shown(2, 3))) == "still waiting for it to run 2 tasks: it runs 3"
    assert scaling.waiting(FULL) == "runs 4 tasks; still waiting for ECS to call it steady"
