"""What became of a blue/green switch, and the way back: the live side to its full count first, then the other down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drone_deploy_ecs.core.handover import one_by_one, what_is_left
from drone_deploy_ecs.core.outcome import Counted, Outcome
from drone_deploy_ecs.core.scaling import End, Limiting, Scaling
from drone_deploy_ecs.core.step import RegisterScalableTarget, Scale, Stage, UpdateService
from drone_deploy_ecs.core.text import tasks
from drone_deploy_ecs.core.verdict import Now, Verdict
from drone_deploy_ecs.core.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drone_deploy_ecs.core.scaling import Counting
    from drone_deploy_ecs.core.step import Handover, Step
    from drone_deploy_ecs.core.target import Target

Flown = Watch | Scaling | Limiting
ENDS = {End.UNSEEN: Verdict.UNKNOWN, End.FAILED: Verdict.FAILED, End.OVERTAKEN: Verdict.FAILED}


@dataclass(frozen=True)
class Course:
    """All that was done to one side, in order."""

    target: Target
    flown: tuple[Flown, ...]

    @classmethod
    def of(cls, target: Target, flown: Sequence[Watch | Counting]) -> Course:
        """That side's part of what was done."""
        return cls(target, tuple(one for one in flown if isinstance(one, Flown) and _about(one) == target.name))

    @property
    def watch(self) -> Watch | None:
        """Its deployment's."""
        return next((one for one in self.flown if isinstance(one, Watch)), None)

    @property
    def scalings(self) -> tuple[Scaling, ...]:
        """Its changes of count that were, or may have been, made."""
        found = (one for one in self.flown if isinstance(one, Scaling))
        return tuple(one for one in found if one.writes or one.doubt)

    @property
    def is_limited(self) -> bool:
        """Whether its autoscaling was, or may have been, changed."""
        return any(isinstance(one, Limiting) and (one.end is End.DONE or one.attempts > 1) for one in self.flown)

    @property
    def trouble(self) -> Scaling | Limiting | None:
        """The first step that didn't end well."""
        found = (one for one in self.flown if isinstance(one, Scaling | Limiting))
        return next((one for one in found if one.end not in (End.DONE, End.RECALLED)), None)

    @property
    def notes(self) -> str:
        """What to add about steps that ended well."""
        return "; ".join(one.note for one in self.flown if isinstance(one, Scaling) and one.note)


def _about(one: Flown) -> str:
    return one.target.name if isinstance(one, Watch) else one.step.target.name


@dataclass(frozen=True, kw_only=True)
class GoOn:
    """What is left to do when somebody scaled one of the services: `standing` goes on being watched, `done` is over."""

    handover: Handover
    stages: tuple[Stage, ...]
    standing: tuple[Watch, ...]
    done: tuple[Watch | Counting, ...]
    service: str
    why: str


def go_on(handover: Handover, flown: Sequence[Watch | Counting]) -> GoOn | None:
    """A new plan from the counts as they are now; None where nobody interfered, or what takes over is gone."""
    overtaken = next((one for one in flown if isinstance(one, Scaling) and one.end is End.OVERTAKEN), None)
    standing = tuple(one for one in flown if isinstance(one, Watch) and not one.is_done)
    if overtaken is None or not standing:
        return None
    seen = [*(one.service for one in standing), overtaken.service]
    counts = {one.name: one.desired for one in seen if one}
    live, idle = (counts.get(target.name, target.desired) for target in (handover.live, handover.idle))
    changed, stages = what_is_left(handover, live, idle, standing[0].deployment)
    return GoOn(
        handover=changed,
        stages=stages,
        standing=standing,
        done=tuple(
            replace(overtaken, end=End.RECALLED) if one is overtaken else one for one in flown if one not in standing
        ),
        service=overtaken.step.target.name,
        why=overtaken.reason,
    )


def undo(handover: Handover, flown: Sequence[Watch | Counting], way_back: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The stages back. `way_back` are those of the idle side's own deployment, () where it has none or isn't ours.

    A stage that fails ends it: what has taken over isn't taken down before the live side is up again.
    """
    return (*one_by_one(_live_again(handover, flown)), *_idle_again(handover, flown, way_back))


def undoing(handover: Handover, flown: Sequence[Watch | Counting]) -> str:
    """What the way back is, in a sentence."""
    if any(isinstance(step, Scale) for step in _live_again(handover, flown)):
        return f"taking it down again, once {handover.live.name} is back at {tasks(handover.count)}"
    return "taking it down again"


def _live_again(handover: Handover, flown: Sequence[Watch | Counting]) -> Iterator[Step]:
    course = Course.of(handover.live, flown)
    if course.is_limited and handover.live_limits:
        limits = handover.live_limits
        yield RegisterScalableTarget(target=handover.live, limits=limits, why="as before", vital=False)
    if course.scalings:
        # Whatever somebody deployed to it meanwhile: it is to have its tasks.
        yield Scale(target=replace(handover.live, known=frozenset()), to=handover.count, at_least=True, surely=True)


def _idle_again(handover: Handover, flown: Sequence[Watch | Counting], way_back: tuple[Stage, ...]) -> Iterator[Stage]:
    course = Course.of(handover.idle, flown)
    watch = course.watch
    is_ours = bool(watch and watch.deployment and watch.verdict is not Verdict.SUPERSEDED)
    if handover.idle_limits and (course.is_limited or is_ours):
        # First, as a service below its minimum may be brought up again.
        limits = handover.idle_limits
        yield Stage((RegisterScalableTarget(target=handover.idle, limits=limits, why="idle again", vital=False),))
    if watch and is_ours:
        ours = handover.idle.known | {watch.deployment}
        to_none = Stage((Scale(target=replace(handover.idle, known=ours), to=0, surely=True),))
        make_sure = Stage((Scale(target=replace(handover.idle, known=frozenset()), to=0),))
        # What ECS itself is returning needn't start its tasks again; else one write does both.
        is_returning = watch.verdict is Verdict.ROLLED_BACK
        yield from (
            (to_none, *way_back)
            if is_returning
            else (*map(_without_tasks, way_back), make_sure if way_back else to_none)
        )


def _without_tasks(stage: Stage) -> Stage:
    return Stage(tuple(replace(one, desired=0) if isinstance(one, UpdateService) else one for one in stage.steps))


# --- what became of it ---


def outcomes(
    handover: Handover, flown: Sequence[Watch | Counting], back: Sequence[Watch | Counting] | None, *, left: bool
) -> list[Outcome]:
    """Both sides, the one that was to take over first. `back` is what was done to undo it, if that was tried."""
    idle, live = Course.of(handover.idle, flown), Course.of(handover.live, flown)
    returned = None if back is None else (Course.of(handover.idle, back), Course.of(handover.live, back))
    forward = idle.watch
    # Whatever came before it, its update was begun; and whatever came after, it was judged.
    assert forward is not None
    assert forward.verdict is not None
    first = _deployed(handover, forward, idle, None if returned is None else returned[0])
    return [first, _counted(live, forward.verdict, None if returned is None else returned[1], left=left)]


def _deployed(handover: Handover, forward: Watch, course: Course, back: Course | None) -> Outcome:
    found = Outcome(target=handover.idle, forward=forward, back=back.watch if back else None)
    if back is None:
        is_amiss = forward.verdict is Verdict.COMPLETED and course.trouble
        return replace(found, stranded=course.trouble.reason) if is_amiss and course.trouble else found
    if back.trouble:
        return replace(found, back=None, stranded=f"the way back: {back.trouble.reason}")
    if found.back is None and forward.deployment and forward.verdict is not Verdict.SUPERSEDED:
        return replace(found, stranded="it is only scaled to 0: what it ran before isn't known")
    return found


def _counted(course: Course, theirs: Verdict, back: Course | None, *, left: bool) -> Counted:
    """The side of which only count and limits were changed, beside a deployment with that verdict."""
    trouble = course.trouble
    seen = [one.service for one in (*course.flown, *(back.flown if back else ())) if isinstance(one, Scaling)]
    is_touched = bool(course.scalings or course.is_limited)
    judged = ENDS.get(trouble.end or End.FAILED, Verdict.FAILED) if trouble else theirs
    if theirs is Verdict.COMPLETED:
        judged = theirs
    elif judged is Verdict.FAILED and not is_touched and trouble and trouble.attempts:
        judged = Verdict.REFUSED
    elif not trouble and theirs not in (Verdict.COMPLETED, Verdict.CANCELLED, Verdict.UNKNOWN):
        judged = Verdict.WITHDRAWN
    stands = _stands(course, theirs, back, is_touched=is_touched, left=left)
    why = trouble.reason if trouble else course.notes
    if back and back.trouble:
        why = "; ".join(part for part in (why, f"the way back: {back.trouble.reason}") if part)
    return Counted(
        target=course.target, judged=judged, stands=stands, seen=next(filter(None, reversed(seen)), None), why=why
    )


def _stands(course: Course, theirs: Verdict, back: Course | None, *, is_touched: bool, left: bool) -> Now:
    if theirs is Verdict.COMPLETED and back is None:
        return Now.NOT_AS_BEFORE if course.trouble else Now.GAVE_WAY
    if not is_touched:
        return Now.UNTOUCHED
    if back is not None:
        return Now.NOT_AS_BEFORE if back.trouble else Now.AS_BEFORE
    if theirs is Verdict.UNKNOWN:
        return Now.UNSEEN
    return Now.LEFT if left else Now.NOT_AS_BEFORE
