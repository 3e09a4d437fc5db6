"""What the engine needs from outside: AWS and the web to talk to, a clock, and somebody who listens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import Event

    Listener = Callable[[Event], None]

A = TypeVar("A")


class Aws(Protocol):
    """AWS, as the credentials of one account let it be called. A call names its Region itself."""

    def send(self, call: Call[A]) -> A:
        """The answer, as the call reads it.

        Raises `errors.ApiError` and nothing else. It is one attempt on the wire: nothing is repeated unseen.
        """


class Web(Protocol):
    """The web, as it is seen from here: for calls whose `service` is WEB."""

    def send(self, call: Call[A]) -> A:
        """The answer to one request, as the call reads it. Raises `errors.ApiError` and nothing else."""


class Nowhere:
    """The `Web` where there is none."""

    def send(self, call: Call[A]) -> A:
        """Raises `errors.ApiError`: there is no connection."""
        raise ApiError(Fault(FaultKind.UNREACHABLE, call.operation, "", "there is no web here"))


NOWHERE = Nowhere()


class Clock(Protocol):
    """Time, as the engine may use it."""

    def now(self) -> datetime:
        """The time of day, UTC, aware. For people and reports, never for budgets."""

    def monotonic(self) -> float:
        """Seconds that only ever grow. For budgets and intervals."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass, fewer when a cancellation arrives meanwhile."""


class Beside(Protocol):
    """What is done beside the run: reads that nothing waits for yet."""

    def __call__(self, work: Callable[[], None], /) -> None:
        """Begin it. It may take long, and may be left to itself."""


def at_once(work: Callable[[], None], /) -> None:
    """The `Beside` where there is no time but the run's own."""
    work()


class Cancellation(Protocol):
    """The CI system's wish that the run end, which arrives as a signal at any time."""

    @property
    def signal(self) -> int:
        """The signal's number, 0 while there was none."""

    def defer(self) -> None:
        """From now on a signal is noted rather than obeyed at once: there may be something to undo."""


class Never:
    """The `Cancellation` that doesn't come."""

    signal = 0

    def defer(self) -> None:
        """Nothing to defer."""


NEVER = Never()
