"""A look at a service: one call, or several where its stopped tasks are read, too, and folded once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Page
from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks, ListTasks, UpdateService
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.steps.observation import PAST
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import NEW, OTHER, UNREACHABLE, active, primary, service, stopped
from tests.core.steps.rollout.rollouts import fact, following, forward, given, undo

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

ROLLING = service(primary(), active())
ONE_DIED = service(primary(failed_tasks=1, running=1), active())
DESCRIBE = DescribeServices(region="eu-west-1", cluster="prod", services=("web",))
LIST = ListTasks(region="eu-west-1", cluster="prod", name="web", status="STOPPED")
TASK, ANOTHER = stopped("a/t1"), stopped("a/t2")
LISTED = Page(("a/t1", "a/t2"), "")


def test_the_first_thing_is_the_write_unless_the_service_is_to_be_looked_at() -> None:
    write = UpdateService(region="eu-west-1", cluster="prod", name="web", definition=NEW)
    assert forward().call == write
    assert given(forward(), desired=3, force=True).call == replace(write, desired=3, force=True)
    assert given(forward(), verdict=Verdict.FAILED).call == DESCRIBE
    assert undo().call == following().call == following().glance == DESCRIBE


def test_a_look_that_learns_nothing_from_tasks_is_one_call() -> None:
    whole = following().advance((service(name="other"), ROLLING), 3.0)
    assert (whole.reads_on, whole.call, whole.service) == (True, None, None), "it is judged with others of that moment"
    seen = whole.advance(None, 4.0)
    assert (seen.service, seen.seen_at, seen.reads_on) == (ROLLING, 3.0, False)
    assert following().advance((), 3.0).advance(None, 3.0).service is None


def test_a_look_that_reads_tasks_asks_for_them_at_once_and_is_folded_when_it_is_whole() -> None:
    reading = following().advance((ONE_DIED,), 3.0)
    assert (reading.reads_on, reading.call, reading.due(3.0, 0.5)) == (True, LIST, 0.0)
    assert replace(reading, reading=None) == following(), "nothing is judged yet"
    assert list(reading.news(following())) == []
    listed = reading.advance(LISTED, 4.0)
    assert listed.call == DescribeTasks(region="eu-west-1", cluster="prod", tasks=("a/t1", "a/t2"))
    whole = listed.advance((TASK, ANOTHER), 5.0)
    assert (whole.reads_on, whole.call) == (True, None)
    seen = whole.advance(None, 6.0)
    assert not seen.reads_on
    assert (seen.service, seen.seen_at, seen.tasks.read_at) == (ONE_DIED, 3.0, 6.0)
    assert (seen.tasks.stopped, seen.tasks.read) == ((TASK, ANOTHER), frozenset(LISTED.arns))


def described(rollout: Rollout) -> list[str]:
    """The tasks that it asks for next."""
    assert isinstance(rollout.call, DescribeTasks)
    return list(rollout.call.tasks)


def test_a_listing_is_read_to_its_last_page() -> None:
    reading = following().advance((ONE_DIED,), 3.0).advance(Page(("a/t1",), "more"), 4.0)
    assert reading.call == replace(LIST, token="more")
    assert described(reading.advance(Page(("a/t2",), ""), 4.0)) == ["a/t1", "a/t2"]


def test_a_listing_that_repeats_its_token_has_come_to_its_end() -> None:
    reading = following().advance((ONE_DIED,), 3.0).advance(Page(("a/t1",), "more"), 4.0)
    assert described(reading.advance(Page(("a/t2",), "more"), 4.0)) == ["a/t1", "a/t2"]


def test_a_hundred_tasks_are_described_at_a_time() -> None:
    arns = tuple(f"a/t{number}" for number in range(150))
    listed = following().advance((ONE_DIED,), 3.0).advance(Page(arns, ""), 4.0)
    assert described(listed) == list(arns[:100])
    rest = listed.advance(tuple(map(stopped, arns[:100])), 5.0)
    assert described(rest) == list(arns[100:])
    assert len(rest.advance(tuple(map(stopped, arns[100:])), 6.0).advance(None, 6.0).tasks.stopped) == 150


def test_no_task_is_described_twice() -> None:
    known = given(following(), read=frozenset({"a/t1"}))
    assert described(known.advance((ONE_DIED,), 3.0).advance(LISTED, 4.0)) == ["a/t2"]
    knows_all = given(following(), read=frozenset(LISTED.arns)).advance((ONE_DIED,), 3.0).advance(LISTED, 4.0)
    knows_all = knows_all.advance(None, 4.0)
    assert (knows_all.reads_on, knows_all.tasks.read_at) == (False, 4.0), "reading none of them is reading all"


def test_a_task_of_ours_that_is_only_about_to_stop_is_read_again() -> None:
    stopping = replace(TASK, status="DEPROVISIONING")
    theirs = replace(ANOTHER, started_by=OTHER, status="DEPROVISIONING")
    seen = (
        following().advance((ONE_DIED,), 3.0).advance(LISTED, 4.0).advance((stopping, theirs), 5.0).advance(None, 5.0)
    )
    assert (seen.tasks.stopped, seen.tasks.read, seen.tasks.read_at) == ((), frozenset({"a/t2"}), 5.0)


@pytest.mark.parametrize("calls", [1, 2])
@pytest.mark.parametrize("kind", [FaultKind.DENIED, FaultKind.THROTTLED])
def test_a_look_whose_tasks_cannot_be_read_goes_without(calls: int, kind: FaultKind) -> None:
    reading = following().advance((ONE_DIED,), 3.0)
    if calls == 2:
        reading = reading.advance(LISTED, 4.0)
    seen = reading.advance(Fault(kind, "", "", "no"), 5.0).advance(None, 5.0)
    permission = "ecs:ListTasks" if calls == 1 else "ecs:DescribeTasks"
    assert seen.tasks.denied == (frozenset({permission}) if kind is FaultKind.DENIED else frozenset())
    assert (seen.service, seen.seen_at, seen.reads_on, seen.tasks.read_at) == (ONE_DIED, 3.0, False, 0.0)
    assert seen.observed.read_fault is None, "the service was read"
    text = f"{permission} isn't allowed: stopped tasks and their reasons can't be shown"
    assert [news for _, news in seen.news(reading) if "allowed" in news] == [text] * (kind is FaultKind.DENIED)


def test_a_look_that_shows_the_past_tells_nothing_whatever_its_tasks_do() -> None:
    known = given(following(), service=service(primary(), said=[(9.0, "x")]))
    seen = known.advance((ONE_DIED,), 3.0).advance(LISTED, 4.0).advance((TASK, ANOTHER), 5.0).advance(None, 5.0)
    assert (seen.observed.read_fault, seen.tasks, seen.service) == (PAST, known.tasks, known.service)


def test_a_glance_reads_no_tasks_and_takes_the_place_of_a_look_under_way() -> None:
    reading = following().advance((ONE_DIED,), 3.0)
    seen = reading.glanced((ONE_DIED,), 4.0)
    assert (seen.reads_on, seen.seen_at, seen.tasks.read_at, seen.call) == (False, 4.0, 0.0, DESCRIBE)
    assert reading.glanced(UNREACHABLE, 4.0).observed.read_fault is UNREACHABLE


def test_a_verdict_by_somebody_else_ends_a_look_under_way() -> None:
    reading = following().advance((ONE_DIED,), 3.0)
    assert not reading.abort(Verdict.CANCELLED, "signal 15", 4.0).reads_on
    assert fact(reading.abort(Verdict.FAILED, "why", 4.0), "explained") is False
    recalled = given(reading, ours=None, fault=PAST, unconfirmed=PAST).abort(Verdict.CANCELLED, "signal 15", 4.0)
    assert recalled.reads_on, "that it is recalled is no verdict yet"


@pytest.mark.parametrize(
    "answer",
    [None, "text", ROLLING, LISTED, (TASK,), (ROLLING, TASK)],
    ids=["none", "text", "service", "page", "tasks", "mixed"],
)
def test_what_no_look_is_answered_with_tells_nothing(answer: object) -> None:
    rollout = following()
    assert rollout.advance(answer, 3.0) == rollout
    assert rollout.glanced(answer, 3.0) == rollout


@pytest.mark.parametrize("answer", [None, ROLLING, (ROLLING,)])
def test_what_no_listing_is_answered_with_tells_nothing(answer: object) -> None:
    reading = following().advance((ONE_DIED,), 3.0)
    assert reading.advance(answer, 4.0) == reading
    listed = reading.advance(LISTED, 4.0)
    assert listed.advance(answer, 5.0) == listed
    assert listed.advance(LISTED, 5.0) == listed, "a page is no answer to DescribeTasks"


@pytest.mark.parametrize("answer", [None, (), (ROLLING,), LISTED])
def test_what_no_write_is_answered_with_tells_nothing(answer: object) -> None:
    assert forward().advance(answer, 3.0) == forward()
