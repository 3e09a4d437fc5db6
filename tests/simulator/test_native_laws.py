"""Whatever is scripted and whatever people do to services with ECS's own strategies: what always holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.traffic import LISTENERS, side_of, weights
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.structs import structs
from tests.simulator.native import OVER, record
from tests.simulator.watching import GROUP

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.model import Service

HOURS = 6 * 3600
ANYWHERE = (
    "RECONCILE_SERVICE", "PRE_SCALE_UP", "POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)  # fmt: skip
stages = st.lists(st.sampled_from(ANYWHERE), min_size=1, max_size=2, unique=True).map(tuple)
answers = st.sampled_from(["SUCCEEDED", "SUCCEEDED", "FAILED", "UNPARSABLE"])
functions = structs(LifecycleHook, stages=stages, after=st.floats(0, 300), answer=answers, timeout_minutes=st.just(30))
pauses = structs(
    LifecycleHook, stages=stages, is_pause=st.sampled_from([True]), timeout_minutes=st.sampled_from([5, 60]),
    timeout_continues=st.booleans(),
)  # fmt: skip
back = structs(
    LifecycleHook,
    stages=st.sampled_from([("TEST_TRAFFIC_SHIFT",), ("PRODUCTION_TRAFFIC_SHIFT",)]),
    back=st.sampled_from(["SUCCEEDED", "FAILED"]),
)
shiftings = structs(
    Shifting,
    bake_minutes=st.integers(0, 10),
    step_percent=st.sampled_from([3.0, 12.5, 40.0, 100.0]),
    step_bake_minutes=st.integers(0, 3),
    hooks=st.lists(st.one_of(functions, pauses, back), max_size=3).map(tuple),
    breaker_counts=st.booleans(),
)
images = st.sampled_from(
    [
        Behaviour(),
        Behaviour(starts_after=90.0),
        crash(1),
        crash(1, after=400.0),
        missing("shop:2"),
        Behaviour(health="unhealthy"),
    ]
)
acts = st.lists(
    st.tuples(
        st.integers(0, 1500),
        st.sampled_from(["stop", "update", "continue", "rollback", "trip", "kill", "crash", "scale"]),
    ),
    max_size=4,
)


def do(world: World, service: Service, act: str) -> None:
    if act == "update":
        world.deploy(service, world.register(task_definition("web", "shop:3")))
    elif act == "stop":
        world.stop_deployment(service)
    elif act in ("continue", "rollback"):
        world.answer_pauses(service, act.upper())
    elif act == "trip":
        world.trip(service, "errors", "12 > 10")
    elif act == "kill":
        world.kill_task(service)
    elif act == "crash":
        world.kill_containers(service)
    else:
        world.scale(service, 3)


def snapshot(service: Service) -> dict[str, dict[str, float]]:
    return {listener: dict(weights(service, listener)) for listener in LISTENERS}


def hold(world: World, service: Service, before: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """All that holds at any moment; the weights now."""
    now = snapshot(service)
    for listener in LISTENERS:
        assert round(sum(now[listener].values()), 6) == 100.0
        assert round(sum(world.traffic(service, listener).values()), 6) == 100.0
        assert "" not in world.traffic(service, listener), "there is always somebody to answer"
        for side, weight in now[listener].items():
            if weight > before[listener][side]:
                bound = [each for each in service.deployments if side_of(service, each) == side]
                assert any(task.is_healthy for each in bound for task in each.alive), "shifted to nobody who is well"
    assert len([each for each in service.history if each.finished is None]) <= 1
    return now


def why_open(world: World) -> bool:
    """Whether what is still under way has a reason that ECS shows."""
    found = record(world)
    waits = any(hook["status"] in ("AWAITING_ACTION", "IN_PROGRESS") for hook in found["lifecycleHookDetails"])
    target = world.service("prod", "web").history[-1]
    return waits or sum(task.is_healthy for task in target.alive) < world.service("prod", "web").desired


@given(
    strategy=st.sampled_from(["BLUE_GREEN", "LINEAR", "CANARY"]),
    shifting=shiftings,
    image=images,
    acts=acts,
    breaker=st.sampled_from([None, Breaker(), Breaker(rollback=False)]),
    alarms_roll_back=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=40, deadline=None)
def test_traffic_is_whole_and_every_deployment_ends_or_says_what_it_waits_for(
    *, strategy: str, shifting: Shifting, image: Behaviour, acts: list[tuple[int, str]], seed: int, **options: Any
) -> None:
    world = World(seed=seed)
    world.push("shop:2", image)
    service = world.add_service(
        "prod",
        "web",
        task_definition(),
        target_group=GROUP,
        alarms=("errors",),
        strategy=strategy,
        shifting=shifting,
        **options,
    )
    world.deploy(service, world.register(task_definition("web", "shop:2")))
    for at, act in acts:
        world.at(at, lambda act=act: do(world, service, act))  # type: ignore[misc]
    before = snapshot(service)
    while world.clock.monotonic() < 1800 or (service.history[-1].finished is None and world.clock.monotonic() < HOURS):
        world.clock.sleep(5)
        before = hold(world, service, before)
    statuses = [record(world, number)["status"] for number in range(len(service.history))]
    assert all(status in OVER for status in statuses[:-1])
    assert statuses[-1] in OVER or why_open(world)
    served = world.traffic_by_deployment(service)
    if statuses[-1] in ("SUCCESSFUL", "ROLLBACK_SUCCESSFUL"):
        assert list(served.values()) == [100.0]
    if statuses[-1] == "SUCCESSFUL":
        assert set(served) == {service.history[-1].id}
    if statuses[-1] == "ROLLBACK_SUCCESSFUL":
        assert service.history[-1].id not in served
        assert set(served) == {service.primary.id}
