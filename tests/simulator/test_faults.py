"""What goes wrong with calls, in process; on the wire see test_http and tests/contract/test_wire."""

from __future__ import annotations

from random import Random

import pytest

from drone_deploy_ecs.core.calls.ecs import DescribeServices, ListTasks, RegisterTaskDefinition, UpdateService
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.clock import VirtualClock
from drone_deploy_ecs.simulator.faults import Effect, Faults, Killed
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.watching import shown, update, web, world_with

MISHAPS = {
    Effect.THROTTLE: (FaultKind.THROTTLED, "ThrottlingException", False, 0.05),
    Effect.SERVER_ERROR: (FaultKind.AMBIGUOUS, "ServerException", False, 0.05),
    Effect.TIMEOUT_BEFORE: (FaultKind.AMBIGUOUS, "", False, 20.05),
    Effect.TIMEOUT_AFTER: (FaultKind.AMBIGUOUS, "", True, 20.05),
    Effect.RESET_AFTER: (FaultKind.AMBIGUOUS, "", True, 0.05),
    Effect.UNREACHABLE: (FaultKind.UNREACHABLE, "", False, 0.05),
    Effect.DENY: (FaultKind.DENIED, "AccessDeniedException", False, 0.05),
    Effect.EXPIRE: (FaultKind.NO_CREDENTIALS, "ExpiredTokenException", False, 0.05),
}


def force(world: World) -> None:
    SimulatedAws(world).send(UpdateService(region="eu-west-1", cluster="prod", name="web", force=True))


@pytest.mark.parametrize("effect", MISHAPS)
def test_every_mishap(effect: Effect) -> None:
    kind, code, happened, took = MISHAPS[effect]
    world = world_with()
    world.faults.add(effect, "UpdateService", last=1)
    before = web(world).primary.id
    with pytest.raises(ApiError) as error:
        force(world)
    assert (error.value.fault.kind, error.value.fault.code) == (kind, code)
    assert world.clock.monotonic() == pytest.approx(took)
    assert (web(world).primary.id != before) is happened
    force(world)


def test_killed_is_nothing_that_anybody_catches_and_comes_after_the_effect() -> None:
    world = world_with()
    world.faults.add(Effect.KILL, first=1)
    before = web(world).primary.id
    with pytest.raises(Killed):
        force(world)
    assert not issubclass(Killed, Exception)
    assert web(world).primary.id != before


def test_a_rule_is_narrowed_to_calls_times_and_services() -> None:
    world = world_with()
    world.add_service("prod", "api", "web:1")
    world.faults.add(Effect.THROTTLE, "DescribeServices", about="api", first=4, last=8, after=5, until=40)
    aws = SimulatedAws(world)

    def fails(service: str) -> bool:
        try:
            aws.send(DescribeServices(region="eu-west-1", cluster="prod", services=(service,)))
        except ApiError:
            return True
        return False

    seen = []
    for _ in range(5):
        seen.append((fails("web"), fails("api")))
        world.clock.sleep(8)
    assert seen == [(False, False), (False, True), (False, True), (False, True), (False, False)]


def test_the_first_rule_that_fits_wins_and_every_call_is_counted() -> None:
    world = world_with()
    world.faults.add(Effect.DENY_TAGS)
    world.faults.add(Effect.THROTTLE, "ListTasks")
    aws = SimulatedAws(world)
    with pytest.raises(ApiError, match="Rate exceeded"):
        aws.send(ListTasks(region="eu-west-1", cluster="prod", name="web", status="RUNNING"))
    aws.send(DescribeServices(region="eu-west-1", cluster="prod", services=("web",)))
    assert world.faults.calls == {"": 2, "ListTasks": 1, "DescribeServices": 1}
    assert [(operation, about) for _, operation, about in world.faults.log] == [
        ("ListTasks", "web"),
        ("DescribeServices", "web"),
    ]


def test_tagging_denied_refuses_only_what_brings_tags() -> None:
    world = world_with()
    world.faults.add(Effect.DENY_TAGS)
    aws = SimulatedAws(world)
    aws.send(RegisterTaskDefinition(region="eu-west-1", body=task_definition("web", "shop:2")))
    tagged = task_definition("web", "shop:3", tags=[{"key": "a", "value": "b"}])
    with pytest.raises(ApiError, match="is not authorized to perform: ecs:TagResource"):
        aws.send(RegisterTaskDefinition(region="eu-west-1", body=tagged))
    assert world.definitions.families() == {"web": 2}


def test_chance_is_seeded() -> None:
    def struck(seed: int) -> str:
        table = Faults(VirtualClock(), Random(seed))
        table.add(Effect.THROTTLE, chance=0.3)
        return "".join("x" if table.strike("ListTasks", "") else "." for _ in range(200))

    assert struck(1) == struck(1) != struck(2)
    assert 40 <= struck(1).count("x") <= 80


def test_stale_reads_show_the_past_exactly() -> None:
    def looks(stale: float) -> list[object]:
        world = World()
        world.push("shop:2", Behaviour(starts_after=7.0, exits_after=7.5))
        world.faults.stale_seconds = stale
        world.add_service("prod", "web", task_definition("web", "shop:1"))
        world.clock.sleep(30)
        update(world)
        seen: list[object] = []
        for _ in range(200):
            seen.append(shown(world))
            world.clock.sleep(1)
        return seen

    fresh, stale = looks(0), looks(15)
    assert stale[15:] == fresh[:-15]
    assert stale[0] != fresh[0]


def test_staleness_can_end() -> None:
    world = World()
    world.faults.stale_seconds, world.faults.stale_until = 15.0, 20.0
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    world.clock.sleep(10)
    new = update(world)
    ids = []
    for _ in range(2):
        ids.append(shown(world)["deployments"][0]["id"] == new)
        world.clock.sleep(10)
    assert ids == [False, True]
