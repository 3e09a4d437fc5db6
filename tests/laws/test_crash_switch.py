"""The crash law of blue/green: killed after any of its AWS calls and run again, it ends as an uninterrupted run.

For every world below and every k: the first run is killed after its k-th call (the call has had its effect), ECS goes
on alone for half a minute, and the same run is started anew. Then both services have the counts, the content and the
autoscaling that an uninterrupted run leaves, and the exit code is the same.

What can't hold as broadly: killed while an image that fails rolls out, the idle side's former revision may be known to
nobody any more (it had no task that would tell). The second run still finds the failure, brings the live side back to
its full count and the idle one to 0 tasks; but it can't say that the idle side is as before, and exits 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect, Killed
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report

ASKED = {
    "mode": "blue-green", "aws_region": "eu-west-1", "cluster": "prod", "container": "app", "blue_service": "blue",
    "green_service": "green", "scale_down_percent": "50", "scale_down_interval": "20", "scale_down_wait_period": "30",
    "checks_to_pass": "2", "skip_unchanged": "true",
}  # fmt: skip
PAUSE = 30.0
Ending = dict[str, tuple[int, dict[str, int], str]]


def build(*, scaled: bool) -> World:
    world = World()
    world.push("shop:crash", crash(1))
    world.push("shop:late", crash(1, after=70.0))
    blue = world.add_service("prod", "blue", task_definition("web", "shop:1"), desired=4)
    world.add_service("prod", "green", blue.primary.task_definition, desired=0)
    if scaled:
        world.scaling.add("prod", "blue", 2, 8)
        world.scaling.add("prod", "green", 0, 0)
    return world


def switch(world: World, image: str) -> Report:
    request, _ = resolve({**ASKED, "image": image}, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def ending(world: World) -> Ending:
    """Desired count, what runs, and autoscaling's limits of each side."""
    world.clock.sleep(120)
    return {
        name: (service.desired, service.runs, str(world.scaling.get("prod", name)))
        for (_, name), service in world.services.items()
    }


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("image", ["shop:2", "shop:crash", "shop:late"])
def test_run_again_after_a_kill(image: str, *, scaled: bool) -> None:
    whole = build(scaled=scaled)
    code = switch(whole, image).exit_code
    calls = whole.faults.calls[""]
    right = ending(whole)
    assert code == (ExitCode.DONE if image == "shop:2" else ExitCode.RETURNED)
    for k in range(1, calls + 1):
        world = build(scaled=scaled)
        world.faults.add(Effect.KILL, first=k, last=k)
        with pytest.raises(Killed):
            switch(world, image)
        world.clock.sleep(PAUSE)
        again = switch(world, image).exit_code
        assert again == code or (code == ExitCode.RETURNED and again == ExitCode.NOT_AS_BEFORE), f"killed at {k}"
        assert ending(world) == right, f"killed at {k}"
