"""TagResource: a revision that is used again is tagged as of this build. Where that isn't allowed, it goes without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from drone_deploy_ecs.core.calls.tags import TagResource
from drone_deploy_ecs.core.ecs.build import BUILD
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.repeatable import RepeatableWrite
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context


class TagRevision(KindStep, Struct, frozen=True, kw_only=True):
    """Tag the revision `definition` (its ARN) as of that build: a tag of another build gives way."""

    region: str
    definition: str
    build: int

    @property
    def target(self) -> None:
        """See `Step`: several services may run it."""
        return

    @property
    def reach(self) -> Reach:
        """See `Step`: the tag is only for those who come later."""
        return Reach.NOTHING

    def __str__(self) -> str:
        return f"TagResource: {short(self.definition)} is of build {self.build} now"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        yield "Undo: none needed; the tag stays"

    def begin(self, context: Context, /) -> Tagging:
        """See `Step`."""
        return Tagging(step=self, began=context.now, budget=context.budget)


class Tagging(RepeatableWrite, frozen=True, kw_only=True):
    """Such a tagging under way."""

    counted_as: ClassVar[str] = "revisions tagged"

    step: TagRevision

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        return TagResource(region=self.step.region, arn=self.step.definition, key=BUILD, value=str(self.step.build))

    @property
    def verdict_of_refusal(self) -> Verdict:
        """See `RepeatableWrite`: the run goes on without the tag."""
        return Verdict.REFUSED

    def is_accepted(self, answer: object, /) -> bool:
        """See `RepeatableWrite`: it is the revision's ARN."""
        return answer == self.step.definition

    def news(self, before: Tagging, /) -> Iterator[News]:
        """See `Execution`."""
        if before.verdict:
            return
        fault, revision = self.attempts.fault, short(self.step.definition)
        if self.verdict is Verdict.REFUSED:
            yield Kind.WARNING, safe(f"Warning: {revision} isn't tagged as of build {self.step.build}: {fault}")
        elif fault and fault is not before.attempts.fault:
            yield Kind.TROUBLE, safe(str(fault))
        if self.verdict is Verdict.COMPLETED:
            yield Kind.REGISTERED, f"tagged {revision} as of build {self.step.build}"

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`."""
        return "still tagging revisions"
