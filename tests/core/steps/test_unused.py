"""Old revisions that nothing uses: what is read, what stays, and what stands in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import ListedSchedule, Listing, Page, Rule
from drone_deploy_ecs.core.calls.listings import ListClusters, entries, is_whole
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment, ServiceRevision
from drone_deploy_ecs.core.ecs.task import DescribedTask
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.steps.unused.cleanup import TRIES, Cleanup
from drone_deploy_ecs.core.steps.unused.deregister import DeregisterUnused, Family
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import BUDGET, CONTEXT, THROTTLED, TIMED_OUT, at, primary, service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ecs.service import Service

PREFIX = "arn:aws:ecs:eu-west-1:1:"
WEB = f"{PREFIX}service/prod/web"
STEP = DeregisterUnused(region="eu-west-1", families=(Family("web", 6),), keep=2)
RUNS = service(primary(definition=f"{PREFIX}task-definition/web:6", state="COMPLETED"), arn=WEB,
               task_definition=f"{PREFIX}task-definition/web:6")  # fmt: skip
TASKS = Page((f"{PREFIX}task/prod/1",), "")
INACTIVE = Fault(FaultKind.REJECTED, "DeregisterTaskDefinition", "ClientException", "inactive")
FOUND: Mapping[str, Any] = {
    "ListTaskDefinitions": Page(tuple(f"{PREFIX}task-definition/web:{number}" for number in (10, 1, 2, 4, 5, 6)), ""),
    "ListClusters": Page((f"{PREFIX}cluster/prod",), ""),
    "ListServices": Page((WEB,), ""),
    "DescribeServices": (RUNS,),
    "ListTasks": Page((), ""),
    "ListServiceDeployments": (),
    "ListEventBuses": Listing((), ""),
    "ListSchedules": Listing((), ""),
}


def gone(operation: str, code: str) -> Fault:
    return Fault(FaultKind.REJECTED, operation, code, "there is none")


def read(cleanup: Cleanup, now: float = 1.0, **found: Any) -> Cleanup:
    """Once all was read that is to be, answered so."""
    answers = {**FOUND, **found}
    while cleanup.verdict is None and not cleanup.unused:
        assert cleanup.call is not None
        cleanup = cleanup.advance(answers[cleanup.call.operation], now)
    return cleanup


def begun(**found: Any) -> Cleanup:
    return read(STEP.begin(CONTEXT), **found)


def numbers(cleanup: Cleanup) -> list[int]:
    """Of the revisions that are to be deregistered."""
    return [int(arn.rpartition(":")[2]) for arn in cleanup.unused]


def texts(cleanup: Cleanup, before: Cleanup | None = None) -> list[str]:
    return [text for _, text in cleanup.news(before or STEP.begin(CONTEXT))]


def test_what_is_old_and_unused_goes_oldest_first() -> None:
    cleanup = begun()
    assert (numbers(cleanup), STEP.reach, cleanup.has_written) == ([1, 2, 4, 5], Reach.NOTHING, False)
    assert cleanup.heartbeat(1.0) == "still deregistering old revisions: 0 so far, 4 left"
    assert STEP.begin(CONTEXT).heartbeat(1.0) == "still reading what uses revisions of web"
    first = cleanup.advance("arn", 2.0)
    assert (numbers(first), first.has_written, first.advance(None, 3.0)) == ([2, 4, 5], True, first)


def test_what_was_registered_since_the_run_began_stays() -> None:
    """It counts among the newest, too; of other families nothing is old."""
    arns = tuple(f"{PREFIX}task-definition/{name}" for name in ("web:5", "web:7", "web:8", "web:9", "website:1"))
    assert numbers(begun(ListTaskDefinitions=Page(arns, ""))) == [5]


def record(*revisions: int) -> dict[str, Any]:
    """ECS's record of successful deployments of these revisions, oldest first; 0 for one that it has forgotten."""
    entries = [
        ServiceDeployment(
            arn=f"d/{place}", target_service_revision_arn=f"r/{place}", status="SUCCESSFUL", created_at=at(place - 60)
        )
        for place, _ in enumerate(revisions)
    ]
    known = [
        ServiceRevision(arn=f"r/{place}", task_definition=f"{PREFIX}task-definition/web:{number}")
        for place, number in enumerate(revisions)
        if number
    ]
    return {"ListServiceDeployments": tuple(entries), "DescribeServiceRevisions": tuple(known)}


@pytest.mark.parametrize(
    ("revisions", "goes"),
    [
        pytest.param((1, 2, 6), [1, 4, 5], id="what ran before stays"),
        pytest.param((1, 6, 2, 6), [4, 5], id="so does what rollback goes to"),
        pytest.param((1, 2, 4, 0, 6), [5], id="all that may be, where ECS has forgotten one"),
    ],
)
def test_ways_back_stay(revisions: tuple[int, ...], goes: list[int]) -> None:
    assert numbers(begun(**record(*revisions))) == goes


def rolling_out() -> Service:
    """In the middle of a rollout; what was completed before isn't listed any more."""
    return service(
        primary(definition=f"{PREFIX}task-definition/web:6"),
        said=[(-5, "(deployment ecs-svc/1) deployment completed.")],
        arn=WEB,
        task_definition=f"{PREFIX}task-definition/web:6",
    )


@pytest.mark.parametrize(
    ("found", "why"),
    [
        pytest.param({"DescribeServices": ()}, "service prod/web isn't described", id="not described"),
        pytest.param(
            {"DescribeServices": (service(arn=WEB),)}, "service prod/web isn't described", id="without a revision"
        ),
        pytest.param(
            {"ListTasks": TASKS, "DescribeTasks": ()}, "task 1 in cluster prod isn't described", id="task not described"
        ),
        pytest.param(
            {"ListTasks": TASKS, "DescribeTasks": (DescribedTask(task_arn=TASKS.arns[0]).task(),)},
            "task 1 in cluster prod isn't described",
            id="task without a revision",
        ),
        pytest.param(
            {"ListServices": Page((WEB,), "again")},
            "ListServices repeats its pages, and has no last one",
            id="a token that comes again",
        ),
        pytest.param(
            {"DescribeServices": (rolling_out(),)},
            "what service prod/web ran before its rollout isn't known",
            id="forgotten",
        ),
        pytest.param(
            {"ListTasks": gone("ListTasks", "AnyException")},
            "what uses them can't be read: ListTasks: AnyException: there is none",
            id="rejected",
        ),
    ],
)
def test_where_something_is_not_known_nothing_goes(found: dict[str, Any], why: str) -> None:
    cleanup = begun(**found)
    assert (cleanup.verdict, cleanup.reason, cleanup.has_written) == (Verdict.REFUSED, why, False)
    assert texts(cleanup) == [f"Warning: no revision of web is deregistered: {why}"]


def test_pages_that_come_round_again_end() -> None:
    first = ListClusters(region="eu-west-1")
    answers: dict[Call[Any], Page] = {first: Page(("a",), "b"), replace(first, token="b"): Page(("b",), "c")}
    assert (is_whole(first, answers), [*entries(first, answers)]) == (True, ["a", "b"]), "the last one isn't known yet"
    answers[replace(first, token="c")] = Page(("c",), "b")
    assert (is_whole(first, answers), [*entries(first, answers)]) == (False, ["a", "b", "c"])


def test_a_rollout_whose_way_back_is_on_record_is_no_obstacle() -> None:
    assert numbers(begun(DescribeServices=(rolling_out(),), **record(2))) == [1, 4, 5]


@pytest.mark.parametrize(
    "found",
    [
        {"ListServices": gone("ListServices", "ClusterNotFoundException")},
        {"DescribeServices": gone("DescribeServices", "ClusterNotFoundException")},
        {"ListTasks": TASKS, "DescribeTasks": gone("DescribeTasks", "ClusterNotFoundException")},
        {"ListServiceDeployments": gone("ListServiceDeployments", "ServiceNotFoundException")},
        {
            "ListEventBuses": Listing(("default",), ""),
            "ListRules": Listing((Rule("nightly", "default"),), ""),
            "ListTargetsByRule": gone("ListTargetsByRule", "ResourceNotFoundException"),
        },
        {"ListSchedules": Listing((ListedSchedule("jobs", "queue", "arn:aws:sqs:eu-west-1:1:jobs"),), "")},
    ],
)
def test_what_is_gone_meanwhile_or_starts_no_task_uses_nothing(found: dict[str, Any]) -> None:
    assert numbers(begun(**found)) == [1, 2, 4, 5]


def test_reading_ends_with_the_budget() -> None:
    cleanup = read(STEP.begin(CONTEXT), now=BUDGET)
    assert cleanup.reason == "the budget ended while what uses them was read"


def test_what_aws_rejects_stays_and_the_others_go_on() -> None:
    cleanup = begun().advance(INACTIVE, 2.0)
    assert numbers(cleanup) == [2, 4, 5]
    again = read(cleanup.advance(TIMED_OUT, 3.0), now=4.0)
    assert numbers(again) == [2, 4, 5], "it isn't tried again"
    for _ in range(3):
        again = again.advance("arn", 5.0)
    assert again.verdict is Verdict.COMPLETED
    told = "deregistered web:2, web:4, web:5; web:1 stays: DeregisterTaskDefinition: ClientException: inactive"
    assert texts(again) == [told]
    assert again.advance("arn", 6.0) is again
    assert again.call is None


def test_what_went_without_an_answer_is_seen_to_be_gone() -> None:
    lost = begun().advance(TIMED_OUT, 2.0)
    assert (lost.has_written, lost.due(2.0, 0.5)) == (True, 3.0)
    left = Page(tuple(f"{PREFIX}task-definition/web:{number}" for number in (6, 10)), "")
    assert texts(read(lost, ListTaskDefinitions=left)) == ["deregistered web:1"]


def test_writes_that_never_go_well_are_given_up() -> None:
    cleanup = begun()
    for _ in range(TRIES):
        cleanup = read(cleanup.advance(THROTTLED, 2.0), now=2.0)
    assert (cleanup.verdict, cleanup.reason) == (Verdict.REFUSED, str(THROTTLED))


def test_a_cancellation_ends_only_what_is_left() -> None:
    cleanup = begun().advance("arn", 2.0)
    ended = cleanup.abort(Verdict.CANCELLED, "the run was cancelled by signal 15", 3.0)
    assert ended.abort(Verdict.WITHDRAWN, "another", 4.0) is ended
    assert texts(ended) == [
        "deregistered web:1", "Warning: no more revisions of web are deregistered: the run was cancelled by signal 15",
    ]  # fmt: skip
