"""CloudWatch Logs: the end of a log stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.aws.faults import calling

if TYPE_CHECKING:
    from typing import Any

    from drone_deploy_ecs.core.evidence import LogPlace

MOST = 10_000
"""Events that GetLogEvents gives at once."""
PAGES = 3
"""How often to go on from an empty page: one may come although there are events before it (GetLogEvents)."""


def log_tail(client: Any, place: LogPlace, most: int) -> tuple[str, ...]:
    """The last messages, oldest first. Raises ApiError, with ResourceNotFoundException where group or stream isn't."""
    asked = {
        "logGroupName": place.group,
        "logStreamName": place.stream,
        "limit": min(most, MOST),
        "startFromHead": False,
    }
    for _ in range(PAGES):
        page = calling("GetLogEvents", lambda: client.get_log_events(**asked))
        messages = tuple(one.get("message", "") for one in page.get("events", []))
        token = page.get("nextBackwardToken", "")
        if messages or not token or token == asked.get("nextToken"):
            return messages
        asked["nextToken"] = token
    return ()
