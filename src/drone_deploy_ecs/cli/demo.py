"""`drone-deploy-ecs demo`: a good deployment, and one that fails and is taken back, on the simulator."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.output.console.terminal import listening
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.scenario import default

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from drone_deploy_ecs.cli.edges import Edges
    from drone_deploy_ecs.simulator.clock import VirtualClock

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


def demo(edges: Edges, _options: Mapping[str, Any]) -> int:
    """Run both deployments, with the lines of real runs. The exit code: whether both ended as they should."""
    world = default()
    clock = Hurried(world.clock)
    codes = []
    for title, image in (("A good image", "shop:2"), ("An image that crashes", "shop:crash")):
        print(f"\n--- {title}, on a simulated ECS, {SPEED:g} times as fast ---", file=edges.stdout)
        flags = {"aws_region": "eu-west-1", "cluster": "demo", "service": "web", "container": "app", "image": image}
        print(
            "$ drone-deploy-ecs deploy "
            + " ".join(f"--{name.replace('_', '-')} {value}" for name, value in flags.items()),
            file=edges.stdout,
        )
        request, _ = resolve(flags, {})
        with listening(edges.stdout, edges.env, clock) as listener:
            report = Deployment(request, lambda _: SimulatedAws(world), clock, listener, lambda: 0.5).deploy()
        print(f"exit code {int(report.exit_code)}", file=edges.stdout)
        codes.append(report.exit_code)
    return ExitCode.DONE if codes == [ExitCode.DONE, ExitCode.RETURNED] else ExitCode.BUG
