"""What is told of a one-off task while it runs, and at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.evidence import left_out
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.steps.task.running import Running


def news(before: Running, after: Running) -> Iterator[News]:
    """What changed, in the order in which a person would tell it."""
    word = after.step.word
    for kind, text in _news(before, after):
        yield kind, f"{word}: {text}"


def _news(before: Running, after: Running) -> Iterator[News]:
    yield from _of_its_start(before, after)
    if after.read_fault and not before.read_fault:
        why = after.read_fault if after.read_fault.may_pass else left_out(after.read_fault)
        yield Kind.TROUBLE, safe(f"it can't be looked at: {why}")
    for line in after.log.since(before.log):
        yield Kind.LOG, f"log: {line}"
    if after.log.why_not and not before.log.why_not:
        yield Kind.TROUBLE, safe(f"{after.log.why_not}{_where(after)}")
    fault = after.stops.fault
    if fault and fault is not before.stops.fault:
        yield Kind.TROUBLE, safe(f"it can't be stopped: {fault}")
    if after.verdict and not before.verdict:
        yield from _end(after)


def _of_its_start(before: Running, after: Running) -> Iterator[News]:
    if before.step.is_tagged and not after.step.is_tagged:
        yield Kind.WARNING, "Warning: ecs:TagResource isn't allowed: running it without tags"
    fault = after.starts.fault
    if fault and fault is not before.starts.fault and not after.ending:
        yield Kind.TROUBLE, safe(f"{fault}; asking again")
    if after.lacking and after.lacking != before.lacking:
        yield Kind.TROUBLE, safe(f"no task could be placed ({after.lacking}); trying again")
    if after.earlier and after.earlier != before.earlier:
        yield Kind.TROUBLE, safe(f"{after.earlier}: starting another")
    if after.arn and not before.arn:
        yield Kind.UPDATED, safe(f"task {short(after.arn)} of {short(after.definition)}: {after.step.shown}")
        if isinstance(after.step.log, str):
            yield Kind.TROUBLE, safe(after.step.log)


def _where(after: Running) -> str:
    place = after.log.place
    return f" (it is in {place})" if place and "rest is in" not in after.log.why_not else ""


def _end(after: Running) -> Iterator[News]:
    if after.ending:
        failed = "" if after.ending.verdict is Verdict.COMPLETED else f"{after.ending.verdict.value}: "
        yield Kind.VERDICT, safe(f"{failed}{after.ending.how}")
    elif after.has_written:
        yield Kind.VERDICT, safe(f"{after.verdict.value if after.verdict else ''}: {after.reason}; {left(after)}")


def left(after: Running) -> str:
    """What of it is under way as the run takes it no further."""
    if not after.arn:
        return "RunTask wasn't answered, so a task may have been started"
    if after.verdict is Verdict.CANCELLED and after.step.may_be_left:
        return f"task {short(after.arn)} is left running"
    return f"task {short(after.arn)} was running"


def heartbeat(running: Running, now: float) -> str:
    """Something to say when nothing changed for long."""
    if running.is_queued:
        return ""
    since = span(now - running.began)
    if not running.arn:
        return f"{running.step.word}: still trying to start it after {since}"
    status = running.task.status if running.task else ""
    return (
        f"{running.step.word}: still {'running' if status == 'RUNNING' else safe(status) or 'starting'} after {since}"
    )
