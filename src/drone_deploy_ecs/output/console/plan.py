"""The plan on paper: every step, its undo, and what changes in the task definition. No values, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.target import where
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.plan.strategy import Plan


INDENT = "   "


def render(plan: Plan) -> str:
    """The whole plan, as `plan` and `dry_run` print it."""
    return "".join(f"{indent}{safe(text, 1000)}\n" for indent, text in _lines(plan))


def _lines(plan: Plan) -> Iterator[tuple[str, str]]:
    yield "", f"Plan {where(plan.targets)}; nothing has been written."
    yield from (("", text) for text in _run_lines(plan))
    later = (step for stage in plan.afterwards for step in stage.steps)
    for number, step in enumerate((*plan.steps, *later), 1):
        yield "", f"{number}. {step}."
        yield from ((INDENT, f"{line}.") for line in step.explain())
    if plan.findings:
        yield "", "Preflight:"
    for finding in plan.findings:
        yield INDENT, f"{finding.result.value}: {finding.problem}"
    for service, diff in plan.diffs:
        yield "", f"Task definition of {service}, against {plan.compared_with}:"
        yield from ((INDENT, line) for line in diff or ("nothing changes",))


def _run_lines(plan: Plan) -> Iterator[str]:
    request = plan.request
    if request.canaries:
        yield f"The first {request.canaries} of {len(plan.targets)} must be completed before the others begin."
    if request.max_parallel:
        yield f"At most {request.max_parallel} of them roll out at the same time."
    if plan.summary:
        yield f"{plan.summary}."
    for problem in plan.warnings:
        yield f"Warning: {problem}"
    for target in plan.unchanged:
        yield f"Service {target.name} runs {short(target.before)} {plan.at_rest.one}."
