"""`drone-deploy-ecs demo`, on the simulator: a good deployment, one that fails, and a canary that is taken back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.output.console.terminal import listening
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.scenario import default
from drone_deploy_ecs.simulator.shifting import Shifting
from drone_deploy_ecs.simulator.world import task_definition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.simulator.clock import VirtualClock
    from drone_deploy_ecs.simulator.world import World

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/shop/73e2d6bc24d8a067"
"""The target group of the service with a canary."""
LOG = ("shop starting", "serving", "fatal: the database takes no more connections; exiting with 1")
"""What the canary's container writes."""
SPEED = 25.0
"""Simulated seconds in one real second."""


class Hurried:
    """The simulated clock, watched at many times its speed."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """Simulated time of day."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Simulated seconds."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let simulated seconds pass, a little later."""
        time.sleep(seconds / SPEED)
        self._clock.sleep(seconds)


class Scene(NamedTuple):
    """One deployment: what there is to be before it, and the exit code that it should end with."""

    title: str
    service: str
    image: str
    ends: ExitCode
    prepare: Callable[[World], None] = lambda _: None


def _add_canary(world: World) -> None:
    """A service whose new image gets a tenth of the traffic first, and an image that bears that for a minute."""
    canary = Shifting(step_percent=10.0)
    world.add_service("demo", "shop", task_definition("shop"), strategy="CANARY", shifting=canary, target_group=GROUP)
    world.push("shop:frail", replace(crash(1, after=65.0), log=LOG))


SCENES = (
    Scene("A good image", "web", "shop:2", ExitCode.DONE),
    Scene("An image that crashes", "web", "shop:crash", ExitCode.RETURNED),
    Scene(
        "A canary, by ECS's own strategy, that crashes once users come",
        "shop",
        "shop:frail",
        ExitCode.RETURNED,
        _add_canary,
    ),
)


def demo(edges: Edges, _options: Mapping[str, Any]) -> int:
    """Run the deployments, with the lines of real runs. The exit code: whether each ended as it should."""
    world = default()
    clock = Hurried(world.clock)
    is_as_told = True
    for scene in SCENES:
        scene.prepare(world)
        print(f"\n--- {scene.title}, on a simulated ECS, {SPEED:g} times as fast ---", file=edges.stdout)
        flags = {"aws_region": "eu-west-1", "cluster": "demo", "service": scene.service, "container": "app",
                 "image": scene.image}  # fmt: skip
        print(
            "$ drone-deploy-ecs deploy "
            + " ".join(f"--{name.replace('_', '-')} {value}" for name, value in flags.items()),
            file=edges.stdout,
        )
        request, _ = resolve(flags, {})
        with listening(edges.stdout, edges.env, clock) as listener:
            report = Deployment(request, lambda _: SimulatedAws(world), clock, listener, lambda: 0.5).deploy()
        print(f"exit code {int(report.exit_code)}", file=edges.stdout)
        is_as_told &= report.exit_code == scene.ends
    return ExitCode.DONE if is_as_told else ExitCode.BUG
