"""What the services around ECS answer, as preflight reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Role, StoredImage, StoredSecret
from drone_deploy_ecs.core.calls.body import NotWholeError
from drone_deploy_ecs.core.calls.ecr import BatchGetImage, DescribePullThroughCacheRules, GetDownloadUrlForLayer
from drone_deploy_ecs.core.calls.functions import GetFunctionConfiguration
from drone_deploy_ecs.core.calls.iam import GetRole
from drone_deploy_ecs.core.calls.logs import DescribeLogGroups
from drone_deploy_ecs.core.calls.parameters import GetParameters
from drone_deploy_ecs.core.calls.secrets import DescribeSecret
from tests.core.preflight.subjects import HERE

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call

IMAGE = BatchGetImage(region=HERE, registry="123456789012", repository="shop", tag="2")
CONFIG = GetDownloadUrlForLayer(region=HERE, registry="123456789012", repository="shop", digest="sha256:c")
RULES = DescribePullThroughCacheRules(region=HERE, registry="123456789012")
SECRET, ROLE = DescribeSecret(region=HERE, name="s"), GetRole(region=HERE, name="r")
GROUP, PARAMETERS = DescribeLogGroups(region=HERE, group="/ecs/web"), GetParameters(region=HERE, names=("a", "b"))
FUNCTION = GetFunctionConfiguration(region=HERE, name="gate")


def image(manifest: Any) -> dict[str, Any]:
    text = manifest if isinstance(manifest, str) else json.dumps(manifest)
    return {"images": [{"imageManifest": text}], "failures": []}


def entry(architecture: str, system: str = "linux") -> dict[str, Any]:
    return {"digest": "sha256:0", "platform": {"architecture": architecture, "os": system}}


def trust(*statements: Any) -> dict[str, Any]:
    return {"Role": {"AssumeRolePolicyDocument": {"Statement": [*statements]}}}


def allow(**principal: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "sts:AssumeRole", **principal}


ECS = {"Service": "ecs-tasks.amazonaws.com"}


@pytest.mark.parametrize(
    ("call", "body", "answer"),
    [
        (IMAGE, image({"manifests": [entry("amd64"), entry("arm64"), entry("unknown", "unknown")]}), StoredImage(("amd64", "arm64"))),
        (IMAGE, image({"manifests": [{"digest": "sha256:0"}]}), StoredImage(("",))),
        (IMAGE, image({"config": {"digest": "sha256:c"}, "layers": []}), StoredImage(config="sha256:c")),
        (IMAGE, image({"schemaVersion": 1, "architecture": "amd64"}), StoredImage()),
        (IMAGE, image("no JSON"), StoredImage()),
        (IMAGE, image([1]), StoredImage()),
        (IMAGE, {"images": [], "failures": [{"failureCode": "ImageNotFound"}]}, StoredImage(failure="ImageNotFound")),
        (CONFIG, b'{"architecture": "arm64", "os": "linux", "config": {"Env": ["A=b"]}}', "arm64"),
        (CONFIG, b"{}", ""),
        (RULES, {"pullThroughCacheRules": [{"ecrRepositoryPrefix": "hub", "upstreamRegistryUrl": "x"}]}, ("hub",)),
        (RULES, {"pullThroughCacheRules": []}, ()),
        (SECRET, {"ARN": "a", "VersionIdsToStages": {"1": ["AWSCURRENT"], "0": ["AWSPREVIOUS"]}},
         StoredSecret(frozenset({"AWSCURRENT", "AWSPREVIOUS"}))),
        (SECRET, {"ARN": "a", "DeletedDate": 1767614400.5}, StoredSecret(is_deleted=True)),
        (GROUP, {"logGroups": [{"logGroupName": "/ecs/web"}]}, True),
        (GROUP, {"logGroups": [{"logGroupName": "/ecs/web-2"}]}, False),
        (GROUP, {"logGroups": []}, False),
        (PARAMETERS, {"Parameters": [{"Name": "a", "Value": "v"}], "InvalidParameters": ["b"]}, frozenset({"b"})),
        (PARAMETERS, {"Parameters": [{"Name": "a", "Value": "v"}]}, frozenset()),
        (FUNCTION, {"FunctionArn": "arn", "Environment": {"Variables": {"A": "b"}}}, "arn"),
        (ROLE, trust(allow(Principal=ECS)), Role(frozenset({"ecs-tasks.amazonaws.com"}))),
        (ROLE, trust(allow(Principal={"Service": ["a", "b"], "AWS": "c"})), Role(frozenset("abc"))),
        (ROLE, trust(allow(Principal="*")), Role(frozenset("*"))),
        (ROLE, trust(allow(NotPrincipal={"AWS": "a"})), Role(frozenset("*"))),
        (ROLE, trust({"Effect": "Deny", "Principal": ECS}, "strange"), Role()),
        (ROLE, trust(allow(Principal={"Service": [1]})), Role()),
        (ROLE, {"Role": {"AssumeRolePolicyDocument": {"Statement": allow(Principal=ECS)}}}, Role(frozenset({"ecs-tasks.amazonaws.com"}))),
        (ROLE, {"Role": {"AssumeRolePolicyDocument": quote(json.dumps({"Statement": [allow(Principal=ECS)]}))}},
         Role(frozenset({"ecs-tasks.amazonaws.com"}))),
    ],
)  # fmt: skip
def test_what_is_read(call: Call[Any], body: Any, answer: object) -> None:
    assert call.read(body) == answer


@pytest.mark.parametrize(
    ("call", "body"),
    [
        (IMAGE, {}),
        (IMAGE, b"<html>"),
        (CONFIG, b"<html>"),
        (RULES, {}),
        (GROUP, {}),
        (PARAMETERS, {}),
        (FUNCTION, {}),
        (ROLE, {}),
        (ROLE, {"Role": {"AssumeRolePolicyDocument": "no JSON"}}),
        (ROLE, {"Role": {"AssumeRolePolicyDocument": 5}}),
    ],
)
def test_what_is_no_whole_answer(call: Call[Any], body: Any) -> None:
    with pytest.raises(NotWholeError):
        call.read(body)


def test_parameters_are_asked_for_together() -> None:
    other = GetParameters(region=HERE, names=("b", "c"))
    joint = PARAMETERS.join([other])
    assert joint == replace(PARAMETERS, names=("a", "b", "c"))
    assert PARAMETERS.part(frozenset({"b", "c"})) == frozenset({"b"})
    assert other.part(frozenset({"a"})) == frozenset()
    assert joint.members()["WithDecryption"] is False
