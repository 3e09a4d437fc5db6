"""Blue/green over two colours of which a secret names the live one: the other one's service is updated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.stories.story import PLUGIN

if TYPE_CHECKING:
    from tests.stories.story import Teller

COLOURS: dict[str, Any] = {
    "mode": "blue-green-cluster", "service": "", "image": "", "blue_service": "web-blue", "green_service": "web-green",
    "blue_image": "shop:2-blue", "green_image": "shop:2-green", "secret_service": "shop",
}  # fmt: skip


@pytest.fixture(autouse=True)
def branch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drone's branch is main."""
    monkeypatch.setitem(PLUGIN, "DRONE_COMMIT_BRANCH", "main")


def coloured(secret: object = None, green: int = 0) -> World:
    """Blue is live, and the secret says so."""
    world = World()
    world.push("shop:2-green", crash(1))
    world.add_service("prod", "web-blue", task_definition("blue", "shop:1"), desired=2)
    world.add_service("prod", "web-green", task_definition("green", "shop:0"), desired=green)
    said = {"CURRENT_LIVE_ENVIRONMENT": "blue", "DATABASE_PASSWORD": "correct-horse"} if secret is None else secret
    world.secrets["production-shop"] = said if isinstance(said, str) else json.dumps(said)
    return world


def test_colours(tell: Teller) -> None:
    """Nothing is started, so nothing of what a crashing image would do is seen; that is said."""
    told = tell(coloured(), **COLOURS)
    assert told.exit_code == 0
    assert told.world.service("prod", "web-green").primary.task_definition.endswith("green:2")
    assert told.world.service("prod", "web-blue").runs == {"blue:1": 2}
    assert "nothing was started" in told.stderr
    assert "correct-horse" not in told.stderr


def test_colours_the_other_way_round(plugin: Teller) -> None:
    world = coloured({"CURRENT_LIVE_ENVIRONMENT": "green"}, green=2)
    world.scale(world.service("prod", "web-blue"), 0)
    world.clock.sleep(60)
    assert plugin(world, **COLOURS).exit_code == 0
    assert world.service("prod", "web-blue").primary.task_definition.endswith("blue:2")


def test_colours_plan(tell: Teller) -> None:
    told = tell(coloured(), argv=["plan"], **COLOURS)
    assert told.exit_code == 0
    assert "web-green" in told.stdout


def test_colours_when_the_idle_one_is_not_idle(tell: Teller) -> None:
    """The guard against a secret that names the wrong colour."""
    told = tell(coloured(green=2), **COLOURS)
    assert told.exit_code == 2
    assert "RegisterTaskDefinition" not in told.world.faults.calls


@pytest.mark.parametrize(
    ("secret", "why"),
    [
        ({}, "has no CURRENT_LIVE_ENVIRONMENT"),
        ({"CURRENT_LIVE_ENVIRONMENT": "Blue"}, "is neither blue nor green"),
        ({"CURRENT_LIVE_ENVIRONMENT": ["blue"]}, "is neither blue nor green"),
        ("blue", "isn't a JSON object"),
        ("[]", "isn't a JSON object"),
        ("", "isn't a JSON object"),
    ],
)
def test_defect_22_no_colour_is_guessed(plugin: Teller, secret: object, why: str) -> None:
    told = plugin(coloured(secret), **COLOURS)
    assert told.exit_code == 2
    assert why in told.stderr
    assert "UpdateService" not in told.world.faults.calls


def test_colours_without_the_secret(tell: Teller) -> None:
    world = coloured()
    world.secrets.clear()
    told = tell(world, **COLOURS)
    assert told.exit_code == 2


def test_colours_when_the_secret_may_not_be_read(plugin: Teller) -> None:
    world = coloured()
    world.faults.add(Effect.DENY, "GetSecretValue")
    assert plugin(world, **COLOURS).exit_code == 2
