"""What people do to a deployment by one of ECS's own strategies: stop it, answer its pauses, deploy over it."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from tests.simulator.native import OVER, answer, arn, end, film, native, reach, record, refused, update, web

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World

BEFORE = ("PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT")
AFTER = (
    "PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP",
)  # fmt: skip
PAUSE = "POST_TEST_TRAFFIC_SHIFT"


def stop(world: World) -> None:
    answer(world, "StopServiceDeployment", serviceDeploymentArn=arn(world), stopType="ROLLBACK")


def pausing(*stages: str, **options: Any) -> World:
    return native(hooks=(LifecycleHook(stages=stages, is_pause=True, **options),))


def waiting(world: World) -> dict[str, Any]:
    (found,) = [one for one in record(world)["lifecycleHookDetails"] if one["status"] == "AWAITING_ACTION"]
    return dict(found)


def go_on(world: World, **asked: Any) -> None:
    answer(
        world, "ContinueServiceDeployment", serviceDeploymentArn=arn(world), hookId=waiting(world)["hookId"], **asked
    )


# --- StopServiceDeployment ---


@pytest.mark.parametrize("after", [0.0, 15.0])
@pytest.mark.parametrize("stage", [*BEFORE, *AFTER])
@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "CANARY"])
def test_stopped_in_any_stage_everything_returns(strategy: str, stage: str, after: float) -> None:
    world = native(strategy, step_bake_minutes=1)
    update(world)
    reach(world, stage)
    world.clock.sleep(after)
    if record(world)["status"] in OVER:
        return
    stop(world)
    assert record(world)["status"] == "ROLLBACK_REQUESTED"
    stop(world)
    assert end(world, 600)["status"] == "ROLLBACK_SUCCESSFUL"
    world.clock.sleep(30)
    service = web(world)
    assert (world.traffic(service), world.traffic(service, "test")) == ({"web:1": 100.0}, {"web:1": 100.0})
    assert service.runs == {"web:1": 2}
    assert (service.primary.state, len(service.deployments)) == ("COMPLETED", 1)
    assert refused(world, "StopServiceDeployment", serviceDeploymentArn=arn(world))[0] == "ConflictException"


def test_in_the_bake_users_are_back_within_twenty_seconds() -> None:
    world = native()
    update(world)
    reach(world, "BAKE_TIME")
    world.clock.sleep(7)
    stop(world)
    assert film(world, 30)[:3] == [
        "117: ROLLBACK_REQUESTED BAKE_TIME | 2=100 | 2=100",
        "120: ROLLBACK_IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100",
        "130: ROLLBACK_IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=100 | 2=100",
    ]
    found = end(world)
    assert found["rollback"]["serviceRevisionArn"] == web(world).revision_arn(web(world).history[0])
    assert found["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0.0


def test_in_the_clean_up_what_was_stopped_has_to_start_again() -> None:
    world = native()
    update(world)
    reach(world, "CLEAN_UP")
    stop(world)
    reach(world, "SCALE_UP", "ROLLBACK_IN_PROGRESS")
    assert world.traffic(web(world)) == {"web:2": 100.0}
    assert end(world)["status"] == "ROLLBACK_SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:1": 100.0}


def test_aborted_it_stays_where_it_is() -> None:
    world = native()
    update(world)
    reach(world, "BAKE_TIME")
    answer(world, "StopServiceDeployment", serviceDeploymentArn=arn(world), stopType="ABORT")
    assert record(world)["status"] == "STOP_REQUESTED"
    assert end(world)["status"] == "STOPPED"
    assert world.traffic(web(world)) == {"web:2": 100.0}


def test_what_isn_t_there_can_t_be_stopped() -> None:
    code = "ServiceDeploymentNotFoundException"
    assert refused(native(), "StopServiceDeployment", serviceDeploymentArn="x")[0] == code


# --- pauses ---


def test_it_waits_until_somebody_continues() -> None:
    world = pausing(PAUSE)
    update(world)
    reach(world, PAUSE)
    world.clock.sleep(3600)
    hook = waiting(world)
    assert len(hook["hookId"]) == len("ecs-pause-") + 43
    assert hook["timeoutAction"] == "ROLLBACK"
    go_on(world)
    assert record(world)["lifecycleHookDetails"][0]["status"] == "SUCCEEDED"
    assert end(world)["status"] == "SUCCESSFUL"


def test_answered_with_rollback() -> None:
    world = pausing(PAUSE)
    update(world)
    reach(world, PAUSE)
    go_on(world, action="ROLLBACK")
    assert record(world)["status"] == "ROLLBACK_REQUESTED"
    assert end(world)["status"] == "ROLLBACK_SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:1": 100.0}


@pytest.mark.parametrize(("continues", "status"), [(False, "ROLLBACK_SUCCESSFUL"), (True, "SUCCESSFUL")])
def test_a_pause_that_nobody_answers(*, continues: bool, status: str) -> None:
    world = pausing(PAUSE, timeout_minutes=30, timeout_continues=continues)
    update(world)
    reach(world, PAUSE)
    found = end(world)
    assert found["status"] == status
    reason = f"Service deployment rolled back because {PAUSE} pause hook timed out."
    assert found.get("statusReason", "") == ("" if continues else reason)


def test_a_pause_before_each_step_has_an_id_of_its_own() -> None:
    world = native("CANARY", step_bake_minutes=0, hooks=(LifecycleHook(stages=(AFTER[0],), is_pause=True),))
    update(world)
    ids = []
    for _ in range(2):
        reach(world, AFTER[0])
        ids.append(waiting(world)["hookId"])
        assert world.answer_pauses(web(world)) == 1
        reach(world, AFTER[1])
    assert ids[0] != ids[1]
    assert end(world)["status"] == "SUCCESSFUL"


def test_hooks_of_one_stage_run_together_and_both_must_be_done() -> None:
    hooks = (LifecycleHook(stages=(PAUSE,), is_pause=True), LifecycleHook(stages=(PAUSE,), after=25.0))
    world = native(hooks=hooks)
    update(world)
    reach(world, PAUSE)
    world.clock.sleep(1)
    assert [one["status"] for one in record(world)["lifecycleHookDetails"]] == ["AWAITING_ACTION", "IN_PROGRESS"]
    go_on(world)
    world.clock.sleep(15)
    assert record(world)["lifecycleStage"] == PAUSE
    assert end(world)["status"] == "SUCCESSFUL"


def test_answers_that_are_refused() -> None:
    world = pausing(PAUSE)
    update(world)
    reach(world, PAUSE)
    hook = waiting(world)["hookId"]

    def asked(hook_id: str) -> str:
        return refused(world, "ContinueServiceDeployment", serviceDeploymentArn=arn(world), hookId=hook_id)[1]

    assert asked("mine") == "Invalid hookId: hookId must follow the format: ecs-{hookType}-{id}"
    void = "Provided hookId is either completed, unavailable, or not associated with the given Resource ARN"
    assert asked("ecs-pause-other") == void
    go_on(world)
    assert asked(hook) == void
    end(world)
    assert asked(hook) == "Continuing a service deployment is not allowed for service deployment in terminal states."


# --- another UpdateService ---


@pytest.mark.parametrize("stage", [*BEFORE, *AFTER])
def test_superseded_in_any_stage(stage: str) -> None:
    world = native("CANARY", step_bake_minutes=1)
    update(world)
    reach(world, stage)
    had_tasks = stage != BEFORE[0]
    update(world, "shop:3")
    assert record(world, -2)["status"] == "STOPPED"
    world.clock.sleep(1)
    assert record(world)["lifecycleStage"] == ("RECONCILE_SERVICE" if had_tasks else "PRE_SCALE_UP")
    assert end(world)["status"] == "SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:3": 100.0}
    world.clock.sleep(30)
    assert web(world).runs == {"web:3": 2}


def test_superseded_on_the_way_back() -> None:
    world = native()
    update(world)
    reach(world, "BAKE_TIME")
    stop(world)
    world.clock.sleep(12)
    update(world, "shop:3")
    assert record(world, -2)["status"] == "STOPPED"
    reach(world, "SCALE_UP")
    assert world.traffic(web(world)) == {"web:1": 100.0}
    assert end(world)["status"] == "SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:3": 100.0}


def test_the_second_fails_and_the_first_successful_one_serves() -> None:
    world = native(hooks=(LifecycleHook(stages=("BAKE_TIME", "POST_SCALE_UP"), answer="FAILED", about="shop:3"),))
    update(world)
    world.clock.sleep(60)
    update(world, "shop:3")
    assert end(world)["status"] == "ROLLBACK_SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:1": 100.0}


# --- over HTTP ---


def test_all_of_it_over_http() -> None:
    world = pausing(PAUSE)
    with Server(world) as server:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)

        def call(operation: str, **asked: Any) -> tuple[int, Any]:
            target = f"AmazonEC2ContainerServiceV20141113.{operation}"
            connection.request("POST", "/", json.dumps(asked), {"X-Amz-Target": target})
            response = connection.getresponse()
            return response.status, json.loads(response.read())

        update(world)
        reach(world, PAUSE)
        ours = arn(world)
        found = call("DescribeServiceDeployments", serviceDeploymentArns=[ours])[1]["serviceDeployments"][0]
        (hook,) = found["lifecycleHookDetails"]
        assert isinstance(hook["expiresAt"], float)
        assert call("ContinueServiceDeployment", serviceDeploymentArn=ours, hookId=hook["hookId"])[0] == 200
        reach(world, "BAKE_TIME")
        assert call("StopServiceDeployment", serviceDeploymentArn=ours) == (200, {"serviceDeploymentArn": ours})
        assert end(world)["status"] == "ROLLBACK_SUCCESSFUL"
        status, told = call("StopServiceDeployment", serviceDeploymentArn=ours)
        assert (status, told["__type"]) == (400, "ConflictException")
        connection.close()
