"""The action `rehearse`: the real services are read, and this very plan is run on simulated ones like them."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.report.rehearsal import ALONE, Rehearsal, Rehearsed, Trial
from drone_deploy_ecs.core.request.edits.images import SetImages
from drone_deploy_ecs.core.request.image import Image
from drone_deploy_ecs.output.console import plain
from drone_deploy_ecs.output.console.rehearsal import render
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.clock import VirtualClock
from drone_deploy_ecs.simulator.observer import Observer
from drone_deploy_ecs.simulator.rehearsal import AFTER, CONTAINER, FATES, GOOD, has_check, left_alone, paces, simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.core.plan.snapshot import Ready
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.simulator.rehearsal import Fate
    from drone_deploy_ecs.simulator.world import World

TRIALS = 5
"""Runs of each kind of image, each with other luck."""


def rehearse(edges: Edges, request: Request) -> int:
    """Print what came of it. Nothing is written, and what would be refused is refused here, too."""
    deployment = Deployment(
        request,
        edges.connect,
        edges.clock,
        plain.listener(edges.stderr),
        edges.chance,
        beside=edges.beside,
        web=edges.web,
    )
    plan = deployment.prepare()
    services = deployment.ready
    results = tuple(rehearsed(plan.request, services, fate) for fate in FATES)
    rehearsal = Rehearsal(
        results=results,
        budget=request.budget,
        rollouts=sum(len(paces(service.service)) for service in services),
        unchecked=tuple(service.name for service in services if not has_check(service)),
    )
    edges.stdout.write(render(plan, rehearsal))
    return ExitCode.DONE


def rehearsed(request: Request, services: Sequence[Ready], fate: Fate) -> Rehearsed:
    """What comes of an image with that fate, in five trials and with ECS alone."""
    trials = [_trial(request, services, fate, luck) for luck in range(TRIALS)]
    return Rehearsed(fate=fate.name, trials=tuple(trials), alone=None if fate is GOOD else _alone(services, fate))


def _trial(request: Request, services: Sequence[Ready], fate: Fate, luck: int) -> Trial:
    worlds = _worlds(services, fate, luck)
    clock = next(iter(worlds.values())).clock
    observer = Observer(worlds.values())
    chance = Random(luck)  # noqa: S311  luck, not a secret
    run = Deployment(
        _asked(request), lambda access: SimulatedAws(worlds[access.region]), clock, lambda _: None, chance.random
    )
    report = run.deploy()
    fewest = observer.fewest
    return Trial(
        verdict=report.verdict,
        decided_after=_decided_after(report),
        took=clock.monotonic(),
        fewest=fewest.healthy,
        desired=fewest.desired,
        short_for=fewest.short_for,
    )


def _worlds(services: Sequence[Ready], fate: Fate, luck: int) -> dict[str, World]:
    """A world for each Region, all on one clock."""
    by_region: dict[str, list[Ready]] = {}
    for service in services:
        by_region.setdefault(service.ref.region, []).append(service)
    clock = VirtualClock()
    return {region: simulated(there, fate, luck, clock) for region, there in by_region.items()}


def _asked(request: Request) -> Request:
    """The same for the simulated services, where one container stands for all, without what is run beside them."""
    image = Image.parse(AFTER)
    assert image is not None
    return replace(
        request,
        action="deploy",
        probes=(),
        probe_expect="",
        containers=(CONTAINER,),
        edits=(SetImages(((CONTAINER, image),)),),
        revision="",
        colours=None,
        before=(),
        after=(),
        preflight="off",
        log_lines=0,
        schedules=(),
    )


def _decided_after(report: Report) -> float:
    """Seconds until the verdict on the run was clear: the first service that failed, or the last that was completed."""
    verdicts = [event.at for event in report.timeline if event.kind is Kind.VERDICT]
    end = report.finished_at if report.verdict.is_good or not verdicts else verdicts[0]
    return (end - report.started_at).total_seconds()


def _alone(services: Sequence[Ready], fate: Fate) -> float | None:
    """Seconds until ECS itself says that a deployment with nobody watching has failed; None where it never does."""
    world = next(iter(_worlds(services[:1], fate, 0).values()))
    deployment = left_alone(world, ALONE)
    return deployment.updated - deployment.created if deployment.state == "FAILED" else None
