"""The image for arm64, laid out here; where Debian's qemu-user-static is installed, run by that emulator, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.build import build_arm64
from tests.image.compiled import AARCH64, compiled, fits
from tests.image.test_image import LOADED_BY_A_RUN, USES_MSGSPEC

if TYPE_CHECKING:
    from tests.image.build import Image

pytestmark = pytest.mark.containers

EMULATOR = Path("/usr/bin/qemu-aarch64-static")
PROGRAMS = "/opt/drone-deploy-ecs/bin"


@pytest.fixture(scope="module")
def arm64(image: Image) -> Image:
    """Half a minute for its base, the first time. Nothing of it is run."""
    return build_arm64(image)


@pytest.fixture
def emulator() -> Path:
    """The emulator of arm64."""
    if not EMULATOR.exists():
        pytest.skip("skipped: needs qemu-user-static")
    return EMULATOR


def emulated(emulator: Path, image: Image, *command: str, stdin: str = "") -> str:
    """What a command prints in the image; nothing on the host has to know its architecture."""
    words = ["run", "--rm", "--interactive", "--network", "none", "--read-only", "--volume", f"{emulator}:/emulator:ro"]
    words += ["--entrypoint", "/emulator", image.name, *command]
    return image.engine.docker(*words, stdin=stdin.encode(), timeout=300)


def test_what_it_adds_is_compiled_for_arm64_and_its_base_s_python(arm64: Image) -> None:
    python, added = compiled(arm64)
    assert python.machine == AARCH64
    assert [one for one in added if not fits(one, python)] == []


def test_it_is_for_arm64_and_runs(emulator: Path, arm64: Image) -> None:
    said = emulated(emulator, arm64, f"{PROGRAMS}/python", "-c", "import platform; print(platform.machine())")
    assert said == "aarch64"
    program = (f"{PROGRAMS}/python", f"{PROGRAMS}/drone-deploy-ecs", "--version")
    assert emulated(emulator, arm64, *program).startswith("drone-")
    assert emulated(emulator, arm64, f"{PROGRAMS}/python", "-", stdin=USES_MSGSPEC) == "web"


def test_its_bytecode_is_there_though_another_architecture_s_python_made_it(emulator: Path, arm64: Image) -> None:
    sources, cached = json.loads(emulated(emulator, arm64, f"{PROGRAMS}/python", "-", stdin=LOADED_BY_A_RUN))
    assert len(sources) > 200
    assert sorted(set(sources) - set(cached)) == []
