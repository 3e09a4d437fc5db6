"""What holds for every test: no AWS account, no CI environment and no home directory shines through."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from pathlib import Path

# The same examples every time, so that a red run says something about the change; HYPOTHESIS_PROFILE=long to search.
settings.register_profile("bounded", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("long", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "10000")))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bounded"))

OUTSIDE = ("AWS_", "PLUGIN_", "DRONE_", "CI_", "GITHUB_", "GITLAB_", "BUILDKITE", "HARNESS_")


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test sets itself: no credentials, settings, profiles or instance metadata of this machine."""
    for name in [name for name in os.environ if name.startswith(OUTSIDE)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that run a Docker engine do so in one process: two engines with a bridge each would collide."""
    for item in items:
        if {"containers", "image"} & set(item.path.parts):
            item.add_marker(pytest.mark.xdist_group("docker"))
