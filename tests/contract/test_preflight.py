"""What preflight reads, from services that moto plays: whether something is there."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.preflight.architecture import ArchitectureCheck
from drone_deploy_ecs.core.preflight.check import Result
from drone_deploy_ecs.core.preflight.images import ImageCheck
from drone_deploy_ecs.core.preflight.repository import Stored
from drone_deploy_ecs.core.preflight.there import HookCheck, LogGroupCheck, ParameterCheck, RoleCheck, SecretCheck
from drone_deploy_ecs.core.request.request import Access

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.preflight.check import Check

pytestmark = pytest.mark.xdist_group("moto")  # one server

HERE, ACCOUNT = "eu-west-1", "123456789012"
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(autouse=True)
def at_moto(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)


def client(service: str) -> Any:
    return botocore.session.Session().create_client(service, region_name=HERE)


def looked(check: Check) -> list[Result]:
    """What the check comes to, all its calls being answered by moto."""
    aws = connect(Access(HERE))
    answers: dict[Call[Any], Any] = {}
    while missing := [call for call in check.asks(answers) if call not in answers]:
        for call in missing:
            try:
                answers[call] = aws.send(call)
            except ApiError as error:
                answers[call] = error.fault
    return [finding.result for finding in check.findings(answers)]


def place(repository: str, tag: str) -> Stored:
    return Stored(ACCOUNT, HERE, repository, tag, "")


def descriptor(kind: str, content: str, **more: Any) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
    return {"mediaType": kind, "digest": digest, "size": len(content), **more}


def test_an_image_in_ecr() -> None:
    ecr = client("ecr")
    ecr.create_repository(repositoryName="shop")
    arm = {"architecture": "arm64", "os": "linux"}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor(MANIFEST, "arm", platform=arm)]}
    ecr.put_image(repositoryName="shop", imageTag="2", imageManifest=json.dumps(index), imageManifestMediaType=INDEX)

    def there(repository: str, tag: str) -> list[Result]:
        return looked(ImageCheck(region=HERE, image="it", place=place(repository, tag)))

    assert there("shop", "2") == [Result.FINE]
    assert there("other", "2") == [Result.WARNING]
    # Moto doesn't know pull-through caches: where that can't be told, it is a warning.
    assert there("shop", "3") == [Result.WARNING]
    for processor, result in (("X86_64", Result.DOOMED), ("ARM64", Result.FINE)):
        check = ArchitectureCheck(region=HERE, image="it", place=place("shop", "2"), processor=processor)
        assert looked(check) == [result]


def test_secrets_and_parameters() -> None:
    arn = client("secretsmanager").create_secret(Name="preflight", SecretString="any")["ARN"]
    gone = client("secretsmanager").create_secret(Name="preflight-gone", SecretString="any")["ARN"]
    client("secretsmanager").delete_secret(SecretId=gone, RecoveryWindowInDays=7)
    client("ssm").put_parameter(Name="/shop/key", Value="any", Type="SecureString")
    for name, result in ((arn, Result.FINE), (gone, Result.DOOMED), (arn[:-6] + "abcdef", Result.DOOMED)):
        assert looked(SecretCheck(region=HERE, at=HERE, name=name, what="it", stage="AWSCURRENT")) == [result]
    for name, result in (("/shop/key", Result.FINE), ("/shop/none", Result.DOOMED)):
        assert looked(ParameterCheck(region=HERE, at=HERE, name=name, what="it")) == [result]


def test_roles() -> None:
    iam = client("iam")
    for name, service in (("tasks", "ecs-tasks.amazonaws.com"), ("lambda", "lambda.amazonaws.com")):
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document, Path="/app/")
    for name, result in (("tasks", Result.FINE), ("lambda", Result.DOOMED), ("none", Result.DOOMED)):
        assert looked(RoleCheck(region=HERE, at=HERE, name=name, what="it")) == [result]


def test_log_groups() -> None:
    client("logs").create_log_group(logGroupName="/ecs/web-2")
    assert looked(LogGroupCheck(region=HERE, at=HERE, name="/ecs/web", what="it")) == [Result.DOOMED]
    client("logs").create_log_group(logGroupName="/ecs/web")
    assert looked(LogGroupCheck(region=HERE, at=HERE, name="/ecs/web", what="it")) == [Result.FINE]


def test_functions() -> None:
    arn = f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:none"
    assert looked(HookCheck(region=HERE, at=HERE, name=arn, what="it")) == [Result.DOOMED]
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = client("iam").create_role(RoleName="gate", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    code = {"ImageUri": f"{ACCOUNT}.dkr.ecr.{HERE}.amazonaws.com/gate:1"}
    made = client("lambda").create_function(FunctionName="gate", Role=role, Code=code, PackageType="Image")
    assert looked(HookCheck(region=HERE, at=HERE, name=made["FunctionArn"], what="it")) == [Result.FINE]
