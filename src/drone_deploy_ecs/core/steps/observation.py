"""What was last seen of a service: when, since when it can't be read, and which of its tasks are known to have stopped.

A look is one call, or several where stopped tasks are read, too: a `Reading` is such a look under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Page
from drone_deploy_ecs.core.calls.ecs import DescribeTasks, ListTasks
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.ecs.task import Task

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.target import Target

ValueT = TypeVar("ValueT")

READ_GRACE = 15.0
"""Seconds of looking that are always granted to a service that can't be read, even past the budget."""
SURE = 60.0
"""Seconds after which tasks that run count as healthy without ECS saying so: it needs 40 where nothing checks them."""
TASK_PERMISSIONS = frozenset({ListTasks.permission, DescribeTasks.permission})
"""What IAM must allow for stopped tasks to be read."""
PAST = Fault(FaultKind.AMBIGUOUS, "DescribeServices", "", "the answer was older than an earlier one")


class Observed(Struct, frozen=True, kw_only=True):
    """A service as last seen (None: there was no such service), by a read that was answered at `seen_at`.

    Since `unreadable_since` it can't be read, for `failed_reads` reads in a row; `read_fault` is what became of the
    last of them. `seen_at` is then when that one failed.
    """

    service: Service | None = None
    seen_at: float = 0.0
    unreadable_since: float | None = None
    read_fault: Fault | None = None
    failed_reads: int = 0

    def after(self, look: Reading | Fault, now: float) -> Observed:
        """After a look that is whole, or failed; a stale one, older than the last, counts as failed."""
        is_past = isinstance(look, Reading) and look.service and look.service.is_older_than(self.service)
        if isinstance(look, Reading) and not is_past:
            return Observed(service=look.service, seen_at=min(look.at, now))
        return replace(
            self,
            seen_at=now,
            unreadable_since=now if self.unreadable_since is None else self.unreadable_since,
            read_fault=PAST if isinstance(look, Reading) else look,
            failed_reads=self.failed_reads + 1,
        )

    def is_lost(self, deadline: float, now: float) -> bool:
        """Whether the budget is over, and it has been unreadable for too long to go on looking."""
        return now >= deadline and self.unreadable_since is not None and now >= self.unreadable_since + READ_GRACE


class StoppedTasks(Struct, frozen=True, kw_only=True):
    """A deployment's tasks that are known to have stopped, and what is known of reading more, last done at `read_at`.

    `read` are the ARNs of all stopped tasks of the service that were described, so that none is described twice;
    `denied` are the permissions that were missing.
    """

    stopped: tuple[Task, ...] = ()
    read: frozenset[str] = frozenset()
    read_at: float = 0.0
    denied: frozenset[str] = frozenset()

    @property
    def may_be_read(self) -> bool:
        """Whether IAM allows it, as far as that was tried."""
        return not self.denied & TASK_PERMISSIONS


class Reading(Struct, frozen=True, kw_only=True):
    """One look at a service, whose DescribeServices was answered at `at`: whole, or still to be completed by its tasks.

    While tasks are being listed, `token` is the next page's ("": the first one's), and None once all are listed.
    `left` are the ARNs that are to be described, `tasks` what came of the others: None where no tasks are read, or
    where they can't be. `denied` is the permission that was missing for that. `fault`: a part failed that it can't do
    without.
    """

    service: Service | None
    at: float
    token: str | None = None
    left: tuple[str, ...] = ()
    tasks: tuple[Task, ...] | None = None
    denied: str = ""
    fault: Fault | None = None

    @property
    def is_whole(self) -> bool:
        """Whether no call of it is left."""
        return self.token is None and not self.left

    def with_tasks(self) -> Reading:
        """The look that is to read the stopped tasks, too."""
        return replace(self, token="", tasks=())

    def call(self, target: Target) -> Call[Any]:
        """The next call of this look, where it isn't whole."""
        region, cluster = target.region, target.cluster
        if self.token is None:
            tasks = self.left[: DescribeTasks.MOST]
            return DescribeTasks(region=region, cluster=cluster, tasks=tasks, containers=target.containers)
        return ListTasks(region=region, cluster=cluster, name=target.service, status="STOPPED", token=self.token)

    def advance(self, answer: object, read: frozenset[str]) -> Reading:
        """The look after the answer to that; tasks in `read` needn't be described again.

        Where tasks can't be read, it is a look without them: the service alone tells enough to go on.
        """
        if isinstance(answer, Fault):
            operation = DescribeTasks if self.token is None else ListTasks
            denied = operation.permission if answer.kind is FaultKind.DENIED else ""
            return replace(self, token=None, left=(), tasks=None, denied=denied)
        if isinstance(answer, Page) and self.token is not None:
            unread = (arn for arn in answer.arns if arn not in read)
            return replace(self, token=answer.after(self.token) or None, left=(*self.left, *unread))
        tasks = all_of(Task, answer)
        if tasks is None or self.token is not None:
            return self
        return replace(self, left=self.left[DescribeTasks.MOST :], tasks=(*(self.tasks or ()), *tasks))


def all_of(kind: type[ValueT], answer: object) -> tuple[ValueT, ...] | None:
    """The answer, where it is a tuple of nothing but `kind`; else None."""
    if not isinstance(answer, tuple):
        return None
    values = tuple(value for value in answer if isinstance(value, kind))
    return values if len(values) == len(answer) else None
