"""Snapshot + Request → Plan: what will be written, step by step, or every reason to refuse.

This is the rolling deployment's; `bluegreen` plans the one over two services.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drone_deploy_ecs.core import taskdef
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.step import FollowDeployment, Plan, RegisterTaskDefinition, ServiceStep, Stage, UpdateService
from drone_deploy_ecs.core.target import Target, WayBack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from drone_deploy_ecs.core.ecs import Service
    from drone_deploy_ecs.core.places import Place
    from drone_deploy_ecs.core.request import Image, Request
    from drone_deploy_ecs.core.taskdef import Definition


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One service as found, before anything was written; `name` is what people read for it.

    `edited` is PRIMARY's definition, where the edit starts; `before` that of the last COMPLETED deployment, where a
    rollback goes; `newest` the family's newest revision; `listed` those of all its deployments; `digest` that of the
    image which `before`'s tasks run (read only when a rollback would otherwise fetch the same tag again). `unreadable`
    says why a definition couldn't be read, `advice` what to do about that.
    """

    place: Place
    name: str
    service: Service | None
    edited: Definition | None = None
    before: Definition | None = None
    newest: Definition | None = None
    listed: tuple[Definition, ...] = ()
    digest: str = ""
    unreadable: str = ""
    advice: str = "Check that ecs:DescribeTaskDefinition is allowed"


def plan(request: Request, snapshots: Sequence[Snapshot]) -> Plan | tuple[Problem, ...]:
    """The plan of a rolling deployment, or all the reasons why nothing may be written."""
    problems = tuple(problem for one in snapshots for problem in refusals(request, one))
    if problems:
        return problems
    registrations: list[RegisterTaskDefinition] = []
    updates: list[ServiceStep] = []
    unchanged: list[Target] = []
    diffs: list[tuple[str, tuple[str, ...]]] = []
    for one in snapshots:
        step = _step(request, one, registrations)
        if isinstance(step, Target):
            unchanged.append(step)
            continue
        updates.append(step)
        diffs.append((step.target.name, _diff(request, one)))
    return Plan(
        stages=tuple(Stage(tuple(steps)) for steps in (registrations, *waves(request, updates)) if steps),
        unchanged=tuple(unchanged),
        warnings=tuple(warning for one in snapshots for warning in warnings(request, one)),
        diffs=tuple(diffs),
    )


def waves(request: Request, updates: Sequence[ServiceStep]) -> Iterator[Sequence[ServiceStep]]:
    """What goes together: the canaries first, then Region by Region."""
    yield updates[: request.canaries]
    rest = updates[request.canaries :]
    for access in request.regions:
        yield [one for one in rest if one.target.region == access.region]


def refusals(request: Request, one: Snapshot) -> tuple[Problem, ...]:
    """Why this service can't be deployed to, in order of what must be mended first."""
    service = one.service
    if service is None:
        cluster = f"cluster {short(one.place.cluster)} ({one.place.region})"
        what = "no service in {} matches {}" if one.place.is_pattern else "service {1} isn't in {0}"
        return (Problem(what.format(cluster, one.place.asked), "Check the service's name, the cluster and the region"),)
    if service.status != "ACTIVE":
        return (Problem(f"service {one.name} is {service.status or 'not ACTIVE'}", "Create it again first"),)
    if service.controller != "ECS":
        return (Problem(
            f"service {one.name} has the deployment controller {service.controller}; only ECS is served",
            "Deploy it with CodeDeploy" if service.controller == "CODE_DEPLOY" else "Deploy it with its own controller"),
        )  # fmt: skip
    if service.strategy != "ROLLING":
        return (Problem(f"service {one.name} has the deployment strategy {service.strategy}; only ROLLING is served yet",
                        "Set its deploymentConfiguration.strategy to ROLLING"),)  # fmt: skip
    if one.edited is None:
        why = one.unreadable or "it has no PRIMARY deployment"
        return (Problem(f"the task definition of service {one.name} can't be read: {why}", one.advice),)
    there = taskdef.containers(one.edited.body)
    if request.container not in there:
        return (Problem(f"{short(one.edited.arn)} of service {one.name} has no container {request.container!r}",
                        f"It has: {', '.join(there) or 'none'}"),)  # fmt: skip
    return ()


def warnings(request: Request, one: Snapshot) -> tuple[Problem, ...]:
    """What a person would want to know before this service is written to."""
    service = one.service
    assert service is not None
    assert service.primary is not None
    found = []
    if service.desired == 0 and service.scheduling == "REPLICA":
        found.append(Problem(f"{one.name} has desired count 0", "Nothing will be started, so nothing will be proved"))
    settled = service.last_completed
    if settled is None and one.before is None:
        found.append(Problem(f"{one.name} has no COMPLETED deployment", "If this fails there is nothing to go back to"))
    elif settled is None:
        found.append(Problem(
            f"{one.name} has no COMPLETED deployment any more; by ECS's events the last one was {short(one.before.arn) if one.before else ''}",
            "A rollback goes to it"))  # fmt: skip
    elif settled.id != service.primary.id:
        found.append(Problem(
            f"{one.name} has another deployment in progress ({service.primary.id}, {short(service.primary.task_definition)})",
            f"The edit starts from it; a rollback goes to {short(settled.task_definition)}"))  # fmt: skip
    back = _way_back(request, one)
    if back.impossible and one.before is not None:
        found.append(
            Problem(
                f"{one.name} could not be rolled back: {back.impossible}",
                "Deploy by digest, or with a tag of its own",
            )
        )
    elif back.must_copy:
        found.append(
            Problem(
                f"{one.name} would be rolled back to a copy of {short(one.before.arn) if one.before else ''}",
                back.must_copy,
            )
        )
    return tuple(found)


def _step(request: Request, one: Snapshot, registrations: list[RegisterTaskDefinition]) -> ServiceStep | Target:
    """The step for one service, adding to `registrations` what it needs; a bare Target if nothing is to be done."""
    assert one.service is not None
    assert one.edited is not None
    primary = one.service.primary
    assert primary is not None
    target = _target(request, one)
    body = taskdef.with_image(one.edited.body, request.container, request.image.reference)
    same_as_now = taskdef.same(body, one.edited.body)
    if same_as_now and (request.image.digest or request.skip_unchanged):
        is_settled = one.service.last_completed is primary
        if is_settled and primary.is_at_full_count:
            return target
        if is_settled:
            target = replace(target, back=WayBack(impossible="it ran this before"))
        if primary.rollout_state != "FAILED":
            return FollowDeployment(target=target, definition=primary.task_definition, deployment=primary.id)
    found = existing(body, (one.edited, one.before, one.newest, *one.listed))
    if found:
        return UpdateService(target=target, definition=found.arn, force=found.arn == primary.task_definition)
    what = "the same content, as it was deregistered" if same_as_now else change(request, one.edited)
    key = register(registrations, body, target, one.edited, what)
    return UpdateService(target=target, definition=key, force=False)


def existing(body: Mapping[str, Any], candidates: Iterable[Definition | None]) -> Definition | None:
    """A usable revision that already is this, so that none is registered twice."""
    return next((one for one in candidates if one and one.active and taskdef.same(one.body, body)), None)


def change(request: Request, edited: Definition) -> str:
    """What an edit changes, for people."""
    was = taskdef.containers(edited.body)[request.container]
    return f"container {request.container}'s image {request.image.reference} (was {was})"


def register(
    registrations: list[RegisterTaskDefinition], body: Mapping[str, Any], target: Target, source: Definition, what: str
) -> str:
    """The key of a registration of exactly this body, shared with the Region's other services that need the same."""
    for place, one in enumerate(registrations):
        if one.region == target.region and one.family == source.family and taskdef.same(one.body, body):
            registrations[place] = replace(one, serves=(*one.serves, target.name))
            return one.key
    key = f"{source.family}#{len(registrations) + 1}"
    registrations.append(
        RegisterTaskDefinition(
            key=key,
            region=target.region,
            family=source.family,
            body=body,
            serves=(target.name,),
            source=source.arn,
            what=what,
        )
    )
    return key


def _target(request: Request, one: Snapshot) -> Target:
    settled = one.service.last_completed if one.service else None
    before = settled.task_definition if settled else one.before.arn if one.before else ""
    return as_target(one, before, _way_back(request, one))


def as_target(one: Snapshot, before: str, back: WayBack) -> Target:
    """The service as a step's target, once nothing speaks against that (`refusals`)."""
    service = one.service
    assert service is not None
    assert one.edited is not None
    return Target(
        name=one.name,
        service=service.name,
        asked=one.place.asked,
        cluster=one.place.cluster,
        region=one.place.region,
        desired=service.desired,
        warm_up=0.0 if service.is_load_balanced else taskdef.warm_up(one.edited.body),
        before=before,
        known=frozenset(deployment.id for deployment in service.deployments),
        back=back,
    )


def _way_back(request: Request, one: Snapshot) -> WayBack:
    if one.before is None:
        return WayBack(impossible=one.unreadable or "it has no COMPLETED deployment to go back to")
    image = taskdef.containers(one.before.body).get(request.container, "")
    if image == request.image.reference and not request.image.digest:
        return _copied(_pinned(request.image, request.container, one.before, one.digest), one)
    must_copy = "" if one.before.active else f"{short(one.before.arn)} has been deregistered"
    return _copied(WayBack(definition=one.before.arn, body=one.before.body, must_copy=must_copy), one)


def _copied(back: WayBack, one: Snapshot) -> WayBack:
    """To the copy that a way back needs, where an earlier run has registered it already."""
    copy = existing(back.body, (*one.listed, one.newest)) if back.body is not None and back.must_copy else None
    return replace(back, definition=copy.arn, must_copy="") if copy else back


def _pinned(image: Image, container: str, before: Definition, digest: str) -> WayBack:
    """Going back to the same tag would fetch the same image again: only its former digest is a way back."""
    if not digest:
        return WayBack(impossible=f"{short(before.arn)} names the same tag, and the digest its tasks run isn't known")
    body = taskdef.with_image(before.body, container, image.pinned_to(digest))
    return WayBack(
        definition=before.arn, body=body, must_copy=f"The same tag is pinned to what runs now, {digest[:19]}…"
    )


def _diff(request: Request, one: Snapshot) -> tuple[str, ...]:
    """Against what the service settled on last (what a rollback would bring back), so that nothing is hidden."""
    assert one.edited is not None
    body = taskdef.with_image(one.edited.body, request.container, request.image.reference)
    return taskdef.diff((one.before or one.edited).body, body)
