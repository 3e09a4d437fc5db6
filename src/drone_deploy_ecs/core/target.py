"""The service that a step is about, as it was found, and how it could be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import Defined, HasBody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class WayBack(HasBody, Struct, frozen=True, kw_only=True):
    """How to undo an update: to `definition`, or, if that can't be used any more, to a registered copy `body`.

    `must_copy` says that the recorded revision itself would not do, and why; `what` how its copy differs ("" for not at
    all). `impossible` says why there is no way back.
    """

    definition: str = ""
    body: Mapping[str, Any] | None = None
    must_copy: str = ""
    what: str = ""
    impossible: str = ""


class Target(Struct, frozen=True, kw_only=True):
    """The service a step is about: `name` is what people read, and unique in the run; `service` ECS's name for it.

    `asked` is how it was named to us, `known` the deployments it had before.
    `warm_up`: seconds that new tasks can't be healthy before, counted from RUNNING. `containers` are those that its
    task definition names: AWS may put others into its tasks.
    """

    name: str
    service: str
    asked: str
    cluster: str
    region: str
    desired: int
    warm_up: float
    before: str
    known: frozenset[str]
    back: WayBack
    containers: frozenset[Defined] = frozenset()


class Located(Protocol):
    """Whatever is in a cluster (name or ARN) of a Region: a target, or what is asked for."""

    @property
    def cluster(self) -> str:
        """By name or ARN."""

    @property
    def region(self) -> str:
        """`eu-west-1`."""


def where(services: Sequence[Located]) -> str:
    """`in cluster prod, eu-west-1`, and so for several."""
    clusters = list(dict.fromkeys(short(service.cluster) for service in services))
    regions = list(dict.fromkeys(service.region for service in services))
    return f"in cluster{'s' if len(clusters) > 1 else ''} {', '.join(clusters)}, {', then '.join(regions)}"
