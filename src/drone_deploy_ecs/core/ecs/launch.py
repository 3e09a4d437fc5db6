"""How a service's tasks are launched: what one more task like them has to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Mapping


class Launch(Struct, frozen=True, kw_only=True):
    """A service's own launch type or capacity providers, network and the like, as ECS has them; what is unset is empty.

    `network`, `providers`, `constraints` and `volumes` are plain JSON: whatever AWS adds to them goes along.
    `propagates` says whose tags its tasks get: SERVICE, TASK_DEFINITION or nobody's.
    """

    launch_type: str = ""
    providers: tuple[Mapping[str, Any], ...] = ()
    platform_version: str = ""
    network: Mapping[str, Any] = {}
    constraints: tuple[Mapping[str, Any], ...] = ()
    volumes: tuple[Mapping[str, Any], ...] = ()
    has_exec: bool = False
    has_managed_tags: bool = False
    propagates: str = ""

    def members(self) -> dict[str, Any]:
        """The members of RunTask that say the same. A task has either a launch type or capacity providers."""
        by_type = {} if self.providers else {"launchType": self.launch_type}
        members = {
            **by_type,
            "capacityProviderStrategy": list(self.providers),
            "platformVersion": self.platform_version,
            "networkConfiguration": dict(self.network),
            "placementConstraints": list(self.constraints),
            "volumeConfigurations": list(self.volumes),
            "enableExecuteCommand": self.has_exec,
            "enableECSManagedTags": self.has_managed_tags,
            # RunTask knows no service whose tags could be propagated: those are sent as the task's own.
            "propagateTags": self.propagates if self.propagates == "TASK_DEFINITION" else "",
        }
        return {name: value for name, value in members.items() if value}

    def __hash__(self) -> int:
        """Of what it says: plain JSON has no hash."""
        return hash(repr(self))

    @property
    def is_tagged(self) -> bool:
        """Whether its tasks get tags that ECS adds."""
        return self.has_managed_tags or self.propagates == "TASK_DEFINITION"

    @property
    def untagged(self) -> Launch:
        """The same without them: they are a permission apart."""
        return replace(self, has_managed_tags=False, propagates="")

    def __str__(self) -> str:
        if self.providers:
            return f"capacity providers {', '.join(str(each.get('capacityProvider')) for each in self.providers)}"
        return f"launch type {self.launch_type}" if self.launch_type else "the cluster's default capacity"
