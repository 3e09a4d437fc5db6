"""Whether an image is built for the processor that it is to run on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.core.calls.answers import StoredImage
from drone_deploy_ecs.core.preflight.check import Finding, Result, no_answer, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.preflight.check import Answers
    from drone_deploy_ecs.core.preflight.repository import Stored

RUNS = {"X86_64": frozenset({"amd64", "386"}), "ARM64": frozenset({"arm64", "arm"})}
"""By ECS's name of a processor, Go's names of what a container runtime takes there: 32 bits, too."""
ARCHITECTURES = frozenset({
    "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64",
    "s390x",
})  # fmt: skip
"""Go's names of processors, which OCI's manifests have. A name that isn't one of them proves nothing."""


class ArchitectureCheck(Struct, frozen=True, kw_only=True):
    """Whether the image at `place` is built for `processor`, one of `RUNS`.

    `now` is where the image is that the same container runs now, None where that isn't ECR. `is_known`: the service ran
    this very reference before. Nothing is said of an image that isn't there, or tells nothing.

    An index's entries are what a pull looks for. A plain manifest's config only says what its builder took it for: it
    proves nothing where what ran there before says the same of itself.
    """

    region: str
    image: str
    place: Stored
    processor: str
    now: Stored | None = None
    is_known: bool = False
    is_essential: bool = True

    def asks(self, answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`. The image that runs now is read only where the new one seems to be for another processor."""
        yield from _asks(answers, self.place)
        if self.now and _is_plain(answers, self.place) and self._is_foreign(answers, self.place):
            yield from _asks(answers, self.now)

    def again(self, _answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: what an image is built for doesn't change."""
        yield from ()

    def findings(self, answers: Answers, /) -> Iterator[Finding]:
        """See `Check`."""
        built_for = _architectures(answers, self.place)
        if built_for is None:
            call = self.place.config(_image(answers, self.place).config)
            yield no_answer(call, answers.get(call), f"what image {self.image} is built for", is_told=False)
        elif built_for & RUNS[self.processor]:
            yield Finding(Result.FINE, f"image {self.image} is built for {self.processor}")
        elif self._is_foreign(answers, self.place):
            what = f"image {self.image} is built for {', '.join(sorted(built_for))}, but is to run on {self.processor}"
            if self._may_be_misnamed(answers):
                yield Finding(Result.WARNING, what, "Look whether it is: what ran before may say the same of itself")
            else:
                do = "Build it for that processor, or change cpuArchitecture in the task definition"
                yield Finding(worst(is_sure=self.is_essential), what, do)

    def _is_foreign(self, answers: Answers, place: Stored) -> bool:
        """Whether all that it is built for are other processors."""
        built_for = _architectures(answers, place) or frozenset()
        return bool(built_for) and built_for <= ARCHITECTURES - RUNS[self.processor]

    def _may_be_misnamed(self, answers: Answers) -> bool:
        if not _is_plain(answers, self.place):
            return False
        return self.is_known or (self.now is not None and self._is_foreign(answers, self.now))


def _image(answers: Answers, place: Stored) -> StoredImage:
    """What ECR has of it; nothing where that wasn't read."""
    answer = answers.get(place.manifest)
    return answer if isinstance(answer, StoredImage) else StoredImage()


def _is_plain(answers: Answers, place: Stored) -> bool:
    image = _image(answers, place)
    return bool(image.config) and not image.architectures


def _asks(answers: Answers, place: Stored) -> Iterator[Call[Any]]:
    yield place.manifest
    if _is_plain(answers, place):
        yield place.config(_image(answers, place).config)


def _architectures(answers: Answers, place: Stored) -> frozenset[str] | None:
    """What the image is built for, as far as it says; None where a plain manifest's config wasn't read."""
    image = _image(answers, place)
    if not _is_plain(answers, place):
        return frozenset(image.architectures)
    answer = answers.get(place.config(image.config))
    return frozenset({answer}) if isinstance(answer, str) else None
