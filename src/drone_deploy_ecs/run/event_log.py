"""The events of a run as they come: each goes to the listener at once, and is kept for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.evidence import presentable
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.preflight.check import told
from drone_deploy_ecs.core.report import traffic
from drone_deploy_ecs.core.report.counts import grow
from drone_deploy_ecs.core.report.traffic import Traffic
from drone_deploy_ecs.core.steps import summary
from drone_deploy_ecs.core.steps.step import is_monitored
from drone_deploy_ecs.core.steps.summary import FEW
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.masking import Masks
    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.ports import Clock, Listener
    from drone_deploy_ecs.core.progress import Progress
    from drone_deploy_ecs.core.report.counts import Series
    from drone_deploy_ecs.core.steps.step import Execution

ROUTINE = (Kind.REGISTERED, Kind.TROUBLE)
"""Events about no service in particular that come as often as there are services: not heard where those are many."""
SUMMARY = 10.0
"""Seconds from one line about many services to the next."""


class EventLog:
    """The run's timeline as it grows, and with it what else a `Report` has that is seen on the way.

    In a run over many services it summarises: of single services only what is important is heard.
    """

    def __init__(self, clock: Clock, listener: Listener, masks: Masks) -> None:
        self._clock = clock
        self._listener = listener
        self._masks, self._in_logs = masks, masks
        self._progress: dict[str, Progress] = {}
        self._summarises = False
        self._summary, self._summary_at = "", clock.monotonic()
        self.timeline: list[Event] = []
        self.counts: dict[str, Series] = {}
        self.traffic: dict[str, Traffic] = {}
        self.served: dict[str, datetime] = {}
        self.ended: dict[str, datetime] = {}
        self.spoke_at = clock.monotonic()
        """When the listener heard something last, in monotonic seconds."""

    def hide(self, masks: Masks, in_logs: Masks) -> None:
        """Mask every later line with these, and lines of tasks' own logs with those, which spare no word of ours."""
        self._masks, self._in_logs = masks, in_logs

    def record(self, kind: Kind, service: str, text: str, *, important: bool = False) -> None:
        """One more event, about a service or ("") the whole run. `text` must be safe to print."""
        # What the run asks for, and how it ends, is said in words of our own alone.
        shown = text if kind in (Kind.PLAN, Kind.END) else self._masks.hide(text)
        if kind is Kind.LOG:
            shown = presentable(text, self._in_logs)
        event = Event(self._clock.now(), kind, service, shown, self._progress.get(service))
        self.timeline.append(event)
        if self._summarises and not important and (service or kind in ROUTINE):
            return
        self.spoke_at = self._clock.monotonic()
        self._listener(event)

    # --- before and after ---

    def introduce(self, plan: Plan) -> None:
        """What is about to be done."""
        request, targets = plan.request, plan.targets
        self._summarises = len(targets) > FEW
        services = f"{len(targets)} services" if self._summarises else ", ".join(target.name for target in targets)
        self.record(Kind.PLAN, "", f"{safe(request.subject)} of {services} {where(targets)}")
        if plan.summary:
            self.record(Kind.PLAN, "", plan.summary)
        warnings = (*plan.warnings, *told(plan.findings))
        shown = warnings[:FEW] if self._summarises else warnings
        for problem in shown:
            self.record(Kind.WARNING, "", f"Warning: {safe(str(problem))}")
        if more := len(warnings) - len(shown):
            self.record(Kind.WARNING, "", f"Warning: {more} more; plan shows them all")
        for target in plan.unchanged:
            self.record(Kind.PLAN, target.name, f"runs {short(target.before)} {plan.at_rest.one}")
        if self._summarises and plan.unchanged:
            self.record(Kind.PLAN, "", f"{len(plan.unchanged)} of them {plan.at_rest.many}")

    def undoing(self, sentences: Sequence[tuple[str, str]]) -> None:
        """Record that the way back begins, with a sentence a service."""
        if self._summarises:
            count = len(sentences)
            self.record(Kind.UNDO, "", f"rolling back {count} service{'' if count == 1 else 's'}")
        for service, sentence in sentences:
            self.record(Kind.UNDO, service, sentence)

    def unused_revisions(self, revisions: Sequence[str]) -> None:
        """Record the revisions that were registered, and that no service was then pointed at."""
        if len(revisions) > FEW:
            count = f"{len(revisions)} revisions were registered for nothing"
            self.record(Kind.WARNING, "", f"{count}; they are left, and the next run may reuse them")
            return
        for revision in revisions:
            text = f"{revision} was registered for nothing; it is left, and the next run may reuse it"
            self.record(Kind.WARNING, "", text)

    # --- while it runs ---

    def change(self, before: Execution, after: Execution) -> None:
        """Record what changed in an execution; its service's later events carry its progress."""
        target = after.step.target
        name = target.name if target else ""
        now = self._clock.now()
        if target and before.verdict is None and after.verdict is not None:
            self.ended[name] = now
        if is_monitored(after):
            if after.is_reached and after.output:
                self.served.setdefault(after.output, now)
            if progress := after.progress(self._clock.monotonic(), now):
                self._progress[name] = progress
            if progress and progress.shifting is not None:
                self.traffic[name] = traffic.grow(self.traffic.get(name, Traffic()), progress.shifting, now)
        is_judged = before.verdict is None and after.verdict is not None and after.verdict.fails_the_run
        for kind, text in after.news(before):
            self.record(kind, name, text, important=is_judged and kind is Kind.VERDICT)

    def waiting(self, executions: Iterable[Execution], now: float) -> None:
        """Record a heartbeat: CI systems end steps that are silent for long."""
        executions = tuple(executions)
        if self._summarises and (text := summary.progress(executions)):
            self.record(Kind.WAITING, "", text)
            return
        texts = {
            (target.name if (target := execution.step.target) else "", text): None
            for execution in executions
            if (text := execution.heartbeat(now))
        }
        for service, text in texts or {("", "still waiting"): None}:
            self.record(Kind.WAITING, service, text)

    def sum_up(self, executions: Sequence[Execution]) -> None:
        """Record how far many services are, at most once in `SUMMARY` seconds."""
        now = self._clock.monotonic()
        if self._summarises and now >= self._summary_at + SUMMARY:
            self._summary_at, text = now, summary.progress(executions)
            if text not in ("", self._summary):
                self._summary = text
                self.record(Kind.PROGRESS, "", text)

    def count(self, *services: Service | None) -> None:
        """Keep the task counts of these services, as just read; None (there is no such service) is skipped."""
        for service in filter(None, services):
            self.counts[service.arn] = grow(self.counts.get(service.arn, ()), service, self._clock.now())
