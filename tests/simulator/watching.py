"""A service watched through DescribeServices: one line for every change, with the second at which it was first seen."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.model import Service
    from drone_deploy_ecs.simulator.timing import Timing

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
WEB = {"cluster": "prod", "service": "web"}
TASKS = {"cluster": "prod", "serviceName": "web"}
ROLLBACK, NO_ROLLBACK = Breaker(rollback=True), Breaker(rollback=False)


class OnTheDot(Random):
    """Chance that puts the scheduler's turns on the full ten seconds."""

    def uniform(self, a: float, b: float) -> float:
        return b


def world_with(behaviour: Behaviour | None = None, *, timing: Timing | None = None, **options: Any) -> World:
    """Service web of cluster prod runs two tasks of web:1; image shop:2 behaves like that."""
    world = World(timing=timing)
    world.random = OnTheDot(1)
    if behaviour:
        world.push("shop:2", behaviour)
    world.add_service("prod", "web", task_definition("web", "shop:1"), **options)
    return world


def web(world: World) -> Service:
    """The service itself."""
    return world.service("prod", "web")


def update(world: World, image: str = "shop:2", **members: Any) -> str:
    """Register and update, as a tool would; the new deployment's id."""
    arn = world.register(task_definition("web", image, **members))
    answer = Operations(world).answer("UpdateService", {**WEB, "taskDefinition": arn})
    return str(answer["service"]["deployments"][0]["id"])


def shown(world: World) -> dict[str, Any]:
    """The service, as DescribeServices has it."""
    found: dict[str, Any] = Operations(world).answer("DescribeServices", {"cluster": "prod", "services": ["web"]})
    return dict(found["services"][0])


def film(world: World, seconds: int) -> list[str]:
    """`second: STATUS revision STATE running+pending/desired failed` of each deployment, whenever one changed."""
    frames: list[str] = []
    for _ in range(seconds + 1):
        frame = " | ".join(
            f"{one['status']} {one['taskDefinition'][-1]} {one['rolloutState']} "
            f"{one['runningCount']}+{one['pendingCount']}/{one['desiredCount']} failed {one['failedTasks']}"
            for one in shown(world)["deployments"]
        )
        if not frames or frames[-1].partition(": ")[2] != frame:
            frames.append(f"{world.clock.monotonic():g}: {frame}")
        world.clock.sleep(1)
    return frames


def events(world: World) -> list[str]:
    """Its events, oldest first, without the prefix; tasks and deployments are numbered."""
    names: dict[str, str] = {}
    told = []
    for one in reversed([one for one in web(world).events if one.at > 0]):
        text = one.message
        for name in re.findall(r"(?<=task )[0-9a-f]{32}|ecs-svc/[0-9]+", text):
            kind = "D" if name.startswith("ecs-svc/") else "T"
            names.setdefault(name, f"{kind}{sum(each[0] == kind for each in names.values()) + 1}")
        for name, short in names.items():
            text = text.replace(name, short)
        told.append(f"{one.at:g}: {text.removeprefix('(service web) ')}")
    return told


def stopped_tasks(world: World) -> list[dict[str, Any]]:
    """The stopped and stopping tasks, as DescribeTasks has them."""
    answer = Operations(world).answer
    arns = answer("ListTasks", {**TASKS, "desiredStatus": "STOPPED"})["taskArns"]
    return list(answer("DescribeTasks", {"cluster": "prod", "tasks": arns})["tasks"]) if arns else []


def settle(world: World, within: float = 3600.0) -> bool:
    """Let time pass until the service is COMPLETED with nothing left over."""
    until = world.clock.monotonic() + within
    while world.clock.monotonic() < until:
        service = web(world)
        if service.primary.state == "COMPLETED" and not service.others:
            return True
        world.clock.sleep(1)
    return False
