"""The operations of Amazon ECS that start and stop a task by itself. Source: its API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.quota import CHANGE_TASKS
from drone_deploy_ecs.core.ecs.launch import Launch
from drone_deploy_ecs.core.ecs.task import DescribedTask, Task
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body
    from drone_deploy_ecs.core.ecs.taskdef import Defined

Tags = tuple[tuple[str, str], ...]


class _Failure(Wire, frozen=True):
    reason: str = ""
    detail: str = ""


class _Ran(Wire, frozen=True):
    tasks: tuple[DescribedTask, ...]
    failures: tuple[_Failure, ...] = ()


class _Stopped(Wire, frozen=True):
    task: DescribedTask


class Started(NamedTuple):
    """What RunTask came to: the task, or why none could be placed."""

    task: Task | None
    failures: tuple[str, ...]


class RunTask(Call[Started], frozen=True, kw_only=True):
    """Start one task of this revision, launched so, `command` being what `container` runs.

    A repeated token is answered with the task that it started first: for a day, and only with the same request.
    Capacity that lacks is no error of the call, but an answer with `failures`.
    """

    operation: ClassVar = "RunTask"
    quota: ClassVar = CHANGE_TASKS
    permission: ClassVar = "ecs:RunTask"
    is_raw: ClassVar = True
    writes: ClassVar = True

    cluster: str
    definition: str
    container: str
    command: tuple[str, ...]
    token: str
    started_by: str
    launch: Launch = Launch()
    tags: Tags = ()
    defined: frozenset[Defined] = frozenset()

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The revision."""
        return str(members.get("taskDefinition", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        tags = [{"key": key, "value": value} for key, value in self.tags]
        return {
            "cluster": self.cluster,
            "taskDefinition": self.definition,
            "count": 1,
            "startedBy": self.started_by,
            "clientToken": self.token,
            "overrides": {"containerOverrides": [{"name": self.container, "command": list(self.command)}]},
            **self.launch.members(),
            **({"tags": tags} if tags else {}),
        }

    def known_members(self) -> dict[str, Any]:
        """What the API insists on, in the place of what is sent."""
        return {"taskDefinition": self.definition}

    def read(self, body: Body) -> Started:
        """See `Call`."""
        ran = typed(body, _Ran)
        reasons = (
            f"{failure.reason}: {failure.detail}" if failure.detail else failure.reason for failure in ran.failures
        )
        return Started(next((described.task(self.defined) for described in ran.tasks), None), tuple(reasons))


class StopTask(Call[Task], frozen=True, kw_only=True):
    """Stop a task: SIGTERM, and SIGKILL once its stop time-out is over. The answer is the task as it is then."""

    operation: ClassVar = "StopTask"
    quota: ClassVar = CHANGE_TASKS
    permission: ClassVar = "ecs:StopTask"
    writes: ClassVar = True

    cluster: str
    task: str
    reason: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The task."""
        return str(members.get("task", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"cluster": self.cluster, "task": self.task, "reason": self.reason}

    def read(self, body: Body) -> Task:
        """See `Call`."""
        return typed(body, _Stopped).task.task()
