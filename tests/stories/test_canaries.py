"""Canaries in every place that is confidential, echoed from every place that talks; then every output is searched."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.lifecycle import say
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.card.runs import everywhere
from tests.stories.story import PLUGIN

if TYPE_CHECKING:
    from pathlib import Path

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ports import Aws

A = TypeVar("A")

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
OF_THE_CONTAINER = {
    "environment": "canary-environment",
    "line one": "canary-pem-1",
    "line two": "canary-pem-2",
    "quoted": 'canary-"quoted"',
    "secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:canary-arn-AbCdEf",
    "parameter": "/prod/canary-parameter",
    "log driver": "canary-splunk-token",
    "registry": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:canary-registry",
}
OF_THE_RUN = {
    "AWS_ACCESS_KEY_ID": "AKIACANARYKEY",
    "AWS_SECRET_ACCESS_KEY": "canary/secret+key",
    "AWS_SESSION_TOKEN": "canary//token==",
    "PLUGIN_AWS_ROLE_EXTERNAL_ID": "canary-external-id",
}
CANARIES = {**OF_THE_CONTAINER, **OF_THE_RUN}
ECHO = " ".join(CANARIES.values())
ENV = {**PLUGIN, **OF_THE_RUN, "PLUGIN_AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/deploy"}


def definition() -> dict[str, Any]:
    known = OF_THE_CONTAINER
    app = {
        "environment": [
            {"name": "PASSWORD", "value": known["environment"]},
            {"name": "PEM", "value": f"{known['line one']}\n{known['line two']}\n"},
            {"name": "QUOTED", "value": known["quoted"]},
        ],
        "secrets": [
            {"name": "API_KEY", "valueFrom": f"{known['secret']}:json::"},
            {"name": "PARAMETER", "valueFrom": known["parameter"]},
        ],
        "repositoryCredentials": {"credentialsParameter": known["registry"]},
    }
    body = task_definition()
    body["containerDefinitions"][0] |= app
    options = {"splunk-token": known["log driver"]}
    sidecar = {"name": "log", "image": "log:1", "logConfiguration": {"logDriver": "splunk", "options": options}}
    body["containerDefinitions"].append(sidecar)
    return body


def echoing() -> World:
    """Everything that a container, ECS, the load balancer and an alarm say quotes all canaries."""
    world = World()
    lines = (*CANARIES.values(), ECHO, json.dumps({"env": list(CANARIES.values())}), "x" * 380 + ECHO, f"\x1b[1m{ECHO}")
    crash = Behaviour(exits_after=1.0, exit_code=1, reason=f"OutOfMemoryError: {ECHO}", stopped_reason=ECHO, log=lines)
    world.push("shop:2", crash)
    world.push("shop:unhealthy", replace(crash, exits_after=None, target_unhealthy=True, health_after=1e9))
    world.push("shop:missing", Behaviour(start_error=f"ResourceInitializationError: {ECHO}"))
    web = world.add_service("prod", "web", definition(), alarms=("errors",))
    for at in (5, 25):
        world.at(at, lambda: say(world, web, f"was unable to place a task. Reason: {ECHO}."))
    return world


class Quoting:
    """An AWS that tells nothing of a failure but canaries, beside what ECS does."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def send(self, call: Call[A]) -> A:
        if call.service in ("cloudwatch", "elbv2", "logs"):
            raise refused(call.operation)
        return self._aws.send(call)


def refused(operation: str) -> ApiError:
    return ApiError(Fault(FaultKind.REJECTED, operation, "ValidationException", ECHO))


class Broken:
    """An AWS whose `operation` fails by `error` from the `first` call on."""

    def __init__(self, aws: Aws, operation: str, error: Exception, first: int = 1) -> None:
        self._aws, self._operation, self._error, self._first = aws, operation, error, first

    def send(self, call: Call[A]) -> A:
        if call.operation == self._operation:
            self._first -= 1
            if self._first < 1:
                raise self._error
        return self._aws.send(call)


def outputs(aws: Aws, world: World, path: Path, *argv: str, **settings: str) -> str:
    """Everything that a run put out, wherever."""
    reports = (path / "report.json", path / "report.html")
    given = {f"PLUGIN_{name.upper()}": value for name, value in settings.items()}
    env = {**ENV, **everywhere(path), "PLUGIN_REPORT": ",".join(map(str, reports)), **given}
    stdout, stderr = io.StringIO(), io.StringIO()
    main(argv, lambda: Edges(env, stdout, stderr, lambda _: aws, world.clock, lambda: 0.5, NEVER))
    written = [file.read_text() for file in path.iterdir() if file.is_file()]
    return "\n".join((stdout.getvalue(), stderr.getvalue(), *written))


def assert_no_canary(text: str) -> None:
    assert [name for name, value in CANARIES.items() if value in text or json.dumps(value)[1:-1] in text] == []
    assert "canary" not in text.lower()


def test_the_canaries_sing_when_nothing_hides_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the tests below would be red if the echo never arrived."""
    monkeypatch.setattr("drone_deploy_ecs.core.masking.Masks.hide", lambda _, text: text)
    world = echoing()
    shown = outputs(SimulatedAws(world), world, tmp_path)
    unseen = [name for name, value in CANARIES.items() if value not in shown]
    assert unseen == []


@pytest.mark.parametrize("image", ["shop:2", "shop:unhealthy", "shop:missing"])
@pytest.mark.parametrize("rollbacks", ["true", "false"])
def test_a_failed_deployment_shows_no_canary(tmp_path: Path, image: str, rollbacks: str) -> None:
    world = echoing()
    world.service("prod", "web").target_group = GROUP if image == "shop:unhealthy" else ""
    aws = SimulatedAws(world)
    shown = outputs(aws, world, tmp_path, image=image, timeout="1m", disable_rollbacks=rollbacks)
    assert "***PASSWORD***" in shown
    assert_no_canary(shown)


def test_an_alarm_shows_no_canary(tmp_path: Path) -> None:
    world = echoing()
    world.push("shop:2", Behaviour())
    web = world.service("prod", "web")
    world.at(20, lambda: world.trip(web, "errors", ECHO))
    shown = outputs(SimulatedAws(world), world, tmp_path)
    assert "alarm errors is in ALARM: ***PASSWORD***" in shown
    assert_no_canary(shown)


def test_evidence_that_can_t_be_read_shows_no_canary(tmp_path: Path) -> None:
    world = echoing()
    shown = outputs(Quoting(SimulatedAws(world)), world, tmp_path)
    assert "the container's log can't be shown" in shown
    assert_no_canary(shown)


@pytest.mark.parametrize("operation", ["DescribeServices", "DescribeTaskDefinition"])
@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_reads_that_fail_before_anything_is_known_show_no_credential(
    tmp_path: Path, operation: str, command: str
) -> None:
    world = World()
    world.add_service("prod", "web", task_definition())
    said = " ".join(OF_THE_RUN.values())
    error = ApiError(Fault(FaultKind.NO_CREDENTIALS, operation, "InvalidSignatureException", said))
    shown = outputs(Quoting(Broken(SimulatedAws(world), operation, error)), world, tmp_path, command)
    assert "InvalidSignatureException: ***" in shown
    assert_no_canary(shown)


@pytest.mark.parametrize("kind", list(FaultKind))
@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService", "DescribeServices", "ListTasks"])
def test_calls_that_fail_show_no_canary(tmp_path: Path, operation: str, kind: FaultKind) -> None:
    world = echoing()
    error = ApiError(Fault(kind, operation, "SomeException", ECHO))
    first = 3 if operation == "DescribeServices" else 1
    aws = Broken(SimulatedAws(world), operation, error, first)
    assert_no_canary(outputs(aws, world, tmp_path, timeout="1m"))


@pytest.mark.parametrize("operation", ["DescribeServices", "RegisterTaskDefinition", "UpdateService", "DescribeTasks"])
def test_a_defect_shows_no_canary(tmp_path: Path, operation: str) -> None:
    world = echoing()
    aws = Broken(SimulatedAws(world), operation, KeyError(ECHO))
    shown = outputs(aws, world, tmp_path)
    assert "a defect of this program (KeyError)" in shown
    assert_no_canary(shown)


@pytest.mark.parametrize(
    ("command", "dry_run", "said"),
    [
        ("plan", "", "Nothing was written: no deployment was started."),
        ("deploy", "true", "Nothing was written: no deployment was started."),
        ("deploy", "", "Look at the service: a deployment may have been left as it was at that moment."),
    ],
)
def test_a_defect_says_whether_something_may_have_been_written(
    tmp_path: Path, command: str, dry_run: str, said: str
) -> None:
    world = echoing()
    aws = Broken(SimulatedAws(world), "DescribeTaskDefinition", KeyError(ECHO))
    shown = outputs(aws, world, tmp_path, command, dry_run=dry_run)
    assert f"lines above. {said}\n" in shown


def test_a_failed_connection_shows_no_canary() -> None:
    def fail(_: object) -> NoReturn:
        raise refused("CreateClient")

    stdout, stderr = io.StringIO(), io.StringIO()
    world = World()
    assert main((), lambda: Edges({**ENV}, stdout, stderr, fail, world.clock, lambda: 0.5, NEVER)) == 2
    shown = stdout.getvalue() + stderr.getvalue()
    assert "CreateClient" in shown
    for value in OF_THE_RUN.values():
        assert value not in shown


def test_the_plan_shows_no_canary(tmp_path: Path) -> None:
    world = echoing()
    shown = outputs(SimulatedAws(world), world, tmp_path, "plan")
    assert "Plan in cluster prod" in shown
    assert_no_canary(shown)


def test_settings_that_are_refused_show_no_canary(tmp_path: Path) -> None:
    world = World()
    for settings in ({"aws_role_external_id": "canary external id"}, {"mode": "x", "image": "Shop:2"}):
        shown = outputs(Quoting(SimulatedAws(world)), world, tmp_path, **settings)
        assert "Refused" in shown
        assert_no_canary(shown)


def test_values_do_not_show_in_a_request_s_repr() -> None:
    assert_no_canary(repr(resolve({}, ENV)[0]))


# --- what edits set ---

OF_THE_EDITS = {
    "variable": "canary-variable",
    "secret": "arn:aws:ssm:eu-west-1:123456789012:parameter/canary-parameter",
    "patched variable": "canary-patched-variable",
    "patched secret": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:canary-patched",
    "patched option": "canary-patched-token",
    "filed": "canary-filed",
}
EDITED = " ".join(OF_THE_EDITS.values())


@pytest.fixture
def edits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Settings that set all of them, one in a file of the present directory."""
    body = definition()
    body["containerDefinitions"][0]["environment"].append({"name": "FILED", "value": OF_THE_EDITS["filed"]})
    (tmp_path / "edits").mkdir()
    (tmp_path / "edits" / "web.json").write_text(json.dumps(body))
    monkeypatch.chdir(tmp_path / "edits")
    patched = {
        "environment": {"PATCHED": {"value": OF_THE_EDITS["patched variable"]}},
        "secrets": {"MORE": {"valueFrom": OF_THE_EDITS["patched secret"]}},
        "logConfiguration": {"options": {"splunk-token": OF_THE_EDITS["patched option"]}},
    }
    return {
        "environment": json.dumps({"VARIABLE": OF_THE_EDITS["variable"]}),
        "secrets": json.dumps({"SECRET": OF_THE_EDITS["secret"]}),
        "patch": json.dumps({"containerDefinitions": {"app": patched}}),
        "task_definition": "web.json",
    }


@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_edits_show_no_canary_whatever_the_container_prints(
    tmp_path: Path, edits: dict[str, str], command: str
) -> None:
    world = echoing()
    world.push("shop:2", Behaviour(exits_after=1.0, exit_code=1, log=(EDITED, ECHO), stopped_reason=EDITED))
    shown = outputs(SimulatedAws(world), world, tmp_path, command, timeout="1m", **edits)
    assert command == "plan" or "***VARIABLE***" in shown
    assert_no_canary(shown)


@pytest.mark.parametrize(
    "operation", ["DescribeServices", "DescribeTaskDefinition", "RegisterTaskDefinition", "UpdateService"]
)
@pytest.mark.parametrize("kind", list(FaultKind))
def test_edits_show_no_canary_whatever_aws_quotes(
    tmp_path: Path, edits: dict[str, str], operation: str, kind: FaultKind
) -> None:
    """From the first call on, when no definition is known yet."""
    world = echoing()
    error = ApiError(Fault(kind, operation, "SomeException", EDITED))
    shown = outputs(Broken(SimulatedAws(world), operation, error), world, tmp_path, timeout="1m", **edits)
    assert "SomeException" in shown
    assert_no_canary(shown)


@pytest.mark.parametrize(
    "broken", ['{"A": %s', '{"A": ["%s"]}', '["%s"]', '{"containerDefinitions": "%s"}', '{"family": "%s"}', "%s"]
)
def test_broken_edits_show_no_canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    world = echoing()
    text = broken % OF_THE_EDITS["variable"]
    (tmp_path / "edits").mkdir()
    (tmp_path / "edits" / "web.json").write_text(text)
    monkeypatch.chdir(tmp_path / "edits")
    for settings in (
        {"environment": text},
        {"secrets": text},
        {"patch": text},
        {"patch": "web.json"},
        {"task_definition": "web.json"},
    ):
        shown = outputs(SimulatedAws(world), world, tmp_path, **settings)
        assert "Refused" in shown or "registered" in shown  # one is what another setting takes
        assert_no_canary(shown)


def test_edits_do_not_show_in_a_request_s_repr(edits: dict[str, str]) -> None:
    given = {f"PLUGIN_{name.upper()}": value for name, value in edits.items()}
    assert_no_canary(repr(resolve({}, ENV | given)[0]))
