"""Any call by botocore's own models (its Stubber checks both ways), and clients that are made when they are needed."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from botocore import xform_name
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from drone_deploy_ecs.aws.connection import Connection, connect
from drone_deploy_ecs.aws.faults import fault
from drone_deploy_ecs.core.calls.answers import LogPage
from drone_deploy_ecs.core.calls.call import SHORT, USUAL
from drone_deploy_ecs.core.calls.cloudwatch import DescribeAlarms
from drone_deploy_ecs.core.calls.ecs import DescribeServices
from drone_deploy_ecs.core.calls.elb import DescribeTargetGroups, DescribeTargetHealth
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.causes.evidence import left_out
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.scenario import default

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call

HERE = "eu-west-1"
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
LOG = GetLogEvents(region=HERE, group="/ecs/web", stream="ecs/app/0123", limit=5)
SOURCES: tuple[Call[Any], ...] = (
    LOG,
    DescribeTargetHealth(region=HERE, target_group=GROUP),
    DescribeTargetGroups(region=HERE, target_groups=(GROUP,)),
    DescribeAlarms(region=HERE, names=("a",)),
)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any will do: nothing is sent."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")


def stubbed(call: Call[Any]) -> tuple[Connection, Stubber]:
    """A connection whose client for such calls answers what it is told to."""
    aws = connect(Access(HERE))
    stubber = Stubber(aws._client(call.service, call.region, call.timeout))
    stubber.activate()
    return aws, stubber


def test_the_last_messages_of_a_stream() -> None:
    aws, stubber = stubbed(LOG)
    events = [{"timestamp": 1, "message": message, "ingestionTime": 2} for message in ("one", "two")]
    asked = {"logGroupName": "/ecs/web", "logStreamName": "ecs/app/0123", "limit": 5, "startFromHead": False}
    stubber.add_response("get_log_events", {"events": events, "nextBackwardToken": "b/1"}, asked)
    assert aws.send(LOG) == LogPage(("one", "two"), "b/1")
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize("call", SOURCES, ids=lambda call: call.operation)
@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_denied_source_names_its_permission(call: Call[Any], code: str) -> None:
    aws, stubber = stubbed(call)
    stubber.add_client_error(xform_name(call.operation), code, "User … is not authorized", 403)
    with pytest.raises(ApiError) as error:
        aws.send(call)
    assert error.value.fault.kind is FaultKind.DENIED
    assert left_out(error.value.fault) == f"{call.permission} isn't allowed: {call.shows} can't be shown"


def test_a_role_that_may_not_be_assumed_is_named_as_well() -> None:
    aws, stubber = stubbed(LOG)
    stubber.add_client_error("get_log_events", "AccessDenied", "User … is not authorized", 403)
    with pytest.raises(ApiError) as error:
        aws.send(LOG)
    assumed = type(error.value.fault)(FaultKind.DENIED, "AssumeRole", "AccessDenied", "User … is not authorized")
    assert left_out(assumed) == "AssumeRole isn't allowed: more can't be shown"


def test_a_group_that_is_not_there() -> None:
    aws, stubber = stubbed(LOG)
    stubber.add_client_error("get_log_events", LOG.NOT_FOUND, "The specified log group does not exist.", 400)
    with pytest.raises(ApiError) as error:
        aws.send(LOG)
    assert error.value.fault.code == LOG.NOT_FOUND


def test_no_answer_is_a_fault_too() -> None:
    found = fault("GetLogEvents", ConnectTimeoutError(endpoint_url="https://logs.eu-west-1.amazonaws.com"))
    assert found is not None
    assert left_out(found).startswith("the container's log can't be shown: GetLogEvents: ")


def test_only_ecs_is_loaded_until_more_is_asked_for_and_then_for_the_call_s_own_region() -> None:
    aws = connect(Access(HERE))
    assert [(service, region) for service, region, _ in aws._clients] == [("ecs", HERE)]
    elsewhere = aws._client("logs", "us-east-1", LOG.timeout)
    assert elsewhere is aws._client("logs", "us-east-1", LOG.timeout)
    assert elsewhere.meta.region_name == "us-east-1"
    assert aws._client("logs", HERE, LOG.timeout).meta.region_name == HERE
    assert len(aws._clients) == 3


@pytest.mark.parametrize(("call", "timeout"), [(DescribeServices, USUAL), (GetLogEvents, SHORT)])
def test_every_call_is_one_attempt_and_waits_as_long_as_it_says(call: type[Call[Any]], timeout: object) -> None:
    config = connect(Access(HERE))._client(call.service, HERE, call.timeout).meta.config
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == call.timeout == timeout


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException"])
def test_no_client_keeps_credentials_that_one_was_refused_for(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aws, stubber = stubbed(LOG)
    stubber.add_client_error("get_log_events", code, "The security token is expired", 403)
    with pytest.raises(ApiError):
        aws.send(LOG)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "new")
    for service in ("ecs", "logs"):
        made = aws._client(service, HERE, USUAL)
        assert made._request_signer._credentials.access_key == "new"


def test_a_region_that_is_none_is_a_fault() -> None:
    with pytest.raises(ApiError):
        connect(Access(HERE)).send(GetLogEvents(region="no where", group="g", stream="s", limit=1))


def test_a_wrong_signature_s_quotation_is_cut_off() -> None:
    aws, stubber = stubbed(LOG)
    said = "The signature we calculated does not match.\n\nThe Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:s3cret'"
    stubber.add_client_error("get_log_events", "InvalidSignatureException", said, 403)
    with pytest.raises(ApiError) as error:
        aws.send(LOG)
    assert "s3cret" not in str(error.value)
    assert str(error.value).endswith("does not match.")


def test_no_call_waits_for_an_acknowledgement_of_its_own_headers(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []

    class Watched(socket.socket):
        """Tells, whenever something is sent, whether it leaves at once."""

        def sendall(self, data: Any, flags: int = 0) -> None:
            found.append(bool(self.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
            super().sendall(data, flags)

    with Server(default()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setattr(socket, "socket", Watched)
        services = connect(Access(HERE)).send(DescribeServices(region=HERE, cluster="demo", services=("web",)))
    assert services[0].name == "web"
    assert found
    assert all(found)
