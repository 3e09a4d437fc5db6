"""Which build of the CI system a revision is of: a tag of it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.taskdef import entries

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILD = "drone-deploy-ecs:build"
"""The tag's key; its value is the build's number."""


def build_of(body: Mapping[str, Any]) -> int | None:
    """The number of the build; None where no tag tells."""
    values = (str(tag.get("value") or "") for tag in entries(body, "tags") if tag.get("key") == BUILD)
    return next((int(value) for value in values if value.isascii() and value.isdecimal()), None)


def of_build(body: Mapping[str, Any], build: int | None) -> dict[str, Any]:
    """The same as a revision of that build, with all its other tags; None: of none that is known."""
    others = [tag for tag in entries(body, "tags") if tag.get("key") != BUILD]
    tags = others if build is None else [*others, {"key": BUILD, "value": str(build)}]
    if build is None and len(others) == len(entries(body, "tags")):
        return dict(body)
    untagged = {name: value for name, value in body.items() if name != "tags"}
    return {**untagged, "tags": tags} if tags else untagged
