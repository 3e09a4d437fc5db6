"""A container of the image, started as Drone starts a step: settings in the environment, and nothing else."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.containers.engine import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.simulator.http import Server
    from tests.containers.engine import Engine
    from tests.image.build import Image

SETTINGS = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}


@dataclass(frozen=True)
class Step:
    """A started container."""

    engine: Engine
    id: str

    def said(self) -> str:
        """All of its output so far."""
        return self.engine.docker("logs", self.id)

    def wait_for(self, text: str) -> None:
        """Until it has said that."""
        wait_until(lambda: text in self.said(), 60, f"the container says {text!r}")

    def end(self) -> int:
        """Its exit code, once it has ended."""
        return int(self.engine.docker("wait", self.id, timeout=120))


@contextmanager
def step(image: Image, server: Server, *options: str, **settings: str) -> Iterator[Step]:
    """Run it, with more options for Docker where a test wants some, until the block ends.

    The simulator listens on the loopback alone: the container shares the host's network.
    """
    environment = {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        **{f"PLUGIN_{name.upper()}": value for name, value in {**SETTINGS, **settings}.items()},
    }
    given = [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
    started = image.engine.docker("run", "--detach", "--network", "host", *options, *given, image.name)
    try:
        yield Step(image.engine, started)
    finally:
        image.engine.docker("rm", "--force", started)
