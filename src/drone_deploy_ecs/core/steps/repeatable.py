"""One write that may be repeated without harm: it is sent until AWS accepts or refuses it, or the budget ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.steps.attempts import Attempts, is_refused
from drone_deploy_ecs.core.steps.kind import KindExecution
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from typing import Self


class RepeatableWrite(KindExecution, frozen=True, kw_only=True):
    """Such a write under way; an attempt whose answer was lost is simply followed by the same again.

    It has `budget` seconds from `began` on (monotonic seconds). A kind adds `step` and `call`.
    """

    began: float
    budget: float
    attempts: Attempts = Attempts()

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return self.verdict is Verdict.COMPLETED or self.attempts.may_have_been_accepted

    @property
    def verdict_of_refusal(self) -> Verdict:
        """The verdict where AWS refuses it, or the budget ends."""
        return Verdict.FAILED

    def is_accepted(self, _answer: object, /) -> bool:
        """Whether this answer, no fault, says that it is written."""
        return True

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return self.attempts.not_before

    def advance(self, answer: object, now: float, /) -> Self:
        """See `Execution`."""
        if self.verdict:
            return self
        if not isinstance(answer, Fault):
            return replace(self, verdict=Verdict.COMPLETED) if self.is_accepted(answer) else self
        failed = replace(self, attempts=self.attempts.failed(answer, now))
        if not is_refused(answer) and now < self.began + self.budget:
            return failed
        return replace(failed, verdict=failed.verdict_of_refusal, reason=f"AWS refused {answer}")
