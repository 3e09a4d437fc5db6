"""What calls are answered with, as values, where no value of ECS's own (`core.ecs`) will do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Page(NamedTuple):
    """One page of a listing: ARNs, and the token of the next page, "" on the last one."""

    arns: tuple[str, ...]
    token: str


class LogPage(NamedTuple):
    """Messages of a log stream, oldest first, and the token of the page before them."""

    messages: tuple[str, ...]
    token: str


@dataclass(frozen=True)
class TargetHealth:
    """One target of a target group: an address or an instance, and what the load balancer thinks of it."""

    id: str
    port: int
    state: str
    reason: str = ""
    description: str = ""


@dataclass(frozen=True)
class TargetCheck:
    """A target group's health check. `port` may be "traffic-port"; `path` and `codes` are "" for TCP."""

    protocol: str
    port: str
    path: str = ""
    codes: str = ""


@dataclass(frozen=True)
class AlarmState:
    """A CloudWatch alarm that is in ALARM, and why."""

    name: str
    reason: str
