"""On the real wire: task definitions pass unharmed through botocore, and its exceptions become faults."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.aws.connection import Connection, connect
from drone_deploy_ecs.core.calls.call import Timeout
from drone_deploy_ecs.core.calls.ecs import (
    DescribeServices,
    DescribeTaskDefinition,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.edits import with_image

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK = DescribeServices(region="eu-west-1", cluster="prod", services=("web",))


@pytest.fixture
def world() -> World:
    """One service."""
    found = World()
    found.add_service("prod", "web", task_definition())
    return found


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """The real client, pointed at the simulator."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield Connection(Access("eu-west-1"), Timeout(connect=5.0, read=5.0))


def test_the_end_of_a_containers_log(aws: Connection, world: World) -> None:
    world.push("shop:2", crash(1))
    service = world.service("prod", "web")
    world.deploy(service, world.register(task_definition(image="shop:2")))
    world.clock.sleep(30)
    (task, *_) = (one for one in service.tasks if one.exit_code == 1)
    call = GetLogEvents(region="eu-west-1", group="/ecs/web", stream=f"ecs/app/{task.id}", limit=2)
    end = aws.send(call).messages
    assert end == ("reading the configuration", "fatal: no such table: orders; exiting with 1")
    with pytest.raises(ApiError, match=GetLogEvents.NOT_FOUND):
        aws.send(replace(call, stream="ecs/app/nobody"))


FUTURE: dict[str, Any] = {
    "family": "web",
    "aMemberOfTomorrow": {"nested": [{"deeper": "", "number": 1, "flag": False, "nothing": None}]},
    "containerDefinitions": [
        {"name": "app", "image": "shop:1", "newInHere": {"a": ["b"]}, "environment": [{"name": "EMPTY", "value": ""}]}
    ],
    "tags": [{"key": "team", "value": "shop"}],
}


def test_unknown_members_tags_and_empty_strings_survive_the_round_trip(aws: Connection, world: World) -> None:
    world.register(FUTURE)
    body = aws.send(DescribeTaskDefinition(region="eu-west-1", name="web")).body
    assert body == FUTURE
    edited = with_image(body, "app", "shop:2")
    aws.send(RegisterTaskDefinition(region="eu-west-1", body=edited))
    assert taskdef.registrable(world.definitions.describe("web")) == edited


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        (Effect.THROTTLE, FaultKind.THROTTLED),
        (Effect.SERVER_ERROR, FaultKind.AMBIGUOUS),
        (Effect.TIMEOUT_BEFORE, FaultKind.AMBIGUOUS),
        (Effect.RESET_AFTER, FaultKind.AMBIGUOUS),
        (Effect.DENY, FaultKind.DENIED),
        (Effect.EXPIRE, FaultKind.NO_CREDENTIALS),
    ],
)
def test_every_failure_becomes_its_fault_after_one_attempt(
    aws: Connection, world: World, effect: Effect, kind: FaultKind
) -> None:
    world.faults.add(effect)
    with pytest.raises(ApiError) as error:
        aws.send(UpdateService(region="eu-west-1", cluster="prod", name="web", definition="web:1"))
    assert error.value.fault.kind is kind
    assert world.faults.calls["UpdateService"] == 1


def test_a_refused_request_is_rejected_with_awss_words(aws: Connection) -> None:
    with pytest.raises(ApiError) as error:
        aws.send(replace(LOOK, cluster="nope"))
    assert error.value.fault.kind is FaultKind.REJECTED
    assert error.value.fault.code == "ClusterNotFoundException"


def test_nobody_listening_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(ApiError) as error:
        connect(Access("eu-west-1")).send(LOOK)
    assert error.value.fault.kind is FaultKind.UNREACHABLE


def test_credentials_that_expired_are_read_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    world.faults.add(Effect.EXPIRE, last=1)
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        aws = connect(Access("eu-west-1"))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "new")
        with pytest.raises(ApiError):
            aws.send(LOOK)
        aws.send(LOOK)
        assert server.keys == ["old", "new"]


def test_no_credentials_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiError) as error:
        connect(Access("eu-west-1")).send(LOOK)
    assert error.value.fault.kind is FaultKind.NO_CREDENTIALS
