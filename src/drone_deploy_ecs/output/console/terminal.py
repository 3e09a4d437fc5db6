"""Where the lines of a run go: plain, or, on a terminal and with `rich`, above a live view of what is going on."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO

from drone_deploy_ecs.output.console import plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from drone_deploy_ecs.core.ports import Clock, Listener


def listening(stream: TextIO, env: Mapping[str, str], clock: Clock) -> AbstractContextManager[Listener]:
    """The run's listener, as a context manager."""
    if not is_lively(stream, env):
        return nullcontext(plain.listener(stream))
    from drone_deploy_ecs.output.console.live import Live

    return Live(stream, clock)


def is_lively(stream: TextIO, env: Mapping[str, str]) -> bool:
    """Whether lines may be redrawn: not in a CI system's log, even if it is a terminal, nor with NO_COLOR."""
    if (
        not stream.isatty()
        or env.get("CI")
        or env.get("NO_COLOR")
        or env.get("TERM", "dumb") in ("", "dumb", "unknown")
    ):
        return False
    from importlib.util import find_spec

    return find_spec("rich") is not None
