"""The other face: AWS JSON over loopback, on a clock that tests move or that keeps pace with the real one."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, RemoteDisconnected
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server, lines
from tests.simulator.watching import web, world_with

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.simulator.world import World

ASKED = {"cluster": "prod", "services": ["web"]}
LIST = "ListServiceDeployments"
FORCE = {"cluster": "prod", "service": "web", "forceNewDeployment": True}


@pytest.fixture
def world() -> World:
    return world_with()


@pytest.fixture
def connection(world: World) -> Iterator[HTTPConnection]:
    with Server(world) as server:
        found = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        yield found
        found.close()


def call(connection: HTTPConnection, operation: str, body: object) -> tuple[int, Any]:
    target = f"AmazonEC2ContainerServiceV20141113.{operation}"
    connection.request("POST", "/", body if isinstance(body, str) else json.dumps(body), {"X-Amz-Target": target})
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_one_connection_serves_many_calls_and_times_are_epoch_seconds(connection: HTTPConnection, world: World) -> None:
    status, answer = call(connection, "DescribeServices", ASKED)
    kept = connection.sock
    created = answer["services"][0]["deployments"][0]["createdAt"]
    assert (status, created) == (200, world.clock.at(-86400).timestamp())
    assert call(connection, "ListClusters", {})[1] == {"clusterArns": [f"{world.arn_prefix}cluster/prod"]}
    assert call(connection, "ListServices", {"cluster": "prod"})[1] == {
        "serviceArns": [f"{world.arn_prefix}service/prod/web"]
    }
    assert call(connection, "CreateService", {})[0] == 400
    assert kept is not None
    assert connection.sock is kept, "it was never closed"


def test_a_whole_update(connection: HTTPConnection, world: World) -> None:
    body = {"family": "web", "containerDefinitions": [{"name": "app", "image": "shop:2"}]}
    assert call(connection, "RegisterTaskDefinition", body)[1]["taskDefinition"]["revision"] == 2
    service = call(connection, "UpdateService", {"cluster": "prod", "service": "web", "taskDefinition": "web"})[1][
        "service"
    ]
    world.clock.sleep(100)
    tasks = call(connection, "ListTasks", {"cluster": "prod", "serviceName": "web"})[1]["taskArns"]
    described = call(connection, "DescribeTasks", {"cluster": "prod", "tasks": tasks})[1]["tasks"]
    assert {one["startedBy"] for one in described} == {service["deployments"][0]["id"]}
    gone = call(connection, "DeregisterTaskDefinition", {"taskDefinition": "web:1"})[1]["taskDefinition"]
    assert gone["status"] == "INACTIVE"
    assert len(call(connection, "ListTaskDefinitions", {})[1]["taskDefinitionArns"]) == 1


def test_tags_come_only_when_asked_for(connection: HTTPConnection, world: World) -> None:
    world.register({"family": "web", "containerDefinitions": [{"name": "a", "image": "b"}], "tags": [{"key": "k", "value": "v"}]})  # fmt: skip
    assert "tags" not in call(connection, "DescribeTaskDefinition", {"taskDefinition": "web"})[1]
    asked = {"taskDefinition": "web", "include": ["TAGS"]}
    assert call(connection, "DescribeTaskDefinition", asked)[1]["tags"] == [{"key": "k", "value": "v"}]


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("ListTasks", {"cluster": "prd"}, "ClusterNotFoundException"),
        ("CreateService", {}, "UnknownOperationException"),
        ("", {}, "UnknownOperationException"),
        ("GetLogEvents", {}, "InvalidParameterException"),
        ("ListTasks", "{", "SerializationException"),
        ("ListTasks", "[]", "SerializationException"),
        ("UpdateService", {"cluster": "prod"}, "InvalidParameterException"),
        ("DescribeTaskDefinition", {}, "InvalidParameterException"),
        ("RegisterTaskDefinition", {"containerDefinitions": []}, "InvalidParameterException"),
        ("DescribeServices", {"cluster": "prod"}, "InvalidParameterException"),
    ],
)
def test_what_is_refused(connection: HTTPConnection, operation: str, body: object, code: str) -> None:
    status, answer = call(connection, operation, body)
    assert (status, answer["__type"], bool(answer["message"])) == (400, code, True)


@pytest.mark.parametrize(
    ("effect", "status", "code"),
    [
        (Effect.THROTTLE, 400, "ThrottlingException"),
        (Effect.SERVER_ERROR, 500, "ServerException"),
        (Effect.DENY, 400, "AccessDeniedException"),
        (Effect.EXPIRE, 400, "ExpiredTokenException"),
    ],
)
def test_faults_with_an_answer(
    connection: HTTPConnection, world: World, effect: Effect, status: int, code: str
) -> None:
    world.faults.add(effect, last=1)
    before = web(world).primary.id
    answered, answer = call(connection, "UpdateService", FORCE)
    assert (answered, answer["__type"], web(world).primary.id) == (status, code, before)
    assert call(connection, "UpdateService", FORCE)[0] == 200


@pytest.mark.parametrize(
    ("effect", "happened", "took"),
    [
        (Effect.TIMEOUT_BEFORE, False, 20.05),
        (Effect.TIMEOUT_AFTER, True, 20.05),
        (Effect.RESET_AFTER, True, 0.05),
        (Effect.UNREACHABLE, False, 0.05),
    ],
)
def test_faults_without_one_close_the_connection(
    *, connection: HTTPConnection, world: World, effect: Effect, happened: bool, took: float
) -> None:
    world.faults.add(effect, last=1)
    before = web(world).primary.id
    with pytest.raises(RemoteDisconnected):
        call(connection, "UpdateService", FORCE)
    assert world.clock.monotonic() == pytest.approx(took)
    assert (web(world).primary.id != before) is happened
    connection.close()
    assert call(connection, "UpdateService", FORCE)[0] == 200


@pytest.mark.parametrize(("error", "is_told"), [(BrokenPipeError(), False), (ValueError("a defect"), True)])
def test_a_client_that_has_gone_is_no_news(
    *, world: World, capsys: pytest.CaptureFixture[str], error: Exception, is_told: bool
) -> None:
    with Server(world) as server:
        try:
            raise error
        except type(error):
            server.handle_error(None, ("127.0.0.1", 1))
    assert bool(capsys.readouterr().err) is is_told


def test_it_says_how_to_talk_to_it(world: World) -> None:
    with Server(world, speed=10) as server:
        first, second, third = lines(server)
        assert first == f"simulated ECS on {server.url}; time runs 10 times as fast; stop with Ctrl-C"
        assert second == "  cluster prod, service web: runs 2 of web:1"
        assert f"AWS_ENDPOINT_URL={server.url}" in third


def test_its_calendar_is_that_of_its_callers(world: World) -> None:
    now = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    yesterday = (now - timedelta(days=1)).timestamp()
    with Server(world, now=now) as server:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        service = call(connection, "DescribeServices", ASKED)[1]["services"][0]
        listed = [
            call(connection, LIST, {"cluster": "prod", "service": "web", "createdAt": created})[1]["serviceDeployments"]
            for created in ({"after": yesterday}, {"after": yesterday + 1}, {"before": yesterday - 1})
        ]
        connection.close()
    assert service["deployments"][0]["createdAt"] == yesterday
    assert [len(found) for found in listed] == [1, 0, 0]
    assert listed[0][0]["createdAt"] == yesterday


def test_it_keeps_pace_with_the_real_clock_however_often_somebody_looks(world: World) -> None:
    began = time.monotonic()
    with Server(world, speed=5) as server:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        for _ in range(200):
            assert call(connection, "DescribeServices", ASKED)[0] == 200
        connection.close()
        assert 0 < world.clock.monotonic() <= (time.monotonic() - began) * 5
