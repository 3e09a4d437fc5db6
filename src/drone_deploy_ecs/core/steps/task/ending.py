"""How a one-off task ended: by the exit code of the container that counts, if it was that container's own end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.causes.cause import cause_of_task, rank
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.task import Task

FROM_OUTSIDE = ("UserInitiated", "SpotInterruption", "TerminationNotice", "InfrastructureHealth")
"""Stop codes of tasks that were told to end: an exit code 0 is then politeness, and proves nothing."""


class Ending(Struct, frozen=True, kw_only=True):
    """The verdict on a task, `how` it ended in a clause, and why; `exit_code` is None where it never started.

    `goes_on`: the task lives on without the container that counts.
    """

    verdict: Verdict
    how: str
    exit_code: int | None = None
    causes: tuple[Cause, ...] = ()
    goes_on: bool = False


def of(task: Task, container: str, seconds: float) -> Ending | None:
    """How it ended, `seconds` after it was started; None while it goes on.

    A container's own end is enough where it is good, or where the task goes on without it; else the task's tells more.
    """
    counted = next((each for each in task.containers if each.name == container), None)
    code = counted.exit_code if counted and counted.status == "STOPPED" else None
    is_over, was_told = task.status in ("STOPPED", "DELETED"), task.stop_code in FROM_OUTSIDE
    goes_on = code is not None and not is_over and counted is not None and not counted.defined.is_essential
    if code == 0 and not was_told:
        how = f"exit code 0 after {span(seconds)}"
        return Ending(verdict=Verdict.COMPLETED, how=how, exit_code=0, goes_on=goes_on)
    if not is_over and not goes_on:
        return None
    causes = rank([cause_of_task(task)])
    if code is None:
        return Ending(verdict=Verdict.FAILED, how=f"it never started{_why(task)}", causes=causes)
    others = [each for each in task.containers if each.name != container and each.exit_code is not None]
    beside = f", {', '.join(f'{safe(each.name)} {each.exit_code}' for each in others)}" if others else ""
    stopped = "it was stopped, with " if was_told else ""
    how = f"{stopped}exit code {code} after {span(seconds)}{beside}{_why(task) if was_told else ''}"
    return Ending(verdict=Verdict.FAILED, how=how, exit_code=code, causes=causes, goes_on=goes_on)


def _why(task: Task) -> str:
    return f": {task.stopped_reason}" if task.stopped_reason else ""
