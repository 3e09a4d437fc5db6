"""What is in a run's way: how it is said, how long it is waited for, and whether it came before the write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.build import BUILD, build_of, of_build
from drone_deploy_ecs.core.ecs.diff import same
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan.order import Conflict, another_rollout, came_too_late, in_clauses, patience
from drone_deploy_ecs.core.plan.revision import Revision
from drone_deploy_ecs.core.plan.snapshot import Ready
from drone_deploy_ecs.core.request.services import ServiceRef
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import Context
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.settings.resolve import resolve
from tests.core.shown import BEFORE, NEW, OLD, OURS, TARGET, active, at, primary, service

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Service

ASKED = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
CONFLICT = Conflict(name="web", service=service(), what="web:2 is rolling out as ecs-svc/1")
STAYS = replace(CONFLICT, what="it has web:2 of build 8, and this is build 7", passes=False)
CONTEXT = Context(now=0.0, budget=60.0, seen_at=None, outputs={})


@pytest.mark.parametrize(
    ("on_conflict", "conflicts", "seconds"),
    [
        ("wait", (CONFLICT,), 600.0),
        ("wait", (CONFLICT, replace(CONFLICT, least=180.0)), 780.0),
        ("wait", (CONFLICT, STAYS), 0.0),
        ("wait", (), 0.0),
        ("refuse", (CONFLICT,), 0.0),
        ("replace", (STAYS,), 0.0),
    ],
)
def test_how_long_is_waited(on_conflict: str, conflicts: tuple[Conflict, ...], seconds: float) -> None:
    request, _ = resolve({**ASKED, "on_conflict": on_conflict}, {})
    assert patience(request, conflicts) == seconds


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (service(active()), ""),
        (service(primary(state="COMPLETED")), ""),
        (service(primary(), active()), "web:2 is rolling out as ecs-svc/2"),
        (service(primary(state="FAILED"), active()), ""),
        (service(primary(state="FAILED"), active(), breaker_rolls_back=True), "web:2 is being taken back as ecs-svc/2"),
        (service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED")), ""),
        (
            service(primary(OLD, BEFORE, "COMPLETED"), active(OURS, NEW, "FAILED", created_at=at(9))),
            "web:2 is being taken back as ecs-svc/2",
        ),
    ],
)
def test_what_is_in_progress(found: Service, what: str) -> None:
    definition = Definition(NEW, active=True, body={"family": "web"})
    ready = Ready(
        ref=ServiceRef(region="eu-west-1", cluster="prod", asked="web"),
        name="web",
        service=found,
        primary=found.primary or primary(),
        edited=definition,
        revision=Revision(source=definition, body=definition.body),
    )
    conflict = another_rollout(ready, None)
    assert (conflict.what if conflict else "") == what


def test_many_are_counted_and_few_are_named() -> None:
    assert in_clauses((CONFLICT, CONFLICT)).count("of web, web:2 is rolling out") == 2
    assert in_clauses((CONFLICT,) * 21) == "somebody else is deploying to 21 of the services"


def test_who_wrote_nothing_came_too_late() -> None:
    terms = Terms(budget=60.0)
    update = UpdateService(target=TARGET, terms=terms, definition=NEW).begin(CONTEXT)
    follow = FollowDeployment(target=TARGET, terms=terms, definition=NEW, deployment=OURS).begin(CONTEXT)
    late, taken_over = (each.abort(Verdict.SUPERSEDED, "theirs", 1.0) for each in (update, follow))
    withdrawn = update.abort(Verdict.WITHDRAWN, "another one", 1.0)
    request, _ = resolve({**ASKED, "on_conflict": "wait"}, {})
    assert came_too_late(request, (late, withdrawn))
    assert not came_too_late(request, (withdrawn,))
    assert not came_too_late(request, (late, taken_over))
    assert not came_too_late(replace(request, on_conflict="refuse"), (late, withdrawn))
    assert not came_too_late(resolve({**ASKED, "on_conflict": "wait", "before": "./migrate"}, {})[0], (late,))


@pytest.mark.parametrize(
    ("tags", "build"),
    [
        ([], None),
        ([{"key": BUILD, "value": "7"}], 7),
        ([{"key": "team", "value": "shop"}, {"key": BUILD, "value": "007"}], 7),
        ([{"key": BUILD, "value": "seven"}], None),
        ([{"key": BUILD, "value": "\u0667"}], None),
        ([{"key": BUILD, "value": "-7"}], None),
        ([{"key": BUILD}], None),
        (None, None),
    ],
)
def test_of_which_build_a_revision_is(tags: list[dict[str, str]] | None, build: int | None) -> None:
    body = {"family": "web", "tags": tags}
    assert build_of(body) == build
    assert build_of(of_build(body, 9)) == 9
    assert build_of(of_build(body, None)) is None
    others = [tag for tag in tags or [] if tag["key"] != BUILD]
    assert (of_build(of_build(body, 9), None).get("tags") or []) == others
    assert same(body, of_build(body, 9))
