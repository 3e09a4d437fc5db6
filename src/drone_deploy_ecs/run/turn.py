"""Waiting for a run's turn, before its first write: what is in its way is looked at again until it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.plan.order import in_clauses, patience
from drone_deploy_ecs.core.steps.kind import SILENCE
from drone_deploy_ecs.core.text import safe, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.ports import Cancellation, Clock
    from drone_deploy_ecs.run.event_log import EventLog

LOOK_AGAIN = 15.0
"""Seconds from one look to the next."""


class Turn:
    """How long it has been waited for: all the waiting of a run is counted together."""

    def __init__(self, clock: Clock, log: EventLog, cancellation: Cancellation) -> None:
        self._clock = clock
        self._log = log
        self._cancellation = cancellation
        self._since: float | None = None

    def wait(self, plan: Plan, plan_anew: Callable[[], Plan]) -> Plan:
        """The plan once nothing is in its way any more; or as it is, where that isn't waited for, or not so long."""
        began = self._since = self._clock.monotonic() if self._since is None else self._since
        told = ""
        while not self._cancellation.signal:
            left = began + patience(plan.request, plan.conflicts) - self._clock.monotonic()
            if left <= 0:
                break
            told = self._tell(in_clauses(plan.conflicts), told, left)
            self._clock.sleep(min(LOOK_AGAIN, left))
            plan = plan_anew()
        if told and plan.conflicts:
            waited = span(self._clock.monotonic() - began)
            self._log.record(Kind.WARNING, "", safe(f"its turn didn't come within {waited}"))
        return plan

    def _tell(self, conflicts: str, told: str, left: float) -> str:
        """Say what is waited for, where that is news, or nothing was said for long."""
        if conflicts != told:
            self._log.record(Kind.WAITING, "", safe(f"waiting for its turn, {span(left)} at most: {conflicts}"))
        elif self._clock.monotonic() >= self._log.spoke_at + SILENCE:
            self._log.record(Kind.WAITING, "", safe(f"still waiting for its turn: {conflicts}"))
        return conflicts
