"""Service deployments and the weights of rules: how their answers are read, joined and asked for."""

from __future__ import annotations

from drone_deploy_ecs.core.calls.elb import DescribeListeners, DescribeRules
from drone_deploy_ecs.core.calls.service_deployments import (
    ContinueServiceDeployment,
    DescribeServiceDeployments,
    DescribeServiceRevisions,
    ListServiceDeployments,
    StopServiceDeployment,
)
from drone_deploy_ecs.core.ecs.service_deployment import HookRun

HERE = "eu-west-1"
PAUSED = {
    "serviceDeploymentArn": "d/2",
    "status": "IN_PROGRESS",
    "targetServiceRevision": {"arn": "r/0758359754593852990", "requestedProductionTrafficWeight": 5.0},
    "lifecycleHookDetails": [{"hookId": "h1", "status": "SUCCEEDED"}, {"hookId": "h2", "status": "AWAITING_ACTION"}],
}
OVER = {"serviceDeploymentArn": "d/1", "status": "STOPPED", "alarms": {"triggeredAlarmNames": ["errors"]}}


def test_a_described_one() -> None:
    paused, over = DescribeServiceDeployments(region=HERE, arns=("d/2", "d/1")).read(
        {"serviceDeployments": [PAUSED, OVER]}
    )
    assert (paused.is_over, over.is_over) == (False, True)
    assert paused.pauses == (HookRun(id="h2", status="AWAITING_ACTION"),)
    assert paused.is_of("ecs-svc/0758359754593852990")
    assert not paused.is_of("ecs-svc/758359754593852990")
    assert (paused.target.production, paused.target.test, paused.rollback.reason) == (5.0, None, "")
    assert (over.alarms.triggered, over.strategy.name) == (("errors",), "ROLLING")


def test_several_looks_are_one_call() -> None:
    one, two = (DescribeServiceDeployments(region=HERE, arns=arns) for arns in (("d/1",), ("d/2", "d/1")))
    joint = one.join([two])
    assert joint.arns == ("d/1", "d/2")
    assert one.subject == "d/1"
    answer = joint.read({"serviceDeployments": [PAUSED, OVER]})
    assert [each.arn for each in one.part(answer)] == ["d/1"]
    assert [each.arn for each in two.part(answer)] == ["d/2", "d/1"]


def test_what_is_asked_and_answered() -> None:
    stop = StopServiceDeployment(region=HERE, arn="d/1")
    go_on = ContinueServiceDeployment(region=HERE, arn="d/1", hook="h", action="ROLLBACK")
    assert (stop.subject, stop.read({"serviceDeploymentArn": "d/1"})) == ("d/1", "d/1")
    assert stop.members() == {"serviceDeploymentArn": "d/1", "stopType": "ROLLBACK"}
    assert (go_on.subject, go_on.read({"serviceDeploymentArn": "d/1"})) == ("d/1", "d/1")
    assert go_on.members()["action"] == "ROLLBACK"
    listed = ListServiceDeployments(region=HERE, cluster="prod", name="web", status=("IN_PROGRESS",))
    assert listed.members()["status"] == ["IN_PROGRESS"]
    revisions = DescribeServiceRevisions(region=HERE, arns=("r/1",))
    assert revisions.subject == "r/1"
    images = [{"containerName": "app", "image": "shop:2", "imageDigest": "sha256:0"}]
    (found,) = revisions.read({"serviceRevisions": [{"serviceRevisionArn": "r/1", "containerImages": images}]})
    assert [(image.name, image.image, image.digest) for image in found.images] == [("app", "shop:2", "sha256:0")]


def test_weights_of_rules_and_listeners() -> None:
    rules = DescribeRules(region=HERE, rules=("rule",))
    groups = [{"TargetGroupArn": "blue", "Weight": 95}, {"TargetGroupArn": "green", "Weight": 5}]
    forward = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}
    assert rules.subject == "rule"
    assert rules.read({"Rules": [{"RuleArn": "rule", "Actions": [{"Type": "authenticate-oidc"}, forward]}]}) == {
        "rule": {"blue": 95, "green": 5}
    }
    listeners = DescribeListeners(region=HERE, listeners=("listener",))
    assert listeners.subject == "listener"
    old = {"Type": "forward", "TargetGroupArn": "blue"}
    assert listeners.read({"Listeners": [{"ListenerArn": "listener", "DefaultActions": [old]}]}) == {
        "listener": {"blue": 1}
    }
