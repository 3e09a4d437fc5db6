"""Why a service can't be deployed to; and where nothing speaks against it, what a plan may then rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.snapshot import Ready
from drone_deploy_ecs.core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.request.request import Request


def refine(request: Request, snapshots: Iterable[Snapshot]) -> tuple[tuple[Ready, ...], tuple[Problem, ...]]:
    """The services that are ready to be deployed to, and what is wrong with the others."""
    refined = [_refine(request, snapshot) for snapshot in snapshots]
    ready = tuple(result for result in refined if isinstance(result, Ready))
    return ready, tuple(result for result in refined if isinstance(result, Problem))


def _refine(request: Request, snapshot: Snapshot) -> Ready | Problem:
    """In order of what must be mended first."""
    service = snapshot.service
    if service is None:
        return _missing(snapshot)
    if problem := _not_served(snapshot.name, service):
        return problem
    primary, edited = service.primary, snapshot.edited
    if primary is None or edited is None:
        why = snapshot.unreadable or "it has no PRIMARY deployment"
        return Problem(f"the task definition of service {snapshot.name} can't be read: {why}", snapshot.advice)
    return _lacks_container(request, snapshot.name, edited) or Ready(
        ref=snapshot.ref,
        name=snapshot.name,
        service=service,
        primary=primary,
        edited=edited,
        before=snapshot.before,
        newest=snapshot.newest,
        listed=snapshot.listed,
        digest=snapshot.digest,
        unreadable=snapshot.unreadable,
    )


def _missing(snapshot: Snapshot) -> Problem:
    ref = snapshot.ref
    cluster = f"cluster {short(ref.cluster)} ({ref.region})"
    what = (
        f"no service in {cluster} matches {ref.asked}" if ref.is_pattern else f"service {ref.asked} isn't in {cluster}"
    )
    return Problem(what, "Check the service's name, the cluster and the region")


def _not_served(name: str, service: Service) -> Problem | None:
    if service.status != "ACTIVE":
        return Problem(f"service {name} is {service.status or 'not ACTIVE'}", "Create it again first")
    if service.controller != "ECS":
        whose = "CodeDeploy" if service.controller == "CODE_DEPLOY" else "its own controller"
        what = f"service {name} has the deployment controller {service.controller}; only ECS is served"
        return Problem(what, f"Deploy it with {whose}")
    if service.strategy != "ROLLING":
        what = f"service {name} has the deployment strategy {service.strategy}; only ROLLING is served yet"
        return Problem(what, "Set its deploymentConfiguration.strategy to ROLLING")
    return None


def _lacks_container(request: Request, name: str, edited: Definition) -> Problem | None:
    there = taskdef.containers(edited.body)
    if request.container in there:
        return None
    what = f"{short(edited.arn)} of service {name} has no container {request.container!r}"
    return Problem(what, f"It has: {', '.join(there) or 'none'}")
