"""Plans that no story shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.strategy import Plan


def plan_for(world: World, image: str = "shop:2", *, skip_unchanged: bool = True) -> Plan:
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": image}
    request, _ = resolve(asked | {"skip_unchanged": str(skip_unchanged)}, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).prepare()


@pytest.mark.parametrize(("state", "step"), [("IN_PROGRESS", FollowDeployment), ("FAILED", UpdateService)])
def test_what_rolls_out_already_is_followed_unless_it_has_failed(state: str, step: type) -> None:
    world = small_world()
    made = world.deploy(world.service("prod", "web"), world.register(task_definition("web", "shop:2")))
    made.state = state
    (found,) = plan_for(world).steps
    assert isinstance(found, step)
    if isinstance(found, UpdateService):
        assert found.force
    else:
        assert str(found) == f"Follow {made.id} of web: web:2 is rolling out already"


def test_what_lacks_tasks_is_followed_and_has_no_way_back() -> None:
    world = small_world()
    world.kill_task(world.service("prod", "web"))
    world.clock.sleep(1)
    (found,) = plan_for(world, "shop:1").steps
    assert isinstance(found, FollowDeployment)
    assert found.target.back.impossible == "it ran this before"


def test_the_same_tag_whose_digest_is_unknown_could_not_be_rolled_back() -> None:
    world = small_world()
    world.faults.add(Effect.DENY, "ListTasks")
    plan = plan_for(world, "shop:1", skip_unchanged=False)
    (warning,) = plan.warnings
    assert str(warning) == (
        "web could not be rolled back: web:1 names the same tag, and the digest its tasks run isn't known. "
        "Deploy by digest, or with a tag of its own."
    )
    (target,) = plan.targets
    assert not target.back.definition


def test_what_completed_last_and_is_no_longer_listed_is_known_by_its_traces() -> None:
    """Old tasks were stopped first, and a run was killed before the new ones proved themselves."""
    world = small_world()
    web = world.service("prod", "web")
    for _ in web.tasks:
        world.kill_task(web)
    world.clock.sleep(0.1)
    before = web.primary
    world.deploy(web, world.register(task_definition("web", "shop:9")))
    web.deployments.remove(before)
    plan = plan_for(world)
    assert [str(one) for one in plan.warnings] == [
        "web has no COMPLETED deployment any more; by ECS's events the last one was web:1. A rollback goes to it."
    ]
    (target,) = plan.targets
    assert target.back.definition == before.task_definition
