"""Rules and schedules over the wire, at moto and at the simulator: moved as a run moves them, all else as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.session import Session

from drone_deploy_ecs.aws.connection import Connection, connect
from drone_deploy_ecs.core.calls.events import DescribeRule, ListEventBuses, ListRules, ListTargetsByRule
from drone_deploy_ecs.core.calls.schedules import RESPONSE_ONLY, GetSchedule, ListSchedules
from drone_deploy_ecs.core.ecs.schedule import ScheduleName
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.core.steps.schedule.move import Move, MoveSchedule
from drone_deploy_ecs.core.steps.step import Context
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call

HERE = "eu-west-1"
PREFIX = "arn:aws:ecs:eu-west-1:123456789012:"
OLD, NEW = f"{PREFIX}task-definition/web:1", f"{PREFIX}task-definition/web:2"
ROLE = "arn:aws:iam::123456789012:role/starts-tasks"
NETWORK = {"awsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"}}
NIGHTLY = MoveSchedule(
    region=HERE, name=ScheduleName("default", "nightly"), moves=(Move(target="tasks", since=OLD, to=NEW),)
)
HOURLY = MoveSchedule(
    region=HERE, name=ScheduleName("jobs", "hourly", is_rule=False), moves=(Move(target="", since=OLD, to=NEW),)
)  # fmt: skip


def ecs_target(**members: Any) -> dict[str, Any]:
    """A target with much of what one may have."""
    parameters = {
        "TaskDefinitionArn": OLD,
        "TaskCount": 2,
        "LaunchType": "FARGATE",
        "NetworkConfiguration": NETWORK,
        "PlatformVersion": "LATEST",
        "PropagateTags": "TASK_DEFINITION",
    }
    return {"Arn": f"{PREFIX}cluster/prod", "RoleArn": ROLE, "EcsParameters": parameters, "Input": "{}", **members}


def moved(target: dict[str, Any]) -> dict[str, Any]:
    """The same with the new revision."""
    return {**target, "EcsParameters": {**target["EcsParameters"], "TaskDefinitionArn": NEW}}


def move(aws: Connection, step: MoveSchedule) -> Verdict | None:
    """Carry it out, call by call."""
    execution, now = step.begin(Context(now=0.0, budget=60.0, seen_at=None, outputs={})), 0.0
    while execution.verdict is None:
        now += 1.0
        try:
            answer: object = aws.send(execution.call)
        except ApiError as error:
            answer = error.fault
        execution = execution.advance(answer, now)
    return execution.verdict


def reach(url: str, monkeypatch: pytest.MonkeyPatch) -> Connection:
    for name, value in {"URL": url, "ID": "any", "KEY": "any"}.items():
        variable = {"URL": "AWS_ENDPOINT_URL", "ID": "AWS_ACCESS_KEY_ID", "KEY": "AWS_SECRET_ACCESS_KEY"}[name]
        monkeypatch.setenv(variable, value)
    return connect(Access(HERE))


# --- at moto ---


@pytest.fixture
def clients(moto: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Connection, Any, Any]:
    """Ours, and two of botocore's own; moto has a rule with two targets, and a schedule in a group."""
    aws = reach(moto, monkeypatch)
    events: Any = Session().create_client("events", region_name=HERE)
    scheduler: Any = Session().create_client("scheduler", region_name=HERE)
    events.put_rule(Name="nightly", ScheduleExpression="cron(0 3 * * ? *)")
    lambda_arn = "arn:aws:lambda:eu-west-1:123456789012:function:after"
    targets = [ecs_target(Id="tasks", RetryPolicy={"MaximumRetryAttempts": 3}), {"Id": "after", "Arn": lambda_arn}]
    events.put_targets(Rule="nightly", Targets=targets)
    if not any(group["Name"] == "jobs" for group in scheduler.list_schedule_groups()["ScheduleGroups"]):
        scheduler.create_schedule_group(Name="jobs")
        scheduler.create_schedule(
            Name="hourly",
            GroupName="jobs",
            ScheduleExpression="rate(1 hour)",
            ScheduleExpressionTimezone="Europe/Berlin",
            FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
            Description="what nobody should forget",
            Target=ecs_target(),
        )
    return aws, events, scheduler


@pytest.mark.xdist_group("moto")  # one server
def test_moto_keeps_all_else_of_what_is_moved(clients: tuple[Connection, Any, Any]) -> None:
    aws, events, scheduler = clients
    first, second = events.list_targets_by_rule(Rule="nightly")["Targets"]
    assert move(aws, NIGHTLY) is Verdict.COMPLETED
    after = {target["Id"]: target for target in events.list_targets_by_rule(Rule="nightly")["Targets"]}
    assert after == {"tasks": moved(first), "after": second}
    before = scheduler.get_schedule(GroupName="jobs", Name="hourly")
    assert move(aws, HOURLY) is Verdict.COMPLETED
    now = scheduler.get_schedule(GroupName="jobs", Name="hourly")
    changing = ("ResponseMetadata", "LastModificationDate", "Target")
    assert {name: now[name] for name in now if name not in changing} == {
        name: before[name] for name in before if name not in changing
    }
    assert now["Target"] == moved(before["Target"])


@pytest.mark.xdist_group("moto")
def test_moto_lists_what_auto_looks_for(clients: tuple[Connection, Any, Any]) -> None:
    aws, *_ = clients
    assert "default" in aws.send(ListEventBuses(region=HERE)).entries
    assert [rule.name for rule in aws.send(ListRules(region=HERE, bus="default")).entries] == ["nightly"]
    (listed,) = aws.send(ListSchedules(region=HERE)).entries
    assert (listed.group, listed.name, listed.target) == ("jobs", "hourly", f"{PREFIX}cluster/prod")
    assert aws.send(DescribeRule(region=HERE, bus="default", name="nightly")).managed_by == ""


@pytest.mark.xdist_group("moto")
@pytest.mark.parametrize(
    "call",
    [
        DescribeRule(region=HERE, bus="default", name="none"),
        ListTargetsByRule(region=HERE, bus="default", name="none"),
        GetSchedule(region=HERE, group="default", name="none"),
        GetSchedule(region=HERE, group="none", name="none"),
    ],
    ids=str,
)
def test_moto_says_what_is_absent_as_we_read_it(call: Call[Any], clients: tuple[Connection, Any, Any]) -> None:
    aws, *_ = clients
    with pytest.raises(ApiError) as error:
        aws.send(call)
    assert error.value.fault.code == call.absent


# --- at the simulator, which keeps members that nobody knows ---


@pytest.fixture
def world() -> World:
    world, strange = World(), {"NewMember": {"of": [1, None, "tomorrow"]}}
    target = ecs_target(**strange)
    world.schedules.add_rule("nightly", {**target, "Id": "tasks"}, {"Id": "after", "Arn": "arn:aws:sqs:x", **strange})
    world.schedules.add_schedule("hourly", target, "jobs", EndDate=1_900_000_000.5, **strange)
    return world


@pytest.fixture
def aws(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    with Server(world) as server:
        yield reach(server.url, monkeypatch)


def test_members_that_no_sdk_knows_come_back_as_they_were(aws: Connection, world: World) -> None:
    targets, schedule = (
        world.schedules.rules["default", "nightly"]["Targets"],
        {**world.schedules.schedules["jobs", "hourly"]},
    )
    before = {target["Id"]: target for target in targets}
    assert move(aws, NIGHTLY) is Verdict.COMPLETED
    assert move(aws, HOURLY) is Verdict.COMPLETED
    after = {target["Id"]: target for target in world.schedules.rules["default", "nightly"]["Targets"]}
    assert after == {"tasks": moved(before["tasks"]), "after": before["after"]}
    assert world.schedules.schedules["jobs", "hourly"] == {**schedule, "Target": moved(schedule["Target"])}
    assert set(schedule) >= {*RESPONSE_ONLY, "NewMember", "EndDate"}


def test_what_is_in_the_address_of_a_request_is_not_in_its_body(aws: Connection, world: World) -> None:
    bodies: list[bytes] = []
    client = aws._client("scheduler", HERE, GetSchedule.timeout)
    client.meta.events.register("before-send", lambda request, **_: bodies.append(request.body or b""))
    assert move(aws, HOURLY) is Verdict.COMPLETED
    (sent,) = filter(None, bodies)
    assert b'"GroupName": "jobs"' in sent
    assert b'"Name"' not in sent
