"""Every story is told twice: in process, and through botocore over HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

from tests.stories.story import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONE_IN = 3
"""Of so many stories one is told over HTTP in every run, always the same; all are with EVERY_STORY set."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the others: half of all the time that the tests take would be theirs."""
    if os.environ.get("EVERY_STORY"):
        return
    others = [item for item in items if "[over HTTP" in item.name and crc32(item.name.encode()) % ONE_IN]
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(params=["in process", "over HTTP"])
def tell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Teller]:
    """A teller whose transcript is compared with the one named after the test."""
    teller = Teller(request.param, monkeypatch, tmp_path)
    yield teller
    teller.compare(request.node.originalname.removeprefix("test_"))


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Teller:
    """A teller of which no transcript is kept."""
    return Teller("in process", monkeypatch, tmp_path)
