"""What became of the two sides of a switch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.plan.deployed import outcome
from drone_deploy_ecs.core.plan.switch.history import SideHistory, last_seen
from drone_deploy_ecs.core.report.outcome import Outcome
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.deployed import Deployed
    from drone_deploy_ecs.core.plan.switch.switch import Switch
    from drone_deploy_ecs.core.steps.step import Execution


def outcomes(
    switch: Switch, done: tuple[Execution, ...], undone: tuple[Execution, ...] | None, *, leave_on_cancel: bool
) -> tuple[Outcome, ...]:
    """Both sides, the one that was to take over first."""
    idle, live = SideHistory(switch.idle, done), SideHistory(switch.live, done)
    idle_back = None if undone is None else SideHistory(switch.idle, undone)
    live_back = None if undone is None else SideHistory(switch.live, undone)
    side = idle.deployed
    # Whatever came before it, its update was begun, or never began: either is an execution.
    assert side is not None
    first = outcome(side, _way_back(idle_back), stranded=_stranded(side, idle, idle_back))
    second = LiveSide(live, live_back, side.verdict, leave_on_cancel).outcome
    return first, second


# --- the side that was to take over ---


def _way_back(back: SideHistory | None) -> Deployed | None:
    """The deployment that returned it; None where another step of the way back failed: that is reported instead."""
    return back.deployed if back and not back.trouble else None


def _stranded(side: Deployed, history: SideHistory, back: SideHistory | None) -> str:
    """What failed on this side beside its deployment; "" for nothing."""
    if back is None:
        is_amiss = side.verdict is Verdict.COMPLETED and history.trouble
        return history.trouble.reason if history.trouble and is_amiss else ""
    if back.trouble:
        return f"the way back: {back.trouble.reason}"
    if back.deployed is None and side.deployment and side.verdict is not Verdict.SUPERSEDED:
        return "it is only scaled to 0: what it ran before isn't known"
    return ""


# --- the side that was to give way ---


class LiveSide(Struct, frozen=True):
    """The side of which only count and limits are changed, beside a deployment to the other one with that verdict."""

    history: SideHistory
    back: SideHistory | None
    others: Verdict
    leave_on_cancel: bool

    @property
    def outcome(self) -> Outcome:
        """What became of it."""
        verdict = self.verdict
        return Outcome(
            target=self.history.target,
            verdict=verdict,
            end_state=self.end_state,
            reason=self.reason,
            service=last_seen(filter(None, (self.history, self.back))),
            definition=self.history.target.before,
            failed=verdict.fails_the_run,
        )

    @property
    def is_touched(self) -> bool:
        """Whether anything of it was, or may have been, changed."""
        return self.history.was_scaled or self.history.was_limited

    @property
    def verdict(self) -> Verdict:
        """Completed when it gave way as planned."""
        trouble = self.history.trouble
        if self.others is Verdict.COMPLETED:
            return self.others
        if trouble is None:
            stays = self.others in (Verdict.CANCELLED, Verdict.UNKNOWN)
            return self.others if stays else Verdict.WITHDRAWN
        if trouble.verdict is Verdict.UNKNOWN:
            return Verdict.UNKNOWN
        is_refused = trouble.verdict is Verdict.REFUSED and not self.is_touched
        return Verdict.REFUSED if is_refused else Verdict.FAILED

    @property
    def end_state(self) -> EndState:
        """How the live side stands at the end."""
        if self.others is Verdict.COMPLETED and self.back is None:
            return EndState.NOT_AS_BEFORE if self.history.trouble else EndState.GAVE_WAY
        if not self.is_touched:
            return EndState.UNTOUCHED
        if self.back is not None:
            return EndState.NOT_AS_BEFORE if self.back.trouble else EndState.AS_BEFORE
        if self.others is Verdict.UNKNOWN:
            return EndState.UNSEEN
        return EndState.LEFT if self.leave_on_cancel else EndState.NOT_AS_BEFORE

    @property
    def reason(self) -> str:
        """What failed, and what of the way back did."""
        trouble = self.history.trouble
        parts = [trouble.reason if trouble else self.history.notes]
        if self.back and self.back.trouble:
            parts.append(f"the way back: {self.back.trouble.reason}")
        return "; ".join(filter(None, parts))
