"""The rolling deployment, story by story. The transcripts beside this file are what a person reads at 2 a.m."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.edits import with_image
from tests.stories.story import small_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.stories.story import Teller

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"


def test_good(tell: Teller) -> None:
    told = tell(small_world())
    assert told.exit_code == 0
    assert told.world.service("prod", "web").runs == {"web:2": 2}


def test_plan_writes_nothing(tell: Teller) -> None:
    world = small_world()
    told = tell(world, argv=["plan"])
    assert told.exit_code == 0
    assert "shop:1 -> shop:2" in told.stdout
    assert not {"RegisterTaskDefinition", "UpdateService"} & set(world.faults.calls)


def test_dry_run_is_the_plugins_way_to_plan(tell: Teller) -> None:
    world = small_world()
    assert tell(world, dry_run="true").stdout.startswith("Plan in cluster prod")
    assert "UpdateService" not in world.faults.calls


def test_no_change_by_digest(tell: Teller) -> None:
    world = World()
    digest = world.push("shop:1", Behaviour())
    world.add_service("prod", "web", task_definition("web", f"shop@{digest}"))
    told = tell(world, image=f"shop@{digest}")
    assert told.exit_code == 0
    assert "UpdateService" not in world.faults.calls


def test_no_change_with_skip_unchanged(tell: Teller) -> None:
    world = small_world()
    assert tell(world, image="shop:1", skip_unchanged="true").exit_code == 0
    assert "UpdateService" not in world.faults.calls


def test_this_very_revision_is_rolling_out_already(tell: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    world.deploy(web, world.register(task_definition("web", "shop:2")))
    world.clock.sleep(15)
    told = tell(world, skip_unchanged="true")
    assert told.exit_code == 0
    assert "UpdateService" not in world.faults.calls


def test_same_tag_pushed_again(tell: Teller) -> None:
    world = small_world()
    fresh = world.push("shop:1", Behaviour(), digest="sha256:" + "f" * 64)
    told = tell(world, image="shop:1")
    assert told.exit_code == 0
    web = world.service("prod", "web")
    assert {task.digest for task in web.tasks if task.is_running} == {fresh}
    assert world.definitions.families() == {"web": 1}


def test_same_tag_pushed_again_crashes(tell: Teller) -> None:
    world = small_world()
    good = world.service("prod", "web").tasks[0].digest
    world.push("shop:1", crash(1))
    told = tell(world, image="shop:1")
    assert told.exit_code == 3
    web = world.service("prod", "web")
    assert {task.digest for task in web.tasks if task.is_running} == {good}


def test_crash_at_start(tell: Teller) -> None:
    told = tell(small_world(), image="shop:crash")
    assert told.exit_code == 3
    assert told.world.service("prod", "web").runs == {"web:1": 2}


def test_exit_after_5_seconds(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", crash(3, after=5.0))
    assert tell(world).exit_code == 3


def test_missing_image(tell: Teller) -> None:
    assert tell(small_world(), image="shop:missing").exit_code == 3


def test_first_generation_crashes_then_recovers(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(exits_after=1.0, exit_code=1, heals_after=2))
    assert tell(world).exit_code == 0


NOT_PULLED = "CannotPullContainerError: pull image manifest has been retried 1 time(s): 403 Forbidden"


def test_a_sidecar_that_aws_injects_is_never_to_blame(tell: Teller) -> None:
    """GuardDuty's agent can't be pulled, which stops nothing; the app exits once, and does well then."""
    world = small_world()
    world.push("shop:2", Behaviour(exits_after=1.0, exit_code=1, heals_after=1, injected=NOT_PULLED))
    assert tell(world).exit_code == 0


def test_a_helper_is_not_to_blame_for_the_end_of_a_task(tell: Teller) -> None:
    """It isn't essential and ends so in every version; the app is told to end once, and does well then."""
    world = World()
    helper = {"name": "helper", "image": "helper:1", "essential": False}
    body = task_definition("web")
    body["containerDefinitions"].append(helper)
    world.add_service("prod", "web", body)
    world.push("shop:2", Behaviour(exits_after=1.0, exit_code=143, others_exit_code=127, heals_after=1))
    assert tell(world).exit_code == 0


def test_one_host_of_three_has_a_stale_login(tell: Teller) -> None:
    denied = (
        "CannotPullContainerError: Error response from daemon: pull access denied for 123456789012.dkr.ecr.eu-west-1."
    )
    world = small_world()
    world.service("prod", "web").desired = 4
    world.push(
        "shop:2",
        Behaviour(
            start_error=f"{denied}amazonaws.com/shop, repository does not exist or may require 'docker login'", hosts=3
        ),
    )
    assert tell(world).exit_code == 0


def test_a_secret_that_gets_its_value_after_40_seconds(tell: Teller) -> None:
    pulls = (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    )
    why = (
        "ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
    )
    world = small_world()
    world.push("shop:2", Behaviour(start_error=f"{pulls}unable to retrieve secret from asm: {why}", mended_at=40.0))
    assert tell(world).exit_code == 0


def test_cannot_be_placed_until_the_budget_ends(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(placeable_after=1e9))
    assert tell(world, timeout="2m").exit_code == 3


def test_cannot_be_placed_for_a_while(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(placeable_after=90))
    assert tell(world).exit_code == 0


def test_breaker_rolls_back(tell: Teller) -> None:
    world = small_world()
    world.service("prod", "web").breaker = Breaker(rollback=True)
    told = tell(world, image="shop:missing", max_failed_tasks="50")
    assert told.exit_code == 3
    assert told.report["verdict"] == "RolledBack"
    assert world.faults.calls["UpdateService"] == 1


def test_breaker_without_rollback(tell: Teller) -> None:
    world = small_world()
    world.service("prod", "web").breaker = Breaker(rollback=False)
    told = tell(world, image="shop:missing", max_failed_tasks="50")
    assert told.exit_code == 3
    assert told.report["verdict"] == "Failed"
    assert world.faults.calls["UpdateService"] == 2


def test_no_breaker_and_hanging(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(starts_after=1e9))
    told = tell(world, max_deploy_checks="18")
    assert told.exit_code == 3
    assert told.report["verdict"] == "TimedOut"


@pytest.mark.parametrize("trouble", [None, Effect.TIMEOUT_BEFORE])
def test_a_silent_rollout_says_something_every_minute(plugin: Teller, trouble: Effect | None) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(starts_after=1e9))
    if trouble:
        world.faults.add(trouble, "DescribeServices", first=3)
    told = plugin(world, timeout="10m")
    times = [datetime.fromisoformat(event["at"]) for event in told.report["timeline"]]
    assert len(times) > 10
    assert max((after - before).total_seconds() for before, after in pairwise(times)) <= 60


def test_a_container_that_dies_after_completed_fails_what_had_to_prove_stable(tell: Teller) -> None:
    """No event, no count tells of it: at every look the replacement runs already."""
    world = small_world()
    web = world.service("prod", "web")
    world.at(100, lambda: world.kill_task(web, "EssentialContainerExited", "Essential container in task exited"))
    world.at(101, web.events.clear)
    told = tell(world, stable_for="2m")
    assert told.exit_code == 3
    assert "not stable" in told.stderr


def test_stable(tell: Teller) -> None:
    told = tell(small_world(), stable_for="2m")
    assert told.exit_code == 0
    assert "was stable for 2 m" in told.stderr


def test_done_when_healthy(tell: Teller) -> None:
    world = World(timing=Timing(draining=300.0))
    world.add_service("prod", "web", task_definition("web"), target_group=GROUP)
    began = world.clock.monotonic()
    assert tell(world, wait_for="healthy").exit_code == 0
    assert world.clock.monotonic() - began < 60


def test_not_done_when_old_ones_drain_and_nothing_can_be_started(tell: Teller) -> None:
    world = World(timing=Timing(draining=300.0))
    percents = {"minimum_percent": 0, "maximum_percent": 200}
    world.add_service("prod", "web", task_definition("web"), target_group=GROUP, **percents)
    world.push("shop:2", Behaviour(placeable_after=1e9))
    assert tell(world, wait_for="healthy", timeout="2m").report["verdict"] == "TimedOut"


def test_rollbacks_disabled(tell: Teller) -> None:
    world = small_world()
    told = tell(world, image="shop:missing", disable_rollbacks="true")
    assert told.exit_code == 4
    assert world.faults.calls["UpdateService"] == 1


def test_somebody_elses_newer_deployment(tell: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    other = world.register(task_definition("web", "shop:9"))
    world.at(20, lambda: world.deploy(web, other))
    told = tell(world)
    assert told.exit_code == 5
    assert world.faults.calls["UpdateService"] == 1


def test_throttled_30_percent(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.THROTTLE, chance=0.3)
    assert tell(world).exit_code == 0


def test_every_write_times_out_after_its_effect(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.TIMEOUT_AFTER, "UpdateService")
    world.faults.add(Effect.TIMEOUT_AFTER, "RegisterTaskDefinition")
    told = tell(world)
    assert told.exit_code == 0
    assert world.definitions.families() == {"web": 2}
    assert world.faults.calls["UpdateService"] == 1


def test_every_write_times_out_before_its_effect_once(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.TIMEOUT_BEFORE, "UpdateService", last=1)
    world.faults.add(Effect.TIMEOUT_BEFORE, "RegisterTaskDefinition", last=1)
    assert tell(world).exit_code == 0
    assert world.definitions.families() == {"web": 2}
    assert world.faults.calls["UpdateService"] == 2


def test_update_denied(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.DENY, "UpdateService")
    told = tell(world)
    assert told.exit_code == 2
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_registration_denied(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.DENY, "RegisterTaskDefinition")
    told = tell(world)
    assert told.exit_code == 2
    assert "UpdateService" not in world.faults.calls


def test_rollback_denied(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.DENY, "UpdateService", first=2)
    told = tell(world, image="shop:missing")
    assert told.exit_code == 4
    assert "IS NOT AS BEFORE" in told.last_line


def test_tags_denied(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1", tags=[{"key": "team", "value": "shop"}]))
    world.faults.add(Effect.DENY_TAGS, "RegisterTaskDefinition")
    assert tell(world).exit_code == 0


def test_two_families_the_second_fails(tell: Teller) -> None:
    world = small_world()
    world.add_service("prod", "api", task_definition("api", "shop:1", command=["serve"]))
    world.push("shop:2", Behaviour())
    world.service("prod", "api").target_group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/api/1"
    world.push("shop:2", Behaviour(target_unhealthy=True, health_after=20))
    told = tell(world, service="web,api")
    assert told.exit_code == 3
    assert world.service("prod", "web").runs == {"web:1": 2}
    assert world.service("prod", "api").runs == {"api:1": 2}
    assert world.definitions.families() == {"web": 2, "api": 2}


def test_a_list_with_a_space(tell: Teller) -> None:
    world = small_world()
    world.add_service("prod", "web-spot", world.service("prod", "web").primary.task_definition, desired=1)
    told = tell(world, service="web, web-spot")
    assert told.exit_code == 0
    assert world.service("prod", "web-spot").runs == {"web:2": 1}
    assert world.definitions.families() == {"web": 2}


def test_rollout_state_absent(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), classic_elb=True)
    assert tell(world).exit_code == 0


def test_rollout_state_absent_and_nothing_can_be_started(tell: Teller) -> None:
    world = World()
    percents = {"minimum_percent": 0, "maximum_percent": 100}
    world.add_service("prod", "web", task_definition("web", "shop:1"), classic_elb=True, **percents)
    world.push("shop:2", Behaviour(placeable_after=1e9))
    assert tell(world, timeout="2m").report["verdict"] == "TimedOut"


def test_stopped_task_without_reason(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(exits_after=0.0, exit_code=1, stopped_reason="", stop_code=""))
    assert tell(world).exit_code == 3


NULLS: dict[str, Any] = {
    "environment": None,
    "secrets": None,
    "command": None,
    "healthCheck": {"command": ["CMD", "true"], "interval": None},
    "repositoryCredentials": {"credentialsParameter": None},
    "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": None}, "secretOptions": None},
}


@pytest.mark.parametrize("argv", [("plan",), ()])
@pytest.mark.parametrize(
    "whole", [NULLS, {"environment": [None], "secrets": [None]}, {"healthCheck": None, "essential": None}]
)
def test_null_is_as_good_as_absent_and_sent_as_it_was(
    plugin: Teller, whole: dict[str, Any], argv: Sequence[str]
) -> None:
    world = World()
    body = task_definition("web", "shop:1", volumes=None)
    log = {"name": "log", "image": "log:1"}
    body["containerDefinitions"] = [body["containerDefinitions"][0] | whole | {"image": "shop:1"}, log | whole]
    world.add_service("prod", "web", body)
    assert plugin(world, argv=argv).exit_code == 0
    sent = taskdef.registrable(world.definitions.describe("web"))
    assert sent == (body if argv else with_image(body, "app", "shop:2"))


def test_service_missing(tell: Teller) -> None:
    world = small_world()
    assert tell(world, service="web,wbe").exit_code == 2
    assert "UpdateService" not in world.faults.calls


def test_cluster_missing(tell: Teller) -> None:
    assert tell(small_world(), cluster="prd").exit_code == 2


def test_container_missing(tell: Teller) -> None:
    assert tell(small_world(), container="apq").exit_code == 2


def test_code_deploy(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web"), controller="CODE_DEPLOY")
    assert tell(world).exit_code == 2


def test_services_of_other_kinds(tell: Teller) -> None:
    world = small_world()
    kinds: dict[str, dict[str, Any]] = {
        "code-deploy": {"controller": "CODE_DEPLOY"},
        "task-sets": {"controller": "EXTERNAL"},
        "express": {"resource_management": "ECS", "strategy": "CANARY"},
    }
    for name, kind in kinds.items():
        world.add_service("prod", name, task_definition(name), **kind)
    told = tell(world, service=",".join(("web", *kinds)))
    assert told.exit_code == 2
    assert all(f"service {name} " in told.stderr for name in kinds)
    assert "UpdateService" not in world.faults.calls


def test_inactive_service(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web"), status="INACTIVE")
    assert tell(world).exit_code == 2


def test_desired_count_zero(tell: Teller) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web"), desired=0)
    assert tell(world).exit_code == 0


def test_daemon(tell: Teller) -> None:
    world = World()
    world.add_cluster("prod", instances=3)
    world.add_service(
        "prod", "web", task_definition("web"), scheduling="DAEMON", minimum_percent=0, maximum_percent=100
    )
    assert tell(world).exit_code == 0
    assert world.service("prod", "web").runs == {"web:2": 3}


def test_rollback_target_deregistered_before(tell: Teller) -> None:
    world = small_world()
    world.definitions.deregister("web:1")
    told = tell(world, image="shop:missing")
    assert told.exit_code == 3
    assert world.containers(world.service("prod", "web").primary.task_definition) == {"app": "shop:1"}


def test_rollback_target_deregistered_meanwhile(tell: Teller) -> None:
    world = small_world()
    world.at(5, lambda: world.definitions.deregister("web:1"))
    assert tell(world, image="shop:missing").exit_code == 3


def test_a_first_deployment_has_nothing_to_go_back_to(tell: Teller) -> None:
    world = small_world()
    world.service("prod", "web").primary.state = "IN_PROGRESS"
    world.service("prod", "web").events.clear()
    world.service("prod", "web").tasks[0].is_healthy = False
    assert tell(world, image="shop:missing").exit_code == 4


def test_another_deployment_is_in_progress(tell: Teller) -> None:
    world = small_world()
    world.deploy(world.service("prod", "web"), world.register(task_definition("web", "shop:missing", cpu="512")))
    world.clock.sleep(5)
    told = tell(world)
    assert told.exit_code == 0
    assert "another deployment in progress" in told.stderr


def test_no_credentials(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.EXPIRE)
    assert tell(world).exit_code == 2


def test_lost_sight_on_the_way_back(plugin: Teller) -> None:
    """Written, but whether it came to anything isn't known: that is no reason to say that it didn't."""
    world = small_world()
    world.faults.add(Effect.UNREACHABLE, "DescribeServices", after=40.0)
    told = plugin(world, image="shop:crash", timeout="1m")
    assert told.exit_code == 4
    assert "MAY NOT BE AS BEFORE" in told.last_line
    assert world.service("prod", "web").runs == {"web:1": 2}


def test_what_answers_is_not_aws(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.NOT_AWSS)
    assert tell(world).exit_code == 2
    assert world.faults.calls["DescribeServices"] == 2
    assert world.clock.monotonic() < 5


def test_what_answers_for_a_task_definition_is_not_aws(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.NOT_AWSS, "DescribeTaskDefinition")
    assert tell(world).exit_code == 2
    assert world.clock.monotonic() < 5


def test_an_answer_that_is_not_awss_is_asked_for_once_more(plugin: Teller) -> None:
    world = small_world()
    for operation in ("DescribeServices", "DescribeTaskDefinition"):
        world.faults.add(Effect.NOT_AWSS, operation, last=1)
    assert plugin(world).exit_code == 0


def test_during_a_deployment_an_answer_that_is_not_awss_is_a_failed_look(plugin: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.NOT_AWSS, "DescribeServices", first=3, last=6)
    told = plugin(world)
    assert told.exit_code == 0
    assert (
        "can't see it: DescribeServices: an answer that isn't AWS's, or not a whole one; going on looking"
        in told.stderr
    )


@pytest.mark.parametrize("operation", ["DescribeServices", "DescribeTaskDefinition"])
@pytest.mark.parametrize("effect", [Effect.THROTTLE, Effect.UNREACHABLE, Effect.SERVER_ERROR])
@pytest.mark.parametrize(("timeout", "most"), [("20s", 20), ("10m", 60)])
def test_reads_before_the_first_write_are_patient_for_a_minute_and_no_longer_than_the_budget(
    plugin: Teller, operation: str, effect: Effect, timeout: str, most: int
) -> None:
    world = small_world()
    world.add_service("prod", "api", task_definition("api"))
    world.faults.add(effect, operation)
    told = plugin(world, timeout=timeout, service="web,api")
    assert told.exit_code == 2
    assert most - 11 < world.clock.monotonic() < most + 2
    assert "ecs:DescribeTaskDefinition is allowed" not in told.stderr


def test_lost_sight_until_the_end(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.SERVER_ERROR, "DescribeServices", first=4)
    told = tell(world, timeout="1m")
    assert told.exit_code == 6
    assert world.faults.calls["UpdateService"] == 1


def test_a_failed_poll_is_not_a_failed_deployment(tell: Teller) -> None:
    world = small_world()
    world.faults.add(Effect.SERVER_ERROR, "DescribeServices", first=3, last=6)
    assert tell(world).exit_code == 0


def test_stale_reads(tell: Teller) -> None:
    world = World()
    world.faults.stale_seconds = 8.0
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    world.clock.sleep(60)
    assert tell(world).exit_code == 0


def test_draining_past_the_budget(tell: Teller) -> None:
    world = World(timing=Timing(draining=300.0))
    world.add_service("prod", "web", task_definition("web"), target_group=GROUP)
    told = tell(world, timeout="2m")
    assert told.exit_code == 0
    assert "still draining" in told.stderr


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_cluster_and_service_as_arns(tell: Teller, partition: str) -> None:
    region = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}[partition]
    world = World(partition=partition, region=region)
    world.add_service("prod", "web", task_definition("web"))
    arn = f"arn:{partition}:ecs:{region}:123456789012"
    told = tell(world, aws_region=region, cluster=f"{arn}:cluster/prod", service=f"{arn}:service/prod/web")
    assert told.exit_code == 0
    tell.told[0].stderr = tell.told[0].stderr.replace(region, "REGION")
