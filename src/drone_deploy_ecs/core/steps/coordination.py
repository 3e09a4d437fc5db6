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

    - A failure withdraws what the request says that it takes back. Where a step failed without which the deployment of
      the same service is worth nothing, that deployment fails with it.
    - A step in between that can't be read any more leaves nothing to be sure of: all that is under way ends as UNKNOWN.
    - Where a deployment came to nothing, for whatever reason, the steps that were to follow from it stop.
    """
    changed = tuple(changed)
    for culprit in filter(fails, changed) if request.roll_back else ():
        verdict, reason = _on_others(culprit, under_way.values())
        for index, execution in under_way.items():
            if _reaches(request, culprit, execution):
                yield Abort(index, verdict, reason)
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


def _on_others(culprit: Execution, under_way: Iterable[Execution]) -> tuple[Verdict, str]:
    """The verdict on what is taken back because that one failed, and the reason."""
    target = culprit.step.target
    if culprit.fails_run:
        return Verdict.WITHDRAWN, culprit.fails_run
    deployed = (execution.step.target for execution in under_way if execution.is_monitored)
    if culprit.fails_target and any(target and other and other.name == target.name for other in deployed):
        return Verdict.FAILED, culprit.fails_target
    return Verdict.WITHDRAWN, ANOTHER_FAILED


def _reaches(request: Request, culprit: Execution, other: Execution) -> bool:
    """Whether `other` must return because the culprit failed."""
    failed, target = culprit.step.target, other.step.target
    if culprit.is_monitored and other.is_monitored and failed and target:
        return request.takes_back(failed, target)
    return bool(culprit.fails_run) or not request.undo_failed_only
