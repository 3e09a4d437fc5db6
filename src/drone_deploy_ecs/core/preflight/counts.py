"""What a service's own numbers foretell: these checks ask nothing."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from drone_deploy_ecs.core.preflight.check import Finding, Result, worst
from drone_deploy_ecs.core.text import span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.preflight.check import Answers


class _Known(Struct, frozen=True, kw_only=True):
    """A check of `service` (its name) that knows all it needs."""

    region: str
    service: str

    def asks(self, _answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: nothing."""
        yield from ()

    def again(self, _answers: Answers, /) -> Iterator[Call[Any]]:
        """See `Check`: nothing."""
        yield from ()


class GraceCheck(_Known, frozen=True, kw_only=True):
    """Whether the load balancer waits for as long as a container says that it may take to start; both in seconds."""

    grace: int
    start: int

    def findings(self, _answers: Answers, /) -> Iterator[Finding]:
        """See `Check`."""
        if self.grace >= self.start:
            what = f"service {self.service}'s grace period of {span(self.grace)} is as long as its containers may start"
            yield Finding(Result.FINE, what)
            return
        yield Finding(
            Result.WARNING,
            f"service {self.service} gives new tasks {span(self.grace)} before the load balancer's checks count, and its "
            f"containers take up to {span(self.start)} to start",
            "Raise healthCheckGracePeriodSeconds to at least healthCheck.startPeriod",
        )


class PercentsCheck(_Known, frozen=True, kw_only=True):
    """Whether a rolling deployment may start a task, or stop one, of `desired` with `running`.

    ECS rounds the maximum down and the minimum up (API reference, DeploymentConfiguration). `is_settled`: no rollout is
    under way, so that these counts are no passing ones.
    """

    desired: int
    running: int
    minimum: int
    maximum: int
    is_settled: bool

    def findings(self, _answers: Answers, /) -> Iterator[Finding]:
        """See `Check`."""
        most, fewest = floor(self.desired * self.maximum / 100), ceil(self.desired * self.minimum / 100)
        if not self.desired or self.running < most or self.running > fewest:
            yield Finding(Result.FINE, f"service {self.service}'s percents let a deployment start or stop tasks")
            return
        percents = f"minimumHealthyPercent {self.minimum} and maximumPercent {self.maximum}"
        what = f"{percents} let ECS neither start nor stop any of service {self.service}'s {tasks(self.desired)}"
        yield Finding(worst(is_sure=self.is_settled), what, "Lower the one or raise the other")
