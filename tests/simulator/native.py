"""A service with one of ECS's own strategies, watched through DescribeServiceDeployments and by the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from tests.simulator.watching import GROUP, update, web, world_with

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.world import World

OVER = ("SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED")


def native(strategy: str = "BLUE_GREEN", behaviour: Behaviour | None = None, **options: Any) -> World:
    """Service web of two tasks, web:1, behind two target groups; a bake of two minutes."""
    service = {"breaker", "alarms", "alarms_roll_back", "listed_after", "current_after", "counts_exits", "target_group"}
    given = {name: options.pop(name) for name in service & set(options)}
    timing = options.pop("timing", None)
    shifting = Shifting(**{"bake_minutes": 2, **options})
    return world_with(
        behaviour, timing=timing, strategy=strategy, shifting=shifting, **{"target_group": GROUP, **given}
    )


def answer(world: World, operation: str, **asked: Any) -> dict[str, Any]:
    return dict(Operations(world).answer(operation, asked))


def arn(world: World, number: int = -1) -> str:
    """Of the newest service deployment."""
    return web(world).deployment_arn(web(world).history[number])


def record(world: World, number: int = -1) -> dict[str, Any]:
    """It, as ECS describes it."""
    (found,) = answer(world, "DescribeServiceDeployments", serviceDeploymentArns=[arn(world, number)])[
        "serviceDeployments"
    ]
    return dict(found)


def shares(traffic: dict[str, float]) -> str:
    return " ".join(f"{name[-1:] or 'nobody'}={share:g}" for name, share in sorted(traffic.items()))


def look(world: World, number: int = -1) -> str:
    """Status, stage, who gets production and test traffic, hooks."""
    found, service = record(world, number), web(world)
    hooks = "".join(f" {hook['status']}" for hook in found["lifecycleHookDetails"])
    stage = found.get("lifecycleStage", "")
    return f"{found['status']} {stage} | {shares(world.traffic(service))} | {shares(world.traffic(service, 'test'))}{hooks}"


def film(world: World, seconds: int, number: int = -1) -> list[str]:
    """`second: status stage | production | test hooks`, whenever that changes, until all is over."""
    frames: list[str] = []
    for _ in range(seconds + 1):
        frame = look(world, number)
        if not frames or frames[-1].partition(": ")[2] != frame:
            frames.append(f"{world.clock.monotonic():g}: {frame}")
        if record(world, number)["status"] in OVER:
            return frames
        world.clock.sleep(1)
    return frames


def reach(world: World, stage: str, status: str = "IN_PROGRESS", within: int = 3600) -> None:
    """Let time pass until the newest deployment is there."""
    for _ in range(within):
        found = record(world)
        if (found.get("lifecycleStage"), found["status"]) == (stage, status):
            return
        world.clock.sleep(1)
    raise AssertionError(f"never at {stage}: {look(world)}")


def end(world: World, within: int = 4 * 86400) -> dict[str, Any]:
    """The record when it is over."""
    until = world.clock.monotonic() + within
    while web(world).history[-1].finished is None:
        assert world.clock.monotonic() < until, look(world)
        world.clock.sleep(5)
    return record(world)


def refused(world: World, operation: str, **asked: Any) -> tuple[str, str]:
    """Code and message."""
    try:
        answer(world, operation, **asked)
    except ApiError as error:
        return error.fault.code, error.fault.message
    raise AssertionError("it was answered")


def hooked(stage: str, *, strategy: str = "BLUE_GREEN", **more: Any) -> World:
    """A hook that only the new image meets."""
    return native(strategy, hooks=(LifecycleHook(stages=(stage,), about="shop:2", **more),))


def served(world: World) -> dict[str, float]:
    """Who gets production traffic, by revision."""
    return world.traffic(web(world))


def when(world: World, operation: str) -> list[float]:
    """The moments at which it was called."""
    return [at for at, called, _ in world.faults.log if called == operation]


__all__ = [
    "answer",
    "arn",
    "end",
    "film",
    "hooked",
    "look",
    "native",
    "reach",
    "record",
    "refused",
    "served",
    "update",
    "web",
    "when",
]
