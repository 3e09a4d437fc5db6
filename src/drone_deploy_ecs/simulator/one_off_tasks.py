"""RunTask and StopTask, and what a one-off task goes through.

What a command does is scripted by its text (`Account.commands`): the images' own behaviours are those of services. Only
that an image can't be started holds for it, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.one_off import OneOff, shape
from drone_deploy_ecs.simulator.operation import Json, Operation
from drone_deploy_ecs.simulator.registry import rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.account import Account

WELL = Behaviour(exits_after=5.0)
"""A command that nothing is scripted for: it ends well."""


class OneOffOperations:
    """The operations on them."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.operations: Mapping[str, Operation] = {
            "RunTask": Operation(self._run_task, "taskDefinition"),
            "StopTask": Operation(self._stop_task, "task"),
        }

    def _run_task(self, request: Mapping[str, Any]) -> Json:
        """Of a repeated token, the task that it started first (API reference, "Ensuring idempotency")."""
        token, one_offs = request.get("clientToken", ""), self._account.one_offs
        if token not in one_offs.tokens:
            tasks, failures = self._place(request)
            if token:
                one_offs.tokens[token] = (dict(request), tasks, failures)
            return self._answer(tasks, failures)
        first, tasks, failures = one_offs.tokens[token]
        if dict(request) != first:
            why = "The provided clientToken is already in use with a different RunTask request."
            raise rejected("RunTask", "ConflictException", why)
        return self._answer(tasks, failures)

    def _answer(self, tasks: list[OneOff], failures: list[str]) -> Json:
        return {"tasks": list(map(shape, tasks)), "failures": [{"reason": reason} for reason in failures]}

    def _place(self, request: Mapping[str, Any]) -> tuple[list[OneOff], list[str]]:
        account, now = self._account, self._account.clock.monotonic()
        cluster = short(str(request.get("cluster", "default")))
        if cluster not in account.clusters:
            raise rejected("RunTask", "ClusterNotFoundException", "Cluster not found.")
        found = account.definitions.find("RunTask", request["taskDefinition"])["taskDefinition"]
        if found["status"] != "ACTIVE":
            raise rejected("RunTask", "ClientException", "TaskDefinition is inactive")
        (override,) = request["overrides"]["containerOverrides"]
        essential = {entry["name"]: entry.get("essential") is not False for entry in found["containerDefinitions"]}
        if override["name"] not in essential:
            why = f"Override for container named {override['name']} is not a container in the TaskDefinition."
            raise rejected("RunTask", "InvalidParameterException", why)
        command = " ".join(override["command"])
        script = account.commands.get(command, WELL)
        if now < script.placeable_after:
            return [], [
                "Capacity is unavailable at this time. Please try again later or in a different availability zone"
            ]
        images = account.containers(found["taskDefinitionArn"])
        identifier = account.identifier(32)
        task = OneOff(
            id=identifier,
            arn=f"{account.arn_prefix}task/{cluster}/{identifier}",
            cluster=cluster,
            definition=found["taskDefinitionArn"],
            container=override["name"],
            command=command,
            others={name: is_essential for name, is_essential in essential.items() if name != override["name"]},
            is_essential=essential[override["name"]],
            images=images,
            started_by=request.get("startedBy", ""),
            script=script,
            created=now,
            request=dict(request),
        )
        account.one_offs.tasks.append(task)
        account.clock.call_in(account.timing.provisioning + script.starts_after, lambda: self._start(task))
        return [task], []

    def _start(self, task: OneOff) -> None:
        if task.stopped is not None:
            return
        account = self._account
        error = task.script.start_error or account.images.resolve(task.images[task.container])[1].start_error
        if error:
            task.container_reason = error
            self._end(task, "TaskFailedToStart", error)
            return
        task.status, task.started = "RUNNING", account.clock.monotonic()
        if task.script.exits_after is not None:
            account.clock.call_in(task.script.exits_after, lambda: self._exit(task))

    def _exit(self, task: OneOff) -> None:
        if task.stopped is not None:
            return
        task.ended, task.exit_code = self._account.clock.monotonic(), task.script.exit_code
        task.container_reason = task.script.reason
        if task.is_essential or not task.others:
            self._end(task, task.script.stop_code, task.script.stopped_reason)

    def _end(self, task: OneOff, stop_code: str, reason: str) -> None:
        task.status, task.stopped = "STOPPED", self._account.clock.monotonic()
        task.stop_code, task.stopped_reason = stop_code, reason

    def _stop_task(self, request: Mapping[str, Any]) -> Json:
        task = self._account.one_offs.find(request["task"])
        if task is None:
            raise rejected("StopTask", "InvalidParameterException", "The referenced task was not found.")
        if task.stopped is None and not task.stop_code:
            # SIGTERM ends it by its exit code 143, as a shell has it.
            task.status, task.stop_code, task.stopped_reason = "STOPPING", "UserInitiated", request.get("reason", "")
            self._account.clock.call_in(self._account.timing.stopping, lambda: self._terminate(task))
        return {"task": shape(task)}

    def _terminate(self, task: OneOff) -> None:
        now = self._account.clock.monotonic()
        task.status, task.stopped = "STOPPED", now
        if task.ended is None and task.started is not None:
            task.ended, task.exit_code = now, 143
