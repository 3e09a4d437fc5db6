"""After a good verdict old revisions are deregistered, but none that anything uses; and never the verdict changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.calls.tasks import RunTask
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.test_cancelled import SignalAt
from tests.stories.test_many import EAST
from tests.stories.test_pauses import paused
from tests.stories.test_switch import SWITCH, SWITCHED, two_sides
from tests.stories.test_switch import runs as sides

if TYPE_CHECKING:
    from tests.stories.story import Teller

KEEP: dict[str, Any] = {"keep_revisions": "2"}
READS = (
    "ListTaskDefinitions", "ListClusters", "ListServices", "ListTasks", "DescribeTasks", "ListServiceDeployments",
    "DescribeServiceRevisions", "ListEventBuses", "ListRules", "ListTargetsByRule", "ListSchedules", "GetSchedule",
)  # fmt: skip
here = pytest.mark.parametrize("tell", ["in process"], indirect=True)
"""What goes over the wire is told by other stories."""


def registered(world: World, revisions: int, family: str = "web") -> World:
    """So many revisions that nobody ever ran."""
    for number in range(revisions):
        world.register(task_definition(family, f"shop:0.{number}"))
    return world


def old_world(revisions: int = 4) -> World:
    """Service web runs the newest revision, after so many that nobody ever ran."""
    world = registered(World(), revisions)
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    return world


def active(world: World, family: str = "web") -> list[int]:
    """The numbers of the family's ACTIVE revisions."""
    return [int(arn.rpartition(":")[2]) for arn in world.definitions.arns(family)]


def calls(world: World, operation: str) -> list[float]:
    return [at for at, called, _ in world.faults.log if called == operation]


def run_task(world: World, revision: str, cluster: str = "prod") -> None:
    """A task by itself, which goes on for ever."""
    world.commands["./work"] = Behaviour(exits_after=None)
    call = RunTask(
        region="eu-west-1", cluster=cluster, definition=revision, container="app", command=("./work",), token=revision, started_by="me"
    )  # fmt: skip
    Operations(world).answer("RunTask", call.members())


def in_use(world: World) -> World:
    """Old revisions of web, each used in its own way: all but 1 and 10."""
    registered(world, 10)
    for cluster in ("prod", "batch"):
        world.add_cluster(cluster)
    worker = world.add_service("batch", "worker", revision(world, 2))
    world.at(60, lambda: world.deploy(worker, revision(world, 3)))
    run_task(world, "web:4", "batch")
    kept, target = world.schedules, world.schedules.target
    kept.add_rule("nightly", target("batch", "web:5"), managed_by="any.amazonaws.com")
    kept.add_rule("newest", target("batch", "web"))
    kept.add_schedule("hourly", target("prod", "web:6"), "jobs")
    asks = {"Cluster": "prod", "TaskDefinition": "web:7"}
    kept.add_schedule("call", {"Arn": "arn:aws:scheduler:::aws-sdk:ecs:runTask", "Input": json.dumps(asks)})
    sets = [{"taskDefinition": revision(world, 8)}]
    world.add_service("batch", "shifted", revision(world, 10), controller="CODE_DEPLOY", more={"taskSets": sets})
    moved = world.add_service("batch", "moved", revision(world, 9))
    world.roll_out(moved, world.register(task_definition("other", "shop:1")))
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    return world


def revision(world: World, number: int) -> str:
    return f"{world.arn_prefix}task-definition/web:{number}"


# --- it goes well ---


def test_cleanup(tell: Teller) -> None:
    told = tell(old_world(), **KEEP)
    assert (told.exit_code, active(told.world)) == (0, [5, 6])
    assert min(calls(told.world, "DeregisterTaskDefinition")) > max(calls(told.world, "UpdateService")) + 60


def test_cleanup_plan(tell: Teller) -> None:
    told = tell(old_world(), argv=["plan"], **KEEP)
    assert (told.exit_code, active(told.world)) == (0, [1, 2, 3, 4, 5])


def test_cleanup_with_nothing_to_do(tell: Teller) -> None:
    """Where no revision is old, nobody is asked what uses them."""
    told = tell(old_world(0), **KEEP)
    assert (told.exit_code, active(told.world)) == (0, [1, 2])
    assert told.report["api_calls"]["ListTaskDefinitions"] == 1
    assert "ListClusters" not in told.report["api_calls"]


def test_cleanup_where_much_is_used(tell: Teller) -> None:
    """A rollout that began meanwhile, a task, a rule, schedules, a task set, and what was good before."""
    world = in_use(World())
    told = tell(world, **KEEP)
    assert (told.exit_code, active(world)) == (0, [*range(2, 10), 11, 12])


@here
def test_cleanup_keeps_what_rollback_goes_to(tell: Teller) -> None:
    world = registered(World(), 1)
    world.add_service("prod", "web", revision(world, 1))
    registered(world, 4)
    assert (tell(world, **KEEP).exit_code, active(world)) == (0, [1, 5, 6])
    assert (tell(world, **KEEP, action="rollback", image="", container="").exit_code, active(world)) == (0, [1, 5, 6])
    assert world.service("prod", "web").runs == {"web:1": 2}


@here
def test_cleanup_of_what_is_unchanged(tell: Teller) -> None:
    """What an earlier run couldn't do is done then: its verdict is a good one, too."""
    told = tell(old_world(), **KEEP, image="shop:1", skip_unchanged="true")
    assert (told.exit_code, told.report["verdict"], active(told.world)) == (0, "Unchanged", [4, 5])


@here
def test_cleanup_of_several_services(tell: Teller) -> None:
    """Two of one family, one of another, and one that this run doesn't deploy."""
    world = registered(registered(old_world(), 3, "worker"), 3, "other")
    world.add_service("prod", "web-admin", revision(world, 2))
    world.add_service("prod", "worker", task_definition("worker", "shop:1"))
    told = tell(world, **KEEP, service="web,web-admin,worker")
    assert (told.exit_code, active(world), active(world, "worker"), active(world, "other")) == (
        0, [2, 5, 6], [4, 5], [1, 2, 3],
    )  # fmt: skip


@here
def test_cleanup_in_two_regions(tell: Teller) -> None:
    world = old_world()
    other = registered(World(region=EAST, clock=world.clock), 2)
    other.add_service("prod", "web", task_definition("web", "shop:1"))
    told = tell(world, **KEEP, aws_region=f"eu-west-1,{EAST}", further={EAST: other})
    assert (told.exit_code, active(world), active(other)) == (0, [5, 6], [3, 4])


@here
def test_cleanup_after_a_switch(tell: Teller) -> None:
    """The side that gave way is the way back; and each side has its own."""
    world = two_sides()
    told = tell(world, **SWITCH, **KEEP)
    assert (told.exit_code, sides(world), active(world)) == (0, SWITCHED, [1, 2, 3])
    assert tell(world, **SWITCH, **KEEP, image="shop:3").exit_code == 0
    assert active(world) == [1, 2, 3, 4]


def test_cleanup_of_revisions_that_others_register_meanwhile(plugin: Teller) -> None:
    """Whoever registered one as this run went on is about to use it; 5 is the way back."""
    world = old_world()
    world.at(30, lambda: registered(world, 4))
    assert (plugin(world, **KEEP).exit_code, active(world)) == (0, [5, 6, 7, 8, 9, 10])


@here
def test_cleanup_of_more_than_aws_lets_go_at_once(tell: Teller) -> None:
    """Beyond 20 it is one a second, and what uses them is read anew; the budget's end leaves the rest to the next."""
    world = old_world(120)
    world.faults.keeps_quotas = True
    told = tell(world, **KEEP, timeout="90s")
    assert (told.exit_code, told.report["verdict"]) == (0, "Completed")
    assert 0 < len(active(world)) - 2 < 30
    assert told.report["api_calls"]["ListClusters"] == 3
    assert not world.faults.throttled
    assert (tell(world, **KEEP, image="shop:3").exit_code, len(active(world))) == (0, 2)


def test_cleanup_of_what_comes_into_use_meanwhile(plugin: Teller) -> None:
    """It is read as late as possible, and read anew while AWS's rate holds up the writes."""
    world = old_world(90)
    world.at(110, lambda: world.schedules.add_rule("nightly", world.schedules.target("prod", "web:88")))
    assert (plugin(world, **KEEP).exit_code, active(world)) == (0, [88, 91, 92])


# --- something is in the way ---


@pytest.mark.parametrize("operation", READS)
def test_cleanup_where_something_may_not_be_read(plugin: Teller, operation: str) -> None:
    world = in_use(World())
    world.faults.add(Effect.DENY, operation, after=world.clock.monotonic() + 60)
    told = plugin(world, **KEEP)
    assert (told.exit_code, told.report["verdict"], active(world)) == (0, "Completed", [*range(1, 13)])
    (line,) = (line for line in told.stderr.splitlines() if "deregistered" in line)
    assert f"no revision of web is deregistered: what uses them can't be read: {operation}: AccessDenied" in line


def test_cleanup_where_schedules_may_not_be_listed(tell: Teller) -> None:
    world = old_world()
    world.faults.add(Effect.DENY, "ListSchedules")
    told = tell(world, **KEEP)
    assert (told.exit_code, told.report["verdict"], active(world)) == (0, "Completed", [1, 2, 3, 4, 5, 6])


def test_cleanup_where_nothing_may_be_deregistered(tell: Teller) -> None:
    world = old_world()
    world.faults.add(Effect.DENY, "DeregisterTaskDefinition")
    told = tell(world, **KEEP)
    assert (told.exit_code, told.report["verdict"], active(world)) == (0, "Completed", [1, 2, 3, 4, 5, 6])


def test_cleanup_where_answers_are_lost(tell: Teller) -> None:
    """What was deregistered without an answer isn't listed any more, and isn't asked for again."""
    world = old_world()
    world.faults.add(Effect.RESET_AFTER, "DeregisterTaskDefinition", first=2, last=2)
    world.faults.add(Effect.TIMEOUT_BEFORE, "DeregisterTaskDefinition", first=4, last=4)
    told = tell(world, **KEEP)
    assert (told.exit_code, active(world)) == (0, [5, 6])
    assert len(calls(world, "DeregisterTaskDefinition")) == 5


def test_cleanup_where_the_last_answer_is_lost(plugin: Teller) -> None:
    world = old_world(1)
    registered(world, 1)
    world.faults.add(Effect.RESET_AFTER, "DeregisterTaskDefinition")
    told = plugin(world, **KEEP)
    assert (told.exit_code, active(world)) == (0, [2, 3, 4])


def test_cleanup_throttled(tell: Teller) -> None:
    world = old_world()
    world.faults.add(Effect.THROTTLE, "DeregisterTaskDefinition", last=2)
    world.faults.add(Effect.THROTTLE, "ListRules", last=1)
    told = tell(world, **KEEP)
    assert (told.exit_code, active(world)) == (0, [5, 6])


@pytest.mark.parametrize("operation", ["DeregisterTaskDefinition", "ListRules"])
def test_cleanup_throttled_for_ever(plugin: Teller, operation: str) -> None:
    world = old_world()
    world.faults.add(Effect.THROTTLE, operation)
    told = plugin(world, **KEEP)
    assert (told.exit_code, told.report["verdict"], active(world)) == (0, "Completed", [1, 2, 3, 4, 5, 6])


# --- the verdict isn't good ---


@here
def test_cleanup_not_after_a_failure(tell: Teller) -> None:
    world = old_world()
    world.push("shop:2", crash(1))
    told = tell(world, **KEEP)
    assert (told.exit_code, active(world)) == (3, [1, 2, 3, 4, 5, 6])
    assert "ListTaskDefinitions" not in told.report["api_calls"]


def superseded(world: World) -> World:
    world.at(20, lambda: world.deploy(world.service("prod", "web"), revision(world, 1)))
    return world


@pytest.mark.parametrize(
    ("world", "settings", "verdict"),
    [
        (lambda: superseded(old_world()), {}, "Superseded"),
        (lambda: registered(paused(), 3), {"on_pause": "leave"}, "Paused"),
    ],
)
def test_cleanup_not_while_something_else_is_to_come(
    plugin: Teller, world: Any, settings: dict[str, Any], verdict: str
) -> None:
    there = world()
    before = active(there)
    told = plugin(there, **KEEP, **settings)
    assert (told.report["verdict"], "ListTaskDefinitions" in told.report["api_calls"]) == (verdict, False)
    assert before == active(there)[: len(before)]


def test_cleanup_not_where_the_run_is_cancelled(plugin: Teller) -> None:
    world = old_world()
    told = plugin(world, **KEEP, cancellation=SignalAt(world, 20))
    assert (told.exit_code, active(world)) == (143, [1, 2, 3, 4, 5, 6])


@here
def test_cleanup_cancelled(tell: Teller) -> None:
    """What ends only that leaves the verdict as it is."""
    world = old_world(60)
    told = tell(world, **KEEP, cancellation=SignalAt(world, 80))
    assert (told.exit_code, told.report["verdict"]) == (0, "Completed")
    assert 20 < len(active(world)) < 50


# --- what has no say in it ---


def test_cleanup_means_nothing_to_other_actions(plugin: Teller) -> None:
    for action in ("watch", "rollback", "status", "rehearse"):
        told = plugin(old_world(), **KEEP, action=action)
        assert "keep_revisions" in told.stderr, action
        assert active(told.world) == [1, 2, 3, 4, 5]
