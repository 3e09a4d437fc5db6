"""Whatever a task definition, a service and AWS's answers are: preflight never fails, and refuses only what is sure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.calls.body import NotWholeError
from drone_deploy_ecs.core.calls.ecr import BatchGetImage, GetDownloadUrlForLayer
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.preflight.architecture import ArchitectureCheck
from drone_deploy_ecs.core.preflight.check import Answers, Result, told
from drone_deploy_ecs.core.preflight.checks import checks
from drone_deploy_ecs.core.preflight.repository import Stored
from tests.core.preflight.subjects import IMAGE, subject
from tests.laws.structs import structs

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.preflight.check import Finding, Subject

CODES = ("", "AccessDeniedException", "RepositoryNotFoundException", "ResourceNotFoundException", "NoSuchEntity")
RUNS = {"X86_64": {"amd64", "386"}, "ARM64": {"arm64", "arm"}}
CANARY = "caNaRy"

names = st.sampled_from(["amd64", "arm64", "arm", "386", "s390x", "unknown", "", "sparc", "x86_64", "AMD64"])
systems = st.sampled_from(["linux", "windows", "unknown", ""])
entries = st.fixed_dictionaries(
    {}, optional={"platform": st.fixed_dictionaries({}, optional={"architecture": names, "os": systems}) | st.none()}
)
digests = st.just("sha256:" + "c" * 64)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
manifests = st.one_of(
    st.fixed_dictionaries({"manifests": st.lists(entries, max_size=4)}),
    st.fixed_dictionaries({"config": st.fixed_dictionaries({"digest": digests})}),
    st.fixed_dictionaries({"config": st.fixed_dictionaries({"digest": digests}), "manifests": st.lists(entries, max_size=2)}),
    anything,
)  # fmt: skip
faults = structs(
    Fault, kind=st.sampled_from(FaultKind), operation=st.just("Operation"), code=st.sampled_from(CODES), message=st.just(CANARY)
)  # fmt: skip
SECRET = f"arn:aws:secretsmanager:eu-west-1:1:secret:{CANARY}-AbCdEf"
sources = st.sampled_from([SECRET, f"{SECRET}:key::", "/shop/key", "", "arn:aws:ssm:eu-west-1:2:parameter/a", "arn:x"])
containers = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["app", "log"]),
        "image": st.sampled_from([IMAGE, "shop:2", IMAGE.replace(":2", ":1"), ""]),
    },
    optional={
        "essential": st.booleans() | st.none(),
        "environment": st.just([{"name": "A", "value": CANARY}]),
        "secrets": st.lists(st.fixed_dictionaries({"name": st.just("KEY"), "valueFrom": sources}), max_size=2)
        | st.none(),
        "logConfiguration": st.none()
        | st.fixed_dictionaries(
            {"logDriver": st.sampled_from(["awslogs", "splunk"])},
            optional={"options": st.none() | st.fixed_dictionaries({"awslogs-group": st.just("/ecs/web")})},
        ),
        "healthCheck": st.none() | st.fixed_dictionaries({"startPeriod": st.none() | st.integers(0, 300)}),
        "repositoryCredentials": st.none() | st.fixed_dictionaries({"credentialsParameter": sources | st.none()}),
    },
)
definitions = st.fixed_dictionaries(
    {"containerDefinitions": st.lists(containers | st.none(), max_size=3)},
    optional={
        "runtimePlatform": st.none()
        | st.fixed_dictionaries({}, optional={"cpuArchitecture": st.sampled_from(["X86_64", "ARM64", "RISCV", None])}),
        "taskRoleArn": st.sampled_from(["arn:aws:iam::1:role/a", "a", "arn:aws:iam::2:role/a", None]),
        "executionRoleArn": st.sampled_from(["arn:aws:iam::1:role/b/c", None]),
    },
)
percents = st.none() | st.integers(0, 200)
services = st.fixed_dictionaries(
    {"desiredCount": st.integers(0, 3), "runningCount": st.integers(0, 3)},
    optional={
        "launchType": st.sampled_from(["FARGATE", "EC2", "EXTERNAL", None]),
        "capacityProviderStrategy": st.sampled_from(
            [[], [{"capacityProvider": "FARGATE"}], [{"capacityProvider": "x"}]]
        ),
        "deploymentConfiguration": st.fixed_dictionaries(
            {"minimumHealthyPercent": percents, "maximumPercent": percents}
        ),
        "loadBalancers": st.just([{"targetGroupArn": "tg"}]),
        "healthCheckGracePeriodSeconds": st.integers(0, 300),
    },
)
subjects = st.builds(
    lambda service, before, body: subject(service=service, before=before, **body), services, definitions, definitions
)


def bodies(call: Call[Any]) -> st.SearchStrategy[Any]:
    """What AWS may answer, as it comes; much of it likely, and some of it anything."""
    if isinstance(call, BatchGetImage):
        images = manifests.map(lambda manifest: {"images": [{"imageManifest": json.dumps(manifest)}]})
        codes = st.sampled_from(["ImageNotFound", "ImageNotFound", "KmsError"])
        return images | codes.map(lambda code: {"failures": [{"failureCode": code}]})
    if isinstance(call, GetDownloadUrlForLayer):
        return names.map(lambda name: json.dumps({"architecture": name}).encode())
    return st.one_of(
        anything.map(lambda value: json.dumps(value).encode()),
        st.sampled_from(
            [
                {"pullThroughCacheRules": []},
                {"pullThroughCacheRules": [{"ecrRepositoryPrefix": "ROOT"}]},
                {"VersionIdsToStages": {"1": ["AWSPENDING"]}},
                {"Parameters": [], "InvalidParameters": ["/shop/key"]},
                {"Role": {"AssumeRolePolicyDocument": {"Statement": anything}}},
                {"logGroups": []},
            ]
        ),
    )


def answered(call: Call[Any], data: st.DataObject) -> Any:
    body = data.draw(bodies(call) | faults)
    if isinstance(body, Fault):
        return body
    try:
        return call.read(body)
    except NotWholeError:
        return data.draw(faults)


def looked(found: Subject, data: st.DataObject) -> tuple[dict[Call[Any], Any], list[Finding]]:
    """Everything asked and answered, or some of it not."""
    answers: dict[Call[Any], Any] = {}
    wanted = checks("all", [found])
    while missing := [call for check in wanted for call in check.asks(answers) if call not in answers]:
        answers |= {call: answered(call, data) for call in missing}
    for call in [call for call in answers if data.draw(st.integers(0, 9)) == 0]:
        del answers[call]
    for check in wanted:
        [*check.asks(answers)], [*check.again(answers)]
    return answers, [finding for check in wanted for finding in check.findings(answers)]


def architecture(found: Subject) -> str:
    """The processor, told from the description anew."""
    return str(
        (found.body.get("runtimePlatform") or {}).get("cpuArchitecture")
        or ("X86_64" if found.service.is_fargate else "")
    )


PLACE = Stored("123456789012", "eu-west-1", "shop", "2", "")
KNOWN = {"386", "amd64", "arm", "arm64", "s390x"}


@given(processor=st.sampled_from(sorted(RUNS)), manifest=manifests, named=names, is_known=st.booleans())
def test_an_image_is_doomed_by_its_architecture_exactly_where_that_is_sure(
    *, processor: str, manifest: Any, named: str, is_known: bool
) -> None:
    """Said anew from the manifest: an index's images, or a plain one's config, all for other, known processors."""
    image = PLACE.manifest.read({"images": [{"imageManifest": json.dumps(manifest)}]})
    check = ArchitectureCheck(region="eu-west-1", image=IMAGE, place=PLACE, processor=processor, is_known=is_known)
    answers: dict[Call[Any], Any] = {PLACE.manifest: image}
    answers |= {call: named for call in check.asks(answers) if call.operation == "GetDownloadUrlForLayer"}
    listed = manifest.get("manifests") if isinstance(manifest, dict) else None
    platforms = [(entry.get("platform") or {}) for entry in listed or ()] if isinstance(listed, list) else []
    systems = [(platform.get("architecture", ""), platform.get("os", "")) for platform in platforms]
    built_for = [name for name, system in systems if (name, system) != ("unknown", "unknown")]
    is_plain = not built_for and isinstance(manifest, dict) and bool(manifest.get("config"))
    others = KNOWN - RUNS[processor]
    is_foreign = named in others if is_plain else bool(built_for) and set(built_for) <= others
    expected = Result.WARNING if is_plain and is_known else Result.DOOMED
    bad = [finding.result for finding in check.findings(answers) if finding.result is not Result.FINE]
    assert bad == ([expected] if is_foreign else [])


@given(found=subjects, data=st.data())
def test_it_never_raises_and_prints_nothing_it_must_not(found: Subject, data: st.DataObject) -> None:
    _, findings = looked(found, data)
    printed = " ".join((*(str(finding.problem) for finding in findings), *map(str, told(findings))))
    assert CANARY not in printed
    assert "AbCdEf" not in printed


@given(found=subjects, data=st.data())
def test_it_refuses_an_image_only_where_that_is_sure(found: Subject, data: st.DataObject) -> None:
    answers, findings = looked(found, data)
    for finding in findings:
        if finding.result is Result.DOOMED and finding.what.startswith("ECR has no tag"):
            missing = [
                call for call, answer in answers.items()
                if isinstance(call, BatchGetImage) and getattr(answer, "failure", "") == "ImageNotFound" and f"tag {call.tag} " in finding.what
            ]  # fmt: skip
            assert missing
            assert [
                answer for call, answer in answers.items() if call.operation == "DescribePullThroughCacheRules"
            ] == [()]
        if finding.result is Result.DOOMED and "is built for" in finding.what:
            processor = architecture(found)
            assert processor in RUNS
            built_for = set(finding.what.partition("is built for ")[2].partition(", but")[0].split(", "))
            assert not built_for & (RUNS[processor] | {"", "unknown", "sparc", "x86_64", "AMD64"})


@given(found=subjects, data=st.data())
def test_without_any_answer_nothing_is_refused_but_what_counts_tell(found: Subject, data: st.DataObject) -> None:
    silence = data.draw(faults.filter(lambda fault: fault.code in ("", "AccessDeniedException")))
    answers: Answers = {call: silence for check in checks("all", [found]) for call in check.asks({})}
    for check in checks("all", [found]):
        for finding in check.findings(answers):
            assert finding.result is not Result.DOOMED or "minimumHealthyPercent" in finding.what


@given(found=subjects, data=st.data())
def test_what_is_looked_for_again_is_what_would_be_refused(found: Subject, data: st.DataObject) -> None:
    answers, _ = looked(found, data)
    for check in checks("all", [found]):
        if [*check.again(answers)]:
            assert Result.DOOMED in [finding.result for finding in check.findings(answers)]
