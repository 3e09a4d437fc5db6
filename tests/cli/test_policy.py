"""The action `policy` at the edges: standard output has the policy alone, whatever can't be read."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.test_permissions import full, tenants, two

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from drone_deploy_ecs.core.ports import Aws
    from drone_deploy_ecs.core.request.request import Access

WHERE = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web"}


class Ran(NamedTuple):
    """What was printed."""

    exit_code: int
    stdout: str
    stderr: str

    def resources(self, sid: str) -> list[str] | None:
        """Of the statement by that name; None where there is none."""
        found = [one["Resource"] for one in json.loads(self.stdout)["Statement"] if one["Sid"] == sid]
        return None if not found else found[0] if isinstance(found[0], list) else [found[0]]


def policy(
    worlds: World | Mapping[str, World],
    *argv: str,
    reach: Callable[[Access], Aws] | None = None,
    **settings: str,
) -> Ran:
    """`policy` by the setting, or by the command where there is one; in one Region, or in several."""
    by_region = worlds if not isinstance(worlds, World) else {"eu-west-1": worlds}
    out, err = io.StringIO(), io.StringIO()
    given = WHERE | settings | ({} if argv else {"action": "policy"})
    env = {f"PLUGIN_{name.upper()}": value for name, value in given.items()}

    def simulated(access: Access) -> Aws:
        return SimulatedAws(by_region[access.region])

    clock = next(iter(by_region.values())).clock
    edges = Edges(env, out, err, reach or simulated, clock, lambda: 0.5, NEVER)
    return Ran(main(argv, lambda: edges), out.getvalue(), err.getvalue())


def test_it_is_printed_by_command_and_by_setting_and_a_dry_run_is_the_same() -> None:
    by_setting = policy(full())
    assert by_setting.exit_code == 0
    assert not by_setting.stderr
    assert by_setting == policy(full(), "policy") == policy(full(), dry_run="true")
    assert by_setting.resources("PassTheTasksRoles") == [
        "arn:aws:iam::123456789012:role/execution", "arn:aws:iam::123456789012:role/tasks/web",
    ]  # fmt: skip


def test_what_is_to_change_counts_too() -> None:
    printed = policy(full(), patch='{"taskRoleArn": "arn:aws:iam::123456789012:role/tasks/new"}')
    roles = printed.resources("PassTheTasksRoles")
    assert roles is not None
    assert {"arn:aws:iam::123456789012:role/tasks/new", "arn:aws:iam::123456789012:role/tasks/web"} < {*roles}
    assert policy(full(), container="nobody", tag="2") == policy(full()), (
        "what can't be applied is the plan's to refuse"
    )


def test_the_command_wins_over_the_setting_and_settings_may_be_flags() -> None:
    assert policy(full(), "policy", action="deploy") == policy(full())
    flags = ("policy", "--service", "tenant-*", "--log-lines", "0")
    assert policy(tenants(), *flags).resources("ReadTheContainersLog") is None


@pytest.mark.parametrize(
    ("operation", "left", "said"),
    [
        ("DescribeServices", "ACCOUNT, FAMILY, TASK-ROLE, EXECUTION-ROLE, LOG-GROUP, REPOSITORY", "web can't be read: DescribeServices"),
        ("DescribeTaskDefinition", "TASK-ROLE, EXECUTION-ROLE, LOG-GROUP, REPOSITORY", "the task definition of web can't be read: Describe"),
    ],
)  # fmt: skip
def test_what_may_not_be_read_is_told_and_has_a_placeholder(operation: str, left: str, said: str) -> None:
    world = full()
    world.faults.add(Effect.DENY, operation)
    ran = policy(world)
    assert ran.exit_code == 0
    assert f"drone-deploy-ecs: {said}" in ran.stderr
    assert f"drone-deploy-ecs: replace what couldn't be read: {left}\n" in ran.stderr
    assert "not authorized" in ran.stderr
    assert ran.resources("ReadTheContainersLog") is not None


def test_one_service_that_may_not_be_read_hides_no_other() -> None:
    world = full("api", full())
    world.faults.add(Effect.DENY, "DescribeServices", about="api")
    ran = policy(world, service="web,api")
    ecs = "arn:aws:ecs:eu-west-1:123456789012"
    assert ran.resources("RegisterTaskDefinitions") == [
        f"{ecs}:task-definition/FAMILY:*",
        f"{ecs}:task-definition/web:*",
    ]
    assert ran.resources("UpdateServices") == [f"{ecs}:service/prod/api", f"{ecs}:service/prod/web"]


@pytest.mark.parametrize("service", ["nowhere", "none-*"])
def test_a_service_that_is_not_there_has_placeholders(service: str) -> None:
    ran = policy(full(), service=service)
    assert ran.exit_code == 0
    assert f"drone-deploy-ecs: {service} isn't in cluster prod\n" in ran.stderr
    assert ran.resources("UpdateServices") == [f"arn:aws:ecs:eu-west-1:ACCOUNT:service/prod/{service}"]


def test_what_may_not_be_listed_stays_a_pattern() -> None:
    world = tenants()
    world.faults.add(Effect.DENY, "ListServices")
    ran = policy(world, service="tenant-*")
    assert "tenant-* can't be read: ListServices" in ran.stderr
    assert ran.resources("FindServices") == ["*"]
    assert policy(tenants(), service="tenant-*").resources("RegisterTaskDefinitions") == [
        f"arn:aws:ecs:eu-west-1:123456789012:task-definition/tenant-{name}:*" for name in "ab"
    ]


def test_where_aws_is_out_of_reach_it_is_printed_within_seconds() -> None:
    world = full()
    world.faults.add(Effect.UNREACHABLE)
    ran = policy(world)
    assert ran.exit_code == 0
    assert "could not connect; trying again" in ran.stderr
    assert world.clock.monotonic() < 20
    assert ran.resources("UpdateServices") == ["arn:aws:ecs:eu-west-1:ACCOUNT:service/prod/web"]


def test_where_there_are_no_credentials_it_is_printed_all_the_same() -> None:
    def nobody(_access: Access) -> Aws:
        raise ApiError(Fault(FaultKind.NO_CREDENTIALS, "connect", "", "no s3cr3t-id"))

    role = "arn:aws-us-gov:iam::210987654321:role/deploy"
    ran = policy(full(), reach=nobody, aws_role_arn=role, aws_role_external_id="s3cr3t-id")
    assert ran.exit_code == 0
    assert ran.resources("AssumeTheRole") == [role]
    assert ran.resources("UpdateServices") == ["arn:aws-us-gov:ecs:eu-west-1:210987654321:service/prod/web"]
    assert "eu-west-1 can't be reached: connect: no ***" in ran.stderr
    assert "s3cr3t" not in ran.stderr


def test_several_regions_and_roles_make_one_policy() -> None:
    first = full()
    second = World(region="us-east-1", account="210987654321", clock=first.clock)
    second.add_service("prod", "web", task_definition("shop"))
    roles = [f"arn:aws:iam::{account}:role/deploy" for account in ("123456789012", "210987654321")]
    regions = {"eu-west-1": first, "us-east-1": second}
    ran = policy(regions, aws_region="eu-west-1,us-east-1", aws_role_arn=",".join(roles))
    assert ran.resources("AssumeTheRole") == roles
    assert ran.resources("RegisterTaskDefinitions") == [
        "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:*",
        "arn:aws:ecs:us-east-1:210987654321:task-definition/shop:*",
    ]


def test_of_another_partition_every_arn_is() -> None:
    world = World(region="cn-north-1", partition="aws-cn")
    world.add_service("prod", "web", task_definition(taskRoleArn="by-name"))
    ran = policy({"cn-north-1": world}, aws_region="cn-north-1")
    assert "arn:aws:" not in ran.stdout
    assert ran.resources("PassTheTasksRoles") == ["arn:aws-cn:iam::123456789012:role/by-name"]


@pytest.mark.parametrize(
    ("autoscaled", "denied", "moves"), [(True, "", True), (False, "", False), (False, "Describe", True)]
)
def test_autoscaling_is_looked_at(*, autoscaled: bool, denied: str, moves: bool) -> None:
    world = two(autoscaled=autoscaled)
    if denied:
        world.faults.add(Effect.DENY, "DescribeScalableTargets")
    ran = policy(world, service="", mode="blue-green", blue_service="blue", green_service="green")
    assert (ran.resources("MoveAutoscaling") is not None) is moves
    assert ("autoscaling can't be read" in ran.stderr) is bool(denied)


def test_nothing_is_printed_where_the_settings_make_no_run() -> None:
    ran = policy(full(), service="", cluster="no cluster")
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.endswith("Refused: nothing was changed.\n")


def test_nothing_is_written_and_no_report_either(tmp_path: Any) -> None:
    world = full()
    policy(world, report=str(tmp_path / "report.json"))
    assert not list(tmp_path.iterdir())
    assert set(world.faults.calls) == {"", "DescribeServices", "DescribeTaskDefinition"}


def test_over_http_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    world = full()
    with Server(world) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        assert policy(world, reach=connect) == policy(full())
