"""Tags of what is in ECS. Source of members and limits: the ECS API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.calls.body import plain
from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.quota import TAG_RESOURCES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body


class TagResource(Call[str], frozen=True, kw_only=True):
    """Give a task definition's revision a tag, in the place of one of the same key. The answer is its ARN."""

    operation: ClassVar = "TagResource"
    quota: ClassVar = TAG_RESOURCES
    permission: ClassVar = "ecs:TagResource"
    writes: ClassVar = True

    arn: str
    key: str
    value: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """What is tagged."""
        return str(members.get("resourceArn", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"resourceArn": self.arn, "tags": [{"key": self.key, "value": self.value}]}

    def read(self, body: Body) -> str:
        """See `Call`: AWS answers nothing."""
        plain(body)
        return self.arn
