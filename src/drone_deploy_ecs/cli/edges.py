"""What the outside is, for one command: environment, streams, AWS, time, chance, signals."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from drone_deploy_ecs.core.ports import at_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from drone_deploy_ecs.core.ports import Aws, Beside, Cancellation, Clock
    from drone_deploy_ecs.core.request.request import Access

GARBAGE = 20_000
"""Objects made before Python looks for cycles among them: an answer about ten services makes thousands, and none."""


class Edges(NamedTuple):
    """All that a command may touch beside files; `connect` reaches AWS, `chance` gives random numbers in 0..1.

    `beside` does reads while others go on.
    """

    env: Mapping[str, str]
    stdout: TextIO
    stderr: TextIO
    connect: Callable[[Access], Aws]
    clock: Clock
    chance: Callable[[], float]
    cancellation: Cancellation
    beside: Beside = at_once


def real() -> Edges:
    """The process's own environment and streams, the real AWS and time. From now on signals are caught."""
    from drone_deploy_ecs.run.system import Signals, SystemClock, beside

    gc.set_threshold(GARBAGE)
    signals = Signals()
    return Edges(os.environ, sys.stdout, sys.stderr, _aws, SystemClock(signals.woken), _chance, signals, beside)


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
