"""The secret that names the live colour, out of Secrets Manager (played by moto)."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.core.calls.secrets import GetSecretValue
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access

pytestmark = pytest.mark.xdist_group("moto")  # one server


@pytest.fixture(autouse=True)
def at_moto(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)


def read(name: str) -> str:
    call = GetSecretValue(region="eu-west-1", name=name)
    return connect(Access("eu-west-1")).send(call)


def test_a_secrets_text_is_read() -> None:
    client: Any = botocore.session.Session().create_client("secretsmanager", region_name="eu-west-1")
    client.create_secret(Name="production-shop", SecretString='{"CURRENT_LIVE_ENVIRONMENT": "blue"}')
    client.create_secret(Name="production-keys", SecretBinary=b"\x00\x01")
    assert read("production-shop") == '{"CURRENT_LIVE_ENVIRONMENT": "blue"}'
    assert read("production-keys") == ""


def test_a_secret_that_is_not_there_is_said_not_to_be() -> None:
    with pytest.raises(ApiError) as error:
        read("staging-shop")
    assert error.value.fault.kind is FaultKind.REJECTED
    assert error.value.fault.code == "ResourceNotFoundException"
