"""What the simulated containers logged, what a load balancer thinks of the tasks, which alarms went off; in process."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from drone_deploy_ecs.core.evidence import NOT_FOUND, AlarmState, TargetCheck, TargetHealth
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.faults import Effect, Killed, as_fault
from drone_deploy_ecs.simulator.shapes import PORT, address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drone_deploy_ecs.core.evidence import LogPlace
    from drone_deploy_ecs.simulator.model import Task
    from drone_deploy_ecs.simulator.world import World

T = TypeVar("T")

TIMEOUT = 5.0
"""Seconds that a witness has to answer."""


class SimulatedWitness:
    """`ports.Witness`. Faults strike its calls by their operations' names."""

    def __init__(self, world: World) -> None:
        self._world = world

    def log_tail(self, *, place: LogPlace, most: int) -> tuple[str, ...]:
        """See `ports.Witness`: what the behaviour of the task's image says that it logs."""
        return self._call("GetLogEvents", place.group, lambda: logged(self._world, place.stream)[-most:])

    def target_health(self, *, target_group: str) -> tuple[TargetHealth, ...]:
        """See `ports.Witness`: a target for every task that isn't stopped."""
        services = [one for one in self._world.services.values() if one.target_group == target_group]
        tasks = [task for one in services for task in one.tasks if task.stopped is None]
        return self._call("DescribeTargetHealth", target_group, lambda: tuple(map(_target, tasks)))

    def target_checks(self, *, target_groups: Sequence[str]) -> dict[str, TargetCheck]:
        """See `ports.Witness`."""
        check = TargetCheck("HTTP", "traffic-port", "/health", "200")
        return self._call("DescribeTargetGroups", ",".join(target_groups), lambda: dict.fromkeys(target_groups, check))

    def alarms(self, *, names: Sequence[str]) -> tuple[AlarmState, ...]:
        """See `ports.Witness`: those that the world tripped."""
        tripped = {name: why for one in self._world.services.values() for name, why in one.tripped.items()}
        found = tuple(AlarmState(name, tripped[name]) for name in names if name in tripped)
        return self._call("DescribeAlarms", ",".join(names), lambda: found)

    def _call(self, operation: str, about: str, do: Callable[[], T]) -> T:
        effect = self._world.faults.strike(operation, about)
        if effect is None:
            return do()
        if effect is Effect.KILL:
            raise Killed
        if effect in (Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER):
            self._world.clock.sleep(TIMEOUT)
        raise ApiError(as_fault(effect, operation))


def logged(world: World, stream: str) -> tuple[str, ...]:
    """What the task's container wrote into that log stream. Raises ApiError where there is none."""
    tasks = (task for one in world.services.values() for task in one.tasks)
    found = next((task for task in tasks if task.id == short(stream)), None)
    if found is None or found.started is None:
        said = "The specified log stream does not exist."
        raise ApiError(Fault(FaultKind.REJECTED, "GetLogEvents", NOT_FOUND, said))
    return found.script.log


def _target(task: Task) -> TargetHealth:
    if task.is_healthy:
        return TargetHealth(address(task), PORT, "healthy")
    if task.script.target_unhealthy and not task.is_pending:
        why = "Health checks failed with these codes: [503]"
        return TargetHealth(address(task), PORT, "unhealthy", "Target.ResponseCodeMismatch", why)
    return TargetHealth(
        address(task), PORT, "initial", "Elb.InitialHealthChecking", "Initial health checks in progress"
    )
