"""What preflight looks at: the services that are to be updated, and what exactly each is to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan.refusals import refine
from drone_deploy_ecs.core.plan.strategy import Plan
from drone_deploy_ecs.core.preflight.check import Subject
from drone_deploy_ecs.core.steps.native.update import RollBack
from drone_deploy_ecs.core.steps.rollout.update import UpdateService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.request.request import Request


def subjects(
    request: Request, snapshots: tuple[Snapshot, ...], plan: Plan | tuple[Problem, ...]
) -> tuple[Subject, ...]:
    """Those of the plan; where something speaks against it already, those that would have been updated."""
    if not isinstance(plan, Plan):
        ready, _ = refine(request, snapshots)
        return tuple(
            _subject(service.name, snapshots, service.revision.body) for service in ready if not service.runs_it
        )
    return tuple(_updated(plan, snapshots))


def _updated(plan: Plan, snapshots: tuple[Snapshot, ...]) -> Iterator[Subject]:
    """A deployment that is followed is under way already: nothing is refused there."""
    there = {
        definition.arn: definition.body
        for snapshot in snapshots
        for definition in (snapshot.edited, snapshot.before, snapshot.newest, *snapshot.listed, snapshot.asked)
        if isinstance(definition, Definition)
    }
    for step in plan.steps:
        # Where ECS itself takes a deployment back, the old tasks still run: nothing better could be done.
        if isinstance(step, UpdateService) and not isinstance(step, RollBack):
            name = step.target.name
            revision = plan.revisions.get(name)  # none where a switch goes on that an earlier run began
            body = revision.body if revision else there[step.definition]
            yield _subject(name, snapshots, body, step.desired)


def _subject(
    name: str, snapshots: tuple[Snapshot, ...], body: Mapping[str, Any], desired: int | None = None
) -> Subject:
    snapshot = next(snapshot for snapshot in snapshots if snapshot.name == name)
    service = snapshot.service
    assert service is not None
    return Subject(
        name=name,
        region=snapshot.ref.region,
        service=service,
        desired=service.desired if desired is None else desired,
        body=body,
        before=snapshot.before.body if snapshot.before else {},
    )
