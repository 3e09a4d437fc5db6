"""The actions `deploy` and `plan`: request → run → what people and machines read of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from drone_deploy_ecs.cli.main import LEFT
from drone_deploy_ecs.cli.parser import PROGRAM
from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.core.ports import Listener
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.output.notify.send import Receiver
    from drone_deploy_ecs.run.deployment import Deployment


def deploy(edges: Edges, request: Request) -> int:
    """The whole run; its exit code."""
    for path in request.reports:
        check_writable(path)
    receivers = _receivers(request)
    try:
        return _carry_out(edges, request, receivers)
    except Exception as error:
        error.add_note(LEFT)
        raise


def plan(edges: Edges, request: Request) -> int:
    """The plan on paper. Nothing is written."""
    from drone_deploy_ecs.output.console import plain
    from drone_deploy_ecs.output.console.plan import render

    edges.stdout.write(render(_deployment(edges, request, plain.listener(edges.stderr)).prepare()))
    return ExitCode.DONE


def _carry_out(edges: Edges, request: Request, receivers: Sequence[Receiver]) -> int:
    from drone_deploy_ecs.output.console.terminal import listening

    with listening(edges.stderr, edges.env, edges.clock) as listener:
        report = _deployment(edges, request, listener).deploy()
    for path in request.reports:
        _write_report(edges, report, path)
    _fill_pages(edges, request, report)
    _notify(edges, report, receivers)
    return report.exit_code


def _deployment(edges: Edges, request: Request, listener: Listener) -> Deployment:
    from drone_deploy_ecs.run.deployment import Deployment

    return Deployment(
        request,
        edges.connect,
        edges.clock,
        listener,
        edges.chance,
        cancellation=edges.cancellation,
        beside=edges.beside,
        web=edges.web,
    )


def check_writable(path: str) -> None:
    """Find out before the deployment, not after it."""
    if path == "-":
        return
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
    except OSError as error:
        raise Refused(
            (Problem(f"report {path!r} can't be written: {error.strerror}", "Give a path that can"),)
        ) from error


def _receivers(request: Request) -> Sequence[Receiver]:
    """Whom to tell at the end. An address that leads nowhere is found out before the deployment, not after it."""
    if not request.notify:
        return ()
    try:
        from drone_deploy_ecs.output.notify.send import receivers
    except ImportError as error:
        how = "Install drone-deploy-ecs[notify], or leave notify out: the plugin's image comes without Apprise"
        raise Refused((Problem("notify needs Apprise, which isn't installed", how),)) from error

    found, problems = receivers(request.notify)
    if problems:
        raise Refused(problems)
    return found


def _write_report(edges: Edges, report: Report, path: str) -> None:
    from drone_deploy_ecs.output.files import write

    try:
        write(report, path, edges.stdout)
    except OSError as error:
        why = f"the report {safe(path)} could not be written: {error.strerror}"
        print(f"{PROGRAM}: warning: {why}", file=edges.stderr)


def _fill_pages(edges: Edges, request: Request, report: Report) -> None:
    """Answer in the CI system's own page; whatever comes of that, the deployment is over."""
    stream = edges.stderr if "-" in request.reports else edges.stdout
    try:
        from drone_deploy_ecs.output.ci.put import fill

        for trouble in fill(report, edges.env, stream):
            print(f"{PROGRAM}: warning: {trouble}", file=edges.stderr)
    except Exception as error:
        why = f"the CI system's page could not be filled ({type(error).__name__})"
        print(f"{PROGRAM}: warning: {why}", file=edges.stderr)


def _notify(edges: Edges, report: Report, receivers: Sequence[Receiver]) -> None:
    """Tell those who want to know; whatever comes of that, the deployment is over."""
    if not receivers:
        return
    from drone_deploy_ecs.output.notify.message import message
    from drone_deploy_ecs.output.notify.send import send

    for trouble in send(message(report), receivers, edges.clock, edges.beside):
        print(f"{PROGRAM}: warning: {trouble}", file=edges.stderr)
