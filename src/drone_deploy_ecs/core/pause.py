"""A PAUSE hook that a service deployment waits at: where, until when, and by which commands it is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs.names import short

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.target import Target

WAIT, CONTINUE, LEAVE = "wait", "continue", "leave"
"""What may be asked for at a pause: to wait for somebody's answer, to give it, or to end the run there."""


class Pause(Struct, frozen=True, kw_only=True):
    """Where a deployment (`ecs-svc/N`, of which `arn` is the service deployment) waits: at the hook with the id `hook`.

    `share` is its part of production traffic, in per cent; None where ECS tells none. What nobody has answered at
    `expires_at` gets the answer `timeout_action`, CONTINUE or ROLLBACK. `is_way_back`: going on is what brings back
    what ran before.
    """

    target: Target
    deployment: str
    arn: str
    hook: str
    stage: str
    share: float | None
    expires_at: datetime | None
    timeout_action: str
    is_way_back: bool = False

    @property
    def place(self) -> str:
        """`PAUSE hook ecs-pause-x (POST_SCALE_UP)`."""
        return f"PAUSE hook {self.hook} ({self.stage})"

    @property
    def until(self) -> str:
        """`until 05 Jan 13:00Z, then ROLLBACK`; "" where it has no end."""
        return f"until {self.expires_at:%d %b %H:%M}Z, then {self.timeout_action}" if self.expires_at else ""

    @property
    def traffic(self) -> str:
        """What users have of it: as far as ECS tells, and no more."""
        if not self.share:
            return "not yet over" if self.share is None else "not yet serving"
        return f"with {self.share:g} % of production traffic, not yet over"

    @property
    def ways(self) -> tuple[str, ...]:
        """How to go on, and how to go back: by this program or by AWS's."""
        on = f"{self._command('continue', self.deployment)}, or {self._call('CONTINUE')}"
        if self.is_way_back:
            return (f"To bring the way back to its end: {on}",)
        return f"To go on: {on}", f"To go back: {self._command('rollback')}, or {self._call('ROLLBACK')}"

    def _command(self, action: str, deployment: str = "") -> str:
        target = self.target
        which = f" --deployment {deployment}" if deployment else ""
        place = f"--aws-region {target.region} --cluster {short(target.cluster)} --service {target.service}"
        return f"`drone-deploy-ecs {action} {place}{which}`"

    def _call(self, action: str) -> str:
        command = f"aws ecs continue-service-deployment --region {self.target.region}"
        return f"`{command} --service-deployment-arn {self.arn} --hook-id {self.hook} --action {action}`"
