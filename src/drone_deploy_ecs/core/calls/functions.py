"""Lambda: whether a function is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import QUICK, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body


class _Configuration(Wire, frozen=True, rename="pascal"):
    function_arn: str


class GetFunctionConfiguration(Call[str], frozen=True, kw_only=True):
    """A function's ARN, by its ARN or name: of its configuration no more is read."""

    NOT_FOUND: ClassVar = "ResourceNotFoundException"
    """The code of the error where there is no such function."""

    service: ClassVar = "lambda"
    operation: ClassVar = "GetFunctionConfiguration"
    quota: ClassVar = modest("GetFunctionConfiguration")
    permission: ClassVar = "lambda:GetFunctionConfiguration"
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether a hook's function is there"

    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The function."""
        return str(members.get("FunctionName", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"FunctionName": self.name}

    def read(self, body: Body) -> str:
        """See `Call`."""
        return typed(body, _Configuration).function_arn
