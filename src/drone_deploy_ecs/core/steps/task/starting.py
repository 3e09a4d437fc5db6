"""What becomes of a one-off task that can't be started: when it is tried again, and when no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.cause import rank
from drone_deploy_ecs.core.causes.evidence import said_by
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.steps.task.ending import Ending
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.fault import Fault
    from drone_deploy_ecs.core.steps.task.running import Running

PAUSES = (5.0, 10.0, 20.0, 30.0, 60.0)
"""Seconds before another task is asked for where there was no capacity; the last of them from then on."""
_CAPACITY = r"(?i)capacity|limit on the number of|quota of tasks"


def pause(number: int) -> float:
    """Seconds to the next task that is asked for, after so many."""
    return PAUSES[min(number, len(PAUSES) - 1)]


def no_capacity(message: str) -> bool:
    """Whether a refusal only says that there is no capacity now: some of that is an error (API reference, RunTask)."""
    return re.search(_CAPACITY, message) is not None


def refused(running: Running, fault: Fault) -> Ending:
    """AWS refused to start it: where that isn't allowed, and no service was updated yet, nothing was done at all."""
    is_nothing = fault.kind is FaultKind.DENIED and not running.step.when_serving
    verdict = Verdict.REFUSED if is_nothing else Verdict.FAILED
    return Ending(verdict=verdict, how=f"AWS refused {fault}")


def not_started(running: Running) -> Ending:
    """The time is over, and it was never started, as far as is known."""
    if running.starts.may_have_been_accepted:
        how = f"it may or may not have been started: {running.starts.unconfirmed}"
        return Ending(verdict=Verdict.UNKNOWN, how=how)
    if running.lacking:
        cause = said_by(f"was unable to place a task. Reason: {running.lacking}.")
        how = f"no task could be placed within {span(running.step.timeout)}: {running.lacking}"
        return Ending(verdict=Verdict.TIMED_OUT, how=how, causes=rank([cause] if cause else []))
    return Ending(
        verdict=Verdict.FAILED, how=f"it could not be started: {running.starts.fault or 'AWS gave no answer'}"
    )
