"""The site builds without a complaint, has every page in its navigation, and fetches nothing from elsewhere."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


pytestmark = pytest.mark.xdist_group("site")  # built once


def build(config: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """What `mkdocs build --strict` says."""
    command = [str(own_venv("site")), "-m", "mkdocs", "build", "--strict", "-f", str(config), "-d", str(site)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the built site."""
    folder = tmp_path_factory.mktemp("site")
    built = build(ROOT / "mkdocs.yml", folder)
    assert built.returncode == 0, built.stderr
    return folder


class Fetched(HTMLParser):
    """What a browser asks for by itself: scripts, styles, pictures, fonts."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        """Collect what `src` and a `link`'s `href` name."""
        named = dict(attrs)
        found = named.get("src") or (named.get("href") if tag == "link" else None)
        self.addresses += [found] if found else []


def test_every_page_is_built(site: Path) -> None:
    pages = [page.relative_to(DOCS) for page in PAGES if DOCS in page.parents]
    assert len(pages) > 20
    assert not [page for page in pages if not (site / page.with_suffix(".html")).is_file()]


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    reader = Fetched()
    for page in site.rglob("*.html"):
        reader.feed(page.read_text(encoding="utf-8"))
    assert reader.addresses
    assert not [one for one in reader.addresses if "//" in one]
    styles = "".join(sheet.read_text(encoding="utf-8") for sheet in site.rglob("*.css"))
    assert not re.findall(r"url\([\"']?https?:", styles)


def test_the_sources_of_generated_pages_are_not_published(site: Path) -> None:
    assert not list(site.rglob("*.py"))
    assert all((site / f"{name}.schema.json").is_file() for name in ("report", "status"))


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        ("[gone](gone.md)", "gone.md"),
        ("[heading](index.md#nowhere)", "nowhere"),
        ("[outside](../README.md)", "README.md"),
    ],
)
def test_a_broken_page_is_complained_of(tmp_path: Path, page: str, complaint: str) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text(f"# Home\n{page}\n")
    config = re.sub(r"\nnav:\n.*", "\nnav:\n  - Home: index.md\n", (ROOT / "mkdocs.yml").read_text(), flags=re.DOTALL)
    (tmp_path / "mkdocs.yml").write_text(config)
    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert built.returncode == 1
    assert complaint in built.stderr


def test_a_page_that_nobody_can_find_is_complained_of(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    for name in ("index", "lost"):
        (tmp_path / "docs" / f"{name}.md").write_text(f"# {name}\n")
    config = re.sub(r"\nnav:\n.*", "\nnav:\n  - Home: index.md\n", (ROOT / "mkdocs.yml").read_text(), flags=re.DOTALL)
    (tmp_path / "mkdocs.yml").write_text(config)
    built = build(tmp_path / "mkdocs.yml", tmp_path / "site")
    assert built.returncode == 1
    assert "lost.md" in built.stderr
