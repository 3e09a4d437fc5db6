"""What a look means for a deployment whose traffic is shifted: `judge(sight, known)` → a verdict, or None: not yet.

Its service deployment says what becomes of it, its tasks and events that it can't succeed, and DescribeServices whose
the service is. That the service is stable proves nothing: it is so in every bake, and after every rollback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.pause import LEAVE
from drone_deploy_ecs.core.steps.native.record import SHIFTED, UP
from drone_deploy_ecs.core.steps.rollout.judge import (
    cannot_succeed,
    rolled_back,
    service_gone,
    superseded,
    too_many_failed,
    unstable,
)
from drone_deploy_ecs.core.text import tasks
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment
    from drone_deploy_ecs.core.steps.native.record import Known
    from drone_deploy_ecs.core.steps.rollout.judge import Sight

SURE = 2
"""Looks in a row that must show STOPPED: somebody's deployment may have stopped it since DescribeServices."""


def judge(sight: Sight, known: Known) -> Judgement | None:
    """The verdict that this look justifies; `known` is of the service deployment that tells."""
    rules = _RETURNED if sight.ours.is_ecs_rollback else _FORWARD
    return next((judgement for rule in rules if (judgement := rule(sight, known))), None)


def unfinished(known: Known) -> str:
    """What isn't over yet, where the request doesn't wait for the end."""
    record = known.record
    if record is None or record.is_over:
        return ""
    share = record.target.production
    traffic = "" if record.has_all_traffic else f"with {share:g} % of production traffic, "
    waiting = f"; {held_up}" if (held_up := waits(record)) else ""
    return f"{traffic}not SUCCESSFUL yet: it is at {record.stage}{waiting}"


def _gone(sight: Sight, _known: Known) -> Judgement | None:
    return service_gone(sight)


def _superseded(sight: Sight, known: Known) -> Judgement | None:
    primary = sight.service.primary if sight.service else None
    record = known.record
    if primary and record and (record.goes_back_to(primary.id) or record.is_of(primary.id)):
        return None
    return superseded(sight)


def _over(sight: Sight, known: Known) -> Judgement | None:
    """ECS took it back, or gave up on it."""
    record = known.record
    if record is None:
        # What a hook refuses at once may be gone before the list has it.
        return rolled_back(sight)
    why = record.why or "no reason given"
    if record.is_going_back:
        how = "has rolled it back" if record.is_over else "is rolling it back"
        return Judgement(Verdict.ROLLED_BACK, f"ECS {how}: {why}")
    if record.status == "ROLLBACK_FAILED":
        return Judgement(Verdict.FAILED, f"ECS gave up on it, and its rollback failed: {why}")
    if record.status == "STOPPED" and known.looks >= SURE:
        return _stopped(sight, why)
    return None


def _stopped(sight: Sight, why: str) -> Judgement | None:
    """STOPPED is what a newer deployment does to it, too: that one is PRIMARY then."""
    if sight.listed is not None and sight.listed.status == "PRIMARY":
        return Judgement(Verdict.FAILED, f"ECS stopped it, and left it as it was: {why}")
    return rolled_back(sight)


def _unstable(sight: Sight, _known: Known) -> Judgement | None:
    return unstable(sight)


def _completed(sight: Sight, known: Known) -> Judgement | None:
    """SUCCESSFUL, with all production traffic; and PRIMARY, with all its tasks: that it says for ever."""
    record, listed = known.record, sight.listed
    if record is None or record.status != "SUCCESSFUL" or not record.has_all_traffic or not _is_up(sight):
        return None
    # Of a PRIMARY that is being returned to, the record is of its own deployment, long ago.
    is_settled = listed is not None and listed.rollout_state in ("COMPLETED", "")
    return Judgement(Verdict.COMPLETED, "") if is_settled else None


def _is_up(sight: Sight) -> bool:
    listed = sight.listed
    return listed is not None and listed.status == "PRIMARY" and listed.running >= max(listed.desired, sight.wanted)


def _shifted(sight: Sight, known: Known) -> Judgement | None:
    """All production traffic is on it, and the bake has begun, where the request waits for no more."""
    record = known.record
    if record is None or not sight.terms.wait_for_shift or record.status != "IN_PROGRESS":
        return None
    if record.stage not in SHIFTED or not record.has_all_traffic or not _is_up(sight):
        return None
    return Judgement(Verdict.COMPLETED, unfinished(known))


def _healthy(sight: Sight, known: Known) -> Judgement | None:
    """All its tasks are healthy, where the request waits for no more."""
    record, terms = known.record, sight.terms
    if record is None or terms.wait_for_drained or terms.wait_for_shift or record.status != "IN_PROGRESS":
        return None
    if record.pauses and terms.on_pause == LEAVE:  # `_left` says more
        return None
    if record.stage not in UP or not _is_up(sight):
        return None
    return Judgement(Verdict.COMPLETED, unfinished(known))


def _cannot_succeed(sight: Sight, _known: Known) -> Judgement | None:
    return cannot_succeed(sight)


def _too_many_failed(sight: Sight, _known: Known) -> Judgement | None:
    return too_many_failed(sight)


def _left(sight: Sight, known: Known) -> Judgement | None:
    """It waits at a pause, where the run is to end: nothing else is waited for. Its tasks are up, if it has any yet."""
    record, listed = known.record, sight.listed
    if record is None or sight.terms.on_pause != LEAVE or record.status != "IN_PROGRESS" or not record.pauses:
        return None
    is_there = _is_up(sight) if record.stage in UP else listed is not None and listed.status == "PRIMARY"
    return Judgement(Verdict.COMPLETED, waits(record)) if is_there else None


def waits(record: DescribedServiceDeployment) -> str:
    """At which pauses it waits, in a clause; "" at none."""
    hooks = " and ".join(hook.id for hook in record.pauses)
    return f"it waits at PAUSE hook {hooks} ({record.stage})" if hooks else ""


def _out_of_budget(sight: Sight, known: Known) -> Judgement | None:
    if sight.left > 0:
        return None
    if known.record is None:
        return Judgement(Verdict.TIMED_OUT, "the budget ended, and its service deployment isn't listed")
    running = sight.listed.running if sight.listed else 0
    where = f" at {known.record.stage}" if known.record.stage else ""
    held_up = f"; {waiting}" if (waiting := waits(known.record)) else ""
    reason = f"the budget ended{where} with {running} of {tasks(sight.wanted)} running{held_up}"
    return Judgement(Verdict.TIMED_OUT, reason)


def _back(sight: Sight, known: Known) -> Judgement | None:
    """ECS's rollback is at its end: what ran before is PRIMARY with all its tasks, and gets the traffic."""
    record, listed = known.record, sight.listed
    if record is None or record.status != "ROLLBACK_SUCCESSFUL" or not _is_up(sight):
        return None
    # Whether the weight is 0 by then no page says; without a task it gets nothing.
    failed = sight.service.deployment(sight.undoes) if sight.service else None
    if record.target.production and failed and failed.running:
        return None
    is_settled = listed is not None and listed.rollout_state in ("COMPLETED", "")
    return Judgement(Verdict.COMPLETED, "") if is_settled else None


_FORWARD: tuple[Callable[[Sight, Known], Judgement | None], ...] = (
    _gone,
    _superseded,
    _over,
    _unstable,
    _completed,
    _shifted,
    _healthy,
    _cannot_succeed,
    _too_many_failed,
    _left,
    _out_of_budget,
)
"""In the order of their evidence: the first that has something to say decides."""
_RETURNED: tuple[Callable[[Sight, Known], Judgement | None], ...] = (
    _gone,
    _superseded,
    _back,
    _out_of_budget,
)
"""The same of what ECS has returned to."""
