"""How many tasks each revision had, over time: what a picture of the rollout is drawn from.

ECS tells counts by deployment; a series of them grows only where a look shows another count than the one before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The tasks of one deployment from `at` on; `desired` is 0 once another is PRIMARY, `failed` only ever grows."""

    at: datetime
    revision: str
    deployment: str
    desired: int
    running: int
    pending: int
    failed: int

    @property
    def tasks(self) -> tuple[int, int, int, int]:
        """What makes it another count than the one before."""
        return (self.desired, self.running, self.pending, self.failed)


Series = tuple[Count, ...]
"""One service's, oldest first."""


@dataclass(frozen=True, slots=True)
class Band:
    """The tasks of one revision in the picture; `is_ours` where our deployment started them."""

    revision: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """How things stood from `at` on: running and starting tasks by band, and how many the PRIMARY deployment wants."""

    at: datetime
    tasks: dict[Band, tuple[int, int]]
    desired: int

    @property
    def most(self) -> int:
        """What has to fit into the picture."""
        return max(self.desired, sum(running + pending for running, pending in self.tasks.values()))


def grow(series: Series, service: Service, at: datetime) -> Series:
    """The series after this look. A deployment that is no longer listed has no tasks left."""
    latest = {one.deployment: one for one in series}
    seen = [
        Count(
            at=at,
            revision=short(one.task_definition),
            deployment=one.id,
            desired=one.desired if one.status == "PRIMARY" else 0,
            running=one.running,
            pending=one.pending,
            failed=one.failed_tasks,
        )
        for one in service.deployments
    ]
    listed = {one.deployment for one in seen}
    gone = [_none(one, at) for one in latest.values() if one.deployment not in listed]
    changed = (one for one in [*seen, *gone] if (was := latest.get(one.deployment)) is None or was.tasks != one.tasks)
    return (*series, *changed)


def _none(one: Count, at: datetime) -> Count:
    return Count(
        at=at, revision=one.revision, deployment=one.deployment, desired=0, running=0, pending=0, failed=one.failed
    )


def moments(series: Series, ours: Iterable[str]) -> tuple[Moment, ...]:
    """The series as a sequence of states; `ours` are the deployments that were to bring the new version."""
    known = frozenset(ours)
    latest: dict[str, Count] = {}
    found: list[Moment] = []
    for place, one in enumerate(series):
        latest[one.deployment] = one
        if place + 1 == len(series) or series[place + 1].at > one.at:
            desired = sum(each.desired for each in latest.values())
            found.append(Moment(one.at, _by_band(latest.values(), known), desired))
    return tuple(found)


def _by_band(counts: Iterable[Count], ours: frozenset[str]) -> dict[Band, tuple[int, int]]:
    tasks: dict[Band, tuple[int, int]] = {}
    for one in counts:
        band = Band(one.revision, one.deployment in ours)
        running, pending = tasks.get(band, (0, 0))
        tasks[band] = (running + one.running, pending + one.pending)
    return tasks


def bands(shown: Sequence[Moment]) -> tuple[Band, ...]:
    """All bands that ever had a task, what ran before first, ours next: the order to stack them in."""
    seen: Iterator[Band] = (band for one in shown for band, tasks in one.tasks.items() if any(tasks))
    return tuple(sorted(dict.fromkeys(seen), key=lambda band: band.is_ours))


def failures(series: Series, ours: Iterable[str]) -> dict[Band, int]:
    """How many tasks of each band failed, as ECS counted them."""
    known = frozenset(ours)
    failed: dict[Band, int] = {}
    for one in {each.deployment: each for each in series}.values():
        band = Band(one.revision, one.deployment in known)
        failed[band] = failed.get(band, 0) + one.failed
    return failed
