"""One write, tried until it is sure: how often, when again, and whether an earlier attempt may have been accepted."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.fault import FaultKind

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.fault import Fault

RETRIES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before a failed call is tried again; the last of them from then on."""
RETRY_FIRST = RETRIES[0]
LOOK_AGAIN = 2.0
"""Seconds to the next look for what must become visible, be it our write or what ECS does by itself."""
SETTLE = 20.0
"""Seconds in which an unconfirmed write that was accepted will have become visible."""


class Phase(Enum):
    """What an execution that writes does next."""

    CHECK = "check"
    """Look at what is there, before (again) writing to it."""
    WRITE = "write"
    FOLLOW = "follow"
    """The write was accepted."""


class Attempts(Struct, frozen=True, kw_only=True):
    """The attempts so far. `fault` is what became of the last one; `not_before` when the next may come.

    `unconfirmed` is an attempt that may have been accepted, at `written_at`: a later attempt that certainly failed
    doesn't change that.
    """

    count: int = 0
    not_before: float = 0.0
    fault: Fault | None = None
    unconfirmed: Fault | None = None
    written_at: float = 0.0

    @property
    def may_have_been_accepted(self) -> bool:
        """Whether an attempt may have had its effect although no answer said so."""
        return self.unconfirmed is not None

    def failed(self, fault: Fault, now: float) -> Attempts:
        """After a write that failed, or whose answer was lost."""
        attempts = replace(self.again(now), fault=fault)
        return replace(attempts, unconfirmed=fault, written_at=now) if fault.kind is FaultKind.AMBIGUOUS else attempts

    def again(self, now: float) -> Attempts:
        """After one more attempt that failed: the next is due after a pause."""
        return replace(self, count=self.count + 1, not_before=now + retry_in(self.count + 1))

    def at(self, moment: float) -> Attempts:
        """The next attempt is due at `moment`."""
        return replace(self, not_before=moment)


def retry_in(tries: int) -> float:
    """Seconds to the next try after so many that failed, one at the least."""
    return RETRIES[min(tries, len(RETRIES)) - 1]


def is_refused(fault: Fault) -> bool:
    """Whether asking again will not help."""
    return fault.kind in (FaultKind.DENIED, FaultKind.REJECTED)
