"""At a PAUSE hook: what is said, which answer is given and when again, and what is called complete."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.service_deployments import ContinueServiceDeployment
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.progress import State
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.native.pauses import Answers
from drone_deploy_ecs.core.steps.observation import Observed
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.core.verdict import Judgement, Verdict
from tests.core.shown import BUDGET, NOON, OLD, OURS, active, primary, service
from tests.core.steps.native.shifts import PAUSE, RECORD, following, known, record, returning

SEEN = Observed(service=service(primary(), active()), seen_at=10.0)
STAGE = "POST_SCALE_UP"
UP = record(stage=STAGE)
WAITS = record(stage=STAGE, hooks=(PAUSE,))
ANSWER = ContinueServiceDeployment(region="eu-west-1", arn=RECORD, hook="ecs-pause-x")
COMMAND = (
    f"aws ecs continue-service-deployment --region eu-west-1 --service-deployment-arn {RECORD} --hook-id ecs-pause-x"
)
WAYS = (
    "To go on: `drone-deploy-ecs continue --aws-region eu-west-1 --cluster prod --service web --deployment "
    f"{OURS}`, or `{COMMAND} --action CONTINUE`. To go back: `drone-deploy-ecs rollback --aws-region eu-west-1 --cluster "
    f"prod --service web`, or `{COMMAND} --action ROLLBACK`"
)
DENIED = Fault(FaultKind.DENIED, "ContinueServiceDeployment", "AccessDeniedException", "no")
LOST = Fault(FaultKind.AMBIGUOUS, "ContinueServiceDeployment", "", "no answer")


def asked(on_pause: Any, found: Any = WAITS, **more: Any) -> Any:
    begun: Any = following(found, observed=SEEN, **more)
    return replace(begun, step=replace(begun.step, terms=Terms(budget=BUDGET, on_pause=on_pause)))


def due(**more: Any) -> Any:
    """Its answer is to be sent."""
    return asked("continue", answers=Answers(due="ecs-pause-x"), **more)


def said(before: Any, after: Any) -> list[str]:
    return [text for _, text in after.news(before)]


# --- waiting ---


def test_a_pause_is_told_once_with_both_ways_to_go_on() -> None:
    before, paused = asked("wait", UP), asked("wait")
    (line, *_) = said(before, paused)
    until = "until 05 Jan 13:00Z, then ROLLBACK"
    assert line == f"{STAGE}: waits for somebody's answer at PAUSE hook ecs-pause-x, {until}. {WAYS}"
    assert said(paused, paused) == []
    endless = asked("wait", record(stage=STAGE, hooks=(replace(PAUSE, expires_at=None),)))
    assert "hook ecs-pause-x. To go on" in said(before, endless)[0]
    assert "waiting for somebody's answer" in endless.heartbeat(10.0)


def test_where_it_waits() -> None:
    paused = asked("wait")
    assert (paused.pause.hook, paused.pause.stage, paused.tally) == ("ecs-pause-x", STAGE, "waiting for approval")
    assert paused.progress(10.0, NOON).state is State.PAUSED
    assert asked("wait", UP).pause is None
    assert asked("wait", UP).tally == "rolling out"
    assert asked("wait", record("ROLLBACK_IN_PROGRESS", stage=STAGE, hooks=(PAUSE,))).pause is None
    ecs_returns = Ours(deployment=OLD, since=NOON, is_ecs_rollback=True)
    assert asked("wait", ours=ecs_returns).pause is None
    assert asked("wait", ours=None).pause is None
    assert asked("wait", known=replace(known(WAITS), of=OLD)).pause is None


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "not yet serving"), (10.0, "with 10 % of production traffic, not yet over"), (None, "not yet over")],
)
def test_no_more_traffic_is_claimed_than_it_has(share: float | None, text: str) -> None:
    assert asked("wait", record(stage=STAGE, production=share, hooks=(PAUSE,))).pause.traffic == text


def test_on_the_way_back_it_is_said_loudly_and_the_budget_goes_on() -> None:
    ours = Ours(deployment=OURS, since=NOON, was_seen=True)
    waits = returning(WAITS, phase=Phase.FOLLOW, ours=ours, observed=SEEN)
    (line, *_) = said(replace(waits, known=known(UP)), waits)
    assert "THE WAY BACK WAITS for somebody's answer at PAUSE hook ecs-pause-x" in line
    assert f"the budget ends in {span(BUDGET)}. To bring the way back to its end: `drone-deploy-ecs continue" in line
    assert "To go back" not in line
    held_up = known(WAITS, read_at=10.0)
    assert held_up.after(WAITS, 30.0).uncounted == 20.0
    assert held_up.after(WAITS, 30.0, counts_pauses=True).uncounted == 0.0


# --- answering ---


def test_it_is_answered() -> None:
    paused = due()
    assert (paused.call, paused.due(10.0, 0.5)) == (ANSWER, 10.0)
    after = paused.advance(RECORD, 10.0)
    assert after.answers == Answers(given=frozenset({"ecs-pause-x"}), given_at=10.0, attempts=after.answers.attempts)
    assert after.due(10.0, 0.5) == 12.0
    assert said(paused, after) == ["answered PAUSE hook ecs-pause-x with CONTINUE, as on_pause says"]
    assert paused.advance(None, 10.0) == paused


def test_a_lost_answer_is_repeated_after_a_look() -> None:
    paused = due()
    after = paused.advance(LOST, 10.0)
    assert (after.answers.due, after.due(10.0, 0.5)) == ("", 11.0)
    assert said(paused, after) == [f"{LOST}; looking before trying again"]
    assert after.answers.after_look((PAUSE,), 10.5).due == ""
    assert after.answers.after_look((PAUSE,), 11.0).due == "ecs-pause-x"
    assert after.answers.after_look((), 11.0).due == ""


def test_what_is_denied_is_left_to_somebody() -> None:
    paused = due()
    after = paused.advance(DENIED, 10.0)
    trouble, waits = after.news(paused)
    assert trouble == (Kind.TROUBLE, f"{DENIED}; waiting for somebody's answer")
    assert waits[1].endswith(WAYS)
    assert after.answers.after_look((PAUSE,), 99.0).due == ""
    assert not said(after, after)


def test_what_was_answered_just_now_may_still_be_shown_waiting() -> None:
    answered = Answers(given=frozenset({"ecs-pause-x"}), given_at=10.0)
    other = replace(PAUSE, id="ecs-pause-y")
    assert answered.after_look((PAUSE,), 29.0).due == ""
    assert answered.after_look((PAUSE, other), 29.0).due == "ecs-pause-y"
    assert answered.after_look((PAUSE,), 30.0).due == "ecs-pause-x"


def test_nothing_is_answered_once_there_is_a_verdict_or_the_pause_is_over() -> None:
    assert due().abort(Verdict.WITHDRAWN, "another failed", 10.0).call != ANSWER
    assert due(found=UP).call != ANSWER
    assert due(found=None).call != ANSWER
    assert due(recalled=Judgement(Verdict.WITHDRAWN, "")).call != ANSWER


# --- left ---


def test_it_is_left() -> None:
    complete = asked("leave", completion=Completion(completed_at=10.0, reason="it waits"))
    left = complete.settle(11.0)
    assert (left.verdict, left.reason, left.causes) == (Verdict.PAUSED, "it waits", ())
    assert said(complete, left) == []
    assert left.tally == "waiting for approval"
    before = asked("leave", UP)
    assert said(before, complete)[0].endswith("ecs-pause-x (POST_SCALE_UP), and is left there, as on_pause says")
    gone_on = asked("leave", UP)
    assert said(complete, gone_on)[-1] == "it was answered: going on"
    assert asked("wait", completion=Completion(completed_at=10.0)).settle(11.0).verdict is Verdict.COMPLETED


# --- why it ended ---


@pytest.mark.parametrize(
    ("status", "names"), [("TIMED_OUT", ["pause-timed-out"]), ("FAILED", ["pause-rejected"]), ("SUCCEEDED", [])]
)
def test_what_its_hooks_came_to_is_a_cause_whatever_the_words(status: str, names: list[str]) -> None:
    hooks = (replace(PAUSE, status=status),)
    taken = following(record("ROLLBACK_IN_PROGRESS", STAGE, hooks=hooks, status_reason="in other words"), observed=SEEN)
    assert [cause.name for cause in taken.reasons(0.0)] == names
