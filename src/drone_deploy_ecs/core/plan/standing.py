"""How a service stands: what runs since when, what is rolling out, and what its last rollouts came to."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition
from drone_deploy_ecs.core.calls.service_deployments import (
    DescribeServiceDeployments,
    DescribeServiceRevisions,
    ListServiceDeployments,
)
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import (
    OVER,
    ContainerImage,
    DescribedServiceDeployment,
    ServiceDeployment,
    ServiceRevision,
)
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan.in_flight import InFlight, in_flight, is_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.snapshot import Snapshot

LAST = 5
"""So many rollouts are told of."""
FEW = 4
"""Of so many services what each rollout brought is read, too: of hundreds that would be many calls."""


class State(Enum):
    """How a service stands, in a word; the odd ones first."""

    GOING_BACK = "going back"
    FAILED = "failed"
    SHORT = "too few"
    ROLLING_OUT = "rolling out"
    OTHERS = "not ECS's"
    STEADY = "steady"
    IDLE = "idle"


class PastRollout(NamedTuple):
    """A rollout that ECS has on record: its revision (ARN, "" where that isn't known), its status, seconds if over."""

    revision: str
    status: str
    reason: str
    began: datetime
    took: float | None


class Standing(Struct, frozen=True, kw_only=True):
    """One service. `record` is of the service deployment in flight, where its strategy shifts traffic.

    `images` are by container, with digests as far as known; `since` is when what runs was completed. `rollouts` are the
    newest first; `unread` are the permissions that were missing, or what else couldn't be read.
    """

    name: str
    region: str
    cluster: str
    service: Service
    flight: InFlight | None = None
    record: DescribedServiceDeployment | None = None
    images: tuple[ContainerImage, ...] = ()
    since: datetime | None = None
    rollouts: tuple[PastRollout, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def state(self) -> State:
        """How it stands."""
        service, primary = self.service, self.service.primary
        if service.status != "ACTIVE" or primary is None:
            return State.OTHERS
        if self.flight is not None:
            if self.flight.is_going_back:
                return State.GOING_BACK
            return State.FAILED if primary.rollout_state == "FAILED" else State.ROLLING_OUT
        if service.running < service.desired:
            return State.SHORT
        return State.STEADY if service.desired else State.IDLE


# --- what is asked ---


def asks(snapshots: Sequence[Snapshot], answers: Answers) -> tuple[Call[Any], ...]:
    """Of each service its record; of twenty at a time what runs, and what is in flight; its definition only then."""
    found = [(snapshot, service) for snapshot in snapshots if (service := snapshot.service) and service.primary]
    listings = {_listing(snapshot): snapshot.ref.region for snapshot, _ in found}
    revisions: dict[str, dict[str, None]] = {}
    flights: dict[str, dict[str, None]] = {}
    for snapshot, service in found:
        if _listing(snapshot) not in answers:
            continue
        region, entries = snapshot.ref.region, _entries(snapshot, answers)
        last = entries[:LAST] if len(found) <= FEW else ()
        wanted = (_revision(service, entries), *(entry.target_service_revision_arn for entry in last))
        revisions.setdefault(region, {}).update(dict.fromkeys(filter(None, wanted)))
        if service.strategy.shifts and entries and entries[0].status not in OVER:
            flights.setdefault(region, {})[entries[0].arn] = None
    calls = (
        *listings,
        *_chunked(DescribeServiceRevisions, DescribeServiceRevisions.MOST, revisions),
        *_chunked(DescribeServiceDeployments, DescribeServiceDeployments.most, flights),
    )
    if any(call not in answers for call in calls):
        return calls
    known = _known(answers)
    definitions = (
        DescribeTaskDefinition(region=snapshot.ref.region, name=service.primary.task_definition)
        for snapshot, service in found
        if service.primary and _revision(service, _entries(snapshot, answers)) not in known.revisions
    )
    return (*calls, *dict.fromkeys(definitions))


def _chunked(call: Any, most: int, arns: dict[str, dict[str, None]]) -> Iterator[Call[Any]]:
    for region, named in arns.items():
        listed = tuple(named)
        for start in range(0, len(listed), most):
            yield call(region=region, arns=listed[start : start + most])


def _listing(snapshot: Snapshot) -> ListServiceDeployments:
    ref = snapshot.ref
    return ListServiceDeployments(region=ref.region, cluster=ref.cluster, name=ref.asked)


def _entries(snapshot: Snapshot, answers: Answers) -> tuple[ServiceDeployment, ...]:
    """Its service deployments, newest first; none where they can't be read."""
    answer = answers.get(_listing(snapshot))
    entries = answer if isinstance(answer, tuple) else ()
    return tuple(sorted(entries, key=_created, reverse=True))


def _created(entry: ServiceDeployment) -> float:
    return entry.created_at.timestamp() if entry.created_at else 0.0


def _revision(service: Service, entries: Iterable[ServiceDeployment]) -> str:
    """The service revision of what is PRIMARY: by the record, or by its number; "" where neither tells."""
    primary = service.primary
    assert primary is not None
    listed = (entry.target_service_revision_arn for entry in entries if entry.is_of(primary.id))
    place, _, path = service.arn.partition(":service/")
    made = f"{place}:service-revision/{path}/{primary.id.rpartition('/')[2]}" if "/" in path else ""
    return next(listed, made)


# --- what is known then ---


class _Known(NamedTuple):
    """What was described, by ARN."""

    revisions: dict[str, ServiceRevision]
    records: dict[str, DescribedServiceDeployment]


def _known(answers: Answers) -> _Known:
    known = _Known({}, {})
    for call, answer in answers.items():
        is_asked = isinstance(call, DescribeServiceRevisions | DescribeServiceDeployments)
        for described in answer if is_asked and isinstance(answer, tuple) else ():
            if isinstance(described, ServiceRevision):
                known.revisions[described.arn] = described
            else:
                known.records[described.arn] = described
    return known


def standings(snapshots: Iterable[Snapshot], answers: Answers) -> tuple[Standing, ...]:
    """How the services that are there stand, the odd ones first."""
    known = _known(answers)
    found = [_standing(snapshot, service, answers, known) for snapshot in snapshots if (service := snapshot.service)]
    order = [*State]
    return tuple(sorted(found, key=lambda standing: (order.index(standing.state), standing.name)))


def _standing(snapshot: Snapshot, service: Service, answers: Answers, known: _Known) -> Standing:
    standing = Standing(
        name=snapshot.name, region=snapshot.ref.region, cluster=short(snapshot.ref.cluster), service=service
    )
    if service.primary is None:
        return standing
    entries = _entries(snapshot, answers)
    record = known.records.get(entries[0].arn) if entries and service.strategy.shifts else None
    return replace(
        standing,
        flight=_flight(service, entries, record),
        record=record,
        images=_images(snapshot, service, entries, answers, known),
        since=_since(service, entries),
        rollouts=tuple(_rollouts(entries, known)),
        unread=tuple(_unread(snapshot, service, entries, answers)),
    )


def _flight(
    service: Service, entries: Sequence[ServiceDeployment], record: DescribedServiceDeployment | None
) -> InFlight | None:
    """Where its record says that nothing is, nothing is: in every bake, and after a rollback, too, PRIMARY looks so."""
    flight, primary = in_flight(service, record), service.primary
    assert primary is not None
    if not service.strategy.shifts or record is not None or not entries or entries[0].status not in OVER:
        return flight
    is_listed = any(entry.is_of(primary.id) for entry in entries)
    return None if is_listed and not is_left(primary, entries[0]) else flight


def _images(
    snapshot: Snapshot, service: Service, entries: Sequence[ServiceDeployment], answers: Answers, known: _Known
) -> tuple[ContainerImage, ...]:
    """What PRIMARY's containers run, with digests; without them where only the definition may be read."""
    if (revision := known.revisions.get(_revision(service, entries))) is not None:
        return revision.images
    assert service.primary is not None
    call = DescribeTaskDefinition(region=snapshot.ref.region, name=service.primary.task_definition)
    definition = answers.get(call)
    if not isinstance(definition, Definition):
        return ()
    images = taskdef.containers(definition.body)
    return tuple(ContainerImage(name=name, image=image) for name, image in images.items())


def _since(service: Service, entries: Iterable[ServiceDeployment]) -> datetime | None:
    """When PRIMARY was completed; when it was begun, where that isn't known or not so yet."""
    primary = service.primary
    assert primary is not None
    finished = (entry.finished_at for entry in entries if entry.is_of(primary.id) and entry.status == "SUCCESSFUL")
    return next(finished, None) or service.completed_at(primary.id) or primary.created_at


def _rollouts(entries: Iterable[ServiceDeployment], known: _Known) -> Iterator[PastRollout]:
    for entry in [*entries][:LAST]:
        if entry.created_at is None:
            continue
        took = (entry.finished_at - entry.created_at).total_seconds() if entry.finished_at else None
        revision = known.revisions.get(entry.target_service_revision_arn)
        yield PastRollout(
            revision=revision.task_definition if revision else "",
            status=entry.status,
            reason=entry.status_reason,
            began=entry.created_at,
            took=took,
        )


def _unread(
    snapshot: Snapshot, service: Service, entries: Sequence[ServiceDeployment], answers: Answers
) -> Iterator[str]:
    """What couldn't be read, each once: of its own record, and of what it runs."""
    listed, revision = answers.get(_listing(snapshot)), _revision(service, entries)
    asked: list[tuple[Call[Any], Any]] = [(_listing(snapshot), listed)]
    asked += (
        (call, answer)
        for call, answer in answers.items()
        if isinstance(call, DescribeServiceRevisions | DescribeServiceDeployments)
        and isinstance(answer, Fault)
        and (revision in call.arns or any(entry.arn in call.arns for entry in entries[:1]))
    )
    for call, answer in asked:
        if isinstance(answer, Fault):
            is_denied = answer.kind is FaultKind.DENIED
            yield f"{call.permission} isn't allowed" if is_denied else f"{call.operation} failed: {answer.code}"
