"""The optional evidence of a failed deployment: what to ask, and how to say the answers.

Logs, target health, alarms, and ECS's own record of the deployment.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION, permission
from drone_deploy_ecs.core.calls.service_deployments import ListServiceDeployments
from drone_deploy_ecs.core.causes.catalogue import CATALOGUE
from drone_deploy_ecs.core.causes.cause import Cause, cause_of_event, rank, seen
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import ServiceEvent
from drone_deploy_ecs.core.ecs.taskdef import entries
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.calls.answers import AlarmState, TargetCheck, TargetHealth
    from drone_deploy_ecs.core.causes.failure import Failure
    from drone_deploy_ecs.core.ecs.fault import Fault
    from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment
    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.masking import Masks

LINE, ALL_LINES = 400, 16_000
"""Characters of a log line, and of a log's tail altogether."""
MOST_TARGETS = 5
RECORD_BEFORE = timedelta(minutes=1)
"""How much older than the deployment its record may be: no page says which of the two is created first."""
UNHEALTHY = "target-unhealthy"
ALARM = "alarm"


class LogPlace(Struct, frozen=True):
    """Where a container of a task logs to, in CloudWatch Logs. `may_lose` says that the driver may drop lines."""

    region: str
    group: str
    stream: str
    may_lose: bool = False

    def __str__(self) -> str:
        return f"{self.group} {self.stream} ({self.region})"


def left_out(fault: Fault) -> str:
    """Why a source of evidence says nothing, in a line: the missing permission, or what else went wrong."""
    what = BY_OPERATION.get(fault.operation, Call).shows
    if fault.kind is FaultKind.DENIED:
        return f"{permission(fault.operation)} isn't allowed: {what} can't be shown"
    return safe(f"{what} can't be shown: {fault}")


# --- the container's log ---


def has_log(cause: Cause) -> bool:
    """Whether a container of it ran, so that there may be a log."""
    return bool(cause.container and cause.task) and cause.stop_code != "TaskFailedToStart"


def log_place(body: Mapping[str, Any], name: str, task: str, region: str) -> LogPlace | str:
    """Where that container of the task (its ARN) logs to, or why that isn't CloudWatch; `body` defines the task."""
    containers = {container.get("name"): container for container in entries(body, "containerDefinitions")}
    logging = containers.get(name, {}).get("logConfiguration") or {}
    driver, options = logging.get("logDriver", ""), logging.get("options") or {}
    if not driver:
        return f"container {safe(name)} has no logConfiguration: its log isn't in CloudWatch"
    if driver != "awslogs":
        return f"container {safe(name)} logs by {safe(driver)}: its log isn't in CloudWatch"
    group, prefix = options.get("awslogs-group", ""), options.get("awslogs-stream-prefix", "")
    if not group or not prefix:
        missing = "awslogs-stream-prefix" if group else "awslogs-group"
        return f"container {safe(name)} has no {missing}: where its log is can't be told"
    stream = f"{prefix}/{name}/{short(task)}"
    return LogPlace(options.get("awslogs-region") or region, group, stream, options.get("mode") == "non-blocking")


def no_log(place: LogPlace, fault: Fault | None) -> str:
    """Why there is no line of a log to show: there is no such log, or nothing in it."""
    if fault is None:
        lost = "; its driver is non-blocking and may have lost lines" if place.may_lose else ""
        return safe(f"nothing is in its log {place}{lost}")
    return safe(f"no log {place}: {fault.message or 'it does not exist'}")


def tail(messages: Sequence[str], most: int, masks: Masks) -> tuple[str, ...]:
    """The last lines of these messages, safe to print, masked and cut. A message may have several lines."""
    lines = [line for message in messages for line in message.splitlines() if line.strip()]
    kept: list[str] = []
    room = ALL_LINES
    for line in reversed(lines[-most:] if most else ()):
        shown = presentable(line, masks)
        room -= len(shown)
        if room < 0:
            break
        kept.append(shown)
    return tuple(reversed(kept))


def presentable(line: str, masks: Masks) -> str:
    """A line of a log, safe to print, masked and cut."""
    # Masked before it is cut, and once more without the control characters that may have parted a value.
    return safe(masks.hide(safe(masks.hide(line), 2 * len(line) + 100)), LINE)


# --- what the load balancer says ---


def wants_targets(failure: Failure) -> bool:
    """Whether the load balancer may know why: it is a cause, or the budget ended and no container is to blame."""
    if failure.service is None or not failure.service.target_groups:
        return False
    if any(cause.name == UNHEALTHY for cause in failure.causes):
        return True
    return failure.verdict is Verdict.TIMED_OUT and not any(cause.is_the_containers for cause in failure.causes)


def of_tasks(targets: Sequence[TargetHealth], tasks: Iterable[Task]) -> tuple[TargetHealth, ...]:
    """The targets that are these tasks, by address or by port of an instance; if none matches, all of them."""
    new = list(tasks)
    addresses = {address for task in new for address in task.addresses}
    ports = {port for task in new for port in task.host_ports}
    ours = [
        target for target in targets if target.id in addresses or (target.id.startswith("i-") and target.port in ports)
    ]
    return tuple(ours or targets)


def health_lines(targets: Sequence[TargetHealth], check: TargetCheck | None) -> Iterator[str]:
    """Lines on what the load balancer reports of these targets (equal states share a line), and its health check.

    The unhealthy ones; where there is none, those that aren't healthy yet.
    """
    shown = [target for target in targets if target.state.startswith("unhealthy")]
    shown = shown or [target for target in targets if target.state not in ("healthy", "draining", "unused")]
    alike: dict[str, list[str]] = {}
    for target in shown:
        why = ": ".join(part for part in (target.reason, target.description) if part)
        alike.setdefault(f"{target.state}{f' ({why})' if why else ''}", []).append(f"{target.id}:{target.port}")
    for state, names in alike.items():
        more = f" and {len(names) - MOST_TARGETS} more" if len(names) > MOST_TARGETS else ""
        listed = f"{'targets' if len(names) > 1 else 'target'} {', '.join(names[:MOST_TARGETS])}{more}"
        yield safe(f"{listed}: {state}")
    if shown and check:
        yield safe(f"its health check: {_check(check)}")


def _check(check: TargetCheck) -> str:
    port = "the target's own port" if check.port == "traffic-port" else f"port {check.port}"
    path = f", path {check.path}" if check.path else ""
    return f"{check.protocol} on {port}{path}{f', expecting {check.codes}' if check.codes else ''}"


def with_targets(failure: Failure, lines: Sequence[str], new: Sequence[Task]) -> tuple[Cause, ...]:
    """The causes with the load balancer's lines; a new cause where none of them was about target health.

    `new` are the deployment's tasks: a running task's log may tell more.
    """
    if not lines:
        return failure.causes
    task = next((task.arn for task in new if task.status == "RUNNING"), "")
    container = failure.service.balanced_container if failure.service else ""
    evidence = tuple(lines)
    if any(cause.name == UNHEALTHY for cause in failure.causes):
        return _with_evidence(failure.causes, UNHEALTHY, evidence)
    reason = "its targets weren't healthy when the budget ended"
    unhealthy = _cause(UNHEALTHY, reason, container=container, task=task, evidence=evidence)
    return rank((*failure.causes, unhealthy))


def _cause(name: str, reason: str = "", **evidence: Any) -> Cause:
    return seen(next(row for row in CATALOGUE if row.name == name), reason, **evidence)


# --- alarms ---


def alarms_asked(failure: Failure) -> tuple[str, ...]:
    """The deployment alarms to ask about, if an alarm is what ended the deployment."""
    service = failure.service
    ours = service.deployment(failure.deployment) if service else None
    blamed = any(cause.name == ALARM for cause in failure.causes) or bool(
        ours and "alarm" in ours.rollout_reason.lower()
    )
    return service.alarms if service and blamed else ()


def with_alarms(failure: Failure, names: Sequence[str], alarms: Sequence[AlarmState]) -> tuple[Cause, ...]:
    """The causes with the alarms that are in ALARM."""
    evidence = tuple(safe(f"alarm {alarm.name} is in ALARM: {alarm.reason}") for alarm in alarms)
    evidence = evidence or (safe(f"none of the alarms is in ALARM any more: {', '.join(names)}"),)
    if not any(cause.name == ALARM for cause in failure.causes):
        return rank((*failure.causes, _cause(ALARM, evidence=evidence)))
    return _with_evidence(failure.causes, ALARM, evidence)


# --- ECS's own record ---


def record_asked(failure: Failure) -> ListServiceDeployments | None:
    """The call for ECS's record of the deployment; None where that would tell no more than what is known.

    What a hook refused before its first task has left `deployments[]`: then the record may be all that says why.
    """
    if failure.verdict is not Verdict.ROLLED_BACK or failure.stopped:
        return None
    if failure.service and failure.service.strategy.shifts:
        return None  # it was followed by its record
    if any(cause.name == ALARM for cause in failure.causes):
        return None
    target, since = failure.target, failure.since
    return ListServiceDeployments(
        region=target.region,
        cluster=target.cluster,
        name=target.asked,
        after=since - RECORD_BEFORE if since else None,
    )


def said_by(reason: str) -> Cause | None:
    """The cause that a record's reason tells: records and events have the same wording. The time tells nothing here."""
    return cause_of_event(ServiceEvent(at=datetime.min.replace(tzinfo=UTC), message=reason))


def with_record(failure: Failure, records: Iterable[ServiceDeployment]) -> tuple[Cause, ...]:
    """The causes with what ECS's record says, in the place of an event that says the same."""
    said = said_by(next((record.status_reason for record in records if record.is_of(failure.deployment)), ""))
    if said is None:
        return failure.causes
    return rank((*(cause for cause in failure.causes if cause.name != said.name), said))


def _with_evidence(causes: Sequence[Cause], name: str, evidence: tuple[str, ...]) -> tuple[Cause, ...]:
    """The causes, the first of that name with this evidence."""
    first = next(cause for cause in causes if cause.name == name)
    return tuple(replace(cause, evidence=evidence) if cause is first else cause for cause in causes)
