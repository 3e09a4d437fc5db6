"""Where the services of a run are: what `service` asks for, taken apart into Regions, clusters and names."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import read_arn, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.request.request import Request


class ServiceRef(Struct, frozen=True):
    """One service, or all that a pattern matches, in one cluster (name or ARN, as written) of one Region.

    `asked` is what requests to ECS name it by: a name, an ARN or a pattern. `matched` says that a pattern found it.
    """

    region: str
    cluster: str
    asked: str
    matched: bool = False

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

    def covers(self, ref: ServiceRef) -> bool:
        """Whether this pattern or name matches that service."""
        *where, name = ref.identity
        return where == [*self.identity[:2]] and fnmatchcase(name, self.asked)


def service_refs(request: Request) -> tuple[ServiceRef, ...]:
    """The requested services, wave by wave: a name in every Region, an ARN in its own.

    `prod/web` and an ARN name their cluster; for others it is the run's.
    """
    return tuple(
        ref for access in request.regions for text in request.services if (ref := _ref(request, access.region, text))
    )


def once(refs: Iterable[ServiceRef]) -> tuple[ServiceRef, ...]:
    """The services without repetition, in order; a name wins over a pattern that matches the same service."""
    kept: dict[tuple[str, str, str], ServiceRef] = {}
    for ref in refs:
        if not ref.matched or ref.identity not in kept:
            kept[ref.identity] = ref
    return tuple(kept.values())


def _ref(request: Request, region: str, text: str) -> ServiceRef | None:
    arn = read_arn(text)
    if arn and arn.region != region:
        return None
    cluster, _, name = (arn.rest if arn else text).rpartition("/")
    return ServiceRef(region, cluster or request.cluster, text if arn else name)


def names(refs: Iterable[ServiceRef]) -> dict[ServiceRef, str]:
    """The name that people read, by service: with its cluster, or its Region, where the run has several of them."""
    refs = tuple(refs)
    regions = {ref.region for ref in refs}
    clusters = {short(ref.cluster) for ref in refs}
    return {
        ref: "/".join(
            part
            for part, is_told in (
                (ref.region, len(regions) > 1), (short(ref.cluster), len(clusters) > 1), (short(ref.asked), True),
            )
            if is_told
        )
        for ref in refs
    }  # fmt: skip
