"""What comes back from AWS while a service's update is followed, as values: what a fold step takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs import Service, Task
    from drone_deploy_ecs.core.fault import Fault


@dataclass(frozen=True)
class Accepted:
    """UpdateService answered: the service as it is now."""

    service: Service


@dataclass(frozen=True)
class NotWritten:
    """UpdateService failed, or may have."""

    fault: Fault


@dataclass(frozen=True)
class Seen:
    """DescribeServices answered (None: no such service), with the newly stopped tasks, if they were read.

    `at` is when (monotonic seconds), before any tasks were read: that can take long. `read` are all task ARNs that were
    listed, so that none is described twice; `denied` the permissions that were missing to see more.
    """

    service: Service | None
    at: float = inf
    tasks: tuple[Task, ...] | None = None
    read: frozenset[str] = frozenset()
    denied: frozenset[str] = frozenset()


@dataclass(frozen=True)
class NotSeen:
    """A look failed."""

    fault: Fault


Observation = Accepted | NotWritten | Seen | NotSeen
