"""Task definitions as the plain JSON they are on the wire: strip, read, and of what shape they are.

Nothing here names the members it keeps, so members that AWS adds tomorrow survive. Source of the response-only list:
the members of `TaskDefinition` that `RegisterTaskDefinitionRequest` doesn't have (ECS API reference).

Null is nothing: ECS never answers it, but emulators give back what was pasted from a console. It is read and compared
as if it weren't there, and sent as it was: whoever answered it takes it, and what is sent stays what was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RESPONSE_ONLY = frozenset({
    "taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities",
    "registeredAt", "registeredBy", "deregisteredAt", "deleteRequestedAt",
})  # fmt: skip

SHAPE: Mapping[str, Any] = {
    "family": str,
    "tags": [{"key": str, "value": str}],
    "volumes": [{"name": str}],
    "containerDefinitions": [{
        "name": str,
        "image": str,
        "environment": [{"name": str, "value": str}],
        "secrets": [{"name": str, "valueFrom": str}],
        "healthCheck": {"interval": int},
        "logConfiguration": {"logDriver": str, "options": {...: str}, "secretOptions": [{"name": str, "valueFrom": str}]},
        "repositoryCredentials": {"credentialsParameter": str},
    }],
}  # fmt: skip
"""Types of what is read here: an object's members (`...`: all of them), a list's entries. Null and absent will do."""
_CALLED = {str: "isn't a text", int: "isn't a whole number", dict: "isn't an object", list: "isn't a list"}


class HasBody:
    """What holds a task definition's `body`: that has environment values, which no traceback may show."""

    __slots__ = ()
    __struct_fields__: ClassVar[tuple[str, ...]]

    def __repr__(self) -> str:
        """All but the body."""
        members = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "body")
        return f"{type(self).__name__}({', '.join(members)})"


class Definition(HasBody, Struct, frozen=True):
    """A task definition revision: `body` is what would register it again, tags included."""

    arn: str
    active: bool
    body: Mapping[str, Any]

    @property
    def family(self) -> str:
        """The family it is a revision of."""
        return str(self.body.get("family") or "") or short(self.arn).rpartition(":")[0]


def read_definition(described: Mapping[str, Any]) -> Definition:
    """A revision out of the raw answer of DescribeTaskDefinition, `{"taskDefinition": {…}, "tags": […]}`."""
    definition = described["taskDefinition"]
    active = (definition.get("status") or "ACTIVE") == "ACTIVE"
    return Definition(definition["taskDefinitionArn"], active=active, body=registrable(described))


def registrable(described: Mapping[str, Any]) -> dict[str, Any]:
    """What to send to RegisterTaskDefinition to get this definition again, tags included.

    `described` is the raw answer of DescribeTaskDefinition. An empty tag list is left out: ECS refuses it.
    """
    definition = described["taskDefinition"]
    body = {name: value for name, value in definition.items() if name not in RESPONSE_ONLY}
    return body | ({"tags": described["tags"]} if described.get("tags") else {})


def entries(of: Mapping[str, Any], member: str) -> Sequence[Mapping[str, Any]]:
    """What that list has, be it null or absent, without entries that are null."""
    return [entry for entry in of.get(member) or () if entry is not None]


def containers(body: Mapping[str, Any]) -> dict[str, str]:
    """Image by container name, in order."""
    return {
        container.get("name") or "": container.get("image") or "" for container in entries(body, "containerDefinitions")
    }


class Defined(Struct, frozen=True):
    """What a task definition says of a container that tells how its end is to be read.

    A task lives on without one that isn't essential. What one finds that `has_mounts` may not be its image's.
    """

    name: str
    is_essential: bool = True
    has_mounts: bool = False


def defined(body: Mapping[str, Any]) -> frozenset[Defined]:
    """Its containers; unless it is said not to be, a container is essential."""
    return frozenset(
        Defined(
            name=container.get("name") or "",
            is_essential=container.get("essential") is not False,
            has_mounts=bool(container.get("mountPoints") or container.get("volumesFrom")),
        )
        for container in entries(body, "containerDefinitions")
    )


def warm_up(body: Mapping[str, Any]) -> float:
    """Seconds that a task needs at least from RUNNING to healthy, where no load balancer judges it.

    With container health checks the first result comes after an interval (30 s by default). Without any, ECS takes a
    task for healthy 40 s after RUNNING (ECS API reference, DeploymentConfiguration).
    """
    checks = [without_nulls(container.get("healthCheck")) for container in entries(body, "containerDefinitions")]
    return max((float(check.get("interval", 30)) for check in checks if check), default=40.0)


def without_tags(body: Mapping[str, Any]) -> dict[str, Any]:
    """For when IAM doesn't allow ecs:TagResource."""
    return {name: value for name, value in body.items() if name != "tags"}


def without_nulls(value: Any) -> Any:
    """The same without what is null, however deep."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


Place = tuple[str | int, ...]
"""Where something stands in JSON: members by name and entries by number, from the top down."""


def path(place: Place) -> str:
    """`containerDefinitions[#0].image`."""
    return "".join(f"[#{key}]" if isinstance(key, int) else f".{key}" for key in place).removeprefix(".")


def misshapen(value: Any, shape: Any = SHAPE, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Where a body that nobody has answered isn't of a task definition's shape, and what is wrong there."""
    if value is None:
        return
    expected: type = type(shape) if isinstance(shape, dict | list) else shape
    if not isinstance(value, expected):
        yield place, _CALLED[expected]
    elif isinstance(shape, dict) and isinstance(value, dict):
        for name, inner in shape.items():
            for member in value if name is ... else (name,):
                yield from misshapen(value.get(member), inner, (*place, member))
    elif isinstance(shape, list) and isinstance(value, list):
        for number, item in enumerate(value):
            yield from misshapen(item, shape[0], (*place, number))
