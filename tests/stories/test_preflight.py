"""What is looked at before anything is written, and what is refused then."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, built_for, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import GATE, Hook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller

SHOP = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-AbCdEf"
READS = ("BatchGetImage", "GetDownloadUrlForLayer", "DescribePullThroughCacheRules")


def shop(**members: Any) -> World:
    """Cluster prod with service web: two tasks of web:1, whose image is in ECR."""
    world = World()
    world.add_service("prod", "web", task_definition("web", f"{SHOP}:1", **members))
    return world


def writes(world: World) -> int:
    return world.faults.calls["RegisterTaskDefinition"] + world.faults.calls["UpdateService"]


def reads(world: World) -> int:
    """Of ECR."""
    return sum(world.faults.calls[operation] for operation in READS)


# --- is the image there? ---


def test_an_image_that_is_not_in_ecr_is_refused(tell: Teller) -> None:
    world = shop()
    world.push(f"{SHOP}:2", missing(f"{SHOP}:2"))
    began = world.clock.monotonic()
    assert tell(world, image=f"{SHOP}:2").exit_code == 2
    assert writes(world) == 0
    assert 10 <= world.clock.monotonic() - began < 15
    assert reads(world) == 2 + 5  # and five times again


def test_an_image_that_is_pushed_within_ten_seconds(tell: Teller) -> None:
    world = shop()
    script = missing(f"{SHOP}:2").start_error
    world.push(f"{SHOP}:2", Behaviour(start_error=script, mended_at=5.0))
    assert tell(world, image=f"{SHOP}:2").exit_code == 0
    assert world.service("prod", "web").runs == {"web:2": 2}


def test_an_image_that_is_there_and_fits(tell: Teller) -> None:
    world = shop()
    planned = tell(world, argv=("plan",), image=f"{SHOP}:2")
    assert f"   fine: image {SHOP}:2 is built for X86_64.\n" in planned.stdout
    assert reads(world) == 1
    assert tell(world, image=f"{SHOP}:2").exit_code == 0


def test_an_image_that_may_come_through_a_cache(tell: Teller) -> None:
    """There it is, as soon as somebody pulls: that is all that can be known."""
    world = shop()
    image = SHOP.replace("/shop", "/docker-hub/shop") + ":2"
    world.caches.append("docker-hub")
    world.push(image, Behaviour(start_error=missing(image).start_error, mended_at=0.5))
    assert tell(world, image=image).exit_code == 0


@pytest.mark.parametrize("prefix", ["shop", "sho", "docker-hub", "shop/2"])
def test_only_what_is_below_the_prefix_of_a_cache_comes_through_it(plugin: Teller, prefix: str) -> None:
    world = shop()
    world.caches.append(prefix)
    world.push(f"{SHOP}:2", missing(f"{SHOP}:2"))
    assert plugin(world, image=f"{SHOP}:2").exit_code == 2


def test_where_caches_may_not_be_read_it_is_a_warning(plugin: Teller) -> None:
    world = shop()
    world.faults.add(Effect.DENY, "DescribePullThroughCacheRules")
    world.push(f"{SHOP}:2", missing(f"{SHOP}:2"))
    told = plugin(world, image=f"{SHOP}:2")
    assert told.exit_code == 3
    assert "that couldn't be told without ecr:DescribePullThroughCacheRules" in told.stderr


def test_a_repository_that_is_not_there_is_a_warning(plugin: Teller) -> None:
    world = shop()
    world.absent.add("shop")
    told = plugin(world, image=f"{SHOP}:2")
    assert told.exit_code == 0
    assert "Warning: ECR has no repository shop (eu-west-1, account 123456789012)." in told.stderr


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.UNREACHABLE, Effect.SERVER_ERROR, Effect.NOT_AWSS])
def test_where_ecr_does_not_answer_a_run_is_as_before_but_for_that_one_call(plugin: Teller, effect: Effect) -> None:
    world, other = shop(), shop()
    world.faults.add(effect, "BatchGetImage")
    told = plugin(world, image=f"{SHOP}:2")
    usual = plugin(other, image=f"{SHOP}:2", preflight="off")
    assert told.exit_code == 0
    assert [line.partition(" ")[2] for line in told.stderr.splitlines()] == [
        line.partition(" ")[2] for line in usual.stderr.splitlines()
    ]
    assert reads(world) == 1
    assert reads(other) == 0
    assert world.faults.calls[""] == other.faults.calls[""] + 1
    planned = plugin(shop_again := shop(), argv=("plan",), image=f"{SHOP}:2", preflight="off")
    assert "Preflight" not in planned.stdout
    shop_again.faults.add(effect, "BatchGetImage")
    planned = plugin(shop_again, argv=("plan",), image=f"{SHOP}:2")
    assert planned.stdout.count("couldn't look") == 1


def test_an_ecr_that_never_answers_costs_two_seconds_at_the_most(plugin: Teller) -> None:
    taken = []
    for effect in (None, Effect.TIMEOUT_BEFORE):
        world = shop()
        if effect:
            world.faults.add(effect, "BatchGetImage")
        began = world.clock.monotonic()
        assert plugin(world, argv=("plan",), image=f"{SHOP}:2").exit_code == 0
        taken.append(world.clock.monotonic() - began)
    assert taken[1] - taken[0] <= 2.0


@pytest.mark.parametrize("image", ["shop:2", "public.ecr.aws/shop/shop:2", "registry.example/shop:2"])
def test_other_registries_are_not_asked(plugin: Teller, image: str) -> None:
    world = shop()
    assert plugin(world, image=image).exit_code == 0
    assert reads(world) == 0


def test_what_runs_already_is_not_refused(plugin: Teller) -> None:
    """Nothing is written there."""
    world = World()
    world.push(f"{SHOP}:1", missing(f"{SHOP}:1"))
    world.add_service("prod", "web", task_definition("web", f"{SHOP}:1"))
    assert plugin(world, image=f"{SHOP}:1", skip_unchanged="true").exit_code == 0


def test_what_is_under_way_already_is_followed_to_its_end(plugin: Teller) -> None:
    """A refusal would leave it there."""
    world = shop()
    world.push(f"{SHOP}:2", missing(f"{SHOP}:2"))
    service = world.service("prod", "web")
    world.deploy(service, world.register(task_definition("web", f"{SHOP}:2")))
    assert plugin(world, image=f"{SHOP}:2", skip_unchanged="true").exit_code == 3


def test_every_problem_is_told_at_once(plugin: Teller) -> None:
    world = shop()
    world.push(f"{SHOP}:2", missing(f"{SHOP}:2"))
    told = plugin(world, image=f"{SHOP}:2", service="web,api")
    assert told.exit_code == 2
    assert "service api isn't in cluster prod" in told.stderr
    assert "ECR has no tag 2" in told.stderr


# --- is it built for the tasks' processor? ---


def test_an_index_without_the_tasks_processor_is_refused(tell: Teller) -> None:
    world = shop()
    world.push(f"{SHOP}:2", built_for("arm64", "s390x"))
    assert tell(world, image=f"{SHOP}:2").exit_code == 2
    assert writes(world) == 0
    assert reads(world) == 1


def test_a_plain_image_for_another_processor_is_refused(tell: Teller) -> None:
    world = shop()
    world.push(f"{SHOP}:1", Behaviour(architectures=("amd64",), is_index=False))
    world.push(f"{SHOP}:2", built_for("arm64", is_index=False))
    assert tell(world, image=f"{SHOP}:2").exit_code == 2
    assert writes(world) == 0


def test_a_label_that_was_wrong_before_is_a_warning(tell: Teller) -> None:
    """What was built on another machine from an empty image has that machine's processor in its config, and runs."""
    world = World()
    named = Behaviour(architectures=("amd64",), is_index=False)
    world.push(f"{SHOP}:1", named)
    world.push(f"{SHOP}:2", Behaviour(architectures=("amd64",), is_index=False, starts_after=5.0))
    body = task_definition("web", f"{SHOP}:1", runtimePlatform={"cpuArchitecture": "ARM64"})
    world.add_service("prod", "web", body)
    assert tell(world, image=f"{SHOP}:2").exit_code == 0


@pytest.mark.parametrize("effect", [Effect.DENY, Effect.NOT_AWSS])
def test_a_config_that_can_not_be_read_says_nothing(plugin: Teller, effect: Effect) -> None:
    world = shop()
    world.faults.add(effect, "GetDownloadUrlForLayer")
    world.push(f"{SHOP}:2", Behaviour(architectures=("amd64",), is_index=False))
    planned = plugin(world, argv=("plan",), image=f"{SHOP}:2")
    assert f"couldn't look: what image {SHOP}:2 is built for: " in planned.stdout
    told = plugin(world, image=f"{SHOP}:2")
    assert told.exit_code == 0
    assert "Warning" not in told.stderr


@pytest.mark.parametrize(("launch_type", "named", "code"), [("EC2", {}, 3), ("EC2", {"cpuArchitecture": "X86_64"}, 2)])
def test_on_instances_only_a_named_processor_counts(
    plugin: Teller, launch_type: str, named: dict[str, str], code: int
) -> None:
    world = World()
    body = task_definition("web", f"{SHOP}:1", runtimePlatform=named)
    world.add_service("prod", "web", body, launch_type=launch_type)
    world.push(f"{SHOP}:2", built_for("arm64"))
    assert plugin(world, image=f"{SHOP}:2", disable_rollbacks="false").exit_code == code


def test_a_sidecar_counts_too_where_everything_is_pulled_again(plugin: Teller) -> None:
    world = World()
    body = task_definition("web", f"{SHOP}:1")
    body["containerDefinitions"].append({"name": "log", "image": f"{SHOP}:log", "essential": False})
    world.add_service("prod", "web", body)
    world.push(f"{SHOP}:log", built_for("arm64"))
    told = plugin(world, argv=("plan",), image=f"{SHOP}:1")
    assert f"warning: image {SHOP}:log is built for arm64, but is to run on X86_64." in told.stdout
    assert "log" not in plugin(world, argv=("plan",), image=f"{SHOP}:2").stdout.partition("Task definition")[0]


def test_two_regions_ask_each_their_own_account(plugin: Teller) -> None:
    here, there = shop(), shop()
    there.clock = here.clock
    image = f"{SHOP}:2"
    there.faults.add(Effect.DENY, "BatchGetImage")
    told = plugin(here, argv=("plan",), image=image, aws_region="eu-west-1,us-east-1", further={"us-east-1": there})
    assert told.exit_code == 0
    assert told.stdout.count("couldn't look") == 1
    assert reads(here) == reads(there) == 1


# --- all that a task needs ---


def needy(hook: Hook | None = None) -> World:
    """A service that needs one of each; a hook would refuse the deployment itself."""
    body = task_definition(
        "web",
        taskRoleArn="arn:aws:iam::123456789012:role/app/shop",
        executionRoleArn="arn:aws:iam::123456789012:role/pull",
    )
    body["containerDefinitions"][0] |= {
        "secrets": [
            {"name": "KEY", "valueFrom": f"{SECRET}:key::"},
            {"name": "MODE", "valueFrom": "/shop/mode"},
            {"name": "PORT", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/port"},
        ],
        "healthCheck": {"command": ["CMD", "true"], "startPeriod": 90},
    }
    world = World()
    world.add_service("prod", "web", body, hook=hook, target_group="arn:tg", grace=120)
    return world


def test_all_is_there(tell: Teller) -> None:
    tell(needy(Hook()), argv=("plan",), preflight="all")
    world = needy()
    assert tell(world, preflight="all").exit_code == 0
    assert world.faults.calls["GetParameters"] == 1  # of both


def test_all_that_is_not_there_is_told_at_once(tell: Teller) -> None:
    world = needy(Hook())
    world.absent |= {SECRET, "/shop/mode", "pull", "/ecs/web", GATE}
    world.trusts["shop"] = "lambda.amazonaws.com"
    service = world.service("prod", "web")
    service.maximum_percent, service.grace = 140, 30
    told = tell(world, preflight="all")
    assert told.exit_code == 2
    assert told.stderr.count(", and 5 more: looking again for 10 s") == 1
    assert writes(world) == 0


def test_all_that_may_not_be_looked_at_is_one_line(tell: Teller) -> None:
    guarded, world = needy(Hook()), needy()
    for operation in ("DescribeSecret", "GetParameters", "GetRole", "DescribeLogGroups", "GetFunctionConfiguration"):
        guarded.faults.add(Effect.DENY, operation)
        world.faults.add(Effect.DENY, operation)
    tell(guarded, argv=("plan",), preflight="all")
    told = tell(world, preflight="all")
    assert told.exit_code == 0
    assert told.stderr.count("iam:GetRole") == 1


def test_nothing_of_a_secret_is_ever_printed(plugin: Teller) -> None:
    world = needy()
    world.absent |= {SECRET, "/shop/mode"}
    told = plugin(world, preflight="all")
    assert SECRET not in told.stderr + told.stdout
    assert "AbCdEf" not in str(told.report)


@pytest.mark.parametrize("operation", ["DescribeSecret", "GetParameters", "GetRole", "DescribeLogGroups"])
@pytest.mark.parametrize("effect", [Effect.TIMEOUT_BEFORE, Effect.THROTTLE])
def test_what_does_not_answer_is_not_waited_for(plugin: Teller, operation: str, effect: Effect) -> None:
    world = needy()
    world.faults.add(effect, operation)
    began = world.clock.monotonic()
    assert plugin(world, argv=("plan",), preflight="all").exit_code == 0
    assert world.clock.monotonic() - began < 4


def test_a_plain_deployment_asks_nothing_of_this(plugin: Teller) -> None:
    world = needy()
    assert plugin(world).exit_code == 0
    assert not {"DescribeSecret", "GetParameters", "GetRole", "DescribeLogGroups"} & set(world.faults.calls)


def test_in_a_small_world_all_is_fine(plugin: Teller) -> None:
    assert "neither" not in plugin(small_world(), argv=("plan",), preflight="all").stdout
