"""Systems Manager's Parameter Store: which parameters there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.body import NotWholeError, typed
from drone_deploy_ecs.core.calls.call import QUICK, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from drone_deploy_ecs.core.calls.body import Body


class _Parameter(Wire, frozen=True, rename="pascal"):
    """Its value isn't read."""

    name: str


class _Parameters(Wire, frozen=True, rename="pascal"):
    parameters: tuple[_Parameter, ...] = ()
    invalid_parameters: tuple[str, ...] = ()


class GetParameters(Call[frozenset[str]], frozen=True, kw_only=True):
    """Of up to ten parameters, by name or ARN, those that are not there; never their values.

    AWS puts the values into the answer, those of SecureStrings encrypted: they are left where they came.
    """

    service: ClassVar = "ssm"
    operation: ClassVar = "GetParameters"
    quota: ClassVar = modest("GetParameters")
    permission: ClassVar = "ssm:GetParameters"
    most: ClassVar = 10
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether a parameter is there"

    names: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """Their names."""
        return ",".join(members.get("Names", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"Names": list(self.names), "WithDecryption": False}

    def read(self, body: Body) -> frozenset[str]:
        """See `Call`."""
        answer = typed(body, _Parameters)
        if not answer.parameters and not answer.invalid_parameters:
            raise NotWholeError
        return frozenset(answer.invalid_parameters)

    def join(self, others: Sequence[Self]) -> Self:
        """See `Call`."""
        return replace(self, names=tuple(dict.fromkeys(name for call in (self, *others) for name in call.names)))

    def part(self, answer: frozenset[str]) -> frozenset[str]:
        """See `Call`."""
        return answer & frozenset(self.names)
