"""The report in a file, or as JSON on standard output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from drone_deploy_ecs.core.report.json import as_json

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report


def write(report: Report, to: str, stdout: TextIO) -> None:
    """Write it to the path `to`: a page where that ends in .html, else JSON; "-" is `stdout`. Raises OSError."""
    if to == "-":
        stdout.write(_json(report))
    else:
        Path(to).write_text(_page(report) if to.endswith(".html") else _json(report), encoding="utf-8")


def _json(report: Report) -> str:
    return json.dumps(as_json(report), indent=2, ensure_ascii=True) + "\n"


def _page(report: Report) -> str:
    # A tree of elements takes some modules that no other run needs.
    from drone_deploy_ecs.output.html.page import page

    return page(report)
