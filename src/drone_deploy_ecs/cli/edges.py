"""What the outside is, for one command: environment, streams, AWS, time, chance, signals."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from drone_deploy_ecs.core.ports import NOWHERE, at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ports import Aws, Beside, Cancellation, Clock, Web
    from drone_deploy_ecs.core.request.request import Access

A = TypeVar("A")

GARBAGE = 20_000
"""Objects made before Python looks for cycles among them: an answer about ten services makes thousands, and none."""


class Edges(NamedTuple):
    """All that a command may touch beside files; `connect` reaches AWS, `chance` gives random numbers in 0..1.

    `beside` does reads while others go on; `web` asks what isn't AWS.
    """

    env: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO
    connect: Callable[[Access], Aws]
    clock: Clock
    chance: Callable[[], float]
    cancellation: Cancellation
    beside: Beside = at_once
    web: Web = NOWHERE


def real() -> Edges:
    """The process's own environment and streams, the real AWS and time. From now on signals are caught."""
    from drone_deploy_ecs.run.system import Signals, SystemClock, beside

    gc.set_threshold(GARBAGE)
    signals = Signals()
    return Edges(os.environ, sys.stdout, sys.stderr, _aws, SystemClock(signals.woken), _chance, signals, beside, _Web())


class _Web:
    """`ports.Web`, imported when it is asked first: hardly any run asks it."""

    def send(self, call: Call[A]) -> A:
        """See `ports.Web`."""
        from drone_deploy_ecs.aws.http import trusted
        from drone_deploy_ecs.web.get import Web

        return Web(trusted()).send(call)


def _chance() -> float:
    from random import random

    return random()  # noqa: S311  jitter, not a secret


def _aws(access: Access) -> Aws:
    # botocore costs more to import than all the rest: only once the settings are known to be good. Nothing of that is
    # garbage, and looking for some would take a tenth of the time.
    gc.disable()
    try:
        from drone_deploy_ecs.aws.connection import connect

        return connect(access)
    finally:
        gc.freeze()
        gc.enable()
