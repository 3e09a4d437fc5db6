"""The step that moves a rule's targets, or a schedule, to other revisions: as the plan prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.calls.events import ListTargetsByRule, PutTargets
from drone_deploy_ecs.core.calls.schedules import GetSchedule, UpdateSchedule
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.schedule import is_bare, listed
from drone_deploy_ecs.core.steps.attempts import Attempts
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.schedule.moving import Moving
from drone_deploy_ecs.core.steps.step import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.ecs.schedule import ScheduleName
    from drone_deploy_ecs.core.steps.step import Context


class Move(Struct, frozen=True, kw_only=True):
    """One target (its id; "" of a schedule) from one task definition to another: ARNs, also of a family alone.

    `to` is "" where the step with the key `registration` registers it first.
    """

    target: str
    since: str
    to: str = ""
    registration: str = ""

    @property
    def is_early(self) -> bool:
        """Whether it runs what is registered before it is moved."""
        return bool(self.registration) and is_bare(self.since)


class MoveSchedule(KindStep, Struct, frozen=True, kw_only=True):
    """Have these targets of a rule or schedule run other revisions; all else of it stays as it is.

    `is_back`: what was moved is put back, and nothing else is left out where that fails. With `always_write` it is
    written even where a look shows it as it is to be: that may be older than our own last write. `is_alone`: the run
    has no other Region, so that its name will do.
    """

    region: str
    name: ScheduleName
    moves: tuple[Move, ...]
    is_back: bool = False
    always_write: bool = False
    is_alone: bool = True

    @property
    def target(self) -> None:
        """See `Step`: no service."""
        return

    @property
    def needs(self) -> tuple[str, ...]:
        """See `Step`: the revisions."""
        return tuple(dict.fromkeys(move.registration for move in self.moves if move.registration))

    @property
    def reach(self) -> Reach:
        """See `Step`."""
        return Reach.NOTHING if self.is_back else Reach.RUN

    @property
    def shown(self) -> str:
        """What people read for it, unique in the run: as in the settings."""
        return str(self.name) if self.is_alone else f"{self.region}/{self.name}"

    @property
    def words(self) -> str:
        """The same in a sentence: `rule nightly`."""
        return self.name.words if self.is_alone else f"{self.name.words} in {self.region}"

    @property
    def before(self) -> str:
        """What it runs now: `web:1`."""
        return listed(move.since for move in self.moves)

    def __str__(self) -> str:
        to = listed(move.to for move in self.moves) if all(move.to for move in self.moves) else "that revision"
        if to == self.before:
            return f"{self._reading}: {self.words} runs {to} already, so make sure of that"
        return f"{self._writing}: {self.words} from {self.before} to {to}"

    @property
    def _reading(self) -> str:
        return (ListTargetsByRule if self.name.is_rule else GetSchedule).operation

    @property
    def _writing(self) -> str:
        return (PutTargets if self.name.is_rule else UpdateSchedule).operation

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        for family in dict.fromkeys(short(move.since) for move in self.moves if is_bare(move.since)):
            yield (
                f"It names the family {family} alone, so it runs the newest revision as soon as that is registered; "
                "it is written only if another one is the newest then"
            )
        gone = (
            "DeregisterTaskDefinition of what was registered, and " if any(move.is_early for move in self.moves) else ""
        )
        yield f"Undo: {gone}{self._writing} back to {self.before}, if it is ours still"

    def begin(self, context: Context, /) -> Moving:
        """See `Step`. A look comes first, always: what was read to plan this may be long ago."""
        wanted = {move.target: move.to or context.outputs.get(move.registration, "") for move in self.moves}
        return Moving(step=self, wanted=wanted, began=context.now, budget=context.budget, attempts=Attempts())
