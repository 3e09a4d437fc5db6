"""What the report records of a deployment: for which build, when the new version served, when the old one was back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import task_definition
from tests.simulator.native import native
from tests.stories.story import small_world
from tests.stories.test_switch import SWITCH, two_sides

if TYPE_CHECKING:
    from tests.stories.story import Teller, Told

BUILD = {
    "CI_COMMIT_SHA": "8c05f9d1", "CI_COMMIT_TIMESTAMP": "2026-01-05T12:00:00+01:00", "CI_PIPELINE_IID": "41",
    "GITLAB_USER_LOGIN": "ada", "CI_PIPELINE_URL": "https://gitlab.example/shop/-/pipelines/9",
}  # fmt: skip


def seconds(told: Told, member: str, service: str = "web") -> float | None:
    """From the run's start until then; None where it is null."""
    at = next(row[member] for row in told.report["services"] if row["service"] == service)
    began = datetime.fromisoformat(told.report["started_at"])
    return round((datetime.fromisoformat(at) - began).total_seconds()) if at else None


def said(told: Told, words: str) -> float:
    """From the run's start until the first line with these words."""
    at = next(line["at"] for line in told.report["timeline"] if words in line["text"])
    began = datetime.fromisoformat(told.report["started_at"])
    return round((datetime.fromisoformat(at) - began).total_seconds())


def test_the_build_is_recorded(plugin: Teller) -> None:
    told = plugin(small_world(), env=BUILD)
    assert told.report["action"] == "deploy"
    assert told.report["build"] == {
        "commit": "8c05f9d1",
        "committed_at": "2026-01-05T11:00:00+00:00",
        "number": 41,
        "attempt": None,
        "who": "ada",
        "page": "https://gitlab.example/shop/-/pipelines/9",
    }
    assert plugin(told.world, env=BUILD, build_number="42").report["build"]["number"] == 42


def test_what_serves_was_deployed_when_its_tasks_were_up(plugin: Teller) -> None:
    told = plugin(small_world())
    assert seconds(told, "deployed_at") == said(told, "new tasks are up")
    assert seconds(told, "restored_at") is None
    assert not told.report["services"][0]["failed"]


def test_what_never_served_was_not_deployed_and_is_restored(plugin: Teller) -> None:
    told = plugin(small_world(), image="shop:crash")
    assert seconds(told, "deployed_at") is None
    assert seconds(told, "restored_at") == said(told, "back on web:1")
    assert told.report["services"][0]["failed"]


def test_what_failed_once_it_served_was_deployed_and_is_restored(plugin: Teller) -> None:
    world = small_world()
    world.push("shop:2", crash(1, after=100.0))
    told = plugin(world, stable_for="5m")
    assert told.exit_code == 3
    assert seconds(told, "deployed_at") == said(told, "new tasks are up")
    assert seconds(told, "restored_at") == said(told, "back on web:1")


def test_what_returns_with_others_has_not_failed(plugin: Teller) -> None:
    world = small_world()
    world.add_service("prod", "bad", task_definition("bad", "shop:1"))
    world.faults.add(Effect.DENY, "UpdateService", about="bad")
    told = plugin(world, service="web,bad")
    assert {row["service"]: row["failed"] for row in told.report["services"]} == {"web": False, "bad": True}
    assert (seconds(told, "restored_at"), seconds(told, "restored_at", "bad")) == (said(told, "back on web:1"), None)


def test_where_traffic_is_shifted_that_counts(plugin: Teller) -> None:
    told = plugin(native("CANARY"))
    shifted = [weight for weight in told.report["services"][0]["traffic"] if weight["weight"] == 100.0]
    assert told.report["services"][0]["deployed_at"] == shifted[-1]["at"]


def test_what_is_left_healthy_before_its_traffic_is_shifted_was_not_deployed(plugin: Teller) -> None:
    told = plugin(native("CANARY"), wait_for="healthy")
    assert (told.exit_code, seconds(told, "deployed_at")) == (0, None)


def test_of_two_services_the_one_that_takes_over_is_deployed(plugin: Teller) -> None:
    told = plugin(two_sides(), **SWITCH)
    (first, second) = told.report["services"]
    assert first["deployed_at"]
    assert (second["stands"], second["deployed_at"], second["restored_at"]) == ("gave way", None, None)
