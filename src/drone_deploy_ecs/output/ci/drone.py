"""Drone: a card on the build's page, an Adaptive Card. Its template is `card.json` beside this file.

Drone's own page fetches the template from an address that comes with the data, and fills it in. Here the address is a
`data:` URL that holds the template itself, so that nothing has to be published, nor be reachable.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import EndState
from drone_deploy_ecs.output.ci import answer
from drone_deploy_ecs.output.ci.answer import Mood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.output.ci.answer import Row

MOST_ROWS = 8
MOST_REASONS = 3
LOG_LINES = 6
LENGTHS = (200, 100, 50, 25)
"""Most characters of a text: tried in this order until the card is small enough."""
NAME = 60
LINE, CELL = 50, 16
"""Characters of a word that fits into a line of the card, and into one of its columns."""
LARGEST = 12_000
"""Bytes. In base64, and as one line of the log, it has to stay below 16 KB: container engines split longer ones."""
ADDRESS = 2000
"""Characters of the template's address that Drone's tables hold."""

_COLOURS = {
    EndState.NEW: "Good",
    EndState.GAVE_WAY: "Good",
    EndState.AS_BEFORE: "Warning",
    EndState.PAUSED: "Accent",
    EndState.UNTOUCHED: "Default",
}

_LOOKS = {Mood.GOOD: ("good", "✔"), Mood.WAITING: ("accent", "⏸"), Mood.BAD: ("attention", "✘")}
"""The style of the card's head, and its sign."""


def card(report: Report, template: str) -> str:
    """Template and data, as Drone takes them."""
    cards = (_card(address(template), shown(report, most)) for most in LENGTHS)
    return next((text for text in cards if len(text.encode()) <= LARGEST), _card(address(template), {}))


def _card(schema: str, data: dict[str, Any]) -> str:
    return json.dumps({"schema": schema, "data": data}, ensure_ascii=False, separators=(",", ":"))


def marked(card: str) -> str:
    """A card in one line of the log, between the marks by which Drone's runner finds it, to take it out."""
    return f"\x1b]1338;{b64encode(card.encode()).decode()}\x1b]0m\n"


def address(template: str) -> str:
    """The `data:` URL of a template (JSON)."""
    whole = json.dumps(json.loads(template), separators=(",", ":"))
    return f"data:application/json,{quote(whole, safe=_KEPT)}"


_KEPT = "!$&'()*+,/:;=?@[]{}\"|\\^`<>~"
"""Characters that stay unescaped in the `data:` URL: every escape takes three, and Drone's column is short."""


def shown(report: Report, most: int) -> dict[str, Any]:
    """The card's data, each text of at most so many characters."""
    rows = answer.rows(report)
    style, sign = _LOOKS[answer.mood(report)]
    return {
        "style": style,
        "sign": sign,
        "headline": _cut(answer.headline(report), most),
        "subject": _cut("; ".join((answer.subject(report), *_steps(report))), most),
        "rows": [_row(row, min(most, NAME)) for row in rows[:MOST_ROWS]],
        "more": _more(rows[MOST_ROWS:]),
        "why": _why(report, most),
        "log": _log(report, most),
        "link": rows[0].link if len(rows) == 1 else answer.cluster_link(report),
    }


def _row(row: Row, most: int) -> dict[str, str]:
    return {
        "service": _cut(row.service, most, CELL),
        "stands": row.stands.value,
        "colour": _COLOURS.get(row.stands, "Attention"),
        "runs": _cut(row.standing, most, CELL),
        "before": _cut(row.before or "nothing", most, CELL),
    }


def _steps(report: Report) -> list[str]:
    """Those that went well: the headline has the others."""
    return [f"{row.title}: {row.ended}" for row in answer.steps(report) if row.verdict.is_good]


def _more(rows: Sequence[Row]) -> str:
    return f"and {len(rows)} more, {answer.counted(row.stands for row in rows)}" if rows else ""


def _why(report: Report, most: int) -> list[dict[str, str]]:
    """What is wrong, and what to do about it."""
    problems = [*answer.problems(report), *((f"{service}: {way}", "") for service, way in answer.ways_on(report))]
    for failure in answer.failures(report):
        problems += [(f"{failure.service}: {reason.what}", reason.do) for reason in failure.reasons] or [
            (f"{failure.service}: {failure.why}", "")
        ]
    return [{"what": _cut(what, most), "do": do and f"→ {_cut(do, most)}"} for what, do in problems[:MOST_REASONS]]


def _log(report: Report, most: int) -> list[str]:
    """The end of the first failed container's log."""
    logs = (reason.log for failure in answer.failures(report) for reason in failure.reasons if reason.log)
    return [_cut(line, most) for line in next(logs, ())[-LOG_LINES:]]


def _cut(text: str, most: int, widest: int = LINE) -> str:
    """Text that is neither too long, nor has a word that can't be broken to fit."""
    return re.sub(rf"[^\s-]{{{widest}}}(?=[^\s-])", "\\g<0>\u200b", safe(text, most))
