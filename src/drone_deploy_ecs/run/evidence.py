"""Collecting the optional evidence of a failed deployment, each source once and only where it may tell something.

What is gone after the rollback (target health, alarms) is read at the verdict, and ECS's own record with it. Logs stay,
so they are read after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.cloudwatch import DescribeAlarms
from drone_deploy_ecs.core.calls.ecs import ListTasks
from drone_deploy_ecs.core.calls.elb import DescribeTargetGroups, DescribeTargetHealth
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.causes import evidence
from drone_deploy_ecs.core.causes.evidence import LogPlace
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.report.sentences import MOST_CAUSES
from drone_deploy_ecs.run import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from drone_deploy_ecs.core.calls.answers import TargetHealth
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.causes.failure import Failure
    from drone_deploy_ecs.core.masking import Masks
    from drone_deploy_ecs.core.ports import Clock
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.event_log import EventLog

A = TypeVar("A")
T = TypeVar("T")

PATIENCE_BEFORE, PATIENCE_AFTER = 8.0, 60.0
"""Seconds after which no more evidence is read: before the undo, which must not wait, and after it."""
ARRIVAL = 10.0
"""Seconds after which a container's last lines will have reached CloudWatch Logs."""
PAGES = 3
"""Pages of a log read at the most: an empty page may come although there are messages before it."""


class Collector:
    """The evidence of one run; `calls` are by Region.

    `bodies` are the task definitions by service; `masks` hide what a log mustn't show.
    """

    def __init__(
        self,
        request: Request,
        calls: Mapping[str, Calls],
        clock: Clock,
        log: EventLog,
        *,
        bodies: Mapping[str, Mapping[str, Any]],
        masks: Masks,
    ) -> None:
        self._request = request
        self._calls = calls
        self._clock = clock
        self._events = log
        self._bodies = bodies
        self._masks = masks
        self._until = 0.0
        self._left_out: set[str] = set()

    # --- at the verdict ---

    def at_verdict(self, executions: Iterable[Execution]) -> tuple[Execution, ...]:
        """The executions, their failures explained by target health, alarms and ECS's own record, too."""
        self._until = self._clock.monotonic() + PATIENCE_BEFORE
        explained = tuple(executions)
        for find in (self._with_targets, self._with_alarms, self._with_record):
            explained = tuple(_explained(execution, find) for execution in explained)
        return explained

    def _with_alarms(self, failure: Failure) -> tuple[Cause, ...]:
        names = evidence.alarms_asked(failure)
        if not names:
            return failure.causes
        alarms = self._ask(failure, DescribeAlarms(region=failure.target.region, names=names))
        return failure.causes if isinstance(alarms, Fault) else evidence.with_alarms(failure, names, alarms)

    def _with_record(self, failure: Failure) -> tuple[Cause, ...]:
        call = evidence.record_asked(failure)
        if call is None:
            return failure.causes
        records = self._ask(failure, call)
        return failure.causes if isinstance(records, Fault) else evidence.with_record(failure, records)

    def _with_targets(self, failure: Failure) -> tuple[Cause, ...]:
        if not evidence.wants_targets(failure):
            return failure.causes
        health = self._health(failure)
        if not health:
            return failure.causes
        running = self._try(failure, ListTasks.operation, lambda calls: snapshot.running(calls, failure))
        new = [] if isinstance(running, Fault) else running
        checks = self._ask(failure, DescribeTargetGroups(region=failure.target.region, target_groups=tuple(health)))
        lines = [
            line
            for group, targets in health.items()
            for line in evidence.health_lines(
                evidence.of_tasks(targets, (*new, *failure.stopped)),
                None if isinstance(checks, Fault) else checks.get(group),
            )
        ]
        return evidence.with_targets(failure, lines, new)

    def _health(self, failure: Failure) -> dict[str, Sequence[TargetHealth]]:
        health: dict[str, Sequence[TargetHealth]] = {}
        for group in failure.service.target_groups if failure.service else ():
            answer = self._ask(failure, DescribeTargetHealth(region=failure.target.region, target_group=group))
            if not isinstance(answer, Fault):
                health[group] = answer
        return health

    # --- after the undo ---

    def logs(self, executions: tuple[Execution, ...]) -> tuple[Execution, ...]:
        """The executions, the causes that will be shown with the ends of their containers' logs."""
        self._until = self._clock.monotonic() + PATIENCE_AFTER
        if not self._request.log_lines:
            return executions
        return tuple(_explained(execution, self._with_logs) for execution in executions)

    def _with_logs(self, failure: Failure) -> tuple[Cause, ...]:
        shown = (self._with_log(failure, cause) for cause in failure.causes[:MOST_CAUSES])
        return (*shown, *failure.causes[MOST_CAUSES:])

    def _with_log(self, failure: Failure, cause: Cause) -> Cause:
        if not evidence.has_log(cause):
            return cause
        target, body = failure.target, self._bodies[failure.target.name]
        place = evidence.log_place(body, cause.container, cause.task, target.region)
        if not isinstance(place, LogPlace):
            return replace(cause, evidence=(*cause.evidence, place))
        messages = self._log(failure, place)
        if isinstance(messages, Fault) and messages.code != GetLogEvents.NOT_FOUND:
            return cause
        if not isinstance(messages, Fault) and messages:
            return replace(cause, log=evidence.tail(messages, self._request.log_lines, self._masks))
        fault = messages if isinstance(messages, Fault) else None
        return replace(cause, evidence=(*cause.evidence, evidence.no_log(place, fault)))

    def _log(self, failure: Failure, place: LogPlace) -> Sequence[str] | Fault:
        """The log's end; read again where the verdict is so fresh that the last lines may not have arrived."""
        log = self._log_end(failure, place)
        wait = failure.decided_at + ARRIVAL - self._clock.monotonic()
        missing = log.code == GetLogEvents.NOT_FOUND if isinstance(log, Fault) else not log
        if wait <= 0 or not missing:
            return log
        self._clock.sleep(wait)
        return self._log_end(failure, place)

    def _log_end(self, failure: Failure, place: LogPlace) -> Sequence[str] | Fault:
        lines = self._request.log_lines
        call: GetLogEvents | None = GetLogEvents(
            region=place.region, group=place.group, stream=place.stream, limit=lines
        )
        for _ in range(PAGES):
            if call is None:
                break
            page = self._ask(failure, call)
            if isinstance(page, Fault) or page.messages:
                return page if isinstance(page, Fault) else page.messages
            call = call.before(page)
        return ()

    # --- asking ---

    def _ask(self, failure: Failure, call: Call[A]) -> A | Fault:
        """The answer, or the fault; a fault is recorded once."""
        return self._try(failure, call.operation, lambda calls: calls.send(call))

    def _try(self, failure: Failure, operation: str, read: Callable[[Calls], T]) -> T | Fault:
        """What `read` gives, or the fault, recorded once; `operation` names it where the time for evidence is over."""
        if self._clock.monotonic() >= self._until:
            return self._leave_out(
                failure, Fault(FaultKind.AMBIGUOUS, operation, "", "AWS took too long over the rest")
            )
        try:
            return read(self._calls[failure.target.region])
        except ApiError as error:
            if error.fault.code == GetLogEvents.NOT_FOUND:
                return error.fault
            return self._leave_out(failure, error.fault)

    def _leave_out(self, failure: Failure, fault: Fault) -> Fault:
        text = evidence.left_out(fault)
        if text not in self._left_out:
            self._left_out.add(text)
            self._events.record(Kind.TROUBLE, failure.target.name, text)
        return fault


def _explained(execution: Execution, find: Callable[[Failure], tuple[Cause, ...]]) -> Execution:
    failure = execution.failure
    return execution if failure is None else execution.explained(find(failure))
