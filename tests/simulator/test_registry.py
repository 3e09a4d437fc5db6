"""Task definitions and images; and what ECS refuses, in its own words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.registry import Images
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.watching import WEB, shown, web, world_with

CODEDEPLOY = "on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
REFUSED: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "unknown cluster": ("ClusterNotFoundException", "Cluster not found.", "DescribeServices", {"cluster": "prd", "services": ["web"]}),
    "no service": ("InvalidParameterException", "Services cannot be empty, nor more than 10.", "DescribeServices", {"cluster": "prod", "services": []}),
    "eleven services": ("InvalidParameterException", "Services cannot be empty, nor more than 10.", "DescribeServices", {"cluster": "prod", "services": ["web"] * 11}),
    "another's token": ("InvalidParameterException", "Invalid token.", "ListTasks", {"cluster": "prod", "serviceName": "web", "nextToken": "elsewhere"}),
    "101 tasks": ("InvalidParameterException", "Tasks cannot be empty, nor more than 100.", "DescribeTasks", {"cluster": "prod", "tasks": ["a"] * 101}),
    "tasks of an unknown service": ("ServiceNotFoundException", "Service not found.", "ListTasks", {"cluster": "prod", "serviceName": "wbe"}),
    "unknown service": ("ServiceNotFoundException", "Service not found.", "UpdateService", {"cluster": "prod", "service": "wbe", "taskDefinition": "web"}),
    "service being deleted": ("ServiceNotActiveException", "Service was not ACTIVE.", "UpdateService", {"cluster": "prod", "service": "gone", "taskDefinition": "web"}),
    "unknown revision": ("ClientException", "TaskDefinition not found.", "UpdateService", {**WEB, "taskDefinition": "web:99"}),
    "no revision": ("ClientException", "TaskDefinition not found.", "UpdateService", {**WEB, "taskDefinition": "web:latest"}),
    "deregistered": ("ClientException", "TaskDefinition is inactive", "UpdateService", {**WEB, "taskDefinition": "old:1"}),
    "CODE_DEPLOY": ("InvalidParameterException", f"Unable to update task definition {CODEDEPLOY}", "UpdateService", {**WEB, "service": "blue", "taskDefinition": "web"}),
    "CODE_DEPLOY by force": ("InvalidParameterException", f"Cannot force a new deployment {CODEDEPLOY}", "UpdateService", {**WEB, "service": "blue", "forceNewDeployment": True}),
    "unknown family": ("ClientException", "Unable to describe task definition.", "DescribeTaskDefinition", {"taskDefinition": "nope"}),
    "empty tags": ("ClientException", "Tags can not be empty.", "RegisterTaskDefinition", task_definition(tags=[])),
    "no containers": ("ClientException", "Container list cannot be empty.", "RegisterTaskDefinition", task_definition(containerDefinitions=[])),
    "what only answers have": ("SerializationException", "unknown members: revision, status", "RegisterTaskDefinition", task_definition(status="ACTIVE", revision=1)),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_ecs_refuses(name: str) -> None:
    world = world_with()
    world.add_service("prod", "gone", "web:1", status="DRAINING")
    world.add_service("prod", "blue", "web:1", controller="CODE_DEPLOY")
    world.register(task_definition("old", "shop:0"))
    world.definitions.deregister("old:1")
    code, message, operation, asked = REFUSED[name]
    with pytest.raises(ApiError) as error:
        Operations(world).answer(operation, asked)
    fault = error.value.fault
    assert (fault.kind, fault.code, fault.message) == (FaultKind.REJECTED, code, message)


def test_a_service_that_is_not_there_is_among_the_failures() -> None:
    found = Operations(world_with()).answer("DescribeServices", {"cluster": "prod", "services": ["web", "wbe"]})
    assert [one["serviceName"] for one in found["services"]] == ["web"]
    assert found["failures"] == [{"arn": "arn:aws:ecs:eu-west-1:123456789012:service/prod/wbe", "reason": "MISSING"}]


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_names_may_be_arns_in_any_partition(partition: str) -> None:
    world = World(region="cn-north-1", account="210987654321", partition=partition)
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    prefix = f"arn:{partition}:ecs:cn-north-1:210987654321"
    asked = {"cluster": f"{prefix}:cluster/prod", "services": [f"{prefix}:service/prod/web"]}
    (service,) = Operations(world).answer("DescribeServices", asked)["services"]
    assert service["clusterArn"] == f"{prefix}:cluster/prod"
    assert service["taskDefinition"] == f"{prefix}:task-definition/web:1"


def test_the_same_revision_again_starts_a_deployment_only_by_force() -> None:
    world = world_with()
    answer, before = Operations(world).answer, web(world).primary.id
    same = {**WEB, "taskDefinition": "web:1"}
    assert answer("UpdateService", same)["service"]["deployments"][0]["id"] == before
    forced = answer("UpdateService", {**same, "forceNewDeployment": True})["service"]["deployments"]
    assert [one["status"] for one in forced] == ["PRIMARY", "ACTIVE"]
    assert forced[1]["id"] == before


def test_desired_count_alone_starts_none_and_shows_on_the_deployment_as_tasks_are_started() -> None:
    world = world_with()
    before = web(world).primary.id
    service = Operations(world).answer("UpdateService", {**WEB, "desiredCount": 5})["service"]
    (one,) = service["deployments"]
    assert (service["desiredCount"], one["desiredCount"], one["id"]) == (5, 2, before)
    world.clock.sleep(11)
    assert shown(world)["deployments"][0]["desiredCount"] == 5


def test_definitions_survive_whole_and_get_what_only_ecs_adds() -> None:
    world = world_with()
    body: dict[str, Any] = task_definition("web", "shop:2", tomorrow={"deep": [{"er": ""}]})
    world.clock.sleep(90)
    world.register(body | {"tags": [{"key": "team", "value": "shop"}]})
    found = world.definitions.describe("web")
    assert found["tags"] == [{"key": "team", "value": "shop"}]
    definition = found["taskDefinition"]
    assert {name: definition[name] for name in body} == body
    assert definition["taskDefinitionArn"] == "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2"
    assert (definition["revision"], definition["status"]) == (2, "ACTIVE")
    assert definition["registeredAt"] == world.clock.now()


def test_answers_are_copies() -> None:
    world = world_with()
    world.definitions.describe("web")["taskDefinition"]["family"] = "changed"
    shown(world)["deployments"].clear()
    assert world.definitions.describe("web")["taskDefinition"]["family"] == "web"
    assert len(shown(world)["deployments"]) == 1


def test_a_bare_family_is_its_newest_active_revision_and_numbers_are_not_used_again() -> None:
    world = world_with()
    world.register(task_definition("web", "shop:2"))
    gone = world.definitions.deregister("web:2", 30.0)["taskDefinition"]
    assert (gone["status"], gone["deregisteredAt"] - world.clock.now()) == ("INACTIVE", timedelta(seconds=30))
    assert world.definitions.describe("web")["taskDefinition"]["revision"] == 1
    assert world.definitions.describe("web:2")["taskDefinition"]["status"] == "INACTIVE"
    assert world.register(task_definition("web", "shop:3")).endswith("/web:3")
    assert [arn.rpartition("/")[2] for arn in world.definitions.arns()] == ["web:1", "web:3"]


def test_what_runs_a_deregistered_revision_goes_on() -> None:
    world = world_with()
    world.definitions.deregister("web:1")
    world.scale(web(world), 3)
    world.clock.sleep(60)
    assert web(world).runs == {"web:1": 3}


def test_tags_move_and_digests_stay() -> None:
    images = Images()
    first, second = images.push("shop:2", Behaviour()), images.push("shop:2", crash(1))
    assert images.resolve("shop:2") == (second, crash(1))
    assert images.resolve(f"shop@{first}") == images.resolve(f"shop:2@{first}") == (first, Behaviour())
    assert images.push("shop:2", Behaviour()) == first, "the same content again is the same digest"
    assert images.push("shop:3", Behaviour(), "sha256:abc") == "sha256:abc"
