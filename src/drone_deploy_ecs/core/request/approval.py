"""What an approval is of: only the release that was meant may be let go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.build import build_of
from drone_deploy_ecs.core.ecs.names import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.ecs.taskdef import Definition


class Approval(Struct, frozen=True, kw_only=True):
    """What must be what waits, as far as it is said: "" and () say nothing.

    An `image` of one of these `containers` (of any, where none is named), a `revision`, one of these `deployments`
    (`ecs-svc/N`, or ARNs of service deployments), the `build` of that number (None says nothing).
    """

    image: str = ""
    containers: tuple[str, ...] = ()
    revision: str = ""
    deployments: tuple[str, ...] = ()
    build: int | None = None

    def is_of(self, definition: Definition, deployment: str, arn: str) -> bool:
        """Whether the deployment with that id, of that definition and service deployment, is what was meant."""
        if self.deployments and not {deployment, arn} & set(self.deployments):
            return False
        if self.revision and short(self.revision) != short(definition.arn):
            return False
        if self.build is not None and self.build != build_of(definition.body):
            return False
        return not self.image or self.image in self._images(definition.body)

    def _images(self, body: Mapping[str, Any]) -> Iterator[str]:
        for container in body.get("containerDefinitions", ()):
            if not self.containers or container.get("name") in self.containers:
                yield container.get("image", "")

    def __str__(self) -> str:
        """`shop:2`, or whatever was said; "" where nothing."""
        build = "" if self.build is None else f"build {self.build}"
        said = (self.image, short(self.revision), ", ".join(map(short_deployment, self.deployments)), build)
        return ", ".join(filter(None, said))


def short_deployment(text: str) -> str:
    """An id as it is, an ARN by its end."""
    return short(text) if text.startswith("arn:") else text
