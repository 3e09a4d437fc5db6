"""On the real wire: task definitions pass unharmed through botocore, and its exceptions become faults."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.aws.connect import connect
from drone_deploy_ecs.aws.ecs import Ecs
from drone_deploy_ecs.core import taskdef
from drone_deploy_ecs.core.evidence import NOT_FOUND, LogPlace
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.request import Access
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def world() -> World:
    """One service."""
    found = World()
    found.add_service("prod", "web", task_definition())
    return found


@pytest.fixture
def ecs(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ecs]:
    """The real client, pointed at the simulator."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield Ecs(Access("eu-west-1"), read_timeout=5)


@pytest.mark.usefixtures("ecs")
def test_the_end_of_a_containers_log(world: World) -> None:
    world.push("shop:2", crash(1))
    service = world.service("prod", "web")
    world.deploy(service, world.register(task_definition(image="shop:2")))
    world.clock.sleep(30)
    (task, *_) = (one for one in service.tasks if one.exit_code == 1)
    witness = connect(Access("eu-west-1")).witness
    end = witness.log_tail(place=LogPlace("eu-west-1", "/ecs/web", f"ecs/app/{task.id}"), most=2)
    assert end == ("reading the configuration", "fatal: no such table: orders; exiting with 1")
    with pytest.raises(ApiError, match=NOT_FOUND):
        witness.log_tail(place=LogPlace("eu-west-1", "/ecs/web", "ecs/app/nobody"), most=2)


FUTURE: dict[str, Any] = {
    "family": "web",
    "aMemberOfTomorrow": {"nested": [{"deeper": "", "number": 1, "flag": False, "nothing": None}]},
    "containerDefinitions": [
        {"name": "app", "image": "shop:1", "newInHere": {"a": ["b"]}, "environment": [{"name": "EMPTY", "value": ""}]}
    ],
    "tags": [{"key": "team", "value": "shop"}],
}


def test_unknown_members_tags_and_empty_strings_survive_the_round_trip(ecs: Ecs, world: World) -> None:
    world.register(FUTURE)
    body = taskdef.registrable(ecs.describe_task_definition(taskDefinition="web"))
    assert body == FUTURE
    edited = taskdef.with_image(body, "app", "shop:2")
    ecs.register_task_definition(definition=edited)
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
    ecs: Ecs, world: World, effect: Effect, kind: FaultKind
) -> None:
    world.faults.add(effect)
    with pytest.raises(ApiError) as error:
        ecs.update_service(cluster="prod", service="web", taskDefinition="web:1")
    assert error.value.fault.kind is kind
    assert world.faults.calls["UpdateService"] == 1


def test_a_refused_request_is_rejected_with_awss_words(ecs: Ecs) -> None:
    with pytest.raises(ApiError) as error:
        ecs.describe_services(cluster="nope", services=["web"])
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
        Ecs(Access("eu-west-1")).describe_services(cluster="prod", services=["web"])
    assert error.value.fault.kind is FaultKind.UNREACHABLE


def test_credentials_that_expired_are_read_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "old")
    world.faults.add(Effect.EXPIRE, last=1)
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        ecs = Ecs(Access("eu-west-1"))
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "new")
        with pytest.raises(ApiError):
            ecs.describe_services(cluster="prod", services=["web"])
        ecs.describe_services(cluster="prod", services=["web"])
        assert server.keys == ["old", "new"]


def test_no_credentials_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ApiError) as error:
        Ecs(Access("eu-west-1")).describe_services(cluster="prod", services=["web"])
    assert error.value.fault.kind is FaultKind.NO_CREDENTIALS
