"""Every story is told twice: in process, and through botocore over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stories.story import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
