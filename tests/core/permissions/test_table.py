"""The table of permissions and the calls are of one mind."""

from __future__ import annotations

from drone_deploy_ecs.core.permissions.table import FEATURES
from tests.sent import SENT

IMPLIED = (*["iam:PassRole"] * 3, *["ecs:TagResource"] * 2, "sts:AssumeRole")
"""Permissions that no operation of ours is called by: tags are of revisions and of tasks, roles are passed to tasks, to
rules and to schedules."""
STATEMENTS = [statement for feature in FEATURES for statement in feature.statements]


def test_every_call_is_allowed_by_one_feature_and_nothing_else_is() -> None:
    allowed = [action for statement in STATEMENTS for action in statement.actions]
    assert sorted(allowed) == sorted((*(call.permission for call in SENT), *IMPLIED))


def test_statements_have_names_of_their_own() -> None:
    names = [statement.sid for statement in STATEMENTS]
    assert len(names) == len(set(names))


def test_every_feature_says_what_it_is_for_and_what_happens_without_it() -> None:
    assert all(feature.what.endswith(".") and feature.without.endswith(".") for feature in FEATURES)
