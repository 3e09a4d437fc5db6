"""The table of permissions allows every call that the code makes, and no other."""

from __future__ import annotations

import json
import re
import runpy
from typing import Any

from drone_deploy_ecs.core.evidence import PERMISSIONS
from drone_deploy_ecs.ports import EcsApi
from tests.docs.pages import DOCS, ROOT, SNIPPETS

POLICIES: dict[str, Any] = runpy.run_path(str(DOCS / "policies.py"))
PREFIXES = {"elbv2": "elasticloadbalancing"}
"""Where IAM's name of a service isn't botocore's."""


def actions(statements: list[dict[str, Any]]) -> list[str]:
    """What they allow."""
    found = (one["Action"] for one in statements)
    return [name for one in found for name in ([one] if isinstance(one, str) else one)]


def allowed() -> list[str]:
    """By the table."""
    return actions([statement for feature in POLICIES["FEATURES"] for statement in feature.statements])


def made() -> set[str]:
    """By the code: the ECS operations of the port, and every client of another service with its operation."""
    ecs = {f"ecs:{''.join(word.capitalize() for word in name.split('_'))}" for name in vars(EcsApi) if name[0] != "_"}
    source = (ROOT / "src" / "drone_deploy_ecs" / "aws" / "connect.py").read_text(encoding="utf-8")
    others = re.findall(r'_client\("([a-z0-9-]+)", "(\w+)"', source)
    assert len(others) > 5
    return ecs | {f"{PREFIXES.get(service, service)}:{operation}" for service, operation in others}


def test_every_call_is_allowed_once_and_nothing_else() -> None:
    implied = {"iam:PassRole", "ecs:TagResource", "sts:AssumeRole"}
    assert sorted(allowed()) == sorted(made() | implied)


def test_evidence_asks_for_what_the_table_allows() -> None:
    assert {permission for permission, _ in PERMISSIONS.values()} <= set(allowed())


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
