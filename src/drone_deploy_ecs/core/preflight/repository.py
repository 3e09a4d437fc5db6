"""Where an image is, if that is a private registry of Amazon ECR: read off its reference."""

from __future__ import annotations

import re
from typing import NamedTuple

from drone_deploy_ecs.core.calls.ecr import BatchGetImage, DescribePullThroughCacheRules, GetDownloadUrlForLayer
from drone_deploy_ecs.core.request.image import Image

_HOST = (
    r"(?P<registry>\d{12})\.dkr[.-]ecr(-fips)?\.(?P<region>[a-z]{2,}(-[a-z]+)+-\d+)\."
    r"(amazonaws\.(com(\.cn)?|eu)|on\.(aws|amazonwebservices\.com\.cn)|"
    r"c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
_PARTITION = r"(cn|us-gov|us-iso[a-z]?|eu-iso[a-z]|eusc)-"
ROOT = "ROOT"
"""The prefix of a pull-through cache for every repository that has no rule of its own (ECR user guide)."""


class Stored(NamedTuple):
    """An image of ECR: the account that the registry is of, its Region, the repository, and what names the image."""

    registry: str
    region: str
    repository: str
    tag: str
    digest: str

    @property
    def where(self) -> str:
        """The repository, in a sentence."""
        return f"{self.repository} ({self.region}, account {self.registry})"

    @property
    def manifest(self) -> BatchGetImage:
        """The call for it."""
        return BatchGetImage(
            region=self.region, registry=self.registry, repository=self.repository, tag=self.tag, digest=self.digest
        )

    def config(self, digest: str) -> GetDownloadUrlForLayer:
        """The call for what it is built for, by its config's digest."""
        return GetDownloadUrlForLayer(
            region=self.region, registry=self.registry, repository=self.repository, digest=digest
        )

    @property
    def caches(self) -> DescribePullThroughCacheRules:
        """The call for what the registry fills from another one."""
        return DescribePullThroughCacheRules(region=self.region, registry=self.registry)

    def is_cached(self, prefixes: tuple[str, ...]) -> bool:
        """Whether its repository is filled from another registry when somebody pulls."""
        return any(prefix == ROOT or self.repository.startswith(f"{prefix.rstrip('/')}/") for prefix in prefixes)


def stored(reference: str, region: str) -> Stored | None:
    """Where ECR has the image; None for another registry, or one that credentials of this Region can't be for."""
    image = Image.parse(reference)
    host, slash, repository = image.repository.partition("/") if image else ("", "", "")
    found = re.fullmatch(_HOST, host)
    if not image or not slash or not found or _partition(found["region"]) != _partition(region):
        return None
    return Stored(found["registry"], found["region"], repository, image.tag or "latest", image.digest)


def _partition(region: str) -> str:
    found = re.match(_PARTITION, region)
    return found[0] if found else ""
