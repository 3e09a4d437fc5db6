"""How fast calls may go out: a share of what AWS allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.quota import Quota

SHARE = 0.95
"""Of AWS's rates. They are per account and Region: when others call too, throttling says so, and all slow down."""
SLOWEST = 1 / 4
"""The share of that to which throttling may bring it down, halving it each time."""
RECOVERS = 30.0
"""Seconds without throttling after which it is back at the whole."""


class Bucket:
    """A share of one of AWS's buckets. After a throttled call its rate is halved, and grows back in time."""

    def __init__(self, quota: Quota, now: float) -> None:
        self._burst = self._tokens = SHARE * quota.burst
        self._rate = SHARE * quota.rate
        self._pace = 1.0
        self._filled_at = now

    def ready_at(self, now: float) -> float:
        """When (monotonic seconds) there is a token."""
        self._fill(now)
        return now + max(0.0, (1 - self._tokens) / (self._rate * self._pace))

    def take(self, now: float) -> None:
        """Take a token, which there must be (`ready_at`)."""
        self._fill(now)
        self._tokens -= 1

    def slow_down(self, now: float) -> None:
        """AWS says that it is empty: others take from it, too."""
        self._fill(now)
        self._tokens = 0.0
        self._pace = max(SLOWEST, self._pace / 2)

    def _fill(self, now: float) -> None:
        passed = now - self._filled_at
        self._tokens = min(self._burst, self._tokens + passed * self._rate * self._pace)
        self._pace = min(1.0, self._pace + passed / RECOVERS)
        self._filled_at = now
