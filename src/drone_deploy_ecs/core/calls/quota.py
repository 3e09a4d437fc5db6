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


READ_CLUSTERS = Quota("read clusters", 50, 20.0)
READ_SERVICES = Quota("read services", 100, 20.0)
CHANGE_SERVICES = Quota("change services", 50, 5.0)
READ_SERVICE_DEPLOYMENTS = Quota("read service deployments", 50, 20.0)
READ_SERVICE_REVISIONS = Quota("read service revisions", 50, 20.0)
CHANGE_SERVICE_DEPLOYMENTS = Quota("change service deployments", 20, 5.0)
"""Of StopServiceDeployment and ContinueServiceDeployment the guide says nothing: taken for modest."""
CHANGE_TASKS = Quota("change tasks", 100, 40.0)
READ_TASKS = Quota("read tasks", 100, 20.0)
REGISTER_DEFINITIONS = Quota("register task definitions", 20, 1.0)
TAG_RESOURCES = Quota("tag resources", 50, 10.0)
READ_DEFINITIONS = Quota("read task definitions", 50, 20.0)
EVENTS = Quota("EventBridge", 50, 25.0)
"""Half of the 50 a second that EventBridge's quotas give all operations but PutEvents: others use it, too."""
SCHEDULES = Quota("EventBridge Scheduler", 50, 20.0)


def modest(operation: str) -> Quota:
    """A bucket of its own for an operation of another service than ECS: what AWS allows there isn't published."""
    return Quota(operation, 20, 5.0)
