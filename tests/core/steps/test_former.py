"""What a service ran before, and how it stands, by what ECS answers: page by page, and where it doesn't tell."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.service_deployments import DescribeServiceRevisions, ListServiceDeployments
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.service_deployment import (
    DescribedServiceDeployment,
    RevisionSummary,
    ServiceDeployment,
    ServiceRevision,
)
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan import standing
from drone_deploy_ecs.core.plan.in_flight import InFlight, in_flight
from drone_deploy_ecs.core.plan.revision import Revision
from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
from drone_deploy_ecs.core.plan.standing import State
from drone_deploy_ecs.core.request.services import ServiceRef
from drone_deploy_ecs.core.steps import former
from drone_deploy_ecs.core.steps.former import History, Success
from tests.core.shown import BEFORE, COPY, DENIED, NEW, NOON, OLD, OTHER, OURS, active, at, primary, service

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call

REF = ServiceRef("eu-west-1", "prod", "web")
DEFINITION = Definition(NEW, active=True, body={"family": "web", "containerDefinitions": []})


def ready(**more: Any) -> Ready:
    """A service that runs web:2."""
    seen = service(primary(state="COMPLETED"), **more)
    (deployment,) = seen.deployments
    revision = Revision(source=DEFINITION, body=DEFINITION.body)
    return Ready(ref=REF, name="web", service=seen, primary=deployment, edited=DEFINITION, revision=revision)


def entry(number: int, minutes: float, status: str = "SUCCESSFUL") -> ServiceDeployment:
    """Of the deployment with that number, so many minutes before noon."""
    created = NOON - timedelta(minutes=minutes)
    return ServiceDeployment(
        arn=f"deployment/{number}", target_service_revision_arn=f"revision/{number}", status=status, created_at=created
    )


def answered(found: Ready, entries: list[ServiceDeployment], revisions: dict[int, str]) -> dict[Call[Any], Any]:
    """What is asked, answered of these: the newest hundred that fit."""
    answers: dict[Call[Any], Any] = {}
    while new := [call for call in former.asks(found.ref, answers) if call not in answers]:
        for call in new:
            if isinstance(call, ListServiceDeployments):
                fits = [one for one in entries if not call.before or (one.created_at and one.created_at <= call.before)]
                answers[call] = tuple(fits[: ListServiceDeployments.PAGE])
            else:
                assert isinstance(call, DescribeServiceRevisions)
                numbers = [int(arn.rpartition("/")[2]) for arn in call.arns]
                answers[call] = tuple(
                    ServiceRevision(arn=f"revision/{number}", task_definition=revisions[number])
                    for number in numbers
                    if number in revisions
                )
    return answers


def test_a_long_record_is_read_to_its_end() -> None:
    entries = [entry(number, number) for number in range(1, 251)]
    revisions = dict.fromkeys(range(1, 251), NEW) | {250: BEFORE}
    found = ready()
    answers = answered(found, entries, revisions)
    assert sum(isinstance(call, ListServiceDeployments) for call in answers) == 3
    assert [one.revision for one in former.history(found.ref, found.service, answers).before(NEW)] == [BEFORE]


def test_a_record_that_gives_the_same_page_again_ends() -> None:
    entries = [entry(number, 1) for number in range(1, 101)]
    assert (
        former.history(REF, ready().service, answered(ready(), entries, dict.fromkeys(range(1, 101), NEW))).before(NEW)
        == ()
    )


def test_what_ecs_has_forgotten_leaves_a_gap() -> None:
    answers = answered(ready(), [entry(2, 1), entry(1, 2)], {2: NEW})
    assert former.history(REF, ready().service, answers).gap == "ECS has forgotten what 1 of its deployments ran"


@pytest.mark.parametrize(
    ("fault", "said", "expected"),
    [
        (DENIED, ((-90, f"(deployment {OURS}) deployment completed."),), History(successes=(Success(NEW, NOON), Success(NEW, at(-90))))),
        (DENIED, ((-90, f"(deployment {OLD}) deployment completed."),), "ecs:ListServiceDeployments isn't allowed, and its events don't tell"),
        (Fault(FaultKind.REJECTED, "ListServiceDeployments", "ServerException", "no"), ((-90, f"(deployment {OLD}) deployment completed."),),
         "its service deployments can't be read: ListServiceDeployments: ServerException: no, and its events don't tell"),
    ],
)  # fmt: skip
def test_without_the_record_events_may_tell(fault: Fault, said: Any, expected: History | str) -> None:
    found = ready(said=said)
    answers = dict.fromkeys(former.asks(found.ref, {}), fault)
    history = former.history(found.ref, found.service, answers)
    assert (history.gap if isinstance(expected, str) else history.successes) == (
        expected if isinstance(expected, str) else expected.successes
    )


def test_who_never_was_successful_has_nothing_before_it() -> None:
    assert History(successes=(Success(BEFORE, NOON),)).before(NEW) == ()


@pytest.mark.parametrize(("revision", "than"), [(NEW, BEFORE), ("api:1", "web:2"), ("web:1", "web:x")])
def test_only_an_older_number_of_the_same_family_may_have_run_before(revision: str, than: str) -> None:
    assert former.may_have_run_before(BEFORE, NEW)
    assert not former.may_have_run_before(revision, than)


# --- in flight ---

RECORD = DescribedServiceDeployment(status="IN_PROGRESS", target=RevisionSummary(arn="revision/2"))
FAILED_LATER = active(OTHER, COPY, "FAILED", created_at=at(5))


@pytest.mark.parametrize(
    ("listed", "record", "expected"),
    [
        ((), None, None),
        ((primary(state="COMPLETED"),), None, None),
        ((primary(),), None, InFlight(deployment=OURS, definition=NEW)),
        ((primary(state="COMPLETED"), active()), None, None),
        ((primary(), FAILED_LATER), None, InFlight(deployment=OTHER, definition=COPY, is_going_back=True)),
        ((primary(created_at=at(9)), FAILED_LATER), None, InFlight(deployment=OURS, definition=NEW)),
        ((primary(),), RECORD, InFlight(deployment=OURS, definition=NEW)),
        ((primary(),), replace(RECORD, status="SUCCESSFUL"), None),
        ((primary(state="FAILED"),), replace(RECORD, status="STOPPED"), InFlight(deployment=OURS, definition=NEW)),
        ((primary("ecs-svc/9"),), replace(RECORD, status="SUCCESSFUL"), InFlight(deployment="ecs-svc/9", definition=NEW)),
        ((primary(OTHER, state="COMPLETED"),), RECORD, InFlight(deployment=OURS, definition="")),
    ],
)  # fmt: skip
def test_what_is_in_flight(listed: Any, record: DescribedServiceDeployment | None, expected: InFlight | None) -> None:
    assert in_flight(service(*listed), record) == expected


# --- how it stands ---


@pytest.mark.parametrize(
    ("listed", "more", "expected"),
    [
        ((primary(state="COMPLETED"),), {}, State.STEADY),
        ((primary(state="COMPLETED", running=1),), {"running": 1}, State.SHORT),
        ((primary(state="COMPLETED", running=0, desired=0),), {"desired": 0, "running": 0}, State.IDLE),
        ((primary(state="COMPLETED"),), {"status": "DRAINING"}, State.OTHERS),
        ((primary(state="FAILED"),), {}, State.FAILED),
        ((primary(),), {}, State.ROLLING_OUT),
        ((primary(), FAILED_LATER), {}, State.GOING_BACK),
    ],
)  # fmt: skip
def test_how_a_service_stands_in_a_word(listed: Any, more: Any, expected: State) -> None:
    (found,) = standing.standings([Snapshot(ref=REF, name="web", service=service(*listed, **more))], {})
    assert found.state is expected
    assert found.images == ()


def test_a_record_without_a_time_is_no_rollout_to_tell_of() -> None:
    snapshot = Snapshot(ref=REF, name="web", service=service(primary(state="COMPLETED")))
    (call, *_) = standing.asks([snapshot], {})
    (found,) = standing.standings([snapshot], {call: (replace(entry(2, 1), created_at=None),)})
    assert found.rollouts == ()


def test_events_tell_while_what_ran_before_is_still_listed() -> None:
    said = ((-90, f"(deployment {OLD}) deployment completed."), (-9, f"(deployment {OURS}) deployment completed."))
    found = ready(said=said)
    found = replace(found, service=replace(found.service, deployments=(*found.service.deployments, active())))
    history = former.history(found.ref, found.service, dict.fromkeys(former.asks(found.ref, {}), DENIED))
    assert not history.gap
    assert [success.revision for success in history.before(NEW)] == [BEFORE]
