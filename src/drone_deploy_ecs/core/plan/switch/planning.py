"""From the two sides as found to the stages: of a switch, or of what is left of one that was interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.diff import diff
from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.plan import tasks as tasks_of
from drone_deploy_ecs.core.plan import terms
from drone_deploy_ecs.core.plan.probes import probes
from drone_deploy_ecs.core.plan.revision import pointed_at, unattested
from drone_deploy_ecs.core.plan.switch.sides import warnings
from drone_deploy_ecs.core.plan.switch.stages import hold_capacity, one_by_one, scale_down_steps, timed
from drone_deploy_ecs.core.plan.switch.switch import Switch
from drone_deploy_ecs.core.plan.way_back import undo_sentence
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.text import tasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from drone_deploy_ecs.core.plan.revision import Registrations, Revision
    from drone_deploy_ecs.core.plan.switch.sides import Side
    from drone_deploy_ecs.core.request.request import BlueGreen, Request
    from drone_deploy_ecs.core.steps.rollout.terms import Terms
    from drone_deploy_ecs.core.steps.step import Step


class Draft(NamedTuple):
    """What a plan is made of, once the sides are known."""

    switch: Switch
    stages: tuple[Stage, ...]
    warnings: tuple[Problem, ...]
    diffs: tuple[tuple[str, tuple[str, ...]], ...] = ()
    revisions: Mapping[str, Revision] = {}


def draft(request: Request, settings: BlueGreen, live: Side, idle: Side) -> Draft:
    """The idle side gets the new revision and the live side's count; once it has proved itself, the other gives way."""
    base = live if live.edited.family == idle.edited.family else idle
    revision = base.ready.revision
    switch = _switch(settings, live, idle)
    update, registrations = _update(request, settings, switch, idle, revision)
    capacity = hold_capacity(switch, idle.limits)
    asked = probes(request, (update,), beside=(live.name,))
    down = scale_down_steps(switch, live.desired, settings.wait)
    return Draft(
        switch=switch,
        stages=_stages(
            settings,
            switch,
            (*one_by_one(registrations), *one_by_one(_before(request, update, revision.body, live))),
            (update, *capacity, *asked),
            (*_after(request, update, revision.body, idle), *down),
        ),
        warnings=(*warnings(live, idle), *unattested(idle.name, revision)),
        diffs=((idle.name, diff(live.edited.body, revision.body)),),
        revisions={idle.name: revision},
    )


def draft_rest(request: Request, settings: BlueGreen, live: Side, idle: Side) -> Draft:
    """The stages that are left, from where an interrupted run left the two sides."""
    switch = _switch(settings, live, idle)
    what = f"an earlier run was interrupted: {idle} has {request.brief} already, beside {live}"
    follow, capacity = tuple(_resume(request, settings, switch, live, idle)), hold_capacity(switch, idle.limits)
    updates = [step for step in follow if isinstance(step, UpdateService | FollowDeployment)]
    asked = probes(request, updates, beside=(live.name,))
    wait = settings.wait if live.desired >= idle.desired else settings.interval
    down = scale_down_steps(switch, live.desired, wait)
    return Draft(
        switch=switch,
        stages=_stages(
            settings,
            switch,
            one_by_one(_before(request, follow[0], idle.edited.body, live)),
            (*follow, *capacity, *asked),
            (*_after(request, follow[0], idle.edited.body, idle), *down),
        ),
        warnings=(Problem(what, "This one goes on from there"), *warnings(live, idle)),
    )


def _stages(
    settings: BlueGreen, switch: Switch, first: Iterable[Stage], up: Iterable[Step], down: Iterable[Step]
) -> tuple[Stage, ...]:
    stages = (*first, Stage(tuple(up)), *one_by_one(down))
    return tuple(timed(switch, stages, settings.checks * settings.check_interval))


def _before(request: Request, update: Step, body: Mapping[str, Any], live: Side) -> Iterator[Step]:
    """The one-off task before the update, launched as what serves is; what is only followed had its own."""
    if request.before and isinstance(update, UpdateService):
        yield tasks_of.one_off(request, tasks_of.BEFORE, update, body=body, like=live.ready.service)


def _after(request: Request, update: Step, body: Mapping[str, Any], idle: Side) -> Iterator[Step]:
    """The one-off task once the new side is up, before anything is taken away from the other."""
    if request.after and isinstance(update, UpdateService | FollowDeployment):
        yield tasks_of.one_off(request, tasks_of.AFTER, update, body=body, like=idle.ready.service)


def _switch(settings: BlueGreen, live: Side, idle: Side) -> Switch:
    """The switch as a value; autoscaling that an interrupted run has suspended is resumed afterwards."""
    own = live.limits
    if idle.was_left_suspended and idle.limits and own:
        own = Limits(idle.limits.minimum, idle.limits.maximum)
    elif own and not idle.is_idle:
        own = Limits(own.minimum, own.maximum)
    # A maximum of 0 is what the Go plugin left on the idle side: nothing could ever scale there.
    widest = idle.limits if idle.limits and (idle.limits.maximum or not own) else own
    return Switch(
        live=live.target,
        idle=idle.target,
        count=max(live.desired, idle.desired),
        percent=settings.percent,
        interval=settings.interval,
        live_limits=own,
        idle_limits=Limits(0, widest.maximum) if widest else None,
    )


def _terms(request: Request, settings: BlueGreen, at_least: int) -> Terms:
    """The terms: at least so many tasks, checks in a row, and no death of a container until the run is over."""
    return replace(
        terms.forward(request),
        at_least=at_least,
        checks=settings.checks,
        check_interval=settings.check_interval,
        must_stay=True,
    )


def _undo_sentence(request: Request, switch: Switch) -> str:
    return f"{undo_sentence(request, switch.idle)}, with 0 tasks"


def _update(
    request: Request, settings: BlueGreen, switch: Switch, idle: Side, revision: Revision
) -> tuple[UpdateService, Registrations]:
    """The new revision and the count in one write: so its tasks are a deployment of their own, which must complete."""
    update = UpdateService(
        target=switch.idle,
        terms=_terms(request, settings, switch.count),
        desired=switch.count,
        undo=_undo_sentence(request, switch),
    )
    return pointed_at(update, revision, idle.ready.candidates, ())


def _resume(request: Request, settings: BlueGreen, switch: Switch, live: Side, idle: Side) -> Iterator[Step]:
    """The interrupted deployment is followed, and scaled up where it is short; a failed one is repeated."""
    begun, desired = idle.primary, max(idle.desired, live.desired)
    update = UpdateService(
        target=switch.idle,
        terms=_terms(request, settings, desired),
        definition=begun.task_definition,
        force=True,
        desired=desired,
        undo=_undo_sentence(request, switch),
    )
    if begun.rollout_state == "FAILED":
        yield update
        return
    yield FollowDeployment(
        target=update.target,
        terms=update.terms,
        definition=update.definition,
        deployment=begun.id,
        desired=desired,
        undo=update.undo,
    )
    if idle.desired < live.desired:
        ours = replace(switch.idle, known=frozenset({begun.id}))
        yield Scale(target=ours, expected=idle.desired, to=live.desired, undo=f"back to {tasks(idle.desired)}")
