"""A container image's reference, taken apart."""

from __future__ import annotations

import re
from typing import NamedTuple

# A Docker image reference, [registry[:port]/]path[:tag][@digest], by the grammar of the distribution project.
_REFERENCE = re.compile(
    r"(?P<repository>(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>[a-z0-9]+:[0-9a-f]{32,}))?",
    re.ASCII,
)


class Image(NamedTuple):
    """A container image reference, as written."""

    reference: str
    repository: str
    tag: str
    digest: str

    @classmethod
    def parse(cls, reference: str) -> Image | None:
        """The reference taken apart, or None if no registry would understand it."""
        match = _REFERENCE.fullmatch(reference)
        if not match:
            return None
        return cls(reference, match["repository"], match["tag"] or "", match["digest"] or "")

    def pinned_to(self, digest: str) -> Image:
        """The same repository at that digest: what cannot be pushed over."""
        return Image(f"{self.repository}@{digest}", self.repository, "", digest)
