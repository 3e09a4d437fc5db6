"""The changelog's next section, made from the fragments in `changes/`.

`release_notes.py` prints what the next release would say. `release_notes.py VERSION DATE` puts it into CHANGELOG.md,
below whatever stands there under Unreleased, and removes the fragments.
"""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[1]
UNRELEASED = "## [Unreleased]\n"
KINDS = ("added", "changed", "deprecated", "removed", "fixed", "security")
WIDTH = 120


class Fragment(NamedTuple):
    """One change: what kind it is of, and what users are told."""

    kind: str
    text: str


def main(arguments: Sequence[str]) -> int:
    """Print, or write."""
    changelog = ROOT / "CHANGELOG.md"
    found = {path: read(path) for path in sorted((ROOT / "changes").glob("*.md")) if path.name != "README.md"}
    text = changelog.read_text(encoding="utf-8")
    if not arguments:
        print(section(text, list(found.values())), end="")
        return 0
    version, date = arguments
    changelog.write_text(released(text, list(found.values()), version, date), encoding="utf-8")
    for path in found:
        path.unlink()
    return 0


def read(path: Path) -> Fragment:
    """A fragment by its file. Exits where that isn't one."""
    _, _, kind = path.stem.rpartition(".")
    text = " ".join(path.read_text(encoding="utf-8").split())
    if kind not in KINDS or not text or text[0] in "-*#":
        sys.exit(
            f"{path.name}: name it <what>.<kind>.md, kind one of {', '.join(KINDS)}; it holds sentences, no bullet"
        )
    return Fragment(kind, text)


def section(changelog: str, fragments: Sequence[Fragment]) -> str:
    """What stands under Unreleased, by kind, and the fragments below it."""
    told = {kind: [written.get(kind, "")] for written in [_written(changelog)] for kind in KINDS}
    for fragment in fragments:
        told[fragment.kind].append(
            textwrap.fill(f"- {fragment.text}", WIDTH, subsequent_indent="  ", break_on_hyphens=False) + "\n"
        )
    kinds = {kind: "".join(parts) for kind, parts in told.items()}
    return "\n".join(f"### {kind.capitalize()}\n\n{text}" for kind, text in kinds.items() if text)


def released(changelog: str, fragments: Sequence[Fragment], version: str, date: str) -> str:
    """The changelog with that version in it, and nothing left under Unreleased."""
    before, _, after = changelog.partition(UNRELEASED)
    older = re.search(r"^## ", after, re.MULTILINE)
    rest = f"\n{after[older.start() :]}" if older else ""
    return f"{before}{UNRELEASED}\n## [{version}] - {date}\n\n{section(changelog, fragments)}{rest}"


def _written(changelog: str) -> Mapping[str, str]:
    """What stands under Unreleased by hand: kind → its lines."""
    own = re.split(r"^## ", changelog.partition(UNRELEASED)[2], maxsplit=1, flags=re.MULTILINE)[0]
    parts = re.split(r"^### (\w+)\n", own, flags=re.MULTILINE)[1:]
    return {kind.lower(): text.strip("\n") + "\n" for kind, text in zip(parts[::2], parts[1::2], strict=True)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
