"""The two steps that lead to a rollout: UpdateService, and FollowDeployment where somebody has written it already."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.attempts import Attempts, Phase
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.rollout.follow import Ours
from drone_deploy_ecs.core.steps.rollout.rollout import Rollout
from drone_deploy_ecs.core.text import span, tasks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Any, Self

    from drone_deploy_ecs.core.steps.rollout.terms import Terms
    from drone_deploy_ecs.core.steps.step import Context
    from drone_deploy_ecs.core.target import Target

FRESH = 5.0
"""Seconds after which what a plan was made from may be out of date: somebody else may have deployed."""
HEALTHY = "once all new tasks are healthy"
"""From when on users should be served by it, for the plan on paper."""
UNTIL_STARTED = Attempts(not_before=inf)
"""Nothing is written before its turn has come."""


def is_fresh(context: Context) -> bool:
    """Whether what the plan was made from may still be relied on."""
    return context.seen_at is None or context.now <= context.seen_at + FRESH


def key_of(service: str) -> str:
    """The key of the step that updates this service (`Target.name`)."""
    return f"update {service}"


class UpdateService(KindStep, Struct, frozen=True, kw_only=True):
    """Point a service at a revision, and follow that deployment.

    The revision is `definition`, an ARN, or "" where the step with the key `registration` registers it first. `desired`
    is a new desired count; None leaves the one it has. `undo` says how it would be taken back. `looks_first`:
    however fresh the plan is, a look comes immediately before the write. So it does with a `build`, the number of the
    build (None where that doesn't count): a lower one is replaced, whenever it came, and a higher one isn't.

    In a way back, `undoes` is the deployment of ours (from `since` on) that must still be PRIMARY: anything else isn't
    ours to undo; and `must_not_write` leaves the writing to ECS's own rollback, or to somebody else, who has `awaits`
    seconds to begin.
    """

    serves: ClassVar[str] = HEALTHY

    target: Target
    terms: Terms
    definition: str = ""
    registration: str = ""
    force: bool = False
    desired: int | None = None
    undoes: str = ""
    must_not_write: bool = False
    awaits: float = 0.0
    since: datetime | None = None
    undo: str = ""
    looks_first: bool = False
    build: int | None = None

    @property
    def key(self) -> str:
        """See `Step`."""
        return key_of(self.target.name)

    @property
    def needs(self) -> tuple[str, ...]:
        """See `Step`: the revision."""
        return (self.registration,) if self.registration else ()

    def __str__(self) -> str:
        forced = ", with a forced new deployment (the tag may have been pushed again)" if self.force else ""
        counted = "" if self.desired is None else f", with {tasks(self.desired)}"
        return f"UpdateService: {self.target.name} to {short(self.definition) or 'that revision'}{counted}{forced}"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        return _explain(self)

    def begin(self, context: Context, /) -> Rollout:
        """See `Step`. A look comes first where what the plan was made from is too old, and always on a way back."""
        return Rollout(
            step=self,
            definition=context.outputs.get(self.registration, self.definition),
            began=context.now,
            phase=self.phase(context),
            writes=UNTIL_STARTED,
        )

    def phase(self, context: Context) -> Phase:
        """Whether it may be written at once."""
        must_look = self.undoes or self.looks_first or self.build is not None
        return Phase.WRITE if is_fresh(context) and not must_look else Phase.CHECK

    def over(self, known: frozenset[str], /) -> Self:
        """See `RolloutStep`."""
        return replace(self, target=replace(self.target, known=known))

    def undone(self, _rollout: object, /, **how: Any) -> UpdateService:
        """The step that takes it back after this execution of it; `how` has the members of that."""
        return UpdateService(**how)


class FollowDeployment(KindStep, Struct, frozen=True, kw_only=True):
    """Write nothing: this very revision is rolling out already, as `deployment`, so follow it and judge it."""

    serves: ClassVar[str] = HEALTHY
    force: ClassVar[bool] = False
    undoes: ClassVar[str] = ""
    since: ClassVar[datetime | None] = None
    must_not_write: ClassVar[bool] = True
    awaits: ClassVar[float] = 0.0
    build: ClassVar[int | None] = None

    target: Target
    terms: Terms
    definition: str
    deployment: str
    desired: int | None = None
    undo: str = ""

    @property
    def key(self) -> str:
        """See `Step`."""
        return key_of(self.target.name)

    def __str__(self) -> str:
        return f"Follow {self.deployment} of {self.target.name}: {short(self.definition)} is rolling out already"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        return _explain(self)

    def begin(self, context: Context, /) -> Rollout:
        """See `Step`."""
        return Rollout(
            step=self,
            definition=self.definition,
            began=context.now,
            phase=Phase.FOLLOW,
            ours=Ours(deployment=self.deployment, since=None),
        )

    def over(self, known: frozenset[str], /) -> Self:
        """See `RolloutStep`."""
        return replace(self, target=replace(self.target, known=known))

    def undone(self, _rollout: object, /, **how: Any) -> UpdateService:
        """The step that takes it back after this execution of it; `how` has the members of that."""
        return UpdateService(**how)


def _explain(step: UpdateService | FollowDeployment) -> Iterator[str]:
    target, terms = step.target, step.terms
    if step.undoes:
        yield f"This takes {step.undoes} back; where that has begun already, it is followed, and nothing is written"
        yield f"Wait for what ran before to be PRIMARY and COMPLETED again, at most {span(terms.budget)}"
        yield f"Undo: {step.undo}"
        return
    yield f"Now {short(target.before) or 'without a COMPLETED deployment'}, {tasks(target.desired)} desired"
    counted = f" with {tasks(step.desired)}" if step.desired else ""
    until = f"Wait for that deployment to be PRIMARY and COMPLETED{counted}, at most {span(terms.budget)}"
    checked = f"; then for {terms.checks} checks in a row, {span(terms.check_interval)} apart" if terms.checks else ""
    yield f"{until}{checked}"
    yield f"Undo: {step.undo}"
