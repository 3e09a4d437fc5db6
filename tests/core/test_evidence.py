"""The optional evidence: where to look, whose targets are ours, and what the answers mean in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import AlarmState, TargetCheck, TargetHealth
from drone_deploy_ecs.core.calls.service_deployments import ListServiceDeployments
from drone_deploy_ecs.core.causes import evidence
from drone_deploy_ecs.core.causes.cause import Cause
from drone_deploy_ecs.core.causes.evidence import ALL_LINES, LINE, LogPlace
from drone_deploy_ecs.core.causes.failure import Failure
from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.service import Deployment, Service
from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment
from drone_deploy_ecs.core.masking import Masks, Secret
from drone_deploy_ecs.core.verdict import Verdict
from tests.core.shown import NOON, read_service, read_task, stopped
from tests.core.steps.rollout.underway import TARGET

EXITED = Cause(
    name="exited", weight=Weight.REPEATING, headline="h", do="a", container="app", exit_code=1,
    stop_code="EssentialContainerExited", task="arn:aws:ecs:eu-west-1:1:task/prod/0123",
)  # fmt: skip
WAITING = Cause(name="not-placed", weight=Weight.TRANSIENT, headline="h", do="a")
TARGETED = Cause(name="target-unhealthy", weight=Weight.REPEATING, headline="h", do="a")
TASK = read_task({"taskArn": "arn:aws:ecs:eu-west-1:1:task/prod/0123", "lastStatus": "RUNNING"})
SERVICE = Service(
    name="web", arn="", status="ACTIVE", desired=1, running=1, task_definition="web:2", deployments=(), events=(),
    target_groups=("group",), balanced_container="app", alarms=("errors",),
)  # fmt: skip
OURS = Deployment("ecs-svc/2", "PRIMARY", "web:2", 1, 0, 1, 0, "FAILED", "ECS deployment alarm", datetime.now(UTC))


def failure(*causes: Cause, verdict: Verdict = Verdict.FAILED, service: Service | None = SERVICE) -> Failure:
    return Failure(
        target=TARGET, verdict=verdict, decided_at=0.0, deployment="ecs-svc/2", since=NOON, definition="web:2",
        service=service, stopped=(), causes=causes,
    )  # fmt: skip


def body(driver: str, **options: str) -> dict[str, Any]:
    named = {f"awslogs-{name.replace('_', '-')}": value for name, value in options.items() if name != "mode"}
    logging = {"logDriver": driver, "options": named | ({"mode": options["mode"]} if "mode" in options else {})}
    return {"containerDefinitions": [{"name": "proxy"}, {"name": "app", "logConfiguration": logging}]}


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"group": "/g", "stream_prefix": "p"}, LogPlace("eu-west-1", "/g", "p/app/0123")),
        ({"group": "/g", "stream_prefix": "p", "region": "us-east-1"}, LogPlace("us-east-1", "/g", "p/app/0123")),
        (
            {"group": "/g", "stream_prefix": "a/b", "mode": "non-blocking"},
            LogPlace("eu-west-1", "/g", "a/b/app/0123", may_lose=True),
        ),
    ],
)
def test_where_the_log_is(options: dict[str, str], place: LogPlace) -> None:
    assert evidence.log_place(body("awslogs", **options), EXITED.container, EXITED.task, "eu-west-1") == place


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (EXITED, True),
        (WAITING, False),
        (replace(EXITED, container=""), False),
        (replace(EXITED, stop_code="TaskFailedToStart"), False),
    ],
)
def test_only_a_container_that_ran_has_a_log(cause: Cause, *, expected: bool) -> None:
    assert evidence.has_log(cause) is expected


PLACE = LogPlace("eu-west-1", "/g", "p/app/0123")
MISSING = Fault(
    FaultKind.REJECTED, "GetLogEvents", "ResourceNotFoundException", "The specified log group does not exist."
)


@pytest.mark.parametrize(
    ("place", "fault", "said"),
    [
        (PLACE, None, "nothing is in its log /g p/app/0123 (eu-west-1)"),
        (replace(PLACE, may_lose=True), None,
         "nothing is in its log /g p/app/0123 (eu-west-1); its driver is non-blocking and may have lost lines"),
        (PLACE, MISSING, "no log /g p/app/0123 (eu-west-1): The specified log group does not exist."),
        (PLACE, replace(MISSING, message=""), "no log /g p/app/0123 (eu-west-1): it does not exist"),
    ],
)  # fmt: skip
def test_why_there_is_no_log(place: LogPlace, fault: Fault | None, said: str) -> None:
    assert evidence.no_log(place, fault) == said


def test_an_unknown_source_is_left_out_by_its_own_name() -> None:
    assert (
        evidence.left_out(Fault(FaultKind.DENIED, "Look", "AccessDenied", ""))
        == "Look isn't allowed: more can't be shown"
    )


def test_a_tail_is_its_last_lines_oldest_first() -> None:
    assert evidence.tail(("one\ntwo\n\n", "three"), 2, Masks()) == ("two", "three")
    assert evidence.tail(("one",), 0, Masks()) == ()


def test_a_tail_is_bounded_in_both_ways() -> None:
    lines = evidence.tail(("x" * 10_000,) * 1000, 1000, Masks())
    assert {len(line) for line in lines} == {LINE}
    assert sum(map(len, lines)) == ALL_LINES


@pytest.mark.parametrize("line", ["a s3cretvalue", "a s3cre\x1b[0mtvalue", "x" * 395 + "s3cretvalue"])
def test_a_tail_shows_no_value_nor_a_part_of_it(line: str) -> None:
    (shown,) = evidence.tail((line,), 1, Masks([Secret("PASSWORD", "s3cretvalue")]))
    assert "s3c" not in shown


TARGETS = (
    TargetHealth("10.0.0.1", 80, "healthy"),
    TargetHealth("10.0.0.2", 80, "unhealthy", "Target.Timeout", "Request timed out"),
    TargetHealth("i-1", 32768, "unhealthy", "Target.Timeout", "Request timed out"),
    TargetHealth("10.0.0.3", 80, "initial", "Elb.RegistrationInProgress"),
    TargetHealth("10.0.0.4", 80, "draining"),
)


def test_the_targets_of_our_tasks_are_found_by_address_or_port() -> None:
    fargate = replace(TASK, addresses=("10.0.0.2",))
    bridged = replace(TASK, host_ports=(32768,))
    assert evidence.of_tasks(TARGETS, [fargate]) == TARGETS[1:2]
    assert evidence.of_tasks(TARGETS, [bridged]) == TARGETS[2:3]
    assert evidence.of_tasks(TARGETS, [replace(TASK, host_ports=(80,))]) == TARGETS
    assert evidence.of_tasks(TARGETS, []) == TARGETS


def test_unhealthy_targets_are_told_together_and_with_the_check() -> None:
    check = TargetCheck("HTTP", "9000", "/health", "200-299")
    assert list(evidence.health_lines(TARGETS, check)) == [
        "targets 10.0.0.2:80, i-1:32768: unhealthy (Target.Timeout: Request timed out)",
        "its health check: HTTP on port 9000, path /health, expecting 200-299",
    ]


def test_targets_that_are_not_healthy_yet_are_told_where_none_is_unhealthy() -> None:
    (line,) = evidence.health_lines(TARGETS[3:], None)
    assert line == "target 10.0.0.3:80: initial (Elb.RegistrationInProgress)"
    assert list(evidence.health_lines(TARGETS[:1], TargetCheck("TCP", "traffic-port"))) == []


def test_many_targets_are_named_in_part() -> None:
    many = [TargetHealth(f"10.0.1.{number}", 80, "unhealthy") for number in range(8)]
    lines = list(evidence.health_lines(many, TargetCheck("TCP", "traffic-port")))
    assert lines[0].endswith("10.0.1.4:80 and 3 more: unhealthy")
    assert lines[1] == "its health check: TCP on the target's own port"


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (failure(TARGETED), True),
        (failure(EXITED), False),
        (failure(verdict=Verdict.TIMED_OUT), True),
        (failure(WAITING, verdict=Verdict.TIMED_OUT), True),
        (failure(EXITED, verdict=Verdict.TIMED_OUT), False),
        (failure(TARGETED, service=None), False),
        (failure(TARGETED, service=replace(SERVICE, target_groups=())), False),
    ],
)
def test_when_the_load_balancer_is_asked(seen: Failure, *, wanted: bool) -> None:
    assert evidence.wants_targets(seen) is wanted


def test_what_the_targets_say_goes_to_the_first_cause_of_theirs() -> None:
    found = evidence.with_targets(failure(EXITED, TARGETED, replace(TARGETED, count=2)), ["said"], [TASK])
    assert [one.evidence for one in found] == [(), ("said",), ()]
    assert evidence.with_targets(failure(EXITED), [], [TASK]) == (EXITED,)


def test_unhealthy_targets_are_a_cause_of_their_own_with_a_task_whose_log_may_tell() -> None:
    (found, rest) = evidence.with_targets(failure(WAITING, verdict=Verdict.TIMED_OUT), ["said"], [TASK])
    assert (found.name, found.container, found.task, found.evidence) == ("target-unhealthy", "app", TASK.arn, ("said",))
    assert rest == WAITING
    (bare,) = evidence.with_targets(failure(service=None), ["said"], [replace(TASK, status="PENDING")])
    assert (bare.container, bare.task) == ("", "")


def test_alarms_are_asked_about_when_one_is_to_blame() -> None:
    alarm = replace(WAITING, name="alarm")
    assert evidence.alarms_asked(failure(alarm)) == ("errors",)
    assert evidence.alarms_asked(failure(service=replace(SERVICE, deployments=(OURS,)))) == ("errors",)
    assert evidence.alarms_asked(failure(EXITED)) == ()
    assert evidence.alarms_asked(failure(alarm, service=None)) == ()


def test_alarms_are_named_with_their_reasons() -> None:
    alarm = replace(WAITING, name="alarm")
    (found,) = evidence.with_alarms(failure(alarm), ("errors",), [AlarmState("errors", "12 > 10")])
    assert found.evidence == ("alarm errors is in ALARM: 12 > 10",)
    (found,) = evidence.with_alarms(failure(alarm), ("errors", "lag"), [])
    assert found.evidence == ("none of the alarms is in ALARM any more: errors, lag",)
    (found,) = evidence.with_alarms(failure(), ("errors",), [AlarmState("errors", "12 > 10")])
    assert (found.name, found.evidence) == ("alarm", ("alarm errors is in ALARM: 12 > 10",))


TAKEN_BACK = failure(verdict=Verdict.ROLLED_BACK)
REASON = (
    "Service deployment rolled back because PRE_SCALE_UP lifecycle hook(s) failed. The Lambda returned FAILED status."
)
RECORDS = (
    ServiceDeployment(target_service_revision_arn="service-revision/prod/web/1", status_reason="another's"),
    ServiceDeployment(target_service_revision_arn="service-revision/prod/web/2", status_reason=REASON),
)


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (TAKEN_BACK, True),
        (replace(TAKEN_BACK, causes=(WAITING,)), True),
        (replace(TAKEN_BACK, causes=(replace(WAITING, name="alarm"),)), False),
        (replace(TAKEN_BACK, stopped=(stopped(),)), False),
        (failure(verdict=Verdict.FAILED), False),
        (failure(verdict=Verdict.TIMED_OUT), False),
    ],
)
def test_ecs_s_record_is_asked_for_where_ecs_took_it_back_and_nothing_else_tells_why(
    seen: Failure, *, wanted: bool
) -> None:
    assert (evidence.record_asked(seen) is not None) is wanted


def test_ecs_s_record_is_looked_for_among_those_since_the_deployment_was_created() -> None:
    asked = ListServiceDeployments(region="eu-west-1", cluster="prod", name="web", after=NOON - timedelta(minutes=1))
    assert evidence.record_asked(TAKEN_BACK) == asked
    assert evidence.record_asked(replace(TAKEN_BACK, since=None)) == replace(asked, after=None)


def test_ecs_s_record_takes_the_place_of_the_event_that_says_the_same() -> None:
    hooked = replace(WAITING, name="hook-failed", reason="(deployment ecs-svc/2) deployment failed: …")
    (found, rest) = evidence.with_record(replace(TAKEN_BACK, causes=(hooked, WAITING)), RECORDS)
    assert (found.name, found.reason, found.count, rest) == ("hook-failed", REASON, 1, WAITING)
    assert evidence.with_record(TAKEN_BACK, RECORDS) == (found,)


@pytest.mark.parametrize("records", [(), RECORDS[:1], (replace(RECORDS[1], status_reason="something new"),)])
def test_a_record_that_is_not_there_or_says_nothing_known_changes_no_cause(
    records: tuple[ServiceDeployment, ...],
) -> None:
    assert evidence.with_record(replace(TAKEN_BACK, causes=(WAITING,)), records) == (WAITING,)


def test_a_task_is_read_with_what_a_load_balancer_knows_it_by() -> None:
    task = read_task({
        "attachments": [{"type": "ElasticNetworkInterface", "details": [
            {"name": "subnetId", "value": "subnet-1"}, {"name": "privateIPv4Address", "value": "10.0.0.2"}]}],
        "containers": [{"networkInterfaces": [{"privateIpv4Address": "10.0.0.9", "ipv6Address": "fd00::1"}],
                        "networkBindings": [{"containerPort": 80, "hostPort": 32768}, {"containerPort": 81}]}],
    })  # fmt: skip
    assert task.addresses == ("10.0.0.2", "10.0.0.9", "fd00::1")
    assert task.host_ports == (32768,)


def test_alarms_and_target_groups_of_a_service_are_read() -> None:
    off = read_service(
        {"deploymentConfiguration": {"alarms": {"alarmNames": ["a"], "enable": False, "rollback": False}}}
    )
    assert (off.alarms, off.target_groups, off.balanced_container) == ((), (), "")
    on = read_service({
        "deploymentConfiguration": {"alarms": {"alarmNames": ["a"], "enable": True, "rollback": False}},
        "loadBalancers": [{"loadBalancerName": "classic"}, {"targetGroupArn": "g", "containerName": "app"}],
    })  # fmt: skip
    assert (on.alarms, on.target_groups, on.balanced_container) == (("a",), ("g",), "app")
