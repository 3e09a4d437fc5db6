"""CloudWatch: which alarms are in ALARM, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.aws.faults import calling
from drone_deploy_ecs.core.evidence import AlarmState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


def alarms(client: Any, names: Sequence[str]) -> tuple[AlarmState, ...]:
    """Those of these alarms, metric or composite, that are in ALARM. Raises ApiError."""
    # Composite alarms are left out of the answer unless asked for (CloudWatch API reference, DescribeAlarms).
    types = ["MetricAlarm", "CompositeAlarm"]
    answer = calling(
        "DescribeAlarms",
        lambda: client.describe_alarms(AlarmNames=list(names), AlarmTypes=types, StateValue="ALARM"),
    )
    found = (*answer.get("MetricAlarms", []), *answer.get("CompositeAlarms", []))
    return tuple(AlarmState(one.get("AlarmName", ""), one.get("StateReason", "")) for one in found)
