"""The plan on paper: every step, its undo, and what changes in the task definition. No values, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.step import (
    FollowDeployment,
    Hold,
    RegisterScalableTarget,
    RegisterTaskDefinition,
    Scale,
    UpdateService,
)
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe, span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.step import Handover, Plan, ServiceStep, Step
    from drone_deploy_ecs.core.target import Target


INDENT = "   "


def render(request: Request, plan: Plan) -> str:
    """The whole plan, as `plan` and `dry_run` print it."""
    return "".join(f"{indent}{safe(text, 1000)}\n" for indent, text in _lines(request, plan))


def _lines(request: Request, plan: Plan) -> Iterator[tuple[str, str]]:
    yield "", f"Plan {where(plan.targets)}; nothing has been written."
    if request.canaries:
        yield "", f"The first {request.canaries} of {len(plan.targets)} must be completed before the others begin."
    if request.max_parallel:
        yield "", f"At most {request.max_parallel} of them roll out at the same time."
    if plan.handover:
        yield "", f"{plan.handover}."
    for problem in plan.warnings:
        yield "", f"Warning: {problem}"
    for target in plan.unchanged:
        yield "", f"Service {target.name} runs {short(target.before)} already: nothing to do."
    for number, (step, after) in enumerate(_timed(request, plan), 1):
        yield "", f"{number}. {step}{after}."
        for line in _explained(request, plan.handover, step):
            yield INDENT, f"{line}."
    for service, diff in plan.diffs:
        what = "what serves now" if plan.handover else "what it runs now"
        yield "", f"Task definition of {service}, against {what}:"
        yield from ((INDENT, one) for one in diff or ("nothing changes",))


def _timed(request: Request, plan: Plan) -> Iterator[tuple[Step, str]]:
    """The steps; those that take tasks away with their earliest time."""
    switch = request.blue_green
    passed = switch.checks * switch.check_interval if switch else 0.0
    for step in plan.steps:
        is_timed = isinstance(step, Scale) and step.takes_away and plan.handover
        yield (
            step,
            f", {span(passed)} after {plan.handover.idle.name} is up at the earliest"
            if is_timed and plan.handover
            else "",
        )
        passed += step.seconds if isinstance(step, Hold) else 0.0


def _explained(request: Request, handover: Handover | None, step: Step) -> Iterator[str]:
    match step:
        case RegisterTaskDefinition():
            yield f"For {', '.join(step.serves)}. Undo: none needed; the revision stays"
        case UpdateService() | FollowDeployment():
            target = step.target
            yield f"Now {short(target.before) or 'without a COMPLETED deployment'}, {tasks(target.desired)} desired"
            yield _until(request, step)
            yield f"Undo: {_undo(request, target)}{', with 0 tasks' if handover else ''}"
        case Scale():
            count = handover.count if handover and step.takes_away else step.was
            yield f"Undo: back to {tasks(count or 0)}"
        case RegisterScalableTarget():
            found = handover and (handover.live_limits if step.target == handover.live else handover.idle_limits)
            yield f"Undo: {found or 'none'}"
        case Hold():
            return
        case never:
            assert_never(never)


def _until(request: Request, step: ServiceStep) -> str:
    counted = f" with {tasks(step.desired)}" if step.desired else ""
    said = f"Wait for that deployment to be PRIMARY and COMPLETED{counted}, at most {span(request.budget)}"
    switch = request.blue_green
    if switch is None or not switch.checks:
        return said
    return f"{said}; then for {switch.checks} checks in a row, {span(switch.check_interval)} apart"


def _undo(request: Request, target: Target) -> str:
    if not request.roll_back:
        return "none, rollbacks are disabled"
    if target.back.impossible:
        return f"impossible ({target.back.impossible})"
    if target.back.must_copy:
        return f"a copy of {short(target.back.definition)} ({target.back.must_copy})"
    return f"UpdateService back to {short(target.back.definition)}"
