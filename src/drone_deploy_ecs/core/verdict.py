"""What became of a deployment: a closed set of verdicts, and the exit code that a run's outcomes add up to."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from drone_deploy_ecs.core.exit_code import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(Enum):
    """What became of one service's deployment. Once given, a verdict never changes."""

    UNCHANGED = "Unchanged"
    """The service already ran exactly this, COMPLETED: nothing was written."""
    COMPLETED = "Completed"
    """Our deployment is PRIMARY and COMPLETED."""
    ROLLED_BACK = "RolledBack"
    """ECS itself took our deployment back (or, where it is only watched, somebody)."""
    FAILED = "Failed"
    """Evidence says that it can't succeed, or ECS gave up on it."""
    TIMED_OUT = "TimedOut"
    """The budget ran out."""
    SUPERSEDED = "Superseded"
    """Somebody's newer deployment took over, or it was somebody else's turn: not ours to undo."""
    UNKNOWN = "Unknown"
    """We lost sight of AWS. Never rolled back on that."""
    REFUSED = "Refused"
    """AWS refused the write: this service was not changed."""
    WITHDRAWN = "Withdrawn"
    """Taken back, or never sent, because another service of the run failed."""
    PAUSED = "Paused"
    """It waits at a PAUSE hook for somebody's answer, and is left there, as asked: not yet over."""
    CANCELLED = "Cancelled"
    """The CI system cancelled the run before there was a verdict."""

    @property
    def is_good(self) -> bool:
        """Whether the new version is what runs."""
        return self in (Verdict.UNCHANGED, Verdict.COMPLETED)

    @property
    def needs_no_cause(self) -> bool:
        """Whether nothing that a deployment's tasks or events tell would explain it."""
        return self.is_good or self in (Verdict.PAUSED, Verdict.REFUSED)

    @property
    def fails_the_run(self) -> bool:
        """Whether the run's other services must return too."""
        return self in (Verdict.ROLLED_BACK, Verdict.FAILED, Verdict.TIMED_OUT, Verdict.REFUSED)


class Judgement(NamedTuple):
    """A verdict, and why: a clause, "" where all went well."""

    verdict: Verdict
    reason: str


class EndState(Enum):
    """How a service stands at the end, against what it ran before the run."""

    NEW = "new"
    """It runs the new version, as asked."""
    GAVE_WAY = "gave way"
    """It was live, and is scaled down, as asked."""
    UNTOUCHED = "untouched"
    """Nothing was written to it."""
    AS_BEFORE = "as before"
    """It runs what it ran before, steady."""
    NOT_AS_BEFORE = "not as before"
    """Neither: someone must look."""
    PAUSED = "waiting for approval"
    """Its deployment waits at a PAUSE hook, and was left there: what ran before is still there."""
    LEFT = "left rolling out"
    """Left to ECS: cancelled with `on_cancel: leave`, or not watched any longer."""
    SOMEBODY_ELSES = "somebody else's"
    """A deployment of somebody else was left alone."""
    UNSEEN = "unseen"
    """AWS could not be seen."""

    @property
    def is_good(self) -> bool:
        """Whether it is as asked."""
        return self in (EndState.NEW, EndState.GAVE_WAY)

    @property
    def is_odd(self) -> bool:
        """Whether it is neither as asked nor as before: somebody may have to look."""
        return not self.is_good and self not in (EndState.AS_BEFORE, EndState.UNTOUCHED)


_WORST_FIRST = (
    (EndState.NOT_AS_BEFORE, ExitCode.NOT_AS_BEFORE),
    (EndState.UNSEEN, ExitCode.LOST_SIGHT),
    (EndState.AS_BEFORE, ExitCode.RETURNED),
    (EndState.LEFT, ExitCode.NOT_AS_BEFORE),
    (EndState.SOMEBODY_ELSES, ExitCode.SUPERSEDED),
    (EndState.PAUSED, ExitCode.DONE),
    (EndState.NEW, ExitCode.DONE),
    (EndState.GAVE_WAY, ExitCode.DONE),
)


def exit_code(ends: Iterable[EndState]) -> ExitCode:
    """The worst of how the services stand; REFUSED when none of them was changed.

    Not all is well where some run the new version and others, say refused, still what they ran before.
    """
    states = set(ends)
    worst = next((code for state, code in _WORST_FIRST if state in states), ExitCode.REFUSED)
    return ExitCode.RETURNED if worst is ExitCode.DONE and EndState.UNTOUCHED in states else worst
