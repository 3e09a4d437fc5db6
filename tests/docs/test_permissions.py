"""The pages on permissions ask for what the table has, and nothing else."""

from __future__ import annotations

import json

from drone_deploy_ecs.core.permissions.table import FEATURES
from tests.docs.pages import SNIPPETS


def test_no_page_asks_for_more() -> None:
    elsewhere = {"sts:AssumeRoleWithWebIdentity"}
    asked: set[str] = set()
    for one in SNIPPETS:
        if one.language == "json":
            found = json.loads(one.text)
            for statement in found if isinstance(found, list) else found["Statement"]:
                named = statement["Action"]
                asked |= {named} if isinstance(named, str) else set(named)
    allowed = {name for feature in FEATURES for statement in feature.statements for name in statement.actions}
    assert asked == allowed | elsewhere
