"""The wheel and the source archive, built from this checkout; and a venv with nothing but the wheel and its locks."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.own_venv import PROJECT, own_venv, run

if TYPE_CHECKING:
    from pathlib import Path


def build(source: Path, folder: Path, *targets: str) -> None:
    """What a release is made with, less the network."""
    chosen = [word for target in targets for word in ("-t", target)]
    command = [sys.executable, "-m", "hatchling", "build", *chosen, "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="package")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of both archives."""
    folder = tmp_path_factory.mktemp("dist")
    build(PROJECT, folder, "wheel", "sdist")
    return folder


@pytest.fixture(scope="package")
def wheel(dist: Path) -> Path:
    """The wheel."""
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="package")
def installed(wheel: Path) -> Path:
    """The Python that has it, and what requirements/runtime.txt locks."""
    python = own_venv("runtime")
    pip = (str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps")
    run(*pip, "--force-reinstall", str(wheel))
    return python
