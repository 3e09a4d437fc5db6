"""Plans that no story shows."""

from __future__ import annotations

import pytest

from drone_deploy_ecs.core.step import FollowDeployment, Plan, UpdateService
from drone_deploy_ecs.deployment import Deployment
from drone_deploy_ecs.settings import resolve
from drone_deploy_ecs.simulator.connect import connection
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import small_world


def plan_for(world: World) -> Plan:
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
    request, _ = resolve(asked | {"skip_unchanged": "true"}, {})
    return Deployment(request, {"eu-west-1": connection(world)}, world.clock, lambda _: None, lambda: 0.5).prepare()


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
