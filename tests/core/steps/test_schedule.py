"""A rule or schedule that is moved: read, written, read again; and a revision that is deregistered."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import FailedEntry
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.schedule import Scheduled, ScheduleName
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.steps.attempts import SETTLE
from drone_deploy_ecs.core.steps.deregister import DeregisterTaskDefinition
from drone_deploy_ecs.core.steps.schedule.move import Move, MoveSchedule
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.verdict import EndState, Verdict
from tests.core.shown import BEFORE, BUDGET, CONTEXT, DENIED, FOREIGN, NEW, NOON, THROTTLED, TIMED_OUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.steps.schedule.moving import Moving

FAMILY = BEFORE.rpartition(":")[0]
RULE, SCHEDULE = ScheduleName("orders", "nightly"), ScheduleName("jobs", "hourly", is_rule=False)
GONE = Fault(FaultKind.REJECTED, "GetSchedule", "ResourceNotFoundException", "no such schedule")
INVALID = Fault(FaultKind.REJECTED, "UpdateSchedule", "ValidationException", "no")

CONFLICT = replace(INVALID, code="ConflictException")


def shown(*definitions: str) -> Scheduled:
    """A schedule that runs this; of several, a rule with so many targets; of none, one that starts no task."""
    parts = [
        {"EcsParameters": {"TaskDefinitionArn": each}, "Id": f"{number}"} for number, each in enumerate(definitions)
    ]
    return Scheduled({"Targets": parts} if len(parts) > 1 else {"Target": parts[0] if parts else {"Arn": "queue"}})


def moving(since: str = BEFORE, to: str = NEW, **more: Any) -> Moving:
    step = MoveSchedule(region="eu-west-1", name=SCHEDULE, moves=(Move(target="", since=since, to=to),))
    return replace(step, **more).begin(CONTEXT)


def after(execution: Moving, *answers: object, every: float = 1.0) -> Moving:
    """After these answers, one a second."""
    now = execution.began
    for answer in answers:
        now = max(now + every, execution.due(now, 0.5))
        execution = execution.advance(answer, now)
    return execution


def schedule(definition: str) -> Scheduled:
    return Scheduled({"Target": {"EcsParameters": {"TaskDefinitionArn": definition}}})


OLD_ONE, NEW_ONE = schedule(BEFORE), schedule(NEW)


@pytest.mark.parametrize(
    ("answers", "verdict", "reason"),
    [
        ([OLD_ONE, "arn", NEW_ONE], Verdict.COMPLETED, ""),
        ([NEW_ONE], Verdict.COMPLETED, ""),
        ([THROTTLED, OLD_ONE, THROTTLED, OLD_ONE, "arn", NEW_ONE], Verdict.COMPLETED, ""),
        ([OLD_ONE, TIMED_OUT, NEW_ONE], Verdict.COMPLETED, ""),
        ([OLD_ONE, "arn", OLD_ONE, None, NEW_ONE], Verdict.COMPLETED, ""),
        ([schedule(FOREIGN)], Verdict.SUPERSEDED, "somebody pointed it at web:9"),
        ([OLD_ONE, "arn", schedule(FOREIGN)], Verdict.SUPERSEDED, "somebody pointed it at web:9"),
        ([shown()], Verdict.SUPERSEDED, "somebody took its target away"),
        ([GONE], Verdict.SUPERSEDED, "somebody deleted it"),
        ([DENIED], Verdict.FAILED, f"it can't be read: {DENIED}"),
        ([OLD_ONE, INVALID], Verdict.FAILED, f"AWS refused {INVALID}"),
        ([OLD_ONE, CONFLICT, OLD_ONE, "arn", NEW_ONE], Verdict.COMPLETED, ""),
        ([THROTTLED] * 20, Verdict.FAILED, f"it couldn't be read for 1 m 46 s: {THROTTLED}"),
        ([None] * 20, Verdict.FAILED, "it couldn't be read for 1 m 46 s"),
    ],
)  # fmt: skip
def test_what_becomes_of_it(answers: Sequence[object], verdict: Verdict, reason: str) -> None:
    execution = after(moving(), *answers)
    assert (execution.verdict, execution.reason) == (verdict, reason)
    assert execution.advance(OLD_ONE, 1e6) is execution


def test_it_is_read_right_before_it_is_written_and_only_that_is_changed() -> None:
    execution = after(moving(), Scheduled({"Name": "hourly", "Strange": 1, **OLD_ONE.body}))
    assert execution.call.writes
    assert execution.call.members() == {"Name": "hourly", "GroupName": "jobs", "Strange": 1, **NEW_ONE.body}
    assert not after(execution, "arn").call.writes


def test_a_write_whose_answer_is_lost_is_looked_for_until_it_would_have_shown() -> None:
    execution = after(moving(), OLD_ONE, TIMED_OUT)
    assert execution.has_written
    waiting = execution.advance(OLD_ONE, 5.0)
    assert not waiting.call.writes
    assert waiting.advance(OLD_ONE, 5.0 + SETTLE).call.writes


def test_what_still_runs_the_old_one_when_the_budget_ends_has_failed() -> None:
    execution = moving().advance(OLD_ONE, BUDGET)
    assert (execution.verdict, execution.reason) == (Verdict.FAILED, "it still runs web:1 after 1 m 40 s")


# --- on the way back ---

BACK = moving(NEW, BEFORE, is_back=True)


def test_what_was_written_is_put_back_even_where_a_look_shows_that_already() -> None:
    """The look may be older than our own write."""
    execution = after(replace(BACK.step, always_write=True).begin(CONTEXT), OLD_ONE)
    assert execution.call.writes
    assert after(execution, "arn", OLD_ONE).verdict is Verdict.COMPLETED
    assert after(replace(BACK.step, always_write=True).begin(CONTEXT), schedule(FOREIGN)).verdict is Verdict.SUPERSEDED


def test_what_may_have_been_written_is_looked_at_until_that_would_have_shown() -> None:
    early = after(BACK, OLD_ONE)
    assert (early.verdict, early.call.writes) == (None, False)
    assert early.advance(OLD_ONE, SETTLE).verdict is Verdict.COMPLETED
    assert early.advance(NEW_ONE, 3.0).call.writes


# --- a rule with several targets ---

BOTH = MoveSchedule(
    region="eu-west-1", name=RULE, moves=(Move(target="0", since=BEFORE, to=NEW), Move(target="1", since=BEFORE, to=NEW))
)  # fmt: skip


def test_only_the_targets_that_differ_are_written() -> None:
    execution = after(BOTH.begin(CONTEXT), shown(NEW, BEFORE, FOREIGN))
    assert execution.call.members() == {
        "Rule": "nightly",
        "EventBusName": "orders",
        "Targets": [{"EcsParameters": {"TaskDefinitionArn": NEW}, "Id": "1"}],
    }
    assert after(execution, (), shown(NEW, NEW, FOREIGN)).verdict is Verdict.COMPLETED


@pytest.mark.parametrize(
    ("entries", "verdict", "reason", "has_written"),
    [
        ([FailedEntry("1", "InternalException", "try again")], None, "", True),
        ([FailedEntry("1", "InternalException", "try again")] * 2, None, "", False),
        ([FailedEntry("1", "Strange", "no.")], Verdict.FAILED, "PutTargets: Strange: 1 of 2 targets failed: no", True),
        ([FailedEntry("", "", "")] * 2, Verdict.FAILED, "PutTargets: 2 of 2 targets failed: AWS says no more", False),
    ],
)
def test_targets_that_failed_in_an_answer_that_looks_good(
    entries: Sequence[FailedEntry], verdict: Verdict | None, reason: str, *, has_written: bool
) -> None:
    execution = after(BOTH.begin(CONTEXT), shown(BEFORE, BEFORE), tuple(entries))
    assert (execution.verdict, execution.reason, execution.has_written) == (verdict, reason, has_written)


def test_what_aws_quotes_of_an_input_is_not_shown() -> None:
    text = '{"containerOverrides": [{"environment": [{"name": "TOKEN", "value": "s3cr3t-s3cr3t"}]}]}'
    for given in (text, "s3cr3t-s3cr3t", None):
        found = Scheduled({"Targets": [{"Id": "0", "EcsParameters": {"TaskDefinitionArn": BEFORE}, "Input": given}]})
        execution = replace(BOTH, moves=BOTH.moves[:1]).begin(CONTEXT)
        said = "JSON syntax error in input: s3cr3t-s3cr3t"
        refused = after(execution, found, replace(INVALID, message=said))
        failed = after(execution, found, (FailedEntry("0", "Strange", said),))
        for each in (refused, failed):
            assert ("s3cr3t" in each.reason) is (given is None)


# --- a family without a revision ---


def test_a_family_alone_is_written_only_where_its_newest_is_another() -> None:
    execution = moving(since=FAMILY)
    assert execution.call.members() == {"taskDefinition": "web", "include": ["TAGS"]}
    newest = after(execution, Definition(NEW, active=True, body={}))
    assert after(newest, schedule(FAMILY)).verdict is Verdict.COMPLETED
    assert after(newest, OLD_ONE).verdict is Verdict.SUPERSEDED
    older = after(execution, Definition(FOREIGN, active=True, body={}), schedule(FAMILY))
    assert older.call.members()["Target"] == NEW_ONE.body["Target"]


def test_back_to_a_family_alone_its_newest_is_not_asked_for() -> None:
    execution = after(moving(since=NEW, to=FAMILY, is_back=True), NEW_ONE, "arn", schedule(FAMILY))
    assert execution.verdict is Verdict.COMPLETED


def test_what_nobody_registered_is_never_written() -> None:
    execution = moving(moves=(Move(target="", since=BEFORE, registration="web#1"),))
    assert execution.step.needs == ("web#1",)
    assert execution.advance(OLD_ONE, 1.0).reason == "the revision that it was to run isn't known"


# --- what is told ---

WRITTEN = after(moving(), OLD_ONE, "arn")
EARLY = moving(moves=(Move(target="", since=FAMILY, to=NEW, registration="web#1"),))


@pytest.mark.parametrize(
    ("execution", "end_state", "ended"),
    [
        (after(WRITTEN, NEW_ONE), EndState.NEW, "runs web:2"),
        (after(moving(), NEW_ONE), EndState.NEW, "runs web:2 already"),
        (after(moving(NEW, BEFORE, is_back=True), NEW_ONE, "arn", OLD_ONE), EndState.AS_BEFORE, "runs web:1 again"),
        (after(moving(NEW, BEFORE, is_back=True), DENIED), EndState.NOT_AS_BEFORE, f"it can't be read: {DENIED}"),
        (after(moving(), GONE), EndState.SOMEBODY_ELSES, "somebody deleted it"),
        (after(moving(), DENIED), EndState.UNTOUCHED, f"it can't be read: {DENIED}"),
        (after(WRITTEN, DENIED), EndState.NOT_AS_BEFORE, f"it can't be read: {DENIED}"),
        (WRITTEN.abort(Verdict.WITHDRAWN, "", 3.0), EndState.NOT_AS_BEFORE, "it was pointed at web:2"),
        (WRITTEN.abort(Verdict.CANCELLED, "", 3.0), EndState.LEFT, "it was pointed at web:2"),
        (WRITTEN.abort(Verdict.UNKNOWN, "", 3.0), EndState.UNSEEN, "it was pointed at web:2"),
        (moving().abort(Verdict.WITHDRAWN, "", 3.0), EndState.UNTOUCHED, "it wasn't moved"),
        (EARLY.abort(Verdict.WITHDRAWN, "", 3.0), EndState.UNTOUCHED, "it starts web:2, its family's newest"),
        (WRITTEN, EndState.NOT_AS_BEFORE, "it was pointed at web:2"),
    ],
)
def test_how_it_stands_if_nothing_puts_it_back(execution: Moving, end_state: EndState, ended: str) -> None:
    (result,) = execution.results(10.0, NOON)
    assert (result.kind, result.name, result.end_state, result.ended) == ("schedules", "jobs/hourly", end_state, ended)
    began_by_itself = execution.ended is not None
    assert result.began_at == (NOON - timedelta(seconds=10) if began_by_itself else None)
    assert (result.ended_at is not None) is began_by_itself


@pytest.mark.parametrize(
    ("before", "after_it", "texts"),
    [
        (WRITTEN, after(WRITTEN, NEW_ONE), ["schedule jobs/hourly runs web:2"]),
        (moving(), after(moving(), DENIED), [f"schedule jobs/hourly couldn't be pointed at web:2: it can't be read: {DENIED}"]),
        (moving(), after(moving(), GONE), ["schedule jobs/hourly is left alone: somebody deleted it"]),
        (moving(), after(moving(), THROTTLED), [f"schedule jobs/hourly: {THROTTLED}; looking before trying again"]),
        (moving(), moving().abort(Verdict.WITHDRAWN, "", 1.0), []),
    ],
)  # fmt: skip
def test_what_is_said(before: Moving, after_it: Moving, texts: list[str]) -> None:
    assert [text for _, text in after_it.news(before)] == texts
    assert before.heartbeat(5.0) == "still pointing schedule jobs/hourly at web:2 after 5 s"


def test_what_the_plan_says() -> None:
    assert str(BOTH) == "PutTargets: rule orders/nightly from web:1 to web:2"
    assert list(BOTH.explain()) == ["Undo: PutTargets back to web:1, if it is ours still"]
    there = replace(moving(NEW, NEW).step, is_alone=False)
    assert str(there) == "GetSchedule: schedule jobs/hourly in eu-west-1 runs web:2 already, so make sure of that"
    assert there.shown == "eu-west-1/jobs/hourly"
    first, undo = EARLY.step.explain()
    assert first.startswith(
        "It names the family web alone, so it runs the newest revision as soon as that is registered; "
    )
    assert (
        undo
        == "Undo: DeregisterTaskDefinition of what was registered, and UpdateSchedule back to web, if it is ours still"
    )


def test_on_the_way_back_the_others_return_all_the_same() -> None:
    assert (BOTH.reach, replace(BOTH, is_back=True).reach) == (Reach.RUN, Reach.NOTHING)


# --- a revision that is deregistered ---

GOING = DeregisterTaskDefinition(region="eu-west-1", definition=NEW, runs=("nightly", "jobs/hourly")).begin(CONTEXT)


def test_deregistering_is_repeated_until_it_is_sure() -> None:
    again = GOING.advance(TIMED_OUT, 1.0)
    assert (again.verdict, again.has_written, again.output, again.due(1.0, 0.5)) == (None, True, "", 2.0)
    done = again.advance(NEW, 2.0)
    assert (done.verdict, done.output, done.has_written) == (Verdict.COMPLETED, NEW, True)
    assert done.advance(None, 3.0) is done
    assert GOING.advance(THROTTLED, BUDGET).verdict is Verdict.FAILED
    assert GOING.heartbeat(1.0) == "still deregistering web:2"


def test_what_is_told_of_deregistering() -> None:
    done, denied, again = GOING.advance(NEW, 1.0), GOING.advance(DENIED, 1.0), GOING.advance(THROTTLED, 1.0)
    why = "which nightly and jobs/hourly would start as its family's newest"
    assert str(GOING.step) == f"DeregisterTaskDefinition: web:2, {why}"
    assert [text for _, text in done.news(GOING)] == [f"deregistered web:2, {why}"]
    assert [text for _, text in denied.news(GOING)] == [f"web:2 can't be deregistered: {DENIED}"]
    assert [text for _, text in again.news(GOING)] == [f"web:2 can't be deregistered: {THROTTLED}; trying again"]
    assert list(GOING.abort(Verdict.WITHDRAWN, "", 1.0).news(GOING)) == []
    starts = "it starts web:2, as its family's newest"
    assert [
        (result.name, result.end_state, result.ended) for each in (done, denied) for result in each.results(1.0, NOON)
    ] == [
        ("nightly", EndState.AS_BEFORE, "web:2 is deregistered"),
        ("jobs/hourly", EndState.AS_BEFORE, "web:2 is deregistered"),
        ("nightly", EndState.NOT_AS_BEFORE, f"{starts}: AWS refused {DENIED}"),
        ("jobs/hourly", EndState.NOT_AS_BEFORE, f"{starts}: AWS refused {DENIED}"),
    ]
