"""How many tasks each revision had, over time: what a picture of the rollout is drawn from.

ECS tells counts by deployment; a series of them grows only where a look shows another count than the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Service


class Count(Struct, frozen=True, kw_only=True):
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
        """What differs between a count and the next of the same deployment."""
        return (self.desired, self.running, self.pending, self.failed)


Series = tuple[Count, ...]
"""A service's counts, oldest first."""


class Band(Struct, frozen=True):
    """The tasks of one revision in the picture; `is_ours` where our deployment started them."""

    revision: str
    is_ours: bool


class Moment(Struct, frozen=True):
    """How things stood from `at` on: running and starting tasks by band, and how many the PRIMARY deployment wants."""

    at: datetime
    tasks: dict[Band, tuple[int, int]]
    desired: int

    @property
    def most(self) -> int:
        """The tallest value to draw: wanted tasks, or running and starting ones."""
        return max(self.desired, sum(running + pending for running, pending in self.tasks.values()))


def grow(series: Series, service: Service, at: datetime) -> Series:
    """The series after this look. A deployment that is no longer listed has no tasks left."""
    latest = {count.deployment: count for count in series}
    present = [
        Count(
            at=at,
            revision=short(deployment.task_definition),
            deployment=deployment.id,
            desired=deployment.desired if deployment.status == "PRIMARY" else 0,
            running=deployment.running,
            pending=deployment.pending,
            failed=deployment.failed_tasks,
        )
        for deployment in service.deployments
    ]
    listed = {count.deployment for count in present}
    gone = [_none(count, at) for count in latest.values() if count.deployment not in listed]
    return (*series, *(count for count in [*present, *gone] if _is_news(count, latest.get(count.deployment))))


def _is_news(count: Count, before: Count | None) -> bool:
    return before is None or before.tasks != count.tasks


def _none(count: Count, at: datetime) -> Count:
    return Count(
        at=at,
        revision=count.revision,
        deployment=count.deployment,
        desired=0,
        running=0,
        pending=0,
        failed=count.failed,
    )


def moments(series: Series, ours: Iterable[str]) -> tuple[Moment, ...]:
    """The series as a sequence of states; `ours` are the deployments that were to bring the new version."""
    known = frozenset(ours)
    latest: dict[str, Count] = {}
    states: list[Moment] = []
    for index, count in enumerate(series):
        latest[count.deployment] = count
        if index + 1 == len(series) or series[index + 1].at > count.at:
            desired = sum(last.desired for last in latest.values())
            states.append(Moment(count.at, _by_band(latest.values(), known), desired))
    return tuple(states)


def _by_band(counts: Iterable[Count], ours: frozenset[str]) -> dict[Band, tuple[int, int]]:
    tasks: dict[Band, tuple[int, int]] = {}
    for count in counts:
        band = Band(count.revision, count.deployment in ours)
        running, pending = tasks.get(band, (0, 0))
        tasks[band] = (running + count.running, pending + count.pending)
    return tasks


def bands(shown: Sequence[Moment]) -> tuple[Band, ...]:
    """All bands that ever had a task, what ran before first, ours next: the order to stack them in."""
    with_tasks: Iterator[Band] = (band for moment in shown for band, tasks in moment.tasks.items() if any(tasks))
    return tuple(sorted(dict.fromkeys(with_tasks), key=lambda band: band.is_ours))


def failures(series: Series, ours: Iterable[str]) -> dict[Band, int]:
    """How many tasks of each band failed, as ECS counted them."""
    known = frozenset(ours)
    failed: dict[Band, int] = {}
    for count in {count.deployment: count for count in series}.values():
        band = Band(count.revision, count.deployment in known)
        failed[band] = failed.get(band, 0) + count.failed
    return failed
