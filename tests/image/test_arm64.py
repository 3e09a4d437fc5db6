"""The image for arm64, laid out here and run by an emulator: where Debian's qemu-user-static is installed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.build import build_arm64
from tests.image.test_image import LOADED_BY_A_RUN

if TYPE_CHECKING:
    from tests.image.build import Image

pytestmark = pytest.mark.containers

EMULATOR = Path("/usr/bin/qemu-aarch64-static")
PROGRAMS = "/opt/drone-deploy-ecs/bin"


@pytest.fixture(scope="module")
def arm64(image: Image) -> Image:
    """Half a minute for its base, the first time."""
    if not EMULATOR.exists():
        pytest.skip("skipped: needs qemu-user-static")
    return build_arm64(image)


def emulated(image: Image, *command: str, stdin: str = "") -> str:
    """What a command prints in the image; nothing on the host has to know its architecture."""
    words = ["run", "--rm", "--interactive", "--read-only", "--volume", f"{EMULATOR}:/emulator:ro"]
    words += ["--entrypoint", "/emulator", image.name, *command]
    return image.engine.docker(*words, stdin=stdin.encode(), timeout=300)


def test_it_is_for_arm64_and_runs(arm64: Image) -> None:
    said = emulated(arm64, f"{PROGRAMS}/python", "-c", "import platform; print(platform.machine())")
    assert said == "aarch64"
    assert emulated(arm64, f"{PROGRAMS}/python", f"{PROGRAMS}/drone-deploy-ecs", "--version").startswith("drone-")


def test_its_bytecode_is_there_though_another_architecture_s_python_made_it(arm64: Image) -> None:
    sources, compiled = json.loads(emulated(arm64, f"{PROGRAMS}/python", "-", stdin=LOADED_BY_A_RUN))
    assert len(sources) > 200
    assert sorted(set(sources) - set(compiled)) == []
