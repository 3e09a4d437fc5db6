"""What is said of a rollout: what one step changed, one fact a line, and where it is when nothing changed for long."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.cause import cause_of_event, cause_of_task, describe
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import runs, without_service
from drone_deploy_ecs.core.event import Kind, News
from drone_deploy_ecs.core.steps.attempts import Phase
from drone_deploy_ecs.core.steps.rollout.history import usual
from drone_deploy_ecs.core.text import MINUTE, safe, span, tasks
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs.service import Deployment, ServiceEvent
    from drone_deploy_ecs.core.steps.rollout.follow import Ours
    from drone_deploy_ecs.core.steps.rollout.record import Decision, Record

TASKS_NAMED = 3
"""Tasks named in a line about several."""
WORDS = {
    Verdict.UNCHANGED: "is what runs already",
    Verdict.COMPLETED: "completed",
    Verdict.ROLLED_BACK: "was rolled back by ECS",
    Verdict.FAILED: "failed",
    Verdict.TIMED_OUT: "timed out",
    Verdict.SUPERSEDED: "was superseded",
    Verdict.UNKNOWN: "is out of sight",
    Verdict.REFUSED: "was refused",
    Verdict.WITHDRAWN: "was withdrawn",
    Verdict.PAUSED: "waits for approval",
    Verdict.CANCELLED: "was cancelled",
}


def news(before: Record, after: Record) -> Iterator[News]:
    """What changed between two states of a rollout, in the order in which a person would tell it."""
    yield from _writing(before, after)
    yield from reading(before, after)
    yield from service_events(before, after)
    yield from stopped_tasks(before, after)
    if after.decision is None and after.ours:
        yield from _progress(before, after)
    completed_at = after.completion.completed_at
    if completed_at is not None and before.completion.completed_at is None:
        yield Kind.VERDICT, complete(after, completed_at)
    if after.decision and before.decision is None:
        yield from verdict(after, after.decision)


def _writing(before: Record, after: Record) -> Iterator[News]:
    fault = after.writes.fault
    if fault is not None and fault is not before.writes.fault and after.decision is None:
        yield Kind.TROUBLE, safe(f"{fault}; looking before trying again")
    ours, known = after.ours, before.ours
    yield from contested(before, after)
    is_another = bool(after.contested) and bool(ours and known and ours.deployment != known.deployment)
    if ours and (known is None or is_another or (ours.is_ecs_rollback and not known.is_ecs_rollback)):
        yield Kind.UPDATED, following(after, ours)
        yield from _usually(after)
    if after.phase is Phase.CHECK and before.phase is Phase.FOLLOW:
        yield Kind.PROGRESS, f"{after.step.undoes} is PRIMARY again"


def contested(before: Record, after: Record) -> Iterator[News]:
    """That a lower build took its place, and is to give way."""
    if after.contested != before.contested and after.rival:
        theirs = f"{short(after.rival.definition)} of build {after.rival.build} took the place of {after.output}"
        yield Kind.PROGRESS, f"{theirs}, and this is build {after.step.build}: writing once more"


def following(rollout: Record, ours: Ours) -> str:
    """What is followed from now on, and where it goes back to."""
    revision, step = rollout.revision, rollout.step
    if ours.is_ecs_rollback and step.awaits:
        return f"it is being returned, as {ours.deployment}"
    if ours.is_ecs_rollback:
        return f"ECS itself is returning it, as {ours.deployment}: not written again"
    if rollout.is_undo:
        return f"updated to {revision}, as {ours.deployment}"
    update = f"found the update to {revision} accepted" if rollout.writes.fault else f"updated to {revision}"
    if step.desired is not None:
        return f"{update} with {tasks(step.desired)}, as {ours.deployment}; taken down again if it fails"
    back = f"; back to {short(step.target.before)} if it fails" if step.target.before else ""
    return f"{update}, as {ours.deployment}{back}"


def _usually(rollout: Record) -> Iterator[News]:
    """What is to be expected, for people: how long the service's earlier rollouts took."""
    lengths = usual(rollout.earlier)
    if lengths is not None:
        healthy = f", new tasks healthy after {span(lengths.healthy)}" if lengths.healthy else ""
        count = f"{lengths.rollouts} earlier rollout{'' if lengths.rollouts == 1 else 's'}"
        yield Kind.PROGRESS, f"usually completes in {span(lengths.total)}{healthy} ({count})"


def reading(before: Record, after: Record) -> Iterator[News]:
    """What can't be seen, or can be again."""
    fault = after.observed.read_fault
    if fault is not None and before.observed.read_fault is None:
        yield Kind.TROUBLE, safe(f"can't see it: {fault}; going on looking")
    if fault is None and before.observed.read_fault is not None:
        yield Kind.TROUBLE, "in sight again"
    for permission in sorted(after.tasks.denied - before.tasks.denied):
        yield Kind.TROUBLE, f"{permission} isn't allowed: stopped tasks and their reasons can't be shown"


def service_events(before: Record, after: Record) -> Iterator[News]:
    """ECS's own events, where they speak of trouble; ECS repeats some of them, people need them once."""
    service, known, since = after.service, before.service, after.since
    if service is None or service is known or since is None:
        return
    if known is None and after.is_undo:
        return  # told on the way forward
    old = known.events if known else ()
    if known and service.events[-1:] == old[-1:]:
        return  # events only ever grow
    old_ids = {event.id for event in old}
    gists = {_gist(event) for event in old if event.at >= since}
    for event in service.events:
        is_new = event.at >= since and event.id not in old_ids
        if is_new and cause_of_event(event) and _gist(event) not in gists:
            gists.add(_gist(event))
            yield Kind.SERVICE_EVENT, f"ECS says: {safe(without_service(event.message))}"


def _gist(event: ServiceEvent) -> str:
    """An event's message without what differs from task to task, to recognise a repetition."""
    return event.message.partition("(task ")[0] + event.message.rpartition(")")[2]


def stopped_tasks(before: Record, after: Record) -> Iterator[News]:
    """Stopped tasks, those alike in one line; the same again only each time there are twice as many."""
    old = before.tasks.stopped
    if after.tasks.stopped is old:
        return
    counts = Counter(describe(cause_of_task(task)) for task in old)
    known = {task.arn for task in old}
    alike: dict[str, list[str]] = {}
    for task in after.tasks.stopped:
        if task.arn not in known:
            alike.setdefault(describe(cause_of_task(task)), []).append(short(task.arn)[:8])
    for cause, names in alike.items():
        if len(names) >= counts[cause]:
            listed = ", ".join(names[:TASKS_NAMED]) + (", …" if len(names) > TASKS_NAMED else "")
            yield Kind.TASK, f"{tasks(len(names))} stopped ({listed}): {cause}"


def _progress(before: Record, after: Record) -> Iterator[News]:
    shown = counts(after)
    if before.ours and shown and shown != counts(before):
        yield Kind.PROGRESS, shown
    healthy_at = after.ours.healthy_at if after.ours else None
    was_healthy = before.ours is not None and before.ours.healthy_at is not None
    is_complete = after.completion.completed_at is not None
    was_complete = before.completion.completed_at is not None
    if healthy_at is not None and not was_healthy and not is_complete:
        yield Kind.PROGRESS, f"new tasks are up after {span(healthy_at - after.began)}; old ones are draining"
    if after.completion.passed > before.completion.passed:
        yield Kind.PROGRESS, f"check {after.completion.passed} of {after.terms.checks} passed"
    if was_complete and not is_complete:
        yield Kind.PROGRESS, "no longer complete"


def counts(rollout: Record) -> str:
    """`web:2 1 of 2 running, 1 starting; web:1 2 running`; "" where nothing is known."""
    service, ours = rollout.service, rollout.listed
    if service is None or rollout.ours is None:
        return ""
    others = [listed for listed in service.deployments if listed is not ours and (listed.running or listed.pending)]
    lacks = ours is not None and service.desired < rollout.terms.at_least
    too_few = f", but {rollout.terms.at_least} must" if lacks else ""
    return "; ".join(_count(listed, ours) for listed in (*([ours] if ours else ()), *others)) + too_few


def _count(listed: Deployment, ours: Deployment | None) -> str:
    starting = f", {listed.pending} starting" if listed.pending else ""
    failed = f", {listed.failed_tasks} failed" if listed.failed_tasks else ""
    wanted = f" of {listed.desired}" if listed.status == "PRIMARY" else ""
    is_namesake = ours is not None and listed is not ours and listed.task_definition == ours.task_definition
    revision = f"{short(listed.task_definition)}{' (previous deployment)' if is_namesake else ''}"
    return f"{revision} {listed.running}{wanted} running{starting}{failed}"


def complete(rollout: Record, at: float) -> str:
    """Both moments: new tasks up, old ones gone."""
    healthy_at = rollout.ours.healthy_at if rollout.ours else None
    up = span((at if healthy_at is None else healthy_at) - rollout.began)
    gone = span(at - rollout.began)
    terms, reason = rollout.terms, rollout.completion.reason
    because = f"; {reason}" if reason else ""
    if rollout.is_undo:
        return f"back on {runs(rollout.service)}, steady, after {gone}{because}"
    hold = f"; watching it for another {span(terms.stable_for)}" if terms.stable_for else ""
    # Old tasks aren't said to be gone where they may still drain, nor where another service's are the old ones.
    moments = f"new tasks up after {up}" + ("" if reason or terms.at_least else f", old ones gone after {gone}")
    return f"{short(rollout.definition)} completed: {moments}{because}{hold}"


def verdict(rollout: Record, decision: Decision) -> Iterator[News]:
    """What became of it."""
    if decision.verdict is Verdict.COMPLETED:
        stable_for = rollout.terms.stable_for
        if stable_for:
            yield Kind.VERDICT, f"{short(rollout.definition)} was stable for {span(stable_for)}"
        return
    after = span(decision.decided_at - rollout.began)
    because = f": {safe(decision.reason)}" if decision.reason else ""
    what = "the way back" if rollout.is_undo else rollout.revision
    is_anybodys = decision.verdict is Verdict.ROLLED_BACK and rollout.terms.is_anybodys
    became = "was taken back" if is_anybodys else WORDS[decision.verdict]
    yield Kind.VERDICT, f"{what} {became} after {after}{because}"


# --- when nothing changes ---


def heartbeat(rollout: Record, now: float) -> str:
    """Something to say when nothing changed for a while: CI systems end steps that are silent."""
    after = span(now - rollout.began)
    if rollout.observed.read_fault is not None:
        return safe(f"still can't see it after {after}: {rollout.observed.read_fault}")
    if rollout.completion.completed_at is not None and rollout.terms.must_stay:
        return f"still up after {after}: {counts(rollout)}"
    if rollout.completion.completed_at is not None:
        left = (rollout.stable_at or now) - now
        until = f"{span(left)} to prove stable" if left > 0 else "waiting for the others"
        return f"still complete after {after}, {until}: {counts(rollout)}"
    if rollout.phase is not Phase.FOLLOW and rollout.step.awaits:
        return f"nobody has returned it after {after} of at most {span(rollout.step.awaits)}"
    if rollout.phase is not Phase.FOLLOW:
        return f"still trying to update it after {after}"
    most = span(rollout.deadline - rollout.began)
    return f"still rolling out after {after} of at most {most}{_to_go(rollout, now)}: {counts(rollout)}"


def _to_go(rollout: Record, now: float) -> str:
    """By history; nothing where the next milestone is late: then it is no rollout like the others."""
    foreseen = rollout.foreseen
    if foreseen is None or now > foreseen.next.late:
        return ""
    healthy = foreseen.healthy if rollout.terms.wait_for_drained else None
    soon = f", new tasks healthy in about {_about(healthy - now)}" if healthy is not None and healthy > now else ""
    return f"{soon}, about {_about(foreseen.end.usual - now)} to go"


def _about(seconds: float) -> str:
    """To the next five seconds, or half a minute: it is no more exact than that."""
    step = 5 if seconds < MINUTE else 30
    return span(step * max(1, round(seconds / step)))
