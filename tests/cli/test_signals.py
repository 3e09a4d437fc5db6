"""Signals to the real process in every phase, against the simulator over HTTP in hurried real time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.contract.middlebox import Harm, Middlebox
from tests.contract.wire import QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

HELD = Harm(held=True)


@pytest.fixture
def world() -> World:
    """One service."""
    found = World(timing=QUICK)
    found.push("shop:crash", crash(1))
    found.add_service("prod", "web", task_definition())
    return found


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """The simulator, so fast that every rollout is over when it is first looked at."""
    with Server(world, speed=40.0) as found:
        yield found


@contextmanager
def running(
    url: str, tmp_path: Path, *, image: str = "shop:2", env: Mapping[str, str] | None = None, **settings: str
) -> Iterator[subprocess.Popen[str]]:
    """The real process; killed, should it outlive its test."""
    asked = {
        "aws_region": "eu-west-1",
        "cluster": "prod",
        "service": "web",
        "container": "app",
        "image": image,
        **settings,
    }
    environment = {
        "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true",
        **{f"PLUGIN_{name.upper()}": value for name, value in asked.items()},
        **(env or {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}),
    }  # fmt: skip
    command = [sys.executable, "-m", "drone_deploy_ecs"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def signalled_in(operation: str, server: Server, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Middlebox]]:
    """The run, which gets a signal while its call of that operation is under way; the call ends when it `lets_go`."""
    with Middlebox(server.server_port, {operation: [HELD]}) as box, running(box.url, tmp_path) as process:
        assert box.holds.wait(30)
        process.send_signal(signal.SIGTERM)
        yield process, box


def wait_for_line(process: subprocess.Popen[str], text: str) -> str:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return line
    raise AssertionError(f"ended without {text!r}")


def end(process: subprocess.Popen[str]) -> str:
    """What it still says."""
    _, rest = process.communicate(timeout=60)
    return rest


def deployments(world: World) -> list[str]:
    """The revision of every deployment there ever was, oldest first."""
    return [short(one.task_definition) for one in world.service("prod", "web").history]


# --- before anything was written ---


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_starts_up_ends_the_run(
    server: Server, world: World, tmp_path: Path, number: signal.Signals
) -> None:
    # Settings are read, and credentials are waited for: from a program that says so and then waits itself.
    began, held = tmp_path / "began", tmp_path / "held"
    os.mkfifo(began)
    os.mkfifo(held)
    config = tmp_path / "config"
    config.write_text(f"[default]\ncredential_process = /bin/sh -c 'echo > {began}; cat {held}'\n")
    with running(server.url, tmp_path, env={"AWS_CONFIG_FILE": str(config)}) as process:
        began.read_text()
        process.send_signal(number)
        assert process.wait(30) == 128 + number
        os.close(os.open(held, os.O_RDWR))
        assert end(process) == f"Cancelled by signal {int(number)}: nothing was changed.\n"
    assert not world.faults.calls


def test_a_signal_before_the_first_write_ends_the_run(server: Server, world: World, tmp_path: Path) -> None:
    with signalled_in("DescribeServices", server, tmp_path) as (process, _):
        assert process.wait(30) == 143
        assert end(process) == "Cancelled by signal 15: nothing was changed.\n"
    assert set(world.faults.calls) == {"", "DescribeServices"}


# --- while a call is under way ---


def test_a_signal_while_registering_leaves_the_service_alone(server: Server, world: World, tmp_path: Path) -> None:
    with signalled_in("RegisterTaskDefinition", server, tmp_path) as (process, box):
        box.lets_go.set()
        said = end(process)
    assert process.returncode == 143
    assert said.endswith("Cancelled: web was not changed and runs web:1.\n")
    assert "web:2 was registered for nothing" in said
    assert deployments(world) == ["web:1"]


def test_a_signal_while_updating_undoes_the_run(server: Server, world: World, tmp_path: Path) -> None:
    with signalled_in("UpdateService", server, tmp_path) as (process, box):
        box.lets_go.set()
        said = end(process)
    assert process.returncode == 143
    assert said.endswith("Cancelled: web is back on web:1 (2 of 2 tasks), as before.\n")
    assert deployments(world) == ["web:1", "web:2", "web:1"]
    assert world.service("prod", "web").runs == {"web:1": 2}


@pytest.mark.parametrize(
    ("operation", "before", "image", "made"),
    [
        ("RegisterTaskDefinition", 0, "shop:2", ["web:1"]),
        ("UpdateService", 0, "shop:2", ["web:1", "web:2"]),
        ("DescribeServices", 1, "shop:2", ["web:1", "web:2"]),
        ("UpdateService", 1, "shop:crash", ["web:1", "web:2", "web:1"]),
    ],
    ids=["registering", "updating", "looking", "updating back"],
)
def test_a_second_signal_ends_the_process_in_the_middle_of_a_call(
    *, server: Server, world: World, tmp_path: Path, operation: str, before: int, image: str, made: list[str]
) -> None:
    due = {operation: [*[None] * before, HELD]}
    with Middlebox(server.server_port, due) as box, running(box.url, tmp_path, image=image) as process:
        assert box.holds.wait(30)
        # Two that differ: a second of the same number could arrive as one with the first.
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 143
        assert end(process).endswith("Cancelled by signal 15: stopping at once, as asked twice.\n")
    assert deployments(world) == made


# --- while it waits ---


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (signal.SIGTERM, "updated to web:2"),
        (signal.SIGINT, "updated to web:2"),
        (signal.SIGTERM, "watching it for another"),
    ],
    ids=["rollout", "rollout, SIGINT", "stable_for"],
)
def test_a_signal_undoes_what_the_run_did(
    *, server: Server, world: World, tmp_path: Path, number: signal.Signals, line: str
) -> None:
    with running(server.url, tmp_path, stable_for="30s") as process:
        wait_for_line(process, line)
        process.send_signal(number)
        wait_for_line(process, "rolling back to web:1")
        said = end(process)
    assert process.returncode == 128 + number
    assert said.endswith("Cancelled: web is back on web:1 (2 of 2 tasks), as before.\n")
    assert deployments(world) == ["web:1", "web:2", "web:1"]
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_a_signal_during_the_undo_lets_it_finish(server: Server, world: World, tmp_path: Path) -> None:
    with running(server.url, tmp_path, image="shop:crash") as process:
        wait_for_line(process, "updated to web:1")
        process.send_signal(signal.SIGTERM)
        said = end(process)
    assert process.returncode == 143
    assert said.endswith("Failed: web is back on web:1 (2 of 2 tasks), as before.\n")
    assert deployments(world) == ["web:1", "web:2", "web:1"]
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_a_second_signal_stops_at_once(server: Server, world: World, tmp_path: Path) -> None:
    with running(server.url, tmp_path) as process:
        wait_for_line(process, "updated to web:2")
        process.send_signal(signal.SIGTERM)
        wait_for_line(process, "updated to web:1")
        process.send_signal(signal.SIGTERM)
        assert end(process).endswith("Cancelled by signal 15: stopping at once, as asked twice.\n")
    assert process.returncode == 143
    assert deployments(world) == ["web:1", "web:2", "web:1"]


# --- when all is said ---


@pytest.mark.parametrize("times", [1, 2])
def test_a_signal_after_the_verdict_changes_nothing(server: Server, world: World, tmp_path: Path, times: int) -> None:
    report = tmp_path / "report"
    os.mkfifo(report)
    with running(server.url, tmp_path, report=str(report)) as process:
        report.read_text()  # whether it can be written is tried at the start; at the end it waits for a reader
        wait_for_line(process, "Completed: web runs web:2 (2 of 2 tasks).")
        for number in (signal.SIGINT, signal.SIGTERM)[:times]:
            process.send_signal(number)
        if times == 1:
            assert '"exit_code": 0' in report.read_text()
        rest = end(process)
    assert process.returncode == (0 if times == 1 else 143)
    assert rest == ("" if times == 1 else "Cancelled by signal 15: stopping at once, as asked twice.\n")
    assert world.service("prod", "web").runs == {"web:2": 2}
