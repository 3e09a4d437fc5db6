"""The picture of a switch: a simulated run, and how many tasks each side ran meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.event import Event

ASKED = {
    "aws_region": "eu-west-1", "cluster": "prod", "container": "app", "image": "shop:2", "mode": "blue-green",
    "blue_service": "web-blue", "green_service": "web-green", "scale_down_percent": "33", "scale_down_interval": "60",
    "scale_down_wait_period": "2m", "checks_to_pass": "3",
}  # fmt: skip
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 300, 46, 46, 42
COUNT = 10
LOOK = 'aria-labelledby="t" font-family="sans-serif" font-size="12"'
TITLE = "web-green starts 10 tasks, is checked and watched; then web-blue goes from 10 to 7, 4, 1 and 0"
SIDES = (("web-blue", "#2f6fb3", "6 4"), ("web-green", "#1a7f4b", ""))


def phases() -> str:
    """As SVG: time to the right, running tasks upwards."""
    counts, ended, moments = _run()
    wide, high = WIDTH - LEFT - 16, HEIGHT - TOP - BOTTOM

    def at(seconds: float, tasks: float) -> str:
        return f"{LEFT + seconds / ended * wide:.1f},{TOP + (1 - tasks / COUNT) * high:.1f}"

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" {LOOK}>',
        f'<title id="t">{TITLE}</title>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
    ]
    for tasks in (0, 5, 10):
        lines.append(f'<polyline points="{at(0, tasks)} {at(ended, tasks)}" stroke="#d0d0d0" fill="none"/>')
        x, y = at(0, tasks).split(",")
        lines.append(f'<text x="{float(x) - 8}" y="{float(y) + 4}" text-anchor="end" fill="#333333">{tasks}</text>')
    for place, (seconds, said) in enumerate(moments):
        where = float(at(seconds, 0).split(",")[0])
        lines.append(f'<line x1="{where}" x2="{where}" y1="{TOP - 6}" y2="{HEIGHT - BOTTOM}" stroke="#b0b0b0"/>')
        lines.append(f'<text x="{where + 3}" y="{TOP - 10 - 14 * (place % 2)}" fill="#333333">{said}</text>')
    for place, (name, colour, dash) in enumerate(SIDES):
        points = " ".join(at(seconds, found[name]) for seconds, found in counts)
        lines.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dash}"/>'
        )
        left, low = LEFT + 130 * place, HEIGHT - 12
        lines.append(
            f'<line x1="{left}" x2="{left + 28}" y1="{low - 4}" y2="{low - 4}" stroke="{colour}" stroke-width="2.5" '
            f'stroke-dasharray="{dash}"/><text x="{left + 34}" y="{low}" fill="#333333">{name}</text>'
        )
    lines.append(
        f'<text x="{WIDTH - 16}" y="{HEIGHT - 12}" text-anchor="end" fill="#333333">running tasks over {ended / 60:.0f} '
        "minutes</text></svg>"
    )
    return "\n".join(lines) + "\n"


def _run() -> tuple[list[tuple[float, dict[str, int]]], float, list[tuple[float, str]]]:
    """Counts over time, the run's length, and its moments; seconds."""
    world = World()
    world.add_service("prod", "web-blue", task_definition("web", "shop:1"), desired=COUNT)
    world.add_service("prod", "web-green", task_definition("web", "shop:0"), desired=0)
    counts: list[tuple[float, dict[str, int]]] = []

    def look() -> None:
        found = {name: sum(service.runs.values()) for (_, name), service in world.services.items()}
        if counts:
            counts.append((world.clock.monotonic(), counts[-1][1]))
        counts.append((world.clock.monotonic(), found))
        world.clock.call_in(2.0, look)

    look()
    began = world.clock.now()
    request, _ = resolve(ASKED, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    world.clock.sleep(20)
    moments = [((event.at - began).total_seconds(), said) for event, said in _moments(report.timeline)]
    return counts, world.clock.monotonic(), moments


def _moments(timeline: Sequence[Event]) -> list[tuple[Event, str]]:
    named = (
        ("updated to web:3", "update"), ("web:3 completed", "checks"), ("check 3 of 3", "wait"),
        ("scaling it from 10", "step 1"), ("scaling it from 7", "step 2"), ("scaling it from 4", "step 3"),
        ("scaling it from 1 ", "step 4"),
    )  # fmt: skip
    return [(next(event for event in timeline if told in event.text), said) for told, said in named]
