"""`aws_role_arn`: the role is assumed at STS (played by moto), and its credentials sign the calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.core.calls.ecs import DescribeServices
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("moto")  # one server
ROLE = "arn:aws:iam::222222222222:role/deploy"
LOOK = DescribeServices(region="eu-west-1", cluster="prod", services=("web",))


def test_calls_are_signed_with_the_assumed_roles_credentials(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.add_service("prod", "web", task_definition())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "pipeline")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    access = Access("eu-west-1", role_arn=ROLE, role_external_id="an-id", role_session_name="drone-deploy-ecs-7")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", server.url)
        aws = connect(access)
        aws.send(LOOK)
        aws.send(LOOK)
    first, second = server.keys
    assert first.startswith("ASIA")
    assert first == second


@pytest.mark.parametrize("role", ["", ROLE], ids=["itself", "and another role with it"])
def test_a_web_identity_token_is_all_that_is_needed(
    moto: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, role: str
) -> None:
    world = World()
    world.add_service("prod", "web", task_definition())
    token = tmp_path / "token"
    token.write_text("a-token-of-the-ci-system")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/ci")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", moto)
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_ECS", server.url)
        connect(Access("eu-west-1", role_arn=role)).send(LOOK)
    (key,) = server.keys
    assert key.startswith("ASIA")


def test_a_role_that_cannot_be_assumed_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "pipeline")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(World()) as server:  # it knows no AssumeRole
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        with pytest.raises(ApiError) as error:
            connect(Access("eu-west-1", role_arn=ROLE)).send(LOOK)
    assert error.value.fault.kind in (FaultKind.REJECTED, FaultKind.AMBIGUOUS)
