"""The few names for programs: `request(**settings)`, `deploy(request) -> Report`. `docs/python.md` tells of them."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Mapping
from random import random
from typing import TYPE_CHECKING

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.aws.http import trusted
from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.event import Event
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.report.report import Report
from drone_deploy_ecs.core.request.request import Request
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.run.system import SystemClock, beside
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.settings.table import BY_NAME, PREFIX
from drone_deploy_ecs.settings.values import did_you_mean
from drone_deploy_ecs.web.get import Web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.ports import Listener

__all__ = ["Event", "ExitCode", "Refused", "Report", "Request", "Verdict", "deploy", "request"]


def request(**settings: str | float | Sequence[str] | Mapping[str, object]) -> Request:
    """The request that these settings make, by their names in the documentation.

    The environment tells the region, the CI system's build and branch, and credentials that mustn't be printed;
    PLUGIN_ variables don't count. Raises `Refused` with all problems; what is only dubious is a `UserWarning`.
    """
    unknown = [name for name in settings if name not in BY_NAME or BY_NAME[name].is_command]
    if unknown:
        raise Refused(tuple(Problem(f"{name} isn't a setting", did_you_mean(name, BY_NAME)) for name in unknown))
    outside = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    resolved, problems = resolve({name: _text(value) for name, value in settings.items()}, outside)
    if resolved.dry_run:
        raise Refused((Problem("dry_run prints a plan, and deploy() would deploy", "Leave it out"),))
    for problem in problems:
        warnings.warn(str(problem), stacklevel=2)
    return resolved


def _text(value: str | float | Sequence[str] | Mapping[str, object]) -> str:
    """As it would stand in a variable: True is "true", a list has commas, a mapping is JSON."""
    if isinstance(value, Mapping):
        return json.dumps(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ",".join(value)


def deploy(request: Request, listener: Listener | None = None) -> Report:
    """The whole run; `listener` is called with each event as it comes.

    Whatever becomes of it is in the report, also a refusal.
    """
    return Deployment(
        request, connect, SystemClock(), listener or _ignore, random, beside=beside, web=Web(trusted())
    ).deploy()


def _ignore(_event: Event) -> None:
    """Nobody listens."""
