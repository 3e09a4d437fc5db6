"""The policy of a request: what is known takes the placeholders' place, and what isn't needed isn't there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.permissions.place import Place
from drone_deploy_ecs.core.permissions.policy import MOST, notes, policy_for
from drone_deploy_ecs.core.request.request import Access, BlueGreen, Colours, Request
from drone_deploy_ecs.core.request.services import ServiceRef
from tests.core.shown import read_service
from tests.edits import set_image

if TYPE_CHECKING:
    from collections.abc import Sequence

EDITS = (set_image("app", "shop:2"),)
REQUEST = Request(access=Access("eu-west-1"), cluster="prod", services=("web",), containers=("app",), edits=EDITS)
ARN = "arn:aws:ecs:eu-west-1:123456789012"


def unread(name: str = "web", region: str = "eu-west-1", request: Request = REQUEST, **more: Any) -> Place:
    """A service that couldn't be read."""
    access = replace(request.access, region=region)
    return Place(request=request, access=access, ref=ServiceRef(region, "prod", name), **more)


def read(name: str = "web", *, body: dict[str, Any] | None = None, **more: Any) -> Place:
    """A service that could be."""
    shown = {
        "serviceName": name,
        "serviceArn": f"{ARN}:service/prod/{name}",
        "taskDefinition": f"{ARN}:task-definition/{name}:1",
    }
    definitions = None if body is None else (Definition(f"{ARN}:task-definition/{name}:1", True, body),)  # noqa: FBT003
    return unread(name, service=read_service(shown), definitions=definitions, **more)


def resources(places: Sequence[Place], action: str) -> list[str] | None:
    """What the policy allows it on; None where it doesn't."""
    statements = policy_for(places).json()["Statement"]
    for statement in statements:
        if action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]):
            found = statement["Resource"]
            return found if isinstance(found, list) else [found]
    return None


def test_what_could_not_be_read_stays_in_capitals_and_is_told() -> None:
    places = [unread()]
    assert resources(places, "ecs:UpdateService") == ["arn:aws:ecs:eu-west-1:ACCOUNT:service/prod/web"]
    assert resources(places, "iam:PassRole") == [
        "arn:aws:iam::ACCOUNT:role/EXECUTION-ROLE", "arn:aws:iam::ACCOUNT:role/TASK-ROLE",
    ]  # fmt: skip
    assert resources(places, "logs:GetLogEvents") == ["arn:aws:logs:eu-west-1:ACCOUNT:log-group:LOG-GROUP:log-stream:*"]
    assert resources(places, "elasticloadbalancing:DescribeTargetHealth") == ["*"]
    assert resources(places, "ecs:TagResource") == ["arn:aws:ecs:eu-west-1:ACCOUNT:task-definition/FAMILY:*"]
    assert list(notes(policy_for(places), places)) == [
        "replace what couldn't be read: ACCOUNT, FAMILY, TASK-ROLE, EXECUTION-ROLE, LOG-GROUP, REPOSITORY"
    ]


def test_what_a_service_does_not_have_needs_no_permission() -> None:
    places = [read(body={"family": "web", "containerDefinitions": [{"name": "app"}]})]
    for action in ("iam:PassRole", "ecs:TagResource", "ecs:ListServices", "logs:GetLogEvents", "sts:AssumeRole",
                   "elasticloadbalancing:DescribeTargetHealth", "cloudwatch:DescribeAlarms",
                   "secretsmanager:GetSecretValue", "application-autoscaling:DescribeScalableTargets"):  # fmt: skip
        assert resources(places, action) is None
    assert not list(notes(policy_for(places), places))


def test_where_only_the_definition_is_out_of_reach_its_family_is_known() -> None:
    assert resources([read()], "ecs:RegisterTaskDefinition") == [f"{ARN}:task-definition/web:*"]
    nameless = replace(read(), service=read_service({"serviceArn": f"{ARN}:service/prod/web"}))
    assert resources([nameless], "ecs:RegisterTaskDefinition") == [f"{ARN}:task-definition/FAMILY:*"]


def test_roles_are_arns_or_names_and_logs_may_be_in_another_region() -> None:
    def logging(driver: str = "awslogs", **options: str) -> dict[str, Any]:
        return {"logConfiguration": {"logDriver": driver, "options": options}}

    containers = [
        logging(**{"awslogs-group": "/shop", "awslogs-region": "us-east-1"}), logging(**{"awslogs-group": "/side"}),
        logging("splunk", **{"awslogs-group": "/no"}), logging(), {"logConfiguration": None},
    ]  # fmt: skip
    role = "arn:aws:iam::123456789012:role/tasks/web"
    body = {"family": "web", "containerDefinitions": containers, "taskRoleArn": role, "executionRoleArn": "execution"}
    assert resources([read(body=body)], "iam:PassRole") == ["arn:aws:iam::123456789012:role/execution", role]
    assert resources([read(body=body)], "logs:GetLogEvents") == [
        "arn:aws:logs:eu-west-1:123456789012:log-group:/side:log-stream:*",
        "arn:aws:logs:us-east-1:123456789012:log-group:/shop:log-stream:*",
    ]


def test_several_services_share_statements_and_the_account() -> None:
    places = [read("web", body={"family": "web"}), unread("api"), unread("api")]
    assert resources(places, "ecs:UpdateService") == [f"{ARN}:service/prod/api", f"{ARN}:service/prod/web"]
    assert resources(places, "ecs:RegisterTaskDefinition") == [
        f"{ARN}:task-definition/FAMILY:*", f"{ARN}:task-definition/web:*",
    ]  # fmt: skip
    clusters = [replace(unread(), ref=ServiceRef("eu-west-1", name, "web")) for name in ("prod", "batch", "prod")]
    (found,) = [one for one in policy_for(clusters).json()["Statement"] if one["Action"] == "ecs:ListTasks"]
    listed = ["arn:aws:ecs:eu-west-1:ACCOUNT:cluster/batch", "arn:aws:ecs:eu-west-1:ACCOUNT:cluster/prod"]
    assert found["Condition"] == {"ArnEquals": {"ecs:cluster": listed}}


@pytest.mark.parametrize(
    ("region", "partition"),
    [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("us-isob-east-1", "aws-iso-b")],
)
def test_the_partition_is_the_regions_or_an_arns(region: str, partition: str) -> None:
    found = resources([unread(region=region)], "ecs:UpdateService")
    assert found == [f"arn:{partition}:ecs:{region}:ACCOUNT:service/prod/web"]
    asked = f"arn:{partition}:ecs:{region}:123456789012:service/prod/web"
    named = replace(unread(), access=Access(region), ref=ServiceRef(region, "prod", asked))
    assert resources([named], "ecs:UpdateService") == [asked]


def test_a_service_with_an_arn_of_the_old_kind_keeps_it() -> None:
    old = replace(read(), service=read_service({"serviceName": "web", "serviceArn": f"{ARN}:service/web"}))
    assert resources([old], "ecs:UpdateService") == [f"{ARN}:service/web"]


def test_a_pattern_stays_one() -> None:
    places = [read("tenant-1", body={"family": "t1"}, pattern="tenant-[12]*"), unread("none-*", pattern="none-*")]
    assert resources(places, "ecs:UpdateService") == [f"{ARN}:service/prod/none-*", f"{ARN}:service/prod/tenant-?*"]
    assert resources(places, "ecs:ListServices") == ["*"]
    (said,) = [note for note in notes(policy_for(places), places) if "match later" in note]
    assert said.startswith("of services that none-*, tenant-[12]* will match later, families")


def test_a_role_to_assume_tells_the_account() -> None:
    role = "arn:aws-cn:iam::210987654321:role/deploy"
    places = [replace(unread(), access=Access("cn-north-1", role))]
    assert resources(places, "sts:AssumeRole") == [role]
    assert resources(places, "ecs:UpdateService") == ["arn:aws-cn:ecs:cn-north-1:210987654321:service/prod/web"]
    assert any(note.startswith("AssumeTheRole is for the identity") for note in notes(policy_for(places), places))


@pytest.mark.parametrize(("autoscaled", "moves"), [(True, True), (None, True), (False, False)])
def test_limits_are_moved_only_where_there_are_any(autoscaled: bool | None, moves: bool) -> None:  # noqa: FBT001
    switch = replace(
        REQUEST, blue_green=BlueGreen(blue="web", green="green", percent=50, interval=0.0, wait=0.0, checks=0)
    )
    places = [unread(request=switch, is_autoscaled=autoscaled)]
    assert resources(places, "application-autoscaling:DescribeScalableTargets") == ["*"]
    assert (resources(places, "application-autoscaling:RegisterScalableTarget") is not None) is moves


def test_where_nothing_is_started_nothing_is_asked_of_what_started() -> None:
    colours = replace(
        REQUEST,
        colours=Colours(secret="production-shop", blue="web", green="green", blue_edits=EDITS, green_edits=EDITS),
    )
    places = [unread(request=colours)]
    assert resources(places, "logs:GetLogEvents") is None
    assert resources(places, "elasticloadbalancing:DescribeTargetHealth") is None
    assert resources(places, "secretsmanager:GetSecretValue") == [
        "arn:aws:secretsmanager:eu-west-1:ACCOUNT:secret:production-shop-??????"
    ]


def test_without_log_lines_no_log_is_read() -> None:
    assert resources([unread(request=replace(REQUEST, log_lines=0))], "logs:GetLogEvents") is None


def test_what_is_too_much_for_iam_is_put_together_and_if_that_is_not_enough_told() -> None:
    few, many, more = (
        [read(f"service-{number:03}", body={"family": "web"}) for number in range(count)] for count in (3, 40, 99)
    )
    assert len(policy_for(few).statements) == 7
    together = policy_for(many)
    assert together.size <= MOST
    assert together.statements[0].sid == "ReadServicesAndUpdateServicesAndReadServiceDeployments"
    assert resources(many, "ecs:UpdateService") == sorted(
        f"{ARN}:service/prod/service-{number:03}" for number in range(40)
    )
    assert not list(notes(together, many))
    (said,) = notes(policy_for(more), more)
    assert "and IAM takes 6144 in a managed policy" in said


def test_what_is_covered_by_what_the_cleanup_needs_is_left_out() -> None:
    cleaning_up = replace(REQUEST, keep_revisions=2)
    assert resources([read()], "ecs:DescribeServices") == [f"{ARN}:service/prod/web"]
    wide = [f"{ARN}:service-revision/*", f"{ARN}:service/*", f"{ARN}:task/*"]
    assert resources([read(request=cleaning_up)], "ecs:DescribeServices") == wide
    assert resources([read(request=cleaning_up)], "ecs:UpdateService") == [f"{ARN}:service/prod/web"]
    sids = [statement["Sid"] for statement in policy_for([read(request=cleaning_up)]).json()["Statement"]]
    assert not {"ReadServices", "FindTasks", "ReadTasks", "ReadServiceDeployments"} & {*sids}
    planned = replace(cleaning_up, action="policy", purpose="plan")
    assert resources([read(request=planned)], "ecs:ListClusters") is None
