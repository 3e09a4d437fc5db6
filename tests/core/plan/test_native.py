"""What is looked at before the first write to a service whose strategy shifts traffic, and what isn't said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.traffic import rule_arn, sides
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import arn, native, reach, web

if TYPE_CHECKING:
    from collections.abc import Callable

ELSEWHERE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/2"
POLICY = {"isolationMode": "CONFIDENTIAL_SANDBOX", "attestationPolicy": "b2xk"}
SANDBOX = (
    "the tasks of web run in a CONFIDENTIAL_SANDBOX, and its attestation policy is left as it is. "
    "It says which containers may run: give one made for the new ones, with the same edit."
)


def said(world: World, **settings: str) -> list[str]:
    """The warnings of the plan for web, or what speaks against it."""
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:3"}
    request, _ = resolve(asked | settings, {})
    try:
        plan = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).prepare()
    except Refused as refused:
        return [str(problem) for problem in refused.problems]
    return [str(warning) for warning in plan.warnings]


def weighed(*shares: float, elsewhere: float = 0.0, **options: Any) -> World:
    """Somebody wrote the production rule: so much for either group, and for one that isn't the service's."""
    world = native(**options)
    world.reroute(web(world), dict(zip(sides(web(world)), shares, strict=True)) | {ELSEWHERE: elsewhere})
    return world


def rule(world: World) -> str:
    return rule_arn(web(world), "production")


def test_where_all_is_well_nothing_is_said() -> None:
    world = native()
    assert said(world) == []
    assert [world.faults.calls[name] for name in ("DescribeRules", "DescribeTargetHealth")] == [1, 1]


@pytest.mark.parametrize("denied", ["DescribeRules", "DescribeTargetHealth"])
def test_what_may_not_be_read_is_no_word_worth(denied: str) -> None:
    world = weighed(0.0, 100.0)
    world.faults.add(Effect.DENY, denied)
    assert said(world) == []


def test_no_healthy_target_in_the_live_group_is_warned_of() -> None:
    (told,) = said(weighed(0.0, 100.0))
    assert told == (
        "web has no healthy target in web-2, to which its production listener rule sends traffic. "
        "Users may get errors now. It is deployed to all the same, as that may be the cure."
    )


@pytest.mark.parametrize("balancer", ["ALB", "NLB"])
@pytest.mark.parametrize(("elsewhere", "where"), [(0.0, "nowhere"), (100.0, "to shop")])
def test_a_rule_that_serves_none_of_its_groups_is_warned_of(elsewhere: float, where: str, balancer: str) -> None:
    world = weighed(0.0, 0.0, elsewhere=elsewhere, balancer=balancer)
    (told,) = said(world)
    assert told == (
        f"the production listener rule of service web sends traffic {where}, and to none of its target groups. "
        f"ECS may refuse to shift it. Give weight to the group with the tasks that serve, in rule {rule(world)}."
    )


@pytest.mark.parametrize("elsewhere", [0.0, 50.0])
def test_a_rule_that_weighs_two_groups_is_refused(elsewhere: float) -> None:
    world = weighed(50.0, 50.0 - elsewhere, elsewhere=elsewhere)
    other = "shop" if elsewhere else "web-2"
    (told,) = said(world)
    assert told == (
        f"the production listener rule of service web sends traffic to web and {other}, and nothing is being deployed. "
        f"Give weight only to the group with the tasks that serve, in rule {rule(world)}."
    )


def test_without_a_task_that_should_serve_no_target_is_missed() -> None:
    world = native()
    world.scale(web(world), 0)
    world.clock.sleep(60)
    assert said(world) == ["web has desired count 0. Nothing will be started, so nothing will be proved."]


def _cleans_up(world: World) -> None:
    reach(world, "CLEAN_UP")


def _goes_back(world: World) -> None:
    reach(world, "BAKE_TIME")
    world.stop_deployment(web(world))


def _is_stopped(world: World) -> None:
    reach(world, "BAKE_TIME")
    world.stop_deployment(web(world), "ABORT")


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (_cleans_up, ""),
        (_goes_back, "web is being taken back by ECS ({arn}, ROLLBACK_REQUESTED). This deployment takes its place."),
        (_is_stopped, ""),
    ],
)  # fmt: skip
def test_another_service_deployment_is_told_of(act: Callable[[World], None], expected: str) -> None:
    world = native()
    world.deploy(web(world), world.register(task_definition("web", "shop:2")))
    act(world)
    primary, number = web(world).primary, arn(world).rpartition("/")[2]
    assert said(world) == [
        f"web has another deployment in progress ({primary.id}, web:2). The edit starts from it; a rollback goes to web:1.",
        *([expected.format(arn=number)] if expected else []),
    ]


@pytest.mark.parametrize(
    ("strategy", "mode", "edit", "is_warned"),
    [
        ("BLUE_GREEN", POLICY, {}, True),
        ("ROLLING", POLICY, {}, True),
        ("ROLLING", POLICY, {"patch": '{"trustedExecutionConfiguration": {"attestationPolicy": "bmV3"}}'}, False),
        ("ROLLING", POLICY, {"image": "shop:1"}, False),
        ("ROLLING", {"isolationMode": "ISOLATED_SANDBOX"}, {}, False),
    ],
)  # fmt: skip
def test_an_attestation_policy_that_is_not_changed_with_the_containers_is_warned_of(
    strategy: str, mode: dict[str, str], edit: dict[str, str], *, is_warned: bool
) -> None:
    world = native(strategy)
    world.roll_out(web(world), world.register(task_definition("web", "shop:1", trustedExecutionConfiguration=mode)))
    assert (SANDBOX in said(world, **edit)) is is_warned
