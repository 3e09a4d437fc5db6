"""CloudWatch Logs: the end of a log stream, and whether there is a log group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import LogPage
from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import QUICK, SHORT, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body


class _Event(Wire, frozen=True):
    message: str = ""


class _Events(Wire, frozen=True):
    events: tuple[_Event, ...] = ()
    next_backward_token: str = ""
    next_forward_token: str = ""


class GetLogEvents(Call[LogPage], frozen=True, kw_only=True):
    """The last messages of a stream, at most `limit`; or the first ones, from its beginning on.

    A page may be empty although there are messages before it, or after it.
    """

    MOST: ClassVar = 10_000
    """Messages in one answer, at the most."""
    NOT_FOUND: ClassVar = "ResourceNotFoundException"
    """The code of the error where there is no such group or stream."""

    service: ClassVar = "logs"
    operation: ClassVar = "GetLogEvents"
    quota: ClassVar = modest("GetLogEvents")
    permission: ClassVar = "logs:GetLogEvents"
    timeout: ClassVar = SHORT
    shows: ClassVar = "the container's log"

    group: str
    stream: str
    limit: int
    token: str = ""
    from_start: bool = False

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The log group."""
        return str(members.get("logGroupName", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given = {
            "logGroupName": self.group,
            "logStreamName": self.stream,
            "limit": min(self.limit, self.MOST),
            "startFromHead": self.from_start,
        }
        return {**given, "nextToken": self.token} if self.token else given

    def read(self, body: Body) -> LogPage:
        """See `Call`."""
        events = typed(body, _Events)
        messages = tuple(event.message for event in events.events)
        return LogPage(messages, events.next_backward_token, events.next_forward_token)

    def before(self, page: LogPage) -> GetLogEvents | None:
        """The call for the page before that one; None where there is none, or it isn't needed."""
        if page.messages or page.token in ("", self.token):
            return None
        return replace(self, token=page.token)


class _Group(Wire, frozen=True):
    log_group_name: str = ""


class _Groups(Wire, frozen=True):
    log_groups: tuple[_Group, ...]


class DescribeLogGroups(Call[bool], frozen=True, kw_only=True):
    """Whether there is a log group of this name."""

    service: ClassVar = "logs"
    operation: ClassVar = "DescribeLogGroups"
    quota: ClassVar = modest("DescribeLogGroups")
    permission: ClassVar = "logs:DescribeLogGroups"
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether a log group is there"

    group: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The log group."""
        return str(members.get("logGroupNamePrefix", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`. Answers are in order of names, so that the very name comes before longer ones."""
        return {"logGroupNamePrefix": self.group, "limit": 1}

    def read(self, body: Body) -> bool:
        """See `Call`."""
        return any(group.log_group_name == self.group for group in typed(body, _Groups).log_groups)
