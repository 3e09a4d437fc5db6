"""The one place that fills pages. A page that can't be filled is reported, and changes nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, assert_never

from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.output.ci.pages import Command, File, Line, pages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.output.ci.pages import Page

TEMPLATE = Path(__file__).with_name("card.json")
PATIENCE = 20
"""Seconds that a command may take."""


def fill(report: Report, env: Mapping[str, str], stdout: TextIO) -> Iterator[str]:
    """Fill every page that is there; for each that could not be, say which and why."""
    for page in pages(report, env, TEMPLATE.read_text(encoding="utf-8")):
        try:
            _put(page, env, stdout)
        except OSError as error:
            yield safe(f"{page.name} could not be written: {error.filename}: {error.strerror}")
        except subprocess.SubprocessError as error:
            yield f"{page.name} could not be written: {_why(error)}"


def _put(page: Page, env: Mapping[str, str], stdout: TextIO) -> None:
    match page:
        case File():
            with Path(page.path).open("a" if page.append else "w", encoding="utf-8") as file:
                file.write(page.text)
        case Line():
            # Drone's runner looks for its mark at the beginning of what is written at once.
            stdout.flush()
            stdout.write(page.text)
            stdout.flush()
        case Command():
            _run(page, env)
        case never:
            assert_never(never)


def _run(page: Command, env: Mapping[str, str]) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run(  # noqa: S603  the words are ours, and no shell reads them
        page.words, input=page.text.encode(), env=env, stdout=quiet, stderr=quiet, timeout=PATIENCE, check=True
    )


def _why(error: subprocess.SubprocessError) -> str:
    """Without the command's own words: they are foreign."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"{error.cmd[0]} ended with {error.returncode}"
    return f"the command took more than {PATIENCE} seconds"
