"""What is so for most kinds of step, and of execution: a kind overrides what differs."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.step import Reach, State
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Self

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.causes.failure import Failure
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.result import StepResult
    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.core.target import Target

SILENCE = 35.0
"""Seconds without an event until a heartbeat, where something is to happen soon."""


class KindStep:
    """What is so for most kinds of step: a kind adds `__str__` and `begin`, and overrides what differs."""

    @property
    def target(self) -> Target | None:
        """See `Step`: the whole run."""
        return None

    @property
    def key(self) -> str:
        """See `Step`: no other step names it."""
        return ""

    @property
    def needs(self) -> tuple[str, ...]:
        """See `Step`."""
        return ()

    @property
    def after(self) -> str:
        """See `Step`."""
        return ""

    @property
    def reach(self) -> Reach:
        """See `Step`."""
        return Reach.RUN

    @property
    def awaits_serving(self) -> bool:
        """See `Step`."""
        return False

    @property
    def reduces_capacity(self) -> bool:
        """See `Step`."""
        return False

    def concerns(self, target: Target | None, /) -> bool:
        """See `Step`: those of the same service."""
        own = self.target
        return own is not None and target is not None and own.name == target.name

    def explain(self) -> Iterator[str]:
        """See `Step`: nothing."""
        yield from ()


class ExecutionDefaults:
    """What is so for most kinds of execution, whatever they keep."""

    __slots__ = ()

    is_monitored: ClassVar[bool] = False
    counted_as: ClassVar[str] = "completed"
    heeds_others: ClassVar[bool] = False

    @property
    def output(self) -> str:
        """See `Execution`: there is none."""
        return ""

    @property
    def reads_on(self) -> bool:
        """See `Execution`: a look is one call."""
        return False

    @property
    def has_written(self) -> bool:
        """See `Execution`: it changes nothing."""
        return False

    @property
    def failure(self) -> Failure | None:
        """See `Execution`: nothing of it runs."""
        return None

    @property
    def needs_replan(self) -> bool:
        """See `Execution`: it never does."""
        return False

    @property
    def fails_target(self) -> str:
        """See `Execution`."""
        return ""

    @property
    def fails_run(self) -> str:
        """See `Execution`."""
        return ""

    @property
    def stands_until(self) -> float:
        """See `Execution`: it doesn't."""
        return -inf

    @property
    def tally(self) -> str | None:
        """See `Execution`."""
        return None

    def due(self, now: float, _chance: float, /) -> float:
        """See `Execution`: at once."""
        return now

    def start(self, _now: float, /) -> Self:
        """See `Execution`: it is never queued."""
        return self

    def heed(self, _other: Execution, _now: float, /) -> Self:
        """See `Execution`: it needn't know."""
        return self

    def explained(self, _causes: tuple[Cause, ...], /) -> Self:
        """See `Execution`: there is nothing to explain."""
        return self

    def news(self, _before: Self, /) -> Iterator[News]:
        """See `Execution`: none."""
        yield from ()

    def results(self, _now: float, _at: datetime, /) -> tuple[StepResult, ...]:
        """See `Execution`: nothing."""
        return ()

    def heartbeat(self, _now: float, /) -> str:
        """See `Execution`: nothing."""
        return ""

    def silence(self, _now: float, /) -> float:
        """See `Execution`: a line a minute, even while a call takes 25 s to fail."""
        return SILENCE


class KindExecution(ExecutionDefaults, Struct, frozen=True, kw_only=True):
    """What is so for most kinds of execution: a kind adds `step`, `call` and `advance`, and overrides what differs."""

    verdict: Verdict | None = None
    reason: str = ""
    service: Service | None = None
    note: str = ""

    @property
    def state(self) -> State:
        """See `Execution`."""
        return State.ACTIVE if self.verdict is None else State.ENDED

    def abort(self, _verdict: Verdict, _reason: str, _now: float, /) -> Self:
        """See `Execution`: whatever it has written may stay, or is taken back by the plan's way back."""
        return self if self.verdict else replace(self, verdict=Verdict.WITHDRAWN)
