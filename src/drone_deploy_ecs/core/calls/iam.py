"""IAM: a role, and who may assume it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from drone_deploy_ecs.core.calls.answers import Role
from drone_deploy_ecs.core.calls.body import NotWholeError, typed
from drone_deploy_ecs.core.calls.call import QUICK, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.body import Body

ANYBODY = "*"


class _Role(Wire, frozen=True, rename="pascal"):
    """`assume_role_policy_document` is JSON, encoded as in a URL, or what botocore made of it."""

    assume_role_policy_document: Any


class _Answer(Wire, frozen=True, rename="pascal"):
    role: _Role


class GetRole(Call[Role], frozen=True, kw_only=True):
    """A role, by its name without path."""

    NOT_FOUND: ClassVar = "NoSuchEntity"
    """The code of the error where there is no such role."""

    service: ClassVar = "iam"
    operation: ClassVar = "GetRole"
    quota: ClassVar = modest("GetRole")
    permission: ClassVar = "iam:GetRole"
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether a role is there"

    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """Its name."""
        return str(members.get("RoleName", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"RoleName": self.name}

    def read(self, body: Body) -> Role:
        """See `Call`."""
        document = typed(body, _Answer).role.assume_role_policy_document
        if isinstance(document, str):
            try:
                document = json.loads(unquote(document))
            except (ValueError, RecursionError) as error:
                raise NotWholeError from error
        if not isinstance(document, Mapping):
            raise NotWholeError
        return Role(frozenset(_trusted(document)))


def _trusted(document: Mapping[str, Any]) -> Iterator[str]:
    """Whom a statement allows anything, whatever its conditions; ANYBODY where it names only who is not meant."""
    for statement in _listed(document.get("Statement")):
        if not isinstance(statement, Mapping) or statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal", ANYBODY)
        groups = principal.values() if isinstance(principal, Mapping) else (principal,)
        yield from (name for group in groups for name in _listed(group) if isinstance(name, str))


def _listed(value: Any) -> list[Any]:
    """IAM lets one stand for a list of one."""
    return value if isinstance(value, list) else [value]
