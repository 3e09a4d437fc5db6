"""The action `rollback`: back to what ran before, be it in flight or at rest; and every reason why it isn't done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import native, reach
from tests.simulator.watching import settle, update, web
from tests.stories.story import small_world
from tests.stories.test_cancelled import SignalAt
from tests.stories.test_watch import begun

if TYPE_CHECKING:
    from tests.stories.story import Teller, Told

PLACES: dict[str, Any] = {"container": "", "image": ""}


def back(tell: Teller, world: World, **settings: Any) -> Told:
    """What is told of it."""
    return tell(world, action="rollback", **PLACES | settings)


def released(*versions: int, world: World | None = None) -> World:
    """Service web, to which these versions of the shop were deployed, one after the other; 1 is there already."""
    world = world or small_world()
    for version in versions:
        update(world, f"shop:{version}")
        settle(world)
    return world


def writes(world: World) -> int:
    return int(world.faults.calls["UpdateService"] + world.faults.calls["StopServiceDeployment"])


# --- at rest ---


def test_rollback(tell: Teller) -> None:
    world = released(2, 3)
    for version in (2, 1):
        assert back(tell, world).exit_code == 0
        assert web(world).runs == {f"web:{version}": 2}
    told = back(tell, world)
    assert (told.exit_code, web(world).runs) == (2, {"web:1": 2})


def test_rollback_plan(tell: Teller) -> None:
    assert back(tell, released(2, 3), dry_run="true").exit_code == 0
    assert back(tell, begun(), dry_run="true").exit_code == 0
    world = native("CANARY")
    update(world)
    reach(world, "BAKE_TIME")
    assert back(tell, world, dry_run="true").exit_code == 0


def test_rollback_of_what_was_gone_back_to_already(tell: Teller) -> None:
    world = released(2, 3)
    world.deploy(web(world), web(world).history[1].task_definition)
    settle(world)
    told = back(tell, world)
    assert (told.exit_code, web(world).runs) == (0, {"web:1": 2})


def test_rollback_past_what_failed(tell: Teller) -> None:
    world = released(2)
    world.push("shop:3", crash(1))
    assert tell(world, image="shop:3").exit_code == 3
    update(world, "shop:4")
    settle(world)
    told = back(tell, world)
    assert (told.exit_code, web(world).runs) == (0, {"web:2": 2})


def test_rollback_to_what_fails_too(tell: Teller) -> None:
    world = released(2)
    world.push("shop:1", crash(1))
    told = back(tell, world)
    assert (told.exit_code, web(world).runs) == (3, {"web:2": 2})
    told = back(tell, world, disable_rollbacks="true")
    assert told.exit_code == 4


def test_rollback_to_a_revision(tell: Teller) -> None:
    world = released(2, 3)
    told = back(tell, world, revision="web:1")
    assert (told.exit_code, web(world).runs) == (0, {"web:1": 2})
    assert back(tell, world, revision="web:1").report["verdict"] == "Unchanged"
    assert back(tell, world, revision="api:1").exit_code == 2


def test_rollback_to_an_image_that_is_gone(tell: Teller) -> None:
    shop = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"
    world = World()
    world.add_service("prod", "web", task_definition("web", f"{shop}:1"))
    update(world, f"{shop}:2")
    settle(world)
    world.push(f"{shop}:1", missing(f"{shop}:1"))
    told = back(tell, world)
    assert (told.exit_code, writes(world)) == (2, 0)
    assert "ECR has no tag 1 in repository shop" in told.stderr


def test_rollback_to_a_tag_that_both_have(tell: Teller) -> None:
    world = small_world()
    update(world, "shop:1", cpu="512")
    settle(world)
    told = back(tell, world)
    assert (told.exit_code, web(world).runs) == (0, {"web:1": 2})
    assert "both name shop:1" in told.stderr


def test_rollback_to_what_was_deregistered(tell: Teller) -> None:
    world = released(2, 3)
    world.definitions.deregister(web(world).history[1].task_definition)
    told = back(tell, world)
    assert (told.exit_code, writes(world)) == (2, 0)


def test_rollback_where_the_record_may_not_be_read(tell: Teller) -> None:
    world = released(2)
    world.faults.add(Effect.DENY, "ListServiceDeployments")
    told = back(tell, world)
    assert (told.exit_code, writes(world)) == (2, 0)
    assert back(tell, world, revision="web:1").exit_code == 0


def test_rollback_where_what_it_ran_may_not_be_read(tell: Teller) -> None:
    world = released(2)
    world.faults.add(Effect.DENY, "DescribeServiceRevisions")
    assert back(tell, world).exit_code == 2


def test_rollback_where_it_may_not_be_read(tell: Teller) -> None:
    world = released(2)
    world.faults.add(Effect.DENY, "DescribeTaskDefinition", about="web:1")
    assert (back(tell, world).exit_code, writes(world)) == (2, 0)


def test_rollback_to_what_may_be_newer(tell: Teller) -> None:
    world = small_world()
    later = world.register(task_definition("web", "shop:2"))
    world.deploy(web(world), world.register(task_definition("web", "shop:3")))
    settle(world)
    world.deploy(web(world), later)
    settle(world)
    assert (back(tell, world).exit_code, writes(world)) == (2, 0)


def test_rollback_and_nothing_else_ever_ran(tell: Teller) -> None:
    assert back(tell, small_world()).exit_code == 2


def test_rollback_of_several(tell: Teller) -> None:
    world = released(2)
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    api = world.service("prod", "api")
    world.roll_out(api, world.register(task_definition("api", "shop:2")))
    told = back(tell, world, service="web,api")
    assert (told.exit_code, web(world).runs, api.runs) == (0, {"web:1": 2}, {"api:1": 2})


# --- in flight ---


def test_rollback_in_flight(tell: Teller) -> None:
    world = begun()
    told = back(tell, world)
    assert (told.exit_code, web(world).runs, writes(world)) == (0, {"web:1": 2}, 1)


def test_rollback_in_flight_that_crashes(tell: Teller) -> None:
    told = back(tell, begun(behaviour=crash(1), after=40.0))
    assert (told.exit_code, web(told.world).runs) == (0, {"web:1": 2})


def test_rollback_while_ecs_does_it(tell: Teller) -> None:
    world = begun(behaviour=Behaviour(start_error="CannotPullContainerError: no"), breaker=Breaker(rollback=True))
    while web(world).primary.task_definition.endswith(":2"):
        world.clock.sleep(1)
    told = back(tell, world)
    assert (told.exit_code, web(world).runs, writes(world)) == (0, {"web:1": 2}, 0)


def test_rollback_in_flight_and_what_ran_before_fails(tell: Teller) -> None:
    world = begun(after=30.0)
    world.push("shop:1", crash(1))
    told = back(tell, world)
    assert told.exit_code == 4


def test_rollback_in_flight_and_denied(tell: Teller) -> None:
    world = begun()
    world.faults.add(Effect.DENY, "UpdateService")
    told = back(tell, world)
    assert told.exit_code == 2


def test_rollback_in_flight_to_a_revision(tell: Teller) -> None:
    world = released(2)
    update(world, "shop:3")
    world.clock.sleep(5)
    told = back(tell, world, revision="web:1")
    assert (told.exit_code, web(world).runs) == (0, {"web:1": 2})


def test_rollback_in_flight_of_the_same_tag(tell: Teller) -> None:
    world = small_world()
    world.deploy(web(world), web(world).primary.task_definition)
    world.clock.sleep(5)
    assert (back(tell, world).exit_code, writes(world)) == (2, 0)


def test_rollback_in_flight_to_what_was_deregistered(tell: Teller) -> None:
    world = begun()
    world.definitions.deregister(web(world).history[0].task_definition)
    assert (back(tell, world).exit_code, writes(world)) == (2, 0)


def test_rollback_in_flight_and_nothing_ran_before(tell: Teller) -> None:
    world = begun(after=0.0)
    del web(world).deployments[1]
    web(world).events.clear()
    assert (back(tell, world).exit_code, writes(world)) == (2, 0)


def test_rollback_in_flight_and_somebody_deploys(tell: Teller) -> None:
    world = begun()
    world.at(3, lambda: update(world, "shop:3"))
    world.faults.add(Effect.THROTTLE, "UpdateService", last=1)
    assert back(tell, world).exit_code == 5


def test_rollback_in_flight_cancelled(tell: Teller) -> None:
    world = begun()
    assert back(tell, world, cancellation=SignalAt(world, 10)).exit_code == 143


def test_rollback_of_unlike_services(tell: Teller) -> None:
    world = begun()
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    told = back(tell, world, service="web,api")
    assert (told.exit_code, writes(world)) == (2, 0)


# --- ECS's own strategies ---


def test_rollback_native(tell: Teller) -> None:
    world = native("CANARY")
    update(world)
    reach(world, "BAKE_TIME")
    told = back(tell, world)
    assert (told.exit_code, world.traffic(web(world))) == (0, {"web:1": 100.0})
    assert world.faults.calls["StopServiceDeployment"] == 1


def test_rollback_native_at_a_pause(tell: Teller) -> None:
    world = native(hooks=(LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), is_pause=True),))
    update(world)
    reach(world, "POST_TEST_TRAFFIC_SHIFT")
    told = back(tell, world)
    assert (told.exit_code, world.faults.calls["ContinueServiceDeployment"]) == (0, 1)
    assert world.traffic(web(world)) == {"web:1": 100.0}


def test_rollback_native_while_ecs_does_it(tell: Teller) -> None:
    world = native("CANARY")
    update(world)
    reach(world, "BAKE_TIME")
    world.stop_deployment(web(world))
    told = back(tell, world)
    assert (told.exit_code, world.traffic(web(world)), writes(world)) == (0, {"web:1": 100.0}, 0)


def test_rollback_native_at_rest(tell: Teller) -> None:
    world = native("BLUE_GREEN")
    update(world)
    settle(world)
    told = back(tell, world)
    assert (told.exit_code, world.traffic(web(world))) == (0, {"web:1": 100.0})


# --- what isn't done ---


def test_rollback_of_two_services(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web-blue", task_definition("web", "shop:1"))
    world.add_service("prod", "web-green", task_definition("web", "shop:2"), desired=0)
    two = {"service": "", "blue_service": "web-blue", "green_service": "web-green"}
    for mode in ("blue-green", "blue-green-cluster"):
        assert back(tell, world, mode=mode, **two).exit_code == 2


def test_rollback_and_settings(tell: Teller) -> None:
    told = tell(small_world(), action="rollback", tag="1")
    assert told.exit_code == 2
