"""What is told while a run goes on: events go to the listener at once, and are kept for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.counts import grow
from drone_deploy_ecs.core.events import Event, Kind
from drone_deploy_ecs.core.masking import Masks
from drone_deploy_ecs.core.progress import progress

if TYPE_CHECKING:
    from drone_deploy_ecs.core.counts import Series
    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.progress import Progress
    from drone_deploy_ecs.core.watch import Watch
    from drone_deploy_ecs.ports import Clock, Listener


QUIET = (Kind.REGISTERED, Kind.TROUBLE)
"""Lines that aren't about one service, and yet come as often as there are services."""


class Telling:
    """The run's timeline as it grows."""

    def __init__(self, clock: Clock, listener: Listener) -> None:
        self._clock = clock
        self._listener = listener
        self.timeline: list[Event] = []
        self.counts: dict[str, Series] = {}
        self._progress: dict[str, Progress] = {}
        self.spoke_at = clock.monotonic()
        self.masks = Masks()
        self.is_brief = False

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

    def follow(self, watch: Watch) -> None:
        """Whatever is told of this service from now on is told with how far it is."""
        now = self._clock.monotonic()
        self._progress[watch.target.name] = progress(watch, now, self._clock.now())

    def count(self, *services: Service | None) -> None:
        """Keep how many tasks their deployments have, as just seen; None is a service that isn't there."""
        for one in filter(None, services):
            self.counts[one.arn] = grow(self.counts.get(one.arn, ()), one, self._clock.now())
