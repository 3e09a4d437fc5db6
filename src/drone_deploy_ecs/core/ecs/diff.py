"""Two task definitions compared: whether they mean the same, and what differs, by path.

ECS answers more than was registered: members that weren't given come back empty, or with its defaults. What is absent,
null or empty means the same, and so does a default. Nor does the order of tags, variables and secrets mean anything:
ECS answers them in an order of its own. Nor does it matter of which build it is.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.build import of_build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Place = tuple[str, ...]
"""Members from the top down, `[]` for any entry of a list."""
_EACH = "[]"
_CONTAINER = ("containerDefinitions", _EACH)
_HOST_PORT = (*_CONTAINER, "portMappings", _EACH, "hostPort")
_DEFAULTS: Mapping[Place, Any] = {
    (*_CONTAINER, "cpu"): 0,
    (*_CONTAINER, "essential"): True,
    (*_CONTAINER, "portMappings", _EACH, "protocol"): "tcp",
    _HOST_PORT: 0,
}
"""What ECS answers where a member wasn't given (API reference of ContainerDefinition and PortMapping)."""
_UNORDERED = {("tags",): "key", (*_CONTAINER, "environment"): "name", (*_CONTAINER, "secrets"): "name"}
_NUMBER = r"\d+(\.\d+)?( ?(vCPU|GB))?"
_WORD = r"X86_64|ARM64|LINUX|WINDOWS_SERVER_[A-Z0-9_]+|awsvpc|bridge|host|none|tcp|udp"
_SHOWN: Mapping[Place, str] = {
    ("cpu",): _NUMBER,
    ("memory",): _NUMBER,
    ("family",): r"[\w-]+",
    ("networkMode",): _WORD,
    ("runtimePlatform", "cpuArchitecture"): _WORD,
    ("runtimePlatform", "operatingSystemFamily"): _WORD,
    ("ephemeralStorage", "sizeInGiB"): _NUMBER,
    (*_CONTAINER, "image"): r".+",
    (*_CONTAINER, "essential"): r"True|False",
    **{
        (*_CONTAINER, *member): _NUMBER
        for member in (
            ("cpu",), ("memory",), ("memoryReservation",), ("startTimeout",), ("stopTimeout",),
            ("healthCheck", "interval"), ("healthCheck", "timeout"), ("healthCheck", "retries"),
            ("healthCheck", "startPeriod"), ("ulimits", _EACH, "softLimit"), ("ulimits", _EACH, "hardLimit"),
            ("portMappings", _EACH, "containerPort"), ("portMappings", _EACH, "hostPort"),
        )
    },
}  # fmt: skip
"""Members whose values are harmless, and how a harmless one looks. Everything else may be confidential."""
HIDDEN = "•••"


def same(body: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether registering either would give the same revision."""
    return bool(meaning(body) == meaning(other))


def meaning(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without what means nothing, in an order that means nothing."""
    # There a port of the host is the container's own, and ECS answers it so.
    defaults: Mapping[Place, Any] = {_HOST_PORT: ...} if body.get("networkMode") in ("awsvpc", "host") else {}
    return _meaning(of_build(body, None), (), {**_DEFAULTS, **defaults}) or {}


def _meaning(value: Any, place: Place, defaults: Mapping[Place, Any]) -> Any:
    """None for nothing at all; a default of `...` is any value."""
    if isinstance(value, dict):
        members = ((name, _meaning(member, (*place, name), defaults)) for name, member in value.items())
        return {name: member for name, member in members if member is not None} or None
    if isinstance(value, list):
        items = [_meaning(item, (*place, _EACH), defaults) for item in value if item is not None]
        if key := _UNORDERED.get(place):
            items.sort(key=lambda item: str(item.get(key)) if isinstance(item, dict) else "")
        return items or None
    default = defaults.get(place)
    is_default = default is ... or (type(value) is type(default) and value == default)
    return None if is_default else value


def diff(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """What differs, a line for each path; nothing where both are the same. Only harmless values are shown."""
    return tuple(_differences("", (), meaning(before), meaning(after)))


def _differences(path: str, place: Place, before: Any, after: Any) -> Iterator[str]:
    if before == after:
        return
    old, new = _members(before), _members(after)
    if old is None or new is None or type(before) is not type(after):
        yield f"~ {path}: {_shown(place, before) or HIDDEN} -> {_shown(place, after) or HIDDEN}"
        return
    if list(old) != list(new) and isinstance(before, list) and _is_reordered(old, new):
        yield f"~ {path} (order)"
    for key in [*old, *(key for key in new if key not in old)]:
        is_entry = isinstance(before, list)
        inner = f"{path}{key}" if is_entry else f"{path}.{key}" if path else key
        below = (*place, _EACH if is_entry else key)
        if key in old and key in new:
            yield from _differences(inner, below, old[key], new[key])
        else:
            yield from _only("-" if key in old else "+", inner, below, old[key] if key in old else new[key])


def _only(sign: str, path: str, place: Place, value: Any) -> Iterator[str]:
    """What is in one of the two only: entry by entry where it is a list of named things, a container with its image."""
    entries = _by_name(value) if isinstance(value, list) else {}
    if entries and not any(key.startswith("[#") for key in entries):
        for key, entry in entries.items():
            yield from _only(sign, f"{path}{key}", (*place, _EACH), entry)
        return
    image = f" ({value.get('image', 'no image')})" if place == _CONTAINER and isinstance(value, dict) else ""
    shown = _shown(place, value)
    yield f"{sign} {path}{image}" + (f": {shown}" if shown else "")


def _is_reordered(old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    return set(old) == set(new) and all(old[key] == new[key] for key in old)


def _shown(place: Place, value: object) -> str:
    """The value, where it is a harmless one; else ""."""
    return str(value) if place in _SHOWN and re.fullmatch(_SHOWN[place], str(value)) else ""


def _members(value: object) -> Mapping[str, object] | None:
    """A mapping's members, or a list's by the name of each (`environment[LOG_LEVEL]`) or else its place."""
    if isinstance(value, dict):
        return value
    return _by_name(value) if isinstance(value, list) else None


def _by_name(items: Sequence[object]) -> dict[str, object]:
    named: dict[str, object] = {}
    for number, item in enumerate(items):
        keys = ("name", "key", "containerName")
        name = next((item[key] for key in keys if item.get(key)), None) if isinstance(item, dict) else None
        label = f"[{name}]" if name is not None and f"[{name}]" not in named else f"[#{number}]"
        named[label] = item
    return named
