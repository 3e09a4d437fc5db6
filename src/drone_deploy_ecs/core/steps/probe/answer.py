"""What one answer to a probe means, and where a redirect leads."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.calls.web import Reply
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from drone_deploy_ecs.core.request.url import Url

REDIRECTS = 5
"""Followed one after the other; more are taken for a circle."""
GOOD, REDIRECT, BAD = 200, 300, 400
_LINE = 120


class Word(Enum):
    """What an answer is worth."""

    WELL = "well"
    BADLY = "badly"
    NEITHER = "neither"
    """Good, but not of the new version, while others still serve, too."""
    UNREACHED = "unreached"
    """There was no connection: it may be the runner's own network."""


class Answer(Struct, frozen=True):
    """One answer: what it is worth, and the answer itself, in a clause: `answered 503: Service Unavailable`."""

    word: Word
    text: str


def follow(asked: Url, answer: object, hops: int) -> Url | None:
    """Where to ask next, after so many redirects; None where that was the answer itself.

    Within the host alone, and never out of TLS.
    """
    to = _leads(asked, answer)
    if to is None or hops >= REDIRECTS or to.host != asked.host or asked.leaves_tls(to):
        return None
    return to


def _leads(asked: Url, answer: object) -> Url | None:
    if not isinstance(answer, Reply) or not REDIRECT <= answer.status < BAD or not answer.location:
        return None
    return asked.to(answer.location)


def judge(asked: Url, answer: object, hops: int, expect: str, *, is_alone: bool) -> Answer:
    """What the answer is worth where a good one has the text `expect`; `is_alone`: nothing else may have answered."""
    if isinstance(answer, Fault):
        if answer.kind is FaultKind.UNREACHABLE:
            return Answer(Word.UNREACHED, f"couldn't be reached: {safe(answer.message, _LINE)}")
        return Answer(Word.BADLY, f"gave {safe(answer.message, _LINE)}")
    if not isinstance(answer, Reply):
        return Answer(Word.NEITHER, "gave nothing that could be understood")
    to = _leads(asked, answer)
    text = _shown(answer, to)
    if to is not None and to.host == asked.host and hops >= REDIRECTS:
        return Answer(Word.BADLY, f"{text}, after {REDIRECTS} redirects")
    if not GOOD <= answer.status < BAD:
        return Answer(Word.BADLY, text)
    # What is elsewhere says nothing of the new version, nor does the page that leads there.
    if not expect or (to is None and expect in answer.text):
        return Answer(Word.WELL, text)
    return Answer(Word.BADLY if is_alone else Word.NEITHER, f"{text}, without {safe(expect, _LINE)!r}")


def _shown(reply: Reply, to: Url | None) -> str:
    """The status and the first line; of a redirect, where it leads."""
    if to is not None:
        return f"answered {reply.status}, to {to}"
    line = next((line for line in reply.text.splitlines() if line.strip()), "")
    said = f": {safe(line, _LINE)}" if line else ", with an empty body"
    return f"answered {reply.status}{said}"
