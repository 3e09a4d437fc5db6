"""What other people do to service s0 while it is deployed to, and what goes wrong with calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import task_definition, void

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.simulator.model import Deployment, Service
    from drone_deploy_ecs.simulator.world import World

EFFECTS = [
    Effect.THROTTLE, Effect.SERVER_ERROR, Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER, Effect.RESET_AFTER,
    Effect.UNREACHABLE, Effect.DENY, Effect.EXPIRE,
]  # fmt: skip


def _deploy(world: World, service: Service) -> Deployment:
    return world.deploy(service, world.register(task_definition("s0", "shop:1", cpu="1024")))


def _delete(_world: World, service: Service) -> None:
    service.status = "DRAINING"


ACTS: Mapping[str, Callable[[World, Service], Deployment | None]] = {
    "deploy": _deploy,
    "deploy the same": lambda world, service: world.deploy(service, service.primary.task_definition),
    "roll back by hand": lambda world, service: world.deploy(service, service.history[0].task_definition),
    "stop": lambda world, service: world.stop_deployment(service),
    "continue": lambda world, service: void(world.answer_pauses(service)),
    "reject": lambda world, service: void(world.answer_pauses(service, "ROLLBACK")),
    "trip": lambda world, service: world.trip(service, "errors", "12 > 10"),
    "scale up": lambda world, service: world.scale(service, service.desired + 1),
    "scale down": lambda world, service: world.scale(service, max(service.desired - 1, 0)),
    "kill task": lambda world, service: world.kill_task(service),
    "deregister": lambda world, _service: void(world.definitions.deregister("s0:1")),
    "delete": _delete,
}


@dataclass
class Others:
    """What was done, and when; and the deployments that came of it."""

    acts: list[tuple[float, str]] = field(default_factory=list)
    deployments: list[Deployment] = field(default_factory=list)

    @property
    def made(self) -> set[str]:
        """The deployments' ids."""
        return {deployment.id for deployment in self.deployments}

    def acted_since(self, moment: float) -> bool:
        """Whether anything was done at that second of the world, or later."""
        return any(at >= moment for at, _ in self.acts)

    def act(self, world: World, what: str) -> None:
        """Do that now."""
        service, now = world.service("prod", "s0"), world.clock.monotonic()
        self.acts.append((now, what))
        if service.hook:
            self.acts.append((now + service.hook.after + world.timing.tick, "may be refused, and then be gone"))
        if made := ACTS[what](world, service):
            self.deployments.append(made)
