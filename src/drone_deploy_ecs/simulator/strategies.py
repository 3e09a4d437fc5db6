"""Which rules a service's deployments go by: the service scheduler's for ROLLING, or `native`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from drone_deploy_ecs.simulator import scheduler
from drone_deploy_ecs.simulator.native import turn
from drone_deploy_ecs.simulator.stages import STEPS

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.account import Account
    from drone_deploy_ecs.simulator.model import Deployment, Service


class Strategy(Protocol):
    """What a strategy answers."""

    def begin(self, account: Account, service: Service, deployment: Deployment, /) -> None:
        """UpdateService has just made this deployment."""

    def tick(self, account: Account, service: Service, /) -> None:
        """A turn of the service's scheduler."""

    def alarm(self, account: Account, service: Service, /) -> None:
        """One of the deployment's alarms has gone off."""

    def stop(self, account: Account, service: Service, deployment: Deployment, kind: str, /) -> None:
        """StopServiceDeployment: `kind` is ROLLBACK or ABORT."""


def strategy_of(service: Service) -> Strategy:
    """The rules for this service."""
    return turn if service.strategy in STEPS else scheduler


def stop(account: Account, service: Service, deployment: Deployment, kind: str) -> None:
    """StopServiceDeployment of one that isn't over: one on its way back just goes on (developer guide)."""
    if deployment.outcome in ("PENDING", "IN_PROGRESS"):
        strategy_of(service).stop(account, service, deployment, kind)
