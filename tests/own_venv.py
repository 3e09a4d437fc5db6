"""A tool that pins its own botocore lives in a venv of its own, made from its own lock."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[1]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
LOCKED = ("--no-deps", "--require-hashes")
"""What pip is told with a lock: it is complete, so no resolver is asked, and no hash is missing."""


def lock(name: str) -> Path:
    """Of that name."""
    return PROJECT / "requirements" / f"{name}.txt"


def own_venv(name: str) -> Path:
    """The Python of the venv of `requirements/<name>.txt`, made anew whenever that changes (some 15 s)."""

    def make(venv: Path) -> None:
        run(sys.executable, "-m", "venv", str(venv))
        # Not the script, which has this folder's name in it.
        pip = (str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", *LOCKED)
        run(*pip, "--no-index", "--find-links", str(wheels(name)), "--requirement", str(lock(name)))

    return _made(f"{name}-venv", lock(name), make) / "bin" / "python"


def wheels(name: str, python: str = PYTHON, platform: str = "") -> Path:
    """The folder of the wheels that `requirements/<name>.txt` locks, fetched whenever that changes.

    They are for this Python on this machine, unless another one or another platform is named (in pip's words, such as
    `manylinux2014_aarch64`): a compiled wheel fits one of each.
    """

    def make(folder: Path) -> None:
        download(lock(name), folder, python, platform)

    return _made(f"{name}-wheels", lock(name), make, f"{python}-{platform}" if platform else python)


def download(requirements: Path, folder: Path, python: str = PYTHON, platform: str = "") -> None:
    """Fetch the wheels of a lock, for that Python on that platform; RuntimeError where one has none, or no hash."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", *LOCKED, "--only-binary", ":all:"]
    pip += ["--python-version", python] if python != PYTHON else []
    pip += ["--platform", platform] if platform else []
    run(*pip, "--requirement", str(requirements), "--dest", str(folder))


def _made(kind: str, source: Path, make: Callable[[Path], None], variant: str = PYTHON) -> Path:
    """What `make` made of the source; one for this Python and one for each other variant."""
    place = PROJECT / ".cache" / kind / variant
    place.parent.mkdir(parents=True, exist_ok=True)
    stamp = place / "lock.sha256"
    wanted = hashlib.sha256(source.read_bytes()).hexdigest()
    with (place.parent / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(place, ignore_errors=True)
            make(place)
            stamp.write_text(wanted)
    return place


def run(*command: str) -> None:
    """The command; RuntimeError with all it said where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout.decode(errors='replace')}")
