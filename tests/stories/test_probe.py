"""The new version itself is asked whether it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.pages import Page, Site
from drone_deploy_ecs.simulator.shifting import LifecycleHook
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import native
from tests.simulator.watching import web
from tests.stories.story import small_world
from tests.stories.test_cancelled import SignalAt
from tests.stories.test_switch import AS_BEFORE, SWITCH, SWITCHED, runs, two_sides

if TYPE_CHECKING:
    from tests.stories.story import Teller, Told

HOST = "shop.example"
URL = f"http://{HOST}/health"
VERSION: dict[str, Any] = {"probe": URL, "probe_expect": "shop:2"}
OLD, NEW = {"web:1": 2}, {"web:2": 2}


def serving(world: World, page: Page | None = None, **site: Any) -> World:
    """Behind the host is service web; `page` is what the new image answers."""
    world.sites[HOST] = Site(services=("prod/web",), **site)
    if page:
        world.pages["shop:2"] = page
    return world


def small(page: Page | None = None, **site: Any) -> World:
    return serving(small_world(), page, **site)


def answers(told: Told, revision: str = "web:2") -> list[int]:
    """The statuses with which that revision answered."""
    return [each.status for each in told.world.asked if each.revision == revision]


def test_probe(tell: Teller) -> None:
    told = tell(small(), **VERSION)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (0, NEW)
    assert answers(told)[-3:] == [200, 200, 200]


def test_probe_plan(tell: Teller) -> None:
    told = tell(small(), dry_run="true", **VERSION)
    assert (told.exit_code, len(told.world.asked)) == (0, 1)


def test_probe_flapping(tell: Teller) -> None:
    told = tell(small(Page(statuses=(200, 200, 503))), probe=URL)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (3, OLD)


def test_probe_wrong_version(tell: Teller) -> None:
    told = tell(small(Page(body="shop 1, built yesterday\nnothing more")), **VERSION)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (3, OLD)


def test_probe_never_answers(tell: Teller) -> None:
    told = tell(small(Page(takes=60.0)), probe=URL)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (3, OLD)


def test_probe_answers_late(tell: Teller) -> None:
    told = tell(small(Page(answers_after=40.0)), **VERSION)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (0, NEW)


def test_probe_redirects(tell: Teller) -> None:
    within = small(Page(moved={"/health": "/health/", "/health/": "http://shop.example/live"}))
    assert tell(within, **VERSION).exit_code == 0
    elsewhere = Page(moved={"/health": "https://login.example/?next=s3cr3t-token"})
    assert tell(small(elsewhere), probe=URL).exit_code == 0
    assert tell(small(elsewhere), **VERSION).exit_code == 3
    told = tell(small(Page(moved={"/health": "/health"})), probe=URL)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (3, OLD)
    assert not any("s3cr3t" in told.stderr for told in tell.told)


def test_probe_hides(tell: Teller) -> None:
    page = Page(statuses=(500,), body="no user of shop:s3cr3t-password, nor token s3cr3t-token")
    told = tell(small(page), probe=f"http://shop:s3cr3t-password@{HOST}/health?token=s3cr3t-token")
    assert told.exit_code == 3
    assert "s3cr3t" not in f"{told.stderr}{told.stdout}{told.report}"


def test_probe_unreachable(tell: Teller) -> None:
    told = tell(small(unreachable=(0.0, 1e6)), probe=URL)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (3, OLD)
    assert "isn't answered from here" in told.stderr


def test_probe_out_of_reach_for_a_while(tell: Teller) -> None:
    """The runner's own network must not undo production."""
    told = tell(small(unreachable=(120.0, 145.0)), probe=URL, stable_for="2m")
    assert (told.exit_code, told.world.service("prod", "web").runs) == (0, NEW)


def test_probe_stable(tell: Teller) -> None:
    assert tell(small(), stable_for="1m", **VERSION).exit_code == 0
    told = tell(small(Page(fails_after=90.0)), stable_for="2m", probe=URL)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (3, OLD)


def test_probe_left_as_it_is(tell: Teller) -> None:
    told = tell(small(Page(statuses=(500,))), probe=URL, disable_rollbacks="true")
    assert (told.exit_code, told.world.service("prod", "web").runs) == (4, NEW)


def test_probe_of_what_crashes(tell: Teller) -> None:
    """Before it should serve, nothing is asked."""
    world = small()
    world.push("shop:2", crash(1))
    told = tell(world, probe=URL)
    assert (told.exit_code, len(world.asked)) == (3, 1)


def test_probe_cancelled(tell: Teller) -> None:
    world = small(Page(answers_after=1e6))
    told = tell(world, cancellation=SignalAt(world, 90.0), probe=URL)
    assert (told.exit_code, told.world.service("prod", "web").runs) == (143, OLD)


def test_probe_native_canary(tell: Teller) -> None:
    world = serving(native("CANARY", step_bake_minutes=1), Page(fails_after=180.0))
    told = tell(world, **VERSION)
    assert (told.exit_code, told.world.traffic(web(told.world))) == (3, {"web:1": 100.0})
    first_bad = next(each.at for each in world.asked if each.revision == "web:2" and each.status != 200)
    stopped = next(at for at, operation, _ in world.faults.log if operation == "StopServiceDeployment")
    assert stopped - first_bad < 15.0


def test_probe_native(tell: Teller) -> None:
    told = tell(serving(native("BLUE_GREEN")), **VERSION)
    assert (told.exit_code, told.world.traffic(web(told.world))) == (0, {"web:2": 100.0})
    before, first, *_ = told.world.asked
    assert (before.at < 1, first.at > 80) == (
        True,
        True,
    )  # before the first write; then only once all production traffic is shifted


def test_probe_left_at_a_pause(tell: Teller) -> None:
    """What is left before it serves isn't asked."""
    pause = LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), is_pause=True)
    world = serving(native("BLUE_GREEN", hooks=(pause,)))
    told = tell(world, on_pause="leave", **VERSION)
    assert (told.exit_code, told.report["verdict"], len(world.asked)) == (0, "Paused", 1)


# --- two services, several services, several Regions ---


def both(page: Page | None = None, *, is_scaled: bool = False) -> World:
    """Two services behind one host, of which blue serves."""
    world = two_sides(is_scaled=is_scaled)
    world.sites[HOST] = Site(services=("prod/web-blue", "prod/web-green"))
    if page:
        world.pages["shop:2"] = page
    return world


def scaled(told: Told) -> bool:
    """Whether anything was taken from the live side."""
    return any(about == "web-blue" for _, operation, about in told.world.faults.log if operation == "UpdateService")


def test_probe_two_services(tell: Teller) -> None:
    told = tell(both(is_scaled=True), **SWITCH, **VERSION)
    assert (told.exit_code, runs(told.world)) == (0, SWITCHED)


def test_probe_two_services_bad(tell: Teller) -> None:
    """Before anything is taken from the live side."""
    told = tell(both(Page(statuses=(500,))), **SWITCH, probe=URL)
    assert (told.exit_code, runs(told.world), scaled(told)) == (3, AS_BEFORE, False)


def test_probe_two_services_wrong_version(tell: Teller) -> None:
    """While the live side serves, too, an answer without the text counts neither way: but none with it ever comes."""
    told = tell(both(Page(body="shop 1")), **SWITCH, **VERSION, timeout="2m")
    assert (told.exit_code, runs(told.world), scaled(told)) == (3, AS_BEFORE, False)


def test_probe_two_services_bad_while_scaling_down(tell: Teller) -> None:
    told = tell(both(Page(fails_after=250.0)), **SWITCH, probe=URL)
    assert (told.exit_code, runs(told.world), scaled(told)) == (3, AS_BEFORE, True)


def test_probe_canaries(tell: Teller) -> None:
    world = small()
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    world.sites[HOST] = Site(services=("prod/web", "prod/api"))
    told = tell(world, service="web,api", canary_services="1", **VERSION)
    assert (told.exit_code, world.service("prod", "api").runs) == (0, {"api:2": 2})


def test_probe_canary_bad(tell: Teller) -> None:
    world = small(Page(statuses=(500,)))
    world.add_service("prod", "api", task_definition("api", "shop:1"))
    told = tell(world, service="web,api", canary_services="1", **VERSION)
    assert (told.exit_code, world.service("prod", "web").runs) == (3, OLD)
    assert world.faults.calls["UpdateService"] == 2


def test_probe_regions(tell: Teller) -> None:
    """One address each; a failure in the second takes back the second alone, as asked."""
    world = small()
    world.sites["far.example"] = Site(services=("prod/web",))
    far = World(clock=world.clock, region="us-east-1", seed=2)
    far.add_service("prod", "web", task_definition("web", "shop:1"))
    urls = f"{URL}, http://nowhere.example/?a=1,2"
    told = tell(world, further={"us-east-1": far}, aws_region="eu-west-1,us-east-1", waves="stop", probe=urls)
    assert (told.exit_code, world.service("prod", "web").runs) == (3, NEW)
    assert far.service("prod", "web").runs == OLD
