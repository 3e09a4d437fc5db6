"""Our command, as a CI system runs it, against an ECS that nobody here wrote, with real containers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.containers.engine import wait_until
from tests.containers.rig import CLUSTER, CONTAINER, REGION

if TYPE_CHECKING:
    from tests.containers.conftest import MakeService
    from tests.containers.images import Tag
    from tests.containers.rig import Breaker, Rig

pytestmark = pytest.mark.containers


def plugin(rig: Rig, service: str, tag: Tag, **settings: str) -> tuple[int, str, dict[str, Any]]:
    """Exit code, transcript and report of one run of the plugin."""
    env = rig.environment(
        PLUGIN_AWS_REGION=REGION,
        PLUGIN_CLUSTER=CLUSTER,
        PLUGIN_SERVICE=service,
        PLUGIN_CONTAINER=CONTAINER,
        PLUGIN_IMAGE=rig.image(tag),
        PLUGIN_REPORT="-",
        **{f"PLUGIN_{name.upper()}": value for name, value in settings.items()},
    )
    command = [sys.executable, "-m", "drone_deploy_ecs"]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=240, check=False)
    return ran.returncode, ran.stderr, json.loads(ran.stdout)


def test_a_good_image_is_completed_and_serves(rig: Rig, service: MakeService) -> None:
    name = service("good")
    code, said, report = plugin(rig, name, "v2")
    assert code == 0, said
    assert said.splitlines()[-1].endswith(f"Completed: {name} runs {name}:2 (2 of 2 tasks).")
    assert report["services"][0]["running"] == f"{name}:2"
    wait_until(lambda: rig.pages(name) == ["v2", "v2"], 60, "only v2 answers")


@pytest.mark.parametrize(
    ("tag", "cause", "breaker"),
    [
        ("crash", "exited", None),
        ("crash", "exited", "rollback"),
        ("crash", "exited", "stop"),
        ("absent", "image-not-found", "rollback"),
        ("absent", "image-not-found", "stop"),
        ("nocmd", "command-not-found", None),
        ("nocmd", "command-not-found", "rollback"),
        ("nocmd", "command-not-found", "stop"),
    ],
)
def test_a_bad_image_is_taken_back(
    rig: Rig, service: MakeService, tag: Tag, cause: str, breaker: Breaker | None
) -> None:
    name = service(f"bad-{tag}-{breaker}".lower(), breaker=breaker)
    code, said, report = plugin(rig, name, tag, timeout="2m")
    assert code == 3, said
    assert report["services"][0]["verdict"] in ("Failed", "RolledBack")
    assert report["services"][0]["running"] == f"{name}:1"
    assert cause in [one["name"] for one in report["services"][0]["causes"]], said
    wait_until(lambda: rig.pages(name) == ["v1", "v1"], 60, "only v1 answers")


def test_an_absent_image_without_a_breaker_is_recognised(rig: Rig, service: MakeService) -> None:
    """The emulator retries such an image hundreds of times a minute, and may then never begin the way back.

    So the exit code is 3 where it did, and 4 where it didn't; in both the old tasks serve.
    """
    name = service("bad-absent-none")
    code, said, report = plugin(rig, name, "absent", timeout="40s")
    assert report["services"][0]["verdict"] == "Failed", said
    assert "image-not-found" in [one["name"] for one in report["services"][0]["causes"]]
    assert (code, report["services"][0]["stands"]) in ((3, "as before"), (4, "not as before"))
    wait_until(lambda: rig.pages(name) == ["v1", "v1"], 60, "only v1 answers")


def test_a_container_that_dies_after_completed_is_caught_by_stable_for(rig: Rig, service: MakeService) -> None:
    name = service("late", desired=1)
    code, said, report = plugin(rig, name, "late", stable_for="20s")
    assert code == 3, said
    assert "not stable" in said
    assert report["services"][0]["causes"][0]["exit_code"] == 3
    wait_until(lambda: rig.pages(name) == ["v1"], 60, "only v1 answers")


def test_tags_and_unknown_members_survive(rig: Rig, service: MakeService) -> None:
    name = service("tagged", desired=1)
    code, said, _ = plugin(rig, name, "v2")
    assert code == 0, said
    answer = rig.ecs.describe_task_definition(taskDefinition=f"{name}:2", include=["TAGS"])
    assert answer["tags"] == [{"key": "made-by", "value": "rig"}]
