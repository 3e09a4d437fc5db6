"""The report as Markdown, for GitHub's step summary and Buildkite's annotation. Foreign text stays text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from drone_deploy_ecs.output.ci import answer
from drone_deploy_ecs.output.ci.answer import Mood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.report.report import Report

LIMIT = 512 * 1024
"""Bytes. GitHub and Buildkite take 1 MiB; on GitHub, the rest is for the step's other summaries."""
MOST_ROWS = 1000
LEFT_OUT = "\n_More is in the log and in the JSON report._\n"
AROUND = 1000
"""Bytes for what is around the lines of the log: markup, and fences that may have to be longer than a line (400)."""

_SIGNS = {Mood.GOOD: "✅", Mood.WAITING: "⏸️", Mood.BAD: "❌"}


def summary(report: Report, limit: int = LIMIT) -> str:
    """The whole answer in at most `limit` bytes of UTF-8: what matters comes first, and the rest is left out."""
    sign = _SIGNS[answer.mood(report)]
    first = f"### {sign} {plain(answer.headline(report))}\n\n{plain(answer.subject(report))}\n"
    blocks = [first, *_problems(report), *_table(report), *_ways_on(report), *_steps(report), *_failures(report)]
    kept: list[str] = []
    room = limit - _size(LEFT_OUT)
    for block in blocks:
        if _size(block) > room:
            return "".join((*kept, LEFT_OUT))
        kept.append(block)
        room -= _size(block)
    return "".join((*kept, *_timeline(report, room)))


def plain(text: str) -> str:
    """Text that shows as it is, in the middle of a line or in a table: no markup, link or HTML."""
    escaped = re.sub(r"[\\`*_\[\]<>&~$@]|:(?=//)|(?<=www)\.", r"\\\g<0>", text, flags=re.IGNORECASE)
    return escaped.replace("|", "&#124;")


def fenced(lines: Iterable[str]) -> str:
    """Lines that show as they are, in a block whose fence is longer than any in them."""
    whole = "\n".join(lines)
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", whole)), 0)
    return f"{fence}text\n{whole}\n{fence}\n"


def _problems(report: Report) -> Iterator[str]:
    for what, do in answer.problems(report):
        yield f"\n- **{plain(what)}**{f'. {plain(do)}' if do else ''}\n"


def _table(report: Report) -> Iterator[str]:
    rows = answer.rows(report)
    if not rows:
        return
    heads = ["Service", "Verdict", "End state", "Runs now", "Before", "Deployment"]
    has_strategy = any(row.strategy for row in rows)
    heads += ["Strategy"] if has_strategy else []
    yield f"\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}\n"
    for row in rows[:MOST_ROWS]:
        cells = [row.verdict, row.stands.value, row.runs, row.before or "nothing", row.deployment or "none"]
        cells += [row.strategy or "ROLLING"] if has_strategy else []
        yield f"| [{plain(row.service)}]({row.link}) | {' | '.join(map(plain, cells))} |\n"
    if len(rows) > MOST_ROWS:
        yield f"\nAnd {len(rows) - MOST_ROWS} more.\n"


def _ways_on(report: Report) -> Iterator[str]:
    for service, way in answer.ways_on(report):
        yield f"\n- **{plain(service)}**: {plain(way)}\n"


def _steps(report: Report) -> Iterator[str]:
    rows = answer.steps(report)
    if not rows:
        return
    yield "\n| Step | Verdict | How it ended | Took | What |\n| --- | --- | --- | --- | --- |\n"
    for row in rows[:MOST_ROWS]:
        cells = (row.title, row.verdict.value, row.ended, row.took, row.what)
        yield f"| {' | '.join(map(plain, cells))} |\n"


def _failures(report: Report) -> Iterator[str]:
    for failure in answer.failures(report):
        why = f": {plain(failure.why)}" if failure.why else ""
        yield f"\n#### Why {plain(failure.service)}\n\n{failure.verdict}{why}\n"
        for reason in failure.reasons:
            times = f" ({reason.times} times)" if reason.times > 1 else ""
            evidence = "".join(f"  - seen: {plain(line)}\n" for line in reason.seen)
            do = f"  - do: {plain(reason.do)}\n" if reason.do else ""
            yield f"\n- **{plain(reason.what)}**{times}\n{evidence}{do}"
            if reason.log:
                yield f"\n{fenced(reason.log)}"


def _timeline(report: Report, room: int) -> Iterator[str]:
    """The log, or as much of its end as fits into `room` bytes."""
    lines = [str(event) for event in report.timeline]
    kept, room = len(lines), room - AROUND
    while kept and room >= _size(lines[kept - 1]) + 1:
        kept -= 1
        room -= _size(lines[kept]) + 1
    if lines[kept:]:
        what = "The end of the log" if kept else "The log"
        yield f"\n<details><summary>{what}</summary>\n\n{fenced(lines[kept:])}\n</details>\n"
    elif lines:
        yield LEFT_OUT


def _size(text: str) -> int:
    return len(text.encode())
