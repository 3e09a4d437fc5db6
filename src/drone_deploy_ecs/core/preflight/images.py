"""Whether an image is in Amazon ECR, and which ones aren't looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.core.calls.answers import StoredImage
from drone_deploy_ecs.core.calls.ecr import BatchGetImage
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.preflight.check import Finding, Result, no_answer, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.preflight.check import Answers
    from drone_deploy_ecs.core.preflight.repository import Stored


class ImageCheck(Struct, frozen=True, kw_only=True):
    """Whether the image is at `place`.

    `is_essential`: no task does without the container. `may_be_kept`: instances may still have it from earlier, and
    start it although it can't be pulled.
    """

    region: str
    image: str
    place: Stored
    is_essential: bool = True
    may_be_kept: bool = False

    def asks(self, answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`."""
        yield self.place.manifest
        if self._is_missing(answers):
            yield self.place.caches

    def again(self, answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: what would be refused may be on its way, be it pushed or replicated."""
        if self._is_missing(answers) and self._missing(answers).result is Result.DOOMED:
            yield self.place.manifest

    def findings(self, answers: Answers, /) -> Iterator[Finding]:
        """See `Check`."""
        answer = answers.get(self.place.manifest)
        if self._is_missing(answers):
            yield self._missing(answers)
        elif isinstance(answer, StoredImage) and answer.failure:
            what = f"image {self.image}: {answer.failure}"
            yield Finding(Result.UNKNOWN, what, is_told=False)
        elif isinstance(answer, StoredImage):
            yield Finding(Result.FINE, f"image {self.image} is in ECR")
        elif isinstance(answer, Fault) and answer.code == BatchGetImage.NO_REPOSITORY:
            what = f"ECR has no repository {self.place.where}"
            yield Finding(Result.WARNING, what, "Check the image's name, unless pulling it makes the repository")
        else:
            yield no_answer(self.place.manifest, answer, f"image {self.image}", is_told=False)

    def _is_missing(self, answers: Answers) -> bool:
        answer = answers.get(self.place.manifest)
        return isinstance(answer, StoredImage) and answer.failure == BatchGetImage.NOT_FOUND

    def _missing(self, answers: Answers) -> Finding:
        named = f"digest {self.place.digest}" if self.place.digest else f"tag {self.place.tag}"
        what, prefixes = f"ECR has no {named} in repository {self.place.where}", answers.get(self.place.caches)
        if not isinstance(prefixes, tuple):
            lacking = no_answer(self.place.caches, prefixes, what).permission
            do = "Push the image, unless a pull-through cache has it; that couldn't be told"
            return Finding(Result.WARNING, what, f"{do} without {lacking}" if lacking else do)
        if self.place.is_cached(prefixes):
            return Finding(Result.WARNING, f"{what} yet", "A pull-through cache gets it when it is pulled")
        if self.may_be_kept:
            return Finding(Result.WARNING, what, "Push the image, unless the instances have it from earlier")
        return Finding(worst(is_sure=self.is_essential), what, "Push the image first, or check its name")


class Elsewhere(Struct, frozen=True, kw_only=True):
    """An image of another registry: there is nothing to ask, and only the plan says so."""

    region: str
    image: str

    def asks(self, _answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: nothing."""
        yield from ()

    def again(self, _answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: nothing."""
        yield from ()

    def findings(self, _answers: Answers, /) -> Iterator[Finding]:
        """See `Check`."""
        yield Finding(
            Result.UNKNOWN, f"image {self.image} is in no private registry of ECR within reach", is_told=False
        )
