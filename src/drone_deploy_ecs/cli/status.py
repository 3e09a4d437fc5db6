"""The action `status`: request → what there is to know of its services, as text, as JSON and as a page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from drone_deploy_ecs.cli.deploy import check_writable
from drone_deploy_ecs.cli.parser import PROGRAM
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.console import plain
from drone_deploy_ecs.output.status.json import as_json
from drone_deploy_ecs.output.status.text import render
from drone_deploy_ecs.output.status.words import Shown
from drone_deploy_ecs.run.status import read

if TYPE_CHECKING:
    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.core.request.request import Request


def status(edges: Edges, request: Request) -> int:
    """Show it. Nothing is written; a service that isn't there makes it 2."""
    for path in request.reports:
        check_writable(path)
    standings, absent, counted = read(request, edges.connect, edges.clock, plain.listener(edges.stderr))
    shown = Shown(edges.clock.now(), standings, absent, counted)
    stream = edges.stderr if "-" in request.reports else edges.stdout
    stream.write(render(shown))
    for path in request.reports:
        _write(edges, shown, path)
    return ExitCode.REFUSED if absent else ExitCode.DONE


def _write(edges: Edges, shown: Shown, path: str) -> None:
    text = _page(shown) if path.endswith(".html") else json.dumps(as_json(shown), indent=2, ensure_ascii=True) + "\n"
    if path == "-":
        edges.stdout.write(text)
        return
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        why = f"the report {safe(path)} could not be written: {error.strerror}"
        print(f"{PROGRAM}: warning: {why}", file=edges.stderr)


def _page(shown: Shown) -> str:
    # A tree of elements takes some modules that nothing else needs.
    from drone_deploy_ecs.output.status.page import page

    return page(shown)
