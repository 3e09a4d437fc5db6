"""What each CI system's page says of a run, to the letter; when it says it, and what happens where it can't."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.output.ci.answer import cluster_link, subject
from drone_deploy_ecs.output.ci.markdown import summary
from drone_deploy_ecs.run.system import SystemClock
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.card.runs import FORTY, NAMES, everywhere, forty, report, run, run_on, run_over_http, story
from tests.contract.wire import QUICK
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from drone_deploy_ecs.core.report.report import Report
    from tests.card.runs import Pages

EXPECTED = Path(__file__).parent / "expected"
SWITCHES = {
    "Drone": ("DRONE_CARD_PATH",),
    "GitHub": ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"),
    "GitLab": ("GITLAB_CI", "CI_PROJECT_DIR"),
    "Buildkite": ("BUILDKITE",),
    "Harness": ("HARNESS_OUTPUT_FILE",),
}
FILES = {
    "Drone": {"card"},
    "GitHub": {"summary", "outputs"},
    "GitLab": {"drone-deploy-ecs.env", "drone-deploy-ecs-annotations.json"},
    "Buildkite": {"annotation"},
    "Harness": {"harness"},
}


@pytest.mark.parametrize("name", NAMES)
def test_the_pages_of(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To accept new ones run with UPDATE_TRANSCRIPTS=1 and read the diff."""
    world, settings = story(name)
    told = run_over_http(world, tmp_path, monkeypatch, **settings)
    assert "could not be" not in told.stderr
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("UPDATE_TRANSCRIPTS"):
        EXPECTED.mkdir(exist_ok=True)
        path.write_text(told.text)
    assert told.text == path.read_text()


def test_a_page_names_the_cluster_that_the_services_are_in_and_leads_there() -> None:
    world = small_world()
    world.add_service("batch", "web", task_definition("batch"))
    told = report(world, service="batch/web")
    assert subject(told).startswith("shop:2 for container app in cluster batch, eu-west-1, ")
    assert "/clusters/batch/" in cluster_link(told)


# --- when ---


def test_without_a_ci_system_no_page_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = run(small_world(), {}, image="shop:crash")
    assert (told.exit_code, told.stdout) == (3, "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("system", SWITCHES)
def test_each_system_s_own_variables_switch_on_its_pages_and_no_other(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    env = {name: value for name, value in everywhere(tmp_path).items() if name in (*SWITCHES[system], "PATH")}
    told = run(small_world(), env, image="shop:crash")
    assert {path.name for path in tmp_path.iterdir()} - {"buildkite-agent"} == FILES[system]
    assert told.stdout.startswith("::error ") is (system == "GitHub")
    assert "could not be" not in told.stderr


def test_harness_s_older_name_does_as_well(tmp_path: Path) -> None:
    run(small_world(), {"DRONE_OUTPUT": str(tmp_path / "harness")})
    assert (tmp_path / "harness").read_text().startswith("ECS_VERDICT=Completed\nECS_EXIT_CODE=0\nECS_RUNNING=web:2\n")


def test_that_aws_cannot_even_be_asked_is_answered_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    path = tmp_path / "deployment.json"
    told = run_on(connect, SystemClock(), everywhere(tmp_path), report=str(path))
    assert told.exit_code == 2
    assert told.stderr.splitlines()[-1].endswith("Refused: nothing was changed.")
    assert json.loads(path.read_text())["verdict"] == "Refused"
    assert told.stdout.startswith("::error title=drone-deploy-ecs%3A Refused::")
    for page in (told.stdout, told.files["summary"], told.files["card"], told.files["annotation"]):
        assert "Check the credentials and aws_region" in page
    assert "ECS_VERDICT=Refused\n" in told.files["harness"]


def test_settings_that_make_no_run_are_answered_where_github_shows_it(tmp_path: Path) -> None:
    told = run(small_world(), everywhere(tmp_path), image="shop 2\n::stop", timeout="10")
    assert told.exit_code == 2
    *_, last, annotation = told.stderr.splitlines()
    assert last == "Refused: nothing was changed."
    assert annotation.startswith(
        "::error title=drone-deploy-ecs%3A Refused::image 'shop 2 ::stop' isn't an image reference"
    )
    assert "%0Atimeout '10'" in annotation
    told = run(small_world(), {}, image="shop 2")
    assert told.stderr.splitlines()[-1] == "Refused: nothing was changed."


def test_a_plan_fills_no_page(tmp_path: Path) -> None:
    told = run(small_world(), everywhere(tmp_path), dry_run="yes")
    assert told.exit_code == 0
    assert told.files == {}


def test_files_that_others_write_to_are_added_to(tmp_path: Path) -> None:
    env = everywhere(tmp_path)
    for name in ("summary", "outputs", "harness"):
        (tmp_path / name).write_text("mine=1\n")
    told = run(small_world(), env)
    for name in ("summary", "outputs", "harness"):
        assert told.files[name].startswith("mine=1\n")
        assert len(told.files[name]) > len("mine=1\n")


def test_a_report_on_standard_output_is_nothing_but_the_report(tmp_path: Path) -> None:
    told = run(small_world(), everywhere(tmp_path), image="shop:crash", report="-")
    assert json.loads(told.stdout)["verdict"] == "Failed"
    assert told.stderr.splitlines()[-1].startswith("::error title=drone-deploy-ecs%3A Failed::")


@pytest.mark.parametrize(
    ("image", "denied", "style"),
    [("shop:2", "", "success"), ("shop:crash", "", "error"), ("shop:2", "UpdateService", "error")],
)
def test_buildkite_s_annotation_has_the_colour_of_the_verdict(
    tmp_path: Path, image: str, denied: str, style: str
) -> None:
    world = small_world()
    if denied:
        world.faults.add(Effect.DENY, denied)
    words = run(world, everywhere(tmp_path), image=image).files["annotation"].partition("\n")[0]
    assert words == f"annotate --style {style} --context drone-deploy-ecs-018f"


def test_somebody_else_s_deployment_is_a_warning_in_buildkite(tmp_path: Path) -> None:
    world = small_world()
    theirs = world.register(task_definition("web", "shop:9"))
    world.at(19, lambda: world.deploy(world.service("prod", "web"), theirs))
    told = run(world, everywhere(tmp_path))
    assert told.exit_code == 5
    assert told.files["annotation"].startswith("annotate --style warning ")


# --- what can't be filled ---


def nowhere(folder: Path) -> dict[str, str]:
    missing = str(folder / "no" / "such")
    names = ("DRONE_CARD_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "CI_PROJECT_DIR", "HARNESS_OUTPUT_FILE", "PATH")
    return everywhere(folder) | dict.fromkeys(names, missing)


@pytest.mark.parametrize(("image", "exit_code"), [("shop:2", 0), ("shop:crash", 3)])
def test_a_page_that_cannot_be_written_is_a_line_and_no_more(tmp_path: Path, image: str, exit_code: int) -> None:
    env = nowhere(tmp_path)
    gitlab = Path(env.pop("CI_PROJECT_DIR"))
    told = run(small_world(), env | {"GITLAB_CI": ""}, image=image)
    assert told.exit_code == exit_code
    assert [line for line in told.stderr.splitlines() if line.startswith("drone-deploy-ecs: ")] == [
        f"drone-deploy-ecs: warning: {name} could not be written: {place}: No such file or directory"
        for name, place in (
            ("Drone's card", gitlab),
            ("GitHub's step summary", gitlab),
            ("GitHub's outputs", gitlab),
            ("Buildkite's annotation", "buildkite-agent"),
            ("Harness's output variables", gitlab),
        )
    ]


def test_an_agent_that_fails_is_a_line_and_no_more(tmp_path: Path) -> None:
    env = everywhere(tmp_path)
    (tmp_path / "buildkite-agent").write_text("#!/bin/sh\necho canary >&2\nexit 3\n")
    told = run(small_world(), env)
    assert told.exit_code == 0
    assert told.stderr.endswith("warning: Buildkite's annotation could not be written: buildkite-agent ended with 3\n")
    assert "canary" not in told.stderr


def test_a_defect_in_a_page_changes_no_exit_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drone_deploy_ecs.output.ci.markdown.plain", lambda _: 1 / 0)
    told = run(small_world(), everywhere(tmp_path))
    assert told.exit_code == 0
    assert told.stderr.endswith("warning: the CI system's page could not be filled (ZeroDivisionError)\n")


# --- many services ---


@pytest.fixture(scope="module")
def many() -> Report:
    """Forty services that had to go back."""
    world, settings = story("forty_rolled_back")
    return report(world, **settings)


def outputs(told: Pages) -> dict[str, str]:
    return dict(line.split("=", 1) for line in told.files["outputs"].splitlines())


def test_outputs_of_several_services_are_in_one_order_and_end_after_a_whole_one(tmp_path: Path) -> None:
    told = outputs(run(forty(), everywhere(tmp_path), service=",".join(FORTY)))
    assert told["before"].split(",") == [f"{name}:1" for name in FORTY]
    ids = told["deployment_id"].split(",")
    assert ids[-1] == "..."
    assert all(len(one) == len("ecs-svc/1261459280155389058") for one in ids[:-1])
    assert 30 < len(ids) < 40


@pytest.mark.parametrize("limit", [1_000, 2_500, 12_000, 20_000])
def test_a_summary_keeps_to_its_limit_and_says_that_there_is_more(many: Report, limit: int) -> None:
    told = summary(many, limit)
    assert limit / 2 < len(told.encode()) <= limit
    assert told.startswith("### ❌ Failed: 40 services, all as before\n")
    assert told.endswith(("_More is in the log and in the JSON report._\n", "```\n\n</details>\n"))
    assert ("The end of the log" in told) == told.endswith("</details>\n")


# --- the real process ---


def drone(url: str, folder: Path) -> dict[str, str]:
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true"}
    return {**PLUGIN, **keys, "PATH": "/usr/bin:/bin", "HOME": str(folder), "AWS_ENDPOINT_URL": url}


def written(start: Callable[[int], object]) -> list[bytes]:
    """What a process wrote to its standard output, write by write: each is a packet of its own."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        start(theirs.fileno())
        theirs.close()
        return list(iter(lambda: ours.recv(1 << 20), b""))


@pytest.mark.skipif(sys.platform != "linux", reason="needs packets between processes, which Linux has")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_drone_finds_the_card_s_mark_at_the_beginning_of_a_write(tmp_path: Path, unbuffered: str) -> None:
    world = World(timing=QUICK)
    world.add_service("prod", "web", task_definition())
    with Server(world, speed=40.0) as server:
        env = drone(server.url, tmp_path) | {"DRONE_CARD_PATH": "/dev/stdout", "PYTHONUNBUFFERED": unbuffered}
        command = [sys.executable, "-m", "drone_deploy_ecs"]
        (card,) = written(lambda out: subprocess.run(command, env=env, stdout=out, check=True))
    assert card.startswith(b"\x1b]1338;")
    assert card.endswith(b"\x1b]0m\n")
    data = json.loads(b64decode(card.removeprefix(b"\x1b]1338;").removesuffix(b"\x1b]0m\n"), validate=True))["data"]
    assert data["headline"].startswith("Completed: web runs web:2")
