"""What became of a step that people are told of by itself: a one-off task, say. Services have their `Outcome`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.verdict import EndState


class Answered(NamedTuple):
    """One answer to it: when, what it is worth (`well`, `badly`, `neither`, `unreached`), and what it was."""

    at: datetime
    word: str
    text: str


class StepResult(Struct, frozen=True, kw_only=True):
    """What became of one such step.

    `kind` is the word that people know it by, its setting's name; `name` tells it from others of its kind, "" where
    there is only one. `what` is what was done, as the plan says it. `target` is the service it is about, None for the
    whole run. `ended` is a clause on how it ended: `exit code 3 after 44 s`. `end_state` is how that which it changed
    stands at the end, None where it changes nothing that could go back; `stays` is what isn't undone where the others
    return, in a clause, "" for nothing. The times are those of day here, None where it never began.

    `ended`, `causes` and `answers` (the last ones) may quote others; `log` is the end of its log, which the run makes
    safe to print.
    """

    kind: str
    name: str = ""
    what: str
    target: Target | None = None
    verdict: Verdict
    ended: str
    end_state: EndState | None = None
    stays: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    causes: tuple[Cause, ...] = ()
    exit_code: int | None = None
    log: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()

    @property
    def title(self) -> str:
        """What people call it: `before`, or `schedules nightly`."""
        return f"{self.kind} {self.name}" if self.name else self.kind

    @property
    def sentence(self) -> str:
        """How it ended, in a clause: `before failed: exit code 3 after 44 s`."""
        failed = " failed" if self.verdict.fails_the_run else ""
        return f"{self.title}{failed}: {self.ended}"

    def hidden(self, hide: Callable[[str], str]) -> StepResult:
        """It with what it quotes as `hide` gives it."""
        causes = tuple(cause.hidden(hide) for cause in self.causes)
        answers = tuple(answer._replace(text=hide(answer.text)) for answer in self.answers)
        return replace(self, ended=hide(self.ended), causes=causes, answers=answers)


def merged(done: tuple[StepResult, ...], undone: tuple[StepResult, ...]) -> tuple[StepResult, ...]:
    """The results of a run, each step once: `undone` tells how what was taken back stands at the end."""
    backs: dict[tuple[str, str], StepResult] = {}
    for back in undone:
        key = (back.kind, back.name)
        backs[key] = _both(backs[key], back) if key in backs else back
    results = [_back(result, backs.pop((result.kind, result.name), None)) for result in done]
    return (*results, *backs.values())


def _both(first: StepResult, second: StepResult) -> StepResult:
    """Where it takes two steps to take something back: as before is only what both have brought back."""
    worse = first if first.end_state and first.end_state.is_odd else second
    return replace(worse, ended=f"{first.ended}; {second.ended}")


def _back(result: StepResult, back: StepResult | None) -> StepResult:
    if back is None:
        return result
    # What changes nothing that could go back is told by its way back alone, where that is only its end.
    goes_on = result.end_state is None and result.verdict in (Verdict.CANCELLED, Verdict.WITHDRAWN)
    ended = back.ended if goes_on else f"{result.ended}; the way back: {back.ended}"
    return replace(result, end_state=back.end_state, ended=ended)
