"""A service whose strategy shifts traffic (BLUE_GREEN, LINEAR, CANARY): followed to the truth, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.traffic import sides
from drone_deploy_ecs.simulator.world import task_definition
from tests.simulator.native import hooked, native, served, when
from tests.simulator.watching import GROUP, web
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World
    from tests.stories.story import Teller

OLD, NEW = {"web:1": 100.0}, {"web:2": 100.0}
STOP = "StopServiceDeployment"


# --- it goes well ---


def test_native_blue_green(tell: Teller) -> None:
    told = tell(native("BLUE_GREEN"))
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_linear(tell: Teller) -> None:
    told = tell(native("LINEAR", step_percent=40.0, step_bake_minutes=1))
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_canary(tell: Teller) -> None:
    told = tell(native("CANARY", step_bake_minutes=1))
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_plan(tell: Teller) -> None:
    pause = LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), is_pause=True)
    world = native("LINEAR", hooks=(pause,))
    assert tell(world, dry_run="true", wait_for="shifted").exit_code == 0
    assert tell(world, dry_run="true", wait_for="healthy", disable_rollbacks="true").exit_code == 0
    assert "UpdateService" not in world.faults.calls


def test_native_without_a_balancer(tell: Teller) -> None:
    told = tell(native("BLUE_GREEN", balancer="", target_group=""))
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_shifted(tell: Teller) -> None:
    told = tell(native("CANARY", step_bake_minutes=1), wait_for="shifted")
    assert (told.exit_code, served(told.world)) == (0, NEW)
    assert told.last_line.endswith("not SUCCESSFUL yet: it is at BAKE_TIME.")


def test_native_healthy(tell: Teller) -> None:
    told = tell(native("CANARY"), wait_for="healthy")
    assert (told.exit_code, served(told.world)) == (0, OLD)
    assert "with 0 % of production traffic, not SUCCESSFUL yet" in told.last_line


def test_native_stable(tell: Teller) -> None:
    assert tell(native(bake_minutes=1), stable_for="30s").exit_code == 0


def test_rolling_and_shifted(plugin: Teller) -> None:
    world = native("ROLLING")
    told = plugin(world, wait_for="shifted")
    assert told.exit_code == 0
    assert "ListServiceDeployments" not in world.faults.calls


def test_native_is_deployed_already(plugin: Teller) -> None:
    world = native()
    digest = "shop@" + world.push("shop:2", Behaviour())
    assert plugin(world, image=digest, wait_for="healthy").exit_code == 0
    again = plugin(world, image=digest)
    assert (again.exit_code, served(again.world)) == (0, NEW)
    assert world.faults.calls["UpdateService"] == 1
    assert "Follow ecs-svc" not in again.stderr
    assert plugin(world, image=digest).report["verdict"] == "Unchanged"


def test_native_is_deployed_already_and_shown(tell: Teller) -> None:
    world = native("CANARY")
    digest = "shop@" + world.push("shop:2", crash(1, after=100.0))
    tell(world, image=digest, wait_for="healthy")
    assert tell(world, image=digest, dry_run="true").exit_code == 0
    told = tell(world, image=digest)
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert world.faults.calls[STOP] == 1


# --- it crashes ---


def test_native_crashes_before_the_shift(tell: Teller) -> None:
    told = tell(native(behaviour=crash(1)))
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert told.world.faults.calls[STOP] == 1


def test_native_crashes_in_a_steps_bake(tell: Teller) -> None:
    told = tell(native("CANARY", crash(1, after=80.0)))
    assert (told.exit_code, served(told.world)) == (3, OLD)


def test_native_crashes_in_the_last_bake(tell: Teller) -> None:
    told = tell(native("BLUE_GREEN", crash(1, after=100.0), bake_minutes=30))
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert max(when(told.world, STOP)) < 300


def test_native_loses_one_task_in_the_bake(plugin: Teller) -> None:
    world = native(bake_minutes=5)
    world.at(150, lambda: world.kill_task(web(world), "EssentialContainerExited", "Essential container in task exited"))
    told = plugin(world)
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_budget_ends_while_it_scales_up(tell: Teller) -> None:
    told = tell(native(behaviour=Behaviour(starts_after=1e9)), timeout="1m")
    assert (told.exit_code, served(told.world)) == (3, OLD)


def test_native_budget_is_shorter_than_the_bake(tell: Teller) -> None:
    told = tell(native(bake_minutes=10), timeout="1m")
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_max_failed_tasks(plugin: Teller) -> None:
    told = plugin(native(behaviour=crash(1)), max_failed_tasks="1")
    assert (told.exit_code, served(told.world)) == (3, OLD)


# --- hooks ---


def test_native_hook_refuses(tell: Teller) -> None:
    told = tell(hooked("POST_PRODUCTION_TRAFFIC_SHIFT", answer="FAILED"))
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert told.report["services"][0]["causes"][0]["name"] == "hook-failed"
    assert STOP not in told.world.faults.calls


def test_native_hook_refuses_before_the_first_task(tell: Teller) -> None:
    told = tell(hooked("PRE_SCALE_UP", answer="FAILED"))
    assert (told.exit_code, told.report["verdict"]) == (3, "RolledBack")


def test_native_hook_raises(tell: Teller) -> None:
    told = tell(hooked("POST_TEST_TRAFFIC_SHIFT", answer="UNPARSABLE"))
    assert (told.exit_code, served(told.world)) == (3, OLD)


def test_native_hook_times_out(tell: Teller) -> None:
    told = tell(hooked("POST_SCALE_UP", after=1e9, timeout_minutes=12))
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert told.report["verdict"] == "RolledBack"


# --- ECS, or somebody, ends it ---


def test_native_alarm_in_the_bake(tell: Teller) -> None:
    world = native(alarms=("errors",))
    world.at(130, lambda: world.trip(web(world), "errors", "12 > 10"))
    told = tell(world)
    assert (told.exit_code, told.report["verdict"], served(told.world)) == (3, "RolledBack", OLD)
    assert told.report["services"][0]["causes"][0]["name"] == "alarm"


def test_native_alarm_without_rollback(tell: Teller) -> None:
    world = native(alarms=("errors",), alarms_roll_back=False)
    world.at(130, lambda: world.trip(web(world), "errors", "12 > 10"))
    told = tell(world)
    assert (told.exit_code, told.report["verdict"], served(told.world)) == (3, "Failed", OLD)
    assert world.faults.calls["UpdateService"] == 2


def test_native_alarm_without_any_rollback(plugin: Teller) -> None:
    world = native(alarms=("errors",), alarms_roll_back=False)
    world.at(130, lambda: world.trip(web(world), "errors", "12 > 10"))
    assert plugin(world, disable_rollbacks="true").exit_code == 4


def test_native_breaker(tell: Teller) -> None:
    told = tell(native("LINEAR", missing("shop:2"), breaker=Breaker(threshold=1)))
    assert (told.exit_code, told.report["verdict"], served(told.world)) == (3, "RolledBack", OLD)


def test_native_invalid_networking_configuration(tell: Teller) -> None:
    why = "Service deployment rolled back because of invalid networking configuration. One or more rules not found"
    told = tell(native(obstacles={"SCALE_UP": why}))
    assert (told.exit_code, told.report["verdict"], served(told.world)) == (3, "RolledBack", OLD)
    assert told.report["services"][0]["causes"][0]["name"] == "bluegreen-network"


def test_native_superseded(tell: Teller) -> None:
    world = native()
    world.at(130, lambda: world.deploy(web(world), world.register(task_definition("web", "shop:9"))))
    told = tell(world)
    assert (told.exit_code, told.report["verdict"]) == (5, "Superseded")
    assert world.faults.calls["UpdateService"] == 1


def test_native_stopped_by_a_person(tell: Teller) -> None:
    world = native()
    world.at(130, lambda: world.stop_deployment(web(world)))
    told = tell(world)
    assert (told.exit_code, told.report["verdict"], served(told.world)) == (3, "RolledBack", OLD)
    assert STOP not in world.faults.calls


def test_native_way_back_of_ecs_is_refused_by_a_hook(tell: Teller) -> None:
    told = tell(hooked("PRODUCTION_TRAFFIC_SHIFT", back="FAILED"), timeout="5m")
    assert told.exit_code == 0  # it is asked on the way forward, too, and agrees there
    world = hooked("PRODUCTION_TRAFFIC_SHIFT", back="FAILED")
    world.at(130, lambda: world.stop_deployment(web(world)))
    told = tell(world, timeout="5m")
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert world.faults.calls["UpdateService"] == 2


# --- signals ---


@pytest.mark.parametrize("seconds", [0.15, 5, 15, 35, 45, 65, 85, 105, 125, 232])
def test_native_cancelled_in_every_stage(plugin: Teller, seconds: float) -> None:
    world = native()
    told = plugin(world, cancellation=SignalAt(world, seconds))
    assert (told.exit_code, served(told.world)) == (143, OLD)
    assert not when(world, STOP) or min(when(world, STOP)) < seconds + 1.0


def test_native_cancelled_while_it_scales_up(tell: Teller) -> None:
    world = native()
    told = tell(world, cancellation=SignalAt(world, 15))
    assert (told.exit_code, served(told.world)) == (143, OLD)
    assert when(world, STOP)[0] < 16


def test_native_cancelled_in_the_bake(tell: Teller) -> None:
    world = native(bake_minutes=30)
    told = tell(world, cancellation=SignalAt(world, 200))
    assert (told.exit_code, served(told.world)) == (143, OLD)
    assert when(world, STOP)[0] < 201


def test_native_stop_never_gets_through(plugin: Teller) -> None:
    world = native(bake_minutes=600, alarms=("errors",))
    world.faults.add(Effect.THROTTLE, STOP)
    told = plugin(world, cancellation=SignalAt(world, 200), timeout="5m")
    assert told.exit_code == 143
    assert "IS NOT AS BEFORE" in told.last_line
    assert world.clock.monotonic() < 600


def test_native_cancelled_and_left(plugin: Teller) -> None:
    world = native()
    told = plugin(world, cancellation=SignalAt(world, 125), on_cancel="leave")
    assert (told.exit_code, STOP in world.faults.calls) == (143, False)


# --- what isn't allowed, is late, or is lost ---


def test_native_stop_denied(tell: Teller) -> None:
    world = native(behaviour=crash(1))
    world.faults.add(Effect.DENY, STOP)
    told = tell(world)
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert "ecs:StopServiceDeployment" in told.stderr
    assert world.faults.calls["UpdateService"] == 2


def test_native_stop_and_update_denied(tell: Teller) -> None:
    world = native(behaviour=crash(1))
    world.faults.add(Effect.DENY, STOP)
    world.faults.add(Effect.DENY, "UpdateService", first=2)
    assert tell(world).exit_code == 4


def test_native_list_denied(tell: Teller) -> None:
    world = native()
    world.faults.add(Effect.DENY, "ListServiceDeployments")
    told = tell(world)
    assert told.exit_code == 2
    assert "ecs:ListServiceDeployments" in told.stderr
    assert "RegisterTaskDefinition" not in world.faults.calls


def test_native_describe_denied(tell: Teller) -> None:
    world = native()
    world.faults.add(Effect.DENY, "DescribeServiceDeployments")
    told = tell(world)
    assert told.exit_code == 2
    assert "ecs:DescribeServiceDeployments" in told.stderr


def test_native_describe_denied_and_no_record_to_find_that_out_by(tell: Teller) -> None:
    world = native(listed_after=100 * 86400.0)
    web(world).listed_after = 5.0
    web(world).history[0].created = -200 * 86400.0
    world.faults.add(Effect.DENY, "DescribeServiceDeployments")
    told = tell(world, timeout="2m")
    assert (told.exit_code, told.report["verdict"]) == (6, "Unknown")
    assert STOP not in world.faults.calls


def test_native_rules_denied(plugin: Teller) -> None:
    world = native()
    world.faults.add(Effect.DENY, "DescribeRules")
    told = plugin(world, wait_for="healthy")
    assert (told.exit_code, "DescribeRules" in told.stderr) == (0, False)


def test_native_behind_a_network_balancer(plugin: Teller) -> None:
    world = native("BLUE_GREEN", balancer="NLB")
    told = plugin(world, timeout="2m")
    assert (told.exit_code, served(told.world)) == (0, NEW)
    assert world.faults.calls["DescribeListeners"] == 1


def test_native_list_late_by_10_s(tell: Teller) -> None:
    told = tell(native(listed_after=10.0, current_after=60.0))
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_list_late_and_cancelled(plugin: Teller) -> None:
    world = native(listed_after=10.0)
    told = plugin(world, cancellation=SignalAt(world, 3))
    assert (told.exit_code, served(told.world)) == (143, OLD)


def test_native_throttled_30_percent(tell: Teller) -> None:
    world = native()
    world.faults.add(Effect.THROTTLE, chance=0.3)
    told = tell(world)
    assert (told.exit_code, served(told.world)) == (0, NEW)


def test_native_answer_of_the_update_lost(tell: Teller) -> None:
    world = native()
    world.faults.add(Effect.TIMEOUT_AFTER, "UpdateService", last=1)
    told = tell(world)
    assert (told.exit_code, served(told.world)) == (0, NEW)
    assert world.faults.calls["UpdateService"] == 1


def test_native_answer_of_the_stop_lost(tell: Teller) -> None:
    world = native(behaviour=crash(1))
    world.faults.add(Effect.TIMEOUT_AFTER, STOP, last=1)
    told = tell(world)
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert world.faults.calls[STOP] == 1


# --- before the write ---


def test_native_rule_weighs_two_groups(tell: Teller) -> None:
    world = native()
    world.reroute(web(world), dict.fromkeys(sides(web(world)), 50.0))
    told = tell(world)
    assert (told.exit_code, "UpdateService" in world.faults.calls) == (2, False)


def test_native_live_group_has_no_healthy_target(tell: Teller) -> None:
    """As after somebody's Terraform has reset the rule: ECS takes the group for live, and uses the one that serves."""
    world = native()
    blue, green = sides(web(world))
    world.reroute(web(world), {blue: 0.0, green: 100.0})
    told = tell(world)
    assert (told.exit_code, served(told.world)) == (0, NEW)
    assert "has no healthy target in web-2" in told.stderr


def test_native_attestation_policy_is_left(tell: Teller) -> None:
    world = native()
    attested = {"isolationMode": "CONFIDENTIAL_SANDBOX", "attestationPolicy": "b2xk"}
    world.roll_out(web(world), world.register(task_definition("web", "shop:1", trustedExecutionConfiguration=attested)))
    assert tell(world, dry_run="true").exit_code == 0


def test_native_while_another_is_deployed(tell: Teller) -> None:
    world = native("CANARY")
    world.deploy(web(world), world.register(task_definition("web", "shop:9")))
    world.clock.sleep(120)
    told = tell(world, image="shop:3")
    assert (told.exit_code, served(told.world)) == (0, {"web:3": 100.0})
    assert "has another deployment in progress" in told.stderr


def test_native_while_it_is_taken_back(tell: Teller) -> None:
    world = native("CANARY")
    world.deploy(web(world), world.register(task_definition("web", "shop:9")))
    world.clock.sleep(120)
    world.stop_deployment(web(world))
    world.clock.sleep(12)
    told = tell(world, image="shop:3")
    assert (told.exit_code, served(told.world)) == (0, {"web:3": 100.0})
    assert "is being taken back by ECS" in told.stderr


def test_native_in_other_modes(tell: Teller) -> None:
    world = native()
    told = tell(world, mode="blue-green", blue_service="web", green_service="api", scale_down_percent="50",
                scale_down_interval="0", scale_down_wait_period="0", checks_to_pass="0")  # fmt: skip
    assert told.exit_code == 2
    assert "mode: rolling" in told.stderr


# --- several ---


def several(**api: Any) -> World:
    world = native("BLUE_GREEN", Behaviour())
    world.add_service("prod", "api", task_definition("api", "shop:1"), target_group=GROUP.replace("web", "api"), **api)
    return world


def test_native_two_strategies_the_second_fails(tell: Teller) -> None:
    world = several(strategy="CANARY", shifting=Shifting(bake_minutes=1, step_bake_minutes=1), alarms=("errors",))
    api = world.service("prod", "api")
    world.at(180, lambda: world.trip(api, "errors", "12 > 10"))
    told = tell(world, service="web,api")
    assert (told.exit_code, served(told.world), world.traffic(api)) == (3, OLD, {"api:1": 100.0})


def test_native_is_successful_when_another_fails(tell: Teller) -> None:
    world = several(strategy="BLUE_GREEN", shifting=Shifting(bake_minutes=10), alarms=("errors",))
    world.at(400, lambda: world.trip(world.service("prod", "api"), "errors", "12 > 10"))
    told = tell(world, service="web,api")
    assert (told.exit_code, served(told.world)) == (3, OLD)
    assert (world.faults.calls["UpdateService"], STOP in world.faults.calls) == (3, False)


def test_native_beside_rolling(tell: Teller) -> None:
    world = several()
    told = tell(world, service="web,api")
    assert (told.exit_code, served(told.world), world.service("prod", "api").runs) == (0, NEW, {"api:2": 2})


def test_many_native_services_share_their_looks(plugin: Teller) -> None:
    world = native(bake_minutes=60)
    for number in range(9):
        world.add_service(
            "prod", f"s{number}", task_definition(f"s{number}", "shop:1"), strategy="BLUE_GREEN", shifting=Shifting(bake_minutes=60),
            target_group=GROUP.replace("web", f"s{number}"),
        )  # fmt: skip
    told = plugin(world, service="web,s*")
    assert told.exit_code == 0
    calls = [called for at, called, _ in world.faults.log if 600 <= at < 1200]
    assert len(calls) <= 10 * 8
    assert not {"ListTasks", "DescribeTasks"} & set(calls) or calls.count("ListTasks") <= 20
