"""A one-off task under way: tables of what AWS may answer, and what it then does and says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import LogPage, Page
from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks, ListTasks
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.calls.tasks import RunTask, Started, StopTask
from drone_deploy_ecs.core.causes.evidence import LogPlace
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.launch import Launch
from drone_deploy_ecs.core.ecs.task import Container, Task
from drone_deploy_ecs.core.ecs.taskdef import Defined
from drone_deploy_ecs.core.steps.task import run, stop
from drone_deploy_ecs.core.steps.task.log import MOST, PAGES, Log
from drone_deploy_ecs.core.verdict import EndState, Verdict
from tests.core.shown import CONTEXT, NEW, NOON, at, service, stopped

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.task.running import Running

ARN = "arn:aws:ecs:eu-west-1:1:task/prod/0f"
PLACE = LogPlace("eu-west-1", "/ecs/web", "ecs/app/")
STEP = run.RunTask(
    word="before", like="web", region="eu-west-1", cluster="prod", container="app", command=("./migrate", "up"), timeout=60.0,
    definition=NEW,
)  # fmt: skip
CONTEXT_OF_42 = replace(CONTEXT, attempt="build 42")
DENIED = Fault(FaultKind.DENIED, "RunTask", "AccessDeniedException", "not authorized to perform: ecs:RunTask")
NO_TAGS = replace(DENIED, message="not authorized to perform: ecs:TagResource")
REJECTED = Fault(FaultKind.REJECTED, "RunTask", "ClientException", "TaskDefinition is inactive")
FULL = replace(REJECTED, message="Capacity is unavailable at this time")
LOST = Fault(FaultKind.AMBIGUOUS, "RunTask", "", "no answer")


def task(status: str = "RUNNING", exit_code: int | None = None, **more: Any) -> Task:
    """The task, whose container has ended where it has an exit code."""
    ended = exit_code is not None or status == "STOPPED"
    app = Container("app", "shop:2", "", "STOPPED" if ended else "RUNNING", exit_code, "", "UNKNOWN")
    plain = {
        "arn": ARN,
        "status": status,
        "stop_code": "",
        "stopped_reason": "",
        "stopped_at": None,
        "containers": (app,),
    }
    return replace(stopped(), **{**plain, **more})


def begun(**more: Any) -> Running:
    return replace(STEP, **more).begin(CONTEXT_OF_42)


def started(**more: Any) -> Running:
    return begun(**more).advance(Started(task("PROVISIONING", started_at=None), ()), 1.0)


def news(before: Running, after: Running) -> list[str]:
    return [text for _, text in after.news(before)]


# --- its start ---


def test_what_is_asked_for() -> None:
    call = begun().call
    assert isinstance(call, RunTask)
    assert call.members()["overrides"] == {"containerOverrides": [{"name": "app", "command": ["./migrate", "up"]}]}
    assert call.started_by == f"drone-deploy-ecs/before/{call.token}"
    assert len(call.token) <= 64


@pytest.mark.parametrize(
    "other",
    [
        begun(word="after"), begun(region="us-east-1"), begun(container="job"), begun(command=("./migrate up",)),
        begun(definition="web:9"), replace(begun(), number=1), STEP.begin(CONTEXT),
    ],
)  # fmt: skip
def test_whatever_is_another_task_has_another_token(other: Running) -> None:
    assert other.token != begun().token
    assert begun().token == begun().token


ROWS: dict[str, tuple[Running, object, float, Verdict, str]] = {
    "denied": (begun(), DENIED, 1.0, Verdict.REFUSED, f"AWS refused {DENIED}"),
    "denied, services being updated": (
        begun(when_serving=True).start(0.0), DENIED, 1.0, Verdict.FAILED, f"AWS refused {DENIED}"),
    "rejected": (begun(), REJECTED, 1.0, Verdict.FAILED, f"AWS refused {REJECTED}"),
    "no capacity until the end": (
        begun(), Started(None, ()), 60.0, Verdict.TIMED_OUT, "no task could be placed within 1 m: ECS gave no reason"),
    "no capacity, as an error": (
        begun(), FULL, 60.0, Verdict.TIMED_OUT, f"no task could be placed within 1 m: {FULL}"),
    "never answered": (begun(), LOST, 60.0, Verdict.UNKNOWN, f"it may or may not have been started: {LOST}"),
    "never reached": (
        begun(), replace(LOST, kind=FaultKind.UNREACHABLE), 60.0, Verdict.FAILED, f"it could not be started: {LOST}"),
    "answered with something else": (
        begun(), "what", 60.0, Verdict.FAILED, "it could not be started: AWS gave no answer"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_it_can_t_be_started(name: str) -> None:
    running, answer, now, verdict, reason = ROWS[name]
    ended = running.advance(answer, now)
    assert (ended.verdict, ended.reason) == (verdict, reason)
    (result,) = ended.results(now, at(now))
    assert result.end_state is (EndState.UNSEEN if verdict is Verdict.UNKNOWN else None)
    assert ended.fails_run == f"{running.step.word} failed: {reason}"
    assert ended.advance(answer, now) is ended


@pytest.mark.parametrize(
    ("answer", "due", "number"),
    [(LOST, 2.0, 0), ("what", 2.0, 0), (Started(None, ("RESOURCE:CPU",)), 6.0, 1), (FULL, 6.0, 1)],
)
def test_it_is_tried_again(answer: object, due: float, number: int) -> None:
    again = begun().advance(answer, 1.0)
    assert (again.verdict, again.due(1.0, 0.5), again.number) == (None, due, number)
    assert (again.token == begun().token) is (number == 0)


def test_a_refusal_after_a_lost_answer_proves_nothing() -> None:
    assert begun().advance(LOST, 1.0).advance(DENIED, 3.0).verdict is None


def test_without_the_permission_to_tag_it_is_run_without_tags() -> None:
    tagged = begun(tags=(("team", "shop"),), launch=Launch(has_managed_tags=True, propagates="TASK_DEFINITION"))
    asked = tagged.advance(NO_TAGS, 1.0)
    assert isinstance(asked.call, RunTask)
    assert {"tags", "enableECSManagedTags", "propagateTags"}.isdisjoint(asked.call.members())
    assert news(tagged, asked) == ["before: Warning: ecs:TagResource isn't allowed: running it without tags"]
    assert asked.advance(NO_TAGS, 2.0).verdict is Verdict.REFUSED


def test_the_tags_that_its_service_gives_its_tasks_are_read_first() -> None:
    asked = begun(launch=Launch(propagates="SERVICE"))
    assert isinstance(asked.call, DescribeServices)
    assert asked.call.members()["include"] == ["TAGS"]
    tagged = asked.advance((service(tags=(("team", "shop"),)),), 1.0)
    assert isinstance(tagged.call, RunTask)
    assert tagged.call.members()["tags"] == [{"key": "team", "value": "shop"}]
    for nothing in (DENIED, (), "what"):
        without = asked.advance(nothing, 1.0)
        assert isinstance(without.call, RunTask)
        assert "tags" not in without.call.members()


# --- its end ---

ENDS: dict[str, tuple[Task, Verdict | None, str, int | None]] = {
    "goes on": (task(), None, "", None),
    "well, its task not over yet": (task(exit_code=0), Verdict.COMPLETED, "exit code 0 after 9 s", 0),
    "badly, its task not over yet": (task(exit_code=3), None, "", None),
    "badly": (task("STOPPED", 3), Verdict.FAILED, "exit code 3 after 9 s", 3),
    "stopped by somebody, and polite": (
        task("STOPPED", 0, stop_code="UserInitiated", stopped_reason="Task stopped by user"),
        Verdict.FAILED, "it was stopped, with exit code 0 after 9 s: Task stopped by user", 0),
    "never started": (
        task("STOPPED", stop_code="TaskFailedToStart", stopped_reason="CannotPullContainerError: x"),
        Verdict.FAILED, "it never started: CannotPullContainerError: x", None),
    "without its container": (task("STOPPED", containers=()), Verdict.FAILED, "it never started", None),
    "beside others": (
        task("STOPPED", 3, containers=(*task("STOPPED", 3).containers, Container("proxy", "e", "", "STOPPED", 137, "", ""))),
        Verdict.FAILED, "exit code 3 after 9 s, proxy 137", 3),
}  # fmt: skip


@pytest.mark.parametrize("name", ENDS)
def test_how_it_ended(name: str) -> None:
    seen, verdict, how, exit_code = ENDS[name]
    looked = started().advance((task(),), 4.0).advance((seen,), 9.0)
    assert looked.verdict is verdict
    if verdict is None:
        assert isinstance(looked.call, DescribeTasks)
        return
    (result,) = looked.results(9.0, at(9.0))
    assert (result.ended, result.exit_code, result.began_at, result.ended_at) == (how, exit_code, NOON, at(9.0))
    assert bool(result.stays) is (exit_code == 0)


def test_what_lives_on_without_its_container_is_told_to_stop() -> None:
    job = replace(task(exit_code=3).containers[0], defined=Defined("app", is_essential=False))
    ended = started().advance((task(),), 4.0).advance((task(containers=(job,)),), 9.0)
    assert isinstance(ended.call, StopTask)
    assert ended.verdict is None
    assert ended.advance(task(), 10.0).verdict is Verdict.FAILED
    refused = ended.advance(replace(REJECTED, operation="StopTask"), 10.0)
    assert refused.verdict is Verdict.FAILED
    assert news(ended, refused)[0] == f"before: it can't be stopped: {replace(REJECTED, operation='StopTask')}"
    throttled = ended.advance(LOST, 10.0)
    assert (throttled.verdict, throttled.due(10.0, 0.5)) == (None, 11.0)


def test_it_is_stopped_when_its_time_is_over() -> None:
    ended = started().advance((task(),), 60.0)
    assert isinstance(ended.call, StopTask)
    assert ended.due(60.0, 0.5) == 0.0
    assert ended.advance(task("STOPPING"), 61.0).verdict is Verdict.TIMED_OUT


def test_one_that_has_ended_before_its_first_look_is_an_earlier_one() -> None:
    assert started().advance((task("STOPPED", 0),), 1.05).reason == ""
    again = started().advance((task("STOPPED", 3),), 1.05)
    assert (again.arn, again.number, again.verdict) == ("", 1, None)
    assert news(started(), again) == [
        "before: task 0f of this attempt has ended already, and not well: starting another"
    ]
    # It may be ours, and quick, where an answer was lost.
    lost = begun().advance(LOST, 0.5).advance(Started(task(), ()), 1.0)
    assert lost.advance((task("STOPPED", 3),), 1.05).verdict is Verdict.FAILED


# --- looks that fail ---


def test_a_look_that_fails_is_tried_again_until_it_is_lost() -> None:
    looking = started().advance((task(),), 2.0)
    lost = looking.advance(replace(LOST, operation="DescribeTasks"), 5.0)
    assert lost.verdict is None
    assert news(looking, lost) == ["before: it can't be looked at: DescribeTasks: no answer"]
    assert news(lost, lost.advance(LOST, 6.0)) == []
    assert lost.advance((task(),), 7.0).unseen_since is None
    gone = lost.advance("what", 106.0)
    assert (gone.verdict, gone.reason) == (Verdict.UNKNOWN, "lost sight of it: DescribeTasks: no answer")


def test_without_the_permission_to_look_nobody_could_say_how_it_ends() -> None:
    denied = started().advance(Fault(FaultKind.DENIED, "DescribeTasks", "AccessDeniedException", "no"), 2.0)
    assert isinstance(denied.call, StopTask)
    assert denied.advance(task(), 3.0).verdict is Verdict.FAILED
    assert "ecs:DescribeTasks isn't allowed" in news(started(), denied)[0]


def test_one_that_ecs_does_not_know_is_waited_for_a_little() -> None:
    unseen = started().advance((), 2.0)
    assert (unseen.verdict, unseen.due(2.0, 0.5)) == (None, 4.0)
    assert unseen.advance((), 31.0).verdict is None
    assert unseen.advance((), 32.0).reason == "ECS doesn't know task 0f any more, so how it ended can't be told"


@pytest.mark.parametrize(("now", "due"), [(2.0, 5.0), (100.0, 105.0), (1000.0, 1010.0), (4000.0, 4015.0)])
def test_the_longer_it_runs_the_less_often_it_is_looked_at(now: float, due: float) -> None:
    assert started(timeout=9999.0).advance((task(),), now).due(now, 0.5) == due


# --- its log ---


def test_its_log_is_read_to_the_end() -> None:
    running = started(log=PLACE).advance((task(),), 4.0)
    assert running.call == GetLogEvents(
        region="eu-west-1", group="/ecs/web", stream="ecs/app/0f", limit=1000, from_start=True
    )
    assert running.due(4.0, 0.5) == 4.0
    more = running.advance(LogPage(("one\ntwo", ""), "b", "f/2"), 4.1)
    assert news(running, more) == ["before: log: one", "before: log: two"]
    assert isinstance(more.call, GetLogEvents)
    read = more.advance(LogPage((), "b", "f/2"), 4.2)
    assert isinstance(read.call, DescribeTasks)
    ended = read.advance((task("STOPPED", 0),), 7.0).advance(LogPage((), "b", "f/2"), 7.1)
    assert (ended.call, ended.verdict, ended.due(7.1, 0.5)) == (None, None, 10.0)
    last = ended.advance(None, 10.0)
    assert isinstance(last.call, GetLogEvents)
    assert last.call.token == "f/2"
    done = last.advance(LogPage(("three",), "b", "f/3"), 10.1).advance(LogPage((), "b", "f/3"), 10.2)
    assert done.verdict is Verdict.COMPLETED
    assert done.log.lines == ("one", "two", "three")


def test_a_log_that_may_not_be_read_is_asked_for_once() -> None:
    running = started(log=PLACE).advance((task(),), 4.0)
    denied = running.advance(Fault(FaultKind.DENIED, "GetLogEvents", "AccessDeniedException", "no"), 4.1)
    assert news(running, denied) == [
        "before: logs:GetLogEvents isn't allowed: the container's log can't be shown (it is in /ecs/web ecs/app/0f (eu-west-1))"
    ]
    assert isinstance(denied.advance((task(),), 7.0).call, DescribeTasks)
    assert denied.advance((task("STOPPED", 0),), 7.0).verdict is Verdict.COMPLETED


@pytest.mark.parametrize(
    "answer",
    [Fault(FaultKind.REJECTED, "GetLogEvents", GetLogEvents.NOT_FOUND, "no such stream"), replace(LOST, operation="GetLogEvents"), "what"],
)  # fmt: skip
def test_a_log_that_is_not_there_yet_is_asked_for_again(answer: object) -> None:
    log = Log(place=PLACE, wanted=True).after(answer)
    assert (log.wanted, log.why_not) == (False, "")
    assert log.look().wanted


def test_of_a_log_that_never_ends_so_much_is_read() -> None:
    log = Log(place=PLACE, wanted=True)
    for number in range(PAGES):
        log = log.after(LogPage(("line",), "b", f"f/{number}"))
    assert not log.wanted, "at the next look it goes on"
    many = Log(place=PLACE, wanted=True).after(LogPage(("line",) * (MOST + 1), "b", "f/1"))
    assert many.why_not.startswith(f"it has more than {MOST} lines")
    assert not many.look().wanted
    running = replace(started(), log=Log(place=PLACE))
    assert news(running, replace(running, log=many))[-1] == f"before: {many.why_not}"


def test_where_there_is_no_log_to_read_that_is_said() -> None:
    silent = begun(log="container app logs by splunk: its log isn't in CloudWatch")
    asked = silent.advance(Started(task(), ()), 1.0)
    assert news(silent, asked)[-1] == "before: container app logs by splunk: its log isn't in CloudWatch"
    assert "can't be shown" in list(silent.step.explain())[2]


# --- cut off ---


@pytest.mark.parametrize(
    ("running", "may_be_left", "told"),
    [
        (begun(), False, ""),
        (begun().advance(LOST, 1.0), False, "RunTask wasn't answered, so a task may have been started"),
        (started(), False, "task 0f was running"),
        (started(), True, "task 0f is left running"),
    ],
)
def test_what_is_cut_off_is_told(running: Running, *, may_be_left: bool, told: str) -> None:
    running = replace(running, step=replace(running.step, may_be_left=may_be_left))
    cut = running.abort(Verdict.CANCELLED, "the run was cancelled", 5.0)
    assert cut.abort(Verdict.WITHDRAWN, "another failed", 6.0) is cut
    assert [result.ended for result in cut.results(5.0, at(5.0))] == ([told] if told else [])
    assert news(running, cut) == ([f"before: Cancelled: the run was cancelled; {told}"] if told else [])


@pytest.mark.parametrize(
    ("running", "text"),
    [
        (begun(when_serving=True), ""),
        (begun(), "before: still trying to start it after 9 s"),
        (started(), "before: still PROVISIONING after 9 s"),
        (started().advance((task(),), 2.0), "before: still running after 9 s"),
        (replace(started(), task=None), "before: still starting after 9 s"),
    ],
)
def test_what_is_said_when_nothing_changes(running: Running, text: str) -> None:
    assert running.heartbeat(9.0) == text


def test_before_its_turn_it_does_nothing() -> None:
    waiting = begun(when_serving=True)
    assert waiting.advance(DENIED, 1.0) is waiting
    assert waiting.start(30.0).deadline == 90.0
    assert waiting.start(30.0).start(40.0).began == 30.0


# --- what stops it ---

STOP = stop.StopTask(word="before", region="eu-west-1", cluster="prod", arn="", started_by="x", why="cancelled")


def test_what_may_have_been_started_is_looked_for_and_stopped() -> None:
    looking = STOP.begin(CONTEXT)
    assert isinstance(looking.call, ListTasks)
    assert looking.call.members() == {"cluster": "prod", "desiredStatus": "RUNNING", "startedBy": "x"}
    again = looking.advance(Page((), ""), 1.0)
    assert (again.verdict, again.due(1.0, 0.5)) == (None, 3.0)
    found = again.advance(Page((ARN,), ""), 3.0)
    assert isinstance(found.call, StopTask)
    done = found.advance(task("STOPPING"), 3.1)
    assert (done.verdict, done.has_written, done.advance(None, 4.0)) == (Verdict.COMPLETED, True, done)
    assert [text for _, text in done.news(found)] == ["before: task 0f is told to stop"]
    nothing = again.advance(Page((), ""), 20.0)
    assert [result.ended for result in nothing.results(20.0, at(20.0))] == ["no task was started"]


def test_what_can_t_be_stopped_is_told() -> None:
    stopping = replace(STOP, arn=ARN).begin(CONTEXT)
    assert stopping.advance(LOST, 1.0).verdict is None
    for failed, name in (
        (stopping.advance(LOST, 30.0), "task 0f"),
        (STOP.begin(CONTEXT).advance(DENIED, 1.0), "a task that may run"),
    ):
        assert failed.verdict is Verdict.FAILED
        (result,) = failed.results(30.0, at(30.0))
        assert result.ended.startswith(f"{name} could not be stopped: AWS refused")
    assert str(STOP) == "StopTask (before): what RunTask may have started"


# --- how it is launched ---


@pytest.mark.parametrize(
    ("launch", "text"),
    [
        (Launch(launch_type="EC2"), "launch type EC2"),
        (Launch(launch_type="EC2", providers=({"capacityProvider": "SPOT"},)), "capacity providers SPOT"),
        (Launch(), "the cluster's default capacity"),
    ],
)
def test_how_it_is_launched_in_words(launch: Launch, text: str) -> None:
    assert str(launch) == text
    assert hash(launch) == hash(replace(launch))
