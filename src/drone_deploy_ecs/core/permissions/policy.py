"""The least policy for a request, of what is known of its services; and what is to be said of it beside."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.permissions.place import with_accounts
from drone_deploy_ecs.core.permissions.table import FEATURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from drone_deploy_ecs.core.permissions.place import Place
    from drone_deploy_ecs.core.permissions.statement import Statement

MOST = 6_144
"""Characters of a managed policy, white space aside (IAM and STS quotas)."""
PLACEHOLDERS = (
    "ACCOUNT",
    "FAMILY",
    "TASK-ROLE",
    "EXECUTION-ROLE",
    "LOG-GROUP",
    "BRANCH",
    "REPOSITORY",
    "RULES-ROLE",
    "SCHEDULES-ROLE",
)
"""What may stay in it, for people to replace."""


class Policy(Struct, frozen=True):
    """Statements in the table's order, each with all its resources."""

    statements: tuple[Statement, ...]

    def json(self) -> dict[str, Any]:
        """As IAM has it."""
        return {"Version": "2012-10-17", "Statement": [statement.json() for statement in self.statements]}

    def __str__(self) -> str:
        return json.dumps(self.json(), indent=2) + "\n"

    @property
    def size(self) -> int:
        """Its characters as IAM counts them."""
        return len(re.sub(r"\s", "", str(self)))


def policy_for(places: Iterable[Place]) -> Policy:
    """The least policy for these places; as few statements as possible where it wouldn't fit otherwise."""
    whole = Policy(tuple(_uncovered(tuple(_statements(with_accounts(places))))))
    return whole if whole.size <= MOST else Policy(tuple(_alike_together(whole.statements)))


def notes(policy: Policy, places: Sequence[Place]) -> Iterator[str]:
    """What somebody should know who puts it to use."""
    text = str(policy)
    left = [name for name in PLACEHOLDERS if re.search(rf"(?<![\w-]){name}(?![\w-])", text)]
    if left:
        yield f"replace what couldn't be read: {', '.join(left)}"
    if patterns := sorted({place.pattern for place in places if place.pattern}):
        yield (
            f"of services that {', '.join(patterns)} will match later, families, roles and log groups are still to be added"
        )
    if any(place.access.role_arn for place in places):
        yield "AssumeTheRole is for the identity that the step starts with, all the others are for the role"
    if policy.size > MOST:
        yield f"it has {policy.size} characters, and IAM takes {MOST} in a managed policy: split it, or name services by a pattern"


def _statements(places: Sequence[Place]) -> Iterator[Statement]:
    for pattern in (statement for feature in FEATURES for statement in feature.statements):
        made: Statement | None = None
        for place in filter(pattern.when, places):
            here = pattern.filled(place.known)
            made = made.joined(here) if made else here
        if made and made.resources:
            yield made


def _uncovered(statements: Sequence[Statement]) -> Iterator[Statement]:
    """Those that no other one covers; of two that cover each other the first."""
    for number, statement in enumerate(statements):
        others = [(index, other) for index, other in enumerate(statements) if index != number]
        if not any(
            other.covers(statement) and (index < number or not statement.covers(other)) for index, other in others
        ):
            yield statement


def _alike_together(statements: Iterable[Statement]) -> Iterator[Statement]:
    """One statement for all that have the same resources and conditions."""
    alike: dict[str, Statement] = {}
    for statement in statements:
        key = repr((statement.resources, statement.conditions))
        first = alike.get(key)
        alike[key] = (
            replace(first, sid=f"{first.sid}And{statement.sid}", actions=(*first.actions, *statement.actions))
            if first
            else statement
        )
    yield from alike.values()
