"""A deployment whose traffic ECS shifts, under way: a rollout that reads its service deployment at every look.

What differs from a rollout is here and in this folder: a look has one more call, another table judges it, the budget
stands still while ECS itself waits, and the way back asks ECS to roll back before it deploys anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.ecs import UpdateService
from drone_deploy_ecs.core.calls.service_deployments import ContinueServiceDeployment, StopServiceDeployment
from drone_deploy_ecs.core.causes.cause import rank
from drone_deploy_ecs.core.causes.evidence import said_by
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.steps.attempts import LOOK_AGAIN, Phase, is_refused
from drone_deploy_ecs.core.steps.kind import SILENCE
from drone_deploy_ecs.core.steps.native import back, news, pauses, polling, progress
from drone_deploy_ecs.core.steps.native.back import Means
from drone_deploy_ecs.core.steps.native.judge import judge, unfinished
from drone_deploy_ecs.core.steps.native.pauses import Answers
from drone_deploy_ecs.core.steps.native.record import Known, Look
from drone_deploy_ecs.core.steps.rollout import fold
from drone_deploy_ecs.core.steps.rollout.polling import wants_tasks
from drone_deploy_ecs.core.steps.rollout.rollout import Rollout
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from typing import Self

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Deployment, Service, ServiceEvent
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.pause import Pause
    from drone_deploy_ecs.core.progress import Progress
    from drone_deploy_ecs.core.steps.observation import Reading
    from drone_deploy_ecs.core.steps.rollout.follow import Ours
    from drone_deploy_ecs.core.steps.rollout.history import Lesson, Milestones
    from drone_deploy_ecs.core.steps.rollout.judge import Sight
    from drone_deploy_ecs.core.steps.rollout.write import Next

WAITING = "waiting for approval"


class Shift(Rollout, frozen=True, kw_only=True):
    """A deployment whose traffic is shifted, under way. `refused` are the ways to take it back that AWS has refused.

    ECS has been asked to roll it back since `asked_at` (monotonic seconds).
    """

    known: Known = Known()
    refused: frozenset[Means] = frozenset()
    asked_at: float | None = None
    answers: Answers = Answers()

    # --- what it says ---

    def news(self, before: Self, /) -> Iterator[News]:
        """See `Execution`."""
        return news.news(before, self)

    def heartbeat(self, now: float, /) -> str:
        """See `Execution`."""
        return news.heartbeat(self, now)

    def silence(self, now: float, /) -> float:
        """See `Execution`: in a bake or a pause of hours the distances grow."""
        return polling.silence(self, now) or SILENCE

    @property
    def tally(self) -> str:
        """See `Execution`."""
        is_told = self.verdict in (None, Verdict.PAUSED) and self.observed.read_fault is None
        return WAITING if is_told and pauses.waiting(self) else super().tally

    @property
    def pause(self) -> Pause | None:
        """See `Monitored`."""
        return pauses.pause(self)

    def progress(self, now: float, at: datetime, /) -> Progress:
        """See `Monitored`."""
        return replace(super().progress(now, at), shifting=progress.shifting(self, now, at))

    @property
    def unfinished(self) -> str:
        """See `Monitored`."""
        return unfinished(self.known) if self.verdict is Verdict.COMPLETED and not self.is_undo else ""

    def settle(self, now: float, /) -> Self:
        """See `Monitored`."""
        if pauses.is_left(self):
            return fold.decided(self, Judgement(Verdict.PAUSED, self.completion.reason), now)
        left = "" if self.is_undo else unfinished(self.known)
        return Rollout.settle(replace(self, completion=replace(self.completion, reason=left)), now)

    @property
    def is_serving(self) -> bool:
        """See `Monitored`: complete is what the request calls so, be it all its tasks without any traffic."""
        return self.verdict is None and self.ours is not None and self.known.is_serving

    @property
    def is_reached(self) -> bool:
        """See `Monitored`: of its record only the way forward is told; on the way back all of it has to be over."""
        return self.known.shifted_at is not None or (self.is_undo and self.state is State.COMPLETE)

    @property
    def is_left(self) -> bool:
        """See `Monitored`."""
        return pauses.is_left(self)

    @property
    def is_alone(self) -> bool:
        """See `Monitored`: tasks of another revision may run for the whole bake, but nothing is sent to them."""
        return self.is_reached

    # --- when, and what it asks ---

    @property
    def deadline(self) -> float:
        """See `Record`. What ECS itself waits for isn't the budget's; that a way back can't be begun is."""
        record = self.known.record
        is_begun = not self.is_undo or self.ours is not None or self.asked_at is not None
        is_ecss = is_begun or (record is not None and record.is_going_back)
        return super().deadline + (self.known.uncounted if is_ecss else 0.0)

    def due(self, now: float, chance: float, /) -> float:
        """See `Execution`."""
        if self.reads_on or self.asks_rival:
            return 0.0
        return now if pauses.call(self) else polling.next_look(self, now, chance)

    @property
    def means(self) -> Means:
        """How it is written."""
        return back.means(self.known.record, self.refused) if self.is_undo else Means.UPDATE

    @property
    def call(self) -> Call[Any] | None:
        """See `Execution`."""
        if answer := pauses.call(self):
            return answer
        record = self.known.record
        if not self._is_to_write or self.means is Means.UPDATE or record is None:
            return _forced(super().call, self.service)
        region = self.step.target.region
        if self.means is Means.STOP:
            return StopServiceDeployment(region=region, arn=record.arn)
        return ContinueServiceDeployment(region=region, arn=record.arn, hook=record.pauses[0].id, action="ROLLBACK")

    # --- what AWS answers ---

    def advance(self, answer: object, now: float, /) -> Self:
        """See `Execution`."""
        if pauses.call(self):
            answered = replace(self, answers=self.answers.answered(answer, now))
            return fold.decided(answered, pauses.refusal(answered), now)
        if self._is_to_write and self.means is not Means.UPDATE:
            return self._asked_back(answer, now)
        return _synchronised(super().advance(answer, now))

    def _asked_back(self, answer: object, now: float) -> Self:
        """After a call that asks ECS to roll back. It may be repeated: what is on its way back just goes on."""
        match answer:
            case Fault() if is_refused(answer):
                refused = self.refused | {self.means}
                writes = replace(self.writes.again(now).at(now), fault=answer)
                return replace(self, refused=refused, writes=writes, phase=Phase.CHECK)
            case Fault():
                return replace(self, writes=replace(self.writes.again(now), fault=answer), phase=Phase.CHECK)
            case str():
                writes = replace(self.writes, fault=None).at(now + LOOK_AGAIN)
                return replace(self, asked_at=now, writes=writes, phase=Phase.CHECK)
            case _:
                return self

    def look(self, service: Service | None, at: float) -> Reading:
        """See `Outlook`."""
        known = self.known
        listed = service.deployment(known.of) if service else None
        since = listed.created_at if listed else self.since
        asks = known.asks(self.step.target, since) if self.decision is None and service else None
        return Look(service=service, at=at, of=known.of, wants=asks)

    def wants_tasks(self, service: Service | None, now: float) -> bool:
        """See `Outlook`: where it bakes for a day, that nothing happens is no reason to ask.

        What ECS returns to isn't judged by its tasks.
        """
        is_judged = self.ours is not None and not self.ours.is_ecs_rollback
        return is_judged and wants_tasks(self, service, now, events_tell=True)

    def seen(self, look: Reading, now: float) -> Self:
        """See `Outlook`."""
        found = look.found if isinstance(look, Look) and look.of == self.known.of else None
        # On the way back a pause holds up what has failed: there the budget counts it.
        seen = replace(super().seen(look, now), known=self.known.after(found, now, counts_pauses=self.is_undo))
        return replace(seen, answers=pauses.after_look(seen, now))

    def way_back(self, _service: Service, primary: Deployment, now: float) -> Judgement | Ours | Next:
        """See `Outlook`."""
        return back.check(self, primary, now)

    def judged(self, sight: Sight) -> Judgement | None:
        """See `Outlook`."""
        is_its_own = sight.ours.is_ecs_rollback or sight.ours.deployment == self.known.of
        judgement = judge(sight, self.known if is_its_own else Known())
        # A pause that we are to answer is no place to end at, whatever else is waited for.
        is_to_answer = any(pauses.is_ours(self, hook) for hook in pauses.waiting(self))
        return None if judgement and judgement.verdict is Verdict.COMPLETED and is_to_answer else judgement

    def reasons(self, since: float) -> tuple[Cause, ...]:
        """See `Outlook`: also what ECS's record says, in the place of an event that says the same."""
        found, record = super().reasons(since), self.known.record
        said = said_by(record.rollback.reason or record.status_reason) if record else None
        said = said or pauses.ended_by(record)
        return rank((*(cause for cause in found if cause.name != said.name), said)) if said else found

    # --- other rollouts tell it nothing ---

    def foretold(self, _events: tuple[ServiceEvent, ...]) -> tuple[Milestones, ...]:
        """See `Outlook`: its stages tell more."""
        return ()

    @property
    def lesson(self) -> Lesson | None:
        """See `Monitored`."""
        return None

    def taught(self, _lesson: object, /) -> Self:
        """See `Monitored`."""
        return self


def _forced(call: Call[Any] | None, service: Service | None) -> Call[Any] | None:
    """An update to the revision that PRIMARY has: without force it would start nothing, and no traffic move."""
    primary = service.primary if service else None
    if not isinstance(call, UpdateService) or primary is None or primary.task_definition != call.definition:
        return call
    return replace(call, force=True)


ShiftT = TypeVar("ShiftT", bound=Shift)


def _synchronised(shift: ShiftT) -> ShiftT:
    """With the service deployment of what is followed now; and a rollback of ECS's that failed is written anew."""
    ours, known = shift.ours, shift.known
    if ours is not None and not ours.is_ecs_rollback and ours.deployment != known.of:
        return replace(shift, known=Known(of=ours.deployment))
    has_failed = known.record is not None and known.record.status == "ROLLBACK_FAILED"
    if ours is not None and ours.is_ecs_rollback and has_failed and shift.phase is Phase.FOLLOW:
        return replace(shift, phase=Phase.CHECK)
    return shift
