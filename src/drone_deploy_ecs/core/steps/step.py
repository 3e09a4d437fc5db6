"""A step of a plan, and a step under way: what the engine may ask of either. No kind of step is named here.

A `Step` is data: the plan prints it, the engine begins it. An `Execution` is a step under way, a frozen value: it says
which call it wants of AWS next, is given the answer, and is another value then. All times are monotonic seconds.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeGuard

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from typing import Self

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.causes.failure import Failure
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.event import News
    from drone_deploy_ecs.core.pause import Pause
    from drone_deploy_ecs.core.progress import Progress
    from drone_deploy_ecs.core.steps.result import StepResult
    from drone_deploy_ecs.core.target import Target
    from drone_deploy_ecs.core.verdict import Verdict


class Reach(Enum):
    """How far the failure of a step reaches."""

    RUN = "run"
    """Everything returns, and no later stage begins."""
    DEPENDENTS = "dependents"
    """What is under way returns; of what is to come, only the steps that need its output are refused."""
    NOTHING = "nothing"
    """It is told, and the run goes on without it."""


class State(Enum):
    """How far an execution is."""

    QUEUED = "queued"
    """Its turn hasn't come (`Execution.start`): of many updates not all are begun at once."""
    WRITING = "writing"
    """Begun, and nothing has been written yet."""
    ACTIVE = "active"
    """Written, or with nothing to write; or there is a verdict, and evidence is still to be read."""
    COMPLETE = "complete"
    """Nothing is left to wait for but the others. It is still watched, and may be active again."""
    ENDED = "ended"
    """There is a verdict, and nothing more is to be read or written."""


class Context(Struct, frozen=True, kw_only=True):
    """What a step may depend on when it begins.

    `budget` is in seconds; `seen_at` when the services were read to plan this (None: just now); `outputs` are those of
    the executions before, by the keys of their steps. `attempt` is this run's alone, or, where the CI system numbers
    its attempts, that of every run of this attempt.
    """

    now: float
    budget: float
    seen_at: float | None
    outputs: Mapping[str, str]
    attempt: str = ""


class Step(Protocol):
    """One thing to do. Its text (`str`) is a sentence without a full stop, in ECS's nouns."""

    @property
    def key(self) -> str:
        """What other steps name it by, "" where none does."""

    @property
    def target(self) -> Target | None:
        """The service it is about, None for the whole run."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The keys of the steps whose output it takes. It is refused where one of them failed."""

    @property
    def after(self) -> str:
        """The key of a step of the same stage whose write must have been accepted before this one's; "" for none."""

    @property
    def reach(self) -> Reach:
        """What its failure means for the rest."""

    @property
    def awaits_serving(self) -> bool:
        """Whether its turn comes only once all that is monitored serves (`Monitored.is_serving`)."""

    @property
    def reduces_capacity(self) -> bool:
        """Whether it is written only while all that is monitored was seen complete within the second."""

    def concerns(self, target: Target | None, /) -> bool:
        """Whether its failure may be one of the deployment of that service (`Execution.fails_target`)."""

    def explain(self) -> Iterator[str]:
        """What is waited for, and how it is undone: sentences without a full stop, for the plan on paper."""

    def begin(self, context: Context, /) -> Execution:
        """The step, under way."""


class Execution(Protocol):
    """A step under way, as a frozen value."""

    is_monitored: ClassVar[bool]
    counted_as: ClassVar[str]
    """The word for those of its kind that have come through."""
    heeds_others: ClassVar[bool]
    """Whether it is told what becomes of the others of its stage."""

    @property
    def step(self) -> Step:
        """What is done."""

    @property
    def state(self) -> State:
        """How far it is."""

    @property
    def verdict(self) -> Verdict | None:
        """What became of it. Once given, it never changes."""

    @property
    def reason(self) -> str:
        """Why, in a clause; "" where all went well."""

    @property
    def output(self) -> str:
        """What later steps take, and what proves that its write was accepted: an ARN, a deployment's id; "" before."""

    @property
    def service(self) -> Service | None:
        """Its service as last seen."""

    @property
    def call(self) -> Call[Any] | None:
        """What it wants of AWS next; None where it only lets time pass."""

    @property
    def reads_on(self) -> bool:
        """Whether a look has begun. Once no call is wanted for it, it is whole, and judged by `advance(None, now)`.

        What was asked at one moment is judged together: so that looks that have begun come first, and are judged when
        all of them are whole.
        """

    @property
    def has_written(self) -> bool:
        """Whether something was changed, or may have been."""

    @property
    def failure(self) -> Failure | None:
        """What evidence is looked for; None where nothing failed that ran."""

    @property
    def needs_replan(self) -> bool:
        """Whether somebody else's change calls for a new plan."""

    @property
    def fails_target(self) -> str:
        """Why the deployments that its step concerns fail where this one has; "" where those are only withdrawn."""

    @property
    def fails_run(self) -> str:
        """What the services of the run are told that return because this failed; "" where one of them did."""

    @property
    def stands_until(self) -> float:
        """Until when it lets time pass; long ago where it doesn't."""

    @property
    def tally(self) -> str | None:
        """The word that it is counted under where there are many; None where it isn't counted."""

    def due(self, now: float, chance: float, /) -> float:
        """When it wants to be acted on; `chance` is random, in 0..1, so that many pipelines don't act in step."""

    def start(self, now: float, /) -> Self:
        """Its turn has come: from QUEUED to WRITING."""

    def advance(self, answer: object, now: float, /) -> Self:
        """The execution after the answer to its call: what `Call.read` made of it, a Fault, or None for mere time."""

    def abort(self, verdict: Verdict, reason: str, now: float, /) -> Self:
        """No further, for that reason. Where a write is unconfirmed, it first finds out whether that was accepted."""

    def heed(self, other: Execution, now: float, /) -> Self:
        """The execution, knowing how far another one of its stage is by now."""

    def explained(self, causes: tuple[Cause, ...], /) -> Self:
        """Its failure with these causes."""

    def news(self, before: Self, /) -> Iterator[News]:
        """What changed since, in the order in which a person would tell it."""

    def results(self, now: float, at: datetime, /) -> tuple[StepResult, ...]:
        """What it has to tell beside what becomes of services; `at` is the time of day at `now`."""

    def heartbeat(self, now: float, /) -> str:
        """Something to say when nothing changed for long; "" for nothing."""

    def silence(self, now: float, /) -> float:
        """Seconds without a word until then."""


class Monitored(Execution, Protocol):
    """An execution that stays under way once it is complete, and is watched until the whole run is over."""

    @property
    def since(self) -> datetime | None:
        """AWS's time from which on what happens to the service may be its doing."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """Why it didn't end well, the heaviest first."""

    @property
    def unfinished(self) -> str:
        """Where it is called completed before ECS is done: what isn't over yet; else ""."""

    @property
    def pause(self) -> Pause | None:
        """The PAUSE hook that it waits at, or was last seen to wait at; None where it doesn't."""

    @property
    def was_complete(self) -> bool:
        """Whether it was complete when it was last seen, whatever became of it then."""

    @property
    def is_serving(self) -> bool:
        """Whether the new version is what serves: complete, or, where traffic is shifted, its last bake has begun."""

    @property
    def is_reached(self) -> bool:
        """Whether users should get the new version by now: all its tasks are healthy, or all traffic is shifted."""

    @property
    def is_left(self) -> bool:
        """Whether it is to be left where it is now, before they do."""

    @property
    def is_alone(self) -> bool:
        """Whether they get nothing else: no tasks of another revision serve any more."""

    @property
    def seen_at(self) -> float:
        """When it was last looked at."""

    @property
    def stable_at(self) -> float | None:
        """When it will have been complete for as long as asked; None while it isn't, can't be seen, or is judged."""

    @property
    def glance(self) -> Call[Any]:
        """A quick look, without stopped tasks."""

    def glanced(self, answer: object, now: float, /) -> Self:
        """The execution after the answer to its `glance`."""

    def is_proven(self, now: float, /) -> bool:
        """Whether it is complete for as long as asked, and all that may be read was read since."""

    def confirm_since(self, moment: float, now: float, /) -> Self:
        """Only a look later than now will show that it is still complete, unless that was asked for since `moment`."""

    def stand_by(self, until: float, /) -> Self:
        """It goes on being watched while other steps are taken, until then at least: not at its own budget's cost."""

    @property
    def lesson(self) -> object | None:
        """What it went through, for others to foresee theirs by; None before it is complete, or if it is none."""

    def taught(self, lesson: object, /) -> Self:
        """The same, knowing what another execution of this run went through."""

    def settle(self, now: float, /) -> Self:
        """All is complete: that is the verdict."""

    def progress(self, now: float, at: datetime, /) -> Progress | None:
        """How far it is, for those who draw it, None where nothing is drawn; `at` is the time of day at `now`."""


def is_monitored(execution: Execution) -> TypeGuard[Monitored]:
    """Whether it is watched until the whole run is over."""
    return execution.is_monitored


class Stage(Struct, frozen=True):
    """Steps that run together."""

    steps: tuple[Step, ...]
