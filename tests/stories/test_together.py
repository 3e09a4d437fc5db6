"""All that may be beside a deployment in one run: a migration, a probe, a smoke test, schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.pages import Page, Site
from drone_deploy_ecs.simulator.shifting import Shifting
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
ALL: dict[str, Any] = {
    "before": "./migrate",
    "after": "./smoke",
    "probe": "http://shop.example/health",
    "probe_expect": "shop:2",
    "schedules": "nightly",
}


def surrounded(world: World, smoke: int = 0) -> World:
    """A site in front of service web, a nightly job of its family, and the two commands; the second may fail."""
    world.sites["shop.example"] = Site(services=("prod/web",))
    world.commands["./migrate"] = Behaviour(exits_after=10.0, exit_code=0)
    world.commands["./smoke"] = Behaviour(exits_after=5.0, exit_code=smoke)
    world.schedules.add_rule("nightly", world.schedules.target("prod", "web:1"))
    return world


def test_together(tell: Teller) -> None:
    told = tell(surrounded(small_world()), **ALL)
    assert told.exit_code == 0
    assert told.world.service("prod", "web").runs == {"web:2": 2}
    assert told.world.schedules.runs == {"nightly": "web:2"}


def test_together_planned(tell: Teller) -> None:
    told = tell(surrounded(small_world()), dry_run="true", **ALL)
    assert told.exit_code == 0


def test_together_and_the_smoke_test_fails(tell: Teller) -> None:
    told = tell(surrounded(small_world(), smoke=1), **ALL)
    assert told.exit_code == 3
    assert told.world.service("prod", "web").runs == {"web:1": 2}
    assert told.world.schedules.runs == {"nightly": "web:1"}


def test_together_and_the_wrong_version_answers(tell: Teller) -> None:
    world = surrounded(small_world())
    world.pages["shop:2"] = Page(body="shop:1")
    told = tell(world, **ALL)
    assert told.exit_code == 3
    assert told.world.service("prod", "web").runs == {"web:1": 2}
    assert told.world.schedules.runs == {"nightly": "web:1"}


def test_together_by_a_canary(tell: Teller) -> None:
    world = World()
    shifting = Shifting(bake_minutes=2, step_percent=10, step_bake_minutes=1)
    world.add_service(
        "prod", "web", task_definition("web", "shop:1"), target_group=GROUP, strategy="CANARY", shifting=shifting
    )
    told = tell(surrounded(world), **ALL)
    assert told.exit_code == 0
    assert told.world.service("prod", "web").runs == {"web:2": 2}
    assert told.world.schedules.runs == {"nightly": "web:2"}
