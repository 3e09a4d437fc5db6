"""Which of what starts tasks by itself follows a plan, and to which revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.request import AUTO
from drone_deploy_ecs.core.steps.schedule.move import Move, MoveSchedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from drone_deploy_ecs.core.ecs.schedule import EcsTarget
    from drone_deploy_ecs.core.plan.runs import Runs
    from drone_deploy_ecs.core.plan.scheduled import Found
    from drone_deploy_ecs.core.request.request import Request


class Following(Struct, frozen=True, kw_only=True):
    """Those that follow a plan: the `steps` that move them; `others` of its families, which are left alone.

    `bare` has by Region and family those of both that run the family's newest revision, whichever that is.
    """

    steps: tuple[MoveSchedule, ...] = ()
    others: tuple[Problem, ...] = ()
    bare: dict[tuple[str, str], tuple[str, ...]] = {}


def following(request: Request, there: Sequence[Found], planned: tuple[Runs, ...]) -> Following | tuple[Problem, ...]:
    """What of it moves, or why that can't be said."""
    problems: dict[Problem, None] = {}
    steps, others = [], []
    bare: dict[tuple[str, str], tuple[str, ...]] = {}
    for each in there:
        if each.managed_by:
            continue
        near = [run for run in planned if run.region == each.region]
        ours = [target for target in each.scheduled.targets if target.family in {run.family for run in near}]
        for target in ours:
            if target.is_bare:
                key = each.region, target.family
                bare[key] = tuple(dict.fromkeys((*bare.get(key, ()), _step(request, each).shown)))
        moves = [(target, _revisions(request, near, target)) for target in ours]
        if any(len(revisions) > 1 for _, revisions in moves):
            what = (
                f"{each.name.words} runs family {ours[0].family}, of which services of this run get different revisions"
            )
            problems[Problem(what, "Give schedules to a run of one of them")] = None
        moved = tuple(
            Move(target=target.id, since=target.definition, to=definition, registration=registration)
            for target, revisions in moves
            for definition, registration in revisions
        )
        if moved:
            steps.append(replace(_step(request, each), moves=moved))
        elif request.schedules != AUTO:
            problems[_stranger(each, near)] = None
        elif ours:
            others.append(_other(each, ours[0]))
    return tuple(problems) or Following(steps=tuple(steps), others=tuple(others), bare=bare)


def _step(request: Request, each: Found) -> MoveSchedule:
    """What moves it, as yet nowhere."""
    return MoveSchedule(region=each.region, name=each.name, moves=(), is_alone=not request.further)


def _revisions(request: Request, near: Iterable[Runs], target: EcsTarget) -> set[tuple[str, str]]:
    """What it is to run: more than one where that can't be told, none where it is left alone."""
    of_family = [run for run in near if run.family == target.family]
    here = {run.revision for run in of_family if run.cluster == short(target.cluster)}
    return here if here or request.schedules == AUTO else {run.revision for run in of_family}


def _stranger(each: Found, near: Iterable[Runs]) -> Problem:
    families = " or ".join(dict.fromkeys(run.family for run in near))
    own = ", ".join(dict.fromkeys(target.family for target in each.scheduled.targets))
    runs_text = f"runs {own}" if own else "starts no ECS task"
    return Problem(f"{each.name.words} {runs_text}, and this run deploys {families}", "Leave it out of schedules")


def _other(each: Found, target: EcsTarget) -> Problem:
    what = f"{each.name.words} runs {short(target.definition)} in cluster {short(target.cluster)}"
    if target.is_bare:
        what = f"{what}, its newest revision: so it starts the new one as soon as that is registered"
        return Problem(what, "A run that fails deregisters that again")
    return Problem(what, "It is left alone; to move it, name it in schedules")
