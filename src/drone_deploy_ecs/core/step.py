"""What a plan is made of. A step says, in ECS's nouns, what it changes; the stages run in order, their steps together.

A plan is data: `plan` prints it, the engine runs it, and the way back (`undo`) is a plan again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.text import span, tasks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from drone_deploy_ecs.core.limits import Limits
    from drone_deploy_ecs.core.problem import Problem
    from drone_deploy_ecs.core.target import Target


@dataclass(frozen=True, kw_only=True)
class RegisterTaskDefinition:
    """Register a revision that several services may share; `key` stands for its ARN until that is known."""

    key: str
    region: str
    family: str
    body: Mapping[str, Any]
    serves: tuple[str, ...]
    source: str
    what: str

    def __str__(self) -> str:
        return f"RegisterTaskDefinition: a new revision of {self.family}, from {short(self.source)} with {self.what}"


@dataclass(frozen=True, kw_only=True)
class UpdateService:
    """Point a service at a revision (`definition`: an ARN or a registration's key), and follow that deployment.

    `only_over`, in an undo, is the deployment of ours (from `since` on) that must still be PRIMARY: anything else isn't
    ours to undo. `confirm_only` leaves the writing to ECS's own rollback. `desired` is a new desired count; None leaves
    the one it has.
    """

    target: Target
    definition: str
    force: bool = False
    only_over: str = ""
    confirm_only: bool = False
    since: datetime | None = None
    desired: int | None = None

    def __str__(self) -> str:
        forced = ", with a forced new deployment (the tag may have been pushed again)" if self.force else ""
        revision = short(self.definition) if self.definition.startswith("arn:") else "that revision"
        counted = "" if self.desired is None else f", with {tasks(self.desired)}"
        return f"UpdateService: {self.target.name} to {revision}{counted}{forced}"


@dataclass(frozen=True, kw_only=True)
class FollowDeployment:
    """Write nothing: this very revision is rolling out already, so follow it and judge it."""

    target: Target
    definition: str
    deployment: str
    desired: int | None = None

    def __str__(self) -> str:
        return f"Follow {self.deployment} of {self.target.name}: {short(self.definition)} is rolling out already"


@dataclass(frozen=True, kw_only=True)
class Scale:
    """Change a service's desired count, and wait until it runs so many. Not a deployment.

    `was` is the count that the plan was made for: another one means that somebody else scales it, too, and that a new
    plan is needed. None, on the way back, brings it to `to` from wherever it is; with `at_least`, more will do; with
    `surely` it is written even if it is seen to be there: what was seen may be older than our own last write. If the
    target has `known` deployments and another one is PRIMARY, nothing is changed.
    """

    target: Target
    to: int
    was: int | None = None
    at_least: bool = False
    surely: bool = False

    @property
    def takes_away(self) -> bool:
        """Whether tasks that serve are to stop, on the way forward."""
        return self.was is not None and self.to < self.was

    def __str__(self) -> str:
        return f"UpdateService: {self.target.name}{'' if self.was is None else f' from {self.was}'} to {tasks(self.to)}"


@dataclass(frozen=True, kw_only=True)
class RegisterScalableTarget:
    """Change what Application Auto Scaling may do to a service's desired count; `why` is for people.

    Where it is `vital`, nothing goes on without it.
    """

    target: Target
    limits: Limits
    why: str
    vital: bool = True

    def __str__(self) -> str:
        return f"RegisterScalableTarget: autoscaling of {self.target.name} {self.limits}, {self.why}"


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Let so many seconds pass, while what was deployed so far is watched."""

    target: Target
    seconds: float

    def __str__(self) -> str:
        return f"Hold: watch {self.target.name} for {span(self.seconds)}"


ServiceStep = UpdateService | FollowDeployment
Step = RegisterTaskDefinition | ServiceStep | Scale | RegisterScalableTarget | Hold


@dataclass(frozen=True)
class Stage:
    """Steps that run together."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class Handover:
    """The two sides of a blue/green run: `idle` takes over from `live`, which has `count` tasks.

    `live_limits` and `idle_limits` are autoscaling's, as they should be after a failure (None: not autoscaled);
    `percent` and `interval` are how `live` is scaled down.
    """

    live: Target
    idle: Target
    count: int
    percent: int
    interval: float
    live_limits: Limits | None = None
    idle_limits: Limits | None = None

    def __str__(self) -> str:
        live, idle = self.live, self.idle
        return (
            f"{live.name} is live ({tasks(live.desired)}, {short(live.before)}); "
            f"{idle.name} ({tasks(idle.desired)}) takes over, then {live.name} gives way"
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a run will do. `unchanged` are the services that already run exactly this; `handover` is blue/green's."""

    stages: tuple[Stage, ...]
    handover: Handover | None = None
    unchanged: tuple[Target, ...] = ()
    warnings: tuple[Problem, ...] = ()
    diffs: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in order."""
        return tuple(step for stage in self.stages for step in stage.steps)

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every service of the run."""
        updated = (one.target for one in self.steps if isinstance(one, UpdateService | FollowDeployment))
        return (*self.unchanged, *updated)
