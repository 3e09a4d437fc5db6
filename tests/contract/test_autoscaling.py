"""Autoscaling over the wire, as botocore speaks it, against the simulator; and that against botocore's model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from botocore.validate import ParamValidator

from drone_deploy_ecs.aws.connect import connect
from drone_deploy_ecs.core.fault import FaultKind
from drone_deploy_ecs.core.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.request import Access
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.ports import Autoscaling

MODEL = ServiceModel(Loader().load_service_model("application-autoscaling", "service-2"))


@pytest.fixture
def world() -> World:
    world = World()
    world.add_service("prod", "web", task_definition(), desired=4)
    world.add_service("prod", "api", task_definition("api"), desired=1)
    world.scaling.add("prod", "web", 2, 20)
    return world


@pytest.fixture
def autoscaling(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Autoscaling]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield connect(Access("eu-west-1")).autoscaling


def test_limits_are_read_where_there_are_any(autoscaling: Autoscaling) -> None:
    assert autoscaling.limits(cluster="prod", services=["web", "api"]) == {"web": Limits(2, 20)}


@pytest.mark.parametrize("suspended", [frozenset(), SUSPENSIONS, frozenset({"DynamicScalingIn"})])
def test_limits_are_written_with_what_is_suspended(
    autoscaling: Autoscaling, world: World, suspended: frozenset[str]
) -> None:
    autoscaling.set_limits(cluster="prod", service="web", limits=Limits(0, 7, suspended))
    assert world.scaling["prod", "web"] == Limits(0, 7, suspended)
    assert autoscaling.limits(cluster="prod", services=["web"]) == {"web": Limits(0, 7, suspended)}


def test_a_service_that_was_not_scaled_is_from_then_on(autoscaling: Autoscaling, world: World) -> None:
    autoscaling.set_limits(cluster="prod", service="api", limits=Limits(3, 7))
    assert world.service("prod", "api").desired == 3


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        (Effect.THROTTLE, FaultKind.THROTTLED),
        (Effect.DENY, FaultKind.DENIED),
        (Effect.TIMEOUT_AFTER, FaultKind.AMBIGUOUS),
    ],
)
def test_what_goes_wrong_is_sorted_into_faults(
    autoscaling: Autoscaling, world: World, effect: Effect, kind: FaultKind
) -> None:
    world.faults.add(effect, "RegisterScalableTarget")
    with pytest.raises(ApiError) as error:
        autoscaling.set_limits(cluster="prod", service="web", limits=Limits(0, 7))
    assert error.value.fault.kind is kind


def test_every_answer_fits_botocores_model(world: World) -> None:
    resource = {"ResourceId": "service/prod/web"}
    answers = {
        "DescribeScalableTargets": world.scaling.describe_scalable_targets({"ResourceIds": ["service/prod/web"]}),
        "RegisterScalableTarget": world.scaling.register_scalable_target(resource | {"MinCapacity": 1}),
    }
    for operation, answer in answers.items():
        shape = MODEL.operation_model(operation).output_shape
        assert isinstance(shape, StructureShape)
        assert ParamValidator().validate(answer, shape).generate_report() == ""
