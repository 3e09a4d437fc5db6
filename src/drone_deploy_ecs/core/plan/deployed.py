"""Services that were to be pointed at a revision: how that went, read off the executions, and what became of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.report.outcome import Outcome
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import is_monitored
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.steps.step import Execution, Monitored
    from drone_deploy_ecs.core.target import Target


class Deployed(Struct, frozen=True, kw_only=True):
    """One service that was to run the revision `definition` (its ARN, "" where it was never registered).

    `target` is the service, `rollout` the execution of the `step` that was to bring that about.
    """

    target: Target
    definition: str
    step: UpdateService | FollowDeployment
    rollout: Monitored

    @property
    def verdict(self) -> Verdict:
        """What became of it."""
        return self.rollout.verdict or Verdict.UNKNOWN

    @property
    def deployment(self) -> str:
        """The id of the deployment, "" where there was none."""
        return self.rollout.output


def deployed(executions: Iterable[Execution]) -> tuple[Deployed, ...]:
    """All such services, in order."""
    executions = tuple(executions)
    arns = {execution.step.key: execution.output for execution in executions}
    return tuple(
        Deployed(
            target=step.target,
            definition=step.definition or "".join(arns.get(key, "") for key in step.needs),
            step=step,
            rollout=execution,
        )
        for execution in filter(is_monitored, executions)
        if isinstance(step := execution.step, UpdateService | FollowDeployment)
    )


# --- what became of them ---


def unchanged(target: Target, *, run_failed: bool) -> Outcome:
    """The outcome of a service that ran exactly this already. `run_failed`: what failed would have taken it back."""
    end_state = EndState.UNTOUCHED if run_failed else EndState.NEW
    return Outcome(target=target, verdict=Verdict.UNCHANGED, end_state=end_state, definition=target.before)


def outcome(
    service: Deployed, back: Deployed | None = None, *, stranded: str = "", run_failed: bool = False
) -> Outcome:
    """The outcome of a service that was deployed to, and of its way `back`, if there was any.

    `stranded` says why a way back couldn't even be tried. In a run that failed, so that it should have returned
    (`run_failed`), a service that kept the new version is not as before.
    """
    way_back = back.verdict if back else None
    end_state = (
        _RETURNED.get(way_back, EndState.NOT_AS_BEFORE) if way_back else _kept(service, stranded, run_failed=run_failed)
    )
    reasons = [service.rollout.reason, stranded]
    if back and way_back is not Verdict.COMPLETED:
        reasons.append(f"the way back: {back.rollout.reason}")
    return Outcome(
        target=service.target,
        verdict=Verdict.SUPERSEDED if way_back is Verdict.SUPERSEDED else service.verdict,
        end_state=end_state,
        reason="; ".join(filter(None, reasons)),
        service=(back or service).rollout.service,
        deployment=service.deployment,
        definition=service.definition,
        causes=service.rollout.causes,
        failed=service.verdict.fails_the_run,
        way_back=way_back,
        is_stranded=bool(stranded),
        unfinished=service.rollout.unfinished,
        pause=(back or service).rollout.pause if end_state in _MAY_WAIT else None,
    )


_RETURNED = {Verdict.COMPLETED: EndState.AS_BEFORE, Verdict.SUPERSEDED: EndState.SOMEBODY_ELSES}
_MAY_WAIT = (EndState.PAUSED, EndState.NOT_AS_BEFORE, EndState.UNTOUCHED)
"""How a service stands that may have been left at a pause."""


def _kept(service: Deployed, stranded: str, *, run_failed: bool) -> EndState:
    """The end state of a service without a way back."""
    match service.verdict:
        case Verdict.COMPLETED:
            return EndState.NOT_AS_BEFORE if run_failed or stranded else EndState.NEW
        case Verdict.PAUSED:
            return EndState.NOT_AS_BEFORE if run_failed or stranded else EndState.PAUSED
        case Verdict.REFUSED:
            return EndState.UNTOUCHED
        case Verdict.WITHDRAWN | Verdict.CANCELLED if not service.deployment:
            return EndState.UNTOUCHED
        case Verdict.WITHDRAWN if isinstance(service.step, FollowDeployment) and not stranded:
            return EndState.UNTOUCHED
        case Verdict.CANCELLED if not stranded:
            return EndState.PAUSED if service.rollout.pause else EndState.LEFT
        case Verdict.SUPERSEDED:
            return EndState.SOMEBODY_ELSES
        case Verdict.UNKNOWN:
            return EndState.UNSEEN
        case _:
            return EndState.NOT_AS_BEFORE
