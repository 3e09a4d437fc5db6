"""Watches simulated services as their users would: how many healthy tasks there are, at every second."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.world import World


class Fewest(NamedTuple):
    """How few healthy tasks a service had at its worst, and for how many seconds it had fewer than desired."""

    healthy: int
    desired: int
    short_for: float


class Observer:
    """From now on, until the worlds are forgotten."""

    EVERY = 1.0
    """Seconds between two looks."""

    def __init__(self, worlds: Iterable[World]) -> None:
        self._worlds = tuple(worlds)
        self._seen: dict[str, Fewest] = {}
        self._look()

    @property
    def fewest(self) -> Fewest:
        """Of the service that fared worst."""
        return min(
            self._seen.values(),
            key=lambda service: (service.healthy / service.desired if service.desired else 1, -service.short_for),
        )

    def _look(self) -> None:
        for world in self._worlds:
            for service in world.services.values():
                self._seen[service.arn] = self._after(self._seen.get(service.arn), service)
        self._worlds[0].clock.call_in(self.EVERY, self._look)

    def _after(self, before: Fewest | None, service: Service) -> Fewest:
        healthy = sum(task.is_healthy and task.is_alive for task in service.tasks)
        is_short = healthy < service.desired
        if before is None:
            return Fewest(healthy, service.desired, 0.0)
        short_for = before.short_for + self.EVERY * is_short
        return Fewest(min(before.healthy, healthy), before.desired, short_for)
