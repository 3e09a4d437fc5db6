"""The image as CI systems run it, against the simulated ECS over HTTP: good, failing, cancelled."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.http import Server
from tests.image.step import step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from drone_deploy_ecs.simulator.world import World
    from tests.image.build import Image

pytestmark = pytest.mark.containers

HURRIED = 20.0
"""Times as fast as time."""
GRACE = 10
"""Seconds from `docker stop`'s SIGTERM to its SIGKILL."""


def test_a_good_deployment(image: Image, world: World) -> None:
    with Server(world, speed=HURRIED) as server, step(image, server) as run:
        assert run.end() == 0
        assert run.said().splitlines()[-1].endswith("Completed: web runs web:2 (2 of 2 tasks).")
    assert world.service("prod", "web").runs == {"web:2": 2}


def test_a_failing_deployment_is_taken_back_and_explained(image: Image, world: World) -> None:
    world.push("shop:2", crash(7))
    with Server(world, speed=HURRIED) as server, step(image, server) as run:
        assert run.end() == 3
        assert "why: the container exited by itself (container app, exit code 7)" in run.said()
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_it_needs_no_shell_no_writable_root_and_no_privilege(image: Image, world: World, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.touch(mode=0o644)
    hidden = [word for shell in ("dash", "bash") for word in ("--volume", f"{nothing}:/usr/bin/{shell}:ro")]
    locked = ("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", *hidden)
    with Server(world, speed=HURRIED) as server, step(image, server, *locked) as run:
        assert run.end() == 0, run.said()
    assert world.service("prod", "web").runs == {"web:2": 2}


def test_without_settings_it_says_which_are_missing(image: Image, world: World) -> None:
    with Server(world) as server, step(image, server, cluster="", container="") as run:
        assert run.end() == 2
        assert "cluster isn't set. Set cluster in the step" in run.said()
        assert not server.called.is_set()


def test_docker_stop_undoes_what_the_run_did(image: Image, world: World) -> None:
    with Server(world, speed=HURRIED) as server, step(image, server) as run:
        run.wait_for("updated to web:2")
        image.engine.docker("stop", run.id)
        assert run.end() == 143
        assert run.said().splitlines()[-1].endswith("Cancelled: web is back on web:1 (2 of 2 tasks), as before.")
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_docker_stop_writes_the_way_back_at_once_even_where_it_takes_longer_than_docker_waits(
    image: Image, world: World
) -> None:
    with Server(world, speed=1.0) as server, step(image, server) as run:
        run.wait_for("updated to web:2")
        image.engine.docker("stop", "--time", "3", run.id)
        assert run.end() == 137, "it was killed while it watched the way back"
        assert "web: rolling back to web:1" in run.said()
        assert "web: updated to web:1" in run.said()
    assert world.service("prod", "web").primary.task_definition.endswith("web:1")


@pytest.mark.parametrize(("ask", "number"), [(("stop",), 15), (("kill", "--signal", "INT"), 2)])
def test_before_the_first_write_a_signal_ends_the_run(
    image: Image, world: World, ask: Sequence[str], number: int
) -> None:
    # The lock is held: the first call hangs, and nothing can have been changed.
    with Server(world) as server, server.lock, step(image, server) as run:
        assert server.called.wait(30)
        began = time.monotonic()
        image.engine.docker(*ask, run.id)
        assert run.end() == 128 + number
        assert time.monotonic() - began < GRACE
        assert run.said() == f"Cancelled by signal {number}: nothing was changed."
