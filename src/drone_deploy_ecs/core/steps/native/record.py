"""The service deployment: how a look finds and reads ECS's record of it, and what is known of it by then.

`ecs-svc/N` and the service revision `…/N` have the same number: by it the record is found in ListServiceDeployments,
however late that is. From then on it is described by its ARN. `currentServiceDeployment` may be stale, and isn't read.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.service_deployments import DescribeServiceDeployments, ListServiceDeployments
from drone_deploy_ecs.core.ecs.fault import Fault
from drone_deploy_ecs.core.ecs.service_deployment import WHOLE, DescribedServiceDeployment, ServiceDeployment
from drone_deploy_ecs.core.steps.observation import Reading, all_of

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.target import Target

COUNTED = frozenset({"", "RECONCILE_SERVICE", "SCALE_UP"})
"""The stages that the budget counts: what ECS itself waits for it doesn't, and there ECS's own limit of 24 h holds."""
UP = ("POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT",
      "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP")  # fmt: skip
"""The stages at which all its tasks are up."""
SHIFTED = ("BAKE_TIME", "CLEAN_UP")
"""Those at which the last bake has begun, or is over."""
BEFORE = timedelta(minutes=1)
"""How much older than the deployment its record may be: no page says which of the two is created first."""


class Look(Reading, Struct, frozen=True, kw_only=True):
    """A look that reads the record, too: `wants` is the next call for it, `found` what came of that.

    It is of the deployment with the id `of`.
    """

    of: str = ""
    wants: ListServiceDeployments | DescribeServiceDeployments | None = None
    found: DescribedServiceDeployment | None = None

    @property
    def is_whole(self) -> bool:
        """See `Reading`."""
        return self.wants is None and self.token is None and not self.left

    def call(self, target: Target) -> Call[Any]:
        """See `Reading`: the record before the tasks."""
        return Reading.call(self, target) if self.wants is None else self.wants

    def advance(self, answer: object, read: frozenset[str]) -> Reading:
        """See `Reading`. Without the record it tells nothing: such a look has failed."""
        if self.wants is None:
            return Reading.advance(self, answer, read)
        if isinstance(answer, Fault):
            return replace(self, wants=None, token=None, left=(), tasks=None, fault=answer)
        if isinstance(self.wants, ListServiceDeployments):
            entries = all_of(ServiceDeployment, answer)
            if entries is None:
                return self
            arn = next((entry.arn for entry in entries if entry.is_of(self.of)), "")
            asked = DescribeServiceDeployments(region=self.wants.region, arns=(arn,)) if arn else None
            return replace(self, wants=asked)
        records = all_of(DescribedServiceDeployment, answer)
        if records is None:
            return self
        return replace(
            self, wants=None, found=next((record for record in records if record.arn in self.wants.arns), None)
        )


class Known(Struct, frozen=True, kw_only=True):
    """What is known of the service deployment of the deployment with the id `of`, "" where there is none yet.

    Times are monotonic seconds. `looks` in a row have shown this status; at `since` it was not yet seen at this stage
    with this weight. All production traffic was first on it at `shifted_at`. Of the time so far, `uncounted` is not the
    budget's.
    """

    of: str = ""
    arn: str = ""
    record: DescribedServiceDeployment | None = None
    looks: int = 0
    since: float = 0.0
    read_at: float = 0.0
    shifted_at: float | None = None
    uncounted: float = 0.0

    @property
    def is_serving(self) -> bool:
        """Whether all production traffic is on it, and its last bake has begun."""
        record = self.record
        if record is None or record.is_going_back or not record.has_all_traffic:
            return False
        return record.status == "SUCCESSFUL" or (record.status == "IN_PROGRESS" and record.stage in SHIFTED)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will become of it."""
        return self.record is not None and self.record.is_over

    def asks(
        self, target: Target, since: datetime | None
    ) -> ListServiceDeployments | DescribeServiceDeployments | None:
        """The first call for its record; None where there is nothing to ask. It was created about `since`."""
        if not self.of or self.is_over:
            return None
        if self.arn:
            return DescribeServiceDeployments(region=target.region, arns=(self.arn,))
        after = since - BEFORE if since else None
        return ListServiceDeployments(region=target.region, cluster=target.cluster, name=target.asked, after=after)

    def after(self, found: DescribedServiceDeployment | None, now: float, *, counts_pauses: bool = False) -> Known:
        """After a look that is whole; `found` is None where it didn't read the record, or there was none.

        With `counts_pauses` the budget counts the time in which somebody's answer is waited for.
        """
        record = found or self.record
        if record is None:
            return self
        before = self.record
        is_held_up = counts_pauses and before is not None and bool(before.pauses)
        is_waited = before is not None and not before.is_over and not counts(before) and not is_held_up
        is_same = before is not None and _place(before) == _place(record)
        has_all = record.status == "SUCCESSFUL" or (
            record.stage in UP and record.has_all_traffic and _has_moved(record)
        )
        return replace(
            self,
            arn=record.arn,
            record=record,
            looks=self.looks + 1 if before and before.status == record.status else 1,
            since=self.since if is_same else self.read_at or now,
            read_at=now,
            shifted_at=now if self.shifted_at is None and has_all else self.shifted_at,
            uncounted=self.uncounted + (now - self.read_at if is_waited else 0.0),
        )


def _place(record: DescribedServiceDeployment) -> tuple[str, float | None, bool]:
    return record.stage, record.target.production, record.is_going_back


def _has_moved(record: DescribedServiceDeployment) -> bool:
    """Whether that it has all traffic means that some was shifted: where there are no weights, only the bake tells."""
    return record.target.production is not None or record.stage in SHIFTED


def counts(record: DescribedServiceDeployment) -> bool:
    """Whether the budget counts the time that passes now."""
    return record.stage in COUNTED and not any(
        hook.status in ("IN_PROGRESS", "AWAITING_ACTION") for hook in record.hooks
    )


def bake(record: DescribedServiceDeployment) -> float | None:
    """Seconds that it bakes where it is; None where it doesn't."""
    if record.is_going_back or record.is_over:
        return None
    if record.stage == "BAKE_TIME":
        return record.strategy.bake * 60.0
    share = record.target.production
    if record.stage == "PRODUCTION_TRAFFIC_SHIFT" and share and share < WHOLE:
        return record.strategy.step_bake * 60.0
    return None
