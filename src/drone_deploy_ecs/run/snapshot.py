"""The reads: what ECS says, turned into the values that `core` decides on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION
from drone_deploy_ecs.core.calls.ecs import (
    DescribeServices,
    DescribeTaskDefinition,
    DescribeTasks,
    ListServices,
    ListTasks,
)
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.plan.revision import Revision, revision
from drone_deploy_ecs.core.plan.snapshot import Snapshot
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.services import names, once, service_refs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.causes.failure import Failure
    from drone_deploy_ecs.core.ecs.fault import Fault
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.request.services import ServiceRef
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.run.calls import Calls
    from drone_deploy_ecs.run.patience import Patient

SERVICES_A_CALL = DescribeServices.most


# --- before the first write ---


def snapshots(reads: Mapping[str, Patient], request: Request) -> tuple[Snapshot, ...]:
    """Every requested service, with the definitions that a plan needs; `reads` by Region.

    Raises ApiError when services can't be read.
    """
    definitions = {region: Definitions(read, region) for region, read in reads.items()}
    asked = _asked(request, definitions[request.access.region])
    return tuple(
        _snapshot(request, replace(snapshot, asked=asked), reads[snapshot.ref.region], definitions[snapshot.ref.region])
        for snapshot in described(reads, service_refs(request))
    )


def described(reads: Mapping[str, Patient], requested: Sequence[ServiceRef]) -> tuple[Snapshot, ...]:
    """These services as ECS describes them, without their definitions. Raises ApiError when they can't be read."""
    refs = once(service for ref in requested for service in _matching(reads[ref.region], ref))
    services = {
        (region, short(cluster), service.name): service
        for (region, cluster), names_or_arns in _by_cluster(refs).items()
        for chunk in _chunks(names_or_arns, DescribeServices.most)
        for service in reads[region].send(DescribeServices(region=region, cluster=cluster, services=chunk))
    }
    candidates = [Snapshot(ref=ref, name=name, service=services.get(ref.identity)) for ref, name in names(refs).items()]
    present = [snapshot for snapshot in candidates if not _is_gone(snapshot.ref, snapshot.service)]
    # A pattern that matches no service is kept as if it were a service, so that the plan refuses it by name.
    unmatched = (ref for ref in requested if ref.is_pattern and not any(ref.covers(other.ref) for other in present))
    return (*present, *(Snapshot(ref=ref, name=ref.asked, service=None) for ref in unmatched))


def _asked(request: Request, definitions: Definitions) -> Definition | str:
    """The existing revision that is asked for, or why it can't be read; "" where none is."""
    try:
        return definitions[request.revision] if request.revision else ""
    except ApiError as error:
        return str(error).rstrip(".")


def _matching(read: Patient, ref: ServiceRef) -> tuple[ServiceRef, ...]:
    """The services that a pattern stands for."""
    if not ref.is_pattern:
        return (ref,)
    call = ListServices(region=ref.region, cluster=ref.cluster)
    return ref.matching(read.repeat(lambda calls: _listed(calls, call)))


def _is_gone(ref: ServiceRef, service: Service | None) -> bool:
    """Whether the service is being deleted, and only a pattern matched it: then nobody meant it."""
    return ref.matched and service is not None and service.status != "ACTIVE"


def _by_cluster(refs: Iterable[ServiceRef]) -> dict[tuple[str, str], list[str]]:
    """The names or ARNs to ask ECS for, by Region and cluster."""
    names_or_arns: dict[tuple[str, str], list[str]] = {}
    for ref in refs:
        names_or_arns.setdefault((ref.region, ref.cluster), []).append(ref.asked)
    return names_or_arns


class Definitions:
    """A Region's task definitions, read once each, however many services share them."""

    def __init__(self, read: Patient, region: str) -> None:
        self._patient = read
        self._region = region
        self._read: dict[str, Definition] = {}
        self._newest: dict[str, Definition | None] = {}
        self._unanswered: dict[str, ApiError] = {}

    def __getitem__(self, arn: str) -> Definition:
        """A revision, by ARN. It mostly is its family's newest, which is needed as well: so that is read first."""
        family = short(arn).rpartition(":")[0]
        if arn not in self._read:
            self.newest(family)
        if arn not in self._read:
            if family in self._unanswered:
                raise self._unanswered[family]  # patience has ended: not spent again on the same family
            self._read[arn] = self._ask(arn)
        return self._read[arn]

    def get(self, arn: str) -> Definition | None:
        """A revision, by ARN; None where it can't be read."""
        try:
            return self[arn]
        except ApiError:
            return None

    def newest(self, family: str) -> Definition | None:
        """The family's newest ACTIVE revision; None where there is none, or where it can't be read."""
        if family not in self._newest:
            try:
                definition = self._ask(family)
            except ApiError as error:
                self._newest[family] = None
                if error.fault.may_pass:
                    self._unanswered[family] = error
            else:
                self._newest[family] = self._read[definition.arn] = definition
        return self._newest[family]

    def _ask(self, name: str) -> Definition:
        return self._patient.send(DescribeTaskDefinition(region=self._region, name=name))


def _snapshot(request: Request, snapshot: Snapshot, read: Patient, definitions: Definitions) -> Snapshot:
    service = snapshot.service
    if service is None or service.controller != "ECS" or service.primary is None:
        return snapshot
    deployment_id, revision = _settled(read, snapshot.ref, service)
    try:
        snapshot = replace(snapshot, edited=definitions[service.primary.task_definition])
        before = definitions[revision] if revision else None
    except ApiError as error:
        snapshot = replace(snapshot, unreadable=str(error))
        is_allowed = error.fault.kind not in (FaultKind.DENIED, FaultKind.REJECTED)
        return replace(snapshot, advice=_advice(error.fault)) if is_allowed else snapshot
    newest = definitions.newest(snapshot.edited.family) if snapshot.edited else None
    listed = (definitions.get(arn) for arn in {deployment.task_definition: 1 for deployment in service.deployments})
    snapshot = replace(snapshot, before=before, newest=newest, listed=tuple(filter(None, listed)))
    return replace(snapshot, digests=_digests_to_return_to(request, snapshot, read, deployment_id))


def _settled(read: Patient, ref: ServiceRef, service: Service) -> tuple[str, str]:
    """The deployment that finished last, and its revision; "" where neither ECS's list nor its traces tell.

    ECS lists a replaced deployment only while it has tasks, so it can be gone before its successor has proved itself
    (when old tasks are stopped first, and a run was killed meanwhile). Its id is still in the events then, and its
    revision in its stopped tasks.
    """
    listed = service.last_completed or service.deployment(service.completed_by_events)
    if listed or not service.completed_by_events:
        return (listed.id, listed.task_definition) if listed else ("", "")
    stopped = _tasks_of(read, ref, service, "STOPPED")
    revisions = (task.task_definition for task in stopped if task.started_by == service.completed_by_events)
    return service.completed_by_events, next(revisions, "")


def _digests_to_return_to(request: Request, settled: Snapshot, read: Patient, deployment: str) -> dict[str, str]:
    """The digests, by container, of what the service's settled tasks run, or ran, as far as they are needed and known.

    They are where a tag was pushed again: returning to it would start the new image.
    """
    before = settled.before
    if before is None or settled.edited is None or settled.service is None:
        return {}
    wanted = revision(request, settled.name, settled.edited, settled.asked)
    needed = wanted.repushed(before.body) if isinstance(wanted, Revision) else {}
    digests: dict[str, str] = {}
    for status in ("RUNNING", "STOPPED"):
        if needed.keys() <= digests.keys():
            break
        for task in _tasks_of(read, settled.ref, settled.service, status):
            for container in task.containers if task.belongs_to(deployment, before.arn) else ():
                if container.name in needed and container.image_digest:
                    digests.setdefault(container.name, container.image_digest)
    return digests


def _tasks_of(read: Patient, ref: ServiceRef, service: Service, status: Literal["RUNNING", "STOPPED"]) -> list[Task]:
    """The service's tasks that are to run, or those stopped within the hour; none where they can't be read."""
    try:
        call = ListTasks(region=ref.region, cluster=ref.cluster, name=service.name, status=status)
        listed = read.repeat(lambda calls: _listed(calls, call))
        return read.repeat(lambda calls: _described(calls, call, listed))
    except ApiError as error:
        read.leave_out(f"tasks of {service.name} can't be read: {error}")
        return []


# --- after a verdict ---


def running(calls: Calls, failure: Failure) -> list[Task]:
    """The failed deployment's tasks that are to run. Raises ApiError."""
    call = _tasks_in(failure.target, "RUNNING")
    tasks = _described(calls, call, _listed(calls, call))
    return [task for task in tasks if task.belongs_to(failure.deployment, failure.definition)]


def _tasks_in(target: Target, status: Literal["RUNNING", "STOPPED"]) -> ListTasks:
    return ListTasks(region=target.region, cluster=target.cluster, name=target.service, status=status)


def _listed(calls: Calls, call: ListServices | ListTasks) -> list[str]:
    """The ARNs of a listing, all its pages."""
    arns: list[str] = []
    following: ListServices | ListTasks | None = call
    while following:
        page = calls.send(following)
        arns += page.arns
        following = following.next(page)
    return arns


def _described(calls: Calls, listing: ListTasks, arns: Sequence[str]) -> list[Task]:
    """The tasks of these ARNs, in the cluster of that listing."""
    return [
        task
        for chunk in _chunks(arns, DescribeTasks.MOST)
        for task in calls.send(DescribeTasks(region=listing.region, cluster=listing.cluster, tasks=chunk))
    ]


def _chunks(items: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    return (tuple(items[start : start + size]) for start in range(0, len(items), size))


# --- when that fails ---

_ADVICE = {
    FaultKind.DENIED: "Allow it for the deploying identity (drone-deploy-ecs policy prints what these settings take)",
    FaultKind.NO_CREDENTIALS: "Give the step AWS credentials, or check that they haven't expired",
    FaultKind.UNREACHABLE: "Check aws_region and the network, and AWS_ENDPOINT_URL where it is set",
}
_NOT_AWSS = "Look at what answers in AWS's place: a proxy (HTTPS_PROXY, NO_PROXY), a login page, AWS_ENDPOINT_URL"


def unreadable(error: ApiError) -> Problem:
    """Why nothing can be planned, and what to do about it."""
    call = BY_OPERATION.get(error.fault.operation, Call)
    advice = call.advice if error.fault.kind is FaultKind.REJECTED else _advice(error.fault)
    return Problem(f"{call.reads} can't be read: {str(error).rstrip('.')}", advice)


def _advice(fault: Fault) -> str:
    return _NOT_AWSS if fault.is_not_awss else _ADVICE.get(fault.kind, "Try again")
