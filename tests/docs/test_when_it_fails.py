"""The page for the night: what it quotes of a log is what logs say."""

from __future__ import annotations

import re

from drone_deploy_ecs.core.exit_code import ExitCode
from tests.docs.pages import DOCS, anchors
from tests.stories.story import TRANSCRIPTS

PAGE = DOCS / "how-to" / "when-it-fails.md"
TEXT = PAGE.read_text(encoding="utf-8")
LOGS = "".join(path.read_text(encoding="utf-8") for path in TRANSCRIPTS.glob("*.txt"))
SOURCES = (
    "nothing was changed",
    "on_cancel: leave",
    "wait_for: healthy",
    "timeout: 15m",
    "disable_rollbacks",
    "why:",
    "log:",
    "do:",
)


def test_what_it_quotes_is_said_somewhere() -> None:
    quoted = re.findall(r"`([^`\n]+)`", TEXT)
    said = [one for one in quoted if one not in SOURCES]
    parts = {one: [re.escape(part.strip(" …")) for part in one.split("…")] for one in said}
    assert len(said) > 8
    assert not [one for one, pieces in parts.items() if not re.search(".*".join(pieces), LOGS)]


def test_it_has_every_exit_code_but_success() -> None:
    first_cells = re.findall(r"^\| ([\d, ]+) \|", TEXT, re.MULTILINE)
    told = {int(code) for cell in first_cells for code in cell.split(",")}
    assert told == {int(code) for code in ExitCode if code} | {128 + 2, 128 + 15, 128 + 9}


def test_every_code_that_needs_more_than_a_line_has_a_section() -> None:
    sections = {int(code) for one in anchors(PAGE) for code in re.findall(r"-(\d+)", one)}
    assert sections == {2, 3, 4, 5, 6, 130, 143, 137}
