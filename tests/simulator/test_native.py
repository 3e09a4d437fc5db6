"""ECS's own strategies: each when all is well, stage by stage, and what ends one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from drone_deploy_ecs.simulator.behaviour import crash, missing
from drone_deploy_ecs.simulator.shifting import CHECK, LifecycleHook
from drone_deploy_ecs.simulator.stages import STEPS
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.traffic import rule_arn, weights
from tests.simulator.native import answer, arn, end, film, native, reach, record, refused, update, web
from tests.simulator.watching import GROUP, ROLLBACK, WEB, events, shown

BEGIN = [
    "0: PENDING  | 1=100 | 1=100",
    "1: IN_PROGRESS PRE_SCALE_UP | 1=100 | 1=100",
    "10: IN_PROGRESS SCALE_UP | 1=100 | 1=100",
    "30: IN_PROGRESS POST_SCALE_UP | 1=100 | 1=100",
    "40: IN_PROGRESS TEST_TRAFFIC_SHIFT | 1=100 | 1=100",
    "50: IN_PROGRESS TEST_TRAFFIC_SHIFT | 1=100 | 2=100",
    "60: IN_PROGRESS POST_TEST_TRAFFIC_SHIFT | 1=100 | 2=100",
    "70: IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 1=100 | 2=100",
    "80: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=100 | 2=100",
]


def test_blue_green() -> None:
    world = native("BLUE_GREEN")
    update(world)
    assert film(world, 400) == [
        *BEGIN,
        "90: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100",
        "100: IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100",
        "110: IN_PROGRESS BAKE_TIME | 2=100 | 2=100",
        "230: IN_PROGRESS CLEAN_UP | 2=100 | 2=100",
        "240: SUCCESSFUL CLEAN_UP | 2=100 | 2=100",
    ]
    assert web(world).runs == {"web:2": 2}


def test_linear() -> None:
    world = native("LINEAR", step_percent=40.0, step_bake_minutes=1)
    update(world)
    assert film(world, 900)[len(BEGIN) :] == [
        "90: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=60 2=40 | 2=100",
        "160: IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 1=60 2=40 | 2=100",
        "170: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=60 2=40 | 2=100",
        "180: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=20 2=80 | 2=100",
        "250: IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 1=20 2=80 | 2=100",
        "260: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=20 2=80 | 2=100",
        "270: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100",
        "280: IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100",
        "290: IN_PROGRESS BAKE_TIME | 2=100 | 2=100",
        "410: IN_PROGRESS CLEAN_UP | 2=100 | 2=100",
        "420: SUCCESSFUL CLEAN_UP | 2=100 | 2=100",
    ]


def test_canary() -> None:
    world = native("CANARY", step_bake_minutes=1)
    update(world)
    assert film(world, 900)[len(BEGIN) : len(BEGIN) + 4] == [
        "90: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=95 2=5 | 2=100",
        "160: IN_PROGRESS PRE_PRODUCTION_TRAFFIC_SHIFT | 1=95 2=5 | 2=100",
        "170: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=95 2=5 | 2=100",
        "180: IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100",
    ]
    assert end(world)["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(
    ("percent", "steps"),
    [(10.0, 10), (3.0, 34), (33.3, 4), (50.0, 2), (100.0, 1)],
)
def test_linear_steps_end_at_a_hundred(percent: float, steps: int) -> None:
    found = STEPS["LINEAR"](native("LINEAR", step_percent=percent).service("prod", "web").shifting)
    assert len(found) == steps
    assert found[-1] == (100.0, 0)


def test_rolling_has_a_record_without_stages_and_weights() -> None:
    world = native("ROLLING")
    update(world)
    world.clock.sleep(5)
    found = answer(world, "DescribeServiceDeployments", serviceDeploymentArns=[arn(world)])["serviceDeployments"][0]
    assert "lifecycleStage" not in found
    assert "requestedProductionTrafficWeight" not in found["targetServiceRevision"]
    answer(world, "StopServiceDeployment", serviceDeploymentArn=arn(world))
    world.clock.sleep(120)
    assert record_status(world) == "ROLLBACK_SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:1": 100.0}


def record_status(world: Any) -> str:
    found = answer(world, "ListServiceDeployments", **WEB)["serviceDeployments"]
    return str(found[0]["status"])


def test_the_second_deployment_goes_back_to_the_first_group() -> None:
    world = native()
    update(world)
    end(world)
    update(world, "shop:3")
    end(world)
    service = web(world)
    assert world.traffic(service) == {"web:3": 100.0}
    assert weights(service)[GROUP] == 100.0
    assert shown(world)["loadBalancers"][0]["targetGroupArn"] == GROUP


def test_what_describe_services_shows() -> None:
    world = native("CANARY", step_percent=2.5)
    number = update(world).rpartition("/")[2]
    reach(world, "BAKE_TIME")
    service = shown(world)
    assert [one["status"] for one in service["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert [one["rolloutState"] for one in service["deployments"]] == ["IN_PROGRESS", "COMPLETED"]
    assert service["deploymentController"] == {"type": "ECS"}
    assert service["deploymentConfiguration"]["strategy"] == "CANARY"
    assert service["deploymentConfiguration"]["canaryConfiguration"]["canaryPercent"] == 2.5
    assert service["currentServiceDeployment"] == arn(world)
    assert service["currentServiceRevisions"][0]["arn"].endswith(f"/{number}")
    assert record(world)["targetServiceRevision"]["arn"].endswith(f":service-revision/prod/web/{number}")
    assert service["loadBalancers"][0]["advancedConfiguration"]["productionListenerRule"] == rule_arn(
        web(world), "production"
    )


def test_a_number_may_begin_with_0() -> None:
    world = native()
    world.numbers.append("0758359754593852990")
    assert update(world) == "ecs-svc/0758359754593852990"
    assert record(world)["targetServiceRevision"]["arn"].endswith("/0758359754593852990")


def test_weights_in_rules_and_listeners() -> None:
    world = native("CANARY", step_percent=0.1)
    update(world)
    reach(world, "PRODUCTION_TRAFFIC_SHIFT")
    world.clock.sleep(15)
    asked = answer(world, "DescribeRules", RuleArns=[rule_arn(web(world), "production")])["Rules"][0]["Actions"][0]
    assert [group["Weight"] for group in asked["ForwardConfig"]["TargetGroups"]] == [999, 1]
    assert refused(world, "DescribeRules", RuleArns=["x"])[0] == "RuleNotFound"
    assert refused(world, "DescribeListeners", ListenerArns=["x"])[0] == "ListenerNotFound"


def test_behind_a_network_load_balancer_a_shift_takes_ten_minutes_more() -> None:
    world = native("BLUE_GREEN", balancer="NLB")
    update(world)
    end(world)
    assert world.clock.monotonic() == 240 + 2 * 600
    found = answer(world, "DescribeListeners", ListenerArns=[rule_arn(web(world), "production")])["Listeners"][0]
    assert sorted(group["Weight"] for group in found["DefaultActions"][0]["ForwardConfig"]["TargetGroups"]) == [0, 100]


def test_without_a_balancer_the_stages_pass_without_weights() -> None:
    world = native("BLUE_GREEN", balancer="", target_group="")
    update(world)
    world.clock.sleep(5)
    assert "requestedProductionTrafficWeight" not in record(world)["targetServiceRevision"]
    assert end(world)["status"] == "SUCCESSFUL"
    assert world.traffic(web(world)) == {"web:2": 100.0}


# --- what fails it ---


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        ("FAILED", f"Lifecycle hook target {CHECK} returned FAILED status."),
        ("UNPARSABLE", f"ECS was unable to parse the response from {CHECK} due to HookStatus must not be null"),
    ],
)
def test_a_function_that_refuses_before_the_first_task(answered: str, why: str) -> None:
    world = native(hooks=(LifecycleHook(stages=("PRE_SCALE_UP",), answer=answered),))
    update(world)
    assert film(world, 60) == [
        "0: PENDING  | 1=100 | 1=100",
        "1: IN_PROGRESS PRE_SCALE_UP | 1=100 | 1=100 IN_PROGRESS",
        "10: ROLLBACK_SUCCESSFUL PRE_SCALE_UP | 1=100 | 1=100 FAILED",
    ]
    reason = f"Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. {why}"
    found = record(world)
    assert (found["statusReason"], found["rollback"]["reason"]) == (reason, reason)
    assert len(shown(world)["deployments"]) == 1
    assert events(world)[0] == f"10: (deployment D1) deployment failed: {reason}"


def test_a_function_that_refuses_after_the_shift() -> None:
    world = native(hooks=(LifecycleHook(stages=("POST_PRODUCTION_TRAFFIC_SHIFT",), answer="FAILED", after=15.0),))
    update(world)
    assert film(world, 300)[-7:] == [
        "100: IN_PROGRESS POST_PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100 IN_PROGRESS",
        "120: ROLLBACK_IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 2=100 | 2=100 FAILED",
        "130: ROLLBACK_IN_PROGRESS PRODUCTION_TRAFFIC_SHIFT | 1=100 | 2=100 FAILED",
        "140: ROLLBACK_IN_PROGRESS TEST_TRAFFIC_SHIFT | 1=100 | 2=100 FAILED",
        "150: ROLLBACK_IN_PROGRESS TEST_TRAFFIC_SHIFT | 1=100 | 1=100 FAILED",
        "160: ROLLBACK_IN_PROGRESS CLEAN_UP | 1=100 | 1=100 FAILED",
        "170: ROLLBACK_SUCCESSFUL CLEAN_UP | 1=100 | 1=100 FAILED",
    ]


def test_a_function_that_takes_its_time_and_one_that_never_answers() -> None:
    world = native(hooks=(LifecycleHook(stages=("POST_SCALE_UP",), after=95.0),))
    update(world)
    reach(world, "TEST_TRAFFIC_SHIFT")
    assert world.clock.monotonic() == 130
    world = native(hooks=(LifecycleHook(stages=("POST_SCALE_UP",), after=1e9, timeout_minutes=30),))
    update(world)
    assert (
        end(world)["statusReason"] == "Service deployment rolled back because POST_SCALE_UP lifecycle hook timed out."
    )


def test_hooks_at_the_shifts_are_asked_again_on_the_way_back() -> None:
    shifts = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
    world = native(hooks=(LifecycleHook(stages=shifts, back="FAILED"),))
    update(world)
    reach(world, "BAKE_TIME")
    world.stop_deployment(web(world))
    found = end(world)
    assert found["status"] == "ROLLBACK_FAILED"
    assert found["rollback"]["reason"] == "Service deployment rolled back because it was stopped."
    assert "PRODUCTION_TRAFFIC_SHIFT lifecycle hook(s) failed" in found["statusReason"]


def test_obstacles_and_rules_that_don_t_fit() -> None:
    why = "Service deployment rolled back because PROVISIONING lifecycle hook(s) failed. AccessDenied"
    world = native(obstacles={"TEST_TRAFFIC_SHIFT": why})
    update(world)
    assert (end(world)["statusReason"], world.traffic(web(world))) == (why, {"web:1": 100.0})
    world = native()
    world.reroute(web(world), {GROUP: 50.0, "arn:other": 50.0})
    update(world)
    assert "is forwarding traffic to unexpected target group arn:other" in end(world)["statusReason"]
    world = native()
    first, second = weights(web(world))
    world.reroute(web(world), {first: 50.0, second: 50.0})
    update(world)
    assert "exactly one target group serving traffic but found 2" in end(world)["statusReason"]
    assert weights(web(world)) == {first: 50.0, second: 50.0}


def test_a_rule_that_somebody_reset_sends_users_a_mix_though_all_is_successful() -> None:
    world = native()
    first, second = weights(web(world))
    world.reroute(web(world), {first: 0.0, second: 100.0})
    assert world.traffic(web(world)) == {"": 100.0}
    update(world)
    reach(world, "TEST_TRAFFIC_SHIFT")
    assert web(world).primary.target_group == first
    reach(world, "BAKE_TIME")
    assert world.traffic(web(world)) == {"web:1": 50.0, "web:2": 50.0}
    assert end(world)["status"] == "SUCCESSFUL"


@pytest.mark.parametrize(("rolls_back", "status"), [(True, "ROLLBACK_SUCCESSFUL"), (False, "STOPPED")])
def test_an_alarm_in_the_bake(*, rolls_back: bool, status: str) -> None:
    world = native(alarms=("errors",), alarms_roll_back=rolls_back)
    update(world)
    reach(world, "BAKE_TIME")
    assert record(world)["alarms"]["status"] == "MONITORING"
    world.trip(web(world), "errors", "12 > 10")
    found = end(world)
    assert found["status"] == status
    assert found["alarms"] == {"status": "TRIGGERED", "alarmNames": ["errors"], "triggeredAlarmNames": ["errors"]}
    assert world.traffic(web(world)) == ({"web:1": 100.0} if rolls_back else {"web:2": 100.0})
    assert ("stoppedAt" in found) is not rolls_back
    assert shown(world)["deployments"][0]["taskDefinition"][-1] == ("1" if rolls_back else "2")


def test_an_alarm_that_was_on_before_is_ignored() -> None:
    world = native(alarms=("errors",))
    web(world).tripped["errors"] = "12 > 10"
    update(world)
    assert end(world)["status"] == "SUCCESSFUL"


@pytest.mark.parametrize("counts", [True, False])
def test_the_circuit_breaker_where_it_works(*, counts: bool) -> None:
    world = native("CANARY", missing("shop:2"), breaker=ROLLBACK, breaker_counts=counts)
    update(world)
    world.clock.sleep(1200)
    found = record(world)
    if counts:
        assert found["status"] == "ROLLBACK_SUCCESSFUL"
        assert (
            found["statusReason"]
            == "Service deployment rolled back because the circuit breaker threshold was exceeded."
        )
        assert found["deploymentCircuitBreaker"]["status"] == "TRIGGERED"
    else:
        assert (found["status"], found["lifecycleStage"]) == ("IN_PROGRESS", "SCALE_UP")
        assert found["deploymentCircuitBreaker"]["status"] == "DISABLED"


def test_without_a_breaker_a_crash_loop_stays_for_a_day() -> None:
    world = native("BLUE_GREEN", crash(1), timing=Timing(tick=120.0))
    update(world)
    found = end(world)
    assert found["statusReason"] == "Service deployment rolled back because SCALE_UP exceeded 24 hours."
    assert world.clock.monotonic() > 86400


def test_without_anything_to_go_back_to() -> None:
    world = native(hooks=(LifecycleHook(stages=("PRE_SCALE_UP",), answer="FAILED"),))
    web(world).history[0].outcome = "STOPPED"
    update(world)
    found = end(world)
    assert (found["status"], found["statusReason"]) == (
        "ROLLBACK_FAILED",
        "No rollback candidate was found to run the rollback.",
    )
    assert "PRE_SCALE_UP lifecycle hook(s) failed" in events(world)[0]


def test_nothing_is_shifted_to_tasks_that_have_just_died() -> None:
    world = native()
    update(world)
    reach(world, "PRODUCTION_TRAFFIC_SHIFT")
    world.kill_containers(web(world))
    world.clock.sleep(15)
    assert record(world)["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100.0
    assert world.traffic(web(world)) == {"web:1": 100.0}
    assert end(world)["status"] == "SUCCESSFUL"


# --- records ---


def test_the_list_may_be_late_and_the_service_stale() -> None:
    world = native(listed_after=10.0, current_after=7.0)
    before = arn(world)
    update(world)
    world.clock.sleep(5)
    assert shown(world)["currentServiceDeployment"] == before
    assert [
        one["serviceDeploymentArn"] for one in answer(world, "ListServiceDeployments", **WEB)["serviceDeployments"]
    ] == [before]
    assert record(world)["status"] == "IN_PROGRESS"
    world.clock.sleep(5)
    assert shown(world)["currentServiceDeployment"] == arn(world)
    listed = answer(world, "ListServiceDeployments", **WEB)["serviceDeployments"]
    assert [one["serviceDeploymentArn"] for one in listed] == [arn(world), before]


def test_records_are_kept_for_ninety_days() -> None:
    world = native()
    update(world)
    end(world)
    old, revision = arn(world), web(world).revision_arn(web(world).primary)
    found = answer(world, "DescribeServiceRevisions", serviceRevisionArns=[revision])["serviceRevisions"][0]
    assert found["containerImages"][0]["image"] == "shop:2"
    assert found["containerImages"][0]["imageDigest"].startswith("sha256:")
    world.clock._now += timedelta(days=91).total_seconds()
    assert answer(world, "ListServiceDeployments", **WEB)["serviceDeployments"] == []
    for operation, member, asked in (
        ("DescribeServiceDeployments", "serviceDeploymentArns", old),
        ("DescribeServiceRevisions", "serviceRevisionArns", revision),
    ):
        assert answer(world, operation, **{member: [asked]})["failures"] == [{"arn": asked, "reason": "MISSING"}]
        assert refused(world, operation, **{member: [asked] * 21})[0] == "InvalidParameterException"
