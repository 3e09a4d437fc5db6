"""The documentation, taken apart: pages, their headings and links, and the snippets in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
FOLDERS = (".", "benchmarks", "changes", "requirements", "registries", "registries/woodpecker")
PAGES = (*sorted(page for folder in FOLDERS for page in (ROOT / folder).glob("*.md")), *sorted(DOCS.rglob("*.md")))
FENCE = re.compile(r"^```(?P<language>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


class Snippet(NamedTuple):
    """A fenced block: where it stands, its language and its text."""

    page: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def snippets(page: Path) -> list[Snippet]:
    """All of them, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Snippet(page, text.count("\n", 0, found.start()) + 1, found["language"], found["text"])
        for found in FENCE.finditer(text)
    ]


def prose(page: Path) -> str:
    """The page without its snippets, and without what it quotes (between two backticks)."""
    return re.sub(r"`` .*? ``", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> list[str]:
    """Where its links and pictures point."""
    return re.findall(r"\]\(([^)\s]+)\)", prose(page))


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub names them: lower case, no punctuation, dashes for spaces, numbered when repeated."""
    found: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE):
        text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-")
        again = found.get(slug, 0)
        found |= {slug: again + 1} | ({f"{slug}-{again}": 1} if again else {})
    return set(found)


SNIPPETS = tuple(snippet for page in PAGES for snippet in snippets(page))
