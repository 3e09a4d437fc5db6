"""A deployment that failed, for whoever looks for evidence of why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.verdict import Verdict


class Failure(Struct, frozen=True, kw_only=True):
    """What failed.

    `deployment` is the one whose tasks may tell, `since` AWS's time of its creation, `definition` the ARN of what they
    run, `stopped` those known to have stopped, `causes` what is known so far.
    """

    target: Target
    verdict: Verdict
    decided_at: float
    deployment: str
    since: datetime | None
    definition: str
    service: Service | None
    stopped: tuple[Task, ...]
    causes: tuple[Cause, ...]
