"""What is told while a run goes on: events go to the listener at once, and are kept for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core import events, scaling, summary
from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.masking import Masks
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.progressing import progress
from drone_deploy_ecs.core.report.counts import grow
from drone_deploy_ecs.core.scaling import Scaling
from drone_deploy_ecs.core.summary import FEW
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.watch import Phase, Watch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.flight import Flight
    from drone_deploy_ecs.core.progress import Progress
    from drone_deploy_ecs.core.registration import Registration
    from drone_deploy_ecs.core.report.counts import Series
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.scaling import Counting
    from drone_deploy_ecs.core.step import Plan
    from drone_deploy_ecs.core.undo import Undone
    from drone_deploy_ecs.ports import Clock, Listener


QUIET = (Kind.REGISTERED, Kind.TROUBLE)
"""Lines that aren't about one service, and yet come as often as there are services."""


SUMMARY = 10.0
"""Seconds from one line about many services to the next."""


class Telling:
    """The run's timeline as it grows. In a run over many services it `is_brief`."""

    def __init__(self, clock: Clock, listener: Listener) -> None:
        self._clock = clock
        self._listener = listener
        self.timeline: list[Event] = []
        self.counts: dict[str, Series] = {}
        self._progress: dict[str, Progress] = {}
        self.spoke_at = clock.monotonic()
        self.masks = Masks()
        self.is_brief = False
        self._summed, self._summed_at = "", clock.monotonic()

    def tell(self, kind: Kind, service: str, text: str, *, is_loud: bool = False) -> None:
        """One more line, about a service or ("") the whole run. `text` must be safe to print.

        In a run over many services only what concerns all of them is heard, and what is said loud.
        """
        # What the run asks for, and how it ends, is said in words of our own alone.
        shown = text if kind in (Kind.PLAN, Kind.END) else self.masks.hide(text)
        event = Event(self._clock.now(), kind, service, shown, self._progress.get(service))
        self.timeline.append(event)
        if self.is_brief and not is_loud and (service or kind in QUIET):
            return
        self.spoke_at = self._clock.monotonic()
        self._listener(event)

    def introduce(self, request: Request, planned: Plan) -> None:
        """What is about to be done."""
        targets = planned.targets
        self.is_brief = len(targets) > FEW
        services = f"{len(targets)} services" if self.is_brief else ", ".join(target.name for target in targets)
        said = f"{request.image.reference} for container {request.container} of {services} {where(targets)}"
        self.tell(Kind.PLAN, "", said)
        if planned.handover:
            self.tell(Kind.PLAN, "", str(planned.handover))
        shown = planned.warnings[:FEW] if self.is_brief else planned.warnings
        for problem in shown:
            self.tell(Kind.WARNING, "", f"Warning: {safe(str(problem))}")
        if more := len(planned.warnings) - len(shown):
            self.tell(Kind.WARNING, "", f"Warning: {more} more; plan shows them all")
        for target in planned.unchanged:
            self.tell(Kind.PLAN, target.name, f"runs {short(target.before)} already: nothing to do")
        if self.is_brief and planned.unchanged:
            self.tell(Kind.PLAN, "", f"{len(planned.unchanged)} of them run it already: nothing to do")

    def returning(self, services: Sequence[Undone]) -> None:
        """The way back begins."""
        if self.is_brief:
            self.tell(Kind.UNDO, "", f"rolling back {len(services)} service{'' if len(services) == 1 else 's'}")
        for one in services:
            to = short(one.target.back.definition)
            what = "making sure that ECS returns it" if one.ecs_returns_it else "rolling back"
            self.tell(Kind.UNDO, one.target.name, f"{what} to {to}")

    def unused(self, revisions: Sequence[str]) -> None:
        """These were registered, and no service was ever pointed at them."""
        if len(revisions) > FEW:
            said = f"{len(revisions)} revisions were registered for nothing; they are left, and the next run may reuse them"
            self.tell(Kind.WARNING, "", said)
            return
        for one in revisions:
            text = f"{one} was registered for nothing; it is left, and the next run may reuse it"
            self.tell(Kind.WARNING, "", text)

    def change(self, before: Watch | Counting, after: Watch | Counting) -> None:
        """What this step of a fold changed. From now on its service is told of with how far it is."""
        if isinstance(before, Watch) and isinstance(after, Watch):
            now = self._clock.monotonic()
            self._progress[after.target.name] = progress(after, now, self._clock.now())
            is_loud = before.verdict is None and after.verdict is not None and after.verdict.fails_the_run
            for kind, text in events.news(before, after):
                self.tell(kind, after.target.name, text, is_loud=is_loud and kind is Kind.VERDICT)
        elif not isinstance(before, Watch) and not isinstance(after, Watch):
            for kind, text in scaling.news(before, after):
                self.tell(kind, after.step.target.name, text)

    def registering(self, before: Registration, after: Registration) -> None:
        """What came of a registration's call."""
        if after.untagged and not before.untagged:
            self.tell(Kind.WARNING, "", "Warning: ecs:TagResource isn't allowed: registering without the tags")
        if after.last_fault and after.last_fault is not before.last_fault:
            self.tell(Kind.TROUBLE, "", safe(str(after.last_fault)))
        if after.arn:
            reused = " (it had been registered already)" if before.phase is Phase.CHECK else ""
            served = ", ".join(before.step.serves)
            text = f"registered {short(after.arn)} for {served}: {before.step.what}{reused}"
            self.tell(Kind.REGISTERED, "", safe(text))

    def waiting(self, flights: Sequence[Flight], now: float) -> None:
        """Something, where nothing changed for long: CI systems end steps that are silent."""
        if self.is_brief:
            self.tell(Kind.WAITING, "", summary.progress(flights))
            return
        spoke_at = self.spoke_at
        for one in flights:
            if isinstance(one, Watch):
                self.tell(Kind.WAITING, one.target.name, events.waiting(one, now))
            elif isinstance(one, Scaling):
                self.tell(Kind.WAITING, one.step.target.name, scaling.waiting(one))
        if self.spoke_at == spoke_at:
            self.tell(Kind.WAITING, "", "still registering task definitions")

    def sum_up(self, flights: Sequence[Flight]) -> None:
        """Where many services stand, now and then."""
        now = self._clock.monotonic()
        if self.is_brief and now >= self._summed_at + SUMMARY:
            self._summed_at, said = now, summary.progress(flights)
            if said != self._summed:
                self._summed = said
                self.tell(Kind.PROGRESS, "", said)

    def count(self, *services: Service | None) -> None:
        """Keep how many tasks their deployments have, as just seen; None is a service that isn't there."""
        for one in filter(None, services):
            self.counts[one.arn] = grow(self.counts.get(one.arn, ()), one, self._clock.now())
