"""The action `rollback`: what is rolling out is taken back, or a service at rest goes to what it ran before.

A way back that is under way is followed. What was gone back to and fails, too, is taken back itself, as any deployment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan import native, terms
from drone_deploy_ecs.core.plan.in_flight import before_it, in_flight
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.revision import Revision
from drone_deploy_ecs.core.plan.rolling import Rolling, plan_ready
from drone_deploy_ecs.core.plan.strategy import Plan
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.image import Image
from drone_deploy_ecs.core.steps import former
from drone_deploy_ecs.core.steps.native.update import RollBack
from drone_deploy_ecs.core.steps.rollout.update import UpdateService
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.steps.summary import FEW
from drone_deploy_ecs.core.target import WayBack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.in_flight import InFlight
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.former import History, Success

ITSELF = "none, this is the way back itself"
CHOOSE = "Give revision: what to go to"


class Rollback(Rolling, frozen=True):
    """See `Strategy`: services at rest go back by a rolling deployment of what they ran before."""

    def resolve(self, request: Request, _answers: Answers, /) -> Request | tuple[Problem, ...]:
        """See `Strategy`. What runs already isn't deployed again."""
        about = "" if request.revision else "the way back"
        return replace(request, about=about, skip_unchanged=True)

    def may_ask(self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /) -> tuple[Call[Any], ...]:
        """See `Strategy`: of services at rest what they ran before, and that revision."""
        return tuple(dict.fromkeys((*native.may_ask(snapshots, answers), *_asks(request, snapshots, answers))))

    def plan(
        self, request: Request, snapshots: tuple[Snapshot, ...], answers: Answers, /
    ) -> Plan | tuple[Problem, ...]:
        """See `Strategy`."""
        services, problems = refine(request, snapshots)
        if request.blue_green or request.colours:
            return problems or tuple(_two_services(request, services))
        if problems:
            return problems
        moving = [(service, flight) for service in services if (flight := _flight(service, answers))]
        if moving and len(moving) < len(services) and not request.revision:
            return (_unlike(services, moving),)
        if moving and len(moving) == len(services) and all(_is_wanted(request, *each) for each in moving):
            return _taken_back(self, request, moving, answers)
        return _gone_back(self, request, services, answers)


def _flight(service: Ready, answers: Answers) -> InFlight | None:
    return in_flight(service.service, native.newest(service, answers))


def _is_wanted(request: Request, service: Ready, flight: InFlight) -> bool:
    """Whether what ran before is where it is to go."""
    before = before_it(service, flight)
    return not request.revision or (before is not None and service.revision.is_run_by(before))


# --- in flight ---


def _taken_back(
    strategy: Rollback, request: Request, moving: list[tuple[Ready, InFlight]], answers: Answers
) -> Plan | tuple[Problem, ...]:
    """What is rolling out is taken back. Each service by itself: one that fails is no reason to leave another there."""
    if problems := tuple(_irrevocable(moving)):
        return problems
    steps = tuple(_step(request, service, flight, answers) for service, flight in moving)
    return Plan(
        request=replace(request, undo_failed_only=True, on_cancel="leave"),
        strategy=strategy,
        stages=(Stage(steps),),
        summary=_summary(_sentence(service, flight) for service, flight in moving),
    )


def _irrevocable(moving: Iterable[tuple[Ready, InFlight]]) -> Iterator[Problem]:
    for service, flight in moving:
        before, name = before_it(service, flight), service.name
        if before is None:
            yield Problem(f"service {name} has no COMPLETED deployment to go back to", CHOOSE)
        elif not before.active and not service.service.strategy.shifts and not flight.is_going_back:
            what = f"{short(before.arn)}, which service {name} ran before, has been deregistered"
            yield Problem(f"{what}: ECS takes no update to it", CHOOSE)
        elif before.arn == flight.definition and not service.service.strategy.shifts and _tags(before):
            what = f"{short(before.arn)} of service {name} is being deployed anew, and names {_tags(before)[0]}"
            yield Problem(f"{what}: what that was before isn't known", CHOOSE)


def _step(request: Request, service: Ready, flight: InFlight, answers: Answers) -> UpdateService:
    before = before_it(service, flight)
    assert before is not None  # such a service is refused
    listed, strategy = service.service.deployment(flight.deployment), service.service.strategy
    how: dict[str, Any] = {
        "target": service.target(before.arn, WayBack(definition=before.arn, impossible="it was rolling out")),
        "terms": terms.back(request),
        "definition": before.arn,
        "undoes": flight.deployment,
        "since": listed.created_at if listed else None,
        "undo": ITSELF,
    }
    if not strategy.shifts:
        return UpdateService(**how)
    record = native.newest(service, answers)
    arn = record.arn if record is not None and record.is_of(flight.deployment) else ""
    return RollBack(strategy=strategy, arn=arn, **how)


def _sentence(service: Ready, flight: InFlight) -> str:
    before = before_it(service, flight)
    what = f"{service.name} goes back from {short(flight.definition) or flight.deployment}"
    back = f"{what} to {short(before.arn) if before else ''}"
    return f"{back}, which ECS has begun" if flight.is_going_back else back


def _unlike(services: Iterable[Ready], moving: list[tuple[Ready, InFlight]]) -> Problem:
    rolling_out = {service.name: short(flight.definition) or flight.deployment for service, flight in moving}
    states = (
        f"{service.name} is rolling out {rolling_out[service.name]}"
        if service.name in rolling_out
        else f"{service.name} is at rest on {short(service.edited.arn)}"
        for service in services
    )
    what = f"the services aren't in the same state: {'; '.join(states)}"
    return Problem(what, "Name those that are alike, or give revision")


# --- at rest ---


def _asks(request: Request, snapshots: tuple[Snapshot, ...], answers: Answers) -> Iterator[Call[Any]]:
    if request.revision or request.blue_green or request.colours:
        return
    services, _ = refine(request, snapshots)
    for service in services:
        # Which of them are in flight by their service deployments isn't known here: of these one read is for nothing.
        if in_flight(service.service) is None:
            yield from former.asks(service.ref, answers)
            if to := _target(service, former.history(service.ref, service.service, answers)):
                yield _reads(service, to)


def _reads(service: Ready, to: Success) -> DescribeTaskDefinition:
    return DescribeTaskDefinition(region=service.ref.region, name=to.revision)


def _target(service: Ready, history: History) -> Success | None:
    """What it goes to; None where that isn't certain."""
    running = service.primary.task_definition
    older = history.before(running)
    if history.gap or not older:
        return None
    is_certain = former.may_have_run_before(older[0].revision, running)
    return older[0] if is_certain or _family(older[0].revision) != _family(running) else None


def _family(revision: str) -> str:
    return short(revision).rpartition(":")[0]


def _gone_back(
    strategy: Rollback, request: Request, services: tuple[Ready, ...], answers: Answers
) -> Plan | tuple[Problem, ...]:
    if request.revision:
        return plan_ready(strategy, request, services, answers)
    found = [_with_former(service, answers) for service in services]
    problems = tuple(each for each in found if isinstance(each, Problem))
    ready = tuple(each for each in found if not isinstance(each, Problem))
    made = problems or plan_ready(strategy, request, ready, answers)
    if not isinstance(made, Plan):
        return made
    summary = _summary(
        f"{service.name} goes back from {short(service.edited.arn)} to {short(service.revision.source.arn)}"
        for service in ready
    )
    return replace(made, summary=summary, warnings=(*made.warnings, *_of_tags(ready)))


def _with_former(service: Ready, answers: Answers) -> Ready | Problem:
    """The service with what it ran before as what it is to run, or why that isn't known or of no use."""
    history = former.history(service.ref, service.service, answers)
    to = _target(service, history)
    if to is None:
        return _unknown(service, history)
    answer = answers.get(_reads(service, to))
    if not isinstance(answer, Definition):
        why = f": {answer}".rstrip(".") if isinstance(answer, Fault) else ""
        return Problem(
            f"{short(to.revision)}, which service {service.name} ran before, can't be read{why}",
            "Check that ecs:DescribeTaskDefinition is allowed",
        )
    if not answer.active:
        what = f"{short(to.revision)}, which service {service.name} ran before, has been deregistered"
        return Problem(f"{what}: ECS takes no update to it", _choices(service, history, but=to.revision))
    return replace(service, revision=Revision(source=answer, body=answer.body, is_existing=True))


def _unknown(service: Ready, history: History) -> Problem:
    running = service.primary.task_definition
    name, now = service.name, short(running)
    older = history.before(running)
    if history.gap:
        what = f"what service {name} ran before {now} isn't certain: {history.gap}"
    elif older:
        what = (
            f"what service {name} ran before {now} isn't certain: {short(older[0].revision)} is newer, so {now} may have "
            "run before that, longer ago than ECS's record goes back"
        )
    else:
        what = f"service {name} has run nothing else before {now}, as far as ECS's record goes back"
    return Problem(what, _choices(service, history))


def _choices(service: Ready, history: History, but: str = "") -> str:
    """What somebody may choose from."""
    running = service.primary.task_definition
    candidates = [
        f"{short(success.revision)} (deployed {success.at:%Y-%m-%d %H:%M}Z)"
        for success in history.others(running)
        if success.revision != but
    ]
    give = f"{history.advice or 'Give'} revision"
    if candidates:
        return f"{give}: {', '.join(candidates)}"
    return f"{give}: one of the family {_family(running)}, older than {short(running)}"


def _of_tags(services: Iterable[Ready]) -> Iterator[Problem]:
    """A tag that both revisions name: it may have been pushed again since the former one ran."""
    for service in services:
        present = taskdef.containers(service.edited.body).values()
        for reference in _tags(service.revision.source):
            if reference in present:
                what = f"{short(service.revision.source.arn)} and {short(service.edited.arn)} of {service.name} both name {reference}"
                yield Problem(what, "What runs then is what that tag has now")


def _tags(definition: Definition) -> list[str]:
    """The images that may be others by now."""
    images = {reference: Image.parse(reference) for reference in taskdef.containers(definition.body).values()}
    return [reference for reference, image in images.items() if image and not image.digest]


def _summary(sentences: Iterable[str]) -> str:
    found = list(sentences)
    return "; ".join(found) if len(found) <= FEW else f"{len(found)} services go back"


# --- two services ---


def _two_services(request: Request, services: Iterable[Ready]) -> Iterator[Problem]:
    """Nothing is guessed: which of the two serves, and what the other one is good for, people know."""
    for service in services:
        count = service.service.desired
        state = f"runs {short(service.edited.arn)}" if count else f"is idle, with {short(service.edited.arn)}"
        mode = "blue-green" if request.blue_green else "blue-green-cluster"
        what = f"rollback switches no services, and mode {mode} has two: {service.name} {state}"
        if request.blue_green:
            do = f"To go back, deploy in this mode with revision: {short(service.edited.arn)}" if not count else ""
        else:
            do = f"To go back, let the secret and your traffic name {service.name} again" if not count else ""
        yield Problem(what, do or f"To put an earlier revision on it alone: mode: rolling with service: {service.name}")
