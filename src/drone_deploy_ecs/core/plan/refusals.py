"""Why a service can't be deployed to; and where nothing speaks against it, what a plan may then rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.plan.revision import Revision, revision
from drone_deploy_ecs.core.plan.snapshot import Ready
from drone_deploy_ecs.core.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.request.request import Request

WATCH = "watch its service deployment in the ECS console"


def refine(request: Request, snapshots: Iterable[Snapshot]) -> tuple[tuple[Ready, ...], tuple[Problem, ...]]:
    """The services that are ready to be deployed to, and what is wrong with the others."""
    refined = [_refine(request, snapshot) for snapshot in snapshots]
    ready = tuple(result for result in refined if isinstance(result, Ready))
    # What is wrong with a revision that several services share is said once.
    return ready, tuple(dict.fromkeys(problem for result in refined if isinstance(result, tuple) for problem in result))


def _refine(request: Request, snapshot: Snapshot) -> Ready | tuple[Problem, ...]:
    """In order of what must be mended first."""
    service = snapshot.service
    if service is None:
        return (_missing(snapshot),)
    if problem := _not_served(request, snapshot, service):
        return (problem,)
    primary, edited = service.primary, snapshot.edited
    if primary is None or edited is None:
        why = snapshot.unreadable or "it has no PRIMARY deployment"
        return (Problem(f"the task definition of service {snapshot.name} can't be read: {why}", snapshot.advice),)
    wanted = revision(request, snapshot.name, edited, snapshot.asked)
    if not isinstance(wanted, Revision):
        return wanted
    return Ready(
        ref=snapshot.ref,
        name=snapshot.name,
        service=service,
        primary=primary,
        edited=edited,
        revision=wanted,
        before=snapshot.before,
        newest=snapshot.newest,
        listed=snapshot.listed,
        digests=snapshot.digests,
        unreadable=snapshot.unreadable,
    )


def _missing(snapshot: Snapshot) -> Problem:
    ref = snapshot.ref
    cluster = f"cluster {short(ref.cluster)} ({ref.region})"
    what = (
        f"no service in {cluster} matches {ref.asked}" if ref.is_pattern else f"service {ref.asked} isn't in {cluster}"
    )
    return Problem(what, "Check the service's name, the cluster and the region")


def _not_served(request: Request, snapshot: Snapshot, service: Service) -> Problem | None:
    """What kind of service it is, where none that is followed, and what deploys it as it is."""
    name = f"service {snapshot.name}"
    if service.status != "ACTIVE":
        return Problem(f"{name} is {service.status or 'not ACTIVE'}", "Create it again first")
    if service.controller == "CODE_DEPLOY":
        what = f"{name} has the deployment controller CODE_DEPLOY: CodeDeploy deploys it, and ECS refuses to"
        return Problem(what, "Create its deployment with CodeDeploy, and watch it in the CodeDeploy console")
    if service.controller != "ECS":
        what = f"{name} has the deployment controller {service.controller}: not ECS but another program deploys it"
        return Problem(what, "Deploy it with the program that makes its task sets")
    if service.resource_management == "ECS":
        what = f"{name} is managed by ECS Express Mode (resourceManagementType ECS), whose own update call changes it"
        return Problem(what, f"Deploy it by `aws ecs update-express-gateway-service`, and {WATCH}")
    if service.strategy.shifts and (request.blue_green or request.colours):
        what = f"{name} has the deployment strategy {service.strategy.name}: it has both sides in itself"
        return Problem(what, "Deploy it with mode: rolling, which follows that strategy")
    return None
