"""What ECS says elsewhere than in a stopped task, and when that ends a deployment: never by what may be another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.lifecycle import say
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from tests.stories.story import Teller

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
ROLE = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
NEVER = 1e9
NO_PLATFORM = (
    "was unable to place a task. Reason: CannotPullContainerError: pull image manifest has been retried 1 time(s): "
    "image Manifest does not contain descriptor matching platform 'linux/amd64'."
)
UNASSUMED = (
    "failed to launch a task with (error ECS was unable to assume the role 'arn:aws:iam::123456789012:role/shop' that "
    "was provided for this task. Please verify that the role being passed has the proper trust relationship and "
    "permissions and that your IAM user has permissions to pass this role.)."
)
OTHER_VPC = "The following targets are not in the target group VPC 'vpc-1': 'i-1'"


def test_a_volume_that_can_not_be_attached(tell: Teller) -> None:
    """The task only says that it didn't start. Its replacement's volume confirms it."""
    world = small_world()
    error = (
        f"ECS was unable to assume the configured ECS Infrastructure Role '{ROLE}'. Please verify that the role being "
        "passed has the proper trust relationship with Amazon ECS"
    )
    world.push("shop:2", Behaviour(volume_error=error))
    told = tell(world)
    assert told.exit_code == 3
    assert told.report["services"][0]["causes"][0]["name"] == "infrastructure-role"


def test_an_event_says_that_the_image_is_for_another_platform(tell: Teller) -> None:
    """No task of it was ever started, so none stopped; nobody else has tasks to start."""
    world = small_world()
    world.push("shop:2", Behaviour(placeable_after=NEVER, placement_event=NO_PLATFORM))
    told = tell(world)
    assert told.exit_code == 3
    assert told.report["verdict"] == "Failed"


def test_an_event_says_that_targets_can_not_be_registered(tell: Teller) -> None:
    """The tasks run, none stops, and ECS says it once: that nothing gets on for long confirms it."""
    world = World()
    world.add_service("prod", "web", task_definition("web"), target_group=GROUP)
    world.push("shop:2", Behaviour(registration_error=OTHER_VPC))
    told = tell(world, timeout="30m")
    assert told.exit_code == 3
    assert told.report["verdict"] == "Failed"


def test_an_event_says_that_a_role_is_refused_and_no_task_is_started(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(placeable_after=NEVER, placement_event=UNASSUMED))
    told = tell(world, timeout="30m")
    assert told.exit_code == 3
    assert told.report["verdict"] == "Failed"


def test_a_role_that_is_refused_at_first_works_after_some_minutes(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(placeable_after=300, placement_event=UNASSUMED))
    assert tell(world, timeout="30m").exit_code == 0


def test_what_may_pass_is_waited_for_until_the_budget_ends(tell: Teller) -> None:
    world = small_world()
    world.push("shop:2", Behaviour(placeable_after=NEVER))
    assert tell(world, timeout="12m").report["verdict"] == "TimedOut"


def test_an_event_that_may_be_another_deployments(tell: Teller) -> None:
    """The deployment before ours never got healthy and still has tasks: what ECS says may be about those."""
    world = small_world()
    world.push("shop:9", Behaviour(health="healthy", health_after=NEVER))
    web = world.service("prod", "web")
    world.deploy(web, world.register(task_definition("web", "shop:9")))
    world.clock.sleep(30)
    world.at(8, lambda: say(world, web, NO_PLATFORM))
    told = tell(world)
    assert told.exit_code == 0
    assert NO_PLATFORM in told.stderr
