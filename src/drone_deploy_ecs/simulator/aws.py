"""`ports.Aws` over a simulated world, in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from drone_deploy_ecs.core.ecs.fault import not_awss
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.operations import Operations

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.simulator.world import World

A = TypeVar("A")


class SimulatedAws:
    """Answers every call that a run makes. The world is one Region: the one that a call names is ignored."""

    def __init__(self, world: World) -> None:
        self._operations = Operations(world)

    def send(self, call: Call[A]) -> A:
        """See `ports.Aws`."""
        answer = self._operations.call(call.operation, call.members())
        if not call.follows:
            return call.read(answer)
        content = self._operations.surroundings.download(answer[call.follows])
        if content is None:
            raise ApiError(not_awss(call.operation))
        return call.read(content)
