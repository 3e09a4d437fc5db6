"""CloudWatch: which alarms are in ALARM, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from drone_deploy_ecs.core.calls.answers import AlarmState
from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import SHORT, Call
from drone_deploy_ecs.core.calls.quota import modest
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.calls.body import Body


class _Alarm(Wire, frozen=True, rename="pascal"):
    alarm_name: str = ""
    state_reason: str = ""


class _Alarms(Wire, frozen=True, rename="pascal"):
    metric_alarms: tuple[_Alarm, ...] = ()
    composite_alarms: tuple[_Alarm, ...] = ()


class DescribeAlarms(Call[tuple[AlarmState, ...]], frozen=True, kw_only=True):
    """Those of these alarms, metric or composite, that are in ALARM."""

    service: ClassVar = "cloudwatch"
    operation: ClassVar = "DescribeAlarms"
    quota: ClassVar = modest("DescribeAlarms")
    permission: ClassVar = "cloudwatch:DescribeAlarms"
    timeout: ClassVar = SHORT
    shows: ClassVar = "the alarm's state and reason"

    names: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The alarms."""
        return ",".join(members.get("AlarmNames", ()))

    def members(self) -> dict[str, Any]:
        """Composite alarms are left out of the answer unless asked for (CloudWatch API reference, DescribeAlarms)."""
        types = ["MetricAlarm", "CompositeAlarm"]
        return {"AlarmNames": list(self.names), "AlarmTypes": types, "StateValue": "ALARM"}

    def read(self, body: Body) -> tuple[AlarmState, ...]:
        """See `Call`."""
        alarms = typed(body, _Alarms)
        return tuple(
            AlarmState(alarm.alarm_name, alarm.state_reason)
            for alarm in (*alarms.metric_alarms, *alarms.composite_alarms)
        )
