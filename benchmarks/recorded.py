"""The deployments of `recorded.toml`, and a simulated service that is to each what its record knows of the real one.

`contained.toml` has those with real containers.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from drone_deploy_ecs.simulator.model import Breaker, Event
from drone_deploy_ecs.simulator.shifting import Shifting
from drone_deploy_ecs.simulator.world import World, task_definition

RECORDED, CONTAINED = (Path(__file__).with_name(name) for name in ("recorded.toml", "contained.toml"))
CLUSTER, SERVICE = "recorded", "web"
GROUPS = tuple(
    f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{name}/0123456789abcdef"
    for name in ("blue", "green")
)
SAYS = {
    "started": "has started {} tasks: (task 0123456789abcdef0123456789abcdef).",
    "registered": f"registered {{}} targets in (target-group {GROUPS[0]})",
    "draining": "has begun draining connections on {} tasks.",
    "stopped": "has stopped {} running tasks: (task 0123456789abcdef0123456789abcdef).",
    "completed": "(deployment ecs-svc/0123456789012345678) deployment completed.",
    "steady": "has reached a steady state.",
}
"""What ECS writes for each kind of event that may be in a history."""
SIGNS = (
    ("started", ") has started "),
    ("registered", ") registered "),
    ("draining", "has begun draining connections on "),
    ("stopped", ") has stopped "),
    ("completed", "deployment completed."),
    ("failed", "deployment failed: "),
    ("unhealthy", " is unhealthy in "),
    ("unplaceable", "was unable to place a task"),
)
"""By what text an event's kind is known."""


class Happened(msgspec.Struct, frozen=True, array_like=True):
    """An event of a record: seconds from its start, kind, and of how many tasks or targets."""

    at: float
    kind: str
    count: int = 1


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of them; the file's head says what the members mean. `from_` is "update" or a kind of event."""

    name: str
    source: str
    image: str
    from_: str = msgspec.field(name="from")
    desired: int
    ended: str
    after: float
    events: tuple[Happened, ...]
    history: tuple[Happened, ...] = ()
    first_try: tuple[str, float, float, float]
    exact: float = 1.0
    taught: str = ""
    assumed: str = ""
    unlike: str = ""
    minimum_percent: int = 100
    maximum_percent: int = 200
    breaker: str = "off"
    target_group: bool = False
    grace: int | None = None
    container_check: int = 0
    start_period: int = 0
    strategy: str = "ROLLING"
    bake: int = 0
    step_percent: float | None = None
    step_bake: int | None = None


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long one task took to start, in seconds."""

    took: float
    source: str


class Recorded(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    records: tuple[Record, ...]
    starts: tuple[Start, ...]


def recorded() -> Recorded:
    """All of it, in the file's order."""
    return msgspec.convert(tomllib.loads(RECORDED.read_text(encoding="utf-8")), Recorded)


class Contained(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment with real containers: what `rehearse` printed of it, and the run's verdict and seconds."""

    image: str
    breaker: str
    predicted: str
    after: str
    at_worst: str
    verdict: str
    took: float

    @property
    def usual(self) -> float:
        """The predicted median, in seconds."""
        numbers = re.findall(r"(\d+) ([hms])", self.after)
        return sum(float(number) * {"h": 3600, "m": 60, "s": 1}[unit] for number, unit in numbers)


def contained() -> list[Contained]:
    """What was measured last."""
    return msgspec.convert(tomllib.loads(CONTAINED.read_text(encoding="utf-8"))["runs"], list[Contained])


def world_of(record: Record) -> World:
    """An account with that service, as `rehearse` would have found it just before the deployment."""
    body = task_definition(SERVICE)
    if record.container_check:
        container = body["containerDefinitions"][0]
        container["healthCheck"] = {
            "command": ["CMD-SHELL", "true"],
            "interval": record.container_check,
            "startPeriod": record.start_period,
        }
    world = World()
    service = world.add_service(CLUSTER, SERVICE, body, **_options(record))
    service.events = [
        Event(f"{number:036}", event.at, f"(service {SERVICE}) {SAYS[event.kind].format(event.count)}")
        for number, event in enumerate(reversed(record.history))
    ]
    return world


def _options(record: Record) -> dict[str, Any]:
    shifting = Shifting(
        bake_minutes=record.bake,
        step_percent=record.step_percent,
        step_bake_minutes=record.step_bake,
        alternate=GROUPS[1],
    )
    return {
        "desired": record.desired,
        "minimum_percent": record.minimum_percent,
        "maximum_percent": record.maximum_percent,
        "breaker": None if record.breaker == "off" else Breaker(rollback=record.breaker == "rollback"),
        "target_group": GROUPS[0] if record.target_group else "",
        "grace": record.grace,
        "strategy": record.strategy,
        **({} if record.strategy == "ROLLING" else {"shifting": shifting}),
    }


def kind_of(message: str) -> str:
    """The kind of a service event; "" for one that no record has."""
    return next((kind for kind, sign in SIGNS if sign in message), "")
