"""`simulator`: a simulated ECS over HTTP, until a signal ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.http import Server, lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.cli.edges import Edges


def simulator(edges: Edges, options: Mapping[str, Any]) -> int:
    """Serve, and say where."""
    world = scenario.load(options["scenario"]) if options["scenario"] else scenario.default()
    with Server(world, options["port"], options["speed"]) as server:
        for line in lines(server):
            print(line, file=edges.stdout, flush=True)
        edges.cancellation.defer()
        while not edges.cancellation.signal:
            edges.clock.sleep(3600)
    return ExitCode.DONE
