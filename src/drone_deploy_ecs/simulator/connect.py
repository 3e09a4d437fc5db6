"""A `Connection` to a simulated world, in process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.ports import Connection
from drone_deploy_ecs.simulator.api import SimulatedEcs
from drone_deploy_ecs.simulator.autoscaling import SimulatedAutoscaling, SimulatedSecrets
from drone_deploy_ecs.simulator.witness import SimulatedWitness

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World


def connection(world: World) -> Connection:
    """All that a run may ask of it."""
    return Connection(
        SimulatedEcs(world), SimulatedWitness(world), SimulatedAutoscaling(world), SimulatedSecrets(world)
    )
