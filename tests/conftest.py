"""What holds for every test: no AWS account, no CI environment and no home directory shines through."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time, so that a red run says something about the change; HYPOTHESIS_PROFILE=long to search.
settings.register_profile("bounded", derandomize=True, deadline=None, max_examples=100)
settings.register_profile("brief", derandomize=True, deadline=None, max_examples=10)
settings.register_profile("long", deadline=None, max_examples=int(os.environ.get("HYPOTHESIS_EXAMPLES", "10000")))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bounded"))

OUTSIDE = ("AWS_", "PLUGIN_", "DRONE_", "CI_", "GITHUB_", "GITLAB_", "BUILDKITE", "HARNESS_")
QUICK = ("core", "simulator", "stories")
"""Where the tests are that take every branch of core, in less than a minute."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Coverage is measured while the quick ones run, and not in the laws: there it would cost minutes.

    Those that run a Docker engine do so in one process: two engines with a bridge each would collide. So do those that
    install the wheel, into one environment.
    """
    for one in items:
        folder = one.path.relative_to(Path(__file__).parent).parts[0]
        if folder in ("containers", "image"):
            one.add_marker(pytest.mark.xdist_group("docker"))
        if folder == "wheel":
            one.add_marker(pytest.mark.xdist_group("wheel"))
        if "HTTP" in one.name or folder not in QUICK:
            one.add_marker("no_cover")


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only what a test sets itself: no credentials, settings, profiles or instance metadata of this machine."""
    for name in [name for name in os.environ if name.startswith(OUTSIDE)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
