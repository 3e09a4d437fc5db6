"""The action `rehearse`: a table, and what stands out in it, of unlike services; and that nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shifting import Shifting
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
CHECK = {"command": ["CMD-SHELL", "curl -f localhost"], "interval": 10, "retries": 3}


def told(tell: Teller, world: World, service: str = "web", image: str = "shop:2", environment: str = "") -> str:
    """What is printed. No service gets anything else to run, and no revision is registered."""
    before = {name: dict(service.runs) for name, service in world.services.items()}
    families = world.definitions.families()
    ran = tell(world, action="rehearse", service=service, image=image, environment=environment)
    assert ran.exit_code == 0
    assert {name: dict(service.runs) for name, service in world.services.items()} == before
    assert world.definitions.families() == families
    return ran.stdout


def test_rehearse(tell: Teller) -> None:
    told(tell, small_world())


def test_settings_that_leave_a_gap(plugin: Teller) -> None:
    world = World()
    body = task_definition("web", "shop:1")
    body["containerDefinitions"][0]["healthCheck"] = CHECK
    breaker = Breaker()
    world.add_service("prod", "web", body, desired=1, minimum_percent=0, maximum_percent=100, breaker=breaker)
    assert "leaves no healthy task at one moment" in told(plugin, world)


def test_percents_that_let_nothing_happen_end_with_the_budget(plugin: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), minimum_percent=100, maximum_percent=100)
    assert "A good image may end as TimedOut" in told(plugin, world)


def test_its_own_history_tells_how_long_things_take(plugin: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), desired=4, target_group=GROUP, history=3)
    assert "3 earlier rollouts in the services' events" in told(plugin, world)


@pytest.mark.parametrize("tell", ["in process"], indirect=True)
def test_rehearse_a_canary(tell: Teller) -> None:
    world = World()
    shifting = Shifting(bake_minutes=5, step_percent=10, step_bake_minutes=5)
    body = task_definition("web", "shop:1")
    world.add_service("prod", "web", body, desired=4, target_group=GROUP, strategy="CANARY", shifting=shifting)
    told(tell, world)


def test_several_services_together(plugin: Teller) -> None:
    world = small_world()
    world.add_service("prod", "worker", task_definition("worker", "shop:1"), desired=3)
    assert "No health check looks at web, worker" in told(plugin, world, service="web,worker")


def test_what_would_be_refused_is_refused(plugin: Teller) -> None:
    ran = plugin(small_world(), action="rehearse", service="nowhere")
    assert ran.exit_code == 2
    assert "service nowhere isn't in cluster prod" in ran.stderr
    assert not ran.stdout


def test_an_edit_that_keeps_the_image_is_rehearsed_like_any_other(plugin: Teller) -> None:
    assert "is good" in told(plugin, small_world(), image="", environment='{"MODE": "fast"}')
