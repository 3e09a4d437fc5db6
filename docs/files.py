"""Every file of the package in one line: its own first sentence, room by room. Used by `generate.py`."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "drone_deploy_ecs"


def page(by: str) -> str:
    """The page, a heading for each room; `by` says what wrote it."""
    rooms = sorted({path.parent for path in PACKAGE.rglob("*.py")})
    head = f"# Every file in a line\n\n{by}\n\nWhat a room is for, and what it may import: ARCHITECTURE.md.\n"
    return "\n".join((head, *map(room, rooms)))


def room(folder: Path) -> str:
    """A room's heading, its own sentence, and a line for each of its files."""
    name = folder.relative_to(PACKAGE.parent).as_posix()
    files = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
    package = folder / "__init__.py"
    said = f"{first_sentence(package)}\n\n" if package.exists() else ""
    return f"## {name}\n\n{said}" + "".join(f"- `{path.name}`: {first_sentence(path)}\n" for path in files)


def first_sentence(path: Path) -> str:
    """The first line of a file's docstring, or the whole first paragraph where that line ends no sentence."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = docstring.partition("\n\n")[0]
    line = paragraph.partition("\n")[0]
    return line if line.endswith((".", "?")) else " ".join(paragraph.split())
