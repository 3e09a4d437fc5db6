"""Secrets Manager: a secret's text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body


class _Secret(Wire, frozen=True, rename="pascal"):
    secret_string: str = ""


class GetSecretValue(Call[str], frozen=True, kw_only=True):
    """A secret's SecretString, "" when it is binary."""

    service: ClassVar = "secretsmanager"
    operation: ClassVar = "GetSecretValue"
    quota: ClassVar = modest("GetSecretValue")
    permission: ClassVar = "secretsmanager:GetSecretValue"
    timeout: ClassVar = SHORT
    reads: ClassVar = "the secret that names the live colour"
    advice: ClassVar = "Check secret_service, the branch and the region"

    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """Its name."""
        return str(members.get("SecretId", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"SecretId": self.name}

    def read(self, body: Body) -> str:
        """See `Call`."""
        return typed(body, _Secret).secret_string
