"""The report as JSON, to a file or to standard output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from drone_deploy_ecs.core.report import as_json

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report import Report


def write(report: Report, to: str, stdout: TextIO) -> None:
    """Write the report to the path `to`, or to `stdout` for "-". Raises OSError."""
    whole = json.dumps(as_json(report), indent=2, ensure_ascii=True) + "\n"
    if to == "-":
        stdout.write(whole)
    else:
        Path(to).write_text(whole, encoding="utf-8")
