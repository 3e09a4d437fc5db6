"""Everything known about one service's rollout, in parts, and what follows from them.

Nothing is changed here: what changes a part stands in the part's own room. Whoever only reads (when to look again, what
to say, how to draw it) reads a `Record`.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from msgspec import Struct, field

from drone_deploy_ecs.core.causes.failure import Failure
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.steps.attempts import Attempts, Phase
from drone_deploy_ecs.core.steps.kind import ExecutionDefaults
from drone_deploy_ecs.core.steps.observation import READ_GRACE, Observed, StoppedTasks
from drone_deploy_ecs.core.steps.rollout.history import MANY, Kind, Lesson, predict, so_far, until_healthy
from drone_deploy_ecs.core.steps.rollout.stability import Completion
from drone_deploy_ecs.core.steps.step import State
from drone_deploy_ecs.core.verdict import Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.pause import Pause
    from drone_deploy_ecs.core.steps.observation import Reading
    from drone_deploy_ecs.core.steps.rollout.follow import Ours
    from drone_deploy_ecs.core.steps.rollout.history import Milestones, Prediction
    from drone_deploy_ecs.core.steps.rollout.rival import Rival
    from drone_deploy_ecs.core.steps.rollout.terms import RolloutStep, Terms
    from drone_deploy_ecs.core.verdict import Judgement


class Monitor(Struct, frozen=True, kw_only=True):
    """What is asked of a rollout that stays under way once it is complete.

    Until `budget_paused_until` it only stands by: its budget counts anew from then on. Only a look later than
    `confirm_after` shows that it is still complete.
    """

    budget_paused_until: float = 0.0
    confirm_after: float = 0.0


class Decision(Struct, frozen=True, kw_only=True):
    """The verdict, given at `decided_at`, never changed; `explained` once all was read that may tell its `causes`."""

    verdict: Verdict
    reason: str
    decided_at: float
    explained: bool
    causes: tuple[Cause, ...] = ()


class Record(ExecutionDefaults, Struct, frozen=True, kw_only=True):
    """A rollout of `definition`, an ARN, or "" where that was never registered. Times are monotonic seconds.

    Its budget counts from `began`. `reading` is a look under way; `ours` our deployment, None before there is one.
    Since `not_primary_since` the deployment that should be PRIMARY isn't: ours; in a way back, before there is one, the
    deployment that it undoes. `recalled`: nothing more is to be written, and that is the verdict once it is known
    whether an unconfirmed write was accepted. `rival` is what PRIMARY runs, where its build counts; `contested` are the
    lower builds that took its place, for each of which it was written once more. `earlier` are the service's rollouts
    before this one (none where it starts from another count: that is no rollout like others), `elsewhere` what others
    of this run went through.
    """

    step: RolloutStep
    definition: str
    began: float
    phase: Phase = Phase.WRITE
    writes: Attempts = field(default_factory=Attempts)
    observed: Observed = field(default_factory=Observed)
    tasks: StoppedTasks = field(default_factory=StoppedTasks)
    reading: Reading | None = None
    ours: Ours | None = None
    not_primary_since: float | None = None
    completion: Completion = field(default_factory=Completion)
    monitor: Monitor = field(default_factory=Monitor)
    recalled: Judgement | None = None
    rival: Rival | None = None
    contested: tuple[int, ...] = ()
    decision: Decision | None = None
    earlier: tuple[Milestones, ...] = ()
    elsewhere: tuple[Lesson, ...] = ()

    @property
    def terms(self) -> Terms:
        """What it is judged by."""
        return self.step.terms

    @property
    def is_undo(self) -> bool:
        """Whether this brings a service back rather than forward."""
        return bool(self.step.undoes)

    @property
    def asks_rival(self) -> bool:
        """Whether it is to be read of which build that is that somebody else runs there."""
        return self.rival is not None and not self.rival.is_read and self.decision is None

    @property
    def may_contest(self) -> bool:
        """Whether it may be written once more where a lower build has taken its place."""
        is_there = self.service is not None and self.service.status in ("ACTIVE", "")
        return self.step.build is not None and is_there

    @property
    def instead(self) -> str:
        """See `Ours`: on the way forward nothing does instead, for what ran before may be of the same revision."""
        return self.definition if self.is_undo else ""

    @property
    def revision(self) -> str:
        """What it goes to, for people."""
        return short(self.definition) or "the new revision"

    @property
    def verdict(self) -> Verdict | None:
        """What became of it. Once given, it never changes."""
        return self.decision.verdict if self.decision else None

    @property
    def reason(self) -> str:
        """Why, in a clause; "" where all went well."""
        if self.decision:
            return self.decision.reason
        return self.recalled.reason if self.recalled else ""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """See `Monitored`."""
        return self.decision.causes if self.decision else ()

    @property
    def service(self) -> Service | None:
        """Its service as last seen."""
        return self.observed.service

    @property
    def listed(self) -> Deployment | None:
        """Our deployment's entry in that, if there is one."""
        return self.ours.listed(self.service) if self.ours else None

    @property
    def since(self) -> datetime | None:
        """AWS's time from which on what happens to the service may be this rollout's doing."""
        return self.ours.since if self.ours else self.step.since

    @property
    def deadline(self) -> float:
        """When the budget ends. It counts anew after a time in which it was only to stand by."""
        return max(self.began, self.monitor.budget_paused_until) + self.terms.budget

    @property
    def stable_at(self) -> float | None:
        """When it will have been complete for as long as asked; None while it isn't, can't be seen, or is judged."""
        if self.observed.unreadable_since is not None or self.decision:
            return None
        return self.completion.stable_at(self.terms, self.monitor.confirm_after)

    @property
    def next_check(self) -> float | None:
        """When it is to be found complete once more; None when no check is due."""
        return None if self.decision else self.completion.next_check(self.terms)

    @property
    def foreseen(self) -> Prediction | None:
        """What comes, by our clock; None without history, and once tasks died: then no rollout before was like it."""
        examples = self.examples
        if not examples:
            return None
        return predict(examples if self.terms.wait_for_drained else until_healthy(examples), self.milestones)

    @property
    def examples(self) -> tuple[Milestones, ...]:
        """The rollouts that this one may be like: the service's own, else those of services like it in this run."""
        if self.earlier or not self.elsewhere:
            return self.earlier
        likeness = self._likeness
        return tuple(lesson.milestones for lesson in self.elsewhere if lesson.likeness == likeness)[-MANY:]

    @property
    def milestones(self) -> Milestones:
        """How far it is; () where nothing tells, and once tasks died."""
        service, listed, since = self.service, self.listed, self.since
        if service is None or listed is None or since is None or self.tasks.stopped or listed.failed_tasks:
            return ()
        return so_far(service.events, since, self.began, listed.desired)

    @property
    def _likeness(self) -> tuple[frozenset[str], bool, float]:
        target = self.step.target
        names = frozenset(container.name for container in target.containers)
        return names, bool(self.service and self.service.is_load_balanced), target.warm_up

    @property
    def lesson(self) -> Lesson | None:
        """See `Monitored`."""
        milestones = self.milestones if self.step.desired is None else ()
        is_whole = bool(milestones) and milestones[-1].kind is Kind.COMPLETED
        return Lesson(self._likeness, milestones) if is_whole else None

    # --- as an execution ---

    @property
    def state(self) -> State:
        """See `Execution`."""
        if self.decision:
            return State.ENDED if self.decision.explained else State.ACTIVE
        if self.writes.not_before == inf:
            return State.QUEUED
        if self.completion.completed_at is not None:
            return State.COMPLETE
        # An update of which an attempt failed is no longer about to be written: it may be throttled for long.
        return State.WRITING if self.ours is None and self.writes.fault is None else State.ACTIVE

    @property
    def output(self) -> str:
        """See `Execution`: our deployment's id."""
        return self.ours.deployment if self.ours else ""

    @property
    def has_written(self) -> bool:
        """See `Execution`."""
        return self.ours is not None or self.writes.may_have_been_accepted

    @property
    def failure(self) -> Failure | None:
        """See `Execution`: of a deployment of ours, there being evidence of nothing else."""
        if self.ours is None or self.decision is None or not self.decision.verdict.fails_the_run:
            return None
        return Failure(
            target=self.step.target,
            verdict=self.decision.verdict,
            decided_at=self.decision.decided_at,
            deployment=self.ours.deployment,
            since=self.ours.since,
            definition=self.definition,
            service=self.service,
            stopped=self.tasks.stopped,
            causes=self.decision.causes,
        )

    @property
    def tally(self) -> str:
        """See `Execution`."""
        if self.state is State.COMPLETE or self.verdict is Verdict.COMPLETED:
            return "back" if self.is_undo else self.counted_as
        if self.verdict is not None:
            return "failed" if self.verdict.fails_the_run else "withdrawn"
        if self.observed.read_fault is not None:
            return "out of sight"
        if self.ours is None:
            return "not begun"
        return "on the way back" if self.is_undo else "rolling out"

    @property
    def unfinished(self) -> str:
        """See `Monitored`: nothing that would matter to users."""
        return ""

    @property
    def pause(self) -> Pause | None:
        """See `Monitored`: ECS has pauses only where it shifts traffic."""
        return None

    @property
    def was_complete(self) -> bool:
        """See `Monitored`."""
        return self.completion.completed_at is not None

    @property
    def is_serving(self) -> bool:
        """See `Monitored`."""
        return self.state is State.COMPLETE

    @property
    def is_reached(self) -> bool:
        """See `Monitored`."""
        return self.is_serving or (self.ours is not None and self.ours.healthy_at is not None)

    @property
    def is_left(self) -> bool:
        """See `Monitored`: only what shifts traffic waits anywhere."""
        return False

    @property
    def is_alone(self) -> bool:
        """See `Monitored`."""
        ours, deployments = self.output, self.service.deployments if self.service else ()
        return bool(ours) and not any(each.running for each in deployments if each.id != ours)

    @property
    def seen_at(self) -> float:
        """See `Monitored`."""
        return self.observed.seen_at

    def is_proven(self, now: float, /) -> bool:
        """See `Monitored`: what had to prove stable is proven by its stopped tasks, if those can be read."""
        end = self.stable_at
        if end is None or now < end or self.completion.passed < self.terms.checks:
            return False
        can_be_read = self.tasks.may_be_read and now < end + READ_GRACE
        return not self.terms.must_prove_stable or self.tasks.read_at >= end or not can_be_read
