"""What the executions of a run learn from each other: one that came through tells the others what to expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.steps.step import State, is_monitored

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.run.queue import Queue

MOST = 10
"""So many executions that came through tell the others what to expect; more would tell no more."""


class Lessons:
    """The lessons of a run, by the key of the step that was through it; all of its stages share them."""

    def __init__(self) -> None:
        self._lessons: dict[str, object] = {}

    def teach(self, changed: Iterable[Execution], queue: Queue) -> None:
        """Tell what is monitored what others of it, complete by now, went through."""
        for execution in filter(is_monitored, changed):
            key = execution.step.key
            is_known = key in self._lessons or len(self._lessons) >= MOST
            if is_known or execution.state is not State.COMPLETE or (lesson := execution.lesson) is None:
                continue
            self._lessons[key] = lesson
            for index, other in queue.monitored().items():
                taught = other.taught(lesson)
                if taught is not other and other.state is not State.QUEUED:
                    queue.revise(index, taught)

    def informed(self, execution: Execution) -> Execution:
        """The execution, knowing what others of this run went through before its turn came."""
        if is_monitored(execution):
            for lesson in self._lessons.values():
                execution = execution.taught(lesson)
        return execution
