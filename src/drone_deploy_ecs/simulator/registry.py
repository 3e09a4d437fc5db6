"""Task definitions and images of the simulated account."""

from __future__ import annotations

import copy
import hashlib
from typing import TYPE_CHECKING, Any

from msgspec.structs import asdict

from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.taskdef import RESPONSE_ONLY
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.clock import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


UNKNOWN = "Unable to describe task definition."


def rejected(operation: str, code: str, message: str) -> ApiError:
    """The error with which AWS rejects a request."""
    return ApiError(Fault(FaultKind.REJECTED, operation, code, message))


class Images:
    """What each image does, by tag and by digest: a tag can be pushed again, a digest never changes."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}
        self._behaviours: dict[str, Behaviour] = {}

    def push(self, image: str, behaviour: Behaviour, digest: str = "") -> str:
        """Push (again); the digest. Running tasks keep what they run."""
        made = digest or "sha256:" + hashlib.sha256(f"{image} {_content(behaviour)}".encode()).hexdigest()
        self._tags[image] = made
        self._behaviours[made] = behaviour
        return made

    def resolve(self, image: str) -> tuple[str, Behaviour]:
        """Digest and behaviour of what a pull gets now."""
        digest = image.partition("@")[2] or self._tags.get(image) or self.push(image, Behaviour())
        return digest, self.behaviour(digest)

    def stored(self, registry: str, name: str, digest: str) -> tuple[str, Behaviour]:
        """Digest and behaviour of what ECR has for an account: by digest, or else by `repository:tag`.

        What nobody pushed is there, as it is for a pull.
        """
        if digest:
            return digest, self.behaviour(digest)
        pushed = (tag for tag in self._tags if tag.startswith(f"{registry}.dkr") and tag.partition("/")[2] == name)
        return self.resolve(next(pushed, f"{registry}.dkr.ecr.eu-west-1.amazonaws.com/{name}"))

    def architectures(self) -> set[str]:
        """All that any image is built for."""
        behaviours = (Behaviour(), *self._behaviours.values())
        return {architecture for behaviour in behaviours for architecture in behaviour.architectures}

    def behaviour(self, digest: str) -> Behaviour:
        """What containers of this digest do; those of a digest that nobody pushed become healthy."""
        return self._behaviours.get(digest, Behaviour())


class TaskDefinitions:
    """Every revision ever registered, as JSON; members nobody knows are kept."""

    def __init__(self, arn_prefix: str) -> None:
        self._prefix = arn_prefix
        self._revisions: dict[str, list[dict[str, Any]]] = {}

    def register(self, body: Mapping[str, Any], now: float = 0.0) -> dict[str, Any]:
        """A new revision: `{"taskDefinition": …, "tags": …}`."""
        definition = copy.deepcopy(dict(body))
        strange = sorted(RESPONSE_ONLY & set(definition))
        if strange:
            raise rejected("RegisterTaskDefinition", "SerializationException", f"unknown members: {', '.join(strange)}")
        tags = definition.pop("tags", None)
        if tags == []:
            raise rejected("RegisterTaskDefinition", "ClientException", "Tags can not be empty.")
        if not definition.get("containerDefinitions"):
            raise rejected("RegisterTaskDefinition", "ClientException", "Container list cannot be empty.")
        revisions = self._revisions.setdefault(definition["family"], [])
        definition |= {
            "taskDefinitionArn": f"{self._prefix}task-definition/{definition['family']}:{len(revisions) + 1}",
            "revision": len(revisions) + 1,
            "status": "ACTIVE",
            "requiresAttributes": [],
            "compatibilities": ["EC2", "FARGATE"],
            "registeredAt": moment(now),
            "registeredBy": f"{self._prefix.replace(':ecs:', ':iam:')}user/simulator",
        }
        revisions.append({"taskDefinition": definition, "tags": tags or []})
        return copy.deepcopy(revisions[-1])

    def describe(self, name: str) -> dict[str, Any]:
        """A revision by ARN, `family:revision` or family (its newest ACTIVE one), with tags."""
        return copy.deepcopy(self.find("DescribeTaskDefinition", name))

    def find(self, operation: str, name: str) -> dict[str, Any]:
        """The kept revision itself."""
        family, _, number = name.rpartition("/")[2].partition(":")
        revision = int(number) if number.isdecimal() else number
        revisions = self._revisions.get(family, [])
        if revision:
            matching = [candidate for candidate in revisions if candidate["taskDefinition"]["revision"] == revision]
        else:
            matching = [candidate for candidate in revisions if candidate["taskDefinition"]["status"] == "ACTIVE"]
        if not matching:
            unknown = "TaskDefinition not found." if operation == "UpdateService" else UNKNOWN
            raise rejected(operation, "ClientException", unknown)
        return matching[-1]

    def tag(self, arn: str, tags: Sequence[Mapping[str, str]]) -> None:
        """Give a revision tags, each in the place of one of the same key."""
        revision = self.find("TagResource", arn)
        keys = {tag["key"] for tag in tags}
        revision["tags"] = [tag for tag in revision["tags"] if tag["key"] not in keys] + [dict(tag) for tag in tags]

    def deregister(self, name: str, now: float = 0.0) -> dict[str, Any]:
        """Make a revision INACTIVE: what runs it goes on, but nothing can be updated to it."""
        revision = self.find("DeregisterTaskDefinition", name)
        revision["taskDefinition"] |= {"status": "INACTIVE", "deregisteredAt": moment(now)}
        return copy.deepcopy(revision)

    def families(self) -> dict[str, int]:
        """How many revisions each family has."""
        return {family: len(revisions) for family, revisions in self._revisions.items()}

    def arns(self, family: str = "", status: str = "ACTIVE") -> list[str]:
        """Every revision's ARN of that status, oldest first; of that family, "" for all."""
        return [
            revision["taskDefinition"]["taskDefinitionArn"]
            for name, revisions in self._revisions.items()
            for revision in revisions
            if family in ("", name) and revision["taskDefinition"]["status"] == status
        ]


def _content(behaviour: Behaviour) -> dict[str, object]:
    """What makes a behaviour another than the usual one: what may be scripted one day changes no digest of today."""
    usual = asdict(Behaviour())
    return {name: value for name, value in asdict(behaviour).items() if value != usual[name]}
