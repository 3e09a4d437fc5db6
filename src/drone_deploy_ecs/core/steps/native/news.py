"""What is said of a deployment whose traffic is shifted: its stage, who gets the traffic, and what it waits for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import runs
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.pause import LEAVE
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.native import pauses
from drone_deploy_ecs.core.steps.native.record import bake
from drone_deploy_ecs.core.steps.rollout import news as rollout
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.pause import Pause
    from drone_deploy_ecs.core.steps.native.shift import Shift

DOES = {
    "RECONCILE_SERVICE": "clearing away what an earlier deployment left",
    "PRE_SCALE_UP": "about to start its tasks",
    "SCALE_UP": "starting its tasks",
    "POST_SCALE_UP": "its tasks are up",
    "TEST_TRAFFIC_SHIFT": "shifting test traffic",
    "POST_TEST_TRAFFIC_SHIFT": "test traffic is shifted",
    "PRE_PRODUCTION_TRAFFIC_SHIFT": "about to shift production traffic",
    "PRODUCTION_TRAFFIC_SHIFT": "shifting production traffic",
    "POST_PRODUCTION_TRAFFIC_SHIFT": "production traffic is shifted",
    "CLEAN_UP": "stopping the old tasks",
}
"""What ECS does at a stage, for people; a stage that isn't here is told by its name alone."""


def news(before: Shift, after: Shift) -> Iterator[News]:
    """What changed, in the order in which a person would tell it."""
    yield from _writing(before, after)
    yield from rollout.reading(before, after)
    yield from rollout.service_events(before, after)
    yield from rollout.stopped_tasks(before, after)
    if after.decision is None and after.ours:
        yield from _progress(before, after)
    completed_at = after.completion.completed_at
    if (
        completed_at is not None
        and before.completion.completed_at is None
        and pauses.is_left(after)
        and (pause := after.pause)
    ):
        yield Kind.WAITING, safe(f"waits for somebody's answer at {pause.place}, and is left there, as on_pause says")
    elif completed_at is not None and before.completion.completed_at is None:
        yield Kind.VERDICT, _back(after, completed_at) if after.is_undo else _complete(after, completed_at)
    if after.decision and before.decision is None and after.verdict is not Verdict.PAUSED:
        yield from rollout.verdict(after, after.decision)


def _writing(before: Shift, after: Shift) -> Iterator[News]:
    fault = after.writes.fault
    if refused := after.refused - before.refused:
        (means,) = refused
        yield Kind.TROUBLE, safe(f"{fault}; ECS isn't asked by {means.value} again")
    elif fault is not None and fault is not before.writes.fault and after.decision is None:
        yield Kind.TROUBLE, safe(f"{fault}; looking before trying again")
    if after.asked_at is not None and before.asked_at is None:
        yield Kind.UPDATED, f"told ECS to roll it back ({before.means.value})"
    yield from rollout.contested(before, after)
    ours, known = after.ours, before.ours
    if ours and (known is None or known.deployment != ours.deployment):
        yield Kind.UPDATED, _following(after)
    if after.phase is Phase.CHECK and before.phase is Phase.FOLLOW:
        yield Kind.PROGRESS, "ECS's rollback didn't do: deploying what ran before instead"


def _following(shift: Shift) -> str:
    assert shift.ours
    if shift.ours.is_ecs_rollback:
        who = (
            ""
            if shift.writes.count or shift.asked_at is not None
            else ": ECS itself is returning it, so nothing is written"
        )
        return f"{shift.revision} is PRIMARY again, as {shift.ours.deployment}{who}"
    return rollout.following(shift, shift.ours)


def _progress(before: Shift, after: Shift) -> Iterator[News]:
    known, seen_at = after.known, after.known.read_at
    yield from _paused(before, after)
    if known.record is None or not known.record.is_over:
        is_elsewhere = _place(after) != _place(before)
        has_others = rollout.counts(after) != rollout.counts(before)
        parts = (doing(after, seen_at) if is_elsewhere else "", rollout.counts(after) if has_others else "")
        if text := "; ".join(filter(None, parts)):
            yield Kind.PROGRESS, text
    is_complete = after.completion.completed_at is not None
    if before.completion.completed_at is not None and not is_complete:
        yield Kind.PROGRESS, "it was answered: going on" if pauses.is_left(before) else "no longer complete"


def _place(shift: Shift) -> tuple[object, ...]:
    """What a line tells of the stage, but for the time."""
    record = shift.known.record
    return (record.stage, record.is_going_back, _share(shift, record)) if record else ()


def _paused(before: Shift, after: Shift) -> Iterator[News]:
    """The pauses that it has come to, and what became of our answers to them."""
    answers, known = after.answers, before.answers
    for answered in sorted(answers.given - known.given):
        why = "" if answered == answers.approved else ", as on_pause says"
        yield Kind.UPDATED, safe(f"answered PAUSE hook {answered} with CONTINUE{why}")
    if answers.attempts.fault is not None and answers.attempts.fault is not known.attempts.fault:
        then = "waiting for somebody's answer" if answers.is_denied else "looking before trying again"
        yield Kind.TROUBLE, safe(f"{answers.attempts.fault}; {then}")
    if after.terms.on_pause == LEAVE or after.decision is not None:
        return
    told = set() if answers.is_denied and not known.is_denied else {hook.id for hook in pauses.waiting(before)}
    for hook in pauses.waiting(after):
        if hook.id not in told and not pauses.is_ours(after, hook) and after.known.record is not None:
            yield Kind.WAITING, _waits_at(after, pauses.pause_at(after, after.known.record, hook))


def _waits_at(shift: Shift, pause: Pause) -> str:
    """Where it waits, until when, and how it is answered."""
    whose = "THE WAY BACK WAITS" if shift.is_undo else "waits"
    end = f"; the budget ends in {span(shift.deadline - shift.known.read_at)}" if shift.is_undo else ""
    until = f", {pause.until}" if pause.until else ""
    return safe(
        f"{pause.stage}: {whose} for somebody's answer at PAUSE hook {pause.hook}{until}{end}. {'. '.join(pause.ways)}",
        2000,
    )


def doing(shift: Shift, now: float) -> str:
    """`BAKE_TIME: …; web:2 gets 100 % of production traffic; baking until 14:32Z, at least 12 m more`."""
    record = shift.known.record
    if record is None or not (record.stage or record.is_going_back):
        return ""
    does = "; ".join(filter(None, (DOES.get(record.stage), _share(shift, record), _until(shift, record, now))))
    stage = f"{'rolling back, ' if record.is_going_back else ''}{safe(record.stage)}"
    return f"{stage}: {does}" if does else stage


def _share(shift: Shift, record: DescribedServiceDeployment) -> str:
    share = record.target.production
    is_ours = shift.ours is not None and not shift.ours.is_ecs_rollback
    return "" if not share or not is_ours else f"{shift.revision} gets {share:g} % of production traffic"


def _until(shift: Shift, record: DescribedServiceDeployment, now: float) -> str:
    if record.pauses:
        until = next((f", until {hook.expires_at:%d %b %H:%M}Z" for hook in record.pauses if hook.expires_at), "")
        return f"waiting for somebody's answer{until}"
    if any(hook.status == "IN_PROGRESS" for hook in record.hooks):
        return "waiting for a lifecycle hook's answer"
    seconds = bake(record)
    if not seconds:
        return ""
    end = shift.known.since + seconds
    left = f"at least {span(end - now)} more" if end > now else "about to end"
    if shift.since is None or not shift.writes.count or shift.is_undo:
        return f"baking, {left}"
    # By AWS's clock, which began with our update: our own knows no time of day.
    return f"baking until {shift.since + timedelta(seconds=end - shift.began):%H:%M}Z, {left}"


def _complete(shift: Shift, at: float) -> str:
    """The moments that matter to people: when users had it, and when it was over."""
    shifted, reason = shift.known.shifted_at, shift.completion.reason
    moments = [f"all production traffic on it after {span(shifted - shift.began)}"] if shifted is not None else []
    moments += [] if reason else [f"SUCCESSFUL after {span(at - shift.began)}"]
    because = "; ".join((*moments, *([reason] if reason else ())))
    hold = f"; watching it for another {span(shift.terms.stable_for)}" if shift.terms.stable_for else ""
    return f"{short(shift.definition)} {'is up' if reason else 'completed'}: {because}{hold}"


def _back(shift: Shift, at: float) -> str:
    since = shift.began if shift.asked_at is None else shift.asked_at
    return f"back on {runs(shift.service)}, steady, after {span(at - since)}"


def heartbeat(shift: Shift, now: float) -> str:
    """Something to say when nothing changed for a while."""
    if shift.phase is Phase.CHECK and shift.asked_at is not None and shift.observed.read_fault is None:
        return f"still waiting for ECS to roll it back after {span(now - shift.asked_at)}"
    is_followed = shift.phase is Phase.FOLLOW and shift.observed.read_fault is None
    if not is_followed or shift.completion.completed_at is not None:
        return rollout.heartbeat(shift, now)
    told = "; ".join(filter(None, (doing(shift, now), rollout.counts(shift))))
    return f"after {span(now - shift.began)}: {told}"
