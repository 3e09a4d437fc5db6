"""Task definitions as the plain JSON they are on the wire: strip, edit, compare, and a diff that shows no values.

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
    checks = [_without_nulls(container.get("healthCheck")) for container in entries(body, "containerDefinitions")]
    return max((float(check.get("interval", 30)) for check in checks if check), default=40.0)


def with_image(body: Mapping[str, Any], container: str, image: str) -> dict[str, Any]:
    """The same definition with this one container's image changed, and nothing else."""
    changed = [
        {**entry, "image": image} if entry and entry.get("name") == container else entry
        for entry in body.get("containerDefinitions") or ()
    ]  # fmt: skip
    return {**body, "containerDefinitions": changed}


def without_tags(body: Mapping[str, Any]) -> dict[str, Any]:
    """For when IAM doesn't allow ecs:TagResource."""
    return {name: value for name, value in body.items() if name != "tags"}


def same(body: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether registering either would give the same revision; the order of tags doesn't matter, nor does null."""
    body, other = _without_nulls(body), _without_nulls(other)

    def by_key(tag: Mapping[str, str]) -> str:
        return tag.get("key", "")

    return without_tags(body) == without_tags(other) and sorted(body.get("tags", ()), key=by_key) == sorted(
        other.get("tags", ()), key=by_key
    )


def _without_nulls(value: Any) -> Any:
    """The same without what is null, however deep."""
    if isinstance(value, dict):
        return {name: _without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value if item is not None]
    return value


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs, one line a member, by name only; values are shown for images alone.

    Environment values, secret ARNs and anything else in a definition may be confidential.
    """
    return tuple(_differences("", before, after))


def _differences(path: str, before: object, after: object) -> Iterator[str]:
    if before == after:
        return
    old, new = _members(before), _members(after)
    if old is None or new is None or type(before) is not type(after):
        shown = path.endswith(".image") and isinstance(before, str) and isinstance(after, str)
        yield f"~ {path}: {before} -> {after}" if shown else f"~ {path} (value not shown)"
        return
    if list(old) != list(new) and set(old) == set(new) and all(old[key] == new[key] for key in old):
        yield f"~ {path} (order)"
    for key in [*old, *(key for key in new if key not in old)]:
        inner = key if not path else f"{path}{key}" if key.startswith("[") else f"{path}.{key}"
        if key not in new:
            yield f"- {inner}"
        elif key not in old:
            yield f"+ {inner}"
        else:
            yield from _differences(inner, old[key], new[key])


def _members(value: object) -> dict[str, object] | None:
    """A mapping's members, or a list's by the name of each (`environment[LOG_LEVEL]`) or else its place."""
    if isinstance(value, dict):
        return value
    if isinstance(value, list):
        return _by_name(value)
    return None


def _by_name(items: Sequence[object]) -> dict[str, object]:
    named: dict[str, object] = {}
    for place, item in enumerate(items):
        name = next((item[key] for key in ("name", "key") if item.get(key)), None) if isinstance(item, dict) else None
        label = f"[{name}]" if name is not None and f"[{name}]" not in named else f"[#{place}]"
        named[label] = item
    return named
