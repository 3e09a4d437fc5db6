"""The pictures of ECS's own strategies: the HTML report's, of simulated runs."""

from __future__ import annotations

from xml.etree.ElementTree import tostring

from drone_deploy_ecs.output.html import timeline
from drone_deploy_ecs.output.html.markup import tag
from drone_deploy_ecs.output.html.style import STYLE
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.world import World, task_definition

ASKED = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067"
HOOK = LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), after=40.0)
WIDTH, LEFT, RIGHT = 900, 40, 20
"""Pixels; a page of the site is narrower, and shows it smaller."""


def good() -> str:
    """In three steps, once a hook has said yes."""
    shifting = Shifting(step_percent=40.0, step_bake_minutes=1, bake_minutes=2, hooks=(HOOK,))
    return _drawn("LINEAR", shifting, Behaviour())


def bad() -> str:
    """It crashes while a tenth of the traffic is on it, and is taken back."""
    return _drawn("CANARY", Shifting(step_percent=10.0, step_bake_minutes=3), crash(1, after=75.0))


def _drawn(strategy: str, shifting: Shifting, behaviour: Behaviour) -> str:
    world = World()
    world.add_service("prod", "web", task_definition(), strategy=strategy, shifting=shifting, target_group=GROUP)
    world.push("shop:2", behaviour)
    request, _ = resolve(ASKED, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    (outcome,) = report.outcomes
    picture = timeline.picture(timeline.story(report, outcome), (), strategy.lower())
    picture.set("x", str(LEFT))
    picture.set("width", str(WIDTH - LEFT - RIGHT))
    for text in picture.iter("text"):
        if text.get("class") == "label roomy":  # that hides it where the page is narrow: this one only gets smaller
            text.set("class", "label")
    high = int(picture.attrib["height"])
    whole = tag(
        "svg",
        tag("style", STYLE),
        tag("rect", width="100%", height="100%", style="fill: var(--page); stroke: none"),
        picture,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {high}",
        width=WIDTH,
        height=high,
    )
    return tostring(whole, encoding="unicode") + "\n"
