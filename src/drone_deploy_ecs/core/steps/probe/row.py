"""The answers to a probe in a row: how many of the last were good, or bad, and what is kept of them for people."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.probe.answer import Answer, Word

IN_A_ROW = 3
SILENCE = 30.0
"""Seconds without any answer, after which no connection counts as a bad one: before, it may be the runner's network."""
KEPT = 60
"""Answers, the last ones, that the report shows."""
TOLD = 10
"""So many different answers are told one by one."""


class Row(Struct, frozen=True, kw_only=True):
    """The answers so far. Times are monotonic seconds; `seen_at` of the last ask, `answered_at` of the last answer.

    So many in a row were good (`well`) or `bad`; what is neither is in no row. `told` are the different ones among
    them, `kept` the last ones with their times.
    """

    well: int = 0
    bad: int = 0
    seen_at: float = 0.0
    answered_at: float = 0.0
    told: tuple[str, ...] = ()
    kept: tuple[tuple[float, Answer], ...] = ()

    @property
    def last(self) -> Answer | None:
        """The last one."""
        return self.kept[-1][1] if self.kept else None

    @property
    def text(self) -> str:
        """The last one, for people."""
        return self.last.text if self.last else "wasn't asked yet"

    @property
    def is_well(self) -> bool:
        """Whether enough in a row were good."""
        return self.well >= IN_A_ROW

    @property
    def is_bad(self) -> bool:
        """Whether enough in a row were bad."""
        return self.bad >= IN_A_ROW

    @property
    def is_silent(self) -> bool:
        """Whether the last ask was no answer."""
        return self.answered_at < self.seen_at

    @property
    def counts(self) -> bool:
        """Whether the last ask says something: not, where the runner's own network may have kept the answer away."""
        return not self.is_silent or self.seen_at >= self.answered_at + SILENCE

    def after(self, answer: Answer, now: float) -> Row:
        """With one more answer."""
        is_answer = answer.word is not Word.UNREACHED
        is_bad = answer.word is Word.BADLY or (not is_answer and now >= self.answered_at + SILENCE)
        is_good = answer.word is Word.WELL
        is_new = answer.text not in self.told and len(self.told) < TOLD
        return replace(
            self,
            well=0 if is_bad else self.well + is_good,
            bad=0 if is_good else self.bad + is_bad,
            seen_at=now,
            answered_at=now if is_answer else self.answered_at,
            told=(*self.told, answer.text) if is_new else self.told,
            kept=(*self.kept[1 - KEPT :], (now, answer)),
        )
