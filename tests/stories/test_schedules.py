"""What starts tasks by itself follows a deployment: rules of EventBridge, schedules of EventBridge Scheduler."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import native
from tests.stories.story import small_world
from tests.stories.test_cancelled import SignalAt
from tests.stories.test_many import EAST, east, three
from tests.stories.test_switch import SWITCH, SWITCHED, two_sides
from tests.stories.test_switch import runs as sides

if TYPE_CHECKING:
    from tests.stories.story import Teller

OLD = {"nightly": "web:1", "jobs/hourly": "web:1"}
NEW = {"nightly": "web:2", "jobs/hourly": "web:2"}
NAMES: dict[str, Any] = {"schedules": "nightly, jobs/hourly"}
QUEUE = {"Arn": "arn:aws:sqs:eu-west-1:123456789012:jobs", "NewMember": {"of": "tomorrow"}}

here = pytest.mark.parametrize("tell", ["in process"], indirect=True)
"""What goes over the wire is told by other stories."""


def scheduled(world: World | None = None, definition: str = "web:1", cluster: str = "prod") -> World:
    """Service web, and two that start its tasks: a rule and a schedule."""
    world = world or small_world()
    target = world.schedules.target(cluster, definition)
    world.schedules.add_rule("nightly", target)
    world.schedules.add_schedule("hourly", target, "jobs")
    return world


def calls(world: World, operation: str) -> list[float]:
    return [at for at, called, _ in world.faults.log if called == operation]


# --- it goes well ---


def test_schedules_plan(tell: Teller) -> None:
    world = scheduled()
    world.schedules.add_rule("weekly", world.schedules.target("prod", "web"))
    assert tell(world, argv=["plan"], schedules="nightly,jobs/hourly,weekly").exit_code == 0


def test_schedules_are_left_out_of_a_rehearsal(plugin: Teller) -> None:
    world = scheduled()
    told = plugin(world, action="rehearse", **NAMES)
    assert (told.exit_code, world.schedules.runs) == (0, OLD)
    assert "is good                 Completed" in told.stdout


def test_schedules_by_name(tell: Teller) -> None:
    told = tell(scheduled(), **NAMES)
    assert (told.exit_code, told.world.schedules.runs) == (0, NEW)
    texts = [event["text"] for event in told.report["timeline"]]
    completed = next(number for number, text in enumerate(texts) if "completed" in text)
    assert completed < texts.index("rule nightly runs web:2")


def test_schedules_that_auto_finds(tell: Teller) -> None:
    """On any bus; of another cluster, of another family and managed by AWS: left alone."""
    world = scheduled()
    world.add_cluster("test")
    kept, target = world.schedules, world.schedules.target
    kept.add_rule("on-order", target("prod", "web:1"), bus="orders")
    kept.add_rule("elsewhere", target("test", "web:1"))
    kept.add_rule("managed", target("prod", "web:1"), managed_by="scheduler.amazonaws.com")
    kept.add_rule("queue", QUEUE)
    kept.add_schedule("report", target("prod", "report:7"))
    kept.add_schedule("ping", {"Arn": QUEUE["Arn"], "RoleArn": "arn:aws:iam::123456789012:role/x"})
    before = kept.runs
    told = tell(world, schedules="auto")
    moved = {"nightly": "web:2", "jobs/hourly": "web:2", "rule/orders/on-order": "web:2"}
    assert (told.exit_code, kept.runs) == (0, {**before, **moved})
    assert len(calls(world, "PutTargets") + calls(world, "UpdateSchedule")) == 3


@here
def test_schedules_that_auto_does_not_find(tell: Teller) -> None:
    assert tell(small_world(), schedules="auto").exit_code == 0


@here
def test_schedules_of_another_cluster_by_name(tell: Teller) -> None:
    world = scheduled(cluster="batch")
    assert (tell(world, **NAMES).exit_code, world.schedules.runs) == (0, NEW)


def test_schedules_by_arn(plugin: Teller) -> None:
    world = scheduled()
    rule = "arn:aws:events:eu-west-1:123456789012:rule/nightly"
    schedule = "arn:aws:scheduler:eu-west-1:123456789012:schedule/jobs/hourly"
    assert (plugin(world, schedules=f"{rule},{schedule}").exit_code, world.schedules.runs) == (0, NEW)


def test_schedules_with_several_targets(tell: Teller) -> None:
    """All of each target comes back, what no SDK knows, too; a target of another family stays as it is."""
    world = small_world()
    target = world.schedules.target
    targets = (
        target("prod", "web:1", Input='{"containerOverrides":[]}', NewMember={"of": ["tomorrow", None]}),
        QUEUE,
        target("prod", "report:7"),
        target("test", "web:1", DeadLetterConfig={"Arn": QUEUE["Arn"]}),
    )
    world.schedules.add_rule("nightly", *targets)
    before = copy.deepcopy(world.schedules.rules["default", "nightly"]["Targets"])
    told = tell(world, schedules="nightly")
    for each in (before[0], before[3]):
        each["EcsParameters"]["TaskDefinitionArn"] = f"{world.arn_prefix}task-definition/web:2"
    assert (told.exit_code, world.schedules.rules["default", "nightly"]["Targets"]) == (0, before)


def test_schedules_that_lag_behind_a_service_that_is_unchanged(tell: Teller) -> None:
    world = scheduled()
    web = world.service("prod", "web")
    world.roll_out(web, world.register(task_definition("web", "shop:2")))
    told = tell(world, **NAMES, skip_unchanged="true")
    assert (told.exit_code, world.schedules.runs) == (0, NEW)
    assert not calls(world, "UpdateService")
    assert tell(world, **NAMES, skip_unchanged="true").exit_code == 0
    assert len(calls(world, "PutTargets")) == 1


def test_schedules_whose_revision_was_deregistered(tell: Teller) -> None:
    """They couldn't start a task any more. What fails puts that back all the same: it was so before."""
    world = scheduled()
    web = world.service("prod", "web")
    world.roll_out(web, world.register(task_definition("web", "shop:0")))
    world.definitions.deregister("web:1")
    world.faults.add(Effect.DENY, "UpdateSchedule")
    assert (tell(world, **NAMES).exit_code, world.schedules.runs) == (3, OLD)
    world.faults.rules.clear()
    assert tell(world, **NAMES).exit_code == 0
    assert set(world.schedules.runs.values()) == {"web:3"}


def test_schedules_in_two_regions(tell: Teller) -> None:
    world, other = scheduled(), east(World())
    other = east(world)
    other.schedules.add_schedule("hourly", other.schedules.target("prod", "web:1"), "jobs")
    told = tell(world, aws_region=f"eu-west-1,{EAST}", further={EAST: other}, **NAMES)
    assert (told.exit_code, world.schedules.runs) == (0, NEW)
    assert other.schedules.runs == {"jobs/hourly": "web:2"}


@here
def test_schedules_after_a_switch(tell: Teller) -> None:
    world = scheduled(two_sides())
    told = tell(world, **SWITCH, **NAMES)
    assert (told.exit_code, sides(world)) == (0, SWITCHED)
    assert set(world.schedules.runs.values()) == {"web:3"}


@here
def test_schedules_after_a_switch_that_was_planned_anew(tell: Teller) -> None:
    world = scheduled(two_sides())
    world.at(230, lambda: world.scale(world.service("prod", "web-blue"), 12))
    told = tell(world, **SWITCH, **NAMES)
    assert (told.exit_code, set(world.schedules.runs.values())) == (0, {"web:3"})
    assert len(calls(world, "PutTargets")) == 1


@here
def test_schedules_after_a_canary(tell: Teller) -> None:
    world = scheduled(native("CANARY", step_bake_minutes=1))
    assert (tell(world, **NAMES).exit_code, world.schedules.runs) == (0, NEW)


def test_schedules_that_lag_behind_a_live_side_that_is_unchanged(plugin: Teller) -> None:
    world = scheduled(two_sides(), definition="web:9")
    settings: dict[str, Any] = {**SWITCH, **NAMES, "image": "shop:1", "skip_unchanged": "true"}
    world.faults.add(Effect.DENY, "UpdateSchedule")
    assert (plugin(world, **settings).exit_code, set(world.schedules.runs.values())) == (3, {"web:9"})
    world.faults.rules.clear()
    assert (plugin(world, **settings).exit_code, set(world.schedules.runs.values())) == (0, {"web:1"})
    assert not calls(world, "UpdateService")


# --- it goes wrong ---


def test_schedules_of_which_one_is_denied(tell: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.DENY, "UpdateSchedule")
    told = tell(world, **NAMES)
    assert (told.exit_code, world.schedules.runs) == (3, OLD)
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_schedules_with_an_entry_that_fails(tell: Teller) -> None:
    """AWS's answer has status 200."""
    world = scheduled()
    world.faults.add(Effect.FAIL_ENTRIES, "PutTargets")
    told = tell(world, **NAMES)
    assert (told.exit_code, world.schedules.runs) == (3, OLD)
    assert world.service("prod", "web").runs == {"web:1": 2}


@here
def test_schedules_that_cannot_be_put_back(tell: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.DENY, "UpdateSchedule")
    world.faults.add(Effect.DENY, "PutTargets", first=2)
    told = tell(world, **NAMES)
    assert (told.exit_code, world.schedules.runs) == (4, {**OLD, "nightly": "web:2"})
    assert world.service("prod", "web").runs == {"web:1": 2}


@here
def test_schedules_with_rollbacks_disabled(tell: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.DENY, "UpdateSchedule")
    told = tell(world, **NAMES, disable_rollbacks="true")
    assert (told.exit_code, world.schedules.runs) == (4, {**OLD, "nightly": "web:2"})


@here
def test_schedules_denied_after_a_switch(tell: Teller) -> None:
    world = scheduled(two_sides())
    before = sides(world)
    world.faults.add(Effect.DENY, "UpdateSchedule")
    told = tell(world, **SWITCH, **NAMES)
    assert (told.exit_code, world.schedules.runs, sides(world)) == (3, OLD, before)


@pytest.mark.parametrize("effect", [Effect.THROTTLE, Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER, Effect.RESET_AFTER])
def test_schedules_are_looked_at_before_a_write_is_repeated(effect: Effect, plugin: Teller) -> None:
    world = scheduled()
    for operation in ("PutTargets", "UpdateSchedule"):
        world.faults.add(effect, operation, last=1)
    told = plugin(world, **NAMES)
    assert (told.exit_code, world.schedules.runs) == (0, NEW)
    writes = 1 if effect.comes_after else 2
    assert [len(calls(world, operation)) for operation in ("PutTargets", "UpdateSchedule")] == [writes, writes]


def test_schedules_whose_answer_is_lost(tell: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.TIMEOUT_AFTER, "PutTargets", last=1)
    world.faults.add(Effect.THROTTLE, "UpdateSchedule", last=1)
    assert (tell(world, **NAMES).exit_code, world.schedules.runs) == (0, NEW)


def test_schedules_stay_where_a_second_service_fails(tell: Teller) -> None:
    world = scheduled(three(failing="spot"))
    told = tell(world, service="web,worker,spot", **NAMES)
    assert (told.exit_code, world.schedules.runs) == (3, OLD)
    assert not calls(world, "PutTargets") + calls(world, "UpdateSchedule")


def test_schedules_go_back_where_a_service_fails_meanwhile(tell: Teller) -> None:
    """Its containers die after the first schedule was moved, while the second one can't be written yet."""
    world = scheduled()
    world.faults.add(Effect.THROTTLE, "UpdateSchedule")
    world.at(67, lambda: world.kill_containers(world.service("prod", "web")))
    told = tell(world, **NAMES, stable_for="1s")
    assert (told.exit_code, world.schedules.runs) == (3, OLD)


def test_schedules_that_somebody_else_points_elsewhere(tell: Teller) -> None:
    world = scheduled()
    world.at(30, lambda: world.schedules.point("nightly", "web:7"))
    told = tell(world, **NAMES)
    assert (told.exit_code, world.schedules.runs) == (5, {**NEW, "nightly": "web:7"})


def test_schedules_that_somebody_else_points_elsewhere_on_the_way_back(plugin: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.DENY, "UpdateSchedule", about="hourly", after=1.0)
    world.faults.add(Effect.THROTTLE, "UpdateSchedule", last=2)
    world.at(66, lambda: world.schedules.point("nightly", "web:7"))
    told = plugin(world, **NAMES)
    assert world.schedules.runs == {**OLD, "nightly": "web:7"}
    assert told.exit_code == 3


def test_schedules_while_the_run_is_cancelled(tell: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.THROTTLE, "UpdateSchedule")
    told = tell(world, cancellation=SignalAt(world, 67), **NAMES)
    assert (told.exit_code, world.schedules.runs) == (143, OLD)


def test_schedules_that_are_left_when_the_run_is_cancelled(plugin: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.THROTTLE, "UpdateSchedule")
    told = plugin(world, cancellation=SignalAt(world, 67), on_cancel="leave", **NAMES)
    assert (told.exit_code, world.schedules.runs) == (143, {**OLD, "nightly": "web:2"})
    assert [step["stands"] for step in told.report["steps"]] == ["new", "untouched"]


def test_schedules_are_left_where_the_service_is_out_of_sight(plugin: Teller) -> None:
    """Nothing goes back blindly: the one that was moved starts what the service runs."""
    world = scheduled()
    world.faults.add(Effect.THROTTLE, "UpdateSchedule")
    world.faults.add(Effect.SERVER_ERROR, "DescribeServices", after=66.0)
    told = plugin(world, timeout="2m", **NAMES)
    assert (told.exit_code, world.schedules.runs) == (6, {**OLD, "nightly": "web:2"})


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService", "PutTargets", "UpdateSchedule"])
def test_schedules_of_a_run_that_was_killed_are_moved_by_the_next(operation: str, plugin: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.KILL, operation, last=1)
    with pytest.raises(Killed):
        plugin(world, **NAMES)
    world.faults.rules.clear()
    world.clock.sleep(300)
    told = plugin(world, **NAMES, skip_unchanged="true")
    assert (told.exit_code, world.schedules.runs) == (0, NEW)
    assert world.definitions.families() == {"web": 2}


# --- a family without a revision ---


def test_schedules_that_name_the_family_alone(tell: Teller) -> None:
    world = scheduled(definition="web")
    told = tell(world, **NAMES)
    assert (told.exit_code, set(world.schedules.runs.values())) == (0, {"web"})
    assert not calls(world, "PutTargets") + calls(world, "UpdateSchedule")


@here
def test_schedules_that_name_the_family_alone_while_another_revision_is_its_newest(tell: Teller) -> None:
    world = scheduled(definition="web")
    world.register(task_definition("web", "shop:9"))
    told = tell(world, container="", image="", revision="web:1", **NAMES)
    assert (told.exit_code, world.schedules.runs) == (0, OLD)


def test_schedules_that_name_the_family_alone_and_a_run_that_fails(tell: Teller) -> None:
    world = scheduled(definition="web")
    told = tell(world, image="shop:crash", **NAMES)
    assert told.exit_code == 3
    newest = world.definitions.find("DescribeTaskDefinition", "web")["taskDefinition"]
    assert (newest["revision"], set(world.schedules.runs.values())) == (1, {"web"})


@here
def test_schedules_that_name_the_family_alone_and_what_may_not_be_deregistered(tell: Teller) -> None:
    world = scheduled(definition="web")
    world.faults.add(Effect.DENY, "DeregisterTaskDefinition")
    told = tell(world, image="shop:crash", **NAMES)
    assert told.exit_code == 4
    assert "nightly" in told.last_line


def test_schedules_that_name_the_family_alone_and_a_service_that_may_not_be_updated(plugin: Teller) -> None:
    """No service was changed; what was registered is gone again, which is more than nothing."""
    world = scheduled(definition="web")
    world.faults.add(Effect.DENY, "UpdateService")
    assert plugin(world, **NAMES).exit_code == 3
    assert world.definitions.arns() == [f"{world.arn_prefix}task-definition/web:1"]


@here
def test_schedules_of_another_cluster_that_name_the_family_alone(tell: Teller) -> None:
    """Left alone by `auto`, but a run that fails must not leave them with its revision."""
    world = small_world()
    world.schedules.add_rule("elsewhere", world.schedules.target("test", "web"))
    assert tell(world, image="shop:crash", schedules="auto").exit_code == 3
    assert world.definitions.arns() == [f"{world.arn_prefix}task-definition/web:1"]


# --- what is refused ---


def test_schedules_that_are_unknown(tell: Teller) -> None:
    world = scheduled()
    world.schedules.add_rule("managed", world.schedules.target("prod", "web:1"), managed_by="scheduler.amazonaws.com")
    world.schedules.add_rule("queue", QUEUE)
    world.schedules.add_schedule("report", world.schedules.target("prod", "report:7"))
    told = tell(world, schedules="nigthly,rule/orders/nightly,hourly,jobs/daily,managed")
    assert told.exit_code == 2
    assert tell(world, schedules="queue,default/report,nightly").exit_code == 2
    assert not calls(world, "RegisterTaskDefinition")


@here
def test_schedules_that_are_unknown_are_named_beside_all_else(tell: Teller) -> None:
    assert tell(scheduled(), container="none", schedules="nigthly").exit_code == 2


@here
def test_schedules_that_may_not_be_read(tell: Teller) -> None:
    world = scheduled()
    world.faults.add(Effect.DENY, "GetSchedule")
    assert tell(world, **NAMES).exit_code == 2
    assert not calls(world, "RegisterTaskDefinition")


@here
def test_schedules_of_a_family_that_gets_two_revisions(tell: Teller) -> None:
    world = scheduled(cluster="batch")
    world.register(task_definition("web", "shop:1", cpu="512"))
    world.add_service("prod", "api", f"{world.arn_prefix}task-definition/web:2")
    assert tell(world, service="web,api", **NAMES).exit_code == 2


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"schedules": "auto,nightly"}, "has auto beside names"),
        ({"schedules": "a/b/c"}, "has 'a/b/c', which names neither a rule nor a schedule"),
        ({"schedules": "nightly", "on_pause": "leave"}, "schedules is set with on_pause: leave"),
        ({"mode": "blue-green-cluster", "schedules": "nightly"}, "mode blue-green-cluster takes no schedules"),
    ],
)
def test_schedules_are_refused_where_they_make_no_sense(settings: dict[str, Any], said: str, plugin: Teller) -> None:
    told = plugin(scheduled(), **settings)
    assert told.exit_code == 2
    assert said in told.stderr
