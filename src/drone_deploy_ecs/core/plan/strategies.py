"""Which strategy a request takes: its action's own, or, for a deployment, its mode's.

A strategy is imported only where it is picked, and so is what follows a good verdict: a run needs one of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.plan.snapshot import Snapshot
    from drone_deploy_ecs.core.plan.strategy import Plan, Strategy
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Stage

ROLLING = "rolling:Rolling"
ACTIONS = {
    "watch": "watch:Watch",
    "rollback": "rollback:Rollback",
    "continue": "approve:Approve",
    "run": "once:Once",
}
"""By the action, those that are no deployment: the strategy's module in this package and its class."""
STRATEGIES = {"blue_green": "switch.strategy:TwoServices", "colours": "by_secret:BySecret"}
"""By the member of `Request` that asks for it: likewise, and it is made of that."""
FOLLOWED = "schedules.strategy:WithSchedules"
"""Made of another strategy, where schedules follow it."""


def strategy_for(request: Request) -> Strategy:
    """The strategy, before anything was read."""
    if request.action in ACTIONS:
        return _made(ACTIONS[request.action])
    services = _of_services(request)
    return _made(FOLLOWED, services) if request.schedules else services


def afterwards(plan: Plan, snapshots: Sequence[Snapshot]) -> tuple[Stage, ...]:
    """The stages that follow a good verdict on that plan; of these services it was made."""
    keep = plan.request.keep_revisions
    if keep is None:
        return ()
    stages: tuple[Stage, ...] = import_module(f"{__package__}.cleanup").cleanup(plan, snapshots, keep)
    return stages


def _of_services(request: Request) -> Strategy:
    for member, place in STRATEGIES.items():
        settings = getattr(request, member)
        if settings is not None:
            return _made(place, settings)
    return _made(ROLLING)


def _made(place: str, *settings: Any) -> Strategy:
    module, _, name = place.partition(":")
    strategy: Strategy = getattr(import_module(f"{__package__}.{module}"), name)(*settings)
    return strategy
