"""Calls as values: how answers are read, pages gone through, and several calls made one."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import AlarmState, LogPage, Page, TargetCheck, TargetHealth
from drone_deploy_ecs.core.calls.autoscaling import RegisterScalableTarget
from drone_deploy_ecs.core.calls.body import NotWholeError
from drone_deploy_ecs.core.calls.catalogue import permission
from drone_deploy_ecs.core.calls.cloudwatch import DescribeAlarms
from drone_deploy_ecs.core.calls.ecs import (
    DescribeServices,
    DescribeTaskDefinition,
    ListServices,
    ListTasks,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.calls.elb import DescribeTargetGroups, DescribeTargetHealth
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.calls.secrets import GetSecretValue
from drone_deploy_ecs.core.calls.service_deployments import ListServiceDeployments
from drone_deploy_ecs.core.calls.tasks import RunTask
from drone_deploy_ecs.core.calls.web import Get
from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.ports import NOWHERE
from drone_deploy_ecs.core.request.url import Url

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call

HERE = "eu-west-1"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
LOG = GetLogEvents(region=HERE, group="/ecs/web", stream="ecs/app/0123", limit=5)
LOOK = DescribeServices(region=HERE, cluster="prod", services=("web",))


def messages(*texts: str, token: str = "") -> dict[str, Any]:
    events = [{"timestamp": 1, "message": text, "ingestionTime": 2} for text in texts]
    return {"events": events, "nextForwardToken": "f/1", **({"nextBackwardToken": token} if token else {})}


def test_an_empty_page_of_a_log_is_gone_past_until_its_token_repeats() -> None:
    page = LOG.read(messages(token="b/1"))
    earlier = LOG.before(page)
    assert earlier == replace(LOG, token="b/1")
    assert earlier is not None
    assert earlier.members() == {**LOG.members(), "nextToken": "b/1"}
    assert earlier.before(page) is None


@pytest.mark.parametrize("page", [messages("one", token="b/1"), messages()], ids=["messages", "no token"])
def test_what_is_there_or_can_t_be_more_ends_it(page: dict[str, Any]) -> None:
    assert LOG.before(LOG.read(page)) is None


def test_the_last_messages_of_a_stream() -> None:
    page = LOG.read(messages("one", "two", token="b/1"))
    assert (page.messages, page.token) == (("one", "two"), "b/1")


def test_no_more_messages_are_asked_for_than_there_are_to_have() -> None:
    assert replace(LOG, limit=999_999).members()["limit"] == 10_000


def test_target_health() -> None:
    why = "Health checks failed with these codes: [503]"
    described = [
        {
            "Target": {"Id": "10.0.1.7", "Port": 8080, "AvailabilityZone": "eu-west-1a"},
            "HealthCheckPort": "8080",
            "TargetHealth": {"State": "unhealthy", "Reason": "Target.ResponseCodeMismatch", "Description": why},
        },
        {"Target": {"Id": "i-0123456789abcdef0"}},
    ]
    call = DescribeTargetHealth(region=HERE, target_group=GROUP)
    assert call.read({"TargetHealthDescriptions": described}) == (
        TargetHealth("10.0.1.7", 8080, "unhealthy", "Target.ResponseCodeMismatch", why),
        TargetHealth("i-0123456789abcdef0", 0, ""),
    )


@pytest.mark.parametrize(
    ("raw", "check"),
    [
        (
            {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "traffic-port", "HealthCheckPath": "/ok", "Matcher": {"HttpCode": "200-299"}},
            TargetCheck("HTTP", "traffic-port", "/ok", "200-299"),
        ),
        (
            {"HealthCheckProtocol": "HTTP", "HealthCheckPort": "9000", "HealthCheckPath": "/a.b/c", "Matcher": {"GrpcCode": "12"}},
            TargetCheck("HTTP", "9000", "/a.b/c", "gRPC 12"),
        ),
        ({"HealthCheckProtocol": "TCP", "HealthCheckPort": "traffic-port"}, TargetCheck("TCP", "traffic-port")),
    ],
)  # fmt: skip
def test_how_a_group_checks(raw: dict[str, Any], check: TargetCheck) -> None:
    call = DescribeTargetGroups(region=HERE, target_groups=(GROUP,))
    assert call.read({"TargetGroups": [{"TargetGroupArn": GROUP, **raw}]}) == {GROUP: check}


def test_alarms_of_both_types() -> None:
    call = DescribeAlarms(region=HERE, names=("web-5xx", "web"))
    assert call.members()["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]
    raw = {
        "MetricAlarms": [{"AlarmName": "web-5xx", "StateValue": "ALARM", "StateReason": "12 > 10"}],
        "CompositeAlarms": [{"AlarmName": "web", "StateValue": "ALARM", "StateReason": "web-5xx is in ALARM"}],
    }
    assert call.read(raw) == (AlarmState("web-5xx", "12 > 10"), AlarmState("web", "web-5xx is in ALARM"))


def test_the_records_of_a_service_s_deployments() -> None:
    call = ListServiceDeployments(region=HERE, cluster="prod", name="web")
    assert call.members() == {"cluster": "prod", "service": "web", "maxResults": 100}
    since = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert replace(call, after=since).members() == {**call.members(), "createdAt": {"after": since}}
    revision = "arn:aws:ecs:eu-west-1:1:service-revision/prod/web"
    raw = [
        {"serviceDeploymentArn": "a", "targetServiceRevisionArn": f"{revision}/012", "status": "ROLLBACK_SUCCESSFUL",
         "statusReason": "a hook", "createdAt": 1767614400.5},
        {"targetServiceRevisionArn": f"{revision}/12", "status": "SUCCESSFUL"},
        {},
    ]  # fmt: skip
    refused, fine, empty = call.read({"serviceDeployments": raw})
    assert (refused.status, refused.status_reason, fine.status_reason) == ("ROLLBACK_SUCCESSFUL", "a hook", "")
    assert [one.is_of("ecs-svc/012") for one in (refused, fine, empty)] == [True, False, False]
    assert not empty.is_of("")


@pytest.mark.parametrize(("raw", "text"), [({"SecretString": "{}"}, "{}"), ({"SecretBinary": b"\x00"}, "")])
def test_a_secret_s_text(raw: dict[str, Any], text: str) -> None:
    assert GetSecretValue(region=HERE, name="production-shop").read(raw) == text


@pytest.mark.parametrize(
    ("call", "member"),
    [
        (ListServices(region=HERE, cluster="prod"), "serviceArns"),
        (ListTasks(region=HERE, cluster="prod", name="web", status="RUNNING"), "taskArns"),
    ],
)
def test_a_listing_is_gone_through_page_by_page(call: ListServices | ListTasks, member: str) -> None:
    page = call.read({member: ["a", "b"], "nextToken": "2"})
    assert page == Page(("a", "b"), "2")
    following = call.next(page)
    assert following is not None
    assert following.members() == {**call.members(), "nextToken": "2"}
    assert following.read({member: []}) == Page((), "")
    assert following.next(Page((), "")) is None
    assert following.next(page) is None, "a token that repeats leads nowhere"


def test_looks_at_services_of_one_cluster_are_one_call_and_each_gets_its_own() -> None:
    other = replace(LOOK, services=("arn:aws:ecs:eu-west-1:1:service/prod/api", "web"))
    assert LOOK.lane == other.lane != replace(LOOK, cluster="staging").lane
    joint = LOOK.join([other])
    assert joint.services == ("web", "arn:aws:ecs:eu-west-1:1:service/prod/api")
    answer = joint.read({"services": [{"serviceName": name} for name in ("api", "web")]})
    assert [service.name for service in LOOK.part(answer)] == ["web"]
    assert [service.name for service in other.part(answer)] == ["api", "web"]


@pytest.mark.parametrize(
    ("call", "subject"),
    [(LOOK, "web"), (LOG, "/ecs/web"), (ListServices(region=HERE, cluster="prod"), "")],
    ids=lambda value: getattr(value, "operation", value),
)
def test_what_a_call_is_about(call: Call[Any], subject: str) -> None:
    assert call.subject == subject


@pytest.mark.parametrize(
    ("call", "lane"),
    [
        (LOG, (HERE, "GetLogEvents")),
        (UpdateService(region=HERE, cluster="prod", name="web"), (HERE, "UpdateService", "prod")),
    ],
    ids=["of an operation", "of a cluster"],
)
def test_calls_of_one_lane_wait_for_the_same_token(call: Call[Any], lane: tuple[str, ...]) -> None:
    assert call.lane == lane


def test_what_is_sent_as_it_is_no_sdk_looks_at() -> None:
    call = RegisterTaskDefinition(region=HERE, body={"aMemberOfTomorrow": 1})
    assert call.members() == {"aMemberOfTomorrow": 1}
    assert "aMemberOfTomorrow" not in call.known_members()
    assert LOG.known_members() == LOG.members()


def test_what_can_t_be_joined_stays_as_it_is() -> None:
    assert LOG.join([]) is LOG
    with pytest.raises(AssertionError):
        LOG.join([LOG])
    page = LogPage((), "")
    assert LOG.part(page) is page


@pytest.mark.parametrize(
    ("raw", "is_whole"),
    [
        ({}, False),
        ({"taskDefinition": None}, False),
        ({"taskDefinition": []}, False),
        ({"taskDefinition": {"taskDefinitionArn": None}}, False),
        ({"taskDefinition": {"taskDefinitionArn": "arn"}}, True),
    ],
)
def test_half_an_answer_is_none(raw: dict[str, Any], *, is_whole: bool) -> None:
    body = json.dumps(raw).encode()
    with nullcontext() if is_whole else pytest.raises(NotWholeError):
        DescribeTaskDefinition(region=HERE, name="web").read(body)


@pytest.mark.parametrize("body", [b"", b"<html></html>", b"[]"])
def test_what_tells_nothing_has_to_be_aws_s_all_the_same(body: bytes) -> None:
    change = RegisterScalableTarget(region=HERE, cluster="prod", name="web", limits=Limits(1, 2, frozenset()))
    change.read(b"{}")
    with pytest.raises(NotWholeError):
        change.read(body)


def test_nothing_found_is_a_whole_answer() -> None:
    assert LOOK.read(b'{"services": []}') == ()
    assert LOG.read(b"{}") == LogPage((), "")


HALVES = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"services"',
    b"<html></html>",
    b"\xff",
    b"{}",
    b'{"services": {}}',
    b'{"a":' * 9000,
)


@pytest.mark.parametrize("half", HALVES, ids=range(len(HALVES)))
def test_what_isn_t_a_whole_answer_is_none(half: bytes) -> None:
    for call in (LOOK, DescribeTaskDefinition(region=HERE, name="web")):
        with pytest.raises(NotWholeError):
            call.read(half)


def test_a_member_of_another_type_is_absent_and_so_is_an_entry() -> None:
    whole = {"serviceName": "web", "desiredCount": 2, "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY"}]}
    odd = {
        **whole, "status": None, "runningCount": "many", "events": {}, "loadBalancers": [None, 7], "schedulingStrategy": [],
        "deployments": [None, {"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": "soon", "failedTasks": {}}, []],
    }  # fmt: skip
    assert LOOK.read(json.dumps({"services": [odd, "web"]}).encode()) == LOOK.read({"services": [whole]})


@pytest.mark.parametrize("moment", [1767614400.25, "2026-01-05T12:00:00.250Z", "2026-01-05T13:00:00.25+01:00"])
def test_a_time_may_be_seconds_or_text(moment: object) -> None:
    (service,) = LOOK.read(json.dumps({"services": [{"events": [{"createdAt": moment}]}]}).encode())
    assert service.events[0].at == datetime(2026, 1, 5, 12, 0, 0, 250000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("member", "odd"),
    [
        ("createdAt", '"\\ud800"'),
        ("createdAt", "253402300799.9999999"),
        ("createdAt", "1e400"),
        ("createdAt", "1767614400000"),
        ("createdAt", '"2026-01-05T12:00:00"'),
        ("failedTasks", '"\\ud800"'),
        ("failedTasks", "1e400"),
    ],
)
def test_what_can_t_be_made_a_time_or_a_number_is_absent(member: str, odd: str) -> None:
    body = f'{{"services": [{{"deployments": [{{"id": "a", "{member}": {odd}}}]}}]}}'
    assert LOOK.read(body.encode()) == LOOK.read({"services": [{"deployments": [{"id": "a"}]}]})


def test_what_iam_calls_an_operation() -> None:
    assert permission("DescribeTargetHealth") == "elasticloadbalancing:DescribeTargetHealth"
    assert permission("AssumeRole") == "AssumeRole"


def test_a_request_is_named_without_what_may_be_secret_in_it() -> None:
    url = Url(scheme="https", host="shop.example", port=443, path="/health", query="token=canary", login="a:canary")
    asked = Get(region=HERE, url=url)
    assert asked.subject == "https://shop.example/health"
    assert asked.members() == {"url": "https://shop.example/health"}
    with pytest.raises(ApiError, match="there is no web here"):
        NOWHERE.send(asked)


def test_a_task_may_be_checked_by_the_revision_alone() -> None:
    task = RunTask(
        region=HERE, cluster="prod", definition="web:1", container="app", command=("a",), token="t", started_by="me"
    )
    assert task.known_members() == {"taskDefinition": "web:1"}
