"""What goes wrong with calls: a table of rules that both faces of the simulator consult."""

from __future__ import annotations

from collections import Counter
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.calls.catalogue import BY_OPERATION
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind, not_awss

if TYPE_CHECKING:
    import random

    from drone_deploy_ecs.core.calls.quota import Quota
    from drone_deploy_ecs.simulator.clock import VirtualClock

CALLER = "arn:aws:sts::123456789012:assumed-role/deploy/ci"
"""Who calls, in the words of refusals."""


class Killed(BaseException):
    """Our process was killed after this call: nothing of it runs any more."""


class Effect(Enum):
    """What a rule does to a call."""

    THROTTLE = "throttle"
    SERVER_ERROR = "server error"
    TIMEOUT_BEFORE = "time-out before the effect"
    TIMEOUT_AFTER = "time-out after the effect"
    RESET_AFTER = "connection reset after the effect"
    NOT_AWSS = "an answer that isn't AWS's"
    UNREACHABLE = "unreachable"  # over HTTP a closed connection: nobody can know that the call had no effect
    DENY = "deny"
    DENY_TAGS = "deny ecs:TagResource"
    EXPIRE = "expired credentials"
    FAIL_ENTRIES = "every entry fails"
    """Of PutTargets: an answer with status 200 that says so."""
    KILL = "kill after the call"

    @property
    def comes_after(self) -> bool:
        """Whether the call has its effect all the same."""
        return self in (Effect.TIMEOUT_AFTER, Effect.RESET_AFTER, Effect.KILL)


class Rule(Struct, frozen=True, kw_only=True):
    """An effect on calls of `operation` ("": of every operation), with probability `chance`.

    It strikes the `first` to the `last` such call, counted from 1, between `after` and `until` (seconds of the world).
    `about` must occur in what `operations.about` gives for the call: a service's name, for example.
    """

    effect: Effect
    operation: str = ""
    first: int = 1
    last: int = 10**9
    after: float = 0.0
    until: float = 1e12
    chance: float = 1.0
    about: str = ""


class Faults:
    """The rules, and a count of calls. Seconds: `latency` is how long a call takes, `stale_seconds` how old reads are.

    `keeps_quotas` throttles by AWS's token buckets; `throttled` counts the calls refused so, by operation.

    States are recorded only while `stale_seconds` is set, so set it before services are added.
    """

    def __init__(self, clock: VirtualClock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self.rules: list[Rule] = []
        self.calls: Counter[str] = Counter()
        self.log: list[tuple[float, str, str]] = []
        self.latency = 0.05
        self.timeout = 20.0
        self.stale_seconds = 0.0
        self.stale_until = 1e12
        self.keeps_quotas = False
        self.throttled: Counter[str] = Counter()
        self._buckets: dict[str, tuple[float, float]] = {}

    def add(self, effect: Effect, operation: str = "", **when: float | str) -> None:
        """One more rule."""
        self.rules.append(Rule(effect=effect, operation=operation, **when))  # type: ignore[arg-type]

    def strike(self, operation: str, about: str) -> Effect | None:
        """Count this call, let its latency pass, and say what goes wrong with it."""
        self.calls[operation] += 1
        self.calls[""] += 1
        self.log.append((self._clock.monotonic(), operation, about))
        self._clock.sleep(self.latency)
        if self.keeps_quotas and not self._is_within(_quota(operation)):
            self.throttled[operation] += 1
            return Effect.THROTTLE
        return next((rule.effect for rule in self.rules if self._hits(rule, operation, about)), None)

    def gives_up_after(self, operation: str) -> float:
        """Seconds that a caller waits for an answer that doesn't come: `timeout`, or fewer where it is impatient."""
        call = BY_OPERATION.get(operation)
        return min(self.timeout, call.timeout.read) if call else self.timeout

    def _is_within(self, quota: Quota) -> bool:
        """Take a token from the quota's bucket; False where it is empty."""
        now = self._clock.monotonic()
        tokens, at = self._buckets.get(quota.name, (float(quota.burst), now))
        tokens = min(quota.burst, tokens + (now - at) * quota.rate)
        self._buckets[quota.name] = (tokens - (tokens >= 1), now)
        return tokens >= 1

    def _hits(self, rule: Rule, operation: str, about: str) -> bool:
        number, now = self.calls[rule.operation], self._clock.monotonic()
        fits = rule.operation in ("", operation) and rule.about in about
        # ecs:TagResource is needed only by a registration that has tags.
        fits &= rule.effect is not Effect.DENY_TAGS or about == "with tags"
        in_time = rule.first <= number <= rule.last and rule.after <= now <= rule.until
        return fits and in_time and (rule.chance >= 1 or self._chance.random() < rule.chance)


def _quota(operation: str) -> Quota:
    call = BY_OPERATION.get(operation)
    return call.quota if call else modest(operation)


def as_fault(effect: Effect, operation: str) -> Fault:
    """The fault that a caller sees for this effect."""
    call = BY_OPERATION.get(operation)
    permission = call.permission if call else f"ecs:{operation}"
    faults = {
        Effect.THROTTLE: Fault(FaultKind.THROTTLED, operation, "ThrottlingException", "Rate exceeded"),
        Effect.SERVER_ERROR: Fault(
            FaultKind.AMBIGUOUS, operation, "ServerException", "Service Unavailable. Please try again later."
        ),
        Effect.NOT_AWSS: not_awss(operation),
        Effect.UNREACHABLE: Fault(FaultKind.UNREACHABLE, operation, "", "could not connect"),
        Effect.EXPIRE: Fault(
            FaultKind.NO_CREDENTIALS,
            operation,
            "ExpiredTokenException",
            "The security token included in the request is expired",
        ),
        Effect.DENY: Fault(
            FaultKind.DENIED,
            operation,
            "AccessDeniedException",
            f"User: {CALLER} is not authorized to perform: {permission}",
        ),
        Effect.DENY_TAGS: Fault(
            FaultKind.DENIED,
            operation,
            "AccessDeniedException",
            f"User: {CALLER} is not authorized to perform: ecs:TagResource",
        ),
    }
    return faults.get(effect, Fault(FaultKind.AMBIGUOUS, operation, "", "no answer"))
