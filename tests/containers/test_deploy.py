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
    from collections.abc import Callable

    from tests.containers.conftest import MakeService
    from tests.containers.images import Tag
    from tests.containers.rig import Breaker, Rig

pytestmark = pytest.mark.containers


def plugin(
    rig: Rig, service: str, tag: Tag, meanwhile: tuple[str, Callable[[], object]] | None = None, **settings: str
) -> tuple[int, str, dict[str, Any]]:
    """Exit code, transcript and report of one run of the plugin.

    `meanwhile` is done once, as soon as the transcript has the text before it.
    """
    env = rig.environment(
        PLUGIN_AWS_REGION=REGION,
        PLUGIN_CLUSTER=CLUSTER,
        PLUGIN_SERVICE=service,
        PLUGIN_CONTAINER=CONTAINER,
        PLUGIN_IMAGE=rig.image(tag),
        PLUGIN_REPORT="-",
        **{f"PLUGIN_{name.upper()}": value for name, value in settings.items()},
    )
    transcript = rig.folder / f"{service}.txt"
    command = [sys.executable, "-m", "drone_deploy_ecs"]
    with (
        transcript.open("w") as stderr,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True) as running,
    ):
        try:
            if meanwhile:
                text, act = meanwhile
                wait_until(lambda: text in transcript.read_text(), 60, f"it says {text!r}")
                act()
            report, _ = running.communicate(timeout=240)
        finally:
            running.kill()
    return running.returncode, transcript.read_text(), json.loads(report)


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


def test_containers_killed_from_outside_are_caught_by_stable_for(rig: Rig, service: MakeService) -> None:
    name = service("killed")

    def kill() -> None:
        rig.engine.docker("kill", *rig.containers(name))

    code, said, report = plugin(rig, name, "v2", ("watching it for another", kill), stable_for="30s")
    (outcome,) = report["services"]
    assert code == 3, said
    assert "not stable: the container was killed" in said
    assert (outcome["verdict"], outcome["stands"], outcome["running"]) == ("Failed", "as before", f"{name}:1")
    assert [(cause["name"], cause["exit_code"]) for cause in outcome["causes"]] == [("killed", 137)]
    wait_until(lambda: rig.pages(name) == ["v1", "v1"], 60, "only v1 answers")


def test_what_a_crashed_container_wrote_is_told(rig: Rig, service: MakeService) -> None:
    name = service("logged", desired=1)
    code, said, report = plugin(rig, name, "crash")
    assert code == 3, said
    assert "log: boom: cannot open the database" in said
    assert report["services"][0]["causes"][0]["log"] == ["boom: cannot open the database"]


def test_tags_and_unknown_members_survive(rig: Rig, service: MakeService) -> None:
    name = service("tagged", desired=1)
    code, said, _ = plugin(rig, name, "v2")
    assert code == 0, said
    answer = rig.ecs.describe_task_definition(taskDefinition=f"{name}:2", include=["TAGS"])
    assert answer["tags"] == [{"key": "made-by", "value": "rig"}]
