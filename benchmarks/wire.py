"""The command line against the simulator in another process, over HTTP and in real time: its own memory and CPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.tenants import FAILING, scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMAND = str(Path(sys.executable).with_name("drone-deploy-ecs"))
THROTTLED = "Rate exceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A whole process: wall seconds, CPU seconds, its largest resident set in MiB, and lines about throttling."""

    services: int
    wall: float
    cpu: float
    memory: float
    throttled: int
    exit_code: int
    last_line: str


def over_the_wire(count: int) -> Wire:
    """Deploy FAILING to that many services; those that fail go back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fleet.json"
        path.write_text(json.dumps(scenario(count)), encoding="utf-8")
        with _simulator(path) as url:
            given = ("--aws-region", "eu-west-1", "--cluster", "prod", "--service", "tenant-*", "--container", "app")
            env = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
            began = time.monotonic()
            running = subprocess.Popen(
                [COMMAND, "deploy", *given, "--image", FAILING, "--on-failure", "failed"],
                env=os.environ | env,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert running.stderr is not None
            lines, memory = [], 0.0
            for line in running.stderr:
                lines.append(line.rstrip())
                memory = max(memory, _peak(running.pid))
            _, status, used = os.wait4(running.pid, 0)
            running.returncode = os.waitstatus_to_exitcode(status)
    return Wire(
        services=count, wall=time.monotonic() - began, cpu=used.ru_utime + used.ru_stime,
        memory=memory, throttled=sum(THROTTLED in line for line in lines),
        exit_code=running.returncode, last_line=lines[-1],
    )  # fmt: skip


def _peak(pid: int) -> float:
    """Its largest resident set so far; getrusage's begins at its parent's."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


@contextmanager
def _simulator(scenario: Path) -> Iterator[str]:
    with subprocess.Popen(
        [COMMAND, "simulator", "--port", "0", "--scenario", str(scenario)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        try:
            yield first.partition(" on ")[2].partition(";")[0]
        finally:
            running.terminate()
