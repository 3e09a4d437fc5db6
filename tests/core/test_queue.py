"""The queue's order where a step awaits that the new version serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.queue import Queue

if TYPE_CHECKING:
    from drone_deploy_ecs.core.steps.step import Context, Execution


class Sample(KindStep, Struct, frozen=True, kw_only=True):
    """A step of no kind."""

    @property
    def target(self) -> None:
        return None

    @property
    def awaits_serving(self) -> bool:
        return True

    def begin(self, _context: Context, /) -> Execution:
        return Waiting(step=self)


class Waiting(KindExecution, frozen=True, kw_only=True):
    """It, until its turn comes."""

    step: Sample = Sample()
    is_queued: bool = True

    @property
    def call(self) -> None:
        return None

    @property
    def state(self) -> State:
        return State.QUEUED if self.is_queued and not self.verdict else super().state

    def start(self, _now: float, /) -> Waiting:
        return replace(self, is_queued=False)

    def advance(self, _answer: object, _now: float, /) -> Waiting:
        return self


class Watched(Waiting, frozen=True, kw_only=True):
    """A deployment."""

    is_monitored: ClassVar[bool] = True

    is_queued: bool = False
    is_serving: bool = False


def queue(*executions: Any) -> Queue:
    return Queue(executions, lambda _: 0.0, lambda _: 0.0, None)


def put(stage: Queue, index: int, execution: Any) -> None:
    stage.put(index, execution)


def test_its_turn_comes_when_all_that_is_monitored_serves() -> None:
    stage = queue(Watched(is_serving=True), Watched(), Waiting())
    assert stage.start() is None
    assert not stage.is_complete
    put(stage, 1, Watched(is_serving=True))
    assert stage.start() == 2
    assert stage.start() is None


def test_what_has_ended_is_waited_for_no_more() -> None:
    stage = queue(Watched(verdict=Verdict.FAILED), Waiting())
    assert stage.start() == 1


def test_what_was_aborted_meanwhile_has_no_turn() -> None:
    stage = queue(Watched(), Waiting())
    put(stage, 0, Watched(verdict=Verdict.FAILED))
    is_over_before = stage.is_over
    put(stage, 1, stage[1].abort(Verdict.WITHDRAWN, "another failed", 0.0))
    assert (is_over_before, stage.is_over, stage.start()) == (False, True, None)
