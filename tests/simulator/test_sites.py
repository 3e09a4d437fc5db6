"""Who answers a host's visitors, and what: by the services' own traffic, in process and over HTTP."""

from __future__ import annotations

from collections import Counter
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.core.calls.web import Get
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.url import Url
from drone_deploy_ecs.simulator.http import Server, lines
from drone_deploy_ecs.simulator.pages import Page, Site
from drone_deploy_ecs.simulator.sites import SimulatedWeb
from tests.simulator.native import native
from tests.simulator.watching import update, web, world_with

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.web import Reply
    from drone_deploy_ecs.simulator.world import World

HOST = "shop.example"


@pytest.fixture
def world() -> World:
    return open_to_all(world_with())


def open_to_all(world: World) -> World:
    world.sites[HOST] = Site(services=("prod/web",))
    return world


def ask(world: World, path: str = "/") -> Reply:
    url = Url.parse(f"http://{HOST}{path}")
    assert url is not None
    return SimulatedWeb(world).send(Get(region="eu-west-1", url=url))


def test_the_image_answers(world: World) -> None:
    world.pages["shop:1"] = Page(statuses=(200, 500), moved={"/old": "/new"})
    assert [ask(world).status for _ in range(3)] == [200, 500, 200]
    assert ask(world).text == "shop:1"
    assert (ask(world, "/old").status, ask(world, "/old").location) == (302, "/new")


def test_visitors_are_shared_as_traffic_is() -> None:
    world = open_to_all(native("CANARY", step_percent=50.0, step_bake_minutes=5))
    update(world, "shop:2")
    world.clock.sleep(200.0)
    assert set(world.traffic(web(world)).values()) == {50.0}
    world.clock.sleep(1.0)
    answered = Counter(ask(world).text for _ in range(100))
    assert 30 < answered["shop:2"] < 70
    assert answered["shop:1"] + answered["shop:2"] == 100


def test_nobody_is_there(world: World) -> None:
    world.kill_containers(web(world))
    assert (ask(world).status, ask(world).text) == (503, "503 Service Temporarily Unavailable")


def test_its_age_and_its_patience(world: World) -> None:
    long_ago = world.clock.monotonic() - min(task.started or 0.0 for task in web(world).tasks)
    world.pages["shop:1"] = Page(fails_after=long_ago + 5, takes=3.0)
    assert (ask(world).status, ask(world).status) == (200, 200)
    assert ask(world).status == 503
    world.pages["shop:1"] = Page(takes=60.0)
    before = world.clock.monotonic()
    with pytest.raises(ApiError, match="no answer in time"):
        ask(world)
    assert world.clock.monotonic() == pytest.approx(before + 5.0)


def test_there_may_be_no_way(world: World) -> None:
    world.sites[HOST] = Site(services=("prod/web",), unreachable=(0.0, 60.0))
    with pytest.raises(ApiError, match="connection refused"):
        ask(world)
    world.clock.sleep(61.0)
    assert ask(world).status == 200
    world.sites.clear()
    with pytest.raises(ApiError, match="connection refused"):
        ask(world)


def test_over_http_a_site_is_a_path(world: World) -> None:
    with Server(world, speed=1) as server:
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
        connection.request("GET", f"/sites/{HOST}/health?x=1")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"shop:1")
        connection.request("GET", "/sites/nowhere.example/")
        connection.sock.shutdown(1)
        with pytest.raises(OSError, match="without response"):
            connection.getresponse()
        connection.close()
        assert f"  site {server.url}/sites/{HOST}/" in list(lines(server))
