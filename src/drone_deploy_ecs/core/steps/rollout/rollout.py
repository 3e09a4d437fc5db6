"""A service's rollout under way, followed from the write to the verdict.

A pure fold keyed on *our* deployment's id. Every look derives the verdict anew; a failed look is an observation like
any other, an ambiguous write is looked for before it is repeated, and a verdict, once given, stays.

Here are the questions that the engine asks; what an answer changes is in `fold.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTaskDefinition, UpdateService
from drone_deploy_ecs.core.steps.attempts import Attempts, Phase
from drone_deploy_ecs.core.steps.observation import Reading
from drone_deploy_ecs.core.steps.rollout import fold, history, news, polling, progress
from drone_deploy_ecs.core.steps.rollout.outlook import Outlook
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Self

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.progress import Progress

TURN = 1.0
"""Seconds that an update may wait for its turn before what it was planned from may be out of date."""


class Rollout(Outlook, frozen=True, kw_only=True):
    """A rollout under way: a `Monitored` execution. Its parts are a `Record`'s."""

    is_monitored: ClassVar[bool] = True

    def news(self, before: Self, /) -> Iterator[News]:
        """See `Execution`."""
        return news.news(before, self)

    def heartbeat(self, now: float, /) -> str:
        """See `Execution`."""
        return news.heartbeat(self, now)

    def progress(self, now: float, at: datetime, /) -> Progress:
        """See `Monitored`."""
        return progress.progress(self, now, at)

    # --- what it asks of AWS ---

    @property
    def call(self) -> Call[Any] | None:
        """See `Execution`: none where a look is whole, and waits to be judged."""
        target = self.step.target
        if self.asks_rival and self.rival:
            return DescribeTaskDefinition(region=target.region, name=self.rival.definition)
        if self._is_to_write:
            return UpdateService(
                region=target.region,
                cluster=target.cluster,
                name=target.asked,
                definition=self.definition,
                desired=self.step.desired,
                force=self.step.force,
            )
        if self.reading is None:
            return self.glance
        return None if self.reading.is_whole else self.reading.call(target)

    @property
    def glance(self) -> DescribeServices:
        """See `Monitored`."""
        target = self.step.target
        return DescribeServices(region=target.region, cluster=target.cluster, services=(target.asked,))

    @property
    def reads_on(self) -> bool:
        """See `Execution`: the service was read, and its tasks may have to be."""
        return self.reading is not None

    @property
    def _is_to_write(self) -> bool:
        return self.phase is Phase.WRITE and self.decision is None

    def due(self, now: float, chance: float, /) -> float:
        """See `Execution`. The rest of a look comes at once, and first."""
        return 0.0 if self.reads_on or self.asks_rival else polling.next_look(self, now, chance)

    # --- what others decide ---

    def start(self, now: float, /) -> Self:
        """See `Execution`. Its time counts from here, and what it was planned from may be out of date."""
        if self.state is not State.QUEUED:
            return self
        is_late = self.phase is Phase.WRITE and now > self.began + TURN
        return replace(self, began=now, writes=Attempts(), phase=Phase.CHECK if is_late else self.phase)

    def abort(self, verdict: Verdict, reason: str, now: float, /) -> Self:
        """See `Execution`. The first such reason counts."""
        if self.decision or self.recalled:
            return self
        judgement = Judgement(verdict, reason)
        if self.ours is None and self.writes.may_have_been_accepted:
            return replace(self, recalled=judgement)
        return fold.decided(self, judgement, now)

    def settle(self, now: float, /) -> Self:
        """See `Monitored`."""
        return self if self.decision else fold.decided(self, Judgement(Verdict.COMPLETED, self.completion.reason), now)

    def taught(self, lesson: object, /) -> Self:
        """See `Monitored`."""
        if self.earlier or self.completion.completed_at is not None or not isinstance(lesson, history.Lesson):
            return self
        return replace(self, elsewhere=(*self.elsewhere, lesson))

    def stand_by(self, until: float, /) -> Self:
        """See `Monitored`."""
        return replace(self, monitor=replace(self.monitor, budget_paused_until=until))

    def confirm_since(self, moment: float, now: float, /) -> Self:
        """See `Monitored`."""
        if self.monitor.confirm_after >= moment:
            return self
        return replace(self, monitor=replace(self.monitor, confirm_after=now))

    def explained(self, causes: tuple[Cause, ...], /) -> Self:
        """See `Execution`."""
        return replace(self, decision=replace(self.decision, causes=causes)) if self.decision else self

    # --- what AWS answers ---

    def advance(self, answer: object, now: float, /) -> Self:
        """See `Execution`. What its call can't be answered with tells nothing."""
        if self.asks_rival:
            return fold.decided(*fold.rival_read(self, answer, now), now)
        if self._is_to_write:
            return fold.decided(*fold.written(self, answer, now), now)
        is_whole = self.reading is not None and self.reading.is_whole
        look = self.reading if is_whole else fold.read(self, answer, now)
        if isinstance(look, Reading) and not is_whole:
            return replace(self, reading=look)
        return fold.decided(*fold.looked(self, look, now), now)

    def glanced(self, answer: object, now: float, /) -> Self:
        """See `Monitored`. It takes the place of a look under way."""
        return fold.decided(*fold.looked(self, fold.service_read(self, answer, now), now), now)
