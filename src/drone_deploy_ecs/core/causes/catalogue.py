"""Every cause once, in the order of the tables: for the documentation and the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.causes.events import EVENTS
from drone_deploy_ecs.core.causes.exits import EXIT_CODE_CAUSES, EXITED, UNEXPLAINED
from drone_deploy_ecs.core.causes.tasks import FALLBACK_CAUSES, TASK_CAUSES

if TYPE_CHECKING:
    from drone_deploy_ecs.core.causes.known import Known


def _catalogue() -> tuple[Known, ...]:
    unique: dict[str, Known] = {}
    for row in (*TASK_CAUSES, *FALLBACK_CAUSES, *EXIT_CODE_CAUSES.values(), EXITED, UNEXPLAINED, *EVENTS):
        unique.setdefault(row.name, row)
    return tuple(unique.values())


CATALOGUE: tuple[Known, ...] = _catalogue()
