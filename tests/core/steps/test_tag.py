"""A revision that is used again is tagged: what may come of the call, and what is said."""

from __future__ import annotations

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.steps.step import Context
from drone_deploy_ecs.core.steps.tag import Tagging, TagRevision
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import NEW

STEP = TagRevision(region="eu-west-1", definition=NEW, build=7)
THROTTLED = Fault(FaultKind.THROTTLED, "TagResource", "ThrottlingException", "Rate exceeded")
LOST = Fault(FaultKind.AMBIGUOUS, "TagResource", "", "no answer")
DENIED = Fault(FaultKind.DENIED, "TagResource", "AccessDeniedException", "not authorized")


def begun() -> Tagging:
    return STEP.begin(Context(now=0.0, budget=60.0, seen_at=None, outputs={}))


def told(before: Tagging, after: Tagging) -> list[str]:
    return [text for _, text in after.news(before)]


def test_it_is_tagged() -> None:
    tagging = begun()
    assert not tagging.has_written
    assert tagging.advance(None, 1.0) is tagging
    done = tagging.advance(NEW, 1.0)
    assert (done.verdict, done.has_written, done.advance(DENIED, 2.0)) == (Verdict.COMPLETED, True, done)
    assert told(tagging, done) == ["tagged web:2 as of build 7"]
    assert told(done, done) == []
    assert tagging.heartbeat(1.0)


def test_it_is_tried_again_until_the_budget_ends() -> None:
    tagging = begun()
    throttled = tagging.advance(THROTTLED, 1.0)
    assert throttled.verdict is None
    assert throttled.due(1.0, 0.5) == 2.0
    assert told(tagging, throttled) == [str(THROTTLED)]
    lost = throttled.advance(LOST, 2.0)
    assert lost.has_written
    assert told(lost, lost) == []
    assert lost.advance(LOST, 60.0).verdict is Verdict.REFUSED


def test_where_it_is_denied_the_run_goes_on_and_says_so() -> None:
    tagging = begun()
    denied = tagging.advance(DENIED, 1.0)
    assert denied.verdict is Verdict.REFUSED
    assert told(tagging, denied) == [f"Warning: web:2 isn't tagged as of build 7: {DENIED}"]
