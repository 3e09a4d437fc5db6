"""The reads: what ECS says, turned into the values that `core` decides on."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from drone_deploy_ecs.core import poll, taskdef
from drone_deploy_ecs.core.ecs import read_service, read_task
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.observation import NotSeen, Observation, Seen
from drone_deploy_ecs.core.places import names, once, places
from drone_deploy_ecs.core.plan import Snapshot
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.watch import Watch
from drone_deploy_ecs.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.calls import Calls
    from drone_deploy_ecs.core.ecs import Service, Task
    from drone_deploy_ecs.core.fault import Fault
    from drone_deploy_ecs.core.limits import Limits
    from drone_deploy_ecs.core.places import Place
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.scaling import Scaling
    from drone_deploy_ecs.core.taskdef import Definition
    from drone_deploy_ecs.ports import Clock, EcsApi

SERVICES_A_CALL = 10
TASKS_A_CALL = 100


# --- before the first write ---


def snapshots(calls: Mapping[str, Calls], request: Request) -> tuple[Snapshot, ...]:
    """Every service asked for, with the definitions that a plan needs; `calls` by Region.

    Raises ApiError when services can't be read.
    """
    asked = places(request)
    found = once(one for each in asked for one in _matching(calls[each.region], each))
    services = {
        (region, short(cluster), service.name): service
        for (region, cluster), some in _by_cluster(found).items()
        for chunk in _chunks(some, SERVICES_A_CALL)
        for service in calls[region].patiently(partial(describe, calls[region], cluster, chunk))
    }
    definitions = {region: _Definitions(one) for region, one in calls.items()}
    seen = [Snapshot(place=one, name=name, service=services.get(one.identity)) for one, name in names(found).items()]
    there = [one for one in seen if not _is_gone(one.place, one.service)]
    # A pattern that stands for none stands for itself, so that the plan can refuse it.
    unmet = (each for each in asked if each.is_pattern and not any(each.covers(one.place) for one in there))
    return tuple(
        _snapshot(request, one, calls[one.place.region], definitions[one.place.region])
        for one in (*there, *(Snapshot(place=one, name=one.asked, service=None) for one in unmet))
    )


def _matching(calls: Calls, asked: Place) -> tuple[Place, ...]:
    """The services that a pattern stands for."""
    if not asked.is_pattern:
        return (asked,)
    read = partial(calls.list_services, cluster=asked.cluster)
    return asked.matching(calls.patiently(lambda: _listed("serviceArns", read)))


def _is_gone(place: Place, service: Service | None) -> bool:
    """Whether it is being deleted, and only a pattern found it: nobody meant that one."""
    return place.matched and service is not None and service.status != "ACTIVE"


def _by_cluster(found: Iterable[Place]) -> dict[tuple[str, str], list[str]]:
    """How ECS is asked for them: by Region and cluster."""
    asked: dict[tuple[str, str], list[str]] = {}
    for one in found:
        asked.setdefault((one.region, one.cluster), []).append(one.asked)
    return asked


def limits(calls: Calls, request: Request) -> dict[str, Limits]:
    """Autoscaling of the services asked for, by name. Raises ApiError."""
    asked = [short(one) for one in request.services]
    return calls.patiently(lambda: calls.limits(cluster=request.cluster_name, services=asked))


def describe(api: EcsApi, cluster: str, services: Sequence[str]) -> list[Service]:
    """Up to ten services; those that don't exist are left out."""
    answer = api.describe_services(cluster=cluster, services=services)
    return [read_service(one) for one in answer.get("services", [])]


class _Definitions:
    """A Region's task definitions, read once each, however many services share them."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._read: dict[str, Definition] = {}
        self._newest: dict[str, Definition | None] = {}
        self._unanswered: dict[str, ApiError] = {}

    def __getitem__(self, arn: str) -> Definition:
        """A revision. It mostly is its family's newest one, which is needed as well: so that is read first."""
        family = short(arn).rpartition(":")[0]
        if arn not in self._read:
            self.newest(family)
        if arn not in self._read:
            if family in self._unanswered:
                raise self._unanswered[family]  # patience has ended: what isn't answered for one isn't for the other
            self._read[arn] = self._calls.patiently(lambda: definition(self._calls, arn))
        return self._read[arn]

    def get(self, arn: str) -> Definition | None:
        """A revision, if it may be read."""
        try:
            return self[arn]
        except ApiError:
            return None

    def newest(self, family: str) -> Definition | None:
        """The family's newest ACTIVE revision, if there is one that may be read."""
        if family not in self._newest:
            try:
                found = self._calls.patiently(lambda: definition(self._calls, family))
            except ApiError as error:
                self._newest[family] = None
                if error.fault.may_pass:
                    self._unanswered[family] = error
            else:
                self._newest[family] = self._read[found.arn] = found
        return self._newest[family]


def definition(api: EcsApi, name: str) -> Definition:
    """A revision by ARN or `family:revision`, or a family's newest ACTIVE one; with its tags."""
    answer = api.describe_task_definition(taskDefinition=name)
    return taskdef.read_definition(answer)


def _snapshot(request: Request, found: Snapshot, calls: Calls, definitions: _Definitions) -> Snapshot:
    service = found.service
    if service is None or service.controller != "ECS" or service.primary is None:
        return found
    deployment, revision = _settled(calls, found.place, service)
    try:
        found = replace(found, edited=definitions[service.primary.task_definition])
        before = definitions[revision] if revision else None
    except ApiError as error:
        found = replace(found, unreadable=str(error))
        is_allowed = error.fault.kind not in (FaultKind.DENIED, FaultKind.REJECTED)
        return replace(found, advice=_advice(error.fault)) if is_allowed else found
    newest = definitions.newest(found.edited.family) if found.edited else None
    listed = (definitions.get(arn) for arn in {one.task_definition: 1 for one in service.deployments})
    found = replace(found, before=before, newest=newest, listed=tuple(one for one in listed if one))
    if before is None or not _goes_back_to_the_same_tag(request, before):
        return found
    return replace(found, digest=_running_digest(calls, request.container, found, deployment))


def _settled(calls: Calls, place: Place, service: Service) -> tuple[str, str]:
    """The deployment that finished last, and its revision; "" where neither ECS's list nor its traces tell.

    ECS lists a replaced deployment only while it has tasks, so it can be gone before its successor has proved itself
    (when old tasks are stopped first, and a run was killed meanwhile). Its id is still in the events then, and its
    revision in its stopped tasks.
    """
    listed = service.last_completed or service.deployment(service.completed_by_events)
    if listed or not service.completed_by_events:
        return (listed.id, listed.task_definition) if listed else ("", "")
    stopped = _tasks_of(calls, place, service, "STOPPED")
    left = (one.task_definition for one in stopped if one.started_by == service.completed_by_events)
    return service.completed_by_events, next(left, "")


def _goes_back_to_the_same_tag(request: Request, before: Definition) -> bool:
    same = taskdef.containers(before.body).get(request.container) == request.image.reference
    return same and not request.image.digest


def _running_digest(calls: Calls, container: str, settled: Snapshot, deployment: str) -> str:
    """The digest of the image that the service's settled tasks run, or ran; "" when it can't be known."""
    assert settled.service is not None
    assert settled.before is not None
    found = (
        one.image_digest
        for status in ("RUNNING", "STOPPED")
        for task in _tasks_of(calls, settled.place, settled.service, status)
        if task.belongs_to(deployment, settled.before.arn)
        for one in task.containers
        if one.name == container and one.image_digest
    )
    return next(found, "")


def _tasks_of(calls: Calls, place: Place, service: Service, status: Literal["RUNNING", "STOPPED"]) -> list[Task]:
    """The service's tasks that are to run, or those stopped within the hour; none where they can't be read."""
    try:
        listed = calls.patiently(lambda: _list_tasks(calls, place.cluster, service.name, status))
        return calls.patiently(lambda: _describe_tasks(calls, place.cluster, listed))
    except ApiError:
        return []


# --- while following ---


def look(
    api: EcsApi, flights: Sequence[Watch | Scaling], clock: Clock, *, with_tasks: bool = True
) -> list[Observation]:
    """One look at their services (at most ten of one cluster), with stopped tasks where those would tell something."""
    targets = [one.target if isinstance(one, Watch) else one.step.target for one in flights]
    cluster = targets[0].cluster
    try:
        services = describe(api, cluster, list(dict.fromkeys(target.asked for target in targets)))
    except ApiError as error:
        return [NotSeen(error.fault)] * len(flights)
    now = clock.monotonic()
    by_name = {service.name: service for service in services}
    found = (by_name.get(target.service) for target in targets)
    return [
        _with_tasks(api, one, Seen(service, now)) if with_tasks and isinstance(one, Watch) else Seen(service, now)
        for one, service in zip(flights, found, strict=True)
    ]


def _with_tasks(api: EcsApi, watch: Watch, seen: Seen) -> Seen:
    if not poll.wants_tasks(watch, seen.service, seen.at):
        return seen
    try:
        listed = _list_tasks(api, watch.target.cluster, watch.target.service, "STOPPED")
        unread = [arn for arn in listed if arn not in watch.read]
        stopped = _describe_tasks(api, watch.target.cluster, unread)
    except ApiError as error:
        denied = error.fault.kind is FaultKind.DENIED
        return replace(seen, denied=frozenset({f"ecs:{error.fault.operation}"} if denied else ()))
    ours = [one for one in stopped if one.belongs_to(watch.deployment, watch.definition)]
    # A task listed as STOPPED may still be on its way there, without its exit codes: ours are read again.
    unfinished = {one.arn for one in ours if one.status != "STOPPED"}
    whole = tuple(one for one in ours if one.arn not in unfinished)
    return replace(seen, tasks=whole, read=frozenset(one.arn for one in stopped if one.arn not in unfinished))


def running(api: EcsApi, watch: Watch) -> list[Task]:
    """The tasks of this deployment that aren't stopped. Raises ApiError."""
    listed = _list_tasks(api, watch.target.cluster, watch.target.service, "RUNNING")
    found = _describe_tasks(api, watch.target.cluster, listed)
    return [one for one in found if one.belongs_to(watch.deployment, watch.definition)]


def _list_tasks(api: EcsApi, cluster: str, service: str, status: Literal["RUNNING", "STOPPED"]) -> list[str]:
    return _listed("taskArns", partial(api.list_tasks, cluster=cluster, serviceName=service, desiredStatus=status))


def _listed(member: str, read: Callable[..., Mapping[str, Any]]) -> list[str]:
    """The ARNs of a listing, all its pages; each has them under that member."""
    page = read()
    arns = [*page.get(member, ())]
    while token := page.get("nextToken"):
        page = read(nextToken=token)
        arns += page.get(member, ())
    return arns


def _describe_tasks(api: EcsApi, cluster: str, arns: Sequence[str]) -> list[Task]:
    return [
        read_task(one)
        for some in _chunks(arns, TASKS_A_CALL)
        for one in api.describe_tasks(cluster=cluster, tasks=some).get("tasks", [])
    ]


def _chunks(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))


# --- when that fails ---

_ADVICE = {
    FaultKind.DENIED: "Allow it for the deploying identity (see the IAM policy in the README)",
    FaultKind.NO_CREDENTIALS: "Give the step AWS credentials, or check that they haven't expired",
    FaultKind.UNREACHABLE: "Check aws_region and the network",
    FaultKind.REJECTED: "Check the cluster's name and the region",
}
_NOT_AWSS = "Look at what answers in AWS's place: a proxy (HTTPS_PROXY, NO_PROXY), a login page, AWS_ENDPOINT_URL"


_READ = {
    "GetSecretValue": ("the secret that names the live colour", "Check secret_service, the branch and the region"),
    "DescribeScalableTargets": ("autoscaling of the services", "Check the cluster's name and the region"),
}


def unreadable(error: ApiError) -> Problem:
    """Why nothing can be planned, and what to do about it."""
    what, check = _READ.get(error.fault.operation, ("the services", _ADVICE[FaultKind.REJECTED]))
    advice = check if error.fault.kind is FaultKind.REJECTED else _advice(error.fault)
    return Problem(f"{what} can't be read: {str(error).rstrip('.')}", advice)


def _advice(fault: Fault) -> str:
    return _NOT_AWSS if fault.is_not_awss else _ADVICE.get(fault.kind, "Try again")
