"""The way back, as a plan: every service that was changed to what it ran before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.names import region_of
from drone_deploy_ecs.core.plan import Definition, existing, register
from drone_deploy_ecs.core.step import Plan, RegisterTaskDefinition, ServiceStep, Stage, UpdateService

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from drone_deploy_ecs.core.step import Target


@dataclass(frozen=True, slots=True)
class Undone:
    """A service to take back: the deployment of ours that must still be PRIMARY for that, and its creation.

    `ecs_returns_it`: ECS's own rollback has begun, so no copy need be registered. `confirm_only`: nor may we write.
    """

    target: Target
    deployment: str
    since: datetime | None
    ecs_returns_it: bool = False
    confirm_only: bool = False


def undo(
    services: Iterable[Undone],
    known: Mapping[str, frozenset[str]],
    unusable: frozenset[str],
    newest: Sequence[Definition],
) -> Plan:
    """The plan that brings these services back to what they ran before.

    `known` gives the deployments each service has now; `unusable` the recorded revisions that have been deregistered
    meanwhile; `newest` the newest revisions of their families, which may already be the copy that is needed.
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
                target=replace(one.target, known=known.get(one.target.name, one.target.known)),
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
