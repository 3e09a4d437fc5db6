"""What an answer from AWS changes in a rollout: the answer is folded in part by part, and then there may be a verdict.

The room of each part says what becomes of it; here they are asked in order. The judgement is applied once, at the end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, assert_never

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import UpdateService
from drone_deploy_ecs.core.ecs.fault import Fault, not_awss
from drone_deploy_ecs.core.ecs.service import Service
from drone_deploy_ecs.core.steps.attempts import LOOK_AGAIN, RETRY_FIRST, Attempts, Phase
from drone_deploy_ecs.core.steps.observation import READ_GRACE, Reading, all_of
from drone_deploy_ecs.core.steps.rollout import stability, write
from drone_deploy_ecs.core.steps.rollout.follow import Ours, accepted, follow
from drone_deploy_ecs.core.steps.rollout.judge import Sight
from drone_deploy_ecs.core.steps.rollout.outlook import Outlook
from drone_deploy_ecs.core.steps.rollout.polling import NEEDS_EVIDENCE
from drone_deploy_ecs.core.steps.rollout.record import Decision
from drone_deploy_ecs.core.steps.rollout.rival import Rival
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.rollout.write import Next
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Deployment

RolloutT = TypeVar("RolloutT", bound=Outlook)
Change = tuple[RolloutT, Judgement | None]
"""The rollout after a step, and the verdict on it, if there is one: that is applied at the end (`decided`)."""


def decided(rollout: RolloutT, judgement: Judgement | None, now: float) -> RolloutT:
    """The rollout with its verdict, if there is one. It stays, and what is seen later adds to its causes.

    A bad one is explained when our deployment's stopped tasks have been read; or, if that can't be, after a while.
    """
    decision, ours, tasks = rollout.decision, rollout.ours, rollout.tasks
    if decision is None:
        if judgement is None:
            return rollout
        has_evidence = judgement.verdict in NEEDS_EVIDENCE and ours is not None and tasks.may_be_read
        decision = Decision(
            verdict=judgement.verdict, reason=judgement.reason, decided_at=now, explained=not has_evidence
        )
    explained = decision.explained or tasks.read_at == now or now >= decision.decided_at + READ_GRACE
    decision = replace(decision, explained=explained)
    if ours and not decision.verdict.needs_no_cause:
        since = ours.since.timestamp() if ours.since else 0.0
        decision = replace(decision, causes=rollout.reasons(since))
    return replace(rollout, reading=None, decision=decision)


# --- looks ---


def read(rollout: RolloutT, answer: object, now: float) -> Reading | Fault | None:
    """The look under way with the answer to its call; None where that is no answer to it."""
    if rollout.reading is None:
        look = service_read(rollout, answer, now)
        if isinstance(look, Reading) and rollout.wants_tasks(look.service, now):
            return look.with_tasks()
        return look
    return rollout.reading.advance(answer, rollout.tasks.read)


def service_read(rollout: RolloutT, answer: object, now: float) -> Reading | Fault | None:
    """The answer to DescribeServices as a look; None where it is no such answer."""
    if isinstance(answer, Fault):
        return answer
    services = all_of(Service, answer)
    if services is None:
        return None
    name = rollout.step.target.service
    return rollout.look(next((service for service in services if service.name == name), None), now)


def looked(rollout: RolloutT, look: Reading | Fault | None, now: float) -> Change[RolloutT]:
    """Fold in a look that is whole, or failed: for our deployment, or for the write while there is none."""
    if look is None:
        return rollout, None
    look = look.fault or look if isinstance(look, Reading) else look
    observed = rollout.observed.after(look, now)
    rollout = replace(rollout, reading=None, observed=observed)
    if isinstance(look, Fault) or observed.read_fault is not None:
        # Looking goes on until the budget ends, and a little longer if the service could be read until just before.
        if rollout.decision or not observed.is_lost(rollout.deadline, now):
            return rollout, None
        if rollout.phase is Phase.FOLLOW:
            return rollout, Judgement(Verdict.UNKNOWN, f"lost sight of AWS: {observed.read_fault}")
        return rollout, write.out_of_time(rollout.writes, rollout.deadline, now)
    rollout = rollout.seen(look, now)
    if rollout.decision:
        return rollout, None
    return _seen(rollout if rollout.phase is Phase.FOLLOW else replace(rollout, rival=None), now)


def _seen(rollout: RolloutT, now: float) -> Change[RolloutT]:
    """Judge by what was seen: of our deployment, or for the write while there is none."""
    ours = rollout.ours if rollout.phase is Phase.FOLLOW else None
    return _followed(rollout, ours, now) if ours else _checked(rollout, now)


def rival_read(rollout: RolloutT, answer: object, now: float) -> Change[RolloutT]:
    """After DescribeTaskDefinition of what somebody else runs there: as if the look had told its build."""
    rival = rollout.rival and rollout.rival.after(answer, is_last_chance=now >= rollout.deadline)
    rollout = replace(rollout, rival=rival)
    if rival:
        return _seen(rollout, now)
    return (rollout if rollout.phase is Phase.FOLLOW else _next(rollout, Next.RETRY, now)), None


# --- before there is a deployment of ours ---


def written(rollout: RolloutT, answer: object, now: float) -> Change[RolloutT]:
    """After UpdateService: our deployment is the PRIMARY of its own answer."""
    match answer:
        case Fault():
            writes = rollout.writes.failed(answer, now)
            if judgement := write.refused(writes, answer):
                return replace(rollout, writes=writes), judgement
            # Throttled or not, a look comes before the next attempt: meanwhile somebody may have deployed.
            rollout = replace(rollout, writes=writes, phase=Phase.CHECK)
            return rollout, write.out_of_time(writes, rollout.deadline, now)
        case Service():
            primary = answer.primary
            if primary is None or not (primary.id or primary.id in rollout.step.target.known):
                # It was accepted, but of what came of it nothing is told: that is looked for.
                return written(rollout, not_awss(UpdateService.operation), now)
            rollout = replace(
                rollout,
                writes=replace(rollout.writes, count=rollout.writes.count + 1, fault=None),
                observed=replace(rollout.observed, service=answer),
                earlier=rollout.foretold(answer.events),
            )
            ours = accepted(answer, primary, now, rollout.instead).after(rollout.ours)
            # The budget starts to count when ECS has the update.
            return replace(rollout, phase=Phase.FOLLOW, ours=ours, began=now), rollout.recalled
        case _:
            return rollout, None


def _checked(rollout: RolloutT, now: float) -> Change[RolloutT]:
    """Fold in a look from before the write: whether to write, to wait, to follow, or to give up."""
    service, writes = rollout.service, rollout.writes
    primary = service.primary if service else None
    finding: Judgement | Ours | Next
    if service is None or primary is None:
        finding = Next.RETRY
    elif rollout.is_undo:
        finding = rollout.way_back(service, primary, now)
    elif rollout.step.build is not None and rollout.rival is None:
        return replace(rollout, rival=Rival(definition=primary.task_definition)), None
    else:
        finding = write.check(primary, rollout.step, rollout.definition, writes, rollout.rival)
    # Writing is allowed by this look; an unconfirmed write, a recall or the deadline may still forbid it.
    if finding is Next.WRITE:
        finding = write.when_settled(writes, rollout.recalled, rollout.deadline, now)
    elif finding is Next.RETRY:
        finding = write.out_of_time(writes, rollout.deadline, now) or finding
    if isinstance(finding, Judgement):
        return rollout, finding
    return _recognised(rollout, finding, now) if isinstance(finding, Ours) else (_next(rollout, finding, now), None)


def _next(rollout: RolloutT, next_: Next, now: float) -> RolloutT:
    """What is done next about the write, and when."""
    match next_:
        case Next.WRITE:
            return replace(rollout, phase=Phase.WRITE, writes=rollout.writes.at(now))
        case Next.RETRY:
            return replace(rollout, writes=rollout.writes.at(now + RETRY_FIRST))
        case Next.WAIT:
            return replace(rollout, writes=rollout.writes.at(now + LOOK_AGAIN))
        case Next.WAIT_AWAY:
            away_since = now if rollout.not_primary_since is None else rollout.not_primary_since
            return replace(rollout, not_primary_since=away_since, writes=rollout.writes.at(now + LOOK_AGAIN))
        case never:
            assert_never(never)


def _recognised(rollout: RolloutT, ours: Ours, now: float) -> Change[RolloutT]:
    """Follow a deployment that a look showed to be ours. The same look may bring the verdict on it."""
    # An undo's budget counts from the first time: reads that go back and forth must not prolong it.
    is_again = rollout.ours is not None and rollout.ours.is_ecs_rollback
    ours = ours.after(rollout.ours)
    rollout = replace(rollout, phase=Phase.FOLLOW, ours=ours, began=rollout.began if is_again else now)
    return (rollout, rollout.recalled) if rollout.recalled else _followed(rollout, ours, now)


# --- our deployment ---


def _followed(rollout: RolloutT, ours: Ours, now: float) -> Change[RolloutT]:
    """Fold in a look at our deployment, and judge by it."""
    service = rollout.service
    primary = service.primary if service else None
    if ours.is_ecs_rollback and primary and primary.id == rollout.step.undoes:
        # ECS's rollback was seen, and now what it takes back is PRIMARY: one of these reads shows the past.
        writes, lost = rollout.writes.at(now), rollout.completion.lost()
        return replace(rollout, phase=Phase.CHECK, writes=writes, completion=lost), None
    ours, away_since = follow(ours, service, rollout.not_primary_since, now)
    rollout = replace(rollout, ours=ours, not_primary_since=away_since)
    stopped = rollout.tasks.stopped
    sight = Sight(
        service=service,
        ours=ours,
        target=rollout.step.target,
        undoes=rollout.step.undoes,
        terms=rollout.terms,
        stopped=stopped,
        stopped_since_complete=stability.stopped_since(rollout.completion, rollout.terms, stopped, service, ours),
        away_for=0.0 if away_since is None else now - away_since,
        left=rollout.deadline - now,
        proof=ours.reported.proof(stopped, rollout.tasks.read_at, now),
    )
    judgement = rollout.judged(sight)
    if judgement is None:
        return replace(rollout, completion=rollout.completion.lost()), None
    if judgement.verdict is Verdict.SUPERSEDED and primary and rollout.may_contest:
        return _contested(rollout, ours, primary, judgement, now)
    if judgement.verdict is not Verdict.COMPLETED:
        return rollout, judgement
    # Complete is no verdict yet: it has to stay so, and to wait for the others (`settle`).
    completion = stability.advance(rollout.completion, sight, judgement.reason, now)
    if isinstance(completion, Judgement):
        return rollout, completion
    return _completed(rollout, ours, completion, now), None


def _contested(
    rollout: RolloutT, ours: Ours, primary: Deployment, judgement: Judgement, now: float
) -> Change[RolloutT]:
    """Somebody else's deployment has taken our place: of a lower build, it gives way to ours, written once more."""
    rival = rollout.rival
    if rival is None or rival.definition != primary.task_definition:
        asking = Rival(definition=primary.task_definition)
        return replace(rollout, rival=asking, completion=rollout.completion.lost()), None
    if rival.build is None or rival.build in rollout.contested or not rival.is_lower(rollout.step.build):
        return rollout, judgement
    known = rollout.step.target.known | {ours.deployment, primary.id}
    again = replace(
        rollout,
        step=rollout.step.over(known),
        phase=Phase.WRITE,
        writes=Attempts(not_before=now),
        contested=(*rollout.contested, rival.build),
        ours=Ours(deployment=ours.deployment, since=ours.since),
        tasks=replace(rollout.tasks, stopped=()),
        completion=Completion(),
        not_primary_since=None,
    )
    return again, None


def _completed(rollout: RolloutT, ours: Ours, completion: Completion, now: float) -> RolloutT:
    """The rollout after ECS called it complete; `completion` says since when that counts, if it does."""
    before = rollout.completion
    if before.completed_at is None and completion.completed_at is not None and ours.healthy_at is None:
        ours = replace(ours, healthy_at=now)
    rollout = replace(rollout, ours=ours, completion=completion)
    if completion is before and rollout.stable_at is not None and (rollout.stable_at <= now or rollout.next_check):
        # It may only be waiting for its checks or for others: how long those take is not charged to it.
        paused_until = max(rollout.monitor.budget_paused_until, now)
        return replace(rollout, monitor=replace(rollout.monitor, budget_paused_until=paused_until))
    return rollout
