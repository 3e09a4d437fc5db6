"""The report as a message for people elsewhere: the verdict, why, what runs now, where to look. No line of a log."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.output.ci import answer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.report.report import Report

MOST = 10
"""Services, failures and problems that are told each; more are counted. Some chats take 2000 characters."""


class Tone(Enum):
    """How a chat is to show it, in Apprise's words."""

    GOOD = "success"
    NEUTRAL = "info"
    WARNING = "warning"
    ALARM = "failure"


class Message(NamedTuple):
    """What is sent: a title of one line, and a body of plain text."""

    title: str
    body: str
    tone: Tone


_TONES = {
    Verdict.COMPLETED: Tone.GOOD,
    Verdict.UNCHANGED: Tone.NEUTRAL,
    Verdict.SUPERSEDED: Tone.NEUTRAL,
    Verdict.WITHDRAWN: Tone.NEUTRAL,
    Verdict.CANCELLED: Tone.WARNING,
    Verdict.UNKNOWN: Tone.WARNING,
}
"""Whatever else became of it is an alarm; that somebody's newer deployment took over is none."""


def message(report: Report) -> Message:
    """What became of the run."""
    is_open = EndState.NOT_AS_BEFORE in report.standing.values()
    tone = Tone.ALARM if is_open else _TONES.get(report.verdict, Tone.ALARM)
    return Message(answer.headline(report), "\n".join(_body(report)), tone)


def _body(report: Report) -> Iterator[str]:
    yield answer.subject(report)
    yield from _few([str(Problem(*problem)) for problem in answer.problems(report)], "problems")
    yield from _few([_why(failure) for failure in answer.failures(report)], "failures")
    yield from _few([f"{row.service} runs {row.runs}: {row.stands.value}" for row in answer.rows(report)], "services")
    yield answer.cluster_link(report)
    if page := report.request.build.page:
        yield page


def _few(lines: list[str], what: str) -> list[str]:
    more = len(lines) - MOST
    return lines if more <= 0 else [*lines[:MOST], f"and {more} more {what}"]


def _why(failure: answer.Failure) -> str:
    """The heaviest cause in one line, with what to do; where there is none, the sentence."""
    if not failure.reasons:
        return f"{failure.service}: {failure.why}"
    heaviest = failure.reasons[0]
    return f"{failure.service}: {heaviest.what}" + (f". {heaviest.do}" if heaviest.do else "")
