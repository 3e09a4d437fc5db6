"""The pages of benchmarks on virtual time say what the code does: their shortest rows are made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import following, native, polling, recorded, rehearse, waiting

if TYPE_CHECKING:
    from collections.abc import Iterable

PAGES = Path(__file__).parents[2] / "docs" / "benchmarks"
LENGTHS = (15.0,)
SEEDS = range(1, 21)


def unlike(page: str, made: Iterable[str]) -> list[str]:
    """The lines that the page doesn't have."""
    written = (PAGES / page).read_text(encoding="utf-8").splitlines()
    return [line for text in made for line in text.splitlines() if line not in written]


def test_what_is_said_of_polling() -> None:
    assert unlike("polling.md", polling.pages(list(following.measure(SEEDS, LENGTHS)), LENGTHS)) == []


def test_what_is_said_of_all_else_that_is_waited_for() -> None:
    assert unlike("waiting.md", waiting.page_of(waiting.measure(SEEDS, LENGTHS))) == []


def test_what_is_said_of_ecs_s_own_strategies() -> None:
    assert unlike("native.md", native.page_of(native.measure(range(1, 1 + native.SEEDS), (1,)))) == []


def test_what_is_said_of_rehearsals() -> None:
    """The whole page, from the records of others and what is kept of real containers."""
    made = rehearse.page_of(rehearse.measure(), recorded.recorded().starts, recorded.contained())
    assert unlike("rehearse.md", made) == []
