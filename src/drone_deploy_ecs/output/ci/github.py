"""GitHub Actions: outputs for the steps that follow, and an annotation. The summary is `pages.markdown`.

Workflow commands and their escapes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.output.ci import answer
from drone_deploy_ecs.output.ci.answer import Mood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.report.report import Report


def outputs(report: Report) -> str:
    """Lines for `GITHUB_OUTPUT`. No value has a line break, so that none needs a delimiter."""
    return "".join(f"{name}={value}\n" for name, value in answer.outputs(report).items())


def annotation(report: Report) -> str:
    """The command of a run that went wrong (`::error`), or waits for somebody (`::warning`), else "".

    GitHub shows it on the workflow run's page.
    """
    mood = answer.mood(report)
    if mood is Mood.GOOD:
        return ""
    if mood is Mood.WAITING:
        ways = [f"{service}: {way}" for service, way in answer.ways_on(report)[: 2 * answer.FEW]]
        return _command("warning", report.verdict.value, (answer.headline(report), *ways))
    why = [f"{what}. {do}" for what, do in answer.problems(report)]
    for failure in answer.failures(report):
        whose = f"{failure.service} ({failure.strategy})" if failure.strategy else failure.service
        why += [f"{whose}: {reason.what}" for reason in failure.reasons] or [f"{whose}: {failure.why}"]
    return _command("error", report.verdict.value, (answer.headline(report), *why[: answer.FEW]))


def refusal(problems: Sequence[Problem]) -> str:
    """The `::error` command of settings that make no run."""
    return _command("error", Verdict.REFUSED.value, [safe(str(problem)) for problem in problems])


def _command(name: str, title: str, lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    return f"::{name} title={_property(f'drone-deploy-ecs: {title}')}::{_message(text)}\n"


def _message(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _message(text).replace(":", "%3A").replace(",", "%2C")
