"""The plan on paper: every step, its undo, and what changes in the task definition. No values, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.step import RegisterTaskDefinition
from drone_deploy_ecs.core.text import safe, span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.request import Request
    from drone_deploy_ecs.core.step import Plan, Target


INDENT = "   "


def render(request: Request, plan: Plan) -> str:
    """The whole plan, as `plan` and `dry_run` print it."""
    return "".join(f"{indent}{safe(text, 1000)}\n" for indent, text in _lines(request, plan))


def _lines(request: Request, plan: Plan) -> Iterator[tuple[str, str]]:
    yield "", f"Plan for cluster {request.cluster_name} in {request.access.region}; nothing has been written."
    for problem in plan.warnings:
        yield "", f"Warning: {problem}"
    for target in plan.unchanged:
        yield "", f"Service {target.name} runs {short(target.before)} already: nothing to do."
    for number, step in enumerate(plan.steps, 1):
        yield "", f"{number}. {step}."
        if isinstance(step, RegisterTaskDefinition):
            yield INDENT, f"For {', '.join(step.serves)}. Undo: none needed; the revision stays."
            continue
        target = step.target
        yield (
            INDENT,
            f"Now {short(target.before) or 'without a COMPLETED deployment'}, {tasks(target.desired)} desired.",
        )
        yield INDENT, f"Wait for that deployment to be PRIMARY and COMPLETED, at most {span(request.budget)}."
        yield INDENT, f"Undo: {_undo(request, target)}."
    for service, diff in plan.diffs:
        yield "", f"Task definition of {service}, against what it runs now:"
        yield from ((INDENT, one) for one in diff or ("nothing changes",))


def _undo(request: Request, target: Target) -> str:
    if not request.roll_back:
        return "none, rollbacks are disabled"
    if target.back.impossible:
        return f"impossible ({target.back.impossible})"
    if target.back.must_copy:
        return f"a copy of {short(target.back.definition)} ({target.back.must_copy})"
    return f"UpdateService back to {short(target.back.definition)}"
