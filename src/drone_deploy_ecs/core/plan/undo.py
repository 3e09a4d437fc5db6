"""The way back of services that were deployed to: whether each may return, what is read for that, and the stages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import Definition, defined
from drone_deploy_ecs.core.plan import terms
from drone_deploy_ecs.core.plan.revision import existing, register
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.plan.deployed import Deployed
    from drone_deploy_ecs.core.plan.revision import Registrations
    from drone_deploy_ecs.core.plan.strategy import Sentence
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.rollout.update import UpdateService
    from drone_deploy_ecs.core.target import Target


class Return(Struct, frozen=True, kw_only=True):
    """A service that is to return, and what it was deployed as.

    `ecs_returns_it`: ECS's own rollback has begun, so no copy need be registered. `must_not_write`: nor may we write;
    others then have `awaits` seconds to begin.
    """

    service: Deployed
    ecs_returns_it: bool
    must_not_write: bool
    awaits: float = 0.0

    @property
    def target(self) -> Target:
        """The service."""
        return self.service.target

    @property
    def sentence(self) -> Sentence:
        """What to say as it begins."""
        if self.awaits:
            what = "making sure that it returns" if self.ecs_returns_it else "waiting whether anybody returns it"
        else:
            what = "making sure that ECS returns it" if self.ecs_returns_it else "rolling back"
        return self.target.name, f"{what} to {short(self.target.back.definition)}"

    @property
    def recorded(self) -> DescribeTaskDefinition:
        """Reads the revision that it is to return to: it may have been deregistered meanwhile."""
        return DescribeTaskDefinition(region=self.target.region, name=self.target.back.definition)


def returning(request: Request, services: Iterable[Deployed], *, everything: bool = False) -> dict[str, Return | str]:
    """By name, the services that must return: each with its way back, or with the reason why there is none.

    A cancellation reaches all of them (but where the release only waits for approval, and nothing is said of that), and
    so does what makes `everything` return; the failure of a service those that the request says it takes back.
    """
    services = tuple(services)
    is_cancelled = any(service.verdict is Verdict.CANCELLED for service in services)
    if is_cancelled and not everything and not request.on_cancel and _only_waits(services):
        return {}
    everything = everything or is_cancelled
    failed = [service.target for service in services if service.verdict.fails_the_run]
    reached = (
        service
        for service in services
        if everything or any(request.takes_back(culprit, service.target) for culprit in failed)
    )
    ways = ((service.target.name, _way_back(request, service)) for service in reached)
    return {name: way for name, way in ways if way is not None}


_NOT_OURS_TO_UNDO = (Verdict.SUPERSEDED, Verdict.UNKNOWN, Verdict.REFUSED)
"""Somebody's; nobody knows whose; and what nothing was written to."""


def _only_waits(services: Iterable[Deployed]) -> bool:
    """Whether of all that was written some waits for approval, and the rest is complete: nothing is rolling out."""
    written = [service.rollout for service in services if service.deployment]
    waits = [rollout for rollout in written if rollout.verdict is Verdict.CANCELLED and rollout.pause]
    return bool(waits) and all(rollout.was_complete or rollout.pause for rollout in written)


def _way_back(request: Request, service: Deployed) -> Return | str | None:
    """How it returns, or why it can't; None where nothing of ours is to be taken back."""
    is_left = service.verdict is Verdict.CANCELLED and request.leave_on_cancel
    if not service.deployment or is_left or service.verdict in _NOT_OURS_TO_UNDO:
        return None
    # ECS's own rollback is confirmed even with ours disabled.
    if not request.roll_back and service.verdict is not Verdict.ROLLED_BACK:
        return "rollbacks are disabled"
    impossible = service.target.back.impossible
    return f"no way back: {impossible}" if impossible else to_return(request, service)


def to_return(request: Request, service: Deployed) -> Return:
    """How a deployment is taken back."""
    return Return(
        service=service,
        ecs_returns_it=service.verdict is Verdict.ROLLED_BACK,
        must_not_write=not request.roll_back,
    )


def asks(returns: Iterable[Return], answers: Answers) -> tuple[Call[Any], ...]:
    """Reads of the revisions to return to; where a copy may be needed, also of the newest one: it may be a copy."""
    return tuple(dict.fromkeys(call for way in returns for call in _asks(way, answers)))


def _asks(way: Return, answers: Answers) -> Iterator[Call[Any]]:
    yield way.recorded
    recorded = answers.get(way.recorded)
    if isinstance(recorded, Definition) and (way.target.back.must_copy or not recorded.active):
        yield DescribeTaskDefinition(region=way.target.region, name=recorded.family)


def stages(request: Request, returns: Iterable[Return], answers: Answers) -> tuple[Stage, ...]:
    """The stages that bring these services back to what they ran before.

    What couldn't be read counts as usable: the write itself will tell.
    """
    registrations: Registrations = ()
    updates: list[UpdateService] = []
    for way in returns:
        update, registrations = _update(request, way, answers, registrations)
        updates.append(update)
    return tuple(Stage(tuple(steps)) for steps in (registrations, updates) if steps)


def _update(
    request: Request, way: Return, answers: Answers, registrations: Registrations
) -> tuple[UpdateService, Registrations]:
    """Back to what it ran before; and the registrations with a copy of that, where one is needed and isn't there."""
    update, content = _as_recorded(request, way), _content(way, answers)
    if content is None:
        return update, registrations
    body, what = content
    copy = existing(body, _definitions(way.target.region, answers))
    if copy:
        return replace(update, definition=copy.arn), registrations
    source = Definition(way.target.back.definition, active=False, body=body)
    registrations, key = register(registrations, way.target, body, source, what)
    return replace(update, definition="", registration=key), registrations


def _as_recorded(request: Request, way: Return) -> UpdateService:
    """The update to the recorded revision; `known` is what the service runs by now.

    Where others return it, what they deploy for that is no deployment from before.
    """
    back = way.target.back
    containers = way.target.containers if back.body is None else defined(back.body)
    service = way.service.rollout.service
    known = frozenset(deployment.id for deployment in service.deployments) if service else frozenset[str]()
    return way.service.step.undone(
        way.service.rollout,
        target=replace(way.target, known=way.target.known if way.awaits else known, containers=containers),
        terms=terms.back(request),
        definition=back.definition,
        undoes=way.service.deployment,
        must_not_write=way.must_not_write,
        awaits=way.awaits,
        since=way.service.rollout.since,
    )


def _content(way: Return, answers: Answers) -> tuple[Mapping[str, Any], str] | None:
    """What to return to where the recorded revision itself would not do, and why."""
    back, recorded = way.target.back, answers.get(way.recorded)
    is_gone = isinstance(recorded, Definition) and not recorded.active
    if back.body is None or way.ecs_returns_it or way.must_not_write or not (is_gone or back.must_copy):
        return None
    return back.body, "the same content, as it was deregistered" if is_gone or not back.what else back.what


def _definitions(region: str, answers: Answers) -> Iterator[Definition]:
    return (answer for call, answer in answers.items() if call.region == region and isinstance(answer, Definition))
