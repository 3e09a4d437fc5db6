"""Plans of a switch, by what the two services are found in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.plan.switch.stages import remaining_stages
from drone_deploy_ecs.core.plan.switch.strategy import TwoServices
from drone_deploy_ecs.core.steps.limit import RegisterScalableTarget
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.strategy import Plan
    from drone_deploy_ecs.core.plan.switch.switch import Switch

ASKED = {
    "aws_region": "eu-west-1", "cluster": "prod", "container": "app", "image": "shop:2", "mode": "blue-green",
    "blue_service": "blue", "green_service": "green", "scale_down_percent": "50", "scale_down_interval": "60",
    "scale_down_wait_period": "0", "checks_to_pass": "0",
}  # fmt: skip


def sides(blue: int = 10, green: int = 0) -> World:
    """Blue is live on shop:1, green idle on shop:0."""
    world = World()
    world.add_service("prod", "blue", task_definition("web", "shop:1"), desired=blue)
    world.add_service("prod", "green", task_definition("web", "shop:0"), desired=green)
    return world


def plan_for(world: World) -> Plan:
    request, _ = resolve(ASKED, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).prepare()


def switch_for(world: World) -> Switch:
    strategy = plan_for(world).strategy
    assert isinstance(strategy, TwoServices)
    assert strategy.switch
    return strategy.switch


def said(world: World) -> list[str]:
    return [str(one) for one in plan_for(world).warnings]


def test_what_an_interrupted_run_began_gets_the_tasks_that_it_lacks() -> None:
    world = sides(green=4)
    made = world.deploy(world.service("prod", "green"), world.register(task_definition("web", "shop:2")))
    follow, more, *_ = plan_for(world).steps
    assert isinstance(follow, FollowDeployment)
    assert (follow.deployment, follow.desired) == (made.id, 10)
    assert isinstance(more, Scale)
    assert (more.target.name, more.expected, more.to, more.target.known) == ("green", 4, 10, frozenset({made.id}))


def test_what_an_interrupted_run_began_and_failed_is_begun_again() -> None:
    world = sides(green=4)
    made = world.deploy(world.service("prod", "green"), world.register(task_definition("web", "shop:2")))
    made.state = "FAILED"
    again, *others = plan_for(world).steps
    assert isinstance(again, UpdateService)
    assert (again.definition, again.force, again.desired) == (made.task_definition, True, 10)
    assert not [one for one in others if isinstance(one, Scale) and one.target.name == "green"]


def test_what_an_interrupted_run_left_suspended_scales_as_it_did_after_the_next_switch() -> None:
    """Green gave way last, and the run was killed before it gave green's limits to blue."""
    world = sides()
    world.scaling.add("prod", "blue", 10, 20)
    world.scaling.add("prod", "green", 2, 12)
    world.scaling.register("prod", "green", Limits(2, 12, SUSPENSIONS))
    assert switch_for(world).live_limits == Limits(2, 12)
    last = [one.limits for one in plan_for(world).steps if isinstance(one, RegisterScalableTarget)][-2:]
    assert last == [Limits(2, 12), Limits(0, 12)]


def test_when_the_live_side_is_scaled_up_the_other_one_may_follow() -> None:
    world = sides()
    world.scaling.add("prod", "blue", 2, 20)
    world.scaling.add("prod", "green", 0, 12)
    changed, stages = remaining_stages(switch_for(world), 25, 10, "ecs-svc/7")
    assert changed.count == 25
    (limit,), (scale,), *_ = (one.steps for one in stages)
    assert isinstance(limit, RegisterScalableTarget)
    assert (limit.target.name, limit.limits, limit.required) == ("green", Limits(25, 25), True)
    assert isinstance(scale, Scale)
    assert (scale.target.name, scale.expected, scale.to, scale.target.known) == (
        "green",
        10,
        25,
        frozenset({"ecs-svc/7"}),
    )


def test_when_the_live_side_is_scaled_down_the_other_one_stays() -> None:
    changed, stages = remaining_stages(switch_for(sides()), 5, 10, "ecs-svc/7")
    assert changed.count == 10
    assert {one.target.name for stage in stages for one in stage.steps if isinstance(one, Scale)} == {"blue"}


def test_a_live_side_in_the_midst_of_a_deployment_is_warned_of() -> None:
    world = sides()
    blue = world.service("prod", "blue")
    made = world.deploy(blue, blue.primary.task_definition)
    assert said(world) == [
        f"blue has a deployment that isn't COMPLETED ({made.id}, web:1). If this fails, it goes on as it is.",
        "blue runs 0 of 10 tasks. green gets 10 tasks.",
    ]


def test_an_idle_side_that_never_completed_is_warned_of() -> None:
    world = sides()
    green = world.service("prod", "green")
    made = world.deploy(green, green.primary.task_definition)
    green.deployments = [made]
    green.events.clear()
    assert said(world) == ["green has no COMPLETED deployment. If this fails, it is only scaled to 0 again."]
