"""The status for people: a table of 80 columns, the odd ones first, and of a few services all there is to know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.plan.standing import FEW, State
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.status.words import counts, facts, moment, revision, rollouts, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.plan.standing import Standing
    from drone_deploy_ecs.output.status.words import Shown

WIDTHS = (24, 18, 7, 16, 11)
"""Of service, revision, tasks, since and state: 80 with a space between."""
HEAD = ("SERVICE", "REVISION", "TASKS", "SINCE (UTC)", "STATE")
CALM = (State.STEADY, State.IDLE)


def render(shown: Shown) -> str:
    """All of it."""
    return "".join(f"{line.rstrip()}\n" for line in _lines(shown))


def _lines(shown: Shown) -> Iterator[str]:
    for problem in shown.absent:
        yield safe(str(problem), 1000)
    if not shown.standings:
        return
    yield f"{title(shown)}, {shown.at:%Y-%m-%d %H:%M:%S}Z"
    yield _row(HEAD)
    yield from map(_of, shown.standings)
    told = [each for each in shown.standings if len(shown.standings) <= FEW or each.state not in CALM]
    for standing in told:
        yield from ("", f"{safe(standing.name)}: {standing.state.value}")
        yield from (f"  {name:<10} {text}" for name, text in facts(standing, shown.at))
        for number, (began, what, status, took, why) in enumerate(rollouts(standing)):
            yield f"  {'' if number else 'rollouts':<10} {began}Z  {what:<12} {status:<19} {took}"
            if why:
                yield f"  {'':<10} {why}"


def _of(standing: Standing) -> str:
    service = standing.service
    return _row(
        (safe(standing.name), revision(standing), counts(service), moment(standing.since), standing.state.value)
    )


def _row(cells: tuple[str, ...]) -> str:
    return " ".join(f"{_cut(cell, width):<{width}}" for cell, width in zip(cells, WIDTHS, strict=True))


def _cut(text: str, width: int) -> str:
    """What a revision is told by is at its end, and what a service is told by, too."""
    return text if len(text) <= width else f"…{text[1 - width :]}"
