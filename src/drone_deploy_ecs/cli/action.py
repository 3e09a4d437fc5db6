"""One action, named on the command line or by the setting `action`: settings → request → what carries it out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.cli.main import command
from drone_deploy_ecs.cli.parser import PROGRAM
from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.settings.actions import ACTIONS
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.settings.table import PREFIX, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.cli.edges import Edges


def act(edges: Edges, options: Mapping[str, Any]) -> int:
    """The action, or its plan; the exit code."""
    flags = {setting.name: options.get(setting.name, "") for setting in SETTINGS}
    try:
        request, warnings = resolve(flags, edges.env)
    except Refused as refusal:
        raise Refused((*_nothing_given(edges, options), *refusal.problems)) from None
    for problem in warnings:
        print(f"{PROGRAM}: warning: {safe(str(problem), 1000)}", file=edges.stderr)
    action = ACTIONS[request.action]
    return command((request.dry_run and action.plan) or action.command)(edges, request)


def _nothing_given(edges: Edges, options: Mapping[str, Any]) -> Iterator[Problem]:
    """The bare command, typed by somebody who doesn't know it yet."""
    if "action" not in options and not any(name.startswith(PREFIX) for name in edges.env):
        yield Problem(f"neither an action nor a {PREFIX} variable is given", f"See {PROGRAM} --help")
