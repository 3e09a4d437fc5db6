"""Answers in JSON as they came, and all others as botocore has them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.aws.parser import BODY, Parsers
from drone_deploy_ecs.core.calls.catalogue import CALLS
from drone_deploy_ecs.core.calls.ecs import DescribeServices
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from botocore.model import OperationModel

LOOK = DescribeServices(region="eu-west-1", cluster="prod", services=("web",))


def operation(service: str, name: str) -> OperationModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service).operation_model(name)


def parsed(protocol: str, status: int, body: bytes, asked: OperationModel) -> dict[str, Any]:
    response = {"status_code": status, "headers": {}, "body": body, "context": {"operation_name": asked.name}}
    answer: dict[str, Any] = Parsers().create_parser(protocol).parse(response, asked.output_shape)
    return answer


def test_json_is_handed_on_as_it_came() -> None:
    body = b'{"services": [{"aMemberOfTomorrow": 1.10}]}'
    answer = parsed("json", 200, body, operation("ecs", "DescribeServices"))
    assert answer == {BODY: body, "ResponseMetadata": {"HTTPStatusCode": 200}}


def test_an_error_is_taken_apart_by_botocore() -> None:
    body = json.dumps({"__type": "ClusterNotFoundException", "message": "Cluster not found."}).encode()
    answer = parsed("json", 400, body, operation("ecs", "DescribeServices"))
    assert answer["Error"] == {"Message": "Cluster not found.", "Code": "ClusterNotFoundException"}


def test_what_isn_t_json_is_taken_apart_by_botocore() -> None:
    body = b"<R><AssumeRoleResult><PackedPolicySize>6</PackedPolicySize></AssumeRoleResult></R>"
    assert parsed("query", 200, body, operation("sts", "AssumeRole"))["PackedPolicySize"] == 6


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.operation)
def test_these_services_speak_json_and_the_others_have_no_member_of_that_name(call: Any) -> None:
    model = operation(call.service, call.operation)
    is_json = model.service_model.resolved_protocol == "json"
    assert is_json or BODY not in model.output_shape.members  # type: ignore[union-attr]
    assert is_json or call.service in ("elbv2", "cloudwatch", "iam", "lambda", "scheduler")


def test_a_service_comes_over_the_wire_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.add_service("prod", "web", task_definition(), idle_events=100)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        (service,) = connect(Access("eu-west-1")).send(LOOK)
    assert len(service.events) == 100
    assert service.deployments[0].created_at == world.clock.at(-86400)
    assert (service,) == SimulatedAws(world).send(LOOK)
