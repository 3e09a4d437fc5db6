"""Amazon ECR's private registries: an image's manifest, what a manifest says of its image, and pull-through caches.

Source of shapes: the ECR API reference, and the OCI image specification for what a manifest has in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from drone_deploy_ecs.core.calls.answers import StoredImage
from drone_deploy_ecs.core.calls.body import NotWholeError, typed
from drone_deploy_ecs.core.calls.call import QUICK, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""What is asked for: without the first two, ECR may answer for an index with one of the manifests that it lists."""
UNKNOWN = "unknown"
"""Both the system and the architecture of what is listed beside images: a build's attestation."""


# --- what OCI specifies ---


class _Platform(Struct, frozen=True):
    architecture: str = ""
    os: str = ""


class _Entry(Struct, frozen=True):
    platform: _Platform = _Platform()

    @property
    def is_image(self) -> bool:
        return (self.platform.architecture, self.platform.os) != (UNKNOWN, UNKNOWN)


class _Blob(Struct, frozen=True):
    digest: str = ""


class _Config(Struct, frozen=True):
    architecture: str = ""


class _Manifest(Struct, frozen=True):
    """An index has `manifests`, a plain manifest `config`."""

    manifests: tuple[_Entry, ...] = ()
    config: _Blob = _Blob()

    def value(self) -> StoredImage:
        entries = (entry for entry in self.manifests if entry.is_image)
        return StoredImage(tuple(entry.platform.architecture for entry in entries), self.config.digest)


# --- what ECR answers ---


class _Image(Wire, frozen=True):
    image_manifest: str


class _Failure(Wire, frozen=True):
    failure_code: str


class _Images(Wire, frozen=True):
    images: tuple[_Image, ...] = ()
    failures: tuple[_Failure, ...] = ()


class _Rule(Wire, frozen=True):
    ecr_repository_prefix: str


class _Rules(Wire, frozen=True):
    pull_through_cache_rules: tuple[_Rule, ...]


class BatchGetImage(Call[StoredImage], frozen=True, kw_only=True):
    """An image of a repository, by its digest where it has one, else by tag.

    `registry` is the account that the repository is in. What can't be understood of a manifest is left out.
    """

    NOT_FOUND: ClassVar = "ImageNotFound"
    """The failure of an image that isn't there."""
    NO_REPOSITORY: ClassVar = "RepositoryNotFoundException"
    """The code of the error where there is no such repository."""

    service: ClassVar = "ecr"
    operation: ClassVar = "BatchGetImage"
    quota: ClassVar = modest("BatchGetImage")
    permission: ClassVar = "ecr:BatchGetImage"
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether the image is there"

    registry: str
    repository: str
    tag: str
    digest: str = ""

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The repository."""
        return str(members.get("repositoryName", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {
            "registryId": self.registry,
            "repositoryName": self.repository,
            "imageIds": [{"imageDigest": self.digest} if self.digest else {"imageTag": self.tag}],
            "acceptedMediaTypes": list(MANIFESTS),
        }

    def read(self, body: Body) -> StoredImage:
        """See `Call`."""
        answer = typed(body, _Images)
        if not answer.images:
            if not answer.failures:
                raise NotWholeError
            return StoredImage(failure=answer.failures[0].failure_code)
        try:
            return typed(answer.images[0].image_manifest.encode(errors="replace"), _Manifest).value()
        except NotWholeError:
            return StoredImage()


class GetDownloadUrlForLayer(Call[str], frozen=True, kw_only=True):
    """The architecture that a plain manifest's image was built for: what ECR has under its config's digest says it."""

    service: ClassVar = "ecr"
    operation: ClassVar = "GetDownloadUrlForLayer"
    quota: ClassVar = modest("GetDownloadUrlForLayer")
    permission: ClassVar = "ecr:GetDownloadUrlForLayer"
    timeout: ClassVar = QUICK
    follows: ClassVar = "downloadUrl"
    shows: ClassVar = "what the image is built for"

    registry: str
    repository: str
    digest: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The repository."""
        return str(members.get("repositoryName", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"registryId": self.registry, "repositoryName": self.repository, "layerDigest": self.digest}

    def read(self, body: Body) -> str:
        """See `Call`: "" where it says none."""
        return typed(body, _Config).architecture


class DescribePullThroughCacheRules(Call[tuple[str, ...]], frozen=True, kw_only=True):
    """The prefixes of a registry's repositories that are filled from another registry; ROOT is all of them."""

    service: ClassVar = "ecr"
    operation: ClassVar = "DescribePullThroughCacheRules"
    quota: ClassVar = modest("DescribePullThroughCacheRules")
    permission: ClassVar = "ecr:DescribePullThroughCacheRules"
    timeout: ClassVar = QUICK
    shows: ClassVar = "whether the image comes through a cache"

    registry: str

    def members(self) -> dict[str, Any]:
        """See `Call`. A registry may have fewer rules than one answer."""
        return {"registryId": self.registry, "maxResults": 1000}

    def read(self, body: Body) -> tuple[str, ...]:
        """See `Call`."""
        return tuple(rule.ecr_repository_prefix for rule in typed(body, _Rules).pull_through_cache_rules)
