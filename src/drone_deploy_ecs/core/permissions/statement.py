"""One statement of an IAM policy: first with placeholders in capitals, then with what is known in their place."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from itertools import product
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.permissions.place import Place

Condition = dict[str, dict[str, tuple[str, ...]]]


def _always(_place: Place) -> bool:
    return True


class Statement(Struct, frozen=True, kw_only=True):
    """What allows these actions on these resources. `when` says whether a place needs it.

    `conditions` are values by operator and context key.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Condition
    when: Callable[[Place], bool] = _always

    def filled(self, known: Mapping[str, tuple[str, ...]]) -> Statement:
        """With every text of `known` replaced by its values, once for each; a pattern whose values are none goes."""
        conditions = {
            operator: {key: filled(patterns, known) for key, patterns in keys.items()}
            for operator, keys in self.conditions.items()
        }
        return replace(self, resources=filled(self.resources, known), conditions=conditions)

    def joined(self, other: Statement) -> Statement:
        """This one for the other's resources, too; both are made of the same pattern."""
        conditions = {
            operator: {key: _union(values, other.conditions[operator][key]) for key, values in keys.items()}
            for operator, keys in self.conditions.items()
        }
        return replace(self, resources=_union(self.resources, other.resources), conditions=conditions)

    def covers(self, other: Statement) -> bool:
        """Whether it allows all that the other one does."""
        has_actions = set(other.actions) <= set(self.actions)
        return has_actions and not self.conditions and all(map(self._has, other.resources))

    def _has(self, resource: str) -> bool:
        return any(fnmatchcase(resource, pattern) for pattern in self.resources)

    def json(self) -> dict[str, Any]:
        """As IAM has it: what is alone isn't in a list."""
        statement = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": _one_or_several(self.actions),
            "Resource": _one_or_several(self.resources),
        }
        conditions = {
            operator: {key: _one_or_several(values) for key, values in keys.items()}
            for operator, keys in self.conditions.items()
        }
        return {**statement, "Condition": conditions} if conditions else statement


def allow(
    sid: str,
    actions: Iterable[type[Call[Any]] | str],
    resources: str | tuple[str, ...] = "*",
    when: Callable[[Place], bool] = _always,
    **conditions: dict[str, str],
) -> Statement:
    """A statement. An action is a call's permission, or, where no call of ours has it, its name."""
    return Statement(
        sid=sid,
        actions=tuple(action if isinstance(action, str) else action.permission for action in actions),
        resources=(resources,) if isinstance(resources, str) else resources,
        conditions={name: {key: (value,) for key, value in keys.items()} for name, keys in conditions.items()},
        when=when,
    )


def filled(patterns: Iterable[str], known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The patterns with what is known in its place, sorted, each once. Of two texts the longer is replaced."""
    texts = sorted(known, key=len, reverse=True)
    # Split into the known texts and what stands between them.
    parts = (re.split(f"({'|'.join(map(re.escape, texts))})", pattern) for pattern in patterns)
    ways = (product(*(known.get(part, (part,)) for part in split)) for split in parts)
    return tuple(sorted({"".join(way) for all_ways in ways for way in all_ways}))


def _union(values: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*values, *others}))


def _one_or_several(values: tuple[str, ...]) -> str | list[str]:
    return values[0] if len(values) == 1 else list(values)
