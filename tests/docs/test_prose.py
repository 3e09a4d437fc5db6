"""What is named between the snippets exists, too: settings, flags and variables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.settings.table import BY_NAME, SETTINGS
from tests.docs.pages import PAGES, ROOT, prose

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = {one.flag for one in SETTINGS}
VARIABLES = {one.variable for one in SETTINGS}
NO_SETTINGS = {"commands", "data", "do", "log", "permissions", "using", "web", "when", "why"}
"""Keys of CI systems, and first words of log lines."""
NO_FLAGS = {"--help", "--include", "--version", "--platform", "--scenario", "--speed", "--time", "--wire", "--write"}
"""Of other commands, or of no setting."""


def wrong(text: str) -> list[str]:
    """What is named as code in it, looks like ours, and isn't."""
    named = re.findall(r"`([^`\n]+)`", of_ours(text))
    settings = {found[1] for code in named if (found := re.match(r"([a-z_]+):(?: |$)", code))}
    words = " ".join(named)
    flags = set(re.findall(r"(?<!\S)--[a-z][a-z-]*", words))
    variables = set(re.findall(r"PLUGIN_[A-Z_]+\b", words))
    return sorted((settings - {*BY_NAME, *NO_SETTINGS}) | (flags - FLAGS - NO_FLAGS) | (variables - VARIABLES))


def of_ours(text: str) -> str:
    """Without what is said of other tools: the first column of a table of theirs and ours, and asides in brackets."""
    text = re.sub(r"^\| (?:.*?) \| (.*) \|$", r"| \1 |", text, flags=re.MULTILINE) if "| Here |" in text else text
    return re.sub(r"\([^()]*\)", "", text) if "| Here |" in text else text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_exists(page: Path) -> None:
    assert not wrong(prose(page))


def test_what_does_not_exist_is_found() -> None:
    assert wrong("`wait_four: healthy` or `--wait-four healthy` or `PLUGIN_WAIT_FOUR`, as `wait_for: healthy`") == [
        "--wait-four",
        "PLUGIN_WAIT_FOUR",
        "wait_four",
    ]
    table = "| Theirs | Here |\n| --- | --- |\n| `--theirs` | `--tiemout` (theirs is `--their-timeout`) |\n"
    assert wrong(table) == ["--tiemout"]
