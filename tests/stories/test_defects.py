"""The Go plugin's defects in rolling deployments, each guarded by a test that bears its number.

Numbers as in the list of its defects: 1 to 2 false success, 8 to 11 wrong rollback, 14 to 16 crashes, 17 lost
members, 18 to 20 settings, 23 to 28 and 31 the smaller ones. 18 to 20 are in tests/core/test_settings.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.EXPIRE])
def test_defect_01_a_failed_update_is_not_success(plugin: Teller, effect: Effect) -> None:
    world = small_world()
    world.faults.add(effect, "UpdateService")
    assert plugin(world).exit_code == 2


def test_defect_01_a_list_with_spaces_deploys_every_service(plugin: Teller) -> None:
    world = small_world()
    world.add_service("prod", "web-spot", world.service("prod", "web").primary.task_definition)
    assert plugin(world, service="web, web-spot").exit_code == 0
    assert world.service("prod", "web-spot").runs == {"web:2": 2}


def test_defect_01_a_refused_rollback_is_not_taken_as_done(plugin: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.DENY, "UpdateService", first=2)
    assert plugin(world, image="shop:crash").exit_code == 4


def test_defect_02_a_circuit_breaker_rollback_is_a_failure(plugin: Teller) -> None:
    world = small_world()
    world.service("prod", "web").breaker = Breaker()
    told = plugin(world, image="shop:missing", max_failed_tasks="99")
    assert (told.exit_code, told.report["verdict"]) == (3, "RolledBack")


def test_defect_02_another_pipelines_deployment_is_neither_our_result_nor_ours_to_roll_back(plugin: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    world.push("shop:bad", missing("shop:bad"))
    theirs = world.register(task_definition("web", "shop:bad"))
    world.at(20, lambda: world.deploy(web, theirs))
    assert plugin(world).exit_code == 5
    assert web.primary.task_definition == theirs


def test_defect_08_every_service_returns_to_its_own_revision(plugin: Teller) -> None:
    world = small_world()
    for name, family in (("b", "famb"), ("c", "web")):
        world.add_service("prod", name, task_definition(family, "shop:1", cpu="1024"))
    world.push("shop:2", Behaviour(health="unhealthy"))
    before = {name: world.service("prod", name).runs for name in ("web", "b", "c")}
    assert plugin(world, service="web,b,c").exit_code == 3
    assert {name: world.service("prod", name).runs for name in before} == before


def test_defect_09_no_service_gets_anothers_family(plugin: Teller) -> None:
    world = small_world()
    world.add_service("prod", "b", task_definition("famb", "shop:1"))
    assert plugin(world, service="web,b").exit_code == 0
    assert world.service("prod", "b").runs == {"famb:2": 2}


def test_defect_10_the_way_back_is_the_last_completed_deployment_not_a_failing_primary(plugin: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    world.deploy(web, world.register(task_definition("web", "shop:missing")))
    world.clock.sleep(30)
    world.push("shop:2", crash(1))
    assert plugin(world).exit_code == 3
    assert web.runs == {"web:1": 2}


def test_defect_11_one_throttled_poll_fails_nothing(plugin: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.THROTTLE, "DescribeServices", first=3, last=3)
    assert plugin(world).exit_code == 0


def test_defect_11_a_first_failed_task_that_ecs_retries_fails_nothing(plugin: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(exits_after=0.0, exit_code=1, heals_after=2))
    assert plugin(world).exit_code == 0


def test_defect_14_a_missing_service_is_refused(plugin: Teller) -> None:
    assert plugin(small_world(), service="nope").exit_code == 2


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_defect_14_other_controllers_are_refused(plugin: Teller, controller: str) -> None:
    world = World()
    world.add_service("prod", "web", task_definition(), controller=controller)
    told = plugin(world)
    assert told.exit_code == 2
    assert controller in told.stderr


def test_defect_14_a_stopped_task_without_a_reason_is_rolled_back(plugin: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(exits_after=0.0, exit_code=1, stopped_reason="", stop_code=""))
    assert plugin(world).exit_code == 3


def test_defect_15_no_rollout_state_is_no_failure(plugin: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition(), classic_elb=True)
    assert plugin(world).exit_code == 0


def test_defect_17_no_member_of_a_task_definition_is_lost(plugin: Teller) -> None:
    world = World()
    body = task_definition(
        runtimePlatform={"cpuArchitecture": "ARM64"}, enableFaultInjection=True, tags=[{"key": "a", "value": "b"}],
        trustedExecutionConfiguration={"x": 1}, volumes=[{"name": "v", "configuredAtLaunch": True}],
    )  # fmt: skip
    body["containerDefinitions"][0] |= {
        "portMappings": [{"containerPort": 80, "name": "http", "appProtocol": "http2", "containerPortRange": "1-2"}],
        "restartPolicy": {"enabled": True}, "versionConsistency": "disabled", "credentialSpecs": ["c"],
    }  # fmt: skip
    world.add_service("prod", "web", body)
    assert plugin(world).exit_code == 0
    old, new = (world.definitions.describe(f"web:{revision}") for revision in (1, 2))
    new["taskDefinition"]["containerDefinitions"][0]["image"] = "shop:1"
    changed = {name for name, value in new["taskDefinition"].items() if value != old["taskDefinition"][name]}
    assert changed <= {"taskDefinitionArn", "revision", "registeredAt"}
    assert new["tags"] == old["tags"]


def test_defect_23_counts_are_not_told_as_ids(plugin: Teller) -> None:
    told = plugin(small_world(), image="shop:missing")
    assert "web:2 0 of 2 running, 2 failed" in told.stderr or "2 tasks stopped" in told.stderr


def test_defect_24_stopped_tasks_are_paged_and_told_with_exit_code_and_reason(plugin: Teller) -> None:
    world = World()
    world.push(
        "shop:2",
        Behaviour(exits_after=0.0, exit_code=42, reason="OutOfMemoryError: Container killed due to memory usage"),
    )
    world.add_service("prod", "web", task_definition(), desired=120)
    told = plugin(world)
    cause = told.report["services"][0]["causes"][0]
    assert (cause["exit_code"], cause["count"] >= 120) == (42, True)
    assert "OutOfMemoryError" in cause["reason"]


def test_defect_25_a_revision_that_is_right_already_is_not_registered_again(plugin: Teller) -> None:
    world = small_world()
    world.register(task_definition("web", "shop:2"))
    assert plugin(world).exit_code == 0
    assert world.definitions.families() == {"web": 2}


def test_defect_28_several_services_roll_out_at_the_same_time(plugin: Teller) -> None:
    world = small_world()
    names = [f"s{number}" for number in range(12)]
    for name in names:
        world.add_service("prod", name, task_definition(name))
    began = world.clock.monotonic()
    assert plugin(world, service=",".join(names)).exit_code == 0
    assert world.clock.monotonic() - began < 120


@pytest.mark.parametrize(("partition", "region"), [("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-east-1")])
def test_defect_31_every_partition_is_served(plugin: Teller, partition: str, region: str) -> None:
    world = World(partition=partition, region=region)
    world.add_service("prod", "web", task_definition())
    assert (
        plugin(world, aws_region=region, cluster=f"arn:{partition}:ecs:{region}:123456789012:cluster/prod").exit_code
        == 0
    )
