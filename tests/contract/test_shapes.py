"""The simulator answers in botocore's own shapes: no invented member, no wrong type, no unknown enum value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.model import Breaker, Hook
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = ServiceModel(Loader().load_service_model("ecs", "service-2"))
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"


UNLISTED = ("ServiceDeploymentLifecycleStage", "PRE_PRODUCTION_TRAFFIC_SHIFT")
"""The model tells of this stage in its prose, and has it in the enum of the hooks' stages alone."""


def strange_values(shape: Shape, value: Any, path: str = "") -> Iterator[str]:
    """Enum values that the model doesn't have."""
    if isinstance(shape, StructureShape):
        for name, inner in value.items():
            yield from strange_values(shape.members[name], inner, f"{path}.{name}")
    elif isinstance(shape, ListShape):
        for inner in value:
            yield from strange_values(shape.member, inner, f"{path}[]")
    elif isinstance(shape, StringShape) and not isinstance(shape, MapShape) and shape.enum and value not in shape.enum:
        if (shape.name, value) == UNLISTED:
            return
        yield f"{path} is {value!r}"


def check(operation: str, answer: dict[str, Any]) -> None:
    shape = MODEL.operation_model(operation).output_shape
    assert isinstance(shape, StructureShape)
    assert ParamValidator().validate(answer, shape).generate_report() == ""
    assert list(strange_values(shape, answer)) == []


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(),
        crash(1),
        missing("shop:2"),
        Behaviour(health="unhealthy"),
        Behaviour(target_unhealthy=True),
        Behaviour(volume_error="ECS timed out while configuring the EBS volume attachment to your Task"),
        Behaviour(registration_error="no"),
    ],
    ids=["good", "crash", "missing", "unhealthy", "target unhealthy", "no volume", "no target"],
)
@pytest.mark.parametrize("breaker", [None, Breaker(rollback=True), Breaker(rollback=False)])
@pytest.mark.parametrize("hook", [None, Hook()], ids=["", "refused by a hook"])
def test_every_answer_fits_botocores_model(behaviour: Behaviour, breaker: Breaker | None, hook: Hook | None) -> None:
    world = World()
    world.push("shop:2", behaviour)
    world.add_service(
        "prod",
        "web",
        task_definition(tags=[{"key": "a", "value": "b"}]),
        breaker=breaker,
        hook=hook,
        target_group=GROUP,
    )
    operations = Operations(world)

    def answer(operation: str, **asked: Any) -> dict[str, Any]:
        answered = operations.answer(operation, {"cluster": "prod", **asked})
        check(operation, answered)
        return answered

    answer("UpdateService", service="web", taskDefinition=world.register(task_definition(image="shop:2")))
    for _ in range(40):
        world.clock.sleep(5)
        answer("DescribeServices", services=["web", "nope"])
        answer("ListServiceDeployments", service="web")
        for status in ("RUNNING", "STOPPED"):
            listed = answer("ListTasks", serviceName="web", desiredStatus=status)
            if listed["taskArns"]:
                answer("DescribeTasks", tasks=listed["taskArns"])
    check("DescribeTaskDefinition", world.definitions.describe("web:2"))


HOOKS = (
    LifecycleHook(stages=("POST_SCALE_UP",), is_pause=True, timeout_minutes=1, timeout_continues=True),
    LifecycleHook(stages=("TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT"), after=15.0),
)


@pytest.mark.parametrize("strategy", ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"])
@pytest.mark.parametrize("balancer", ["ALB", "NLB", "SERVICE_CONNECT", ""])
@pytest.mark.parametrize("ends", ["well", "stopped", "alarm"])
def test_so_does_every_answer_about_service_deployments(strategy: str, balancer: str, ends: str) -> None:
    world = World(timing=Timing(network_shift=30.0))
    shifting = Shifting(bake_minutes=1, step_percent=30.0, step_bake_minutes=0, balancer=balancer, hooks=HOOKS)
    group = GROUP if balancer in ("ALB", "NLB") else ""
    service = world.add_service(
        "prod",
        "web",
        task_definition(),
        target_group=group,
        breaker=Breaker(),
        alarms=("errors",),
        strategy=strategy,
        shifting=shifting,
    )
    ours = world.deploy(service, world.register(task_definition(image="shop:2")))
    if ends == "stopped":
        world.at(200, lambda: world.stop_deployment(service))
    if ends == "alarm":
        world.at(200, lambda: world.trip(service, "errors", "12 > 10"))
    operations, arns = Operations(world), {"serviceDeploymentArns": [service.deployment_arn(ours), "arn"]}
    asked: dict[str, dict[str, Any]] = {
        "DescribeServices": {"cluster": "prod", "services": ["web"]},
        "ListServiceDeployments": {"cluster": "prod", "service": "web"},
        "DescribeServiceDeployments": arns,
        "DescribeServiceRevisions": {"serviceRevisionArns": [service.revision_arn(ours), "arn"]},
    }
    for _ in range(80):
        world.clock.sleep(7)
        for operation, request in asked.items():
            check(operation, operations.answer(operation, request))
