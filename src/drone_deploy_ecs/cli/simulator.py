"""`simulator`: a simulated ECS over HTTP, until a signal ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.http import Server, lines

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.simulator.world import World


def simulator(edges: Edges, options: Mapping[str, Any]) -> int:
    """Serve, and say where."""
    world = scenario.load(options["scenario"]) if options["scenario"] else scenario.default()
    with _served(world, options["port"], options["speed"], edges.clock.now()) as server:
        for line in lines(server):
            print(line, file=edges.stdout, flush=True)
        edges.cancellation.defer()
        while not edges.cancellation.signal:
            edges.clock.sleep(3600)
    return ExitCode.DONE


def _served(world: World, port: int, speed: float, now: datetime) -> Server:
    """It, listening. Raises `Refused` where that port can't be listened on: another simulator may be there."""
    try:
        return Server(world, port, speed, now)
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else "there is no such port"
        raise Refused(
            (Problem(f"port {port} can't be listened on: {why}", "Give another --port; 0 picks one"),)
        ) from error
