"""A hook at PRE_SCALE_UP that refuses: what is seen of it, and the records of deployments that ECS keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import missing
from drone_deploy_ecs.simulator.clock import START
from drone_deploy_ecs.simulator.model import GATE, Hook
from drone_deploy_ecs.simulator.operations import Operations
from tests.simulator.watching import NO_ROLLBACK, ROLLBACK, WEB, events, film, settle, shown, update, web, world_with

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World

WHY = f"Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. Lifecycle hook target {GATE} returned FAILED status."


def records(world: World, **asked: Any) -> list[dict[str, Any]]:
    return list(Operations(world).answer("ListServiceDeployments", {**WEB, **asked})["serviceDeployments"])


def outcomes(world: World) -> list[tuple[str, str]]:
    return [(one["status"], one.get("statusReason", "")) for one in records(world)]


def test_what_it_refuses_leaves_within_seconds_without_a_task() -> None:
    world = world_with(hook=Hook())
    before = shown(world)["deployments"][0]["id"]
    update(world)
    assert film(world, 60) == [
        "0: PRIMARY 2 IN_PROGRESS 0+0/0 failed 0 | ACTIVE 1 COMPLETED 2+0/2 failed 0",
        "10: PRIMARY 1 IN_PROGRESS 2+0/2 failed 0",
        "20: PRIMARY 1 COMPLETED 2+0/2 failed 0",
    ]
    assert shown(world)["deployments"][0]["id"] == before
    assert events(world)[0] == f"10: (deployment D1) deployment failed: {WHY}"
    assert len(web(world).tasks) == 2
    assert shown(world)["deploymentConfiguration"]["lifecycleHooks"][0]["hookTargetArn"] == GATE


def test_no_event_need_tell_of_it() -> None:
    world = world_with(hook=Hook(emits_event=False))
    update(world)
    assert settle(world)
    assert not any("deployment failed" in one for one in events(world))
    assert outcomes(world) == [("ROLLBACK_SUCCESSFUL", WHY), ("SUCCESSFUL", "")]


def test_nothing_is_started_before_it_answers() -> None:
    world = world_with(hook=Hook(after=25.0))
    update(world)
    world.clock.sleep(29)
    assert [one["desiredCount"] for one in shown(world)["deployments"]] == [0, 2]
    assert outcomes(world)[0] == ("IN_PROGRESS", "")


def test_where_there_is_nothing_to_go_back_to_what_was_refused_stays() -> None:
    world = world_with(hook=Hook())
    web(world).primary.state = "FAILED"
    update(world)
    world.clock.sleep(15)
    assert shown(world)["deployments"][0]["rolloutState"] == "FAILED"
    assert outcomes(world)[0] == ("ROLLBACK_FAILED", "No rollback candidate was found to run the rollback.")


def test_records_of_the_circuit_breaker() -> None:
    broken = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    world = world_with(missing("shop:2"), breaker=ROLLBACK)
    update(world)
    world.clock.sleep(55)
    assert outcomes(world)[0] == ("ROLLBACK_IN_PROGRESS", broken)
    assert settle(world)
    assert outcomes(world) == [("ROLLBACK_SUCCESSFUL", broken), ("SUCCESSFUL", "")]
    world = world_with(missing("shop:2"), breaker=NO_ROLLBACK)
    update(world)
    world.clock.sleep(120)
    assert outcomes(world)[0][0] == "STOPPED"


def test_what_was_superseded_was_stopped() -> None:
    world = world_with()
    update(world)
    world.clock.sleep(10)
    update(world, "shop:3")
    assert settle(world)
    assert [status for status, _ in outcomes(world)] == ["SUCCESSFUL", "STOPPED", "SUCCESSFUL"]


def test_records_are_found_by_their_deployment_s_number_and_by_time() -> None:
    world = world_with()
    number = update(world).rpartition("/")[2]
    (newest, oldest) = records(world)
    assert newest["targetServiceRevisionArn"].endswith(f":service-revision/prod/web/{number}")
    assert newest["serviceDeploymentArn"].rpartition("/")[2] != number
    assert "finishedAt" not in newest
    recently = START - timedelta(minutes=1)
    assert records(world, createdAt={"after": recently}) == [newest]
    assert records(world, createdAt={"before": recently.timestamp()}) == [oldest]
    assert records(world, status=["SUCCESSFUL"]) == [oldest]
    page = Operations(world).answer("ListServiceDeployments", {**WEB, "maxResults": 1})
    assert (page["serviceDeployments"], page["nextToken"]) == ([newest], "1")


@pytest.mark.parametrize("after", [-1, 1])
def test_the_number_in_a_request_over_http_is_a_time(after: int) -> None:
    world = world_with()
    update(world)
    asked = {"after": START.timestamp() + after}
    assert len(records(world, createdAt=asked)) == (1 if after < 0 else 0)
