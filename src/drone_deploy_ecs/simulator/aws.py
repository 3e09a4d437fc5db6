"""`ports.Aws` over a simulated world, in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.operations import Operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.simulator.world import World


class SimulatedAws:
    """Answers every call that a run makes. The world is one Region: the one that a call names is ignored."""

    def __init__(self, world: World) -> None:
        self._operations = Operations(world)

    def send(self, call: Call[Any]) -> Mapping[str, Any]:
        """See `ports.Aws`."""
        return self._operations.call(call.operation, call.members())
