"""The table of permissions allows every call that the code makes, and no other."""

from __future__ import annotations

import json
import runpy
from typing import Any

from tests.docs.pages import DOCS, SNIPPETS
from tests.sent import SENT

POLICIES: dict[str, Any] = runpy.run_path(str(DOCS / "policies.py"))


def actions(statements: list[dict[str, Any]]) -> list[str]:
    """What they allow."""
    found = (one["Action"] for one in statements)
    return [name for one in found for name in ([one] if isinstance(one, str) else one)]


def allowed() -> list[str]:
    """By the table."""
    return actions([statement for feature in POLICIES["FEATURES"] for statement in feature.statements])


def test_every_call_is_allowed_once_and_nothing_else() -> None:
    implied = ("iam:PassRole", "ecs:TagResource", "sts:AssumeRole")
    assert sorted(allowed()) == sorted((*(call.permission for call in SENT), *implied))


def test_statements_have_names_of_their_own() -> None:
    names = [statement["Sid"] for feature in POLICIES["FEATURES"] for statement in feature.statements]
    assert len(names) == len(set(names))


def test_no_page_asks_for_more() -> None:
    elsewhere = {"sts:AssumeRoleWithWebIdentity"}
    asked: set[str] = set()
    for one in SNIPPETS:
        if one.language == "json":
            found = json.loads(one.text)
            asked |= set(actions(found if isinstance(found, list) else found["Statement"]))
    assert asked == set(allowed()) | elsewhere
