"""An edit by a JSON merge patch (RFC 7396), with lists of named things patched by name.

In RFC 7396 a list is replaced as a whole. Where a task definition has a list of named things, an object in the patch
changes those that it names: `{"containerDefinitions": {"app": {"cpu": 256}}}`. A name that isn't there is added, null
removes. A list in the patch replaces the list, as in the RFC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core import masking
from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.request.edits.edit import Body, Edit
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.masking import Secret

_EACH = "[]"
Place = tuple[str, ...]
"""Members from the top down, `[]` for whichever entry of a list of named things."""
NAMED: Mapping[Place, str] = {
    ("containerDefinitions",): "name",
    ("volumes",): "name",
    ("tags",): "key",
    ("containerDefinitions", _EACH, "environment"): "name",
    ("containerDefinitions", _EACH, "secrets"): "name",
    ("containerDefinitions", _EACH, "ulimits"): "name",
    ("containerDefinitions", _EACH, "dependsOn"): "containerName",
}
"""The lists of named things, and which member is the name."""


class Patch(Edit, frozen=True):
    """The patch; `document` is an object."""

    document: Mapping[str, Any]

    @property
    def brief(self) -> str:
        """See `Edit`."""
        return "a patch"

    @property
    def images(self) -> frozenset[str]:
        """See `Edit`."""
        return frozenset(name for name, image in taskdef.containers(self._alone).items() if image)

    @property
    def secrets(self) -> Iterator[Secret]:
        """See `Edit`."""
        yield from masking.secrets(self._alone)

    @property
    def _alone(self) -> Body:
        """The definition that it would make of nothing."""
        alone = {} if list(_misshapen(None, self.document, ())) else self.apply({})
        return {} if list(taskdef.misshapen(alone)) else alone

    def problems(self, body: Mapping[str, Any], /) -> Iterator[Problem]:
        """See `Edit`."""
        for member in sorted(taskdef.RESPONSE_ONLY & self.document.keys()):
            yield Problem(f"patch names {member}, which ECS sets itself", "Leave it out")
        yield from _misshapen(body, self.document, ())

    def apply(self, body: Mapping[str, Any], /) -> Body:
        """See `Edit`. An empty tag list is left out: ECS refuses it."""
        merged: Body = merge(body, self.document)
        if "tags" in self.document and not merged.get("tags"):
            merged.pop("tags", None)
        return merged

    def __repr__(self) -> str:
        """Without what it says: that may be a value of the environment."""
        return "Patch()"


def merge(value: Any, patch: Any, place: Place = ()) -> Any:
    """The value with the patch; `place` is where it stands in the task definition."""
    if not isinstance(patch, dict):
        return patch
    if place in NAMED and (value is None or isinstance(value, list)):
        return _merge_named(value or [], patch, place)
    merged = dict(value) if isinstance(value, dict) else {}
    for name, change in patch.items():
        if change is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), change, (*place, name))
    return merged


def _merge_named(entries: Sequence[Any], patch: Mapping[str, Any], place: Place) -> list[Any]:
    merged: list[Any] = []
    new = dict(patch)
    for entry in entries:
        name = _name(entry, place)
        new.pop(name, None)
        if name not in patch:
            merged.append(entry)
        elif patch[name] is not None:
            merged.append(merge(entry, patch[name], (*place, _EACH)))
    added = ((name, change) for name, change in new.items() if change is not None)
    return [*merged, *(merge({NAMED[place]: name}, change, (*place, _EACH)) for name, change in added)]


def _name(entry: Any, place: Place) -> str:
    name = entry.get(NAMED[place]) if isinstance(entry, dict) else ""
    return name if isinstance(name, str) else ""


# --- what it can't be ---


def _misshapen(value: Any, patch: Any, place: Place, path: str = "") -> Iterator[Problem]:
    """What in this part of the patch ECS can't have meant: by the path to it, without what it says."""
    if not isinstance(patch, dict):
        yield from _mistyped(value, patch, path)
        return
    if isinstance(value, list) and place not in NAMED:
        yield Problem(f"patch has an object at {path}, where the task definition has a list", "Give the whole list")
        return
    is_named = place in NAMED and not isinstance(value, dict)
    entries = {_name(entry, place): entry for entry in value or ()} if is_named else value
    for name, change in patch.items():
        inner = f"{path}[{safe(name, 80)}]" if is_named else f"{path}.{safe(name, 80)}" if path else safe(name, 80)
        if is_named and change is not None and (problem := _misnamed(name, change, place, inner)):
            yield problem
        elif change is not None:
            found = entries.get(name) if isinstance(entries, dict) else None
            yield from _misshapen(found, change, (*place, _EACH if is_named else name), inner)


def _misnamed(name: str, change: Any, place: Place, path: str) -> Problem | None:
    key = NAMED[place]
    if not isinstance(change, dict):
        return Problem(f"patch has no object at {path}", f"Give an object with its members, or null to remove {path}")
    if change.get(key, name) != name:
        return Problem(f"patch gives {path} another {key}", "Remove it with null, and add one of the other name")
    return None


def _mistyped(value: Any, patch: Any, path: str) -> Iterator[Problem]:
    """A number where the definition has a text: ECS takes no 512 for "512"."""
    if isinstance(value, str) and isinstance(patch, bool | int | float):
        yield Problem(f"patch has no text at {path}, where the task definition has one", "Put it in quotes")
