"""PAUSE hooks: which of them our deployment waits at, and our answers to them, where the request asks for those.

An answer may be repeated: ECS refuses the second one. So whatever became of the call, the next look tells whether the
hook still waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.service_deployments import ContinueServiceDeployment
from drone_deploy_ecs.core.causes.cause import seen
from drone_deploy_ecs.core.causes.events import PAUSE_REJECTED, PAUSE_TIMED_OUT
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.pause import CONTINUE, LEAVE, Pause
from drone_deploy_ecs.core.steps.attempts import LOOK_AGAIN, SETTLE, Attempts
from drone_deploy_ecs.core.verdict import Judgement, Verdict

if TYPE_CHECKING:
    from drone_deploy_ecs.core.causes.cause import Cause
    from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment, HookRun
    from drone_deploy_ecs.core.steps.native.shift import Shift


class Answers(Struct, frozen=True, kw_only=True):
    """What was answered: CONTINUE to the hooks `given`, the last of them at `given_at` (monotonic seconds).

    The hook `due` is answered next, "" for none. `approved` is one that the run is there to answer, whatever is done
    at others. `is_denied`: we may not answer.
    """

    due: str = ""
    approved: str = ""
    given: frozenset[str] = frozenset()
    given_at: float = 0.0
    attempts: Attempts = Attempts()
    is_denied: bool = False

    def after_look(self, waiting: tuple[HookRun, ...], now: float) -> Answers:
        """After a look that shows these waiting. What was answered just now may still be shown so."""
        if self.is_denied or now < self.attempts.not_before:
            return self
        fresh = self.given if now < self.given_at + SETTLE else frozenset[str]()
        due = next((hook.id for hook in waiting if hook.id not in fresh), "")
        return self if due == self.due else replace(self, due=due)

    def answered(self, answer: object, now: float) -> Answers:
        """After our call, whose answer is a service deployment's ARN, or a Fault."""
        match answer:
            case Fault():
                is_denied = answer.kind is FaultKind.DENIED
                return replace(
                    self, due="", is_denied=is_denied, attempts=replace(self.attempts.again(now), fault=answer)
                )
            case str():
                attempts = Attempts(not_before=now + LOOK_AGAIN)
                return replace(self, due="", given=self.given | {self.due}, given_at=now, attempts=attempts)
            case _:
                return self

    @property
    def look_at(self) -> float:
        """When what became of the last call is to be looked at (monotonic seconds)."""
        return self.attempts.not_before


def waiting(shift: Shift) -> tuple[HookRun, ...]:
    """The PAUSE hooks that our own deployment waits at, by its record."""
    record, ours = shift.known.record, shift.ours
    if record is None or ours is None or ours.is_ecs_rollback or record.status != "IN_PROGRESS":
        return ()
    return record.pauses if shift.known.of == ours.deployment else ()


def pause(shift: Shift) -> Pause | None:
    """Where it waits; the first, where it waits at several."""
    hook, record = next(iter(waiting(shift)), None), shift.known.record
    return pause_at(shift, record, hook) if record and hook else None


def pause_at(shift: Shift, record: DescribedServiceDeployment, hook: HookRun) -> Pause:
    """That hook, with all that somebody who answers it needs."""
    return Pause(
        target=shift.step.target,
        deployment=shift.known.of,
        arn=record.arn,
        hook=hook.id,
        stage=record.stage,
        share=record.target.production,
        expires_at=hook.expires_at,
        timeout_action=hook.timeout_action,
        is_way_back=shift.is_undo,
    )


def ended_by(record: DescribedServiceDeployment | None) -> Cause | None:
    """The pause that a rollback began at, by what its hooks came to: its reason may be in words that aren't known."""
    if record is None or not record.is_going_back:
        return None
    known = {"TIMED_OUT": PAUSE_TIMED_OUT, "FAILED": PAUSE_REJECTED}
    ended = (known.get(hook.status) for hook in record.hooks if hook.target_type == "PAUSE")
    cause = next(filter(None, ended), None)
    return seen(cause, record.why) if cause else None


def is_left(shift: Shift) -> bool:
    """Whether the run is to end where it waits now."""
    hooks = waiting(shift)
    return shift.terms.on_pause == LEAVE and bool(hooks) and not any(is_ours(shift, hook) for hook in hooks)


def after_look(shift: Shift, now: float) -> Answers:
    """What is to be answered after a look."""
    is_asked, approved = shift.terms.on_pause == CONTINUE, shift.answers.approved
    return shift.answers.after_look(tuple(hook for hook in waiting(shift) if is_asked or hook.id == approved), now)


def is_ours(shift: Shift, hook: HookRun) -> bool:
    """Whether we answer that hook, so that nobody else need."""
    is_asked = shift.terms.on_pause == CONTINUE or hook.id == shift.answers.approved
    return is_asked and not shift.answers.is_denied


def refusal(shift: Shift) -> Judgement | None:
    """That we may not give the answer that the run is there to give."""
    answers = shift.answers
    if not answers.approved or not answers.is_denied or answers.approved in answers.given:
        return None
    return Judgement(Verdict.REFUSED, f"AWS refused {answers.attempts.fault}")


def call(shift: Shift) -> ContinueServiceDeployment | None:
    """Our answer, where one is due."""
    record, due = shift.known.record, shift.answers.due
    if not due or record is None or shift.reading is not None or shift.decision is not None or shift.recalled:
        return None
    if due not in {hook.id for hook in waiting(shift)}:
        return None
    return ContinueServiceDeployment(region=shift.step.target.region, arn=record.arn, hook=due)
