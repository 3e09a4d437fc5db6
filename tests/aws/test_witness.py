"""CloudWatch Logs, Elastic Load Balancing and CloudWatch, by botocore's own models (its Stubber checks both ways)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from drone_deploy_ecs.aws import alarms, health, logs
from drone_deploy_ecs.aws.connect import OtherServices, connect
from drone_deploy_ecs.aws.faults import fault
from drone_deploy_ecs.aws.session import client, session
from drone_deploy_ecs.core.evidence import NOT_FOUND, AlarmState, LogPlace, TargetCheck, TargetHealth, left_out
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.request import Access
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
PLACE = LogPlace("eu-west-1", "/ecs/web", "ecs/app/0123")
ASKED = {"logGroupName": "/ecs/web", "logStreamName": "ecs/app/0123", "limit": 5, "startFromHead": False}


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any will do: nothing is sent."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


def stubbed(service: str) -> tuple[Any, Stubber]:
    made = client(session(Access("eu-west-1")), service)
    stubber = Stubber(made)
    stubber.activate()
    return made, stubber


def page(*messages: str, token: str = "") -> dict[str, Any]:
    events = [{"timestamp": 1, "message": message, "ingestionTime": 2} for message in messages]
    return {"events": events, "nextForwardToken": "f/1", **({"nextBackwardToken": token} if token else {})}


def test_the_last_messages_of_a_stream() -> None:
    made, stubber = stubbed("logs")
    stubber.add_response("get_log_events", page("one", "two", token="b/1"), ASKED)
    assert logs.log_tail(made, PLACE, 5) == ("one", "two")
    stubber.assert_no_pending_responses()


def test_an_empty_page_is_gone_past() -> None:
    made, stubber = stubbed("logs")
    stubber.add_response("get_log_events", page(token="b/1"), ASKED)
    stubber.add_response("get_log_events", page("one", token="b/2"), {**ASKED, "nextToken": "b/1"})
    assert logs.log_tail(made, PLACE, 5) == ("one",)


def test_an_empty_stream_ends_when_its_token_repeats() -> None:
    made, stubber = stubbed("logs")
    stubber.add_response("get_log_events", page(token="b/1"), ASKED)
    stubber.add_response("get_log_events", page(token="b/1"), {**ASKED, "nextToken": "b/1"})
    assert logs.log_tail(made, PLACE, 5) == ()


def test_no_more_is_asked_for_than_there_is_to_have() -> None:
    made, stubber = stubbed("logs")
    stubber.add_response("get_log_events", page("one"), {**ASKED, "limit": 10_000})
    assert logs.log_tail(made, PLACE, 999_999) == ("one",)


def test_target_health() -> None:
    made, stubber = stubbed("elbv2")
    described = [
        {
            "Target": {"Id": "10.0.1.7", "Port": 8080, "AvailabilityZone": "eu-west-1a"},
            "HealthCheckPort": "8080",
            "TargetHealth": {
                "State": "unhealthy",
                "Reason": "Target.ResponseCodeMismatch",
                "Description": "Health checks failed with these codes: [503]",
            },
        },
        {"Target": {"Id": "i-0123456789abcdef0"}},
    ]
    stubber.add_response("describe_target_health", {"TargetHealthDescriptions": described}, {"TargetGroupArn": GROUP})
    assert health.target_health(made, GROUP) == (
        TargetHealth(
            "10.0.1.7", 8080, "unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]"
        ),
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
    made, stubber = stubbed("elbv2")
    answer = {"TargetGroups": [{"TargetGroupArn": GROUP, **raw}]}
    stubber.add_response("describe_target_groups", answer, {"TargetGroupArns": [GROUP]})
    assert health.target_checks(made, [GROUP]) == {GROUP: check}


def test_alarms_of_both_types() -> None:
    made, stubber = stubbed("cloudwatch")
    stubber.add_response(
        "describe_alarms",
        {
            "MetricAlarms": [{"AlarmName": "web-5xx", "StateValue": "ALARM", "StateReason": "12 > 10"}],
            "CompositeAlarms": [{"AlarmName": "web", "StateValue": "ALARM", "StateReason": "web-5xx is in ALARM"}],
        },
        {"AlarmNames": ["web-5xx", "web"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "StateValue": "ALARM"},
    )
    assert alarms.alarms(made, ["web-5xx", "web"]) == (
        AlarmState("web-5xx", "12 > 10"),
        AlarmState("web", "web-5xx is in ALARM"),
    )


CALLS: list[tuple[str, str, Callable[[Any], object], str]] = [
    ("logs", "get_log_events", lambda made: logs.log_tail(made, PLACE, 5), "logs:GetLogEvents"),
    (
        "elbv2",
        "describe_target_health",
        lambda made: health.target_health(made, GROUP),
        "elasticloadbalancing:DescribeTargetHealth",
    ),
    (
        "elbv2",
        "describe_target_groups",
        lambda made: health.target_checks(made, [GROUP]),
        "elasticloadbalancing:DescribeTargetGroups",
    ),
    ("cloudwatch", "describe_alarms", lambda made: alarms.alarms(made, ["a"]), "cloudwatch:DescribeAlarms"),
]


@pytest.mark.parametrize(("service", "method", "call", "permission"), CALLS, ids=[one[1] for one in CALLS])
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_denied_source_names_its_permission(
    service: str, method: str, call: Callable[[Any], object], permission: str, code: str
) -> None:
    made, stubber = stubbed(service)
    stubber.add_client_error(method, code, "User … is not authorized", 403)
    with pytest.raises(ApiError) as error:
        call(made)
    assert error.value.fault.kind is FaultKind.DENIED
    assert left_out(error.value.fault).startswith(f"{permission} isn't allowed: ")


def test_a_group_that_is_not_there() -> None:
    made, stubber = stubbed("logs")
    stubber.add_client_error("get_log_events", NOT_FOUND, "The specified log group does not exist.", 400)
    with pytest.raises(ApiError) as error:
        logs.log_tail(made, PLACE, 5)
    assert error.value.fault.code == NOT_FOUND


def test_no_answer_is_a_fault_too() -> None:
    found = fault("GetLogEvents", ConnectTimeoutError(endpoint_url="https://logs.eu-west-1.amazonaws.com"))
    assert found is not None
    assert left_out(found).startswith("the container's log can't be shown: GetLogEvents: ")


def test_nothing_is_loaded_until_it_is_asked_for_and_then_for_the_log_s_own_region() -> None:
    made = connect(Access("eu-west-1")).witness
    assert isinstance(made, OtherServices)
    assert made.clients == {}
    found = made._client("logs", "GetLogEvents", "us-east-1")
    assert found is made._client("logs", "GetLogEvents", "us-east-1")
    assert found.meta.region_name == "us-east-1"
    assert found.meta.config.retries["total_max_attempts"] == 1
    assert found.meta.config.read_timeout == 5
    assert made._client("elbv2", "DescribeTargetHealth").meta.region_name == "eu-west-1"
    assert len(made.clients) == 2


def test_a_region_that_is_none_is_a_fault() -> None:
    with pytest.raises(ApiError):
        OtherServices(lambda: session(Access("eu-west-1"))).log_tail(place=LogPlace("no where", "g", "s"), most=1)


def test_a_wrong_signature_s_quotation_is_cut_off() -> None:
    made, stubber = stubbed("logs")
    said = "The signature we calculated does not match.\n\nThe Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:s3cret'"
    stubber.add_client_error("get_log_events", "InvalidSignatureException", said, 403)
    with pytest.raises(ApiError) as error:
        logs.log_tail(made, PLACE, 5)
    assert "s3cret" not in str(error.value)
    assert str(error.value).endswith("does not match.")
