"""Both blue/green modes, as a CI system runs them, with real containers.

The emulator has no Application Auto Scaling: a simulator stands in that says of every service that it isn't scaled.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World
from tests.containers.engine import wait_until
from tests.containers.rig import client
from tests.containers.test_deploy import plugin

if TYPE_CHECKING:
    from tests.containers.conftest import MakeService
    from tests.containers.rig import Rig

pytestmark = pytest.mark.containers


def both(service: MakeService, name: str) -> tuple[str, str]:
    """A live service of two tasks and an idle one."""
    return service(f"{name}-blue", desired=2), service(f"{name}-green", desired=0)


def switch(rig: Rig, blue: str, green: str, tag: str) -> tuple[int, str, dict[str, Any]]:
    settings = {
        "mode": "blue-green", "service": "", "blue_service": blue, "green_service": green, "scale_down_percent": "50",
        "scale_down_interval": "1", "scale_down_wait_period": "2", "checks_to_pass": "2", "check_interval": "1s",
        "timeout": "90s",
    }  # fmt: skip
    with Server(World()) as nothing_is_scaled:
        return plugin(
            rig, "", tag, settings, elsewhere={"AWS_ENDPOINT_URL_APPLICATION_AUTO_SCALING": nothing_is_scaled.url}
        )


def test_the_idle_side_takes_over(rig: Rig, service: MakeService) -> None:
    blue, green = both(service, "switch")
    code, said, _ = switch(rig, blue, green, "v2")
    assert code == 0, said
    assert rig.describe(blue)["desiredCount"] == 0
    wait_until(lambda: rig.pages(green) == ["v2", "v2"] and not rig.pages(blue), 60, "only green answers, with v2")


def test_a_new_side_that_crashes_is_taken_down_again(rig: Rig, service: MakeService) -> None:
    blue, green = both(service, "switch-crash")
    code, said, report = switch(rig, blue, green, "crash")
    assert code == 3, said
    assert report["services"][0]["causes"][0]["name"] == "exited"
    wait_until(lambda: rig.pages(blue) == ["v1", "v1"] and not rig.pages(green), 60, "only blue answers, with v1")


def test_the_colour_that_the_secret_does_not_name_is_updated(rig: Rig, service: MakeService) -> None:
    blue, green = both(service, "colours")
    client("secretsmanager", rig.endpoint).create_secret(
        Name="production-shop", SecretString=json.dumps({"CURRENT_LIVE_ENVIRONMENT": "blue"})
    )
    settings = {
        "mode": "blue-green-cluster", "service": "", "image": "", "blue_service": blue, "green_service": green,
        "blue_image": rig.image("absent"), "green_image": rig.image("v2"), "secret_service": "shop",
    }  # fmt: skip
    code, said, report = plugin(rig, "", "v2", settings)
    assert code == 0, said
    assert "nothing was started" in said
    assert report["services"][0]["running"] == f"{green}:2"
    assert rig.pages(blue) == ["v1", "v1"]
    assert not rig.pages(green)
