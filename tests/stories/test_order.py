"""Whose turn it is: another rollout is in progress as a run comes, and is replaced, waited for, or left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.ecs.build import BUILD
from drone_deploy_ecs.simulator.behaviour import Behaviour, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import task_definition
from tests.simulator.native import native
from tests.simulator.watching import update, web
from tests.stories.story import small_world
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World
    from tests.stories.story import Teller

WRITES = ("RegisterTaskDefinition", "UpdateService")


def busy(image: str = "shop:9", behaviour: Behaviour | None = None, breaker: Breaker | None = None) -> World:
    """Service web, to which somebody began to deploy a moment ago."""
    world = small_world()
    if behaviour:
        world.push(image, behaviour)
    web(world).breaker = breaker
    update(world, image)
    world.clock.sleep(5)
    return world


def written(world: World) -> int:
    """Writes that this run sent; that of `busy` wasn't a call of it."""
    return sum(world.faults.calls[operation] for operation in WRITES)


def test_order_refuse(tell: Teller) -> None:
    world = busy()
    before = written(world)
    told = tell(world, on_conflict="refuse")
    assert told.exit_code == 5
    assert written(world) == before
    world.clock.sleep(300)
    assert web(world).runs == {"web:2": 2}
    assert tell(world, on_conflict="refuse").exit_code == 0


def test_order_refuse_plan(tell: Teller) -> None:
    assert tell(busy(), on_conflict="refuse", dry_run="true").exit_code == 0
    assert tell(busy(), on_conflict="wait", dry_run="true").exit_code == 0


def test_order_refuse_of_several(tell: Teller) -> None:
    world = busy()
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    world.add_service("prod", "own", task_definition("own", "shop:1"))
    digest = world.push("shop:2", Behaviour())
    followed = world.register(task_definition("own", f"shop@{digest}"))
    world.deploy(world.service("prod", "own"), followed)
    world.clock.sleep(5)
    before = written(world)
    told = tell(world, service="web,api,own", image=f"shop@{digest}", on_conflict="refuse")
    assert told.exit_code == 5
    assert written(world) == before
    assert [one["verdict"] for one in told.report["services"]] == ["Superseded", "Withdrawn", "Withdrawn"]
    assert [one["stands"] for one in told.report["services"]] == ["somebody else's", "untouched", "untouched"]


def test_order_refuse_of_many(tell: Teller) -> None:
    world = small_world()
    for number in range(25):
        world.add_service("prod", f"web-{number}", task_definition(f"web-{number}", "shop:1"))
        if number < 22:
            arn = world.register(task_definition(f"web-{number}", "shop:9"))
            world.deploy(world.service("prod", f"web-{number}"), arn)
    world.clock.sleep(5)
    told = tell(world, service="web-*", on_conflict="refuse")
    assert told.exit_code == 5
    assert written(world) == 0


def test_order_wait(tell: Teller) -> None:
    told = tell(busy(), on_conflict="wait")
    assert told.exit_code == 0
    assert web(told.world).runs == {"web:3": 2}
    (service,) = told.report["services"]
    assert service["before"].endswith("web:2")


def test_order_wait_for_what_goes_back(tell: Teller) -> None:
    told = tell(busy(behaviour=missing("shop:9"), breaker=Breaker(rollback=True)), on_conflict="wait")
    assert told.exit_code == 0
    (service,) = told.report["services"]
    assert service["before"].endswith("web:1")


def test_order_wait_for_what_ecs_gives_up_on(tell: Teller) -> None:
    told = tell(busy(behaviour=missing("shop:9"), breaker=Breaker(rollback=False)), on_conflict="wait")
    assert told.exit_code == 0
    assert "waiting for its turn" in told.stderr


def test_order_wait_in_vain(tell: Teller) -> None:
    world = busy(behaviour=Behaviour(starts_after=1e9))
    before = written(world)
    began = world.clock.monotonic()
    told = tell(world, on_conflict="wait", timeout="2m")
    assert told.exit_code == 5
    assert written(world) == before
    assert world.clock.monotonic() - began == pytest.approx(120, abs=1)


def test_order_wait_for_one_after_the_other(tell: Teller) -> None:
    world = busy()
    world.at(20, lambda: update(world, "shop:8"))
    assert tell(world, on_conflict="wait").exit_code == 0
    assert web(world).runs == {"web:4": 2}


def test_order_wait_cancelled(plugin: Teller) -> None:
    """Nothing was written, so nothing is to be taken back."""
    world = busy()
    before = written(world)
    told = plugin(world, on_conflict="wait", cancellation=SignalAt(world, 20))
    assert told.exit_code == 143
    assert written(world) == before


def test_order_wait_native(tell: Teller) -> None:
    world = native("BLUE_GREEN", bake_minutes=3)
    update(world, "shop:9")
    world.clock.sleep(5)
    told = tell(world, on_conflict="wait", timeout="2m")
    assert told.exit_code == 0
    assert web(told.world).runs == {"web:3": 2}


def test_order_refuse_native(tell: Teller) -> None:
    world = native("BLUE_GREEN")
    update(world, "shop:9")
    world.clock.sleep(5)
    assert tell(world, on_conflict="refuse").exit_code == 5


def test_order_somebody_deploys_between_plan_and_write(tell: Teller) -> None:
    """Registered, and then found that somebody else has come."""
    world = small_world()
    world.at(0.12, lambda: update(world, "shop:9"))
    assert tell(world, on_conflict="refuse").exit_code == 5


def test_order_wait_after_a_lost_race(tell: Teller) -> None:
    """What was registered before somebody came is told of, too, when another one is deployed in the end."""
    world = small_world()
    world.at(0.17, lambda: update(world, "shop:9"))
    told = tell(world, on_conflict="wait")
    assert told.exit_code == 0
    assert web(world).runs == {"web:4": 2}
    assert "web:2 was registered for nothing" in told.stderr


def test_order_somebody_deploys_what_we_registered(tell: Teller) -> None:
    """Another run of the same commit has found it: it is of use, then."""
    world = small_world()
    world.at(0.17, lambda: world.deploy(web(world), world.definitions.arns()[-1]))
    told = tell(world, on_conflict="refuse")
    assert told.exit_code == 5
    assert "for nothing" not in told.stderr


# --- builds ---


def built(build: int) -> World:
    """Service web runs a revision of that build."""
    world = small_world()
    body = task_definition(
        "web", "shop:1", tags=[{"key": "team", "value": "shop"}, {"key": BUILD, "value": str(build)}]
    )
    world.deploy(web(world), world.register(body))
    world.clock.sleep(300)
    return world


def tags(world: World, revision: str) -> dict[str, str]:
    """A revision's."""
    return {tag["key"]: tag["value"] for tag in world.definitions.describe(revision)["tags"]}


def test_order_of_builds(tell: Teller) -> None:
    world = built(41)
    assert tell(world, build_number="42").exit_code == 0
    assert tags(world, "web:3") == {"team": "shop", BUILD: "42"}
    before = written(world)
    assert tell(world, image="shop:3", build_number="41").exit_code == 5
    assert written(world) == before
    assert tell(world, image="shop:3", build_number="41", dry_run="true").exit_code == 0
    # Without a number it isn't known of which build it is.
    assert tell(world, image="shop:3").exit_code == 0
    assert tags(world, "web:4") == {"team": "shop"}


def test_order_of_a_higher_build_in_progress(tell: Teller) -> None:
    world = small_world()
    update(world, "shop:9", tags=[{"key": BUILD, "value": "50"}])
    world.clock.sleep(5)
    before = written(world)
    assert tell(world, build_number="49", on_conflict="wait").exit_code == 5
    assert written(world) == before


def test_order_of_a_revision_that_is_used_again(tell: Teller) -> None:
    world = small_world()
    digest = world.push("shop:2", Behaviour())
    assert tell(world, image=f"shop@{digest}", build_number="7").exit_code == 0
    assert tell(world, image=f"shop@{digest}", build_number="8").exit_code == 0
    assert tags(world, "web:2") == {BUILD: "8"}
    assert tell(world, image=f"shop@{digest}", build_number="7").exit_code == 5
    assert tell(world, image="", container="", revision="web:1", build_number="9", dry_run="true").exit_code == 0
    assert tell(world, image="", container="", revision="web:1", build_number="9").exit_code == 0
    assert tags(world, "web:1") == {BUILD: "9"}


def test_order_of_a_revision_that_a_higher_build_registered(tell: Teller) -> None:
    """It may be about to deploy it, so its tag stays; the same content is registered once more."""
    world = small_world()
    world.register(task_definition("web", "shop:2", tags=[{"key": BUILD, "value": "8"}]))
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:3": 2}
    assert (tags(world, "web:2"), tags(world, "web:3")) == ({BUILD: "8"}, {BUILD: "7"})


def test_order_of_a_lower_build_that_deploys_the_same_revision(tell: Teller) -> None:
    """Tagged as of this build, that it is the lower one's deployment can't be seen: it is written to all the same."""
    world = small_world()
    arn = world.register(task_definition("web", "shop:2", tags=[{"key": BUILD, "value": "6"}]))
    world.at(0.2, lambda: world.deploy(web(world), arn))
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:2": 2}
    assert tags(world, "web:2") == {BUILD: "7"}


def test_order_of_a_lower_build_that_comes_before_the_write(tell: Teller) -> None:
    world = small_world()
    world.at(0.12, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "6"}]))
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:3": 2}


def test_order_of_a_higher_build_that_comes_before_the_write(tell: Teller) -> None:
    world = small_world()
    world.at(0.12, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "8"}]))
    assert tell(world, build_number="7").exit_code == 5
    assert world.faults.calls["UpdateService"] == 0


def test_order_of_a_lower_build_that_takes_its_place(tell: Teller) -> None:
    world = small_world()
    world.at(8, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "6"}]))
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:2": 2}
    world = small_world()
    for second in (8, 20):
        world.at(second, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "6"}]))
    assert tell(world, build_number="7").exit_code == 5


def test_order_of_two_lower_builds_that_take_its_place(tell: Teller) -> None:
    world = small_world()
    world.at(8, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "5"}]))
    world.at(20, lambda: update(world, "shop:10", tags=[{"key": BUILD, "value": "6"}]))
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:2": 2}


def test_order_of_a_higher_build_that_takes_its_place(tell: Teller) -> None:
    world = small_world()
    world.at(8, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "8"}]))
    assert tell(world, build_number="7").exit_code == 5
    assert world.faults.calls["UpdateService"] == 1


def test_order_of_a_lower_build_that_takes_its_place_where_traffic_is_shifted(tell: Teller) -> None:
    world = native("BLUE_GREEN")
    world.at(60, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "6"}]))
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:2": 2}


def test_order_of_builds_whose_tags_are_denied(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.DENY_TAGS, "RegisterTaskDefinition")
    world.faults.add(Effect.DENY, "TagResource")
    assert tell(world, build_number="7").exit_code == 0
    assert tell(world, build_number="6").exit_code == 0


def test_order_of_builds_while_the_rival_is_out_of_sight(tell: Teller) -> None:
    world = small_world()
    world.at(8, lambda: update(world, "shop:9", tags=[{"key": BUILD, "value": "6"}]))
    world.faults.add(Effect.THROTTLE, "DescribeTaskDefinition", after=8.0, until=40.0)
    assert tell(world, build_number="7").exit_code == 0
    assert web(world).runs == {"web:2": 2}


def test_order_our_own_is_followed(tell: Teller) -> None:
    world = small_world()
    digest = world.push("shop:2", Behaviour())
    update(world, f"shop@{digest}")
    world.clock.sleep(5)
    told = tell(world, image=f"shop@{digest}", on_conflict="refuse")
    assert told.exit_code == 0
    assert web(world).runs == {"web:2": 2}


def test_order_that_a_switch_does_not_take(tell: Teller) -> None:
    settings: dict[str, Any] = {"mode": "blue-green", "service": "", "blue_service": "web", "green_service": "web-2"}
    steps: dict[str, Any] = {
        "scale_down_percent": "50",
        "scale_down_interval": "1",
        "scale_down_wait_period": "1",
        "checks_to_pass": "1",
    }
    assert tell(small_world(), on_conflict="wait", **settings, **steps).exit_code == 2
