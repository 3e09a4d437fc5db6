"""Each check by its answers: where it dooms, where it only warns, where all is fine, and where it can't look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Role, StoredImage, StoredSecret
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.preflight.architecture import ArchitectureCheck
from drone_deploy_ecs.core.preflight.check import Finding, Result, told
from drone_deploy_ecs.core.preflight.checks import checks, foreseen
from drone_deploy_ecs.core.preflight.counts import GraceCheck, PercentsCheck
from drone_deploy_ecs.core.preflight.images import Elsewhere, ImageCheck
from drone_deploy_ecs.core.preflight.repository import Stored, stored
from drone_deploy_ecs.core.preflight.there import (
    HookCheck,
    LogGroupCheck,
    Needed,
    ParameterCheck,
    RoleCheck,
    SecretCheck,
)
from drone_deploy_ecs.core.request.request import Access, Request
from tests.core.preflight.subjects import HERE, IMAGE, subject
from tests.edits import set_image

if TYPE_CHECKING:
    from drone_deploy_ecs.core.preflight.check import Check

FINE, DOOMED, WARNING, UNKNOWN = Result.FINE, Result.DOOMED, Result.WARNING, Result.UNKNOWN
PLACE = Stored("123456789012", HERE, "shop", "2", "")
NOW = Stored("123456789012", HERE, "shop", "1", "")
MISSING = StoredImage(failure="ImageNotFound")


def fault(code: str = "", kind: FaultKind = FaultKind.REJECTED) -> Fault:
    return Fault(kind, "Operation", code, "why")


DENIED, SILENCE = fault("AccessDeniedException", FaultKind.DENIED), fault("", FaultKind.UNREACHABLE)


def results(check: Check, answers: dict[Any, Any]) -> list[Result]:
    return [finding.result for finding in check.findings(answers)]


# --- images ---


@pytest.mark.parametrize(
    ("answer", "caches", "more", "result"),
    [
        (StoredImage(("amd64",)), None, {}, FINE),
        (MISSING, (), {}, DOOMED),
        (MISSING, ("docker-hub",), {}, DOOMED),
        (MISSING, ("sho",), {}, DOOMED),
        (MISSING, (), {"is_essential": False}, WARNING),
        (MISSING, (), {"may_be_kept": True}, WARNING),
        (MISSING, ("ROOT",), {}, WARNING),
        (MISSING, ("team/",), {"place": Stored("123456789012", HERE, "team/shop", "2", "")}, WARNING),
        (MISSING, ("team",), {"place": Stored("123456789012", HERE, "team/shop", "2", "")}, WARNING),
        (MISSING, DENIED, {}, WARNING),
        (MISSING, SILENCE, {}, WARNING),
        (MISSING, None, {}, WARNING),
        (fault("RepositoryNotFoundException"), None, {}, WARNING),
        (StoredImage(failure="UpstreamUnavailable"), None, {}, UNKNOWN),
        (DENIED, None, {}, UNKNOWN),
        (SILENCE, None, {}, UNKNOWN),
        (None, None, {}, UNKNOWN),
    ],
)
def test_an_image(answer: object, caches: object, more: dict[str, Any], result: Result) -> None:
    check = ImageCheck(**{"region": HERE, "image": IMAGE, "place": PLACE, **more})
    given = ((check.place.manifest, answer), (check.place.caches, caches))
    answers: dict[Any, Any] = {call: value for call, value in given if value is not None}
    assert results(check, answers) == [result]
    assert [*check.again(answers)] == ([check.place.manifest] if result is DOOMED else [])
    asked = [*check.asks(answers)]
    assert asked == [check.place.manifest, check.place.caches] if answer is MISSING else [check.place.manifest]
    assert not [*told(check.findings(answers))] or result is WARNING


PLAIN = StoredImage(config="sha256:c")
OLD_PLAIN = StoredImage(config="sha256:d")
NAMED = PLACE.config("sha256:c"), NOW.config("sha256:d")


@pytest.mark.parametrize(
    ("processor", "answers", "more", "expected"),
    [
        ("X86_64", {PLACE.manifest: StoredImage(("arm64",))}, {}, [DOOMED]),
        ("X86_64", {PLACE.manifest: StoredImage(("arm64",))}, {"is_essential": False}, [WARNING]),
        ("X86_64", {PLACE.manifest: StoredImage(("arm64",))}, {"is_known": True}, [DOOMED]),
        ("X86_64", {PLACE.manifest: StoredImage(("arm64", "amd64"))}, {}, [FINE]),
        ("X86_64", {PLACE.manifest: StoredImage(("386",))}, {}, [FINE]),
        ("X86_64", {PLACE.manifest: StoredImage(("arm64", ""))}, {}, []),
        ("X86_64", {PLACE.manifest: StoredImage(("x86_64",))}, {}, []),
        ("X86_64", {PLACE.manifest: StoredImage()}, {}, []),
        ("ARM64", {PLACE.manifest: StoredImage(("amd64", "s390x"))}, {}, [DOOMED]),
        ("ARM64", {PLACE.manifest: StoredImage(("arm",))}, {}, [FINE]),
        ("X86_64", {PLACE.manifest: MISSING}, {}, []),
        ("X86_64", {PLACE.manifest: DENIED}, {}, []),
        ("X86_64", {}, {}, []),
        ("X86_64", {PLACE.manifest: PLAIN}, {}, [UNKNOWN]),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: DENIED}, {}, [UNKNOWN]),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: ""}, {}, []),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: "amd64"}, {}, [FINE]),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: "arm64"}, {}, [DOOMED]),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: "arm64"}, {"is_known": True}, [WARNING]),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: "arm64", NOW.manifest: MISSING}, {"now": NOW}, [DOOMED]),
        (
            "X86_64",
            {PLACE.manifest: PLAIN, NAMED[0]: "arm64", NOW.manifest: OLD_PLAIN, NAMED[1]: "amd64"},
            {"now": NOW},
            [DOOMED],
        ),
        (
            "X86_64",
            {PLACE.manifest: PLAIN, NAMED[0]: "arm64", NOW.manifest: OLD_PLAIN, NAMED[1]: "arm64"},
            {"now": NOW},
            [WARNING],
        ),
        ("X86_64", {PLACE.manifest: PLAIN, NAMED[0]: "arm64", NOW.manifest: OLD_PLAIN}, {"now": NOW}, [DOOMED]),
    ],
)
def test_an_architecture(processor: str, answers: dict[Any, Any], more: dict[str, Any], expected: list[Result]) -> None:
    check = ArchitectureCheck(region=HERE, image=IMAGE, place=PLACE, processor=processor, **more)
    assert results(check, answers) == expected
    assert [*check.again(answers)] == []
    assert next(check.asks(answers)) == PLACE.manifest


def test_what_runs_now_is_read_only_where_the_new_image_seems_to_be_for_another_processor() -> None:
    check = ArchitectureCheck(region=HERE, image=IMAGE, place=PLACE, processor="X86_64", now=NOW)
    assert [*check.asks({PLACE.manifest: StoredImage(("arm64",))})] == [PLACE.manifest]
    assert [*check.asks({PLACE.manifest: PLAIN, NAMED[0]: "amd64"})] == [PLACE.manifest, NAMED[0]]
    answers: dict[Any, Any] = {PLACE.manifest: PLAIN, NAMED[0]: "arm64"}
    assert [*check.asks(answers)] == [PLACE.manifest, NAMED[0], NOW.manifest]
    assert [*check.asks(answers | {NOW.manifest: OLD_PLAIN})] == [PLACE.manifest, NAMED[0], NOW.manifest, NAMED[1]]


@pytest.mark.parametrize(
    ("reference", "region", "place"),
    [
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:2", HERE, PLACE),
        ("123456789012.dkr.ecr-fips.us-east-1.amazonaws.com/a/b:2", HERE, Stored("123456789012", "us-east-1", "a/b", "2", "")),
        ("123456789012.dkr-ecr.eu-west-1.on.aws/shop:2", HERE, PLACE),
        ("123456789012.dkr-ecr-fips.eu-west-1.on.aws/shop:2", HERE, PLACE),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop", HERE, PLACE._replace(tag="latest")),
        (
            f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:2@sha256:{'a' * 64}",
            HERE,
            PLACE._replace(digest=f"sha256:{'a' * 64}"),
        ),
        (
            "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop:2",
            "cn-northwest-1",
            PLACE._replace(region="cn-north-1"),
        ),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/shop:2", HERE, None),
        ("123456789012.dkr.ecr.us-gov-west-1.amazonaws.com/shop:2", HERE, None),
        ("public.ecr.aws/shop/shop:2", HERE, None),
        ("shop:2", HERE, None),
        ("registry.example/123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:2", HERE, None),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example/shop:2", HERE, None),
        ("No Image", HERE, None),
        ("", HERE, None),
    ],
)  # fmt: skip
def test_where_ecr_has_an_image(reference: str, region: str, place: Stored | None) -> None:
    assert stored(reference, region) == place


def test_an_image_is_asked_for_by_its_digest_where_it_has_one() -> None:
    digest = f"sha256:{'a' * 64}"
    assert PLACE.manifest.members()["imageIds"] == [{"imageTag": "2"}]
    assert PLACE._replace(digest=digest).manifest.members()["imageIds"] == [{"imageDigest": digest}]
    check = ImageCheck(region=HERE, image=IMAGE, place=PLACE._replace(digest=digest))
    answers: dict[Any, Any] = {check.place.manifest: MISSING, check.place.caches: ()}
    assert f"ECR has no digest {digest} in repository" in next(check.findings(answers)).what


# --- what else is needed ---

SECRET = SecretCheck(region=HERE, at=HERE, name="s", what="it", stage="AWSCURRENT")
VERSION = SecretCheck(region=HERE, at=HERE, name="s", what="it")
PARAMETER = ParameterCheck(region=HERE, at=HERE, name="p", what="it")
ROLE = RoleCheck(region=HERE, at=HERE, name="r", what="it")
GROUP = LogGroupCheck(region=HERE, at=HERE, name="g", what="it")
HOOK = HookCheck(region=HERE, at=HERE, name="h", what="it")
UNSURE = [
    kind(region=HERE, at=HERE, name="n", what="it", is_sure=False)
    for kind in (SecretCheck, ParameterCheck, RoleCheck, LogGroupCheck, HookCheck)
]


@pytest.mark.parametrize(
    ("check", "answer", "result"),
    [
        (SECRET, StoredSecret(frozenset({"AWSCURRENT"})), FINE),
        (SECRET, StoredSecret(), FINE),
        (SECRET, StoredSecret(frozenset({"AWSPENDING"})), DOOMED),
        (VERSION, StoredSecret(frozenset({"AWSPENDING"})), FINE),
        (SECRET, StoredSecret(frozenset({"AWSCURRENT"}), is_deleted=True), DOOMED),
        (SECRET, fault("ResourceNotFoundException"), DOOMED),
        (PARAMETER, frozenset(), FINE),
        (PARAMETER, frozenset({"p"}), DOOMED),
        (ROLE, Role(frozenset({"ecs-tasks.amazonaws.com", "lambda.amazonaws.com"})), FINE),
        (ROLE, Role(frozenset({"*"})), FINE),
        (ROLE, Role(frozenset({"ec2.amazonaws.com"})), DOOMED),
        (ROLE, fault("NoSuchEntity"), DOOMED),
        (GROUP, True, FINE),
        (GROUP, False, DOOMED),
        (HOOK, "arn", FINE),
        (HOOK, fault("ResourceNotFoundException"), DOOMED),
        *((check, None, UNKNOWN) for check in (SECRET, PARAMETER, ROLE, GROUP, HOOK)),
        *((check, DENIED, UNKNOWN) for check in (SECRET, PARAMETER, ROLE, GROUP, HOOK)),
        *((check, SILENCE, UNKNOWN) for check in (SECRET, PARAMETER, ROLE, GROUP, HOOK)),
        *((check, fault("ValidationException"), UNKNOWN) for check in (SECRET, PARAMETER, ROLE, GROUP, HOOK)),
        (UNSURE[0], fault("ResourceNotFoundException"), WARNING),
        (UNSURE[1], frozenset({"n"}), WARNING),
        (UNSURE[2], Role(), WARNING),
        (UNSURE[3], False, WARNING),
        (UNSURE[4], fault("ResourceNotFoundException"), WARNING),
    ],
)
def test_what_is_needed(check: Needed, answer: object, result: Result) -> None:
    answers: dict[Any, Any] = {} if answer is None else {check.call: answer}
    (finding,) = check.findings(answers)
    assert finding.result is result
    assert [*check.asks(answers)] == [check.call]
    assert [*check.again(answers)] == ([check.call] if result is DOOMED else [])
    assert finding.permission == (check.call.permission if answer is DENIED else "")


def test_what_a_run_says_of_findings() -> None:
    findings = [
        Finding(FINE, "a"),
        Finding(WARNING, "b", "c"),
        Finding(UNKNOWN, "d", permission="iam:GetRole"),
        Finding(UNKNOWN, "e", permission="iam:GetRole"),
        Finding(UNKNOWN, "f", permission="ecr:BatchGetImage", is_told=False),
        Finding(UNKNOWN, "g"),
    ]
    assert [str(problem) for problem in told(findings)] == [
        "b. c.",
        "preflight couldn't look at everything without iam:GetRole. Allow it, or set preflight to image.",
    ]


# --- counts ---


@pytest.mark.parametrize(
    ("grace", "start", "result"), [(60, 60, FINE), (0, 30, WARNING), (59, 60, WARNING), (300, 10, FINE)]
)
def test_the_grace_period(grace: int, start: int, result: Result) -> None:
    check = GraceCheck(region=HERE, service="web", grace=grace, start=start)
    assert results(check, {}) == [result]
    assert [*check.asks({}), *check.again({})] == []


@pytest.mark.parametrize(
    ("counts", "percents", "result"),
    [
        ((2, 2), (100, 200), FINE),
        ((2, 2), (100, 100), DOOMED),
        ((2, 2), (100, 149), DOOMED),
        ((2, 2), (100, 150), FINE),
        ((1, 1), (50, 100), DOOMED),
        ((2, 2), (50, 100), FINE),
        ((3, 3), (67, 133), DOOMED),
        ((3, 3), (66, 133), FINE),
        ((2, 0), (100, 100), FINE),
        ((2, 3), (100, 100), FINE),
        ((0, 0), (100, 100), FINE),
    ],
)
def test_the_percents(counts: tuple[int, int], percents: tuple[int, int], result: Result) -> None:
    """Counts are desired and running, percents the least and the most."""
    (desired, running), (minimum, maximum) = counts, percents
    check = PercentsCheck(
        region=HERE,
        service="web",
        desired=desired,
        running=running,
        minimum=minimum,
        maximum=maximum,
        is_settled=True,
    )
    assert results(check, {}) == [result]
    assert results(replace(check, is_settled=False), {}) == [WARNING if result is DOOMED else FINE]


# --- which checks there are ---


def found(
    preflight: str, *, before: dict[str, Any] | None = None, service: dict[str, Any] | None = None, **body: Any
) -> tuple[Any, ...]:
    return checks(preflight, [subject(before=before, service=service, **body)])


def kinds(checks: tuple[Any, ...]) -> list[str]:
    return [type(check).__name__ for check in checks]


APP = {"name": "app", "image": IMAGE}
OLD_APP = APP | {"image": IMAGE.replace(":2", ":1")}
LOG = {"name": "log", "image": IMAGE.replace("shop:2", "log:7"), "essential": False}


def test_off_is_nothing() -> None:
    assert found("off", containerDefinitions=[APP]) == ()


def test_the_images_that_change_are_looked_at_and_where_none_does_all() -> None:
    changed = found("image", before={"containerDefinitions": [OLD_APP, LOG]}, containerDefinitions=[APP, LOG])
    assert [(check.image, check.is_essential) for check in changed] == [(IMAGE, True), (IMAGE, True)]
    assert changed[1].now == stored(OLD_APP["image"], HERE)
    same = found("image", before={"containerDefinitions": [APP, LOG]}, containerDefinitions=[APP, LOG])
    assert {check.image for check in same} == {IMAGE, LOG["image"]}
    assert all(check.is_known for check in same if isinstance(check, ArchitectureCheck))
    assert kinds(found("image", before={}, containerDefinitions=[APP])) == ["ImageCheck", "ArchitectureCheck"]


@pytest.mark.parametrize(
    ("service", "named", "processor"),
    [
        ({"launchType": "FARGATE"}, None, "X86_64"),
        ({"launchType": "FARGATE"}, {"cpuArchitecture": "ARM64"}, "ARM64"),
        ({"launchType": "FARGATE"}, {"operatingSystemFamily": "LINUX"}, "X86_64"),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}, {"capacityProvider": "FARGATE"}]}, None, "X86_64"),
        ({"capacityProviderStrategy": [{"capacityProvider": "mine"}]}, None, ""),
        ({"launchType": "EC2"}, None, ""),
        ({"launchType": "EXTERNAL"}, {"cpuArchitecture": None}, ""),
        ({"launchType": "EC2"}, {"cpuArchitecture": "X86_64"}, "X86_64"),
        ({"launchType": "EC2"}, {"cpuArchitecture": "RISCV"}, ""),
        ({}, None, ""),
    ],
)  # fmt: skip
def test_the_processor_is_known_on_fargate_or_where_it_is_named(
    service: dict[str, Any], named: dict[str, Any] | None, processor: str
) -> None:
    some = found("image", before={}, service=service, containerDefinitions=[APP], runtimePlatform=named)
    assert [check.processor for check in some if isinstance(check, ArchitectureCheck)] == [processor] * bool(processor)


def test_instances_may_have_kept_what_ran_there() -> None:
    old = {"containerDefinitions": [APP]}
    for service, kept in (({"launchType": "EC2"}, True), ({"launchType": "FARGATE"}, False)):
        first = found("image", before=old, service=service, containerDefinitions=[APP])[0]
        assert first.may_be_kept is kept
    assert not found("image", before={}, service={"launchType": "EC2"}, containerDefinitions=[APP])[0].may_be_kept


OURS, THEIRS = (
    "arn:aws:secretsmanager:us-east-1:1:secret:a-AbCdEf",
    "arn:aws:secretsmanager:eu-west-1:2:secret:a-AbCdEf",
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (OURS, SecretCheck(region=HERE, at="us-east-1", name=OURS, what="", stage="AWSCURRENT")),
        (f"{OURS}:key::", SecretCheck(region=HERE, at="us-east-1", name=OURS, what="", stage="AWSCURRENT")),
        (f"{OURS}:key:AWSPREVIOUS:", SecretCheck(region=HERE, at="us-east-1", name=OURS, what="", stage="AWSPREVIOUS")),
        (f"{OURS}:::id", SecretCheck(region=HERE, at="us-east-1", name=OURS, what="", stage="")),
        (THEIRS, SecretCheck(region=HERE, at=HERE, name=THEIRS, what="", stage="AWSCURRENT", is_sure=False)),
        ("/shop/key", ParameterCheck(region=HERE, at=HERE, name="/shop/key", what="")),
        (
            "arn:aws:ssm:us-east-1:1:parameter/key",
            ParameterCheck(region=HERE, at="us-east-1", name="arn:aws:ssm:us-east-1:1:parameter/key", what=""),
        ),
        ("/aws/reference/secretsmanager/shop", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_what_a_variable_is_read_from(source: str | None, expected: Needed | None) -> None:

    app = {"name": "app", "image": "shop:2", "secrets": [{"name": "KEY", "valueFrom": source}]}
    elsewhere, *others = found("all", containerDefinitions=[app])
    some = [replace(check, what="") for check in others]
    assert elsewhere == Elsewhere(region=HERE, image="shop:2")
    assert some == ([expected] if expected else [])


def test_all_that_a_task_needs() -> None:
    logs = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web", "awslogs-region": "us-east-1"}}
    made = {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/log", "awslogs-create-group": "true"}}
    elsewhere = {"logDriver": "splunk", "secretOptions": [{"name": "splunk-token", "valueFrom": OURS}]}
    containers = [
        {"name": "app", "image": "shop:2", "logConfiguration": logs, "healthCheck": {"startPeriod": 30}},
        {"name": "log", "image": "log:1", "logConfiguration": made, "healthCheck": {"startPeriod": None}},
        {"name": "own", "image": "own:1", "logConfiguration": elsewhere, "repositoryCredentials": {"credentialsParameter": "login"}},
        {"name": "none", "image": "none:1", "logConfiguration": {"logDriver": "awslogs", "options": None}, "secrets": None},
    ]  # fmt: skip
    service = {
        "loadBalancers": [{"targetGroupArn": "arn"}],
        "healthCheckGracePeriodSeconds": 0,
        "deploymentConfiguration": {
            "minimumHealthyPercent": 100,
            "maximumPercent": 200,
            "lifecycleHooks": [
                {"hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:gate", "lifecycleStages": ["PRE_SCALE_UP"]},
                {"hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:late", "lifecycleStages": ["POST_SCALE_UP"]},
                {"hookTargetArn": "arn:aws:lambda:eu-west-1:2:function:theirs", "lifecycleStages": ["PRE_SCALE_UP"]},
                {"hookTargetArn": "arn:aws:strange:eu-west-1:1:thing"},
                {"lifecycleStages": ["PRE_SCALE_UP"]},
            ],
        },
    }
    roles: dict[str, Any] = {"taskRoleArn": "arn:aws:iam::1:role/app/shop", "executionRoleArn": "pull"}
    some = found("all", service=service, containerDefinitions=containers, **roles)
    assert kinds(some) == [
        *["Elsewhere"] * 4, "SecretCheck", "SecretCheck", "RoleCheck", "RoleCheck", "LogGroupCheck", "HookCheck", "HookCheck", "HookCheck",
        "GraceCheck", "PercentsCheck",
    ]  # fmt: skip
    by_name = {check.name: check for check in some if isinstance(check, Needed)}
    assert by_name["login"].call.members() == {"SecretId": "login"}
    assert by_name["/ecs/web"].at == "us-east-1"
    assert {name for name, check in by_name.items() if not check.is_sure} == {
        "arn:aws:lambda:eu-west-1:1:function:late", "arn:aws:lambda:eu-west-1:2:function:theirs",
    }  # fmt: skip
    assert [check.name for check in some if isinstance(check, RoleCheck)] == ["shop", "pull"]


def test_a_role_of_another_account_is_not_looked_for_in_ours() -> None:
    assert found("all", taskRoleArn="arn:aws:iam::2:role/shop", containerDefinitions=[]) == ()


@pytest.mark.parametrize(
    "more", [{"schedulingStrategy": "DAEMON"}, {"deploymentConfiguration": {"strategy": "BLUE_GREEN", "maximumPercent": 1, "minimumHealthyPercent": 1}}]
)  # fmt: skip
def test_the_percents_are_looked_at_of_rolling_replicas_only(more: dict[str, Any]) -> None:
    percents = {"deploymentConfiguration": {"minimumHealthyPercent": 100, "maximumPercent": 100}}
    assert kinds(found("all", service=percents, containerDefinitions=[])) == ["PercentsCheck"]
    assert kinds(found("all", service=percents | more, containerDefinitions=[])) == []


def test_services_that_need_the_same_ask_once() -> None:
    same = [subject(containerDefinitions=[APP], before={}), subject(containerDefinitions=[APP], before={})]
    assert kinds(checks("image", same)) == ["ImageCheck", "ArchitectureCheck"]


def test_what_is_asked_before_the_services_are_known() -> None:
    request = Request(access=Access(HERE), further=(Access("us-east-1"), Access("cn-north-1")), cluster="c", services=("s",), edits=(set_image("app", IMAGE),))  # fmt: skip
    assert [*foreseen(request)] == [(HERE, PLACE.manifest), ("us-east-1", PLACE.manifest)]

    assert [*foreseen(replace(request, preflight="off"))] == []
