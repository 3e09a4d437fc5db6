"""EventBridge: its rules, and what they start. Source of members and limits: the EventBridge API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import FailedEntry, Listing, Rule
from drone_deploy_ecs.core.calls.body import NotWholeError, plain, typed
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.quota import EVENTS
from drone_deploy_ecs.core.ecs.schedule import BUS, Scheduled
from drone_deploy_ecs.core.ecs.taskdef import HasBody
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body

NOT_FOUND = "ResourceNotFoundException"
"""The code of the error where there is no such rule, bus or schedule."""


class _Bus(Wire, frozen=True, rename="pascal"):
    name: str


class _Buses(Wire, frozen=True, rename="pascal"):
    event_buses: tuple[_Bus, ...]
    next_token: str = ""


class _Rule(Wire, frozen=True, rename="pascal"):
    name: str
    event_bus_name: str = BUS
    managed_by: str = ""

    def rule(self) -> Rule:
        return Rule(self.name, self.event_bus_name, self.managed_by)


class _Rules(Wire, frozen=True, rename="pascal"):
    rules: tuple[_Rule, ...]
    next_token: str = ""


class _FailedEntry(Wire, frozen=True, rename="pascal"):
    target_id: str = ""
    error_code: str = ""
    error_message: str = ""


class _Put(Wire, frozen=True, rename="pascal"):
    failed_entry_count: int
    failed_entries: tuple[_FailedEntry, ...] = ()


class ListEventBuses(Call[Listing[str]], frozen=True, kw_only=True):
    """One page of the names of the event buses."""

    service: ClassVar = "events"
    operation: ClassVar = "ListEventBuses"
    quota: ClassVar = EVENTS
    permission: ClassVar = "events:ListEventBuses"
    timeout: ClassVar = SHORT
    reads: ClassVar = "EventBridge's buses"

    token: str = ""

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"NextToken": self.token} if self.token else {}

    def read(self, body: Body) -> Listing[str]:
        """See `Call`."""
        page = typed(body, _Buses)
        return Listing(tuple(bus.name for bus in page.event_buses), page.next_token)

    def next(self, page: Listing[str]) -> ListEventBuses | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


class ListRules(Call[Listing[Rule]], frozen=True, kw_only=True):
    """One page of a bus's rules."""

    service: ClassVar = "events"
    operation: ClassVar = "ListRules"
    quota: ClassVar = EVENTS
    permission: ClassVar = "events:ListRules"
    timeout: ClassVar = SHORT
    reads: ClassVar = "EventBridge's rules"

    bus: str
    token: str = ""

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The bus."""
        return str(members.get("EventBusName", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given = {"EventBusName": self.bus}
        return {**given, "NextToken": self.token} if self.token else given

    def read(self, body: Body) -> Listing[Rule]:
        """See `Call`."""
        page = typed(body, _Rules)
        return Listing(tuple(rule.rule() for rule in page.rules), page.next_token)

    def next(self, page: Listing[Rule]) -> ListRules | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


class DescribeRule(Call[Rule], frozen=True, kw_only=True):
    """One rule, without its targets."""

    service: ClassVar = "events"
    operation: ClassVar = "DescribeRule"
    quota: ClassVar = EVENTS
    permission: ClassVar = "events:DescribeRule"
    timeout: ClassVar = SHORT
    absent: ClassVar = NOT_FOUND
    reads: ClassVar = "EventBridge's rules"
    advice: ClassVar = "Check the names in schedules"

    bus: str
    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The rule."""
        return str(members.get("Name", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"Name": self.name, "EventBusName": self.bus}

    def read(self, body: Body) -> Rule:
        """See `Call`."""
        return typed(body, _Rule).rule()


class ListTargetsByRule(Call[Scheduled], frozen=True, kw_only=True):
    """A rule's targets, whole. There are five at the most (EventBridge quotas), and a page has a hundred."""

    service: ClassVar = "events"
    operation: ClassVar = "ListTargetsByRule"
    quota: ClassVar = EVENTS
    permission: ClassVar = "events:ListTargetsByRule"
    timeout: ClassVar = SHORT
    absent: ClassVar = NOT_FOUND
    reads: ClassVar = "the targets of EventBridge's rules"
    advice: ClassVar = "Check the names in schedules"

    bus: str
    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The rule."""
        return str(members.get("Rule", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"Rule": self.name, "EventBusName": self.bus}

    def read(self, body: Body) -> Scheduled:
        """See `Call`."""
        answer = plain(body)
        if not isinstance(answer.get("Targets"), list):
            raise NotWholeError
        return Scheduled({"Targets": answer["Targets"]})


class PutTargets(HasBody, Call[tuple[FailedEntry, ...]], frozen=True, kw_only=True):
    """Write those targets of a rule that `body` has, whole; by their ids they take the place of those that are there.

    The answer has what of them failed: AWS tells that in an answer that looks good otherwise.
    """

    service: ClassVar = "events"
    operation: ClassVar = "PutTargets"
    quota: ClassVar = EVENTS
    permission: ClassVar = "events:PutTargets"
    is_raw: ClassVar = True
    writes: ClassVar = True
    timeout: ClassVar = SHORT

    bus: str
    name: str
    body: Mapping[str, Any]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The rule."""
        return str(members.get("Rule", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"Rule": self.name, "EventBusName": self.bus, "Targets": self.body["Targets"]}

    def known_members(self) -> dict[str, Any]:
        """What the API insists on, in the place of what is sent."""
        return {"Rule": self.name, "Targets": [{"Id": "replaced", "Arn": "replaced"}]}

    def read(self, body: Body) -> tuple[FailedEntry, ...]:
        """See `Call`."""
        put = typed(body, _Put)
        failed = tuple(
            FailedEntry(entry.target_id, entry.error_code, entry.error_message) for entry in put.failed_entries
        )
        return failed or (FailedEntry("", "", ""),) * put.failed_entry_count
