"""What people read of a report: its last line, how a service stands, and why a service failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from drone_deploy_ecs.core.causes.cause import describe
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import runs
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.steps.summary import FEW, listed
from drone_deploy_ecs.core.text import safe, tasks
from drone_deploy_ecs.core.verdict import EndState, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.core.steps.result import StepResult
    from drone_deploy_ecs.core.target import Target

MOST_CAUSES = 3
"""Shown to people; the JSON has them all."""
SUMMARIES = {
    EndState.NOT_AS_BEFORE: "ARE NOT AS BEFORE, look at them",
    EndState.UNSEEN: "are out of sight and were left alone",
    EndState.SOMEBODY_ELSES: "were taken over by somebody's newer deployments and left alone",
    EndState.PAUSED: "wait for approval",
    EndState.LEFT: "were left rolling out",
    EndState.AS_BEFORE: "are back on what they ran before",
    EndState.UNTOUCHED: "were not changed",
    EndState.NEW: "run the new version",
    EndState.GAVE_WAY: "gave way",
}
"""What to say of several services that stand alike, the worst first."""

NOT_WRITTEN = "are somebody else's for now and were left alone"
"""The same of those that nothing was written to, as somebody else came first."""


def last_line(report: Report) -> str:
    """The verdict, and what every service runs now."""
    if report.problems:
        return "Refused: nothing was changed."
    if not report.outcomes:
        return f"{report.verdict.value}: {'; '.join(safe(step.sentence) for step in report.steps)}."
    texts = _summed(report) if len(report.outcomes) > FEW else map(stands, report.outcomes)
    return f"{report.verdict.value}: {'; '.join((*failed_steps(report), *texts))}."


def failed_steps(report: Report) -> tuple[str, ...]:
    """Of the steps that are told of by themselves, those that didn't do what was asked, in a clause each.

    What only went no further with the services, and stands as before, isn't among them.
    """
    return tuple(safe(step.sentence) for step in report.steps if not step.verdict.is_good and not _stopped_with(step))


def _stopped_with(step: StepResult) -> bool:
    is_stopped = step.verdict in (Verdict.WITHDRAWN, Verdict.CANCELLED)
    return is_stopped and step.end_state in (EndState.UNTOUCHED, EndState.AS_BEFORE)


def stays_lines(report: Report) -> tuple[str, ...]:
    """What was done and isn't undone, where the run went wrong."""
    if report.exit_code == ExitCode.DONE:
        return ()
    return tuple(f"{step.title} {step.stays}" for step in report.steps if step.stays)


def _summed(report: Report) -> Iterator[str]:
    """What failed, and how many stand how; those to look at are named."""
    failed = [outcome.target.name for outcome in report.outcomes if outcome.failed]
    if failed:
        yield f"{listed(failed)} failed"
    for end_state, summary in SUMMARIES.items():
        alike = [outcome for outcome in report.outcomes if outcome.end_state is end_state]
        if len(alike) == 1:
            yield stands(alike[0])
        elif alike:
            names = f" ({listed([outcome.target.name for outcome in alike])})" if end_state.is_odd else ""
            was_taken_over = end_state is not EndState.SOMEBODY_ELSES or not any(each.unfinished for each in alike)
            yield f"{len(alike)} services {summary if was_taken_over else NOT_WRITTEN}{names}"


def stands(outcome: Outcome) -> str:
    """What the service runs now, in a clause: `web runs web:2 (2 of 2 tasks)`."""
    name, runs_now, end_state = outcome.target.name, runs(outcome.service), outcome.end_state
    match end_state:
        case EndState.NEW:
            return f"{name} {_new(outcome)}"
        case EndState.UNTOUCHED:
            return f"{name} was not changed{_untouched(outcome)}"
        case EndState.AS_BEFORE:
            return f"{name} is back on {runs_now}{_copy(outcome)}"
        case EndState.NOT_AS_BEFORE:
            stuck = f"; its deployment waits at {safe(outcome.pause.place)}" if outcome.pause else ""
            return f"{name} {_not_as_before(outcome)}, before it ran {_before(outcome.target)}{stuck}"
        case EndState.PAUSED:
            return f"{name} {_paused(outcome)}"
        case EndState.LEFT:
            return f"{name} was left {_left(outcome)}: it runs {runs_now}"
        case EndState.GAVE_WAY:
            return f"{name} gave way: it runs {runs_now}"
        case EndState.SOMEBODY_ELSES:
            whose = safe(outcome.unfinished) or "was taken over by somebody's newer deployment and left alone"
            return f"{name} {whose}; last seen it ran {runs_now}"
        case EndState.UNSEEN:
            return f"{name} is out of sight and was left alone; last seen it ran {runs_now}"
        case never:
            assert_never(never)


def _paused(outcome: Outcome) -> str:
    left = "was left paused, and " if outcome.verdict is Verdict.CANCELLED else ""
    pause = outcome.pause
    where = f" at {safe(pause.place)}: {_revision(outcome)} {pause.traffic}" if pause else ""
    return f"{left}waits for approval{where}"


def _untouched(outcome: Outcome) -> str:
    """Not necessarily what it ran at first: somebody else may have deployed."""
    if outcome.pause:
        return f": it waits at {safe(outcome.pause.place)}"
    return f" and runs {outcome.running or 'what it ran'}"


def ways_on(outcomes: Iterable[Outcome]) -> Iterator[tuple[str, str]]:
    """For every service that was left at a pause, how to go on and how to go back: `(service, line)`."""
    for outcome in outcomes:
        if outcome.pause is not None:
            yield from ((outcome.target.name, safe(way, 1000)) for way in outcome.pause.ways)


def _left(outcome: Outcome) -> str:
    """What only got another count isn't rolling out; what is returned by others is left on its way."""
    if outcome.way_back:
        return f"on its way back to {short(outcome.target.before)}"
    return f"rolling out to {_revision(outcome)}" if outcome.deployment else "as it was then"


def _not_as_before(outcome: Outcome) -> str:
    if outcome.way_back is Verdict.UNKNOWN:
        return f"MAY NOT BE AS BEFORE, look at it: it went out of sight on its way back; last seen it ran {runs(outcome.service)}"
    return f"IS NOT AS BEFORE, look at it: it runs {runs(outcome.service)}"


def _before(target: Target) -> str:
    """With the count: what isn't as before may be only that."""
    return f"{short(target.before)} ({tasks(target.desired)})" if target.before else "nothing COMPLETED"


def _new(outcome: Outcome) -> str:
    if outcome.verdict is Verdict.UNCHANGED and outcome.service:
        return f"runs {runs(outcome.service)}, and nothing is rolling out"
    if outcome.verdict is Verdict.UNCHANGED:
        return f"already runs {short(outcome.target.before)}, nothing was changed"
    if outcome.service and not outcome.service.desired:
        return f"has {_revision(outcome)}, and desired count 0: nothing runs"
    unfinished = f", {safe(outcome.unfinished)}" if outcome.unfinished else ""
    return f"runs {runs(outcome.service)}{unfinished}"


def _revision(outcome: Outcome) -> str:
    return outcome.revision or "the new revision"


def _copy(outcome: Outcome) -> str:
    """A word about a way back that had to be registered anew."""
    primary = outcome.service.primary if outcome.service else None
    if primary is None or primary.task_definition == outcome.target.before:
        return ", as before"
    return f", the same as {short(outcome.target.before)} before"


def why_lines(report: Report) -> list[tuple[str, str]]:
    """For every service that failed, its causes and what to do: `(service, line)`.

    Among several, one without a cause has its reason instead: its verdict may be far above.
    """
    is_alone = len(report.outcomes) == 1
    of_steps = [("", f"{step.title}: {line}") for step in report.steps for line in _because(step)]
    return of_steps + [
        (outcome.target.name, line) for outcome in report.outcomes for line in _why(outcome, is_alone=is_alone)
    ]


def _why(outcome: Outcome, *, is_alone: bool) -> Iterator[str]:
    if outcome.failed and not outcome.causes and not is_alone:
        yield f"why: {safe(outcome.reason)}"
    yield from _because(outcome)


def _because(failed: Outcome | StepResult) -> Iterator[str]:
    for cause, advice in heaviest(failed):
        times = f" ({cause.count} times)" if cause.count > 1 else ""
        yield f"why: {describe(cause)}{times}"
        yield from (f"seen: {line}" for line in cause.evidence)
        yield from (f"log: {line}" for line in cause.log)
        if advice:
            yield f"do: {advice}"


def heaviest(outcome: Outcome | StepResult) -> Iterator[tuple[Cause, str]]:
    """The heaviest causes, each with its advice; "" where one before it gave the same."""
    advised = set()
    for cause in outcome.causes[:MOST_CAUSES]:
        yield cause, "" if cause.advice in advised else cause.advice
        advised.add(cause.advice)
