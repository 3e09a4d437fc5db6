"""Cancelled by the CI system: what this run did is undone if it is still ours, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller


class SignalAt:
    """Signal 15 at a moment of the simulated time."""

    def __init__(self, world: World, seconds: float) -> None:
        self.signal = 0
        self._world = world
        world.at(seconds, self._arrive)

    def defer(self) -> None:
        pass

    def _arrive(self) -> None:
        self.signal = 15
        self._world.clock.wake()


def test_cancelled_while_rolling_out(tell: Teller) -> None:
    world = small_world()
    told = tell(world, cancellation=SignalAt(world, 20))
    assert told.exit_code == 143
    assert world.service("prod", "web").runs == {"web:1": 2}
    second = [at for at, operation, _ in world.faults.log if operation == "UpdateService"][1]
    assert second < 21


def test_cancelled_and_left(tell: Teller) -> None:
    world = small_world()
    told = tell(world, cancellation=SignalAt(world, 20), on_cancel="leave")
    assert told.exit_code == 143
    assert world.faults.calls["UpdateService"] == 1
    assert "left rolling out" in told.last_line


def test_cancelled_before_the_update(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.THROTTLE, "UpdateService")
    told = tell(world, cancellation=SignalAt(world, 5))
    assert told.exit_code == 143
    assert world.service("prod", "web").runs == {"web:1": 2}
    assert "was not changed" in told.last_line


def test_cancelled_while_registering(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.THROTTLE, "RegisterTaskDefinition")
    told = tell(world, cancellation=SignalAt(world, 5))
    assert told.exit_code == 143
    assert "UpdateService" not in world.faults.calls


def test_cancelled_while_an_update_may_have_landed(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.TIMEOUT_AFTER, "UpdateService", last=1)
    told = tell(world, cancellation=SignalAt(world, 10))
    assert told.exit_code == 143
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_cancelled_while_rolling_back(tell: Teller) -> None:
    world = small_world()
    told = tell(world, image="shop:missing", cancellation=SignalAt(world, 40))
    assert told.exit_code == 143
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_cancelled_when_somebody_else_took_over(tell: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    theirs = world.register(task_definition("web", "shop:9"))
    world.at(19, lambda: world.deploy(web, theirs))
    told = tell(world, cancellation=SignalAt(world, 20))
    assert told.exit_code == 143
    assert world.faults.calls["UpdateService"] == 1
    assert web.primary.task_definition == theirs


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.16, 1.0, 4.0, 15.0, 40.0, 60.0])
def test_defect_16_whenever_it_comes_the_service_is_as_before_or_done(plugin: Teller, seconds: float) -> None:
    world = small_world()
    told = plugin(world, cancellation=SignalAt(world, seconds))
    assert told.exit_code == 143
    assert world.service("prod", "web").runs == {"web:1": 2}
