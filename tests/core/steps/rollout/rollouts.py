"""Rollouts as values, begun or in the midst of things, and what one look brings them: a word each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import NODEFAULT
from msgspec.structs import replace

from drone_deploy_ecs.core.steps.attempts import Attempts, Phase
from drone_deploy_ecs.core.steps.observation import Observed, Reading, StoppedTasks
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.record import Decision, Monitor
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.step import Context
from tests.core.shown import BEFORE, BUDGET, NEW, NOON, OURS, TARGET

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.task import Task
    from drone_deploy_ecs.core.steps.rollout.rollout import Rollout

PARTS: dict[str, Any] = {
    "writes": Attempts,
    "observed": Observed,
    "tasks": StoppedTasks,
    "ours": Ours,
    "completion": Completion,
    "monitor": Monitor,
    "decision": Decision,
}
RENAMED = {"completed_reason": ("completion", "reason")}
PART_OF = {name: (part, name) for part, kind in PARTS.items() for name in kind.__struct_fields__} | RENAMED
OF_THE_STEP = frozenset({"build", "target", "terms", "desired", "force", "undoes", "must_not_write"})
UNKNOWN: dict[str, dict[str, Any]] = {
    "ours": {"deployment": OURS, "since": None},
    "decision": {"reason": "", "decided_at": 0.0, "explained": False},
}


def begun(step: UpdateService | FollowDeployment, now: float = 0.0, *, seen_at: float | None = None) -> Rollout:
    """Its turn has come at once."""
    return step.begin(Context(now=now, budget=BUDGET, seen_at=seen_at, outputs={})).start(now)


def forward(**terms: Any) -> Rollout:
    """An update about to be written, at second 0."""
    return begun(UpdateService(target=TARGET, definition=NEW, terms=Terms(**{"budget": BUDGET} | terms)))


def following(**terms: Any) -> Rollout:
    """Our deployment, accepted at second 0."""
    return given(forward(**terms), phase=Phase.FOLLOW, deployment=OURS, since=NOON)


def undo(definition: str = BEFORE, *, must_not_write: bool = False) -> Rollout:
    """The way back, about to look, at second 0."""
    terms = Terms(budget=BUDGET)
    return begun(
        UpdateService(
            target=TARGET, definition=definition, undoes=OURS, since=NOON, must_not_write=must_not_write, terms=terms
        )
    )


def given(rollout: Rollout, **facts: Any) -> Rollout:
    """The rollout with these facts, each in its part, by the name that it has there."""
    for name, value in facts.items():
        if name in PART_OF:
            part, member = PART_OF[name]
            known = getattr(rollout, part)
            changed = (
                replace(known, **{member: value}) if known else PARTS[part](**{**UNKNOWN.get(part, {}), member: value})
            )
            rollout = replace(rollout, **{part: changed})
        elif name in OF_THE_STEP:
            step = rollout.step
            assert isinstance(step, UpdateService | FollowDeployment)
            rollout = replace(rollout, step=replace(step, **{name: value}))
        else:
            rollout = replace(rollout, **{name: value})
    return rollout


def fact(rollout: Rollout, name: str) -> Any:
    """The same the other way round; what a part that isn't there says by default."""
    if name in OF_THE_STEP:
        return getattr(rollout.step, name)
    if name not in PART_OF or isinstance(getattr(type(rollout), name, None), property):
        return getattr(rollout, name)
    part, member = PART_OF[name]
    known = getattr(rollout, part)
    if known is not None:
        return getattr(known, member)
    kind = PARTS[part]
    # Defaults are those of the last fields.
    defaults = dict(zip(reversed(kind.__struct_fields__), reversed(kind.__struct_defaults__), strict=False))
    default = defaults.get(member, NODEFAULT)
    return UNKNOWN[part].get(member, None) if default is NODEFAULT else default


@dataclass(frozen=True)
class Look:
    """A look whose tasks were read, too; `at` is when the service was, just now if not given."""

    service: Service
    tasks: tuple[Task, ...]
    at: float | None = None


def after(rollout: Rollout, answer: object, now: float) -> Rollout:
    """After the answer to its write, or to a look: one without tasks unless it says so."""
    if isinstance(answer, Look):
        at, arns = now if answer.at is None else answer.at, tuple(task.arn for task in answer.tasks)
        look = Reading(service=answer.service, at=at, left=arns, tasks=())
        return replace(rollout, reading=look).advance(answer.tasks, now).advance(None, now)
    if rollout.asks_rival:
        return rollout.advance(answer, now)
    is_to_write = rollout.phase is Phase.WRITE and rollout.verdict is None
    if rollout.reads_on:
        return rollout.advance(answer, now).advance(None, now)
    return rollout.advance(answer, now) if is_to_write else rollout.glanced(answer, now)
