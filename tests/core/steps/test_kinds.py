"""The smaller kinds of step under way: limits, holds, registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls import ecs as calls
from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.steps.hold import Hold
from drone_deploy_ecs.core.steps.limit import Limiting, RegisterScalableTarget
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition, Registration
from drone_deploy_ecs.core.steps.step import Reach, State
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import BEFORE, BUDGET, CONTEXT, DENIED, NEW, TARGET, THROTTLED, TIMED_OUT

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.step import Execution

LIMITING = RegisterScalableTarget(target=TARGET, limits=Limits(0, 4), why="as before").begin(CONTEXT)
THROTTLED_ONCE = LIMITING.advance(THROTTLED, 3.0)
HOLDING = Hold(target=TARGET, seconds=60).begin(CONTEXT)
REGISTERING = RegisterTaskDefinition(
    name="web#1", region="eu-west-1", family="web", body={"family": "web"}, serves=("web",), source=BEFORE, what="a change"
).begin(CONTEXT)  # fmt: skip


def test_attempts_at_limits_are_repeated_until_the_budget_ends() -> None:
    assert (THROTTLED_ONCE.verdict, THROTTLED_ONCE.due(3.0, 0.5)) == (None, 4.0)
    assert THROTTLED_ONCE.advance(THROTTLED, 4.0).due(4.0, 0.5) == 6.0
    assert THROTTLED_ONCE.advance(THROTTLED, BUDGET).verdict is Verdict.FAILED
    assert THROTTLED_ONCE.advance(None, 4.0).verdict is Verdict.COMPLETED


def test_limits_that_aws_refuses_at_once_were_not_changed() -> None:
    refused = LIMITING.advance(DENIED, 3.0)
    assert (refused.verdict, refused.has_written) == (Verdict.REFUSED, False)
    assert refused.fails_target == f"its autoscaling couldn't be changed: AWS refused {DENIED}"
    assert refused.advance(None, 4.0) is refused


def test_only_required_limits_reach_the_run() -> None:
    assert LIMITING.step.reach is Reach.RUN
    assert replace(LIMITING.step, required=False).reach is Reach.NOTHING


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (LIMITING, LIMITING.abort(Verdict.WITHDRAWN, "another failed", 3.0), []),
        (LIMITING, LIMITING.advance(None, 3.0), ["autoscaling 0 to 4: as before"]),
        (LIMITING, THROTTLED_ONCE, [f"its autoscaling can't be changed: {THROTTLED}; trying again"]),
        (THROTTLED_ONCE, THROTTLED_ONCE.abort(Verdict.WITHDRAWN, "another failed", 3.0), []),
        (LIMITING, LIMITING.advance(DENIED, 3.0), [f"its autoscaling can't be changed: {DENIED}"]),
    ],
)
def test_what_is_told_of_limits(before: Limiting, after: Limiting, texts: list[str]) -> None:
    assert [text for _, text in after.news(before)] == texts


def test_limits_say_that_they_are_still_being_tried() -> None:
    assert LIMITING.heartbeat(40.0) == "still trying to change its autoscaling after 40 s"


def test_a_hold_asks_nothing_and_is_over_when_its_time_is() -> None:
    assert HOLDING.call is None
    assert (HOLDING.due(0.0, 0.5), HOLDING.stands_until, HOLDING.heartbeat(0.0)) == (60.0, 60.0, "")
    over = HOLDING.advance(None, 60.0)
    assert (over.verdict, over.state, over.advance(None, 61.0)) == (Verdict.COMPLETED, State.ENDED, over)
    assert list(over.news(HOLDING)) == []


def test_what_only_lets_time_pass_has_nothing_else_to_tell() -> None:
    execution: Execution = HOLDING
    assert (execution.output, execution.service, execution.failure, execution.tally) == ("", None, None, None)
    assert not (execution.reads_on)
    assert not (execution.has_written)
    assert not (execution.needs_replan)
    assert not (execution.fails_target)
    assert execution.start(1.0) is execution
    assert execution.explained(()) is execution


def test_a_registration_is_counted_once_it_is_registered() -> None:
    assert REGISTERING.tally == ""
    registered = REGISTERING.advance(NEW, 1.0)
    assert (registered.output, registered.tally) == (NEW, "revisions registered")
    assert registered.advance(DENIED, 2.0) is registered


def test_what_registers_says_so_while_nothing_changes() -> None:
    assert REGISTERING.heartbeat(40.0) == "still registering task definitions"


def test_after_an_unconfirmed_registration_the_newest_revision_is_looked_at() -> None:
    looking: Registration = REGISTERING.advance(TIMED_OUT, 1.0)
    assert looking.call == calls.DescribeTaskDefinition(region="eu-west-1", name="web")
    assert looking.has_written
