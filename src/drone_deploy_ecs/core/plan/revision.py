"""The revision that a service is to run: one that is there already, or one to register, once for all that need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.target import Target

Registrations = tuple[RegisterTaskDefinition, ...]


def edit(request: Request, edited: Definition) -> dict[str, Any]:
    """The definition with what the request changes in it."""
    return taskdef.with_image(edited.body, request.container, request.image.reference)


def change(request: Request, edited: Definition) -> str:
    """What that changes, for people."""
    image = taskdef.containers(edited.body)[request.container]
    return f"container {request.container}'s image {request.image.reference} (was {image})"


def existing(body: Mapping[str, Any], candidates: Iterable[Definition | None]) -> Definition | None:
    """A usable revision that already is this, so that none is registered twice."""
    usable = (candidate for candidate in candidates if candidate and candidate.active)
    return next((candidate for candidate in usable if taskdef.same(candidate.body, body)), None)


def register(
    registrations: Registrations, target: Target, body: Mapping[str, Any], source: Definition, what: str
) -> tuple[Registrations, str]:
    """The registrations with one of exactly this body, and its key.

    It is shared by the Region's services that need the same. `body` is `source` edited, `what` says how.
    """
    for index, registration in enumerate(registrations):
        is_near = registration.region == target.region and registration.family == source.family
        if is_near and taskdef.same(registration.body, body):
            shared = replace(registration, serves=(*registration.serves, target.name))
            return (*registrations[:index], shared, *registrations[index + 1 :]), registration.key
    registration = RegisterTaskDefinition(
        name=f"{source.family}#{len(registrations) + 1}",
        region=target.region,
        family=source.family,
        body=body,
        serves=(target.name,),
        source=source.arn,
        what=what,
    )
    return (*registrations, registration), registration.key
