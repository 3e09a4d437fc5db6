"""Every link within the documentation leads to a file that is there, and to a heading in it; none leads away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, anchors, links

if TYPE_CHECKING:
    from pathlib import Path


def broken(page: Path) -> list[str]:
    """Links that don't lead anywhere."""
    found = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        there = target.is_file() and (not anchor or (target.suffix == ".md" and anchor in anchors(target)))
        found += [] if there else [link]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    assert not broken(page)


def test_pages_of_the_site_link_to_pages_of_the_site() -> None:
    site = [page for page in PAGES if DOCS in page.parents]
    outside = [
        (page.name, link)
        for page in site
        for link in links(page)
        if DOCS not in (page.parent / link.partition("#")[0]).resolve().parents and not link.startswith("#")
    ]
    assert not outside


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A page\n[there](#a-page) [here](page.md#a-page) [no file](other.md) [no heading](#b) [away](https://x.example/)\n"
    )
    assert broken(page) == ["other.md", "#b", "https://x.example/"]


def test_headings_have_the_anchors_of_github(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# Refused (2)\n## It `hangs`, or not\n### Blue/green\n### Twice\n### Twice\n```sh\n# no heading\n```\n"
    )
    assert anchors(page) == {"refused-2", "it-hangs-or-not", "bluegreen", "twice", "twice-1"}
