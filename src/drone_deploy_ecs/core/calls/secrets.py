"""Secrets Manager: a secret's text, and what is known of a secret without it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import field

from drone_deploy_ecs.core.calls.answers import StoredSecret
from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import QUICK, SHORT, Call
from drone_deploy_ecs.core.calls.quota import Quota, modest
from drone_deploy_ecs.core.ecs.wire import Moment, Wire

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


class _Described(Wire, frozen=True, rename="pascal"):
    deleted_date: Moment | None = None
    version_ids_to_stages: dict[str, tuple[str, ...]] = field(default_factory=dict)


class DescribeSecret(Call[StoredSecret], frozen=True, kw_only=True):
    """A secret, by its ARN or name; never its value."""

    NOT_FOUND: ClassVar = "ResourceNotFoundException"
    """The code of the error where there is no such secret."""

    service: ClassVar = "secretsmanager"
    operation: ClassVar = "DescribeSecret"
    quota: ClassVar = Quota("DescribeSecret", 100, 50.0)
    permission: ClassVar = "secretsmanager:DescribeSecret"
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether a secret is there"

    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """Its ARN or name."""
        return str(members.get("SecretId", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"SecretId": self.name}

    def read(self, body: Body) -> StoredSecret:
        """See `Call`."""
        described = typed(body, _Described)
        stages = (stage for stages in described.version_ids_to_stages.values() for stage in stages)
        return StoredSecret(frozenset(stages), described.deleted_date is not None)
