"""ministack, a second ECS that we did not write, as a process of its own, in a venv of its own."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.containers.engine import alive, child, plain_environment, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.containers.engine import Engine

PROJECT = Path(__file__).parents[2]
REQUIREMENTS = PROJECT / "requirements" / "ministack.txt"
VENV = PROJECT / ".cache" / "ministack-venv" / f"{sys.version_info.major}.{sys.version_info.minor}"
ACCOUNT = "123456789012"


@contextmanager
def running_emulator(folder: Path, engine: Engine) -> Iterator[str]:
    """Run ministack on a free port of the loopback, its tasks run by `engine`; the endpoint's URL."""
    python = _installed()
    port = _free_port()
    endpoint = f"http://127.0.0.1:{port}"
    log = folder / "ministack.log"
    environment = plain_environment(
        folder,
        DOCKER_HOST=engine.address,
        GATEWAY_PORT=str(port),
        BIND_HOST="127.0.0.1",
        MINISTACK_ACCOUNT_ID=ACCOUNT,
        # Two listeners on fixed ports that nobody here needs: a second rig, or a user's own, would collide with them.
        IOT_MTLS_ENABLED="0",
        SFTP_ENABLED="0",
    )
    with child([str(python), "-m", "ministack"], log, environment) as daemon:

        def ready() -> bool:
            alive(daemon, log)
            return _answers(f"{endpoint}/_ministack/health")

        wait_until(ready, 30, "ministack answers")
        yield endpoint


def _installed() -> Path:
    """The Python of ministack's venv, which is made anew whenever the requirements change (about 15 s)."""
    VENV.parent.mkdir(parents=True, exist_ok=True)
    python = VENV / "bin" / "python"
    stamp = VENV / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    with (VENV.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists() or not stamp.exists() or stamp.read_text() != wanted:
            shutil.rmtree(VENV, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(VENV))
            _run(str(VENV / "bin" / "pip"), "install", "--quiet", "--require-hashes", "-r", str(REQUIREMENTS))
            stamp.write_text(wanted)
    return python


def _run(*command: str) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout.decode(errors='replace')}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    # A proxy of the caller's environment has no business on the loopback.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
