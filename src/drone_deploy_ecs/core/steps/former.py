"""What a service ran before: by ECS's record of its service deployments, or, where that can't be read, by its events.

The former revision is that of the newest successful deployment older than the first success of what runs now. So who
goes back again never returns to a revision that was left.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.service_deployments import DescribeServiceRevisions, ListServiceDeployments
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment, ServiceRevision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.request.services import ServiceRef

EVENTS = 100
"""So many events ECS keeps of a service: where there are fewer, none is forgotten."""
CANDIDATES = 5
"""The most that a refusal names."""
_COMPLETED = re.compile(r"\(deployment (ecs-svc/\d+)\) deployment completed")


class Success(NamedTuple):
    """A deployment that was successful: the ARN of its task definition, and when it was created."""

    revision: str
    at: datetime


class History(Struct, frozen=True, kw_only=True):
    """A service's successful deployments, newest first; `gap` says why others may be missing, "" where none are."""

    successes: tuple[Success, ...]
    gap: str = ""
    advice: str = ""

    def before(self, running: str) -> tuple[Success, ...]:
        """Those older than the first one of that revision, each revision once."""
        first = min((success.at for success in self.successes if success.revision == running), default=None)
        if first is None:
            return ()
        return _distinct(success for success in self.successes if success.at < first)

    def others(self, running: str) -> tuple[Success, ...]:
        """The newest ones of other revisions, each revision once: what somebody may choose from."""
        return _distinct(success for success in self.successes if success.revision != running)[:CANDIDATES]


def _distinct(successes: Iterable[Success]) -> tuple[Success, ...]:
    """The first one of each revision."""
    found: dict[str, Success] = {}
    for success in successes:
        found.setdefault(success.revision, success)
    return tuple(found.values())


def may_have_run_before(revision: str, than: str) -> bool:
    """Whether this revision was there when the other one was registered: then it may have run before that one, too.

    ECS's record goes back 90 days, and a longer past can't be told from none.
    """
    family, _, number = short(revision).rpartition(":")
    other_family, _, other = short(than).rpartition(":")
    return family == other_family and number.isdigit() and other.isdigit() and int(number) < int(other)


# --- what is asked ---


def asks(ref: ServiceRef, answers: Answers) -> Iterator[Call[Any]]:
    """The record of what was successful, page by page, and then what each of these ran."""
    yield from _pages(ref, answers)
    yield from _described(ref, answers)


def _pages(ref: ServiceRef, answers: Answers) -> Iterator[ListServiceDeployments]:
    """Newest first is how captures look: so the next page is what is older than the oldest of one."""
    call = ListServiceDeployments(region=ref.region, cluster=ref.cluster, name=ref.asked, status=("SUCCESSFUL",))
    while True:
        yield call
        page = answers.get(call, ())
        moments = [entry.created_at for entry in page if entry.created_at] if isinstance(page, tuple) else []
        if len(moments) < ListServiceDeployments.PAGE or min(moments) == call.before:
            return
        call = replace(call, before=min(moments))


def _described(ref: ServiceRef, answers: Answers) -> Iterator[DescribeServiceRevisions]:
    arns = list(_listed(ref, answers))
    most = DescribeServiceRevisions.MOST
    for start in range(0, len(arns), most):
        yield DescribeServiceRevisions(region=ref.region, arns=tuple(arns[start : start + most]))


def _listed(ref: ServiceRef, answers: Answers) -> dict[str, ServiceDeployment]:
    """The successful deployments by the ARN of their service revision, newest first."""
    pages = (answers.get(call, ()) for call in _pages(ref, answers))
    entries = (entry for page in pages if isinstance(page, tuple) for entry in page)
    successful = {entry.arn: entry for entry in entries if entry.status == "SUCCESSFUL" and entry.created_at}
    newest_first = sorted(successful.values(), key=_created, reverse=True)
    return {entry.target_service_revision_arn: entry for entry in newest_first}


def _created(entry: ServiceDeployment) -> float:
    return entry.created_at.timestamp() if entry.created_at else 0.0


# --- what is known then ---


def history(ref: ServiceRef, service: Service, answers: Answers) -> History:
    """What is known of the service's successful deployments, that of what runs now included."""
    calls = tuple(asks(ref, answers))
    refused = next((answer for call in calls if isinstance(answer := answers.get(call), Fault)), None)
    if refused is not None:
        return _by_events(service, refused, _permission(calls, answers))
    revisions = {
        revision.arn: revision.task_definition
        for call in calls
        for revision in answers.get(call, ())
        if isinstance(revision, ServiceRevision)
    }
    listed = _listed(ref, answers)
    known = (
        Success(revisions[arn], entry.created_at)
        for arn, entry in listed.items()
        if entry.created_at and revisions.get(arn)
    )
    forgotten = [arn for arn in listed if not revisions.get(arn)]
    gap = f"ECS has forgotten what {len(forgotten)} of its deployments ran" if forgotten else ""
    return History(successes=_with_present(service, known), gap=gap)


def _permission(calls: Iterable[Call[Any]], answers: Answers) -> str:
    denied = (call.permission for call in calls if isinstance(answers.get(call), Fault))
    return next(denied, "")


def _by_events(service: Service, fault: Fault, permission: str) -> History:
    """What its events tell, with the revisions of the deployments that are still listed."""
    completions = [
        (match[1], event.at) for event in service.events if (match := _COMPLETED.search(event.message)) is not None
    ]
    revisions = {deployment.id: deployment.task_definition for deployment in service.deployments}
    successes = _with_present(service, (Success(revisions[name], at) for name, at in completions if name in revisions))
    is_denied = fault.kind is FaultKind.DENIED
    # That nothing ran before is no more certain: events may be younger than the service.
    tells = len({success.revision for success in successes}) > 1
    is_whole = tells and len(service.events) < EVENTS and all(name in revisions for name, _ in completions)
    why = f"{permission} isn't allowed" if is_denied else f"its service deployments can't be read: {fault}".rstrip(".")
    return History(
        successes=successes,
        gap="" if is_whole else f"{why}, and its events don't tell",
        advice=f"Allow {permission}, or give" if is_denied else "Try again, or give",
    )


def _with_present(service: Service, known: Iterable[Success]) -> tuple[Success, ...]:
    """With what runs now: the list is some ten seconds late."""
    primary = service.primary
    present = [Success(primary.task_definition, primary.created_at)] if primary and primary.created_at else []
    return tuple(sorted({*known, *present}, key=lambda success: success.at, reverse=True))
