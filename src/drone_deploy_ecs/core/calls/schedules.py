"""EventBridge Scheduler: its schedules. Source of members and limits: the EventBridge Scheduler API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import field
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import ListedSchedule, Listing
from drone_deploy_ecs.core.calls.body import NotWholeError, plain, typed
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.events import NOT_FOUND
from drone_deploy_ecs.core.calls.quota import SCHEDULES
from drone_deploy_ecs.core.ecs.schedule import Scheduled
from drone_deploy_ecs.core.ecs.taskdef import HasBody
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body

RESPONSE_ONLY = frozenset({"Arn", "CreationDate", "LastModificationDate"})
"""Members of GetSchedule's answer that UpdateSchedule doesn't take."""


class _ListedTarget(Wire, frozen=True, rename="pascal"):
    arn: str = ""


class _Listed(Wire, frozen=True, rename="pascal"):
    name: str
    group_name: str
    target: _ListedTarget = field(default_factory=_ListedTarget)


class _Schedules(Wire, frozen=True, rename="pascal"):
    schedules: tuple[_Listed, ...]
    next_token: str = ""


class _Updated(Wire, frozen=True, rename="pascal"):
    schedule_arn: str


class ListSchedules(Call[Listing[ListedSchedule]], frozen=True, kw_only=True):
    """One page of the schedules of all groups."""

    PAGE: ClassVar = 100

    service: ClassVar = "scheduler"
    operation: ClassVar = "ListSchedules"
    quota: ClassVar = SCHEDULES
    permission: ClassVar = "scheduler:ListSchedules"
    timeout: ClassVar = SHORT
    reads: ClassVar = "the schedules of EventBridge Scheduler"

    token: str = ""

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given = {"MaxResults": self.PAGE}
        return {**given, "NextToken": self.token} if self.token else given

    def read(self, body: Body) -> Listing[ListedSchedule]:
        """See `Call`."""
        page = typed(body, _Schedules)
        listed = (ListedSchedule(each.group_name, each.name, each.target.arn) for each in page.schedules)
        return Listing(tuple(listed), page.next_token)

    def next(self, page: Listing[ListedSchedule]) -> ListSchedules | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


class GetSchedule(Call[Scheduled], frozen=True, kw_only=True):
    """One schedule, whole."""

    service: ClassVar = "scheduler"
    operation: ClassVar = "GetSchedule"
    quota: ClassVar = SCHEDULES
    permission: ClassVar = "scheduler:GetSchedule"
    timeout: ClassVar = SHORT
    absent: ClassVar = NOT_FOUND
    reads: ClassVar = "the schedules of EventBridge Scheduler"
    advice: ClassVar = "Check the names in schedules"

    group: str
    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The schedule."""
        return f"{members.get('GroupName', '')}/{members.get('Name', '')}"

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"GroupName": self.group, "Name": self.name}

    def read(self, body: Body) -> Scheduled:
        """See `Call`."""
        answer = plain(body)
        if not isinstance(answer.get("Target"), dict):
            raise NotWholeError
        return Scheduled(dict(answer))


class UpdateSchedule(HasBody, Call[str], frozen=True, kw_only=True):
    """Write a whole schedule: what is left out goes back to its default. `body` is as GetSchedule gives it.

    The answer is its ARN.
    """

    service: ClassVar = "scheduler"
    operation: ClassVar = "UpdateSchedule"
    quota: ClassVar = SCHEDULES
    permission: ClassVar = "scheduler:UpdateSchedule"
    is_raw: ClassVar = True
    in_path: ClassVar = frozenset({"Name"})
    writes: ClassVar = True
    timeout: ClassVar = SHORT

    group: str
    name: str
    body: Mapping[str, Any]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The schedule."""
        return f"{members.get('GroupName', '')}/{members.get('Name', '')}"

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        kept = {member: value for member, value in self.body.items() if member not in RESPONSE_ONLY}
        return {**kept, "GroupName": self.group, "Name": self.name}

    def known_members(self) -> dict[str, Any]:
        """What the API insists on, in the place of what is sent."""
        return {
            "Name": self.name,
            "ScheduleExpression": "replaced",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "replaced", "RoleArn": "replaced"},
        }

    def read(self, body: Body) -> str:
        """See `Call`."""
        return typed(body, _Updated).schedule_arn
