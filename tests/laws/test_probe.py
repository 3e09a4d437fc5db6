"""The probe's law: whatever the new version answers, exit 0 says that it answered well at last, exit 3: all is back.

Random pages on virtual time, before services of every strategy; claims are compared with the simulator's own state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import event, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.pages import Page, Site
from drone_deploy_ecs.simulator.sites import SimulatedWeb
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.structs import structs
from tests.simulator.native import native

if TYPE_CHECKING:
    from drone_deploy_ecs.core.event import Event
    from drone_deploy_ecs.core.report.report import Report

HOST = "shop.example"
SETTINGS = {
    "aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2", "timeout": "5m",
    "probe": f"http://{HOST}/?token=s3cr3t-token",
}  # fmt: skip
SWITCH = {
    **SETTINGS, "mode": "blue-green", "service": "", "blue_service": "web", "green_service": "green", "scale_down_percent": "50",
    "scale_down_interval": "10", "scale_down_wait_period": "10", "checks_to_pass": "1",
}  # fmt: skip
statuses = st.lists(st.sampled_from([200, 200, 200, 204, 302, 404, 500]), min_size=1, max_size=7).map(tuple)
pages = structs(
    Page, statuses=st.just((200,)) | statuses, body=st.sampled_from(["", "", "shop 1", "s3cr3t-token\nof shop:2"]),
    answers_after=st.just(0.0) | st.floats(0, 150), fails_after=st.just(1e12) | st.floats(30, 200),
    takes=st.sampled_from([0.0, 0.0, 0.5, 3.0, 6.0]), moved=st.sampled_from([{}, {}, {"/": "/in"}, {"/": "https://login.example/"}]),
)  # fmt: skip
outages = st.just((0.0, 0.0)) | st.tuples(st.floats(30, 150), st.floats(0, 60)).map(lambda at: (at[0], at[0] + at[1]))


def world_of(strategy: str) -> World:
    if strategy in ("LINEAR", "CANARY", "BLUE_GREEN"):
        return native(strategy, bake_minutes=1, step_bake_minutes=0)
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    if strategy == "two services":
        world.add_service("prod", "green", task_definition("web", "shop:0"), desired=0)
    return world


def run(world: World, lines: list[str], given: dict[str, str]) -> Report:
    def listen(event: Event) -> None:
        lines.append(str(event))

    request, _ = resolve(given, {})
    aws, web = SimulatedAws(world), SimulatedWeb(world)
    return Deployment(request, lambda _: aws, world.clock, listen, lambda: 0.5, web=web).deploy()


def truth(world: World) -> dict[str, int]:
    """Running tasks by image."""
    found: dict[str, int] = {}
    for service in world.services.values():
        for arn, count in service.runs.items():
            image = world.containers(arn)["app"]
            found[image] = found.get(image, 0) + count
    return found


@settings(deadline=None)
@given(
    strategy=st.sampled_from(["rolling", "rolling", "two services", "LINEAR", "CANARY", "BLUE_GREEN"]),
    page=pages, outage=outages, expect=st.sampled_from(["", "shop:2"]), stable_for=st.sampled_from(["0s", "20s"]),
)  # fmt: skip
def test_what_it_says_of_the_new_version_is_true(
    strategy: str, page: Page, outage: tuple[float, float], expect: str, stable_for: str
) -> None:
    world, lines = world_of(strategy), list[str]()
    names = [f"prod/{name}" for _, name in world.services]
    world.sites[HOST] = Site(services=tuple(names), unreachable=outage)
    world.pages["shop:2"] = page
    chosen = SWITCH if strategy == "two services" else SETTINGS
    report = run(world, lines, {**chosen, "probe_expect": expect, "stable_for": stable_for})
    event(f"{strategy}: exit code {int(report.exit_code)}")
    assert report.exit_code in (ExitCode.DONE, ExitCode.RETURNED)
    assert set(truth(world)) == ({"shop:2"} if report.exit_code == ExitCode.DONE else {"shop:1"})
    assert not any("s3cr3t" in line for line in lines)
    if report.exit_code == ExitCode.DONE:
        # What redirects elsewhere, or is asked while the live side serves, too, may be of either revision.
        last = [each.status for each in world.asked if each.revision != "web:1"][-3:]
        assert all(200 <= status < 400 for status in last)
        (probe,) = report.steps
        well = [answer.word for answer in probe.answers if answer.word in ("well", "badly")]
        assert well[-3:] == ["well"] * 3
        if expect:
            assert page.body in ("", "s3cr3t-token\nof shop:2")
            assert "https://login.example/" not in page.moved.values()
