"""GitHub Actions: outputs for the steps that follow, and an annotation. The summary is `pages.markdown`.

Workflow commands and their escapes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.output.ci import answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.report.report import Report


def outputs(report: Report) -> str:
    """Lines for `GITHUB_OUTPUT`. No value has a line break, so that none needs a delimiter."""
    return "".join(f"{name}={value}\n" for name, value in answer.outputs(report).items())


def annotation(report: Report) -> str:
    """The `::error` command of a run that went wrong, else "". GitHub shows it on the workflow run's page."""
    if answer.went_well(report):
        return ""
    why = [f"{what}. {do}" for what, do in answer.problems(report)]
    for failure in answer.failures(report):
        whose = f"{failure.service} ({failure.strategy})" if failure.strategy else failure.service
        why += [f"{whose}: {reason.what}" for reason in failure.reasons] or [f"{whose}: {failure.why}"]
    return _error(report.verdict.value, (answer.headline(report), *why[: answer.FEW]))


def refusal(problems: Sequence[Problem]) -> str:
    """The `::error` command of settings that make no run."""
    return _error(Verdict.REFUSED.value, [safe(str(problem)) for problem in problems])


def _error(title: str, lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    return f"::error title={_property(f'drone-deploy-ecs: {title}')}::{_message(text)}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
