"""StopTask: the way back of a one-off task that still runs; where RunTask wasn't answered, it is looked for first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls import ecs, tasks
from drone_deploy_ecs.core.calls.answers import Page
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.attempts import LOOK_AGAIN, SETTLE, Attempts
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.repeatable import RepeatableWrite
from drone_deploy_ecs.core.steps.result import StepResult
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.step import Context

TRIED = 30.0
"""Seconds for which it is tried: the rest of the way back doesn't wait longer."""


class StopTask(KindStep, Struct, frozen=True, kw_only=True):
    """Stop the task `arn`; where that is "", the one that `started_by` names, if there is one. `why` is for people."""

    word: str
    region: str
    cluster: str
    arn: str
    started_by: str
    why: str

    @property
    def target(self) -> None:
        """See `Step`: the whole run."""
        return

    @property
    def reach(self) -> Reach:
        """See `Step`: the services return all the same."""
        return Reach.NOTHING

    def __str__(self) -> str:
        return f"StopTask ({self.word}): {short(self.arn) or 'what RunTask may have started'}"

    def begin(self, context: Context, /) -> Stopping:
        """See `Step`."""
        attempts = Attempts(not_before=context.now)
        return Stopping(step=self, arn=self.arn, began=context.now, budget=TRIED, attempts=attempts)


class Stopping(RepeatableWrite, frozen=True, kw_only=True):
    """Such a stop under way; `arn` is "" while the task is looked for."""

    step: StopTask
    arn: str

    @property
    def call(self) -> Call[Any]:
        """See `Execution`."""
        region, cluster = self.step.region, self.step.cluster
        if self.arn:
            reason = safe(f"drone-deploy-ecs: {self.step.why}", 255)
            return tasks.StopTask(region=region, cluster=cluster, task=self.arn, reason=reason)
        return ecs.ListTasks(region=region, cluster=cluster, status="RUNNING", started_by=self.step.started_by)

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return self.verdict is Verdict.COMPLETED and bool(self.arn)

    def advance(self, answer: object, now: float, /) -> Stopping:
        """See `Execution`."""
        if self.verdict or self.arn or isinstance(answer, Fault):
            return super().advance(answer, now)
        if isinstance(answer, Page) and answer.arns:
            return replace(self, arn=answer.arns[0])
        if now >= self.began + SETTLE:
            return replace(self, verdict=Verdict.COMPLETED)
        return replace(self, attempts=self.attempts.at(now + LOOK_AGAIN))

    def news(self, before: Stopping, /) -> Iterator[News]:
        """See `Execution`."""
        if self.verdict and not before.verdict:
            yield Kind.WARNING if self.verdict is Verdict.FAILED else Kind.UNDO, f"{self.step.word}: {self._how}"

    @property
    def _how(self) -> str:
        if self.verdict is Verdict.COMPLETED:
            return f"task {short(self.arn)} is told to stop" if self.arn else "no task was started"
        name = f"task {short(self.arn)}" if self.arn else "a task that may run"
        return safe(f"{name} could not be stopped: {self.reason}")

    def results(self, _now: float, _at: datetime, /) -> tuple[StepResult, ...]:
        """See `Execution`."""
        verdict = self.verdict or Verdict.UNKNOWN
        return (StepResult(kind=self.step.word, what=str(self.step), verdict=verdict, ended=self._how),)
