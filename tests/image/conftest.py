"""One engine and one image for the whole session; a simulated ECS for each test."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.world import World, task_definition
from tests.containers.engine import NoEngineError, running_engine
from tests.image.build import build, require_debootstrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.image.build import Image


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """The image, in an engine of its own.

    Where there is none the tests are skipped, unless RIG=required says that this machine must have one.
    """
    # Not pytest's own temporary folder: its path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="ecs-image-", dir="/tmp"))
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            require_debootstrap()
            engine = cleanup.enter_context(running_engine(folder))
        except NoEngineError as fault:
            lacking = f"no image without an engine and a base ({fault})"
            if os.environ.get("RIG") == "required":
                raise RuntimeError(lacking) from None
            pytest.skip(f"skipped: {lacking}")
        yield build(engine, folder)


@pytest.fixture
def world() -> World:
    """One service of two tasks."""
    found = World()
    found.add_service("prod", "web", task_definition())
    return found
