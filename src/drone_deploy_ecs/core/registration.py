"""One RegisterTaskDefinition, from the write to its ARN: the same fold as a watch, for a simpler thing.

There is no idempotency token, so after any doubt the family's newest revision is looked at before registering again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from drone_deploy_ecs.core import taskdef
from drone_deploy_ecs.core.fault import Fault, FaultKind
from drone_deploy_ecs.core.watch import LOOK_AGAIN, SETTLE, Phase, retry_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.step import RegisterTaskDefinition
    from drone_deploy_ecs.core.taskdef import Definition


@dataclass(frozen=True)
class Registered:
    """RegisterTaskDefinition answered."""

    arn: str


@dataclass(frozen=True)
class NotRegistered:
    """RegisterTaskDefinition failed, or may have; or the look at the newest revision failed."""

    fault: Fault


@dataclass(frozen=True)
class Newest:
    """The family's newest revision, looked at because a write was in doubt."""

    definition: Definition | None


@dataclass(frozen=True, kw_only=True)
class Registration:
    """A registration under way; done when it has an `arn` or a `failure`."""

    step: RegisterTaskDefinition
    body: Mapping[str, Any]
    began: float
    budget: float
    phase: Phase = Phase.WRITE
    attempts: int = 0
    not_before: float = 0.0
    in_doubt_until: float = 0.0
    last_fault: Fault | None = None
    untagged: bool = False
    abandoned: bool = False
    arn: str = ""
    failure: str = ""

    @property
    def is_done(self) -> bool:
        """Registered, or never to be."""
        return bool(self.arn or self.failure or self.abandoned)


def begin(step: RegisterTaskDefinition, now: float, budget: float) -> Registration:
    """A registration that is to be sent."""
    return Registration(step=step, body=step.body, began=now, budget=budget)


def abandon(one: Registration) -> Registration:
    """Nothing needs it any more. One that may have landed unseen stays, as any unused revision does."""
    return replace(one, abandoned=True)


def advance(one: Registration, observation: Registered | NotRegistered | Newest, now: float) -> Registration:
    """The registration after this answer."""
    match observation:
        case Registered(arn):
            return replace(one, arn=arn)
        case NotRegistered(fault):
            return _failed(one, fault, now)
        case Newest(definition):
            if definition is not None and taskdef.same(definition.body, one.body):
                return replace(one, arn=definition.arn)
            if now < one.in_doubt_until:
                return replace(one, not_before=now + LOOK_AGAIN)
            return replace(one, phase=Phase.WRITE, not_before=now)
        case never:
            assert_never(never)


def _failed(one: Registration, fault: Fault, now: float) -> Registration:
    if fault.kind is FaultKind.DENIED and "ecs:TagResource" in fault.message and one.body.get("tags"):
        # An earlier run may have come this far, so the newest revision is looked at first.
        return replace(one, body=taskdef.without_tags(one.body), untagged=True, phase=Phase.CHECK, not_before=now)
    if not one.attempts:
        one = replace(one, began=now)  # AWS takes one a second: those before it are not this one's fault
    if fault.kind in (FaultKind.DENIED, FaultKind.REJECTED) or now >= one.began + one.budget:
        return replace(one, failure=str(fault), last_fault=fault)
    tries = one.attempts + 1
    wrote = one.phase is Phase.WRITE
    doubt = now + SETTLE if wrote and fault.kind is FaultKind.AMBIGUOUS else one.in_doubt_until
    is_sure = wrote and fault.kind is FaultKind.THROTTLED
    return replace(
        one,
        phase=Phase.WRITE if is_sure else Phase.CHECK,
        attempts=tries,
        not_before=now + retry_in(tries),
        in_doubt_until=doubt,
        last_fault=fault,
    )
