"""Autoscaling over the wire, as botocore speaks it, against the simulator; and that against botocore's model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape
from botocore.validate import ParamValidator

from drone_deploy_ecs.aws.connection import Connection, connect
from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets, RegisterScalableTarget
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.ecs.limits import SUSPENSIONS, Limits
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL = ServiceModel(Loader().load_service_model("application-autoscaling", "service-2"))


@pytest.fixture
def world() -> World:
    world = World()
    world.add_service("prod", "web", task_definition(), desired=4)
    world.add_service("prod", "api", task_definition("api"), desired=1)
    world.scaling.add("prod", "web", 2, 20)
    return world


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    with Server(world) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        yield connect(Access("eu-west-1"))


def limits(aws: Connection, *services: str) -> dict[str, Limits]:
    call = DescribeScalableTargets(region="eu-west-1", cluster="prod", services=services)
    return aws.send(call)


def change(service: str, limits: Limits) -> RegisterScalableTarget:
    return RegisterScalableTarget(region="eu-west-1", cluster="prod", name=service, limits=limits)


def test_limits_are_read_where_there_are_any(aws: Connection) -> None:
    assert limits(aws, "web", "api") == {"web": Limits(2, 20)}


@pytest.mark.parametrize("suspended", [frozenset(), SUSPENSIONS, frozenset({"DynamicScalingIn"})])
def test_limits_are_written_with_what_is_suspended(aws: Connection, world: World, suspended: frozenset[str]) -> None:
    aws.send(change("web", Limits(0, 7, suspended)))
    assert world.scaling["prod", "web"] == Limits(0, 7, suspended)
    assert limits(aws, "web") == {"web": Limits(0, 7, suspended)}


def test_a_service_that_was_not_scaled_is_from_then_on(aws: Connection, world: World) -> None:
    aws.send(change("api", Limits(3, 7)))
    assert world.service("prod", "api").desired == 3


@pytest.mark.parametrize(
    ("effect", "kind"),
    [
        (Effect.THROTTLE, FaultKind.THROTTLED),
        (Effect.DENY, FaultKind.DENIED),
        (Effect.TIMEOUT_AFTER, FaultKind.AMBIGUOUS),
    ],
)
def test_what_goes_wrong_is_sorted_into_faults(aws: Connection, world: World, effect: Effect, kind: FaultKind) -> None:
    world.faults.add(effect, "RegisterScalableTarget")
    with pytest.raises(ApiError) as error:
        aws.send(change("web", Limits(0, 7)))
    assert error.value.fault.kind is kind


def test_every_answer_fits_botocores_model(world: World) -> None:
    answer = Operations(world).answer
    resource = {"ResourceId": "service/prod/web"}
    answers = {
        "DescribeScalableTargets": answer("DescribeScalableTargets", {"ResourceIds": ["service/prod/web"]}),
        "RegisterScalableTarget": answer("RegisterScalableTarget", resource | {"MinCapacity": 1}),
    }
    for operation, given in answers.items():
        shape = MODEL.operation_model(operation).output_shape
        assert isinstance(shape, StructureShape)
        assert ParamValidator().validate(given, shape).generate_report() == ""
