"""`news(before, after)` says in words what one fold step changed: one fact a line, nothing when nothing changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from drone_deploy_ecs.core import history
from drone_deploy_ecs.core.cause import cause_of_event, cause_of_task, describe
from drone_deploy_ecs.core.ecs import runs, without_service
from drone_deploy_ecs.core.event import Kind, News
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.text import MINUTE, safe, span, tasks
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.core.watch import Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs import Deployment
    from drone_deploy_ecs.core.watch import Watch


NAMED = 3
"""Tasks named in a line about several."""


def news(before: Watch, after: Watch) -> Iterator[News]:
    """What changed between two states of a watch, in the order a person would tell it."""
    yield from _writing(before, after)
    yield from _sight(before, after)
    yield from _service_events(before, after)
    yield from _tasks(before, after)
    if after.verdict is None and after.deployment:
        yield from _progress(before, after)
    if after.completed_at is not None and before.completed_at is None:
        yield Kind.VERDICT, _complete(after, after.completed_at)
    if after.verdict is not None and before.verdict is None:
        yield from _verdict(after)


def _writing(before: Watch, after: Watch) -> Iterator[News]:
    fault = after.last_write
    if fault is not None and fault is not before.last_write and after.verdict is None:
        yield Kind.TROUBLE, safe(f"{fault}; looking before trying again")
    if after.deployment and not before.deployment:
        yield Kind.UPDATED, _following(after)
        yield from _usually(after)
    if after.phase is Phase.CHECK and before.phase is Phase.FOLLOW:
        yield Kind.PROGRESS, f"{after.only_over} is PRIMARY again"


def _following(watch: Watch) -> str:
    revision = watch.revision
    if watch.adopted:
        return f"ECS itself is returning it, as {watch.deployment}: not written again"
    if watch.is_undo:
        return f"updated to {revision}, as {watch.deployment}"
    found = f"found the update to {revision} accepted" if watch.last_write else f"updated to {revision}"
    if watch.desired is not None:
        return f"{found} with {tasks(watch.desired)}, as {watch.deployment}; taken down again if it fails"
    back = f"; back to {short(watch.target.before)} if it fails" if watch.target.before else ""
    return f"{found}, as {watch.deployment}{back}"


def _usually(watch: Watch) -> Iterator[News]:
    """What is to be expected, for people: how long the service's earlier rollouts took."""
    usual = history.usual(watch.earlier)
    if usual is not None:
        healthy = f", new tasks healthy after {span(usual.healthy)}" if usual.healthy else ""
        count = f"{usual.rollouts} earlier rollout{'' if usual.rollouts == 1 else 's'}"
        yield Kind.PROGRESS, f"usually completes in {span(usual.total)}{healthy} ({count})"


def _sight(before: Watch, after: Watch) -> Iterator[News]:
    if after.blindness is not None and before.blindness is None:
        yield Kind.TROUBLE, safe(f"can't see it: {after.blindness}; going on looking")
    if after.blindness is None and before.blindness is not None:
        yield Kind.TROUBLE, "in sight again"
    for permission in sorted(after.denied - before.denied):
        yield Kind.TROUBLE, f"{permission} isn't allowed: stopped tasks and their reasons can't be shown"


def _service_events(before: Watch, after: Watch) -> Iterator[News]:
    """ECS's own events, where they speak of trouble; ECS repeats some of them, people need them once."""
    if after.service is None or after.service is before.service or after.since is None:
        return
    if before.service is None and after.is_undo:
        return  # told on the way forward
    if before.service and after.service.events[-1:] == before.service.events[-1:]:
        return  # events only ever grow
    known = {one.id for one in before.service.events} if before.service else set()
    told = {_told(one.message) for one in before.service.events if one.at >= after.since} if before.service else set()
    for event in after.service.events:
        if (
            event.at >= after.since
            and event.id not in known
            and cause_of_event(event)
            and _told(event.message) not in told
        ):
            told.add(_told(event.message))
            yield Kind.SERVICE_EVENT, f"ECS says: {safe(without_service(event.message))}"


def _told(message: str) -> str:
    """An event's message without what differs from task to task, to recognise a repetition."""
    return message.partition("(task ")[0] + message.rpartition(")")[2]


def _tasks(before: Watch, after: Watch) -> Iterator[News]:
    """Stopped tasks, those alike in one line; the same again only each time there are twice as many."""
    if after.stopped is before.stopped:
        return
    told = Counter(describe(cause_of_task(task)) for task in before.stopped)
    known = {one.arn for one in before.stopped}
    alike: dict[str, list[str]] = {}
    for task in after.stopped:
        if task.arn not in known:
            alike.setdefault(describe(cause_of_task(task)), []).append(short(task.arn)[:8])
    for said, names in alike.items():
        if len(names) < told[said]:
            continue
        listed = ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
        yield Kind.TASK, f"{tasks(len(names))} stopped ({listed}): {said}"


def _progress(before: Watch, after: Watch) -> Iterator[News]:
    said, says = _counts(before), _counts(after)
    if before.deployment and says and says != said:
        yield Kind.PROGRESS, says
    if after.healthy_at is not None and before.healthy_at is None and after.completed_at is None:
        yield Kind.PROGRESS, f"new tasks are up after {span(after.healthy_at - after.began)}; old ones are draining"
    if after.passed > before.passed:
        yield Kind.PROGRESS, f"check {after.passed} of {after.terms.checks} passed"
    if before.completed_at is not None and after.completed_at is None:
        yield Kind.PROGRESS, "no longer complete"


def _counts(watch: Watch) -> str:
    if watch.service is None or not watch.deployment:
        return ""
    ours = watch.service.deployment(watch.deployment)
    others = [one for one in watch.service.deployments if one is not ours and (one.running or one.pending)]
    too_few = f", but {watch.terms.at_least} must" if ours and watch.service.desired < watch.terms.at_least else ""
    return "; ".join(_count(one, ours) for one in ([ours] if ours else []) + others) + too_few


def _count(one: Deployment, ours: Deployment | None) -> str:
    starting = f", {one.pending} starting" if one.pending else ""
    failed = f", {one.failed_tasks} failed" if one.failed_tasks else ""
    wanted = f" of {one.desired}" if one.status == "PRIMARY" else ""
    same = ours is not None and one is not ours and one.task_definition == ours.task_definition
    return f"{short(one.task_definition)}{' of before' if same else ''} {one.running}{wanted} running{starting}{failed}"


def waiting(watch: Watch, now: float) -> str:
    """Something to say when nothing changed for a while: CI systems end steps that are silent."""
    after = span(now - watch.began)
    if watch.blindness is not None:
        return safe(f"still can't see it after {after}: {watch.blindness}")
    if watch.completed_at is not None and watch.terms.must_stay:
        return f"still up after {after}: {_counts(watch)}"
    if watch.completed_at is not None:
        left = (watch.stable_at or now) - now
        until = f"{span(left)} to prove stable" if left > 0 else "waiting for the others"
        return f"still complete after {after}, {until}: {_counts(watch)}"
    if watch.phase is not Phase.FOLLOW:
        return f"still trying to update it after {after}"
    most = span(watch.deadline - watch.began)
    return f"still rolling out after {after} of at most {most}{_to_go(watch, now)}: {_counts(watch)}"


def _to_go(watch: Watch, now: float) -> str:
    """By history; nothing where the next milestone is late: then it is no rollout like the others."""
    foreseen = history.foresee(watch)
    if foreseen is None or now > foreseen.next.late:
        return ""
    healthy = foreseen.healthy if watch.terms.wait_for_drained else None
    soon = f", new tasks healthy in about {_about(healthy - now)}" if healthy is not None and healthy > now else ""
    return f"{soon}, about {_about(foreseen.end.usual - now)} to go"


def _about(seconds: float) -> str:
    """To the next five seconds, or half a minute: it is no more exact than that."""
    step = 5 if seconds < MINUTE else 30
    return span(step * max(1, round(seconds / step)))


def _complete(watch: Watch, at: float) -> str:
    """Both moments: new tasks up, old ones gone."""
    up = span((at if watch.healthy_at is None else watch.healthy_at) - watch.began)
    gone = span(at - watch.began)
    because = f"; {watch.completed_reason}" if watch.completed_reason else ""
    hold = f"; watching it for another {span(watch.terms.stable_for)}" if watch.terms.stable_for else ""
    if watch.is_undo:
        return f"back on {runs(watch.service)}, steady, after {gone}{because}"
    alone = watch.completed_reason or watch.terms.at_least
    moments = f"new tasks up after {up}" + ("" if alone else f", old ones gone after {gone}")
    return f"{short(watch.definition)} completed: {moments}{because}{hold}"


def _verdict(watch: Watch) -> Iterator[News]:
    verdict = watch.verdict
    assert verdict is not None
    if verdict is Verdict.COMPLETED:
        if watch.terms.stable_for:
            yield Kind.VERDICT, f"{short(watch.definition)} was stable for {span(watch.terms.stable_for)}"
        return
    after = span(watch.decided_at - watch.began)
    because = f": {safe(watch.reason)}" if watch.reason else ""
    what = "the way back" if watch.is_undo else watch.revision
    yield Kind.VERDICT, f"{what} {WORDS[verdict]} after {after}{because}"


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
    Verdict.CANCELLED: "was cancelled",
}
