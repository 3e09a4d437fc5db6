"""The step that deregisters a family's old revisions that nothing uses: as the plan prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.step import Reach
from drone_deploy_ecs.core.steps.unused.cleanup import Cleanup

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.core.steps.step import Context


class Family(NamedTuple):
    """A family by its name; `newest` is the number of its newest revision as the run began.

    What was registered since is about to be used, by this run or another. `used` are revisions (`web:1`) that this run
    puts to use, or would go back to.
    """

    name: str
    newest: int
    used: frozenset[str] = frozenset()


class DeregisterUnused(KindStep, Struct, frozen=True, kw_only=True):
    """Make ACTIVE revisions of these families INACTIVE that are older than the newest `keep`, and that nothing uses.

    `is_alone`: the run has no other Region, so that the names will do.
    """

    region: str
    families: tuple[Family, ...]
    keep: int
    is_alone: bool = True

    @property
    def target(self) -> None:
        """See `Step`: no service."""
        return

    @property
    def reach(self) -> Reach:
        """See `Step`."""
        return Reach.NOTHING

    @property
    def names(self) -> tuple[str, ...]:
        """Those of the families."""
        return tuple(family.name for family in self.families)

    @property
    def words(self) -> str:
        """The families in a sentence: `web and worker`."""
        return " and ".join(self.names) + ("" if self.is_alone else f" in {self.region}")

    def __str__(self) -> str:
        what = f"ACTIVE revisions of {' and '.join(self.names)} older than the newest {self.keep}"
        return f"DeregisterTaskDefinition, once all is well: {what} that nothing in {self.region} uses"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        yield (
            "Read before: services of all clusters and what they would go back to, tasks, rules and schedules; where "
            "something can't be read, nothing is deregistered"
        )
        yield "Undo: none needed; nothing uses them, and their content stays readable"

    def begin(self, context: Context, /) -> Cleanup:
        """See `Step`."""
        return Cleanup.of(self, context)
