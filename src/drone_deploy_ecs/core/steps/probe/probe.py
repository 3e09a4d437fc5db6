"""Ask the new version itself: an address answers well three times in a row, or what is behind it returns.

A probe hears from the other executions when the new version should serve (`heed`). From then on it has `WITHIN` seconds
for three good answers in a row, and the same again whenever it has lost them; once it had them, three bad ones in a row
are its end.
"""

from __future__ import annotations

from datetime import timedelta
from math import inf
from typing import TYPE_CHECKING, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.web import Get
from drone_deploy_ecs.core.causes.cause import Cause
from drone_deploy_ecs.core.causes.known import Weight
from drone_deploy_ecs.core.event import Kind
from drone_deploy_ecs.core.steps.kind import KindExecution, KindStep
from drone_deploy_ecs.core.steps.probe.answer import Word, follow, judge
from drone_deploy_ecs.core.steps.probe.row import IN_A_ROW, Row
from drone_deploy_ecs.core.steps.result import Answered, StepResult
from drone_deploy_ecs.core.steps.step import State, is_monitored
from drone_deploy_ecs.core.steps.summary import listed
from drone_deploy_ecs.core.text import safe, span
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.request.url import Url
    from drone_deploy_ecs.core.steps.step import Context, Execution
    from drone_deploy_ecs.core.target import Target

EVERY = 2.0
CALMLY = 5.0
"""Seconds from one ask to the next: until it is well, and while it is."""
WITHIN = 60.0


class Probe(KindStep, Struct, frozen=True, kw_only=True):
    """Ask `url`, from when all of `services` (names) should serve and until the run is over.

    `expect` is text that the body must have, "" for none; `beside` are services (names) whose tasks serve the same
    users, until they have none. It is to stay well for `stable_for` seconds. `starts` and `undo` are for the plan on
    paper: from when on it is asked, and what its failure takes back.
    """

    url: Url
    region: str
    services: tuple[str, ...]
    beside: tuple[str, ...] = ()
    expect: str = ""
    stable_for: float = 0.0
    starts: str = "at once"
    undo: str = ""

    def concerns(self, target: Target | None, /) -> bool:
        """See `Step`: the services behind the address."""
        return target is not None and target.name in self.services

    def __str__(self) -> str:
        text = f" with {safe(self.expect, 80)!r}" if self.expect else ""
        return f"Probe: GET {self.url} must answer 2xx or 3xx{text}, {IN_A_ROW} times in a row, {span(EVERY)} apart"

    def explain(self) -> Iterator[str]:
        """See `Step`."""
        gone = ", counted from when no task of another revision serves any more" if self.expect else ""
        yield f"Asked {self.starts}; it has {span(WITHIN)} for that{gone}"
        yield f"Goes on until all is over: {IN_A_ROW} bad answers in a row are a failure of {listed(self.services)}"
        yield f"Undo: {self.undo}"

    def begin(self, context: Context, /) -> Asking:
        """See `Step`. Where there is nothing to wait for, it is asked at once."""
        since = None if self.services else context.now
        row = Row(seen_at=context.now, answered_at=context.now)
        serving = dict.fromkeys(self.services, Serving())
        around = frozenset(self.beside)
        return Asking(
            step=self, url=self.url, budget=context.budget, window=context.now, since=since, row=row, serving=serving,
            around=around,
        )  # fmt: skip


class Serving(Struct, frozen=True):
    """Of one service, whether users should get the new version, and nothing else; or it is left before they do."""

    is_reached: bool = False
    is_left: bool = False
    is_alone: bool = False


class Asking(KindExecution, frozen=True, kw_only=True):
    """A probe under way: a `Monitored` execution. Times are monotonic seconds.

    `url` is where it is asked next, after so many `hops`. It should serve since `since`, and the time that it has began
    at `window`. It is complete since `completed_at`, and was so first at `well_at`. `serving` has the services by
    name, those that came to nothing left out; `around` are those beside them whose tasks still run.
    """

    step: Probe
    url: Url
    budget: float
    window: float
    row: Row
    serving: Mapping[str, Serving]
    around: frozenset[str]
    hops: int = 0
    since: float | None = None
    next_at: float = 0.0
    completed_at: float | None = None
    well_at: float | None = None
    confirm_after: float = 0.0

    is_monitored: ClassVar[bool] = True
    heeds_others: ClassVar[bool] = True
    causes: ClassVar[tuple[()]] = ()
    unfinished: ClassVar[str] = ""
    lesson: ClassVar[None] = None
    is_serving: ClassVar[bool] = True
    is_reached: ClassVar[bool] = True

    # --- how far it is ---

    @property
    def state(self) -> State:
        """See `Execution`."""
        if self.verdict is not None:
            return State.ENDED
        return State.ACTIVE if self.completed_at is None and not self.is_left else State.COMPLETE

    @property
    def is_left(self) -> bool:
        """Whether nobody waits for that it serves: a deployment of these is to be left at a pause before."""
        services = self.serving.values()
        return self.since is None and bool(services) and all(each.is_reached or each.is_left for each in services)

    @property
    def fails_target(self) -> str:
        """See `Execution`."""
        return self.reason if self.verdict is Verdict.FAILED else ""

    @property
    def is_alone(self) -> bool:
        """Whether nothing but the new version may have answered."""
        return not self.around and all(service.is_alone for service in self.serving.values())

    @property
    def seen_at(self) -> float:
        """See `Monitored`: there is nothing to look for where it isn't asked."""
        return inf if self.is_left else self.row.seen_at

    @property
    def stable_at(self) -> float | None:
        """See `Monitored`: not where the last ask was no answer."""
        if self.is_left:
            return self.window
        if self.completed_at is None or self.verdict is not None or self.row.is_silent:
            return None
        # What three bad answers in a row would have ended needn't begin anew for one.
        since = self.completed_at if self.well_at is None else self.well_at
        return max(since + self.step.stable_for, self.completed_at, self.confirm_after)

    def is_proven(self, now: float, /) -> bool:
        """See `Monitored`."""
        end = self.stable_at
        return end is not None and now >= end and self.seen_at >= self.confirm_after

    @property
    def has(self) -> float:
        """The seconds that it has, from `window` on.

        While others serve, too, no answer with the text may come at all: then the run's own budget is the limit.
        """
        is_waiting = bool(self.step.expect) and not self.is_alone and self.well_at is None
        return max(self.budget, WITHIN) if is_waiting else WITHIN

    # --- what it asks, and when ---

    @property
    def call(self) -> Get | None:
        """See `Execution`: none before it should serve."""
        return None if self.since is None else self.glance

    @property
    def glance(self) -> Get:
        """See `Monitored`."""
        return Get(region=self.step.region, url=self.url)

    def due(self, _now: float, _chance: float, /) -> float:
        """See `Execution`."""
        return inf if self.since is None else self.next_at

    # --- what others tell it ---

    def heed(self, other: Execution, now: float, /) -> Asking:
        """See `Execution`: since when its services serve, and whether alone."""
        target = other.step.target
        if self.verdict is not None or target is None:
            return self
        serving, around = self.serving, self.around
        if target.name in self.step.beside and other.service is not None:
            around = around | {target.name} if other.service.running else around - {target.name}
        if is_monitored(other) and target.name in serving:
            if other.verdict is not None and not other.verdict.is_good:
                serving = {name: known for name, known in serving.items() if name != target.name}
            else:
                serving = {**serving, target.name: Serving(other.is_reached, other.is_left, other.is_alone)}
        if not serving and self.step.services:
            return replace(self, verdict=Verdict.WITHDRAWN, reason="what it would ask came to nothing")
        if (serving, around) == (self.serving, self.around):
            return self
        return _timed(replace(self, serving=serving, around=around), self, now)

    # --- what is answered ---

    def advance(self, answer: object, now: float, /) -> Asking:
        """See `Execution`."""
        if self.verdict is not None or self.since is None:
            return self
        to = follow(self.url, answer, self.hops)
        if to is not None:
            return replace(self, url=to, hops=self.hops + 1)
        row = self.row.after(judge(self.url, answer, self.hops, self.step.expect, is_alone=self.is_alone), now)
        was_lost = self.completed_at is not None and not row.is_well
        is_calm = row.is_well and row.last is not None and row.last.word is Word.WELL
        after = replace(
            self,
            url=self.step.url,
            hops=0,
            row=row,
            completed_at=(now if self.completed_at is None else self.completed_at) if row.is_well else None,
            well_at=now if self.well_at is None and row.is_well else self.well_at,
            window=now if was_lost else self.window,
            next_at=now + (CALMLY if is_calm else EVERY),
        )
        return _concluded(after, now)

    def glanced(self, answer: object, now: float, /) -> Asking:
        """See `Monitored`."""
        return self.advance(answer, now)

    # --- as what is watched ---

    def confirm_since(self, moment: float, now: float, /) -> Asking:
        """See `Monitored`."""
        return self if self.is_left or self.confirm_after >= moment else replace(self, confirm_after=now)

    def stand_by(self, _until: float, /) -> Asking:
        """See `Monitored`: it goes on being asked as before."""
        return self

    def settle(self, _now: float, /) -> Asking:
        """See `Monitored`."""
        verdict = Verdict.UNCHANGED if self.is_left else Verdict.COMPLETED
        return self if self.verdict is not None else replace(self, verdict=verdict)

    def taught(self, _lesson: object, /) -> Asking:
        """See `Monitored`: nothing teaches it."""
        return self

    def progress(self, _now: float, _at: datetime, /) -> None:
        """See `Monitored`: nothing is to be drawn."""
        return

    # --- what is said ---

    def news(self, before: Asking, /) -> Iterator[News]:
        """See `Execution`."""
        name = f"GET {self.step.url}"
        if self.since is not None and before.since is None:
            yield Kind.PROGRESS, f"asking {name} from now on; it has {span(self.has)} to answer well"
        if self.completed_at is not None and before.completed_at is None:
            yield Kind.PROGRESS, f"{name} answered well {IN_A_ROW} times in a row; at last it {self.row.text}"
        is_odd = self.row.last is not None and self.row.last.word is not Word.WELL
        if is_odd and self.row.told != before.row.told:
            yield Kind.TROUBLE, f"{name} {self.row.text}"

    def heartbeat(self, now: float, /) -> str:
        """See `Execution`."""
        if self.since is None or self.completed_at is not None:
            return ""
        return f"still asking GET {self.step.url} after {span(now - self.window)}; at last it {self.row.text}"

    def results(self, now: float, at: datetime, /) -> tuple[StepResult, ...]:
        """See `Execution`: nothing where it ended with others, before it could tell."""
        row, step, since = self.row, self.step, self.since
        if since is None or self.verdict not in (Verdict.COMPLETED, Verdict.FAILED):
            return ()

        def when(moment: float) -> datetime:
            return at - timedelta(seconds=now - moment)

        result = StepResult(
            kind="probe",
            name=str(step.url),
            what=str(step),
            verdict=self.verdict,
            ended=row.text,
            began_at=when(since),
            ended_at=when(row.seen_at),
            causes=(_cause(self.reason),) if self.verdict is Verdict.FAILED else (),
            answers=tuple(Answered(when(moment), answer.word.value, answer.text) for moment, answer in row.kept),
        )
        return (result,)


def _timed(asking: Asking, before: Asking, now: float) -> Asking:
    """With the time that it has: from when all should serve, and again from when nothing else does."""
    if asking.since is None:
        if not all(service.is_reached for service in asking.serving.values()):
            return asking
        row = replace(asking.row, seen_at=now, answered_at=now)
        return replace(asking, since=now, window=now, next_at=now, row=row)
    is_alone_now = asking.is_alone and not before.is_alone
    begins_anew = bool(asking.step.expect) and is_alone_now and asking.well_at is None
    return replace(asking, window=now) if begins_anew else asking


def _concluded(asking: Asking, now: float) -> Asking:
    """Ended, where what was answered by now is its end."""
    row = asking.row
    if asking.well_at is not None and row.is_bad:
        return _failed(asking, f"didn't answer well {IN_A_ROW} times in a row; at last it {row.text}")
    if asking.completed_at is not None or now < asking.window + asking.has or not row.counts:
        return asking
    return _failed(
        asking, f"never answered well {IN_A_ROW} times in a row within {span(asking.has)}; at last it {row.text}"
    )


def _failed(asking: Asking, why: str) -> Asking:
    return replace(asking, verdict=Verdict.FAILED, reason=f"GET {asking.step.url} {why}")


def _cause(reason: str) -> Cause:
    return Cause(
        name="probe",
        weight=Weight.TERMINAL,
        headline="the new version doesn't answer as it should",
        do="Ask the address yourself, and read the containers' logs of that time",
        reason=reason,
    )
