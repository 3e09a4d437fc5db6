"""What else is known when a deployment fails: the log, the targets' health, alarms; and what isn't allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import PLUGIN, small_world
from tests.stories.test_cancelled import SignalAt

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.report.report import Report
    from tests.stories.story import Teller

A = TypeVar("A")

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
UNHEALTHY = Behaviour(target_unhealthy=True, health_after=1e9, log=("listening on 127.0.0.1:8080",))


def balanced(behaviour: Behaviour) -> World:
    world = World()
    world.push("shop:2", behaviour)
    world.add_service("prod", "web", task_definition(), target_group=GROUP)
    return world


def logging(log: tuple[str, ...], **container: Any) -> World:
    """Crashing containers that log so, whose definition has these members."""
    world = World()
    world.push("shop:2", Behaviour(exits_after=1.0, exit_code=1, log=log))
    body = task_definition()
    body["containerDefinitions"][0] |= container
    world.add_service("prod", "web", body)
    return world


def test_targets_unhealthy_until_the_budget_ends(tell: Teller) -> None:
    told = tell(balanced(UNHEALTHY), timeout="2m")
    assert told.exit_code == 3
    assert "Target.ResponseCodeMismatch" in told.stderr
    assert "path /health" in told.stderr
    assert "log: listening on 127.0.0.1:8080" in told.stderr


def test_log_and_alarms_are_denied(tell: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    web.alarms = ("web-5xx",)
    world.push("shop:2", crash(1, after=1.0))
    world.at(30, lambda: world.trip(web, "web-5xx", "12 errors"))
    for operation in ("GetLogEvents", "DescribeAlarms"):
        world.faults.add(Effect.DENY, operation)
    told = tell(world, max_failed_tasks="100")
    assert told.exit_code == 3
    assert told.stderr.count("logs:GetLogEvents isn't allowed: the container's log can't be shown") == 1
    assert told.stderr.count("cloudwatch:DescribeAlarms isn't allowed") == 1


def test_target_health_denied(tell: Teller) -> None:
    world = balanced(UNHEALTHY)
    world.faults.add(Effect.DENY, "DescribeTargetHealth")
    told = tell(world, timeout="2m")
    assert told.exit_code == 3
    assert told.stderr.count("elasticloadbalancing:DescribeTargetHealth isn't allowed") == 1


def test_a_deployment_alarm_goes_off(tell: Teller) -> None:
    world = small_world()
    web = world.service("prod", "web")
    web.alarms = ("web-5xx", "web-latency")
    world.at(40, lambda: world.trip(web, "web-5xx", "Threshold Crossed: 12 datapoints were greater than 10.0."))
    told = tell(world)
    assert told.exit_code == 3
    assert "alarm web-5xx is in ALARM: Threshold Crossed" in told.stderr
    assert "web-latency" not in told.stderr


def test_a_log_full_of_foreign_things(tell: Teller) -> None:
    log = (
        *(f"line {number}" for number in range(30)),
        "\x1b[31mred\x1b[0m\r\x1b]0;title\x07 and \u202ebackwards\u2028next",
        "::error::not ours",
        "##vso[task.complete]",
        "megabytes " * 100_000,
        "Traceback:\n  File app.py\nValueError: hunter2-canary",
    )
    world = logging(log, environment=[{"name": "DB_PASSWORD", "value": "hunter2-canary"}])
    told = tell(world, log_lines="8")
    assert told.exit_code == 3
    assert "ValueError: ***DB_PASSWORD***" in told.stderr
    assert "line 27" not in told.stderr
    assert max(map(len, told.stderr.splitlines())) < 450


def test_no_log_lines_means_none_and_no_call(plugin: Teller) -> None:
    world = small_world()
    assert "log:" not in plugin(world, image="shop:crash", log_lines="0").stderr
    assert "GetLogEvents" not in world.faults.calls


@pytest.mark.parametrize(
    ("logs", "said"),
    [
        (None, "container app has no logConfiguration: its log isn't in CloudWatch"),
        ({"logDriver": "splunk"}, "container app logs by splunk: its log isn't in CloudWatch"),
        ({"logDriver": "awslogs", "options": {"awslogs-group": "g"}}, "container app has no awslogs-stream-prefix"),
        ({"logDriver": "awslogs"}, "container app has no awslogs-group"),
    ],
)
def test_a_log_that_is_elsewhere_is_said_to_be(plugin: Teller, logs: dict[str, Any] | None, said: str) -> None:
    world = logging(("a line",), logConfiguration=logs)
    assert f"seen: {said}" in plugin(world).stderr
    assert "GetLogEvents" not in world.faults.calls


def test_the_log_of_a_fresh_verdict_is_waited_for(plugin: Teller) -> None:
    world = logging(())
    world.service("prod", "web").breaker = Breaker()
    told = plugin(world, disable_rollbacks="true")
    assert world.faults.calls["GetLogEvents"] == 2
    assert "nothing is in its log /ecs/web" in told.stderr


def test_evidence_that_does_not_answer_does_not_hold_up_the_undo(plugin: Teller) -> None:
    world = balanced(UNHEALTHY)
    world.faults.add(Effect.TIMEOUT_BEFORE, "DescribeTargetHealth")
    assert plugin(world, timeout="2m").exit_code == 3
    undone = [at for at, operation, _ in world.faults.log if operation == "UpdateService"][1]
    assert undone < 120 + 10


def test_evidence_of_many_services_is_left_out_when_it_takes_too_long(plugin: Teller) -> None:
    world = World()
    world.push("shop:2", UNHEALTHY)
    names = [f"web-{number}" for number in range(8)]
    for name in names:
        world.add_service("prod", name, task_definition(), target_group=GROUP)
    world.faults.add(Effect.TIMEOUT_BEFORE, "DescribeTargetHealth")
    told = plugin(world, service=",".join(names), timeout="2m", disable_rollbacks="true")
    assert told.exit_code == 4
    assert world.faults.calls["DescribeTargetHealth"] == 2
    assert told.stderr.count("AWS took too long over the rest") == 1


@pytest.mark.parametrize("moment", [20, 50])
def test_a_cancelled_run_is_undone_without_asking_around(plugin: Teller, moment: float) -> None:
    world = small_world()
    told = plugin(world, image="shop:crash", cancellation=SignalAt(world, moment))
    assert told.exit_code == 143
    assert world.service("prod", "web").runs == {"web:1": 2}
    assert "GetLogEvents" not in world.faults.calls


class Paging:
    """AWS, whose GetLogEvents gives so many empty pages first: one may come although there are messages before it."""

    def __init__(self, world: World, empty: int) -> None:
        self._aws = SimulatedAws(world)
        self._empty = empty
        self.asked: list[GetLogEvents] = []

    def send(self, call: Call[A]) -> A:
        if isinstance(call, GetLogEvents):
            self.asked.append(call)
        if call.operation != GetLogEvents.operation or len(self.asked) > self._empty:
            return self._aws.send(call)
        return call.read({"events": [], "nextBackwardToken": f"b/{len(self.asked)}"})


def deployed(aws: Paging, world: World) -> Report:
    request, _ = resolve({}, {**PLUGIN, "PLUGIN_IMAGE": "shop:2"})
    return Deployment(request, lambda _: aws, world.clock, lambda _: None, lambda: 0.5).deploy()


@pytest.mark.parametrize(("empty", "log"), [(2, ("out of memory",)), (3, ())])
def test_empty_pages_of_a_log_are_gone_past_up_to_three(empty: int, log: tuple[str, ...]) -> None:
    world = logging(("out of memory",))
    world.service("prod", "web").breaker = Breaker(rollback=False)
    aws = Paging(world, empty)
    (outcome,) = deployed(aws, world).outcomes
    assert outcome.causes[0].log == log
    assert [call.token for call in aws.asked] == ["", "b/1", "b/2"]


def test_a_log_is_read_where_it_is() -> None:
    options = {"awslogs-group": "/all", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}
    world = logging(("out of memory",), logConfiguration={"logDriver": "awslogs", "options": options})
    aws = Paging(world, 0)
    report = deployed(aws, world)
    assert [(call.region, call.group) for call in aws.asked] == [("us-east-1", "/all")]
    assert report.outcomes[0].causes[0].log == ("out of memory",)
