"""A one-off task under way: started once, looked at until it ends, its log told as it comes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks
from drone_deploy_ecs.core.calls.tasks import RunTask, Started, StopTask
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import Service
from drone_deploy_ecs.core.ecs.task import Task
from drone_deploy_ecs.core.steps.attempts import Attempts, is_refused, retry_in
from drone_deploy_ecs.core.steps.kind import KindExecution
from drone_deploy_ecs.core.steps.observation import READ_GRACE, all_of
from drone_deploy_ecs.core.steps.result import StepResult
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.steps.task import news
from drone_deploy_ecs.core.steps.task.ending import Ending, of
from drone_deploy_ecs.core.steps.task.starting import no_capacity, not_started, pause, refused
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.task.log import Log
    from drone_deploy_ecs.core.steps.task.run import RunTask as RunTaskStep

RHYTHM = ((60.0, 3.0), (600.0, 5.0), (3600.0, 10.0))
"""Until so many seconds after its start it is looked at so often; from then on every `SELDOM` seconds."""
SELDOM = 15.0
FORGOTTEN = 30.0
"""Seconds for which a task that ECS doesn't know may only not be visible yet."""
AT_ONCE = 2.0
"""Seconds after RunTask's answer in which no new task ends: one that has is an earlier one, found by its token."""
STOPPING = 30.0
"""Seconds for which StopTask is tried."""
ARRIVAL = 3.0
"""Seconds after its end in which the last lines of its log arrive, mostly: what must go back doesn't wait longer."""


class Running(KindExecution, frozen=True, kw_only=True):
    """A one-off task under way, of revision `definition`.

    With `wants_tags` its service's tags are to be read first. `starts` are the attempts at RunTask, `number` counts the
    tasks that were asked for: each has a token of its own. `lacking` says why none could be placed, `earlier` that one
    of this attempt had ended. `arn` is the task's, since `accepted_at`; `task` is it as last seen, at so many `looks`,
    the next of them at `look_at`. Since `unseen_since` it can't be read, or isn't there. `ending` says how it ended, at
    `ended_at`; with `must_stop` it is still to be told so. `is_last` is the last look at its log.
    """

    step: RunTaskStep
    definition: str
    attempt: str
    patience: float
    began: float
    is_queued: bool
    wants_tags: bool
    starts: Attempts
    number: int = 0
    lacking: str = ""
    earlier: str = ""
    arn: str = ""
    accepted_at: float = 0.0
    task: Task | None = None
    looks: int = 0
    look_at: float = 0.0
    read_fault: Fault | None = None
    unseen_since: float | None = None
    log: Log
    ending: Ending | None = None
    ended_at: float = 0.0
    must_stop: bool = False
    stops: Attempts = Attempts()
    is_last: bool = False

    # --- as the engine sees it ---

    @property
    def state(self) -> State:
        """See `Execution`."""
        if self.verdict:
            return State.ENDED
        return State.QUEUED if self.is_queued else State.ACTIVE

    @property
    def output(self) -> str:
        """See `Execution`: the task's ARN."""
        return self.arn

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return bool(self.arn) or self.starts.may_have_been_accepted

    @property
    def fails_run(self) -> str:
        """See `Execution`."""
        return f"{self.step.word} failed: {self.reason}"

    @property
    def token(self) -> str:
        """Of the task that is asked for."""
        return self.step.token(self.attempt, self.definition, self.number)

    @property
    def deadline(self) -> float:
        """When it must have ended."""
        return self.began + self.step.timeout

    @property
    def call(self) -> Call[Any] | None:
        """See `Execution`."""
        region, cluster = self.step.region, self.step.cluster
        if not self.arn and self.wants_tags:
            return DescribeServices(region=region, cluster=cluster, services=(self.step.like,), tags=True)
        if not self.arn:
            return None if self.ending else self._start
        if self.must_stop:
            return StopTask(
                region=region, cluster=cluster, task=self.arn, reason="drone-deploy-ecs: it has ended or timed out"
            )
        if self.log.wanted:
            return self.log.call
        if self.ending:
            return None
        return DescribeTasks(region=region, cluster=cluster, tasks=(self.arn,), containers=self.step.defined)

    @property
    def _start(self) -> RunTask:
        step, token = self.step, self.token
        return RunTask(
            region=step.region,
            cluster=step.cluster,
            definition=self.definition,
            container=step.container,
            command=step.command,
            token=token,
            started_by=step.started_by(token),
            launch=step.launch,
            tags=step.tags,
            defined=step.defined,
        )

    def due(self, now: float, _chance: float, /) -> float:
        """See `Execution`."""
        if not self.arn:
            return min(self.starts.not_before, self.deadline)
        if self.must_stop:
            return self.stops.not_before
        if self.log.wanted:
            return now
        return self.ended_at + ARRIVAL if self.ending else self.look_at

    def start(self, now: float, /) -> Running:
        """See `Execution`."""
        return replace(self, is_queued=False, began=now, starts=Attempts(not_before=now)) if self.is_queued else self

    def abort(self, verdict: Verdict, reason: str, _now: float, /) -> Running:
        """See `Execution`. What runs is stopped by the way back, which also looks for what may have been started."""
        return self if self.verdict else replace(self, verdict=verdict, reason=reason)

    # --- what AWS answers ---

    def advance(self, answer: object, now: float, /) -> Running:
        """See `Execution`."""
        if self.verdict or self.is_queued:
            return self
        if not self.arn and self.wants_tags:
            return self._tagged(answer)
        if not self.arn:
            return self._started(answer, now)
        if self.must_stop:
            return self._stopped(answer, now)
        if self.log.wanted:
            return _concluded(replace(self, log=self.log.after(answer)))
        if self.ending:
            # Its last lines have had time to arrive.
            return _concluded(replace(self, log=self.log.look(), is_last=True))
        return self._looked(answer, now)

    def _tagged(self, answer: object) -> Running:
        """After DescribeServices. Tags are worth no failure: what can't be read is left out."""
        services = all_of(Service, answer) or ()
        tags = next((service.tags for service in services), ())
        return replace(self, wants_tags=False, step=replace(self.step, tags=tags))

    def _started(self, answer: object, now: float) -> Running:
        """After RunTask."""
        if isinstance(answer, Started) and answer.task is not None and answer.task.arn:
            place = self.log.place
            named = replace(place, stream=f"{place.stream}{short(answer.task.arn)}") if place else None
            log = replace(self.log, place=named)
            return replace(
                self, arn=answer.task.arn, task=answer.task, accepted_at=now, look_at=now, log=log, looks=0, lacking=""
            )
        if isinstance(answer, Started):
            return self._lacking("; ".join(answer.failures) or "ECS gave no reason", now)
        if not isinstance(answer, Fault):
            running = replace(self, starts=self.starts.again(now))
            return running if now < self.deadline else _end(running, not_started(running), now)
        if answer.kind is FaultKind.DENIED and "ecs:TagResource" in answer.message and self.step.is_tagged:
            untagged = replace(self.step, tags=(), launch=self.step.launch.untagged)
            return replace(self, step=untagged)
        if answer.kind is FaultKind.REJECTED and no_capacity(answer.message):
            return self._lacking(str(answer), now)
        running = replace(self, starts=self.starts.failed(answer, now))
        if is_refused(answer) and not running.starts.may_have_been_accepted:
            return _end(running, refused(self, answer), now)
        if now >= min(self.deadline, self.began + self.patience):
            return _end(running, not_started(running), now)
        return running

    def _lacking(self, why: str, now: float) -> Running:
        """No capacity: that passes, so another task is asked for a little later."""
        running = replace(
            self, number=self.number + 1, lacking=why, starts=Attempts(not_before=now + pause(self.number))
        )
        return running if now < self.deadline else _end(running, not_started(running), now)

    def _looked(self, answer: object, now: float) -> Running:
        """After DescribeTasks."""
        tasks = all_of(Task, answer)
        if isinstance(answer, Fault) or tasks is None:
            return self._unread(answer if isinstance(answer, Fault) else None, now)
        task = next((each for each in tasks if each.arn == self.arn), None)
        if task is None:
            return self._not_there(now)
        running = replace(
            self, task=task, looks=self.looks + 1, look_at=now + self._rhythm(now), unseen_since=None, read_fault=None
        )
        ending = of(task, self.step.container, now - self.began)
        was_there = self.looks == 0 and now <= self.accepted_at + AT_ONCE and not self.starts.may_have_been_accepted
        if ending and was_there and ending.verdict is not Verdict.COMPLETED:
            earlier = f"task {short(self.arn)} of this attempt has ended already, and not well"
            log = replace(self.log, place=self.step.log if not isinstance(self.step.log, str) else None)
            return replace(
                running,
                number=self.number + 1,
                arn="",
                task=None,
                earlier=earlier,
                log=log,
                starts=Attempts(not_before=now),
            )
        if ending and was_there:
            ending = replace(ending, how="exit code 0, earlier in this attempt")
        if task.started_at is not None or ending:
            running = replace(running, log=running.log.look())
        if ending:
            return _end(replace(running, must_stop=ending.goes_on), ending, now)
        return _timed_out(running, now) if now >= self.deadline else running

    def _unread(self, fault: Fault | None, now: float) -> Running:
        """A failed look is an observation: only that it can't be seen for long is the end."""
        since = now if self.unseen_since is None else self.unseen_since
        look_at = now + retry_in(1 + int((now - since) // 2))
        running = replace(self, read_fault=fault or self.read_fault, unseen_since=since, look_at=look_at)
        if fault and fault.kind is FaultKind.DENIED:
            how = f"how it ends can't be told: {fault}"
            return _end(replace(running, must_stop=True), Ending(verdict=Verdict.FAILED, how=how), now)
        if now >= since + self.patience or now >= self.deadline + READ_GRACE:
            how = f"lost sight of it: {running.read_fault or 'AWS gave no answer'}"
            return _end(running, Ending(verdict=Verdict.UNKNOWN, how=how), now)
        return running

    def _not_there(self, now: float) -> Running:
        since = now if self.unseen_since is None else self.unseen_since
        if now >= since + FORGOTTEN:
            how = f"ECS doesn't know task {short(self.arn)} any more, so how it ended can't be told"
            return _end(self, Ending(verdict=Verdict.FAILED, how=how), now)
        return replace(self, unseen_since=since, look_at=now + 2.0)

    def _stopped(self, answer: object, now: float) -> Running:
        """After StopTask. One that has stopped by itself meanwhile is refused: that will do."""
        if not isinstance(answer, Fault):
            return _concluded(replace(self, must_stop=False))
        stops = self.stops.failed(answer, now)
        if not is_refused(answer) and now < self.ended_at + STOPPING:
            return replace(self, stops=stops)
        return _concluded(replace(self, stops=stops, must_stop=False))

    def _rhythm(self, now: float) -> float:
        since = now - self.accepted_at
        return next((seconds for until, seconds in RHYTHM if since < until), SELDOM)

    # --- what it tells ---

    def news(self, before: Running, /) -> Iterator[News]:
        """See `Execution`."""
        return news.news(before, self)

    def heartbeat(self, now: float, /) -> str:
        """See `Execution`."""
        return news.heartbeat(self, now)

    def results(self, now: float, at: datetime, /) -> tuple[StepResult, ...]:
        """See `Execution`: nothing of one that was never asked for."""
        if not self.has_written and self.ending is None:
            return ()
        verdict = self.verdict or Verdict.UNKNOWN
        is_over = self.ending is not None
        stays = "ran, and isn't undone" if self.ending and self.ending.exit_code == 0 else ""
        return (
            StepResult(
                kind=self.step.word,
                what=str(self.step),
                verdict=verdict,
                ended=self.ending.how if self.ending else news.left(self),
                end_state=EndState.UNSEEN if verdict is Verdict.UNKNOWN else None,
                stays=stays,
                began_at=at - timedelta(seconds=now - self.began),
                ended_at=at - timedelta(seconds=now - self.ended_at) if is_over else None,
                causes=self.ending.causes if self.ending else (),
                exit_code=self.ending.exit_code if self.ending else None,
                log=self.log.lines,
            ),
        )


# --- its end ---


def _timed_out(running: Running, now: float) -> Running:
    how = f"it had not ended after {span(running.step.timeout)}, and is told to stop"
    return _end(replace(running, must_stop=True), Ending(verdict=Verdict.TIMED_OUT, how=how), now)


def _end(running: Running, ending: Ending, now: float) -> Running:
    log = running.log.look() if running.arn else running.log
    return _concluded(replace(running, ending=ending, ended_at=now, log=log))


def _concluded(running: Running) -> Running:
    """With its verdict, once it has been stopped where it must be, and its log is read to the end."""
    ending, log = running.ending, running.log
    if ending is None or running.must_stop or log.wanted:
        return running
    is_read = not running.arn or log.place is None or bool(log.why_not)
    if not is_read and not running.is_last:
        return running
    return replace(running, verdict=ending.verdict, reason="" if ending.verdict.is_good else ending.how)
