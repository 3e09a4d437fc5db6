"""Edits of images: a new reference for some containers, or a new tag for what they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.edits.edit import Body, Edit, in_containers, listed
from drone_deploy_ecs.core.request.image import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class _ImageEdit(Edit, frozen=True):
    """An edit of the image of each of its containers, and of nothing else."""

    @property
    def images(self) -> frozenset[str]:
        """See `Edit`."""
        return frozenset(self.containers)

    def told(self, before: Mapping[str, Any], after: Mapping[str, Any], /) -> str:
        """See `Edit`: with the images that were there."""
        old, new = taskdef.containers(before), taskdef.containers(after)
        changed = [name for name in self.containers if old.get(name) != new[name]]
        return ", ".join(
            f"container {name}'s image {new[name]} ({f'was {old[name]}' if name in old else 'a new container'})"
            for name in changed or self.containers
        )


class SetImages(_ImageEdit, frozen=True):
    """A whole image reference for each of these containers."""

    by_container: tuple[tuple[str, Image], ...]

    @property
    def brief(self) -> str:
        """See `Edit`."""
        return ", ".join(dict.fromkeys(image.reference for _, image in self.by_container))

    @property
    def containers(self) -> tuple[str, ...]:
        """See `Edit`."""
        return tuple(container for container, _ in self.by_container)

    @property
    def references(self) -> Iterator[str]:
        """See `Edit`."""
        return (image.reference for _, image in self.by_container)

    def apply(self, body: Mapping[str, Any], /) -> Body:
        """See `Edit`."""
        images = {container: image.reference for container, image in self.by_container}
        return in_containers(body, images, lambda entry: {**entry, "image": images[entry["name"]]})

    def __str__(self) -> str:
        by_image: dict[str, list[str]] = {}
        for container, image in self.by_container:
            by_image.setdefault(image.reference, []).append(container)
        return ", ".join(f"{image} for {listed('container', names)}" for image, names in by_image.items())


class SetTag(_ImageEdit, frozen=True):
    """Another tag of the repository that each of these containers has its image from."""

    containers: tuple[str, ...]
    tag: str

    @property
    def brief(self) -> str:
        """See `Edit`."""
        return f"tag {self.tag}"

    def problems(self, body: Mapping[str, Any], /) -> Iterator[Problem]:
        """See `Edit`: there is no repository to keep."""
        there = taskdef.containers(body)
        for container in self.containers:
            if container in there and Image.parse(str(there[container])) is None:
                what = f"container {container} has no image that tag {self.tag} could be put on"
                yield Problem(what, "Give the whole reference with image or images")

    def apply(self, body: Mapping[str, Any], /) -> Body:
        """See `Edit`. A digest goes, since it would win over the tag."""
        return in_containers(body, self.containers, lambda entry: {**entry, "image": self._tagged(entry["image"])})

    def _tagged(self, reference: str) -> str:
        image = Image.parse(reference)
        assert image is not None
        return f"{image.repository}:{self.tag}"

    def __str__(self) -> str:
        return f"tag {self.tag} for {listed('container', self.containers)}"
