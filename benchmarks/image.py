"""What the image costs: bytes above its base, and CPU from the container's start until its first request.

`python -m benchmarks.image [--rounds 15]`. Builds the image as the tests do: takes root, Docker and debootstrap.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.containers.engine import running_engine
from tests.image.build import build
from tests.image.step import step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.image.build import Image

ROUNDS = 15
AIM = 0.3
FLOOR = "import os, signal; os.write(1, b'up'); signal.pause()"
CALL = "describe_services(cluster='prod', services=['web'])"
BOTOCORE = f"from botocore.session import Session; Session().create_client('ecs', 'eu-west-1').{CALL}"
UNTIL = ("Python's first line", "botocore's own first request", "the first request")


def cpu(image: Image, container: str) -> float:
    """Seconds of CPU that the container's only process has had, from its creation on."""
    pid = image.engine.docker("inspect", "--format", "{{.State.Pid}}", container)
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def first_request(image: Image) -> tuple[float, float]:
    """CPU and wall seconds until the plugin's first request arrives. It waits for the answer while we look."""
    world = World()
    world.add_service("prod", "web", task_definition())
    with Server(world) as server, server.lock:
        began = time.perf_counter()
        with step(image, server, "--read-only") as run:
            assert server.called.wait(60)
            return cpu(image, run.id), time.perf_counter() - began


def botocores(image: Image) -> tuple[float, float]:
    """The same of a program that is nothing but one call: the floor for whoever uses botocore."""
    with Server(World()) as server, server.lock:
        began = time.perf_counter()
        given = {"AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
        env = [word for name, value in given.items() for word in ("--env", f"{name}={value}")]
        options = ("--detach", "--network", "host", "--read-only", "--entrypoint", "python", *env)
        container = image.engine.docker("run", *options, image.name, "-c", BOTOCORE)
        assert server.called.wait(60)
        spent = cpu(image, container), time.perf_counter() - began
    image.engine.docker("rm", "--force", container)
    return spent


def floor(image: Image) -> tuple[float, float]:
    """The same until the image's Python runs its first line: what any Python in a container costs."""
    began = time.perf_counter()
    words = ("run", "--rm", "--read-only", "--entrypoint", "python", image.name, "-c", FLOOR)
    name = f"floor-{time.monotonic_ns()}"
    command = [image.engine.client, "--host", image.engine.address, words[0], "--name", name, *words[1:]]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.read(2)
        took = time.perf_counter() - began
        spent = cpu(image, name)
        image.engine.docker("kill", name)
    return spent, took


@contextmanager
def built() -> Iterator[Image]:
    """The image, in an engine of its own."""
    folder = Path(tempfile.mkdtemp(prefix="ecs-image-", dir="/tmp"))
    try:
        with running_engine(folder) as engine:
            yield build(engine, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.image", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    rounds = parser.parse_args(argv).rounds
    with built() as image:
        sizes = image.size(image.base), image.size(image.name)
        costs = [(floor(image), botocores(image), first_request(image)) for _ in range(rounds + 1)][1:]
    print("| until | CPU ms, min | median | wall ms, min | median |\n|---|--:|--:|--:|--:|")
    for name, taken in zip(UNTIL, zip(*costs, strict=True), strict=True):
        row = [1e3 * how(kind) for kind in zip(*taken, strict=True) for how in (min, median)]
        print(f"| {name} | {' | '.join(f'{value:.0f}' for value in row)} |")
    print(f"\n{(sizes[1] - sizes[0]) / 1e6:.1f} MB above a base of {sizes[0] / 1e6:.0f} MB")
    least = min(request[0] for *_, request in costs)
    print(f"first request: {1e3 * least:.0f} ms of CPU (aim: at most 300): {'met' if least <= AIM else 'MISSED'}")


if __name__ == "__main__":
    main(sys.argv[1:])
