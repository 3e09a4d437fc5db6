"""What is left of a switch when somebody else scaled one of the services meanwhile: new stages from what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from drone_deploy_ecs.core.plan.switch.stages import remaining_stages
from drone_deploy_ecs.core.steps.scale import Scaling
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.plan.switch.switch import Switch
    from drone_deploy_ecs.core.steps.step import Execution, Stage


class Remaining(NamedTuple):
    """The switch from now on, and its stages; see `Replan` for the rest."""

    switch: Switch
    stages: tuple[Stage, ...]
    standing: tuple[Execution, ...]
    done: tuple[Execution, ...]
    service: str
    why: str


def remaining(switch: Switch, done: Sequence[Execution]) -> Remaining | None:
    """What is left, from the counts as they are now; None where nobody interfered, or what takes over is gone."""
    overtaken = next(
        (execution for execution in done if isinstance(execution, Scaling) and execution.needs_replan), None
    )
    standing = tuple(filter(_stands, done))
    deployment = next((execution.output for execution in standing if execution.output), "")
    if overtaken is None or not deployment:
        return None
    services = [*(execution.service for execution in standing), overtaken.service]
    counts = {service.name: service.desired for service in services if service}
    # A side that no execution has looked at has the count that the plan was made from.
    live, idle = (counts.get(side.service, side.desired) for side in (switch.live, switch.idle))
    changed, stages = remaining_stages(switch, live, idle, deployment)
    # The interrupted scaling must not count as a failure: the new stages do what it was to do.
    excused = replace(overtaken, verdict=Verdict.WITHDRAWN)
    return Remaining(
        switch=changed,
        stages=stages,
        standing=standing,
        done=tuple(excused if execution is overtaken else execution for execution in done if not _stands(execution)),
        service=overtaken.step.target.name,
        why=overtaken.reason,
    )


def _stands(execution: Execution) -> bool:
    return execution.is_monitored and execution.state is not State.ENDED
