"""What the end of one execution means for the others: which of them go no further, and with which verdict.

Nothing here knows a kind of step. It asks how far a failure reaches (`Step.reach`), what is monitored, and what the
request says that a failure takes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution

ANOTHER_FAILED = "another service of this run failed"
OTHERS_TURN = "another service of this run is somebody else's for now"
NEVER_BEGUN = "what was to be completed before it wasn't"


class Abort(Struct, frozen=True):
    """One execution, by its index in the stage, that goes no further: with this verdict, for this reason."""

    index: int
    verdict: Verdict
    reason: str


def fails(execution: Execution) -> bool:
    """Whether this failure takes others back."""
    is_bad = execution.verdict is not None and execution.verdict.fails_the_run
    return is_bad and execution.step.reach is not Reach.NOTHING


def fails_run(execution: Execution) -> bool:
    """Whether everything returns because this step failed, which is no service's deployment."""
    return fails(execution) and bool(execution.fails_run)


def ends_stages(execution: Execution) -> bool:
    """Whether its outcome forbids all later stages."""
    reach, verdict = execution.step.reach, execution.verdict
    if reach is Reach.DEPENDENTS:
        return False  # those that need it are refused, the others may go on
    if reach is Reach.NOTHING:
        return verdict is Verdict.WITHDRAWN  # such a failure is only reported
    return verdict is not None and not verdict.is_good


def consequences(request: Request, changed: Iterable[Execution], under_way: Mapping[int, Execution]) -> Iterator[Abort]:
    """The executions to abort because of what `changed`; `under_way` are those that haven't ended, by index.

    - A failure withdraws what the request says that it takes back. Where a step failed without which a deployment is
      worth nothing, that deployment fails with it.
    - A step in between that can't be read any more leaves nothing to be sure of: all that is under way ends as UNKNOWN.
    - Where a deployment came to nothing, for whatever reason, the steps that were to follow from it stop.
    """
    changed = tuple(changed)
    for culprit in filter(fails, changed):
        concerned = {index: execution for index, execution in under_way.items() if _fails_with(culprit, execution)}
        yield from (Abort(index, Verdict.FAILED, culprit.fails_target) for index in concerned)
        # What fails with it takes the others back as if it had failed by itself.
        culprits = tuple(concerned.values()) or (culprit,)
        for index, execution in under_way.items() if request.roll_back else ():
            if index not in concerned and any(_reaches(request, each, execution) for each in culprits):
                yield Abort(index, Verdict.WITHDRAWN, culprit.fails_run or ANOTHER_FAILED)
    lost = next(
        (execution for execution in changed if execution.verdict is Verdict.UNKNOWN and not execution.is_monitored),
        None,
    )
    if lost is not None:
        yield from (Abort(index, Verdict.UNKNOWN, lost.reason) for index in under_way)
    elif any(
        execution.is_monitored and execution.verdict is not None and not execution.verdict.is_good
        for execution in changed
    ):
        followers = (index for index, execution in under_way.items() if not execution.is_monitored)
        yield from (Abort(index, Verdict.WITHDRAWN, ANOTHER_FAILED) for index in followers)


def cancelled(signal: int, under_way: Iterable[int]) -> Iterator[Abort]:
    """The aborts after a cancellation: everything under way."""
    return (Abort(index, *on_cancellation(signal)) for index in under_way)


def on_cancellation(signal: int) -> tuple[Verdict, str]:
    """The verdict on what that signal ended, and the reason."""
    return Verdict.CANCELLED, f"the run was cancelled by signal {signal}"


def on_what_never_began(signal: int) -> tuple[Verdict, str]:
    """The verdict on the steps of stages that never came, and the reason; `signal` is 0 where none arrived."""
    return on_cancellation(signal) if signal else (Verdict.WITHDRAWN, NEVER_BEGUN)


def on_what_gives_way(to: str) -> tuple[Verdict, str]:
    """The verdict on a step of a run that isn't begun, and why; `to` says whose turn it is there, "" nobody's."""
    return (Verdict.SUPERSEDED, to) if to else (Verdict.WITHDRAWN, OTHERS_TURN)


def _fails_with(culprit: Execution, other: Execution) -> bool:
    """Whether `other` is a deployment that is worth nothing without what failed."""
    return bool(culprit.fails_target) and other.is_monitored and culprit.step.concerns(other.step.target)


def _reaches(request: Request, culprit: Execution, other: Execution) -> bool:
    """Whether `other` must return because the culprit failed."""
    failed, target = culprit.step.target, other.step.target
    if culprit.is_monitored and other.is_monitored and failed and target:
        return request.takes_back(failed, target)
    return bool(culprit.fails_run) or not request.undo_failed_only
