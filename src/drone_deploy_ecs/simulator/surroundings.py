"""Operations of the services around ECS that say whether something is there: ECR, Secrets Manager, IAM and others."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from drone_deploy_ecs.core.calls.ecr import MANIFESTS, UNKNOWN, BatchGetImage
from drone_deploy_ecs.core.calls.functions import GetFunctionConfiguration
from drone_deploy_ecs.core.calls.iam import GetRole
from drone_deploy_ecs.core.calls.secrets import DescribeSecret
from drone_deploy_ecs.simulator.operation import Json, Operation
from drone_deploy_ecs.simulator.registry import rejected

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.simulator.behaviour import Behaviour
    from drone_deploy_ecs.simulator.world import World

INDEX, _, MANIFEST, _ = MANIFESTS
CONFIG = "application/vnd.oci.image.config.v1+json"
BLOBS = "/blobs/"


class Surroundings:
    """What else the account has: all that isn't named in `absent`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.operations: Mapping[str, Operation] = {
            "BatchGetImage": Operation(self._batch_get_image, "repositoryName"),
            "GetDownloadUrlForLayer": Operation(self._get_download_url_for_layer, "layerDigest"),
            "DescribePullThroughCacheRules": Operation(self._describe_pull_through_cache_rules),
            "DescribeSecret": Operation(self._describe_secret, "SecretId"),
            "GetParameters": Operation(self._get_parameters, "Names"),
            "GetRole": Operation(self._get_role, "RoleName"),
            "DescribeLogGroups": Operation(self._describe_log_groups),
            "GetFunctionConfiguration": Operation(self._get_function_configuration, "FunctionName"),
        }

    def download(self, address: str) -> bytes | None:
        """What is at an address that an operation answered; None for nothing."""
        digest = address.rpartition("/")[2]
        configs = map(_config, self.world.images.architectures())
        return next((config for config in configs if _digest(config) == digest), None)

    # --- ECR ---

    def _batch_get_image(self, request: Mapping[str, Any]) -> Json:
        repository, (asked,) = request["repositoryName"], request["imageIds"]
        if repository in self.world.absent:
            message = f"The repository with name '{repository}' does not exist in the registry"
            raise rejected("BatchGetImage", BatchGetImage.NO_REPOSITORY, message)
        name = f"{repository}:{asked.get('imageTag', '')}"
        digest, behaviour = self.world.images.stored(request["registryId"], name, asked.get("imageDigest", ""))
        if not behaviour.is_there(self.world.clock.monotonic()):
            failure = {
                "imageId": asked,
                "failureCode": BatchGetImage.NOT_FOUND,
                "failureReason": "Requested image not found",
            }
            return {"images": [], "failures": [failure]}
        media_type, manifest = _manifest(behaviour)
        image = {
            "registryId": request["registryId"],
            "repositoryName": repository,
            "imageId": {**asked, "imageDigest": digest},
            "imageManifest": json.dumps(manifest),
            "imageManifestMediaType": media_type,
        }
        return {"images": [image], "failures": []}

    def _get_download_url_for_layer(self, request: Mapping[str, Any]) -> Json:
        digest = request["layerDigest"]
        return {"downloadUrl": f"{self.world.address}{BLOBS}{digest}", "layerDigest": digest}

    def _describe_pull_through_cache_rules(self, _request: Mapping[str, Any]) -> Json:
        return {"pullThroughCacheRules": [{"ecrRepositoryPrefix": prefix} for prefix in self.world.caches]}

    # --- the others ---

    def _describe_secret(self, request: Mapping[str, Any]) -> Json:
        name = request["SecretId"]
        if name in self.world.absent:
            message = "Secrets Manager can't find the specified secret."
            raise rejected("DescribeSecret", DescribeSecret.NOT_FOUND, message)
        return {"Name": name, "VersionIdsToStages": {f"{0:032}": ["AWSCURRENT"]}}

    def _get_parameters(self, request: Mapping[str, Any]) -> Json:
        absent = [name for name in request["Names"] if name in self.world.absent]
        there = [name for name in request["Names"] if name not in absent]
        parameters = [{"Name": name, "Type": "SecureString", "Value": "encrypted"} for name in there]
        return {"Parameters": parameters, **({"InvalidParameters": absent} if absent else {})}

    def _get_role(self, request: Mapping[str, Any]) -> Json:
        name = request["RoleName"]
        if name in self.world.absent:
            raise rejected("GetRole", GetRole.NOT_FOUND, f"The role with name {name} cannot be found.")
        principal = {"Service": self.world.trusts.get(name, "ecs-tasks.amazonaws.com")}
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = {
            "Path": "/",
            "RoleName": name,
            "RoleId": "AROAEXAMPLEEXAMPLEEXA",
            "Arn": f"arn:aws:iam::123456789012:role/{name}",
            "CreateDate": self.world.clock.now(),
            "AssumeRolePolicyDocument": quote(document),
        }
        return {"Role": role}

    def _describe_log_groups(self, request: Mapping[str, Any]) -> Json:
        name = request.get("logGroupNamePrefix", "")
        return {"logGroups": [] if name in self.world.absent else [{"logGroupName": name}]}

    def _get_function_configuration(self, request: Mapping[str, Any]) -> Json:
        name = request["FunctionName"]
        if name in self.world.absent:
            raise rejected(
                "GetFunctionConfiguration", GetFunctionConfiguration.NOT_FOUND, f"Function not found: {name}"
            )
        return {"FunctionName": name.rpartition(":")[2], "FunctionArn": name, "State": "Active"}


def _manifest(behaviour: Behaviour) -> tuple[str, Json]:
    """Its media type, and an index with an attestation, as builders make it, or a plain manifest."""
    if not behaviour.is_index:
        config = _config(behaviour.architectures[0])
        described = {"mediaType": CONFIG, "digest": _digest(config), "size": len(config)}
        return MANIFEST, {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": []}
    entries = [
        {
            "mediaType": MANIFEST,
            "digest": _digest(architecture.encode()),
            "platform": {"architecture": architecture, "os": system},
        }
        for architecture, system in [*((name, "linux") for name in behaviour.architectures), (UNKNOWN, UNKNOWN)]
    ]
    return INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}


def _config(architecture: str) -> bytes:
    return json.dumps({"architecture": architecture, "os": "linux"}).encode()


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
