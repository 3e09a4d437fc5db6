"""Release notes are made of fragments, and lose nothing that was written by hand."""

from __future__ import annotations

import runpy
from typing import TYPE_CHECKING, Any

import pytest

from tests.own_venv import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

NOTES: dict[str, Any] = runpy.run_path(str(PROJECT / "scripts" / "release_notes.py"))
Fragment, read, released, section = (NOTES[name] for name in ("Fragment", "read", "released", "section"))
CHANGELOG = """\
# Changelog

About it.

## [Unreleased]

### Added

- By hand,
  on two lines.

## [0.1.0] - 2026-01-01

### Added

- Everything.
"""
FRAGMENTS = [
    Fragment("fixed", "It no longer does."),
    Fragment("added", "A new thing."),
    Fragment("added", "word " * 30),
]


def test_a_release_has_what_was_written_by_hand_and_the_fragments_by_kind() -> None:
    assert (
        released(CHANGELOG, FRAGMENTS, "0.2.0", "2026-12-24")
        == """\
# Changelog

About it.

## [Unreleased]

## [0.2.0] - 2026-12-24

### Added

- By hand,
  on two lines.
- A new thing.
- word word word word word word word word word word word word word word word word word word word word word word word
  word word word word word word word

### Fixed

- It no longer does.

## [0.1.0] - 2026-01-01

### Added

- Everything.
"""
    )


def test_the_next_release_begins_empty() -> None:
    once = released(CHANGELOG, FRAGMENTS, "0.2.0", "2026-12-24")
    assert section(once, []) == ""
    assert section(once, FRAGMENTS[:1]) == "### Fixed\n\n- It no longer does.\n"


def test_a_first_release_has_no_older_one() -> None:
    first = CHANGELOG.partition("## [0.1.0]")[0]
    assert released(first, [], "0.1.0", "2026-12-24").endswith(
        "## [0.1.0] - 2026-12-24\n\n### Added\n\n- By hand,\n  on two lines.\n"
    )


@pytest.mark.parametrize(
    ("name", "text"), [("thing.md", "A."), ("thing.new.md", "A."), ("thing.added.md", ""), ("thing.added.md", "- A.")]
)
def test_what_is_no_fragment_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SystemExit, match=r"name it <what>\.<kind>\.md"):
        read(tmp_path / name)


def test_the_fragments_of_this_project_make_a_section() -> None:
    paths = [path for path in (PROJECT / "changes").glob("*.md") if path.name != "README.md"]
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    made = section(changelog, [read(path) for path in paths])
    by_hand = changelog.partition("## [Unreleased]")[2].partition("\n## ")[0].count("\n- ")
    assert made.count("\n- ") == by_hand + len(paths)
