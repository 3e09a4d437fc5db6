"""Which strategy a request takes: its action's own, or, for a deployment, its mode's.

A strategy is imported only where it is picked: a run needs one of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drone_deploy_ecs.core.plan.strategy import Strategy
    from drone_deploy_ecs.core.request.request import Request

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
