"""How the way back decides, from a look at the service: to write, to wait for ECS's own rollback, or to leave it alone.

- Our failed deployment is still PRIMARY: write, unless ECS has said that it will roll back; that gets time to begin.
- ECS has returned to what ran before: that deployment is followed, and nothing is written.
- Anything else is PRIMARY: not ours. It is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.judge import GRACE
from drone_deploy_ecs.core.steps.rollout.write import Next
from drone_deploy_ecs.core.text import span
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.steps.rollout.terms import RolloutStep

ECS_TURN = 45.0
"""Seconds that ECS's own rollback gets to begin before ours does what it should have done."""
NEITHER = "ECS doesn't return it, and rollbacks are disabled"


def nobody(step: RolloutStep, began: float, now: float) -> Judgement | Next:
    """What it means that nobody returns it, where we must not."""
    if now < began + step.awaits:
        return Next.WAIT
    waited = f"nobody returned it within {span(step.awaits)}"
    return Judgement(Verdict.TIMED_OUT, waited if step.awaits else NEITHER)


def check(
    step: RolloutStep,
    definition: str,
    service: Service,
    primary: Deployment,
    *,
    since: datetime | None,
    began: float,
    away_since: float | None,
    now: float,
) -> Judgement | Ours | Next:
    """What a look before the write means on the way back to `definition`, that deployment being PRIMARY.

    The way back began at `began`; what ECS says counts from `since` on, by its own clock. Since `away_since` what is
    undone isn't PRIMARY any more.
    """
    if primary.id == step.undoes:
        # Two rollbacks would race: ECS, having announced its own, gets a while to begin before ours is written.
        if now < began + ECS_TURN and service.is_rolling_back(step.undoes):
            return Next.WAIT
        if step.must_not_write:
            return nobody(step, began, now)
        return Next.WRITE
    # The former revision alone is no return where a copy of it is needed: the same tag may be another image by now.
    is_return = primary.task_definition == definition or (
        primary.task_definition == step.target.before
        and (primary.id in step.target.known or service.is_rolling_back_to(primary.id, since))
    )
    if not is_return:
        theirs = f"{primary.id} ({short(primary.task_definition)}) is PRIMARY now and isn't ours: left alone"
        return Judgement(Verdict.SUPERSEDED, theirs)
    # A read from before our update shows the same, unless it lists what failed, or an event says that it failed.
    is_certain = service.deployment(step.undoes) or service.failure_of(step.undoes)
    if is_certain or (away_since is not None and now - away_since >= GRACE):
        return Ours(deployment=primary.id, since=since, is_ecs_rollback=True)
    return Next.WAIT_AWAY
