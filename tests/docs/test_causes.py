"""Who pastes a piece of ECS's message into the search of the causes page finds the cause that explains it."""

from __future__ import annotations

import re
import runpy

import pytest

from drone_deploy_ecs.core.causes.catalogue import CATALOGUE
from tests.causes.messages import MESSAGES, Grade, grade
from tests.docs.pages import DOCS

PAGE = (DOCS / "causes.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### ([\w-]+)\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
"""What stands below each cause that has messages."""
WORDINGS = runpy.run_path(str(DOCS / "wordings.py"))
shortened, OF_EVERY_TASK = WORDINGS["shortened"], WORDINGS["OF_EVERY_TASK"]


@pytest.mark.parametrize(
    ("piece", "cause"),
    [
        ("does not contain descriptor matching platform", "wrong-platform"),
        ("retrieved from the task's subnet", ""),
        ("There is a connection issue between the task and Amazon ECR", "no-connection"),
        ("You have reached your pull rate limit", "registry-throttled"),
        ('encountered error "MemberOf placement constraint unsatisfied', "placement-constraint"),
        ("Health checks failed with these codes", "target-unhealthy"),
        ("unsuccessful EFS utils command execution", "volume"),
    ],
)
def test_a_piece_of_a_message_is_found_below_its_cause(piece: str, cause: str) -> None:
    found = [name for name, section in SECTIONS.items() if piece in section]
    assert cause in found if cause else not found


def test_every_message_that_is_explained_rightly_stands_below_its_cause() -> None:
    right = [(one, cause) for one in MESSAGES if (cause := one.explained()) and grade(one, cause) is Grade.RIGHT]
    missing = [
        one.id
        for one, cause in right
        if one.said not in OF_EVERY_TASK and shortened(one.said).lower().rstrip(".") not in SECTIONS[cause.name].lower()
    ]
    assert right
    assert not missing


def test_a_cause_is_linked_where_it_has_messages_and_stands_once() -> None:
    for one in CATALOGUE:
        assert (f"[`{one.name}`](#{one.name})" in PAGE) is (one.name in SECTIONS)
        assert PAGE.count(f"\n### {one.name}\n") == (one.name in SECTIONS)
    assert SECTIONS.keys() <= {one.name for one in CATALOGUE}


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("a\n\tb", "a b"),
        ("shop@sha256:0123456789abcdef0123: not found", "shop@sha256:…: not found"),
        ("(task 60a736a708f44dfcb1191e0771825ad5) failed", "(task …) failed"),
        ("request id: 75567eb3-6abb-11e6-9d4c-cb4ccd1cee97", "request id: …"),
        ("(deployment ecs-svc/2040345441922381038) (instance i-016b0a460d9974567)", "(deployment ecs-svc/…) (instance i-…)"),
        ("arn:aws:iam::123456789012:role/web", "arn:aws:iam::123456789012:role/web"),
        ("word " * 100, "word " * 99 + "word"),
        ("word " * 101, "word " * 100 + "…"),
    ],
)  # fmt: skip
def test_a_message_is_shortened_to_what_is_the_same_for_everybody(text: str, short: str) -> None:
    assert shortened(text) == short
