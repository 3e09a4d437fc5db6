"""`aws_role_arn`: the role is assumed at STS (played by moto), and its credentials sign the calls."""

from __future__ import annotations

import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.aws.ecs import Ecs
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.request import Access
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.containers.engine import wait_until
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Iterator

ROLE = "arn:aws:iam::222222222222:role/deploy"


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """Moto's server on a free port of the loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(own_venv("moto")), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        wait_until(lambda: _listens(port), 60, "moto listens")
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_calls_are_signed_with_the_assumed_roles_credentials(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.add_service("prod", "web", task_definition())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "pipeline")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    access = Access("eu-west-1", role_arn=ROLE, role_external_id="an-id", role_session_name="drone-deploy-ecs-7")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", server.url)
        ecs = Ecs(access)
        ecs.describe_services(cluster="prod", services=["web"])
        ecs.describe_services(cluster="prod", services=["web"])
    first, second = server.keys
    assert first.startswith("ASIA")
    assert first == second


def test_a_role_that_cannot_be_assumed_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "pipeline")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(World()) as server:  # it knows no AssumeRole
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ApiError) as error:
            Ecs(Access("eu-west-1", role_arn=ROLE)).describe_services(cluster="prod", services=["web"])
    assert error.value.fault.kind in (FaultKind.REJECTED, FaultKind.AMBIGUOUS)
