"""Every call of a deployment to one account and Region passes here, and to the web: counted for the report, and paced.

The pace is a share of AWS's own rates. There is no hidden repetition: a call is one attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from drone_deploy_ecs.core.calls.call import WEB
from drone_deploy_ecs.core.ecs.fault import FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.ports import NOWHERE
from drone_deploy_ecs.run.bucket import Bucket

if TYPE_CHECKING:
    from collections import Counter

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.quota import Quota
    from drone_deploy_ecs.core.ports import Aws, Clock, Web

A = TypeVar("A")


class Calls:
    """The calls to one account and Region; `counted` has how many, by operation."""

    def __init__(self, aws: Aws, clock: Clock, counted: Counter[str], web: Web = NOWHERE) -> None:
        self._aws = aws
        self._web = web
        self._clock = clock
        self._counted = counted
        self._buckets: dict[Quota, Bucket] = {}

    def ready_at(self, call: Call[Any] | type[Call[Any]]) -> float:
        """When (monotonic seconds) such a call may go out; now, if at once."""
        return self._bucket(call.quota).ready_at(self._clock.monotonic())

    def send(self, call: Call[A]) -> A:
        """The call's answer; it goes out when there is a token for it. Raises ApiError."""
        self._counted[call.operation] += 1
        bucket = self._bucket(call.quota)
        # Waiting once isn't always enough: a cancellation ends a sleep early.
        while (now := self._clock.monotonic()) < (ready := bucket.ready_at(now)):
            self._clock.sleep(ready - now)
        bucket.take(now)
        try:
            return (self._web if call.service == WEB else self._aws).send(call)
        except ApiError as error:
            if error.fault.kind is FaultKind.THROTTLED:
                bucket.slow_down(self._clock.monotonic())
            raise

    def _bucket(self, quota: Quota) -> Bucket:
        if quota not in self._buckets:
            self._buckets[quota] = Bucket(quota, self._clock.monotonic())
        return self._buckets[quota]
