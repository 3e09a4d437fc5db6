"""The way back: which services must return, and the plan that takes them to what they ran before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.names import region_of
from drone_deploy_ecs.core.rolling_plan import existing, register
from drone_deploy_ecs.core.step import Plan, RegisterTaskDefinition, ServiceStep, Stage, UpdateService
from drone_deploy_ecs.core.taskdef import Definition
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from drone_deploy_ecs.core.outcome import Outcome
    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.watch import Watch


@dataclass(frozen=True)
class Undone:
    """A service to take back: the deployment of ours that must still be PRIMARY for that, and its creation.

    `known` are the deployments it has now. `ecs_returns_it`: ECS's own rollback has begun, so no copy need be
    registered. `confirm_only`: nor may we write.
    """

    target: Target
    deployment: str
    since: datetime | None
    known: frozenset[str]
    ecs_returns_it: bool
    confirm_only: bool


def take_back(request: Request, outcomes: Iterable[Outcome]) -> tuple[list[Outcome], list[Undone]]:
    """What a failure or a cancellation reaches must return; the outcomes say where there is no way back."""
    outcomes = list(outcomes)
    is_cancelled = any(one.verdict is Verdict.CANCELLED for one in outcomes)
    failed = [one.target for one in outcomes if one.failed]
    told: list[Outcome] = []
    returning: list[Undone] = []
    for one in outcomes:
        is_reached = is_cancelled or any(request.takes_back(each, one.target) for each in failed)
        match _way_back(request, one) if is_reached else None:
            case Undone() as back:
                told.append(one)
                returning.append(back)
            case str(why):
                told.append(replace(one, stranded=why))
            case _:
                told.append(one)
    return told, returning


def _way_back(request: Request, outcome: Outcome) -> Undone | str | None:
    """How it returns, or why it can't; None where nothing of ours is to be taken back."""
    watch, verdict = outcome.forward, outcome.verdict
    is_left = verdict is Verdict.CANCELLED and request.leave_on_cancel
    if watch is None or not watch.deployment or is_left or verdict in (Verdict.SUPERSEDED, Verdict.UNKNOWN):
        return None
    # ECS's own rollback is confirmed even with ours disabled.
    if not request.roll_back and verdict is not Verdict.ROLLED_BACK:
        return "rollbacks are disabled"
    impossible = watch.target.back.impossible
    return f"no way back: {impossible}" if impossible else undone(request, watch)


def undone(request: Request, watch: Watch) -> Undone:
    """Its update, to be taken back."""
    return Undone(
        watch.target,
        watch.deployment,
        watch.since,
        known=frozenset(one.id for one in watch.service.deployments) if watch.service else frozenset(),
        ecs_returns_it=watch.verdict is Verdict.ROLLED_BACK,
        confirm_only=not request.roll_back,
    )


def undo(services: Iterable[Undone], unusable: frozenset[str], newest: Sequence[Definition]) -> Plan:
    """The plan that brings these services back to what they ran before.

    `unusable` are the recorded revisions that have been deregistered meanwhile; `newest` the newest revisions of their
    families, which may already be the copy that is needed.
    """
    registrations: list[RegisterTaskDefinition] = []
    updates: list[ServiceStep] = []
    for one in services:
        back = one.target.back
        definition = back.definition
        is_gone = definition in unusable
        if back.body is not None and not one.ecs_returns_it and (is_gone or back.must_copy):
            what = "the same content, as it was deregistered" if is_gone else "its image pinned by digest"
            definition = _copy(one.target, back.body, newest, registrations, what)
        updates.append(
            UpdateService(
                target=replace(one.target, known=one.known),
                definition=definition,
                only_over=one.deployment,
                since=one.since,
                confirm_only=one.confirm_only,
            )
        )
    return Plan(stages=tuple(Stage(tuple(steps)) for steps in (registrations, updates) if steps))


def _copy(
    target: Target,
    body: Mapping[str, Any],
    newest: Sequence[Definition],
    registrations: list[RegisterTaskDefinition],
    what: str,
) -> str:
    """The revision that stands for the recorded one: found, or to be registered."""
    found = existing(body, (one for one in newest if region_of(one.arn) == target.region))
    source = Definition(target.back.definition, active=False, body=body)
    return found.arn if found else register(registrations, body, target, source, what)
