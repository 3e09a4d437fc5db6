"""The image as `docs/image.md` builds it where no registry is reachable: a base of Debian, wheels beside the locks."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.containers.engine import NoEngineError
from tests.own_venv import wheels

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.containers.engine import Engine

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".cache" / "image"
MAKE_BASE = PROJECT / "scripts" / "make-base"
BASE, NAME = "base:debian", "drone-deploy-ecs:built"
SUITE, PYTHON = "trixie", "3.13"
"""The Debian that the bases are made of, and its Python."""
ARM64_BASE, ARM64 = "base:debian-arm64", "drone-deploy-ecs:built-arm64"
ARM64_PLATFORM = "manylinux2014_aarch64"
"""Debian's arm64 in pip's words."""
LABELS = {"VERSION": "1.2.3", "REVISION": "0123abc", "CREATED": "2026-01-02T03:04:05Z", "SOURCE": "https://git.test/it"}


@dataclass(frozen=True)
class Image:
    """The image in its engine, and the base that it stands on."""

    engine: Engine
    context: Path
    name: str = NAME
    base: str = BASE

    def size(self, of: str) -> int:
        """Bytes of all the layers of that image."""
        return int(self.engine.docker("image", "inspect", "--format", "{{.Size}}", of))

    def python(self, script: str) -> str:
        """What a script prints in the image, as the image's own user."""
        python = ("run", "--rm", "--interactive", "--network", "none", "--entrypoint", "python", self.name, "-")
        return self.engine.docker(*python, stdin=script.encode())


def require_debootstrap() -> None:
    """NoEngineError where no base can be made."""
    if not shutil.which("debootstrap", path="/usr/sbin:/sbin:/usr/bin"):
        raise NoEngineError("needs debootstrap; .ci/docker installs it on Debian")


def build(engine: Engine, folder: Path) -> Image:
    """Build it in `engine`; the build's context is laid out in `folder`."""
    context = folder / "context"
    listed = subprocess.check_output(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=PROJECT
    )
    for name in filter(None, listed.decode().split("\0")):
        if (PROJECT / name).exists():
            (context / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, context / name)
    _add_wheels(context, "runtime", PYTHON)
    _add_wheels(context, "build", PYTHON)
    image = Image(engine, context)
    _import_base(engine, BASE)
    _build(image, {"BASE_IMAGE": BASE})
    return image


def build_arm64(image: Image) -> Image:
    """The same for arm64: laid out where `image` was, and put on a base that can't be run here."""
    other = replace(image, name=ARM64, base=ARM64_BASE)
    _add_wheels(image.context, "runtime", PYTHON, ARM64_PLATFORM)
    _import_base(image.engine, ARM64_BASE, SUITE, "arm64")
    _build(other, {"BASE_IMAGE": ARM64_BASE, "BUILD_IMAGE": BASE, "PLATFORM": ARM64_PLATFORM})
    return other


def _add_wheels(context: Path, *of: str) -> None:
    shutil.copytree(wheels(*of), context / "requirements" / "wheels", dirs_exist_ok=True)


def _import_base(engine: Engine, name: str, *kind: str) -> None:
    made = _made("-".join(("base", *kind)), MAKE_BASE, lambda place: _run(str(MAKE_BASE), str(place), *kind))
    engine.docker("import", str(made), name, timeout=120)


def _build(image: Image, bases: dict[str, str]) -> None:
    given = {**bases, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "requirements/wheels", **LABELS}
    arguments = [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]
    # No network: whatever is needed has to be in the context.
    isolated = ("--network", "none", "--tag", image.name, str(image.context))
    image.engine.docker("build", *arguments, *isolated, timeout=300)


def _made(name: str, source: Path, make: Callable[[Path], None]) -> Path:
    """What `make` made of the source, made anew whenever that changes."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    CACHE.mkdir(parents=True, exist_ok=True)
    place = CACHE / f"{name}-{digest[:12]}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            make(place)
    return place


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout.decode(errors='replace')}")
