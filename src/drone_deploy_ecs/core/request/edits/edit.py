"""What every edit is, and edits one after the other.

An edit is a frozen value. It makes one body (a task definition as it would be registered, plain JSON) of another, and
touches nothing that it doesn't name. Null is nothing there, as in `core.ecs.taskdef`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.masking import Secret

Body = dict[str, Any]


class Edit(Struct, frozen=True):
    """One change of a task definition. What a kind doesn't say otherwise is as here.

    `str` says it for people, with where it goes, and `brief` without. Neither shows a value of the environment.
    """

    if TYPE_CHECKING:  # what every kind says of itself

        @property
        def brief(self) -> str:
            """What is new, in a few words: `shop:2`."""
            raise NotImplementedError

        def apply(self, body: Mapping[str, Any], /) -> Body:
            """The body with it, where there is no problem; applied again it changes nothing more."""
            raise NotImplementedError

    @property
    def containers(self) -> tuple[str, ...]:
        """The containers that it takes for granted."""
        return ()

    @property
    def images(self) -> frozenset[str]:
        """The containers whose image it names."""
        return frozenset()

    @property
    def references(self) -> Iterator[str]:
        """The image references that it says in full."""
        yield from ()

    @property
    def replaces_all(self) -> bool:
        """Whether nothing of what was there stays."""
        return False

    @property
    def secrets(self) -> Iterator[Secret]:
        """What it tells that must not be printed."""
        yield from ()

    def problems(self, body: Mapping[str, Any], /) -> Iterator[Problem]:
        """Why it can't be applied to this body."""
        del body
        yield from ()

    def told(self, before: Mapping[str, Any], after: Mapping[str, Any], /) -> str:
        """What it changes, for people, where these are the bodies before and after all edits."""
        del before, after
        return str(self)

    def __str__(self) -> str:
        return self.brief


def apply(edits: Iterable[Edit], body: Mapping[str, Any]) -> Body:
    """The body with all of them, in their order."""
    edited = dict(body)
    for edit in edits:
        edited = edit.apply(edited)
    return edited


def problems(edits: Iterable[Edit], containers: Iterable[str], body: Mapping[str, Any], name: str) -> Iterator[Problem]:
    """Why the edits can't be applied to this body, which is called `name`, or why ECS would refuse what comes of them.

    `containers` are further ones that must be there.
    """
    edits, edited, called = tuple(edits), dict(body), name
    found: list[Problem] = []
    for edit in edits:
        if amiss := list(edit.problems(edited)):
            found += amiss
        else:
            edited, called = edit.apply(edited), str(edit) if edit.replaces_all else called
        if not edit.replaces_all:
            containers = (*containers, *edit.containers)
    # What a patch adds doesn't count as there: it brings its own image.
    there = taskdef.containers(apply((edit for edit in edits if edit.replaces_all), body))
    found += _missing(dict.fromkeys(containers), there, called)
    yield from found or _unusable(edited, str(body.get("family") or ""), f"{name} as it is to be")


def _missing(containers: Iterable[str], there: Iterable[str], name: str) -> Iterator[Problem]:
    there = tuple(there)
    for container in containers:
        if container not in there:
            what = f"{name} has no container {safe(container)!r}"
            yield Problem(what, f"It has: {', '.join(map(safe, there)) or 'none'}")


def _unusable(body: Mapping[str, Any], family: str, name: str) -> Iterator[Problem]:
    """Why ECS would refuse this body, as far as edits can bring that about."""
    if body.get("family") != family:
        yield Problem(f"{name} has another family than {family}", "A service's new revision is of its own family")
    if wrong := list(taskdef.misshapen(body)):
        for place, why in wrong:
            yield Problem(f"{name} has at {taskdef.path(place)} what {why}", "Check the patch")
        return
    containers = taskdef.entries(body, "containerDefinitions")
    if not containers:
        yield Problem(f"{name} has no container", "Leave at least one")
    for container in containers:
        called = f"container {safe(container.get('name') or '')!r}"
        if not container.get("name") or not container.get("image"):
            yield Problem(
                f"{name} has {called} without {'an image' if container.get('name') else 'a name'}", "Give it one"
            )
        variables, secrets = (
            {entry.get("name") for entry in taskdef.entries(container, member)} for member in ("environment", "secrets")
        )
        for variable in sorted(filter(None, variables & secrets)):
            what = f"{name} has {safe(variable, 80)} in environment and in secrets of {called}"
            yield Problem(what, "ECS takes it in one of them: remove the other with null")


def in_containers(body: Mapping[str, Any], names: Iterable[str], change: Callable[[Mapping[str, Any]], Body]) -> Body:
    """The body with the containers of these names changed, each from what it is."""
    names = frozenset(names)
    changed = [
        change(entry) if entry and entry.get("name") in names else entry
        for entry in body.get("containerDefinitions") or ()
    ]
    return {**body, "containerDefinitions": changed}


def listed(what: str, names: Sequence[str]) -> str:
    """`container app`, `containers app, log`."""
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(names)}"
