"""Edits of the environment: variables with a value, and variables that ECS fetches from a secret.

ECS takes a name in one of the two only, so what sets it in one removes it from the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.masking import Secret, reference
from drone_deploy_ecs.core.request.edits.edit import Body, Edit, in_containers, listed
from drone_deploy_ecs.core.text import safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


FEW = 8
"""Variables that are named in a sentence."""


class _SetVariables(Edit, frozen=True):
    """Variables to set in each of these containers, by name; None removes one.

    They go into the container's list `member`, as entries with a name and `key`, and out of its list `other`.
    """

    member: ClassVar[str]
    other: ClassVar[str]
    key: ClassVar[str]

    containers: tuple[str, ...]
    values: tuple[tuple[str, str | None], ...]

    @property
    def brief(self) -> str:
        """See `Edit`: by name only."""
        names = [safe(name, 80) for name, _ in self.values[:FEW]]
        more = len(self.values) - len(names)
        return f"{self.member} {', '.join(names)}{f' and {more} more' if more else ''}"

    def apply(self, body: Mapping[str, Any], /) -> Body:
        """See `Edit`. What is there keeps its place; what is new comes last."""
        return in_containers(body, self.containers, self._set)

    def _set(self, container: Mapping[str, Any]) -> Body:
        wanted = {name: value for name, value in self.values if value is not None}
        unwanted = {name for name, value in self.values if value is None}
        present, others = (container.get(member) or [] for member in (self.member, self.other))
        kept = [
            {**entry, self.key: wanted[name]} if (name := _name(entry)) in wanted else entry
            for entry in present
            if _name(entry) not in unwanted
        ]
        there = set(map(_name, kept))
        entries = [*kept, *({"name": name, self.key: value} for name, value in wanted.items() if name not in there)]
        left = [entry for entry in others if _name(entry) not in wanted]
        changes = {self.member: (present, entries), self.other: (others, left)}
        return {**container, **{member: after for member, (before, after) in changes.items() if before != after}}

    def __str__(self) -> str:
        return f"{self.brief} of {listed('container', self.containers)}"

    def __repr__(self) -> str:
        """By name only: what holds a value may be printed in a traceback."""
        return f"{type(self).__name__}({self.brief!r})"


def _name(entry: Mapping[str, Any] | None) -> str:
    return str((entry or {}).get("name") or "")


class SetEnvironment(_SetVariables, frozen=True):
    """Variables with a value."""

    member: ClassVar[str] = "environment"
    other: ClassVar[str] = "secrets"
    key: ClassVar[str] = "value"

    @property
    def secrets(self) -> Iterator[Secret]:
        """See `Edit`."""
        yield from (Secret(name, value) for name, value in self.values if value)


class SetSecrets(_SetVariables, frozen=True):
    """Variables that ECS fetches when a task starts: the value is the ARN of a secret or parameter."""

    member: ClassVar[str] = "secrets"
    other: ClassVar[str] = "environment"
    key: ClassVar[str] = "valueFrom"

    @property
    def secrets(self) -> Iterator[Secret]:
        """See `Edit`."""
        yield from (secret for name, arn in self.values if arn for secret in reference(name, arn))
