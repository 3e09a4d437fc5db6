"""Signals to the real process, against the simulator over HTTP in hurried real time."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world() -> World:
    """One service."""
    found = World()
    found.add_service("prod", "web", task_definition())
    return found


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """The simulator, ten times as fast as time."""
    with Server(world, speed=10.0) as found:
        yield found


def start(server: Server, tmp_path: Path) -> subprocess.Popen[str]:
    words = "deploy --aws-region eu-west-1 --cluster prod --service web --container app --image shop:2"
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.url, "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
    }  # fmt: skip
    command = [sys.executable, "-m", "drone_deploy_ecs", *words.split()]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def wait_for_line(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"ended without {text!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_undoes_what_the_run_did(server: Server, world: World, tmp_path: Path, number: signal.Signals) -> None:
    with start(server, tmp_path) as process:
        wait_for_line(process, "updated to web:2")
        process.send_signal(number)
        wait_for_line(process, "rolling back to web:1")
        _, rest = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "as before" in rest.splitlines()[-1]
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_a_second_signal_stops_at_once(server: Server, tmp_path: Path) -> None:
    with start(server, tmp_path) as process:
        wait_for_line(process, "updated to web:2")
        process.send_signal(signal.SIGTERM)
        wait_for_line(process, "rolling back to web:1")
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=10)
    assert process.returncode == 143
    assert "stopping at once" in rest


def test_a_signal_before_the_first_write_ends_the_run(tmp_path: Path, world: World) -> None:
    with Server(world) as server, server.lock, start(server, tmp_path) as process:
        # The lock is held: the first call hangs, and nothing can have been changed.
        assert server.called.wait(30)
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=30)
    assert process.returncode == 143
    assert "nothing was changed" in rest
