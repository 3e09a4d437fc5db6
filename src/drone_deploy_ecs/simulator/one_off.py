"""One-off tasks, as the account keeps them and answers show them. `one_off_tasks` has what they go through."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.simulator.clock import moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.simulator.behaviour import Behaviour

IDLE_LINE = 10.0
"""Seconds between two lines of a command that goes on for ever."""


@dataclass(slots=True, kw_only=True)
class OneOff:
    """One such task; times are seconds of the world, None for what hasn't happened. `command` is its container's."""

    id: str
    arn: str
    cluster: str
    definition: str
    container: str
    command: str
    others: Mapping[str, bool]
    """The other containers, and whether each is essential."""
    is_essential: bool
    images: Mapping[str, str]
    started_by: str
    script: Behaviour
    created: float
    request: Mapping[str, Any]
    status: str = "PROVISIONING"
    started: float | None = None
    ended: float | None = None
    """When the container that has the command did."""
    stopped: float | None = None
    exit_code: int | None = None
    stop_code: str = ""
    stopped_reason: str = ""
    container_reason: str = ""

    def lines(self, now: float) -> tuple[str, ...]:
        """What it has written to its log by now: evenly over the time that it takes."""
        if self.started is None:
            return ()
        log, until = self.script.log, self.ended if self.ended is not None else now
        apart = IDLE_LINE if self.script.exits_after is None else self.script.exits_after / (len(log) + 1)
        written = len(log) if not apart else int((until - self.started) / apart)
        has_ended = self.ended is not None and self.script.exits_after is not None and self.stop_code != "UserInitiated"
        return log if has_ended else log[:written]


@dataclass(slots=True)
class OneOffs:
    """Those of an account, in the order of their start; `tokens` are what RunTask was asked and answered with each."""

    tasks: list[OneOff] = field(default_factory=list)
    tokens: dict[str, tuple[Mapping[str, Any], list[OneOff], list[str]]] = field(default_factory=dict)

    def find(self, name: str) -> OneOff | None:
        """By ARN or id."""
        return next((task for task in self.tasks if task.id == short(name)), None)


def shape(task: OneOff) -> dict[str, Any]:
    """A member of DescribeTasks' `tasks`. Members that ECS would leave out are left out."""
    found: dict[str, Any] = {
        "taskArn": task.arn,
        "clusterArn": task.arn.replace(":task/", ":cluster/").rpartition("/")[0],
        "taskDefinitionArn": task.definition,
        "startedBy": task.started_by,
        "group": f"family:{short(task.definition).rpartition(':')[0]}",
        "lastStatus": task.status,
        "desiredStatus": "STOPPED" if task.stop_code else "RUNNING",
        "healthStatus": "UNKNOWN",
        "createdAt": moment(task.created),
        "containers": list(_containers(task)),
    }
    times = {"startedAt": task.started, "stoppedAt": task.stopped}
    found |= {name: moment(at) for name, at in times.items() if at is not None}
    texts = {"stopCode": task.stop_code, "stoppedReason": task.stopped_reason}
    return found | {name: text for name, text in texts.items() if text}


def _containers(task: OneOff) -> Iterator[dict[str, Any]]:
    has_ended = task.ended is not None or task.stopped is not None
    status = "STOPPED" if has_ended else "RUNNING" if task.started is not None else "PENDING"
    counted: dict[str, Any] = {"name": task.container, "image": task.images[task.container], "lastStatus": status}
    if task.exit_code is not None:
        counted["exitCode"] = task.exit_code
    if task.container_reason:
        counted["reason"] = task.container_reason
    yield counted
    for name in task.others:
        is_stopped = task.stopped is not None
        other: dict[str, Any] = {
            "name": name,
            "image": task.images[name],
            "lastStatus": "STOPPED" if is_stopped else status,
        }
        if not is_stopped and task.started is not None:
            other["lastStatus"] = "RUNNING"
        if is_stopped and task.started is not None:
            other["exitCode"] = task.script.others_exit_code
        yield other
