"""Secrets Manager: the secret that names the live colour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.aws.faults import calling

if TYPE_CHECKING:
    from typing import Any


def secret(client: Any, name: str) -> str:
    """Its SecretString, "" when it is binary. Raises ApiError."""
    answer = calling("GetSecretValue", lambda: client.get_secret_value(SecretId=name))
    return str(answer.get("SecretString", ""))
