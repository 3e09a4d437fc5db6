"""The table of permissions and the calls are of one mind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.permissions.table import FEATURES
from tests.sent import SENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.permissions.statement import Statement

IMPLIED = (*["iam:PassRole"] * 3, *["ecs:TagResource"] * 2, "sts:AssumeRole")
"""Permissions that no operation of ours is called by: tags are of revisions and of tasks, roles are passed to tasks, to
rules and to schedules."""
STATEMENTS = [statement for feature in FEATURES for statement in feature.statements]


WIDER = "Old revisions"
"""The feature that needs much that others need, too, but for everything: `policy` leaves out what it covers."""


def test_every_call_is_allowed_by_one_feature_and_nothing_else_is() -> None:
    allowed = {feature.name: [*actions(feature.statements)] for feature in FEATURES}
    wider = allowed.pop(WIDER)
    narrow = [action for several in allowed.values() for action in several]
    own = [action for action in wider if action not in narrow]
    assert sorted((*narrow, *own)) == sorted((*(call.permission for call in SENT), *IMPLIED))


def actions(statements: Iterable[Statement]) -> Iterator[str]:
    return (action for statement in statements for action in statement.actions)


def test_statements_have_names_of_their_own() -> None:
    names = [statement.sid for statement in STATEMENTS]
    assert len(names) == len(set(names))


def test_every_feature_says_what_it_is_for_and_what_happens_without_it() -> None:
    assert all(feature.what.endswith(".") and feature.without.endswith(".") for feature in FEATURES)
