"""What Application Auto Scaling may make of a service's desired count."""

from __future__ import annotations

from msgspec import Struct

SUSPENSIONS = frozenset({"DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling"})
"""The members of RegisterScalableTarget's SuspendedState, without their ending "Suspended"."""


class Limits(Struct, frozen=True):
    """Between which counts Application Auto Scaling may move a service's desired count, and what of it is suspended."""

    minimum: int
    maximum: int
    suspended: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.minimum} to {self.maximum}{', suspended' if self.suspended else ''}"
