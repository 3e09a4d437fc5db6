"""What follows a good verdict: of the families that were deployed, old revisions that nothing uses are deregistered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan.runs import runs
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.steps.unused.deregister import DeregisterUnused, Family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.plan.strategy import Plan


def cleanup(plan: Plan, snapshots: Sequence[Snapshot], keep: int) -> tuple[Stage, ...]:
    """The stage that follows the plan, if any: a step a Region, which leaves the newest `keep` of each family.

    What runs the new version already counts as deployed: what an earlier run left undone is done then.
    """
    steps = (
        DeregisterUnused(
            region=access.region,
            families=families,
            keep=keep,
            is_alone=not plan.request.further,
        )
        for access in plan.request.regions
        if (families := tuple(_families(plan, access.region, snapshots)))
    )
    stage = Stage(tuple(steps))
    return (stage,) if stage.steps else ()


def _families(plan: Plan, region: str, snapshots: Iterable[Snapshot]) -> Iterator[Family]:
    known = tuple(definition for found in snapshots if found.ref.region == region for definition in _read(found))
    used = frozenset(short(revision) for revision in _used(plan, region))
    for name in dict.fromkeys(run.family for run in runs(plan) if run.region == region):
        numbers = (short(definition.arn).rpartition(":")[2] for definition in known if definition.family == name)
        newest = max((int(number) for number in numbers if number.isdecimal()), default=0)
        yield Family(name, newest, used)


def _read(found: Snapshot) -> Iterator[Definition]:
    for definition in (found.edited, found.before, found.newest, found.asked, *found.listed):
        if isinstance(definition, Definition):
            yield definition


def _used(plan: Plan, region: str) -> Iterator[str]:
    """The revisions that this run deploys, and those that it would go back to."""
    yield from (run.definition for run in runs(plan) if run.region == region and run.definition)
    for target in plan.targets:
        if target.region == region:
            yield from filter(None, (target.before, target.back.definition))
