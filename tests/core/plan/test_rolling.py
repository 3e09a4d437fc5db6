"""A rolling deployment's way back, and what became of its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DescribeTaskDefinition
from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan.rolling import Rolling
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.target import WayBack
from drone_deploy_ecs.core.verdict import EndState, Verdict
from tests.core.plan.judged import (
    LOST,
    REQUEST,
    answers,
    ended,
    judged,
    plan,
    registered,
    service,
    update,
)
from tests.core.shown import BEFORE, COPY, NEW, NOON, OLD, OTHER, OURS, TARGET, active, primary
from tests.core.shown import service as seen

if TYPE_CHECKING:
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout
    from drone_deploy_ecs.core.steps.step import Execution, Step
    from drone_deploy_ecs.core.target import Target

STRATEGY = Rolling()
NO_WAY_BACK = replace(TARGET, back=WayBack(impossible="it ran this before"))
BODY = {"family": "web", "containerDefinitions": []}
KEPT = replace(REQUEST, roll_back=False)
LEFT = replace(REQUEST, on_cancel="leave")


def back(verdict: Verdict, reason: str = "") -> Rollout:
    return judged(verdict, undoes=OURS, output=OTHER, reason=reason)


def steps(request: Request, done: tuple[Execution, ...], **known: object) -> list[tuple[Step, ...]]:
    """The steps back, by stage; `known` are the definitions that can be read."""
    made = plan(STRATEGY, request)
    found = {name: definition for name, definition in known.items() if name != "recorded"}
    if "recorded" in known:
        found[BEFORE] = known["recorded"]
    return [stage.steps for stage in STRATEGY.undo(made, done, answers(made, done, found)).stages]


# --- what became of a service ---


@pytest.mark.parametrize(
    ("forward", "way_back", "expected"),
    [
        (judged(Verdict.COMPLETED), None, (Verdict.COMPLETED, EndState.NEW, "")),
        (judged(Verdict.FAILED, reason="it exits"), back(Verdict.COMPLETED, "draining"), (Verdict.FAILED, EndState.AS_BEFORE, "it exits")),
        (judged(Verdict.FAILED), back(Verdict.TIMED_OUT, "too long"), (Verdict.FAILED, EndState.NOT_AS_BEFORE, "the way back: too long")),
        (judged(Verdict.FAILED), back(Verdict.UNKNOWN, "gone"), (Verdict.FAILED, EndState.NOT_AS_BEFORE, "the way back: gone")),
        (judged(Verdict.FAILED), back(Verdict.SUPERSEDED, "theirs"), (Verdict.SUPERSEDED, EndState.SOMEBODY_ELSES, "the way back: theirs")),
        (judged(Verdict.REFUSED, output=""), None, (Verdict.REFUSED, EndState.UNTOUCHED, "")),
        (judged(Verdict.WITHDRAWN, output=""), None, (Verdict.WITHDRAWN, EndState.UNTOUCHED, "")),
        (judged(Verdict.CANCELLED, output=""), None, (Verdict.CANCELLED, EndState.UNTOUCHED, "")),
        (judged(Verdict.CANCELLED), None, (Verdict.CANCELLED, EndState.LEFT, "")),
        (judged(Verdict.SUPERSEDED), None, (Verdict.SUPERSEDED, EndState.SOMEBODY_ELSES, "")),
        (judged(Verdict.UNKNOWN), None, (Verdict.UNKNOWN, EndState.UNSEEN, "")),
    ],
)  # fmt: skip
def test_what_became_of_a_service(
    forward: Rollout, way_back: Rollout | None, expected: tuple[Verdict, EndState, str]
) -> None:
    undone = None if way_back is None else (way_back,)
    (outcome,) = STRATEGY.outcomes(plan(STRATEGY, LEFT), (forward,), undone)
    assert (outcome.verdict, outcome.end_state, outcome.reason) == expected
    assert outcome.way_back is (way_back.verdict if way_back else None)
    assert outcome.failed is (forward.verdict in (Verdict.FAILED, Verdict.REFUSED))
    assert (outcome.deployment, outcome.definition) == (forward.output, NEW)


@pytest.mark.parametrize(
    ("request_", "target", "verdict", "reason"),
    [
        (KEPT, TARGET, Verdict.FAILED, "rollbacks are disabled"),
        (KEPT, TARGET, Verdict.CANCELLED, "rollbacks are disabled"),
        (REQUEST, NO_WAY_BACK, Verdict.TIMED_OUT, "no way back: it ran this before"),
    ],
)
def test_what_should_return_and_can_not_is_not_as_before(
    request_: Request, target: Target, verdict: Verdict, reason: str
) -> None:
    done = (judged(verdict, target),)
    (outcome,) = STRATEGY.outcomes(plan(STRATEGY, request_), done, None)
    assert (outcome.end_state, outcome.is_stranded, outcome.reason) == (EndState.NOT_AS_BEFORE, True, reason)
    assert not steps(request_, done)


def test_a_service_that_kept_the_new_version_in_a_failed_run_is_not_as_before() -> None:
    """Only what failed is taken back; where that takes others with it, those that didn't return are odd."""
    done = (judged(Verdict.FAILED, service("api")), judged(Verdict.COMPLETED))
    undone = (judged(Verdict.COMPLETED, service("api"), undoes=OURS),)
    apart = replace(REQUEST, undo_failed_only=True)
    together = [outcome.end_state for outcome in STRATEGY.outcomes(plan(STRATEGY), done, undone)]
    alone = [outcome.end_state for outcome in STRATEGY.outcomes(plan(STRATEGY, apart), done, undone)]
    assert (together, alone) == ([EndState.AS_BEFORE, EndState.NOT_AS_BEFORE], [EndState.AS_BEFORE, EndState.NEW])


def test_what_runs_exactly_this_already_comes_first_and_is_untouched_in_a_failed_run() -> None:
    same = plan(STRATEGY, unchanged=(service("same"),))
    good, _ = STRATEGY.outcomes(same, (judged(Verdict.COMPLETED),), None)
    bad, _ = STRATEGY.outcomes(same, (judged(Verdict.FAILED),), None)
    assert (good.target.name, good.verdict, good.definition) == ("same", Verdict.UNCHANGED, BEFORE)
    assert (good.end_state, bad.end_state) == (EndState.NEW, EndState.UNTOUCHED)


def test_the_service_is_the_one_seen_last() -> None:
    done = (judged(Verdict.FAILED, service=seen(primary())),)
    returned = seen(primary(OTHER, BEFORE))
    undone = (judged(Verdict.COMPLETED, undoes=OURS, service=returned),)
    (outcome,) = STRATEGY.outcomes(plan(STRATEGY), done, undone)
    assert outcome.service is returned


@pytest.mark.parametrize(
    ("step", "registration", "definition"),
    [
        (update(), None, NEW),
        (update(definition="", registration="web#1"), registered(COPY), COPY),
        (update(definition="", registration="web#1"), registered(""), ""),
        (FollowDeployment(target=TARGET, terms=update().terms, definition=NEW, deployment=OURS), None, NEW),
    ],
)
def test_the_revision_that_a_service_was_to_run_is_known_once_it_is_registered(
    step: UpdateService | FollowDeployment, registration: Execution | None, definition: str
) -> None:
    rollout = ended(step, Verdict.COMPLETED)
    done = (registration, rollout) if registration else (rollout,)
    (outcome,) = STRATEGY.outcomes(plan(STRATEGY), done, None)
    assert outcome.definition == definition


# --- the way back ---


@pytest.mark.parametrize(
    ("request_", "done", "returning"),
    [
        (REQUEST, (judged(Verdict.COMPLETED),), []),
        (REQUEST, (judged(Verdict.COMPLETED), judged(Verdict.FAILED, service("api"))), ["web", "api"]),
        (REQUEST, (judged(Verdict.COMPLETED), judged(Verdict.CANCELLED, service("api"))), ["web", "api"]),
        (LEFT, (judged(Verdict.COMPLETED), judged(Verdict.CANCELLED, service("api"))), ["web"]),
        (REQUEST, (judged(Verdict.REFUSED, output=""), judged(Verdict.WITHDRAWN, service("api"))), ["api"]),
        (REQUEST, (judged(Verdict.SUPERSEDED), judged(Verdict.FAILED, service("api"))), ["api"]),
        (REQUEST, (judged(Verdict.UNKNOWN), judged(Verdict.UNKNOWN, service("api"))), []),
        (KEPT, (judged(Verdict.ROLLED_BACK), judged(Verdict.FAILED, service("api"))), ["web"]),
        (
            replace(REQUEST, undo_waves=False),
            (judged(Verdict.COMPLETED, service("us", "us-east-1")), judged(Verdict.COMPLETED), judged(Verdict.FAILED, service("api"))),
            ["web", "api"],
        ),
    ],
)  # fmt: skip
def test_who_returns(request_: Request, done: tuple[Rollout, ...], returning: list[str]) -> None:
    made = plan(STRATEGY, request_)
    undo = STRATEGY.undo(made, done, {})
    assert [name for name, _ in undo.sentences] == returning
    assert [step.target.name for stage in undo.stages for step in stage.steps if step.target] == returning
    assert [call.name for call in STRATEGY.undo_asks(made, done, {}) if isinstance(call, DescribeTaskDefinition)] == (
        [BEFORE] if returning else []
    )


def test_what_returns_is_ours_and_undone_over_what_runs_now() -> None:
    failed = judged(Verdict.FAILED, since=NOON, service=seen(primary(), active()))
    ((step,),) = steps(REQUEST, (failed,), recorded=Definition(BEFORE, active=True, body=BODY))
    assert isinstance(step, UpdateService)
    assert (step.definition, step.undoes, step.since, step.must_not_write) == (BEFORE, OURS, NOON, False)
    assert step.target.known == {OURS, OLD}
    assert step.terms.budget == REQUEST.budget
    assert not step.terms.checks


def test_what_ecs_returns_itself_is_only_confirmed_where_rollbacks_are_disabled() -> None:
    rolled_back = (judged(Verdict.ROLLED_BACK),)
    ((step,),) = steps(KEPT, rolled_back)
    assert isinstance(step, UpdateService)
    assert step.must_not_write
    assert STRATEGY.undo(plan(STRATEGY, KEPT), rolled_back, {}).sentences == (
        ("web", "making sure that ECS returns it to web:1"),
    )
    assert STRATEGY.undo(plan(STRATEGY), (judged(Verdict.FAILED),), {}).sentences == (("web", "rolling back to web:1"),)


RETURNS = replace(TARGET, back=WayBack(definition=BEFORE, body=BODY))
PINNED = replace(
    TARGET, back=WayBack(definition=BEFORE, body=BODY, must_copy="pinned", what="its image pinned by digest")
)
GONE = Definition(BEFORE, active=False, body=BODY)
THERE = Definition(BEFORE, active=True, body={**BODY, "cpu": "256"})


@pytest.mark.parametrize(
    ("target", "recorded", "what"),
    [
        (RETURNS, GONE, "the same content, as it was deregistered"),
        (PINNED, THERE, "its image pinned by digest"),
        (PINNED, LOST, "its image pinned by digest"),
    ],
)
def test_a_revision_that_would_not_do_is_registered_anew(target: Target, recorded: object, what: str) -> None:
    done = (judged(Verdict.FAILED, target),)
    (register,), (step,) = steps(REQUEST, done, recorded=recorded, web=Definition(NEW, active=True, body={}))
    assert isinstance(register, RegisterTaskDefinition)
    assert isinstance(step, UpdateService)
    assert (register.what, register.body, register.serves, register.source) == (what, BODY, ("web",), BEFORE)
    assert (step.definition, step.registration) == ("", register.key)


def test_a_copy_that_is_there_already_is_not_registered_again() -> None:
    done = (judged(Verdict.FAILED, RETURNS),)
    ((step,),) = steps(REQUEST, done, recorded=GONE, web=Definition(COPY, active=True, body=BODY))
    assert isinstance(step, UpdateService)
    assert step.definition == COPY


@pytest.mark.parametrize(
    ("verdict", "target", "recorded"),
    [
        (Verdict.ROLLED_BACK, RETURNS, GONE),  # ECS has it
        (Verdict.FAILED, RETURNS, LOST),  # the write will tell
        (Verdict.FAILED, TARGET, GONE),  # its content isn't known
    ],
)
def test_a_copy_is_registered_only_where_it_is_needed_and_can_be(
    verdict: Verdict, target: Target, recorded: object
) -> None:
    ((step,),) = steps(REQUEST, (judged(verdict, target),), recorded=recorded)
    assert isinstance(step, UpdateService)
    assert step.definition == BEFORE


def test_services_that_need_the_same_copy_share_it() -> None:
    api = replace(RETURNS, name="api", service="api")
    done = (judged(Verdict.FAILED, RETURNS), judged(Verdict.FAILED, api))
    (register,), updates = steps(REQUEST, done, recorded=GONE)
    assert isinstance(register, RegisterTaskDefinition)
    assert register.serves == ("web", "api")
    assert [step.needs for step in updates] == [(register.key,), (register.key,)]


# --- and nothing else ---


def test_it_asks_nothing_and_changes_its_mind_about_nothing() -> None:
    assert STRATEGY.asks(REQUEST, {}) == STRATEGY.plan_asks(REQUEST, (), {}) == STRATEGY.may_ask(REQUEST, (), {}) == ()
    assert STRATEGY.resolve(REQUEST, {}) is REQUEST
    assert STRATEGY.replan(plan(STRATEGY), ()) is None
