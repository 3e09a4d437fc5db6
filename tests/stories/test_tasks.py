"""One-off tasks before and after a deployment: what they say, what their failure takes back; each runs once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import native
from tests.simulator.watching import web
from tests.stories.story import small_world
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from tests.stories.story import Teller

MIGRATE, SMOKE = "./manage.py migrate", "./smoke"
MIGRATED = Behaviour(exits_after=20.0, log=("2 migrations to apply", "orders.0042 OK", "orders.0043 OK"))
BROKEN = Behaviour(exits_after=8.0, exit_code=3, log=("2 migrations to apply", "fatal: column total exists already"))
FIRST = {"GITHUB_RUN_ID": "77", "GITHUB_RUN_ATTEMPT": "1", "GITHUB_REPOSITORY": "shop/web", "GITHUB_JOB": "deploy"}
SECOND = FIRST | {"GITHUB_RUN_ATTEMPT": "2"}


def migrating(script: Behaviour = MIGRATED) -> World:
    world = small_world()
    world.commands[MIGRATE] = script
    return world


def test_before_good(tell: Teller) -> None:
    told = tell(migrating(), before=MIGRATE)
    assert told.exit_code == 0
    assert told.world.service("prod", "web").runs == {"web:2": 2}
    (step,) = told.report["steps"]
    assert (step["kind"], step["verdict"], step["exit_code"]) == ("before", "Completed", 0)
    assert step["log"] == list(MIGRATED.log)


def test_it_is_launched_as_its_service_is(plugin: Teller) -> None:
    network = {
        "awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}
    }
    providers = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    more = {"networkConfiguration": network, "capacityProviderStrategy": providers, "platformVersion": "1.4.0",
            "enableExecuteCommand": True, "enableECSManagedTags": True, "propagateTags": "TASK_DEFINITION"}  # fmt: skip
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), more=more)
    assert plugin(world, before=MIGRATE).exit_code == 0
    (task,) = world.one_offs.tasks
    assert {name: task.request[name] for name in more} == more
    web(world).more = {"propagateTags": "SERVICE", "tags": [{"key": "team", "value": "shop"}]}
    assert plugin(world, before=MIGRATE, image="shop:3").exit_code == 0
    assert world.one_offs.tasks[1].request["tags"] == [{"key": "team", "value": "shop"}]
    assert "propagateTags" not in world.one_offs.tasks[1].request
    assert "launchType" not in task.request, "ECS takes one of the two"
    assert task.started_by == f"drone-deploy-ecs/before/{task.request['clientToken']}"


def test_before_fails(tell: Teller) -> None:
    told = tell(migrating(BROKEN), before=MIGRATE)
    assert told.exit_code == 3
    assert told.world.faults.calls["UpdateService"] == 0
    assert told.last_line.endswith("before failed: exit code 3 after 18 s; web was not changed and runs web:1.")


def test_before_out_of_memory(tell: Teller) -> None:
    killed = Behaviour(exits_after=9.0, exit_code=137, reason="OutOfMemoryError: Container killed due to memory usage")
    told = tell(migrating(killed), before=MIGRATE)
    assert told.exit_code == 3
    assert [cause["name"] for cause in told.report["steps"][0]["causes"]] == ["out-of-memory"]


def test_before_without_its_image(tell: Teller) -> None:
    told = tell(migrating(), before=MIGRATE, image="shop:missing", preflight="off")
    assert told.exit_code == 3
    assert told.world.faults.calls["UpdateService"] == 0


def test_before_waits_for_capacity(tell: Teller) -> None:
    told = tell(migrating(Behaviour(placeable_after=130.0, exits_after=5.0)), before=MIGRATE)
    assert told.exit_code == 0
    assert len(told.world.one_offs.tasks) == 1


def test_before_never_gets_capacity(tell: Teller) -> None:
    told = tell(migrating(Behaviour(placeable_after=1e9)), before=MIGRATE, task_timeout="90s")
    assert told.exit_code == 3
    assert told.world.faults.calls["UpdateService"] == 0


def test_before_times_out(tell: Teller) -> None:
    told = tell(migrating(Behaviour(exits_after=None, log=("waiting for a lock",))), before=MIGRATE, task_timeout="1m")
    assert told.exit_code == 3
    assert [task.stop_code for task in told.world.one_offs.tasks] == ["UserInitiated"]


def test_before_denied(tell: Teller) -> None:
    world = migrating()
    world.faults.add(Effect.DENY, "RunTask")
    told = tell(world, before=MIGRATE)
    assert told.exit_code == 2
    assert "ecs:RunTask" in told.last_line
    assert told.world.faults.calls["UpdateService"] == 0


def test_before_with_its_log_denied(tell: Teller) -> None:
    world = migrating()
    world.faults.add(Effect.DENY, "GetLogEvents")
    told = tell(world, before=MIGRATE)
    assert told.exit_code == 0
    assert told.stderr.count("logs:GetLogEvents isn't allowed") == 1


def test_before_with_another_log_driver(tell: Teller) -> None:
    world = World()
    body = task_definition("web", "shop:1")
    body["containerDefinitions"][0]["logConfiguration"] = {"logDriver": "splunk"}
    world.add_service("prod", "web", body)
    told = tell(world, before=MIGRATE)
    assert told.exit_code == 0
    assert told.stderr.count("logs by splunk") == 1


def test_before_in_a_container_that_is_not_essential(tell: Teller) -> None:
    world = World()
    body = task_definition("web", "shop:1")
    body["containerDefinitions"].append({"name": "job", "image": "job:1", "essential": False})
    world.add_service("prod", "web", body)
    told = tell(world, before=MIGRATE, task_container="job")
    assert told.exit_code == 0
    assert [task.stop_code for task in world.one_offs.tasks] == ["UserInitiated"], "it lived on without it"


def test_its_container_is_unknown(tell: Teller) -> None:
    assert tell(migrating(), before=MIGRATE, task_container="jbo").exit_code == 2


def test_its_answer_is_lost(tell: Teller) -> None:
    world = migrating()
    world.faults.add(Effect.TIMEOUT_AFTER, "RunTask", last=2)
    told = tell(world, before=MIGRATE)
    assert told.exit_code == 0
    assert len(world.one_offs.tasks) == 1


def test_a_failed_migration_runs_again_in_the_next_attempt(tell: Teller) -> None:
    world = migrating(BROKEN)
    assert tell(world, env=FIRST, before=MIGRATE).exit_code == 3
    world.commands[MIGRATE] = MIGRATED
    assert tell(world, env=SECOND, before=MIGRATE).exit_code == 0
    assert [task.exit_code for task in world.one_offs.tasks] == [3, 0]


def test_what_failed_in_this_attempt_runs_again(tell: Teller) -> None:
    """The CI system started the step anew without saying so: what ended badly isn't taken for this run's."""
    world = migrating(BROKEN)
    assert tell(world, env=FIRST, before=MIGRATE).exit_code == 3
    world.commands[MIGRATE] = MIGRATED
    assert tell(world, env=FIRST, before=MIGRATE).exit_code == 0
    assert [task.exit_code for task in world.one_offs.tasks] == [3, 0]


def test_from_a_plain_shell_every_run_is_its_own(plugin: Teller) -> None:
    world = migrating(BROKEN)
    for _ in range(2):
        assert plugin(world, before=MIGRATE).exit_code == 3
    assert len(world.one_offs.tasks) == 2


def test_cancelled_while_it_migrates(tell: Teller) -> None:
    world = migrating(Behaviour(exits_after=600.0))
    told = tell(world, cancellation=SignalAt(world, 20), before=MIGRATE)
    assert told.exit_code == 143
    assert [task.stop_code for task in world.one_offs.tasks] == ["UserInitiated"]
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_cancelled_and_its_task_left(tell: Teller) -> None:
    world = migrating(Behaviour(exits_after=600.0))
    told = tell(world, cancellation=SignalAt(world, 20), before=MIGRATE, on_cancel="leave")
    assert told.exit_code == 143
    assert [task.status for task in world.one_offs.tasks] == ["RUNNING"]
    assert "is left running" in told.stderr


def test_cancelled_while_runtask_is_not_answered(tell: Teller) -> None:
    world = migrating(Behaviour(exits_after=600.0))
    world.faults.add(Effect.TIMEOUT_AFTER, "RunTask")
    told = tell(world, cancellation=SignalAt(world, 20), before=MIGRATE)
    assert told.exit_code == 143
    assert [task.stop_code for task in world.one_offs.tasks] == ["UserInitiated"]


def test_cancelled_after_it_migrated(tell: Teller) -> None:
    world = migrating()
    told = tell(world, cancellation=SignalAt(world, 50), before=MIGRATE)
    assert told.exit_code == 143
    assert "before ran, and isn't undone" in told.stderr


def test_what_migrated_is_not_undone(tell: Teller) -> None:
    told = tell(migrating(), before=MIGRATE, image="shop:crash")
    assert told.exit_code == 3
    assert "before ran, and isn't undone" in told.stderr


def test_somebody_deploys_while_it_migrates(tell: Teller) -> None:
    world = migrating()
    world.at(10, lambda: world.deploy(web(world), world.register(task_definition("web", "shop:9"))))
    told = tell(world, before=MIGRATE)
    assert told.exit_code == 5
    assert told.world.faults.calls["UpdateService"] == 0


def test_two_services_have_one_migration(tell: Teller) -> None:
    world = migrating()
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    told = tell(world, before=MIGRATE, after=SMOKE, service="web,api", canary_services="1")
    assert told.exit_code == 0
    assert [task.command for task in world.one_offs.tasks] == [MIGRATE, SMOKE, SMOKE]


def test_what_is_unchanged_needs_none(plugin: Teller) -> None:
    world = migrating()
    assert plugin(world, before=MIGRATE, after=SMOKE, image="shop:1", skip_unchanged="true").exit_code == 0
    assert not world.one_offs.tasks


def test_after_good(tell: Teller) -> None:
    told = tell(migrating(), before=MIGRATE, after=SMOKE)
    assert told.exit_code == 0


def smoked(world: World) -> World:
    world.commands[SMOKE] = Behaviour(exits_after=6.0, exit_code=1, log=("GET /health: 503",))
    return world


def test_after_fails(tell: Teller) -> None:
    told = tell(smoked(migrating()), after=SMOKE)
    assert told.exit_code == 3
    assert told.world.service("prod", "web").runs == {"web:1": 2}


def test_after_fails_without_rollbacks(tell: Teller) -> None:
    told = tell(smoked(migrating()), after=SMOKE, disable_rollbacks="true")
    assert told.exit_code == 4


def test_after_denied(tell: Teller) -> None:
    world = migrating()
    world.faults.add(Effect.DENY, "RunTask")
    told = tell(world, after=SMOKE)
    assert told.exit_code == 3
    assert told.world.service("prod", "web").runs == {"web:1": 2}


def test_after_of_a_canary_wave_fails(tell: Teller) -> None:
    world = smoked(migrating())
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    told = tell(world, after=SMOKE, service="web,api", canary_services="1", on_failure="failed")
    assert told.exit_code == 3
    assert told.world.service("prod", "api").runs == {"api:1": 2}
    assert len(world.one_offs.tasks) == 1


def test_cancelled_while_it_smokes(tell: Teller) -> None:
    world = migrating()
    world.commands[SMOKE] = Behaviour(exits_after=600.0)
    told = tell(world, cancellation=SignalAt(world, 100), after=SMOKE)
    assert told.exit_code == 143
    assert [task.stop_code for task in world.one_offs.tasks] == ["UserInitiated"]
    assert told.world.service("prod", "web").runs == {"web:1": 2}


# --- services whose traffic ECS shifts, and two services ---


def shifting() -> World:
    return native("CANARY", bake_minutes=3, step_bake_minutes=1)


def test_after_in_the_bake(tell: Teller) -> None:
    told = tell(shifting(), after=SMOKE)
    assert told.exit_code == 0
    (task,) = told.world.one_offs.tasks
    ended = web(told.world).history[-1].finished
    assert ended is not None
    assert task.created < ended - 100, "the bake had just begun"


def test_after_where_a_pause_is_left(tell: Teller) -> None:
    pause = LifecycleHook(stages=("POST_SCALE_UP",), is_pause=True)
    told = tell(native("BLUE_GREEN", hooks=(pause,)), after=SMOKE, on_pause="leave")
    assert told.exit_code == 2


def test_after_fails_in_the_bake(tell: Teller) -> None:
    told = tell(smoked(shifting()), after=SMOKE)
    assert told.exit_code == 3
    assert web(told.world).runs == {"web:1": 2}
    assert told.world.traffic(web(told.world)) == {"web:1": 100.0}


def colours() -> World:
    world = World()
    for name, desired in (("blue", 2), ("green", 0)):
        world.add_service("prod", name, task_definition("shop", "shop:1"), desired=desired)
    return world


SWITCH: dict[str, Any] = {
    "mode": "blue-green", "service": "", "blue_service": "blue", "green_service": "green", "scale_down_percent": "50",
    "scale_down_interval": "10", "scale_down_wait_period": "10", "checks_to_pass": "2",
}  # fmt: skip


def test_a_switch_with_both(tell: Teller) -> None:
    told = tell(colours(), before=MIGRATE, after=SMOKE, **SWITCH)
    assert told.exit_code == 0
    assert [task.command for task in told.world.one_offs.tasks] == [MIGRATE, SMOKE]
    scaled = [at for at, operation, about in told.world.faults.log if (operation, about) == ("UpdateService", "blue")]
    assert (told.world.one_offs.tasks[1].stopped or 1e9) < scaled[0]


def test_a_switch_whose_smoke_test_fails(tell: Teller) -> None:
    told = tell(smoked(colours()), after=SMOKE, **SWITCH)
    assert told.exit_code == 3
    assert told.world.service("prod", "blue").runs == {"shop:1": 2}
    assert told.world.service("prod", "green").desired == 0


def test_the_plan_tells_of_them(tell: Teller) -> None:
    assert tell(migrating(), before=MIGRATE, after='["./smoke", "--all of it"]', dry_run="true").exit_code == 0


# --- the action run ---

REPORT = "./report --daily"
NO_DEPLOYMENT: dict[str, Any] = {"action": "run", "command": REPORT, "image": "", "container": ""}


def reporting(exit_code: int = 0) -> World:
    world = small_world()
    world.commands[REPORT] = Behaviour(exits_after=12.0, exit_code=exit_code, log=("42 orders", "sent"))
    return world


def test_run_good(tell: Teller) -> None:
    told = tell(reporting(), **NO_DEPLOYMENT)
    assert told.exit_code == 0
    assert told.world.faults.calls["RegisterTaskDefinition"] == 0
    assert told.report["services"] == []


def test_run_fails(tell: Teller) -> None:
    assert tell(reporting(9), **NO_DEPLOYMENT).exit_code == 3


def test_run_with_another_image(tell: Teller) -> None:
    told = tell(reporting(), **NO_DEPLOYMENT | {"image": "shop:2", "container": "app"})
    assert told.exit_code == 0
    assert [task.images for task in told.world.one_offs.tasks] == [{"app": "shop:2"}]
    assert told.world.service("prod", "web").runs == {"web:1": 2}


def test_run_is_cancelled(tell: Teller) -> None:
    world = reporting()
    assert tell(world, cancellation=SignalAt(world, 10), **NO_DEPLOYMENT).exit_code == 143
    assert [task.stop_code for task in world.one_offs.tasks] == ["UserInitiated"]


def test_run_denied(tell: Teller) -> None:
    world = reporting()
    world.faults.add(Effect.DENY, "RunTask")
    assert tell(world, **NO_DEPLOYMENT).exit_code == 2


def test_run_planned(tell: Teller) -> None:
    assert tell(reporting(), dry_run="true", **NO_DEPLOYMENT).exit_code == 0


def test_run_of_what_isn_t_one_service(tell: Teller) -> None:
    world = reporting()
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    assert tell(world, service="web,api", **NO_DEPLOYMENT).exit_code == 2
    assert tell(world, **NO_DEPLOYMENT | SWITCH).exit_code == 2
    assert tell(world, service="nowhere", **NO_DEPLOYMENT).exit_code == 2
    assert not world.one_offs.tasks


# --- killed, and run again ---


@pytest.mark.parametrize("script", [MIGRATED, Behaviour(exits_after=0.0)], ids=["long", "short"])
def test_killed_after_every_call_it_is_started_once(plugin: Teller, script: Behaviour) -> None:
    calls, number = 1, 0
    while number < calls:
        number += 1
        world = migrating(script)
        world.faults.add(Effect.KILL, first=number, last=number)
        try:
            assert plugin(world, env=FIRST, before=MIGRATE).exit_code == 0
        except Killed:
            calls = number + 1
            assert plugin(world, env=FIRST, before=MIGRATE).exit_code == 0
        assert [task.exit_code for task in world.one_offs.tasks] == [0], f"killed after call {number}"
        assert world.service("prod", "web").runs == {"web:2": 2}
    assert number > 20
