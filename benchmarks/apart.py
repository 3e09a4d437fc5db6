"""The same services by a process each, as most tools deploy: none knows of the others."""

from __future__ import annotations

import random
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, Any

from benchmarks.tenants import GOOD
from drone_deploy_ecs.core.calls.ecs import (
    DescribeServices,
    DescribeTaskDefinition,
    RegisterTaskDefinition,
    UpdateService,
)
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.world import task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.simulator.world import World

REGION = "eu-west-1"
LATENCY = 0.05
ATTEMPTS, BACKOFF_MOST = 5, 20.0
"""botocore's legacy retries, which the AWS CLI and most tools run with."""
PATIENCE = 600.0
"""Seconds after which they stop looking: the AWS CLI's `wait services-stable`."""


class GaveUp(Exception):
    """It isn't PRIMARY any more, or didn't come through in time."""


def run(world: World, period: float, image: str = GOOD) -> tuple[float, int]:
    """All start together and look every `period` seconds.

    How long it took until the last one ended, and how many ended on "Rate exceeded".
    """
    world.faults.latency = 0.0  # they wait for their answers at the same time
    began = world.clock.monotonic()
    chance = random.Random(1)
    queue = [
        (began, number, _process(world, name, period, image, chance)) for number, (_, name) in enumerate(world.services)
    ]
    heapify(queue)
    refused, ended = 0, began
    while queue:
        at, number, process = heappop(queue)
        world.clock.advance_to(at)
        ended = max(ended, at)
        try:
            heappush(queue, (at + next(process), number, process))
        except (StopIteration, GaveUp):
            continue
        except ApiError:
            refused += 1  # "Rate exceeded", and a red pipeline
    return ended - began, refused


def _process(world: World, name: str, period: float, image: str, chance: random.Random) -> Iterator[float]:
    """One process; yields the seconds that it waits. Raises ApiError when its retries are used up."""
    operations = Operations(world)
    answers: list[Any] = []

    def send(call: Call[Any]) -> Iterator[float]:
        for attempt in range(ATTEMPTS):
            yield LATENCY
            try:
                answers.append(operations.call(call.operation, call.members()))
            except ApiError:
                if attempt == ATTEMPTS - 1:
                    raise
                yield min(chance.random() * 2**attempt, BACKOFF_MOST)
            else:
                return

    look = DescribeServices(region=REGION, cluster="prod", services=(name,))
    yield from send(look)
    running = answers[-1]["services"][0]["taskDefinition"]
    yield from send(DescribeTaskDefinition(region=REGION, name=running))
    yield from send(RegisterTaskDefinition(region=REGION, body=_edited(answers[-1]["taskDefinition"], image)))
    arn = answers[-1]["taskDefinition"]["taskDefinitionArn"]
    yield from send(UpdateService(region=REGION, cluster="prod", name=name, definition=arn))
    until = world.clock.monotonic() + PATIENCE
    while world.clock.monotonic() < until:
        yield period
        yield from send(look)
        primary = answers[-1]["services"][0]["deployments"][0]
        if primary["taskDefinition"] != arn:
            raise GaveUp
        if primary["rolloutState"] == "COMPLETED":
            return
    raise GaveUp


def _edited(definition: dict[str, Any], image: str) -> dict[str, Any]:
    containers = [
        container | {"image": image} if container["name"] == "app" else container
        for container in definition["containerDefinitions"]
    ]
    return task_definition(definition["family"]) | {"containerDefinitions": containers}
