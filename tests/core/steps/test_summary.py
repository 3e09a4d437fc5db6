"""What is told of many services at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.progress import State
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from drone_deploy_ecs.core.steps.summary import listed, progress
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import BEFORE, CONTEXT, UNREACHABLE
from tests.core.steps.rollout.rollouts import following, forward, given, undo

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout


@pytest.mark.parametrize(
    ("rollout", "said"),
    [
        (forward(), "1 of 1 not begun"),
        (following(), "1 of 1 rolling out"),
        (given(following(), read_fault=UNREACHABLE), "1 of 1 out of sight"),
        (given(following(), completed_at=1.0), "1 of 1 completed"),
        (given(following(), verdict=Verdict.COMPLETED), "1 of 1 completed"),
        (given(following(), verdict=Verdict.WITHDRAWN), "1 of 1 withdrawn"),
        (given(following(), verdict=Verdict.FAILED), "0 of 1 completed; failed: web"),
        (undo(), "1 of 1 not begun"),
        (given(undo(), deployment="ecs-svc/3"), "1 of 1 on the way back"),
        (given(undo(), verdict=Verdict.COMPLETED), "1 of 1 back"),
    ],
)
def test_where_a_service_stands(rollout: Rollout, said: str) -> None:
    assert progress([rollout]) == said


def test_those_that_are_done_come_first_and_the_failed_are_named() -> None:
    failed = given(following(), verdict=Verdict.TIMED_OUT)
    done = given(following(), verdict=Verdict.COMPLETED)
    assert progress([forward(), following(), done, failed, done]) == (
        "2 of 5 completed, 1 rolling out, 1 not begun; failed: web"
    )


def test_revisions_are_counted_before_there_are_updates() -> None:
    step = RegisterTaskDefinition(
        name="web#1", region="eu-west-1", family="web", body={}, serves=("web",), source=BEFORE, what="a change"
    )
    begun = step.begin(CONTEXT)
    assert progress([begun.advance(BEFORE, 1.0), begun]) == "1 of 2 revisions registered"


def test_few_are_named_and_more_are_counted() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([*"abcde"]) == "a, b, c, d, e"
    assert listed([*"abcdefg"]) == "a, b, c, d, e and 2 more"


def test_only_an_end_is_an_end() -> None:
    assert [state for state in State if state.is_over] == [State.COMPLETE, State.FAILED]


def test_where_nothing_is_counted_there_is_nothing_to_say() -> None:
    assert progress([]) == ""
