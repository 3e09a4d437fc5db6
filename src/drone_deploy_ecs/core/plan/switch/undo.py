"""The way back of a switch: the live side to its full count first, then the other one down.

A stage that fails ends it: what has taken over isn't taken down before the live side is up again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.plan.switch.history import SideHistory
from drone_deploy_ecs.core.plan.switch.stages import one_by_one
from drone_deploy_ecs.core.plan.undo import to_return
from drone_deploy_ecs.core.steps.limit import RegisterScalableTarget
from drone_deploy_ecs.core.steps.rollout.update import UpdateService
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.core.steps.step import Stage
from drone_deploy_ecs.core.text import tasks
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from drone_deploy_ecs.core.plan.switch.switch import Switch
    from drone_deploy_ecs.core.plan.undo import Return
    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Execution, Step


def must_return(request: Request, outcomes: Iterable[Outcome]) -> bool:
    """Whether anything is to be undone: not what went well, can't be seen, or was to be left."""
    verdicts = {outcome.verdict for outcome in outcomes}
    is_left = Verdict.CANCELLED in verdicts and request.leave_on_cancel
    return not (is_left or Verdict.UNKNOWN in verdicts or all(verdict.is_good for verdict in verdicts))


def idle_return(request: Request, switch: Switch, done: tuple[Execution, ...]) -> tuple[Return, ...]:
    """How the idle side gets the revision back that it had: not at all where there is nothing of ours, or no way."""
    idle = SideHistory(switch.idle, done).deployed
    can_return = idle and idle.deployment and not idle.target.back.impossible
    return (to_return(request, idle),) if idle and can_return else ()


def stages(switch: Switch, done: tuple[Execution, ...], way_back: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages back. `way_back` are those of the idle side's own deployment, () where it has none or isn't ours."""
    return (*one_by_one(_live_again(switch, done)), *_idle_again(switch, done, way_back))


def undo_sentence(switch: Switch, done: tuple[Execution, ...]) -> str:
    """What the way back is, in a sentence."""
    if SideHistory(switch.live, done).was_scaled:
        return f"taking it down again, once {switch.live.name} is back at {tasks(switch.count)}"
    return "taking it down again"


def _live_again(switch: Switch, done: tuple[Execution, ...]) -> Iterator[Step]:
    history = SideHistory(switch.live, done)
    if history.was_limited and switch.live_limits:
        limits = switch.live_limits
        yield RegisterScalableTarget(target=switch.live, limits=limits, why="as before", required=False)
    if history.was_scaled:
        # No known deployments: whatever somebody deployed to it meanwhile, it must get its tasks back.
        live = replace(switch.live, known=frozenset())
        yield Scale(target=live, to=switch.count, allow_more=True, always_write=True)


def _idle_again(switch: Switch, done: tuple[Execution, ...], way_back: tuple[Stage, ...]) -> Iterator[Stage]:
    history = SideHistory(switch.idle, done)
    side = history.deployed
    is_ours = bool(side and side.deployment and side.verdict is not Verdict.SUPERSEDED)
    if switch.idle_limits and (history.was_limited or is_ours):
        # The limits come first: autoscaling may bring a service below its minimum up again.
        limits = switch.idle_limits
        yield Stage((RegisterScalableTarget(target=switch.idle, limits=limits, why="idle again", required=False),))
    if side is None or not is_ours:
        return
    ours = replace(switch.idle, known=switch.idle.known | {side.deployment})
    to_none = Stage((Scale(target=ours, to=0, always_write=True),))
    if side.verdict is Verdict.ROLLED_BACK:
        # What ECS itself is returning needn't start its tasks again.
        yield from (to_none, *way_back)
    else:
        # The way back writes count 0 together with the old revision; this checks that it came to that.
        make_sure = Stage((Scale(target=replace(switch.idle, known=frozenset()), to=0),))
        yield from (*map(_without_tasks, way_back), make_sure if way_back else to_none)


def _without_tasks(stage: Stage) -> Stage:
    """One write does both: the revision and the count."""
    return Stage(tuple(replace(step, desired=0) if isinstance(step, UpdateService) else step for step in stage.steps))
