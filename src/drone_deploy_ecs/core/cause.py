"""Why a deployment fails: evidence (stopped tasks, service events) → ranked causes, each with what to do next.

`KNOWN` is the whole knowledge, one row a cause; the first row that matches wins. Wordings are matched by their stable
part, because AWS keeps revising them. Sources: "Stopped tasks error messages" and "Service event messages" of the
ECS developer guide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.ecs import Container, Service, ServiceEvent, Task


class Weight(Enum):
    """What one occurrence proves about the deployment, heaviest first."""

    TERMINAL = "terminal"
    """It can't succeed: waiting is pointless."""
    REPEATING = "repeating"
    """Bad luck once; when the replacement does so too, it can't succeed."""
    TRANSIENT = "transient"
    """May pass by itself: tolerated until the budget ends."""
    NOT_EVIDENCE = "not evidence"
    """Says nothing about the new version (scaling in, a user's stop)."""


@dataclass(frozen=True, slots=True)
class Known:
    """One cause we can recognise: a name for machines, a headline for people, and advice."""

    name: str
    weight: Weight
    pattern: re.Pattern[str]
    headline: str
    advice: str


def _known(name: str, weight: Weight, pattern: str, headline: str, advice: str) -> Known:
    return Known(name, weight, re.compile(pattern, re.IGNORECASE | re.DOTALL), headline, advice)


_T, _R, _P, _N = Weight.TERMINAL, Weight.REPEATING, Weight.TRANSIENT, Weight.NOT_EVIDENCE

# Matched against a stopped task's reason followed by its containers' reasons.
KNOWN: tuple[Known, ...] = (
    _known("scaling", _N, r"Scaling activity initiated by|AvailabilityZone ?rebalanc|initiated by .*rebalanc",
           "stopped by scaling", ""),
    _known("stopped-by-user", _N, r"Task stopped by (user|a user)|stopped by user",
           "stopped by somebody", ""),
    _known("registry-throttled", _P,
           r"CannotPull.*(toomanyrequests|rate limit|throttl|Too Many Requests|\b429\b)",
           "the registry throttled the pull", "Retry later, or mirror the image into ECR or a pull-through cache"),
    _known("image-not-found", _T,
           r"(CannotPull|pull image|image manifest|ImageNotFound|digest resolution).*(not found|manifest unknown|no such image"
           r"|does not exist|name unknown|NotFound|no matching manifest(?! for))|manifest unknown"
           r"|image .*(is not found|does not exist)",
           "the image isn't in the registry", "Check that the image was pushed, its tag, and the registry's region"),
    _known("wrong-platform", _T, r"no matching manifest for|does not match the (detected|specified) .*platform|descriptor matching platform",
           "the image has no variant for the task's platform",
           "Build the image for the task definition's runtimePlatform (cpuArchitecture), or change that"),
    _known("image-not-allowed", _T,
           r"CannotPull.*(access denied|denied:|not authorized|no basic auth|unauthorized|AccessDenied|pull access|\b40[13]\b)",
           "the registry refused the pull",
           "Check the repository's policy, the execution role's ecr: permissions, or repositoryCredentials"),
    _known("image-too-big", _R, r"CannotPull.*no space left on device|no space left on device",
           "no disk space for the image", "Raise ephemeralStorage, free the instance's disk, or make the image smaller"),
    _known("pull-timed-out", _P,
           r"(CannotPull|ResourceInitializationError|pull secrets or registry auth|pull registry auth).*"
           r"(time-?out|timed out|deadline|connection (issue|refused|reset)|i/o|TLS handshake|no such host|network is unreachable|EOF|temporar)",
           "no connection to the registry or to AWS's APIs",
           "Check the subnets' route (NAT, public IP or VPC endpoints), security groups and DNS"),
    _known("secret-missing", _T,
           r"(ResourceNotFoundException|ParameterNotFound|invalid parameters?|Invalid ARN|can't find the specified secret"
           r"|retrieved secret .*did not contain json key|did not contain json key|secret .*(not found|marked for deletion))",
           "a secret or parameter of the task definition isn't there",
           "Check each `secrets` entry's name, region and JSON key, and that it isn't scheduled for deletion"),
    _known("secret-denied", _T,
           r"(pull secrets|retrieve secret|fetch.*secret|secretsmanager|ssm:GetParameter|kms).*"
           r"(AccessDenied|not authorized|access denied|is not authorized)",
           "the execution role may not read a secret",
           "Allow secretsmanager:GetSecretValue or ssm:GetParameters (and kms:Decrypt) on the execution role"),
    _known("role-refused", _T,
           r"(unable to assume|unable to be assumed|assume (the )?(execution|task)? ?role|trust relationship|role .*(is not valid|not found|invalid)"
           r"|execution role|ECS was unable to assume)",
           "ECS may not use the task's or the execution role",
           "Check that the role exists and trusts ecs-tasks.amazonaws.com"),
    _known("registry-auth-denied", _T,
           r"(registry auth|GetAuthorizationToken).*(AccessDenied|not authorized|denied)",
           "the execution role may not log in to ECR", "Allow ecr:GetAuthorizationToken on the execution role"),
    _known("log-group-missing", _T,
           r"(awslogs|log (group|driver|stream)).*(does not exist|ResourceNotFound|not exist)",
           "the container's log group doesn't exist",
           "Create the log group, or set awslogs-create-group with logs:CreateLogGroup on the execution role"),
    _known("logging-failed", _T,
           r"failed to (validate|initialize|create).*logg?(er|ing)|logging driver.*(AccessDenied|not authorized|denied)|failed to validate logger args",
           "the log driver couldn't be started", "Check logConfiguration and the execution role's logs: permissions"),
    _known("env-file", _T, r"environment ?file|failed to download env files",
           "an environment file couldn't be fetched", "Check environmentFiles' ARN and the execution role's s3:GetObject"),
    _known("exec-format", _T, r"exec format error",
           "the image is for another CPU architecture",
           "Build the image for the task's architecture (runtimePlatform.cpuArchitecture or the instances')"),
    _known("command-not-found", _T,
           r"executable file not found|no such file or directory.*(exec|entrypoint|start)|exec:? .*no such file|stat .*no such file or directory",
           "the container's command isn't in the image", "Check command, entryPoint and the image's PATH"),
    _known("command-not-executable", _T, r"(exec|start).*permission denied",
           "the container's command may not be executed", "Set its executable bit in the image, or change command"),
    _known("out-of-memory", _R, r"OutOfMemory|out of memory|OOM",
           "the container ran out of memory", "Raise the container's memory limit, or find what takes it"),
    _known("target-unhealthy", _R, r"failed ELB health checks",
           "the load balancer found the task unhealthy",
           "Check the target group's path, port and codes, and healthCheckGracePeriodSeconds against the start-up time"),
    _known("container-unhealthy", _R, r"failed container health checks|health ?checks? failed",
           "the container's health check failed", "Run the healthCheck command in the image; raise startPeriod if it starts slowly"),
    _known("volume", _P, r"(volume|EFS|EBS|mount).*(time|fail|unable|could not|denied)|CannotCreateVolume",
           "a volume couldn't be attached or mounted", "Check the volume, its mount targets, security groups and permissions"),
    _known("network-interface", _P, r"network interface|\bENI\b|Timeout waiting for network|insufficient IP|InsufficientFreeAddresses",
           "the task's network interface couldn't be provided", "Check free IP addresses in the subnets and ENI limits"),
    _known("spot", _P, r"Spot (Task|interruption)|Spot Instance", "Spot capacity was taken back", ""),
    _known("capacity", _P, r"Capacity is unavailable|insufficient capacity|RESOURCE:|not have enough capacity",
           "no capacity", "Retry, use more Availability Zones, or another capacity provider"),
    _known("host-gone", _P, r"Host EC2|agent (is )?disconnect|instance .*(terminated|stopped)|underlying infrastructure",
           "the container instance went away", ""),
    _known("engine-error", _P, r"ContainerRuntimeTimeout|DockerTimeout|InternalError|Unexpected EC2 error",
           "the container engine or ECS had a fault of its own", ""),
    _known("init-failed", _R, r"ResourceInitializationError|CannotCreateContainer|CannotStartContainer|ContainerRuntimeError|TaskFailedToStart",
           "the task couldn't be started", ""),
    _known("pull-failed", _R, r"CannotPull", "the image couldn't be pulled", "Check the image reference and the registry"),
)  # fmt: skip

# Recognised by exit code, when no reason said more. Source: shell convention 126/127, 128+n for signal n.
EXITS: dict[int, Known] = {
    126: _known("command-not-executable", _T, "", "the container's command may not be executed",
                "Set its executable bit in the image, or change command"),
    127: _known("command-not-found", _T, "", "the container's command isn't in the image",
                "Check command, entryPoint and the image's PATH"),
    137: _known("killed", _R, "", "the container was killed (SIGKILL: often out of memory)",
                "Compare its memory limit with what it takes; look at its stop time-out"),
    139: _known("segfault", _R, "", "the container crashed (SIGSEGV)", "Look for a native library of another platform"),
}  # fmt: skip
EXITED = _known(
    "exited",
    _R,
    "",
    "the container exited by itself",
    "Read the container's log; run the image with the same environment",
)
UNEXPLAINED = _known(
    "unexplained",
    _R,
    "",
    "a task stopped, and ECS doesn't say why",
    "Look at the task in the ECS console within the hour",
)

# Matched against service events since the deployment began.
KNOWN_EVENTS: tuple[Known, ...] = (
    _known("no-instance-fits", _P, r"unable to place a task.*(no container instance|closest matching|insufficient|RESOURCE)",
           "no container instance has room for a task", "Add instances, or lower the task's cpu, memory or ports"),
    _known("capacity", _P, r"unable to place a task.*capacity|Capacity is unavailable",
           "no capacity", "Retry, use more Availability Zones, or another capacity provider"),
    _known("not-placed", _P, r"unable to place a task", "a task can't be placed", "Read the event; check capacity and placement constraints"),
    _known("stuck-by-percent", _P, r"unable to stop or start tasks.*(deployment configuration|minimumHealthyPercent|maximumPercent)",
           "minimumHealthyPercent and maximumPercent leave no room to replace a task",
           "Raise maximumPercent or lower minimumHealthyPercent"),
    _known("target-unhealthy", _R, r"is unhealthy in .*target", "the load balancer found a task unhealthy",
           "Check the target group's path, port and codes, and healthCheckGracePeriodSeconds against the start-up time"),
    _known("target-registration", _R, r"failed to register targets", "targets couldn't be registered",
           "Check that the target group exists, its type and its VPC"),
    _known("alarm", _T, r"deployment failed: alarm", "a deployment alarm went off", "Look at the alarm; it judged the new version"),
    _known("ecs-throttled", _P, r"operations are being throttled", "ECS's own calls are being throttled", ""),
    _known("launch-failed", _R, r"failed to launch a task|unable to consistently start tasks|tasks failed to start",
           "ECS can't start tasks", ""),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One reason, with the evidence in AWS's own words. `count` says how many tasks or events told the same."""

    name: str
    weight: Weight
    headline: str
    advice: str
    container: str = ""
    exit_code: int | None = None
    stop_code: str = ""
    reason: str = ""
    task: str = ""
    count: int = 1
    log: tuple[str, ...] = ()

    @property
    def is_the_containers(self) -> bool:
        """Whether it is the container's own doing, not its surroundings'."""
        return self.weight in (Weight.TERMINAL, Weight.REPEATING)

    @property
    def key(self) -> tuple[str, str, int | None]:
        """What makes two causes the same for people."""
        return (self.name, self.container, self.exit_code)


def brief(cause: Cause) -> str:
    """Our own words for it: `the container exited by itself (container app, exit code 1)`."""
    container = f"container {safe(cause.container)}" if cause.container else ""
    code = f"exit code {cause.exit_code}" if cause.exit_code is not None else ""
    where = ", ".join(part for part in (container, code) if part)
    return f"{cause.headline} ({where})" if where else cause.headline


def cause_of_task(task: Task) -> Cause:
    """Why this stopped task stopped."""
    container = _culprit(task)
    said = [task.stopped_reason, *(one.reason for one in task.containers if one.reason)]
    known = _recognise(KNOWN, " / ".join(part for part in said if part)) or _by_exit(task, container)
    container_reason = container.reason if container else ""
    reasons = [part for part in (task.stopped_reason, container_reason) if part]
    if len(reasons) > 1 and reasons[1] in reasons[0]:
        reasons.pop()
    return Cause(
        name=known.name,
        weight=known.weight,
        headline=known.headline,
        advice=known.advice,
        container=container.name if container else "",
        exit_code=container.exit_code if container else None,
        stop_code=task.stop_code,
        reason="; ".join(reasons),
        task=task.arn,
    )


def _culprit(task: Task) -> Container | None:
    """The container that brought the task down: a non-zero exit, else one with a reason, else one that exited."""
    order = (
        lambda one: one.exit_code not in (None, 0),
        lambda one: bool(one.reason),
        lambda one: one.health == "UNHEALTHY",
        lambda one: one.exit_code is not None,
    )
    found = (one for fits in order for one in task.containers if fits(one))
    return next(found, task.containers[0] if len(task.containers) == 1 else None)


def _recognise(table: Iterable[Known], text: str) -> Known | None:
    return next((known for known in table if known.pattern.search(text)), None)


def _by_exit(task: Task, container: Container | None) -> Known:
    if container and container.exit_code is not None:
        return EXITS.get(container.exit_code, EXITED)
    return EXITED if task.stop_code == "EssentialContainerExited" else UNEXPLAINED


def cause_of_event(event: ServiceEvent) -> Cause | None:
    """What a service event says about a deployment, if it says anything bad."""
    known = _recognise(KNOWN_EVENTS, event.message)
    if not known:
        return None
    return Cause(
        name=known.name, weight=known.weight, headline=known.headline, advice=known.advice, reason=event.message
    )


def is_evidence(task: Task) -> bool:
    """Whether this stopped task speaks about the new version at all."""
    return cause_of_task(task).weight is not Weight.NOT_EVIDENCE


def rank(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Equal causes counted together, the heaviest and most frequent first; what is no evidence is left out."""
    counted: dict[tuple[str, str, int | None], Cause] = {}
    for cause in causes:
        known = counted.get(cause.key)
        counted[cause.key] = _again(known, cause) if known else cause
    weights = list(Weight)
    told_by_tasks = any(one.task for one in counted.values())
    evidence = (
        one
        for one in counted.values()
        if one.weight is not Weight.NOT_EVIDENCE and not (told_by_tasks and one.name == "launch-failed")
    )
    return tuple(sorted(evidence, key=lambda one: (weights.index(one.weight), not one.task, -one.count)))


def _again(known: Cause, cause: Cause) -> Cause:
    return replace(known, count=known.count + cause.count)


def doom(tasks: Iterable[Task]) -> Cause | None:
    """The cause that proves that the deployment can't succeed, if these stopped tasks of it prove that.

    A terminal cause does at once. A repeating one does in the second generation: when a task that was created after
    such a task stopped (so: its replacement) went the same way. The first generation may be bad luck (a dependency
    that wasn't up yet), however many tasks it had, and ECS's own retry is given that one chance.
    """
    judged = [(task, cause_of_task(task)) for task in tasks]
    terminal = next((cause for _, cause in judged if cause.weight is Weight.TERMINAL), None)
    if terminal:
        return terminal
    repeating = [(task, cause) for task, cause in judged if cause.weight is Weight.REPEATING and not was_healthy(task)]
    ends = [task.stopped_at for task, _ in repeating if task.stopped_at]
    if not ends:
        return None
    first_end = min(ends)
    return next((cause for task, cause in repeating if task.created_at and task.created_at >= first_end), None)


def was_healthy(task: Task) -> bool:
    """Whether the task's own health checks had passed when it stopped."""
    return task.health == "HEALTHY"


def causes(service: Service | None, stopped: Iterable[Task], since: float) -> tuple[Cause, ...]:
    """Everything that is known about why, ranked: these stopped tasks, and events since `since` (epoch seconds)."""
    events = service.events if service else ()
    said = (cause_of_event(event) for event in events if event.at.timestamp() >= since)
    return rank([*map(cause_of_task, stopped), *(cause for cause in said if cause)])
