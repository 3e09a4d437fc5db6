"""Edits for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.request.edits.images import SetImages
from drone_deploy_ecs.core.request.image import Image

if TYPE_CHECKING:
    from collections.abc import Mapping


def set_image(container: str, reference: str) -> SetImages:
    """The edit of one container's image, be it a good reference or not."""
    return SetImages(((container, Image.parse(reference) or Image(reference, reference, "", "")),))


def with_image(body: Mapping[str, Any], container: str, reference: str) -> dict[str, Any]:
    """The body with this one container's image."""
    return set_image(container, reference).apply(body)
