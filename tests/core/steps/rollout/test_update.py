"""The two steps that lead to a rollout, as the plan prints them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import Reach
from tests.core.shown import BEFORE, NEW, OURS, TARGET

UPDATE = UpdateService(target=TARGET, definition=NEW, terms=Terms(budget=600.0), undo="UpdateService to web:1")
FOLLOW = FollowDeployment(target=TARGET, definition=NEW, deployment=OURS, terms=UPDATE.terms, undo="as above")


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (UPDATE, "UpdateService: web to web:2"),
        (replace(UPDATE, definition="", registration="web#1"), "UpdateService: web to that revision"),
        (replace(UPDATE, desired=2), "UpdateService: web to web:2, with 2 tasks"),
        (
            replace(UPDATE, force=True),
            "UpdateService: web to web:2, with a forced new deployment (the tag may have been pushed again)",
        ),
        (FOLLOW, "Follow ecs-svc/2 of web: web:2 is rolling out already"),
    ],
)
def test_what_a_step_says(step: UpdateService | FollowDeployment, text: str) -> None:
    assert str(step) == text


def test_what_is_waited_for_and_how_it_is_undone() -> None:
    assert list(UPDATE.explain()) == [
        "Now web:1, 2 tasks desired",
        "Wait for that deployment to be PRIMARY and COMPLETED, at most 10 m",
        "Undo: UpdateService to web:1",
    ]
    checked = Terms(budget=600.0, checks=3, check_interval=10.0)
    new = replace(FOLLOW, target=replace(TARGET, before=""), desired=2, terms=checked)
    assert list(new.explain()) == [
        "Now without a COMPLETED deployment, 2 tasks desired",
        "Wait for that deployment to be PRIMARY and COMPLETED with 2 tasks, at most 10 m; then for 3 checks in a row, 10 s apart",
        "Undo: as above",
    ]


def test_an_update_needs_the_revision_that_is_registered_first() -> None:
    assert UPDATE.needs == FOLLOW.needs == ()
    assert replace(UPDATE, definition="", registration="web#1").needs == ("web#1",)


def test_other_steps_name_it_by_its_service() -> None:
    assert UPDATE.key == FOLLOW.key == "update web"
    assert (UPDATE.reach, UPDATE.after, UPDATE.reduces_capacity) == (Reach.RUN, "", False)


def test_either_is_taken_back_by_an_update() -> None:
    how: dict[str, Any] = {"target": TARGET, "terms": Terms(budget=60.0), "definition": BEFORE, "undoes": OURS}
    update = UpdateService(target=TARGET, terms=Terms(budget=60.0), definition=NEW)
    follow = FollowDeployment(target=TARGET, terms=Terms(budget=60.0), definition=NEW, deployment=OURS)
    assert update.undone(object(), **how) == follow.undone(object(), **how) == UpdateService(**how)
