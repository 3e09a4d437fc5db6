"""ministack, a second ECS that we did not write, as a process of its own, in a venv of its own."""

from __future__ import annotations

import socket
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.containers.engine import alive, child, plain_environment, wait_until
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.containers.engine import Engine

ACCOUNT = "123456789012"


@contextmanager
def running_emulator(folder: Path, engine: Engine) -> Iterator[str]:
    """Run ministack on a free port of the loopback, its tasks run by `engine`; the endpoint's URL."""
    python = own_venv("ministack")
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
