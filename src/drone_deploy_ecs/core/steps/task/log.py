"""A task's log, read from its beginning while it runs: every line once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import LogPage
from drone_deploy_ecs.core.calls.logs import GetLogEvents
from drone_deploy_ecs.core.causes.evidence import left_out
from drone_deploy_ecs.core.ecs.fault import Fault

if TYPE_CHECKING:
    from drone_deploy_ecs.core.causes.evidence import LogPlace

KEPT = 200
"""Lines that are kept for the report."""
MOST = 5_000
"""Lines that are told: more would drown the CI system's log."""
A_PAGE = 1_000
PAGES = 20
"""Pages in a row: whoever writes faster than they can be read is heard again at the next look."""


class Log(Struct, frozen=True, kw_only=True):
    """What was read of the log at `place` so far: `count` lines, of which the last are kept.

    It is `wanted` when a look has begun to read it, and not over yet. `token` is where to read on, after so many
    `pages` of this look. `why_not` says why there is nothing to read, or no more; "" where there is.
    """

    place: LogPlace | None = None
    wanted: bool = False
    token: str = ""
    pages: int = 0
    count: int = 0
    lines: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def call(self) -> GetLogEvents:
        """Reads on."""
        assert self.place is not None
        return GetLogEvents(
            region=self.place.region,
            group=self.place.group,
            stream=self.place.stream,
            limit=A_PAGE,
            token=self.token,
            from_start=True,
        )

    def look(self) -> Log:
        """It is to be read once more, if it can be."""
        return replace(self, wanted=self.place is not None and not self.why_not, pages=0)

    def after(self, answer: object) -> Log:
        """After the answer to its call. What isn't there yet, or may pass, is asked for again at the next look."""
        if isinstance(answer, Fault):
            may_come = answer.may_pass or answer.code == GetLogEvents.NOT_FOUND
            return replace(self, wanted=False, why_not="" if may_come else left_out(answer))
        if not isinstance(answer, LogPage):
            return replace(self, wanted=False)
        new = [line for message in answer.messages for line in message.splitlines() if line.strip()]
        count, pages = self.count + len(new), self.pages + 1
        has_more = bool(answer.messages) and answer.forward not in ("", self.token) and pages < PAGES
        return replace(
            self,
            wanted=has_more and count <= MOST,
            token=answer.forward or self.token,
            pages=pages,
            count=count,
            lines=(*self.lines, *new)[-max(KEPT, len(new)) :],
            why_not=f"it has more than {MOST} lines: the rest is in {self.place}" if count > MOST else "",
        )

    def since(self, before: Log) -> tuple[str, ...]:
        """The lines that were read since then."""
        new = self.count - before.count
        return self.lines[-new:] if new else ()
