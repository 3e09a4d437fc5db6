"""Where the services of a run are: what `service` asks for, taken apart into Regions, clusters and names."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import read_arn, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.request.request import Request


@dataclass(frozen=True)
class ServiceRef:
    """One service, or all that a pattern matches, in one cluster (name or ARN, as written) of one Region.

    `asked` is how ECS is asked for it: a name or an ARN, or a pattern. `matched` says that a pattern found it.
    """

    region: str
    cluster: str
    asked: str
    matched: bool = field(default=False, compare=False)

    @property
    def identity(self) -> tuple[str, str, str]:
        """Region, cluster and service by their names: the same one may be asked for in two ways."""
        return self.region, short(self.cluster), short(self.asked)

    @property
    def is_pattern(self) -> bool:
        """Whether it stands for every service whose name it matches."""
        return bool(re.search(r"[*?\[]", self.asked))

    def matching(self, arns: Iterable[str]) -> tuple[ServiceRef, ...]:
        """The services that it stands for, by name."""
        names = sorted(name for name in map(short, arns) if fnmatchcase(name, self.asked))
        return tuple(ServiceRef(self.region, self.cluster, name, matched=True) for name in names)

    def covers(self, one: ServiceRef) -> bool:
        """Whether that service is one that it stands for."""
        *where, name = one.identity
        return where == [*self.identity[:2]] and fnmatchcase(name, self.asked)


def service_refs(request: Request) -> tuple[ServiceRef, ...]:
    """What is asked for, wave by wave: each service in every Region, but an ARN in its own.

    `prod/web` and an ARN name their cluster; for others it is the run's.
    """
    return tuple(
        place
        for access in request.regions
        for asked in request.services
        if (place := _ref(request, access.region, asked))
    )


def once(found: Iterable[ServiceRef]) -> tuple[ServiceRef, ...]:
    """Each service once, in order; what is named stays named, though a pattern matches it, too."""
    kept: dict[tuple[str, str, str], ServiceRef] = {}
    for one in found:
        if not one.matched or one.identity not in kept:
            kept[one.identity] = one
    return tuple(kept.values())


def _ref(request: Request, region: str, asked: str) -> ServiceRef | None:
    arn = read_arn(asked)
    if arn and arn.region != region:
        return None
    cluster, _, name = (arn.rest if arn else asked).rpartition("/")
    return ServiceRef(region, cluster or request.cluster, asked if arn else name)


def names(found: Iterable[ServiceRef]) -> dict[ServiceRef, str]:
    """What people read for each: its name; with its cluster, and its Region, where the run has several of them."""
    every = tuple(found)
    regions = {one.region for one in every}
    clusters = {short(one.cluster) for one in every}
    return {
        one: "/".join(
            part
            for part, is_told in (
                (one.region, len(regions) > 1), (short(one.cluster), len(clusters) > 1), (short(one.asked), True),
            )
            if is_told
        )
        for one in every
    }  # fmt: skip
