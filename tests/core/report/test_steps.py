"""Steps that are told of by themselves: the run's verdict and exit code with them, and what every reader is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from drone_deploy_ecs.core.causes.cause import Cause
from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.report.json import as_json
from drone_deploy_ecs.core.report.outcome import Outcome
from drone_deploy_ecs.core.report.report import Report
from drone_deploy_ecs.core.report.sentences import last_line, stays_lines, why_lines
from drone_deploy_ecs.core.steps.result import StepResult, merged
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.output.ci import answer, drone, markdown
from drone_deploy_ecs.output.html.page import page
from drone_deploy_ecs.settings.resolve import resolve
from tests.core.shown import NOON, TARGET, at
from tests.stories.story import PLUGIN

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUEST, _ = resolve({}, PLUGIN)
STEP = StepResult(
    kind="before", what="RunTask: ./migrate", verdict=Verdict.COMPLETED, ended="exit code 0 after 44 s",
    stays="ran, and isn't undone", began_at=NOON, ended_at=at(44), exit_code=0, log=("migrated 3 tables",),
)  # fmt: skip
CAUSE = Cause(
    name="exit", weight=Weight.REPEATING, headline="the container exited by itself", do="Read its log", exit_code=3
)
FAILED = replace(STEP, verdict=Verdict.FAILED, ended="exit code 3", exit_code=3, stays="", causes=(CAUSE,))
REFUSED = replace(STEP, verdict=Verdict.REFUSED, ended="ecs:RunTask isn't allowed", exit_code=None)
MOVED = replace(STEP, kind="schedules", name="nightly", ended="has web:2", end_state=EndState.NEW, stays="")


def report(verdict: Verdict, end_state: EndState, steps: Sequence[StepResult]) -> Report:
    outcome = Outcome(target=TARGET, verdict=verdict, end_state=end_state)
    return Report(
        request=REQUEST, started_at=NOON, finished_at=at(60), outcomes=(outcome,), steps=tuple(steps), api_calls={}, timeline=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "end_state", "steps", "of_run", "exit_code"),
    [
        (Verdict.WITHDRAWN, EndState.UNTOUCHED, [FAILED], Verdict.FAILED, 3),
        (Verdict.WITHDRAWN, EndState.UNTOUCHED, [REFUSED], Verdict.REFUSED, 2),
        (Verdict.WITHDRAWN, EndState.AS_BEFORE, [STEP, FAILED], Verdict.FAILED, 3),
        (Verdict.WITHDRAWN, EndState.AS_BEFORE, [REFUSED], Verdict.REFUSED, 3),
        (Verdict.WITHDRAWN, EndState.NOT_AS_BEFORE, [FAILED], Verdict.FAILED, 4),
        (Verdict.COMPLETED, EndState.NEW, [FAILED], Verdict.FAILED, 3),
        (Verdict.COMPLETED, EndState.NEW, [STEP], Verdict.COMPLETED, 0),
        (Verdict.UNCHANGED, EndState.NEW, [MOVED], Verdict.COMPLETED, 0),
        (
            Verdict.WITHDRAWN,
            EndState.AS_BEFORE,
            [replace(MOVED, end_state=EndState.NOT_AS_BEFORE)],
            Verdict.WITHDRAWN,
            4,
        ),
        (
            Verdict.WITHDRAWN,
            EndState.UNTOUCHED,
            [replace(STEP, verdict=Verdict.UNKNOWN, end_state=EndState.UNSEEN)],
            Verdict.UNKNOWN,
            6,
        ),
    ],
)
def test_a_run_is_as_good_as_the_worst_of_its_services_and_steps(
    verdict: Verdict, end_state: EndState, steps: list[StepResult], of_run: Verdict, exit_code: int
) -> None:
    told = report(verdict, end_state, steps)
    assert (told.verdict, told.exit_code) == (of_run, exit_code)


def test_what_failed_is_said_before_how_the_services_stand_and_what_ran_is_not_undone() -> None:
    failed = report(Verdict.WITHDRAWN, EndState.UNTOUCHED, [FAILED])
    assert last_line(failed) == "Failed: before failed: exit code 3; web was not changed and runs web:1."
    assert why_lines(failed) == [
        ("", "before: why: the container exited by itself (exit code 3)"),
        ("", "before: do: Read its log"),
    ]
    assert stays_lines(failed) == ()
    returned = report(Verdict.FAILED, EndState.AS_BEFORE, [STEP])
    assert stays_lines(returned) == ("before ran, and isn't undone",)
    assert stays_lines(report(Verdict.COMPLETED, EndState.NEW, [STEP])) == ()


def test_every_page_tells_of_them() -> None:
    told = report(Verdict.WITHDRAWN, EndState.AS_BEFORE, [STEP, FAILED])
    (first, second) = as_json(told)["steps"]
    assert (first["kind"], first["ended"], first["exit_code"]) == ("before", "exit code 0 after 44 s", 0)
    assert (second["verdict"], second["causes"][0]["name"]) == ("Failed", "exit")
    assert "| before | Completed | exit code 0 after 44 s | 44 s | RunTask: ./migrate |" in markdown.summary(told)
    assert "Why before" in markdown.summary(told)
    assert drone.shown(told, 200)["subject"].endswith("; before: exit code 0 after 44 s")
    assert answer.failures(told)[0].reasons[0].do == "Read its log"
    assert "Beside the services" in page(told)
    assert page(told).count("<rect") == 2
    assert "before, 44 s" in page(told)
    assert "migrated 3 tables" in page(told)
    never_begun = replace(REFUSED, began_at=None, ended_at=None, end_state=EndState.UNTOUCHED, log=())
    whole = report(Verdict.WITHDRAWN, EndState.UNTOUCHED, [never_begun])
    assert as_json(whole)["steps"][0]["began_at"] is None
    assert answer.steps(whole)[0].took == ""
    assert "<rect" not in page(whole)
    assert "isn&#x27;t" in page(whole) or "isn't" in page(whole)


def test_of_many_services_a_headline_names_the_step_that_failed() -> None:
    few = report(Verdict.WITHDRAWN, EndState.AS_BEFORE, [FAILED])
    told = replace(few, outcomes=few.outcomes * 9)
    assert answer.headline(told) == "Failed: before failed: exit code 3; 9 services, all as before"


def test_what_was_taken_back_is_told_once() -> None:
    back = replace(MOVED, ended="has web:1 again", end_state=EndState.AS_BEFORE)
    assert merged((STEP, MOVED), (back,)) == (
        STEP,
        replace(MOVED, ended="has web:2; the way back: has web:1 again", end_state=EndState.AS_BEFORE),
    )
    gone, left = (
        replace(back, ended=each.value, end_state=each) for each in (EndState.AS_BEFORE, EndState.NOT_AS_BEFORE)
    )
    for first, second in ((left, gone), (gone, left)):
        (told,) = merged((MOVED,), (first, second))
        assert told.end_state is EndState.NOT_AS_BEFORE
        assert told.ended == f"has web:2; the way back: {first.ended}; {second.ended}"
    assert merged((), (back,)) == (back,)
    assert merged((STEP,), ()) == (STEP,)
    cut_off, stopped = replace(STEP, verdict=Verdict.CANCELLED, ended="was running"), replace(STEP, ended="is stopped")
    assert merged((cut_off,), (stopped,)) == (replace(cut_off, ended="is stopped"),)


def test_what_must_not_be_printed_is_hidden() -> None:
    hidden = FAILED.hidden(lambda text: text.replace("3", "***"))
    assert hidden.ended == "exit code ***"
