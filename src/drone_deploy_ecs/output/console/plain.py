"""Plain lines for CI logs: UTC time, service, one fact each."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.ports import Listener


def listener(stream: TextIO) -> Listener:
    """A listener that writes each event to `stream` as it comes. That nobody reads any more stops no deployment."""

    def listen(event: Event) -> None:
        with suppress(OSError):
            print(event, file=stream, flush=True)

    return listen
