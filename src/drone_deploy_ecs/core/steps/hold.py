"""Let time pass, while what was deployed so far is watched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.step import Context
    from drone_deploy_ecs.core.target import Target


class Hold(KindStep, Struct, frozen=True, kw_only=True):
    """Let so many seconds pass."""

    target: Target
    seconds: float

    def __str__(self) -> str:
        return f"Hold: watch {self.target.name} for {span(self.seconds)}"

    def begin(self, context: Context, /) -> Holding:
        """See `Step`."""
        return Holding(step=self, until=context.now + self.seconds)


class Holding(KindExecution, frozen=True, kw_only=True):
    """A hold under way."""

    step: Hold
    until: float

    @property
    def call(self) -> None:
        """See `Execution`: none."""
        return

    @property
    def stands_until(self) -> float:
        """See `Execution`."""
        return self.until

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return self.until

    def advance(self, _answer: object, _now: float, /) -> Holding:
        """See `Execution`."""
        return self if self.verdict else replace(self, verdict=Verdict.COMPLETED)
