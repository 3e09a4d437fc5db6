"""What starts tasks by itself, as it is kept: rules of EventBridge, schedules of EventBridge Scheduler.

Members nobody knows are kept. Neither checks that a task definition is there, or ACTIVE.
"""

from __future__ import annotations

import copy
from typing import Any

from drone_deploy_ecs.core.ecs.schedule import BUS, Scheduled
from drone_deploy_ecs.simulator.permissions import of

Json = dict[str, Any]

ROLE = "ecs-events"
"""Whom EventBridge starts tasks as, where nothing else is said."""


class Schedules:
    """The rules by bus and name, and the schedules by group and name, as EventBridge has them."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.rules: dict[tuple[str, str], Json] = {}
        self.schedules: dict[tuple[str, str], Json] = {}

    def target(self, cluster: str, definition: str, **members: Any) -> Json:
        """A target that starts tasks: cluster and task definition by name (`web:1`, or `web` for its newest)."""
        parameters = {
            "TaskDefinitionArn": f"{self._prefix}task-definition/{definition}",
            "TaskCount": 1,
            "LaunchType": "FARGATE",
            "NetworkConfiguration": {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "AssignPublicIp": "DISABLED"}},
        }
        return {
            "Arn": f"{self._prefix}cluster/{cluster}",
            "RoleArn": f"{of(self._prefix, 'iam', region='')}role/{ROLE}",
            "EcsParameters": parameters,
            **members,
        }

    def add_rule(self, name: str, *targets: Json, bus: str = BUS, managed_by: str = "") -> None:
        """A rule with these targets; what has no id is numbered."""
        listed = [{"Id": f"{number}", **copy.deepcopy(target)} for number, target in enumerate(targets, 1)]
        self.rules[bus, name] = {"Targets": listed, **({"ManagedBy": managed_by} if managed_by else {})}

    def add_schedule(self, name: str, target: Json, group: str = "default", **members: Any) -> None:
        """A schedule with that target."""
        self.schedules[group, name] = {
            "Arn": f"{of(self._prefix, 'scheduler')}schedule/{group}/{name}",
            "GroupName": group,
            "Name": name,
            "ScheduleExpression": "cron(0 3 * * ? *)",
            "State": "ENABLED",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "CreationDate": 1_700_000_000.0,
            "LastModificationDate": 1_700_000_000.0,
            "Target": copy.deepcopy(target),
            **members,
        }

    def point(self, name: str, definition: str) -> None:
        """Somebody else points a rule or schedule (all of it) at another revision."""
        for (_, each), body in (*self.rules.items(), *self.schedules.items()):
            if each == name:
                for target in body.get("Targets") or [body["Target"]]:
                    target["EcsParameters"]["TaskDefinitionArn"] = f"{self._prefix}task-definition/{definition}"

    @property
    def runs(self) -> dict[str, str]:
        """The truth: by name what each of them runs, `web:1`."""
        named = {name if bus == BUS else f"rule/{bus}/{name}": body for (bus, name), body in self.rules.items()}
        named |= {f"{group}/{name}": body for (group, name), body in self.schedules.items()}
        return {
            name: " and ".join(target.definition.rpartition("/")[2] for target in Scheduled(body).targets) or "no task"
            for name, body in named.items()
        }
