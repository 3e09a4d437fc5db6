"""What a service's earlier rollouts tell of the present one; transcripts beside the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from tests.stories.story import Teller

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"


def world_with_history() -> World:
    """Service web behind a load balancer; it was rolled out five times, each in about a minute and a half."""
    world = World(timing=Timing(draining=60.0, tick_spread=0.1))
    world.push("shop:1", Behaviour(health_after=20.0))
    world.add_service("prod", "web", task_definition("web", "shop:1"), target_group=GROUP, history=5)
    world.faults.log.clear()
    return world


def test_with_history(tell: Teller) -> None:
    world = world_with_history()
    world.push("shop:2", Behaviour(health_after=20.0))
    told = tell(world)
    assert told.exit_code == 0
    assert "usually completes in" in told.stderr
    assert "(5 earlier rollouts)" in told.stderr
    assert world.faults.calls["DescribeServices"] <= 14, "without history it takes more than twice as many"


def test_with_history_and_far_from_the_end(tell: Teller) -> None:
    world = World(timing=Timing(draining=60.0, tick_spread=0.1))
    world.push("shop:1", Behaviour(starts_after=90.0, health_after=20.0))
    world.add_service("prod", "web", task_definition("web", "shop:1"), target_group=GROUP, history=1)
    world.push("shop:2", Behaviour(starts_after=90.0, health_after=20.0))
    told = tell(world)
    assert told.exit_code == 0
    assert "new tasks healthy in about" in told.stderr
    assert "to go" in told.stderr


def test_with_history_unlike_now(tell: Teller) -> None:
    """It starts much more slowly than ever before: no estimate is told while the next milestone is late."""
    world = world_with_history()
    world.push("shop:2", Behaviour(starts_after=240.0, health_after=20.0))
    told = tell(world)
    assert told.exit_code == 0
    still = [line for line in told.stderr.splitlines() if "still rolling out" in line]
    assert len(still) > 2
    assert ["to go" in line for line in still] == [*(False for _ in still[1:]), True], "only draining is as ever"


def test_with_history_it_crashes_as_soon_as_without(tell: Teller) -> None:
    world = world_with_history()
    world.push("shop:2", Behaviour(exits_after=2.0, exit_code=1))
    told = tell(world)
    assert told.exit_code == 3
    assert "to go" not in told.stderr.partition("web:2 failed after")[0]
