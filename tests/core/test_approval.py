"""What an approval is of: every part that was said must fit."""

from __future__ import annotations

import pytest

from drone_deploy_ecs.core.ecs.build import BUILD
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.request.approval import Approval
from tests.core.shown import NEW, OURS

ARN = "arn:aws:ecs:eu-west-1:1:service-deployment/prod/web/r"
BODY = {
    "containerDefinitions": [{"name": "app", "image": "shop:2"}, {"name": "proxy", "image": "envoy:1"}],
    "tags": [{"key": BUILD, "value": "7"}],
}
WAITS = Definition(NEW, active=True, body=BODY)


@pytest.mark.parametrize(
    ("approval", "said", "fits"),
    [
        (Approval(), "", True),
        (Approval(image="shop:2"), "shop:2", True),
        (Approval(image="shop:2", containers=("app",)), "shop:2", True),
        (Approval(image="shop:2", containers=("proxy",)), "shop:2", False),
        (Approval(image="shop:3"), "shop:3", False),
        (Approval(build=7), "build 7", True),
        (Approval(build=8, image="shop:2"), "shop:2, build 8", False),
        (Approval(revision="web:2"), "web:2", True),
        (Approval(revision=NEW), "web:2", True),
        (Approval(revision="web:3"), "web:3", False),
        (Approval(deployments=(OURS,)), OURS, True),
        (Approval(deployments=("ecs-svc/9", ARN)), "ecs-svc/9, r", True),
        (Approval(deployments=("ecs-svc/9",)), "ecs-svc/9", False),
        (Approval(deployments=("ecs-svc/9",), image="shop:2"), "shop:2, ecs-svc/9", False),
    ],
)
def test_what_waits_is_what_was_meant(approval: Approval, said: str, fits: bool) -> None:  # noqa: FBT001 a table
    assert approval.is_of(WAITS, OURS, ARN) is fits
    assert str(approval) == said
