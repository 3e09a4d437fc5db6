"""Operations of EventBridge and of EventBridge Scheduler, on what is kept in `schedules`."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.calls.events import NOT_FOUND
from drone_deploy_ecs.core.calls.schedules import RESPONSE_ONLY
from drone_deploy_ecs.core.ecs.schedule import BUS
from drone_deploy_ecs.simulator.operation import Json, Operation, page
from drone_deploy_ecs.simulator.permissions import of
from drone_deploy_ecs.simulator.registry import rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.operation import Request
    from drone_deploy_ecs.simulator.world import World

A_PAGE = 100


class EventBridge:
    """What EventBridge and its Scheduler are asked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.operations: Mapping[str, Operation] = {
            "ListEventBuses": Operation(self._list_event_buses),
            "ListRules": Operation(self._list_rules),
            "DescribeRule": Operation(self._describe_rule, "Name"),
            "ListTargetsByRule": Operation(self._list_targets_by_rule, "Rule"),
            "PutTargets": Operation(self._put_targets, "Rule"),
            "ListSchedules": Operation(self._list_schedules),
            "GetSchedule": Operation(self._get_schedule, "Name"),
            "UpdateSchedule": Operation(self._update_schedule, "Name"),
        }

    # --- EventBridge ---

    def _list_event_buses(self, request: Request) -> Json:
        buses = dict.fromkeys((BUS, *(bus for bus, _ in self.world.schedules.rules)))
        prefix = of(self.world.arn_prefix, "events")
        entries = [{"Name": bus, "Arn": f"{prefix}event-bus/{bus}"} for bus in buses]
        return page("ListEventBuses", "EventBuses", entries, request, A_PAGE, pascal=True)

    def _list_rules(self, request: Request) -> Json:
        asked = request.get("EventBusName", BUS)
        rules = [self._rule(bus, name) for bus, name in self.world.schedules.rules if bus == asked]
        return page("ListRules", "Rules", rules, request, A_PAGE, pascal=True)

    def _describe_rule(self, request: Request) -> Json:
        bus, name = request.get("EventBusName", BUS), request["Name"]
        self._targets("DescribeRule", bus, name)
        return self._rule(bus, name)

    def _rule(self, bus: str, name: str) -> Json:
        rule = self.world.schedules.rules[bus, name]
        arn = f"{of(self.world.arn_prefix, 'events')}rule/{name if bus == BUS else f'{bus}/{name}'}"
        managed = {"ManagedBy": rule["ManagedBy"]} if "ManagedBy" in rule else {}
        return {"Name": name, "Arn": arn, "State": "ENABLED", "EventBusName": bus, **managed}

    def _targets(self, operation: str, bus: str, name: str) -> list[Json]:
        rule = self.world.schedules.rules.get((bus, name))
        if rule is None:
            raise rejected(operation, NOT_FOUND, f"Rule {name} does not exist on EventBus {bus}.")
        targets: list[Json] = rule["Targets"]
        return targets

    def _list_targets_by_rule(self, request: Request) -> Json:
        targets = self._targets("ListTargetsByRule", request.get("EventBusName", BUS), request["Rule"])
        return {"Targets": copy.deepcopy(targets)}

    def _put_targets(self, request: Request) -> Json:
        targets = self._targets("PutTargets", request.get("EventBusName", BUS), request["Rule"])
        for target in request["Targets"]:
            others = [each for each in targets if each["Id"] != target["Id"]]
            targets[:] = sorted([*others, copy.deepcopy(target)], key=lambda each: str(each["Id"]))
        return {"FailedEntryCount": 0, "FailedEntries": []}

    # --- EventBridge Scheduler ---

    def _list_schedules(self, request: Request) -> Json:
        members = ("Arn", "GroupName", "Name", "State", "CreationDate", "LastModificationDate")
        listed = [
            {**{member: schedule[member] for member in members}, "Target": {"Arn": schedule["Target"]["Arn"]}}
            for schedule in self.world.schedules.schedules.values()
        ]
        most = int(request.get("MaxResults", A_PAGE))
        return page("ListSchedules", "Schedules", listed, request, most, pascal=True)

    def _schedule(self, operation: str, request: Request) -> Json:
        group, name = request.get("GroupName", "default"), request["Name"]
        schedule = self.world.schedules.schedules.get((group, name))
        if schedule is None:
            raise rejected(operation, NOT_FOUND, f"Schedule {name} does not exist.")
        return schedule

    def _get_schedule(self, request: Request) -> Json:
        return copy.deepcopy(self._schedule("GetSchedule", request))

    def _update_schedule(self, request: Request) -> Json:
        """What the request leaves out is gone."""
        schedule = self._schedule("UpdateSchedule", request)
        if strange := sorted(RESPONSE_ONLY & set(request)):
            raise rejected("UpdateSchedule", "ValidationException", f"unknown members: {', '.join(strange)}")
        kept = {member: schedule[member] for member in (*RESPONSE_ONLY, "GroupName", "Name")}
        schedule.clear()
        schedule |= {**copy.deepcopy(dict(request)), **kept}
        return {"ScheduleArn": schedule["Arn"]}


def failed(request: Request) -> Json:
    """An answer of PutTargets that says of every target that it failed."""
    entries = [
        {"TargetId": target["Id"], "ErrorCode": "InvalidArgument", "ErrorMessage": "Provided role cannot be assumed."}
        for target in request["Targets"]
    ]
    return {"FailedEntryCount": len(entries), "FailedEntries": entries}
