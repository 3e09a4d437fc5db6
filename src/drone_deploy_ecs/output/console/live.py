"""The live view on a terminal: the lines of the log scroll by, and below them stands one line a service.

Needs the extra `live`, which is `rich`.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console, Group
from rich.live import Live as Display
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.progress import State
from drone_deploy_ecs.core.text import span

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from rich.console import RenderableType

    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.ports import Clock
    from drone_deploy_ecs.core.progress import Progress

STYLES = {Kind.WARNING: "yellow", Kind.TROUBLE: "yellow", Kind.TASK: "red", Kind.SERVICE_EVENT: "red",
          Kind.VERDICT: "bold", Kind.UNDO: "bold", Kind.WAITING: "dim", Kind.END: "bold"}  # fmt: skip
COLOURS = {State.COMPLETE: "green", State.FAILED: "red", State.ROLLING_BACK: "yellow"}
BAR = 16
"""Columns of a bar."""
KEPT = 2
"""The view takes at most this fraction of the terminal's lines: one in so many. The log has the others."""


class _Terminal(Console):
    """A console whose stream may be closed meanwhile: a deployment goes on when nobody reads its log."""

    def on_broken_pipe(self) -> None:
        """Say nothing more; rich would end the process."""
        self.quiet = True


class Live:
    """A listener that prints events and draws the view below them; a context manager."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._clock = clock
        self._latest: dict[str, Progress] = {}
        self._console = _Terminal(file=stream, highlight=False, markup=False, emoji=False)
        self._display = Display(console=self._console, get_renderable=self._view, transient=True, redirect_stdout=False,
                                redirect_stderr=False)  # fmt: skip

    def __enter__(self) -> Self:
        with suppress(OSError):
            self._display.start(refresh=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with suppress(OSError):
            self._display.stop()

    def __call__(self, event: Event) -> None:
        """Print its line above the view, and draw that anew."""
        if event.progress is not None:
            self._latest = {**self._latest, event.service: event.progress}
        with suppress(OSError):
            self._console.print(line(event), soft_wrap=True)
            self._display.refresh()

    def _view(self) -> RenderableType:
        return view(self._latest, self._clock.now(), max(1, self._console.height // KEPT))


def line(event: Event) -> Text:
    """Its line of the log, in colour."""
    return Text(str(event), style=STYLES.get(event.kind, ""))


def view(latest: dict[str, Progress], now: datetime, most: int) -> RenderableType:
    """A line for each service, at most `most` lines; complete services come last."""
    order = sorted(latest.items(), key=lambda item: item[1].state is State.COMPLETE)
    shown = order if len(order) <= most else order[: most - 1]
    rows = Table.grid(padding=(0, 2), expand=False)
    for is_kept in (True, True, True, True, False, False):
        rows.add_column(no_wrap=is_kept)
    for name, progress in shown:
        rows.add_row(*_row(name, progress, now))
    left = len(order) - len(shown)
    above = [Rule(style="dim")] if order else []
    return Group(*above, rows, *([Text(f"and {left} more", style="dim")] if left else []))


def _row(name: str, progress: Progress, now: datetime) -> tuple[RenderableType, ...]:
    colour = COLOURS.get(progress.state, "blue")
    bar = ProgressBar(total=max(1, progress.desired), completed=progress.running, width=BAR, complete_style=colour,
                      finished_style=colour)  # fmt: skip
    after = span((now - progress.began_at).total_seconds())
    return (
        Text(name, style="bold"),
        Text(progress.revision),
        bar,
        Text(f"{progress.running} of {progress.desired}"),
        _cut(_doing(progress), colour),
        _cut("" if progress.state.is_over else f"{after}{_time_left(progress, now)}", "dim"),
    )


def _cut(text: str, style: str) -> Text:
    """Text that gives way where a line is too long for the terminal: the rest of the line tells whose it is."""
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _doing(progress: Progress) -> str:
    """What it does, in a word or two; where ECS shifts its traffic, how much of it is ours, and ECS's stage."""
    shifting = progress.shifting
    if shifting is None or not shifting.stage or progress.state.is_over:
        return progress.state.value
    back = State.ROLLING_BACK.value if shifting.is_going_back else ""
    awaited = f"waits for {shifting.awaits}" if shifting.awaits else ""
    traffic = f"{shifting.percent:g} % of traffic" if shifting.percent is not None else ""
    stage = "baking" if shifting.bakes_until is not None else shifting.stage
    return ", ".join(filter(None, (back, traffic, awaited, stage)))


def _time_left(progress: Progress, now: datetime) -> str:
    """The time left: of a bake, or by the service's history; "" where that is unknown, or over."""
    bakes_until = progress.shifting.bakes_until if progress.shifting else None
    if bakes_until is not None and bakes_until > now:
        return f", {span((bakes_until - now).total_seconds())} to bake"
    if progress.ends_at is None or progress.ends_at <= now:
        return ""
    return f", about {span((progress.ends_at - now).total_seconds())} to go"
