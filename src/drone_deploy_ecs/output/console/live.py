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
"""One in so many lines of the terminal is left to the log."""


class _Terminal(Console):
    """One that may be closed while it is written to: that nobody reads any more stops no deployment."""

    def on_broken_pipe(self) -> None:
        """Say nothing more; rich would end the process."""
        self.quiet = True


class Live:
    """A listener, and the place where it draws; open it with `with`."""

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
    """One line a service, `most` at the most: what is complete comes last."""
    order = sorted(latest.items(), key=lambda one: one[1].state is State.COMPLETE)
    shown = order if len(order) <= most else order[: most - 1]
    rows = Table.grid(padding=(0, 2), expand=False)
    for _ in range(6):
        rows.add_column(no_wrap=True)
    for name, one in shown:
        rows.add_row(*_row(name, one, now))
    left = len(order) - len(shown)
    above = [Rule(style="dim")] if order else []
    return Group(*above, rows, *([Text(f"and {left} more", style="dim")] if left else []))


def _row(name: str, one: Progress, now: datetime) -> tuple[RenderableType, ...]:
    colour = COLOURS.get(one.state, "blue")
    bar = ProgressBar(total=max(1, one.desired), completed=one.running, width=BAR, complete_style=colour,
                      finished_style=colour)  # fmt: skip
    after = span((now - one.began_at).total_seconds())
    return (
        Text(name, style="bold"),
        Text(one.revision),
        bar,
        Text(f"{one.running} of {one.desired}"),
        Text(one.state.value, style=colour),
        Text("" if one.state.is_over else f"{after}{_to_go(one, now)}", style="dim"),
    )


def _to_go(one: Progress, now: datetime) -> str:
    """By the service's history, while it isn't late."""
    if one.ends_at is None or one.ends_at <= now:
        return ""
    return f", about {span((one.ends_at - now).total_seconds())} to go"
