"""One rig for the whole session; every service that a test makes is gone after it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.containers.emulator import running_emulator
from tests.containers.engine import NoEngineError, running_engine
from tests.containers.rig import assemble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from tests.containers.rig import Rig
    from tests.deployments import Breaker

    class MakeService(Protocol):
        def __call__(self, name: str, tag: str = ..., desired: int = ..., breaker: Breaker = ...) -> str: ...


@pytest.fixture(scope="session")
def rig() -> Iterator[Rig]:
    """The second ECS, with real containers.

    Where there is no Docker engine the tests are skipped, unless RIG=required says that this machine must have one.
    """
    # Not pytest's own temporary folder: its path is too long for a socket.
    folder = Path(tempfile.mkdtemp(prefix="ecs-rig-", dir="/tmp"))
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            engine = cleanup.enter_context(running_engine(folder))
        except NoEngineError as fault:
            lacking = f"no Docker engine ({fault})"
            if os.environ.get("RIG") == "required":
                raise RuntimeError(lacking) from None
            pytest.skip(f"skipped: {lacking}")
        endpoint = cleanup.enter_context(running_emulator(folder, engine))
        with pytest.MonkeyPatch.context() as patch:
            # The whole session's fixture comes before the one that clears each test's environment.
            for name in [name for name in os.environ if name.startswith("AWS_")]:
                patch.delenv(name)
            rig = assemble(endpoint, engine, folder)
        cleanup.callback(rig.elb.close)
        cleanup.callback(rig.logs.close)
        cleanup.callback(rig.ecs.close)
        yield rig


@pytest.fixture
def service(rig: Rig) -> Iterator[MakeService]:
    """`rig.service`, whose services live as long as the test."""
    with ExitStack() as cleanup:

        def make(name: str, tag: str = "v1", desired: int = 2, breaker: Breaker = "off") -> str:
            cleanup.callback(rig.remove, name)
            return rig.service(name, tag, desired, breaker)

        yield make
