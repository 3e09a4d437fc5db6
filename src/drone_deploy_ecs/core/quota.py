"""How fast AWS lets one account call ECS in one Region: token buckets, each shared by a class of operations.

Source: Amazon ECS developer guide, "Request throttling for the Amazon ECS API".
"""

from __future__ import annotations

from typing import NamedTuple


class Quota(NamedTuple):
    """A bucket: how many calls may come at once, and how many a second for ever."""

    name: str
    burst: int
    rate: float


_SERVICES = Quota("read services", 100, 20.0)
_CHANGES = Quota("change services", 50, 5.0)
_TASKS = Quota("read tasks", 100, 20.0)
_REGISTRATIONS = Quota("register task definitions", 20, 1.0)
_DEFINITIONS = Quota("read task definitions", 50, 20.0)

QUOTAS = {
    "DescribeServices": _SERVICES,
    "ListServices": _SERVICES,
    "UpdateService": _CHANGES,
    "ListTasks": _TASKS,
    "DescribeTasks": _TASKS,
    "RegisterTaskDefinition": _REGISTRATIONS,
    "DescribeTaskDefinition": _DEFINITIONS,
}


def quota(operation: str) -> Quota:
    """The bucket that a call of this operation takes from.

    Operations of other services than ECS have a modest one each: what AWS allows there isn't published.
    """
    return QUOTAS.get(operation) or Quota(operation, 20, 5.0)
