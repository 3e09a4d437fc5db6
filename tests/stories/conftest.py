"""Every story is told twice: in process, and through botocore over HTTP."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.stories.story import Teller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = frozenset(
    {
        "test_an_event_says_that_targets_can_not_be_registered",
        "test_many_and_one_fails",
        "test_native_is_successful_when_another_fails",
        "test_native_pause_is_waited_for_and_continued",
        "test_native_pause_on_the_way_back",
        "test_native_pause_on_the_way_back_is_never_answered",
        "test_native_way_back_of_ecs_is_refused_by_a_hook",
        "test_native_while_another_is_deployed",
        "test_watch_native",
        "test_what_may_pass_is_waited_for_until_the_budget_ends",
    }
)
"""They look for hours, or at hundreds of services: over HTTP, which others try as well, only with EVERY_STORY set."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is long over HTTP."""
    if os.environ.get("EVERY_STORY"):
        return
    long = [item for item in items if item.name.partition("[")[0] in LONG and "over HTTP" in item.name]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


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
