"""A tool that pins its own botocore lives in a venv of its own, made from its own lock."""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]


def own_venv(name: str) -> Path:
    """The Python of the venv of `requirements/<name>.txt`, made anew whenever that changes (some 15 s)."""
    requirements = PROJECT / "requirements" / f"{name}.txt"
    venv = PROJECT / ".cache" / f"{name}-venv" / f"{sys.version_info.major}.{sys.version_info.minor}"
    venv.parent.mkdir(parents=True, exist_ok=True)
    python = venv / "bin" / "python"
    stamp = venv / "requirements.sha256"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest()
    with (venv.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists() or not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(venv, ignore_errors=True)
            run(sys.executable, "-m", "venv", str(venv))
            run(str(venv / "bin" / "pip"), "install", "--quiet", "--require-hashes", "-r", str(requirements))
            stamp.write_text(wanted)
    return python


def run(*command: str) -> None:
    """The command; RuntimeError with all it said where it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout.decode(errors='replace')}")
