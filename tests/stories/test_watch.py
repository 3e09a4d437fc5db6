"""The action `watch`: somebody else's rollout is followed to its verdict, and nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import task_definition
from tests.simulator.native import native, reach
from tests.simulator.watching import update, web
from tests.stories.story import small_world
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World
    from tests.stories.story import Teller, Told

PLACES: dict[str, Any] = {"container": "", "image": ""}


def watch(tell: Teller, world: World, **settings: Any) -> Told:
    """What is told of it; nothing was written."""
    written = dict(world.faults.calls)
    told = tell(world, action="watch", **PLACES, **settings)
    writes = {"UpdateService", "StopServiceDeployment", "ContinueServiceDeployment", "RegisterTaskDefinition"}
    assert all(told.world.faults.calls[call] == written.get(call, 0) for call in writes)
    return told


def begun(image: str = "shop:2", behaviour: Behaviour | None = None, after: float = 5.0, **service: Any) -> World:
    """Service web, to which somebody began to deploy that a moment ago."""
    world = small_world()
    if behaviour:
        world.push(image, behaviour)
    for name, value in service.items():
        setattr(web(world), name, value)
    update(world, image)
    world.clock.sleep(after)
    return world


def test_watch_nothing(tell: Teller) -> None:
    assert watch(tell, small_world()).exit_code == 0
    assert watch(tell, small_world(), dry_run="true").exit_code == 0


def test_watch(tell: Teller) -> None:
    assert watch(tell, begun()).exit_code == 0
    assert watch(tell, begun(), dry_run="true").exit_code == 0


def test_watch_what_nobody_undoes(tell: Teller) -> None:
    told = watch(tell, begun(behaviour=crash(1)))
    assert told.exit_code == 4
    assert "why: " in told.stderr


def test_watch_what_nobody_undoes_and_cancelled(tell: Teller) -> None:
    world = begun(behaviour=crash(1))
    told = watch(tell, world, cancellation=SignalAt(world, 40))
    assert told.exit_code == 143
    assert world.clock.monotonic() < 50


def test_watch_what_ecs_undoes_and_cancelled(tell: Teller) -> None:
    world = begun(behaviour=missing("shop:2"), breaker=Breaker(rollback=True))
    told = watch(tell, world, cancellation=SignalAt(world, 43))
    assert told.exit_code == 143
    assert world.clock.monotonic() < 50


def test_watch_what_ecs_undoes(tell: Teller) -> None:
    told = watch(tell, begun(behaviour=missing("shop:2"), breaker=Breaker(rollback=True)))
    assert (told.exit_code, web(told.world).runs) == (3, {"web:1": 2})


def test_watch_a_way_back(tell: Teller) -> None:
    world = begun(behaviour=missing("shop:2"), breaker=Breaker(rollback=True))
    while web(world).primary.task_definition.endswith(":2"):
        world.clock.sleep(1)
    assert watch(tell, world).exit_code == 3


def test_watch_what_somebody_undoes(tell: Teller) -> None:
    world = begun(behaviour=crash(1))
    first = web(world).history[0].task_definition
    world.at(8, lambda: world.deploy(web(world), first))
    assert watch(tell, world).exit_code == 3
    world = begun(behaviour=crash(1))
    world.at(70, lambda: world.deploy(web(world), first))
    assert watch(tell, world).exit_code == 3


def test_watch_what_is_superseded(tell: Teller) -> None:
    world = begun()
    world.at(8, lambda: update(world, "shop:3"))
    assert watch(tell, world).exit_code == 5


def test_watch_what_takes_too_long(tell: Teller) -> None:
    told = watch(tell, begun(behaviour=Behaviour(starts_after=1e9)), timeout="1m")
    assert told.exit_code == 4
    assert "left rolling out" in told.last_line


def test_watch_cancelled(tell: Teller) -> None:
    world = begun()
    told = watch(tell, world, cancellation=SignalAt(world, 10))
    assert told.exit_code == 143


def test_watch_several(tell: Teller) -> None:
    world = begun()
    world.add_service("prod", "web-api", task_definition("api", "shop:1"))
    world.deploy(world.service("prod", "web-api"), world.register(task_definition("api", "shop:crash")))
    world.add_service("prod", "web-batch", task_definition("batch", "shop:1"))
    told = watch(tell, world, service="web*")
    assert told.exit_code == 4
    assert [one["verdict"] for one in told.report["services"]] == ["Unchanged", "Completed", "Failed"]


def test_watch_native(tell: Teller) -> None:
    for behaviour, code in ((Behaviour(), 0), (crash(1, after=100.0), 4)):
        world = native("CANARY", behaviour, step_bake_minutes=1)
        update(world)
        world.clock.sleep(5)
        assert watch(tell, world).exit_code == code


def test_watch_native_going_back(tell: Teller) -> None:
    world = native("CANARY")
    update(world)
    reach(world, "BAKE_TIME")
    world.stop_deployment(web(world))
    told = watch(tell, world)
    assert (told.exit_code, web(world).runs) == (3, {"web:1": 2})
    assert watch(tell, world).exit_code == 0


def test_watch_refuses(tell: Teller) -> None:
    assert watch(tell, small_world(), service="wbe").exit_code == 2
    world = small_world()
    world.faults.add(Effect.DENY, "DescribeServices")
    assert watch(tell, world).exit_code == 2


def test_watch_and_settings(tell: Teller) -> None:
    told = tell(small_world(), action="watch", max_parallel="2")
    assert told.exit_code == 0
    assert "image, max_parallel have no effect with action watch" in told.stderr
    assert tell(small_world(), action="watch", cluster="", service="").exit_code == 2


def test_an_action_that_is_misspelt_is_refused_with_a_hint(plugin: Teller) -> None:
    told = plugin(small_world(), action="wach")
    assert told.exit_code == 2
    assert "action 'wach' isn't an action. Did you mean watch? Known: " in told.stderr
