"""The GitHub action: its YAML, and its script run as GitHub runs it, but for Docker itself."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from drone_deploy_ecs.output.ci.answer import outputs
from drone_deploy_ecs.output.ci.pages import GITLAB_ANNOTATIONS, GITLAB_VARIABLES
from drone_deploy_ecs.settings.table import SETTINGS
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.card.runs import report, story
from tests.contract.wire import QUICK
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
DOCKER = """#!/bin/bash
echo "$*" >> "$0.calls"
if [ "$1" = build ]; then echo sha256:1234; exit; fi
given=()
for word; do case $word in --env=*) name=${word#--env=}; given+=("$name=${!name}");; esac; done
exec env -i PATH=/usr/bin:/bin "${given[@]}" PYTHON -m drone_deploy_ecs
"""
"""What stands in for Docker: no container, but no other environment than the container would have."""
WITH = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app"}


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    """What `action.yml` is made of."""
    found: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "action.py"))["action"]()
    return found


def test_the_file_says_what_it_is_made_of(action: dict[str, Any]) -> None:
    """By a YAML parser that one of the test environments has anyway."""
    command = [
        str(own_venv("awscli")),
        "-c",
        "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)",
    ]
    with (ROOT / "action.yml").open() as file:
        read = subprocess.run(command, stdin=file, capture_output=True, check=True, text=True)
    assert json.loads(read.stdout) == action


def test_every_setting_is_an_input_and_every_output_an_output(action: dict[str, Any]) -> None:
    (step,) = action["runs"]["steps"]
    assert step["env"] == {one.variable: f"${{{{ inputs.{one.name} }}}}" for one in SETTINGS}
    assert list(action["inputs"]) == [one.name for one in SETTINGS]
    assert [name for name, one in action["inputs"].items() if one["required"]] == ["cluster"]
    world, settings = story("refused")
    assert list(action["outputs"]) == list(outputs(report(world, **settings)))


class Ran:
    """The action's script, run with these inputs in a workflow of its own."""

    def __init__(self, script: str, folder: Path, url: str, given: Mapping[str, str]) -> None:
        for name in ("workspace", "temp", "bin"):
            (folder / name).mkdir()
        docker = folder / "bin" / "docker"
        docker.write_text(DOCKER.replace("PYTHON", sys.executable))
        docker.chmod(0o755)
        env = {
            "PATH": f"{docker.parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_WORKSPACE": str(folder / "workspace"),
            "GITHUB_OUTPUT": str(folder / "temp" / "outputs"),
            "GITHUB_STEP_SUMMARY": str(folder / "temp" / "summary"),
            "GITHUB_TOKEN": "canary",
            "RUNNER_TEMP": str(folder / "temp"),
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "line one\nline two",
            "AWS_EC2_METADATA_DISABLED": "true",
            **{one.variable: given.get(one.name, "") for one in SETTINGS},
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        self.done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
        self.calls = (folder / "bin" / "docker.calls").read_text()
        self.outputs = dict(line.split("=", 1) for line in (folder / "temp" / "outputs").read_text().splitlines())
        self.summary = (folder / "temp" / "summary").read_text()


@pytest.mark.parametrize(("image", "exit_code", "verdict"), [("shop:2", 0, "Completed"), ("shop:crash", 3, "Failed")])
def test_the_script_deploys_and_fills_github_s_page(
    action: dict[str, Any], tmp_path: Path, image: str, exit_code: int, verdict: str
) -> None:
    world = World(timing=QUICK)
    world.push("shop:crash", crash(1))
    world.add_service("prod", "web", task_definition())
    with Server(world, speed=40.0) as server:
        ran = Ran(action["runs"]["steps"][0]["run"], tmp_path, server.url, {**WITH, "image": image})
    assert ran.done.returncode == exit_code, ran.done.stderr
    assert ran.outputs["verdict"] == verdict
    assert ran.summary.startswith(f"### {'❌' if exit_code else '✅'} {verdict}: web ")
    assert ran.done.stdout.startswith("::error ") is bool(exit_code)


def test_the_container_gets_what_it_needs_and_no_more(action: dict[str, Any], tmp_path: Path) -> None:
    world = World(timing=QUICK)
    world.add_service("prod", "web", task_definition())
    with Server(world, speed=40.0) as server:
        ran = Ran(
            action["runs"]["steps"][0]["run"], tmp_path, server.url, {**WITH, "service": "nowhere", "image": "shop:2"}
        )
    assert ran.outputs["verdict"] == "Refused"
    build, run = ran.calls.splitlines()
    assert build == f"build --quiet {ROOT}"
    words = run.split()
    passed = {word.removeprefix("--env=") for word in words if word.startswith("--env=")}
    assert {one.variable for one in SETTINGS} < passed
    assert passed - {one.variable for one in SETTINGS} == {
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_ENDPOINT_URL", "AWS_EC2_METADATA_DISABLED", "GITHUB_ACTIONS",
        "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY",
    }  # fmt: skip
    assert words[-1] == "sha256:1234"
    assert "canary" not in run


def test_the_page_about_pages_uses_settings_flags_outputs_and_files_that_exist() -> None:
    page = (ROOT / "docs" / "ci-pages.md").read_text()
    snippets = "".join(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    blocks = re.findall(r"^( *)(?:settings|with):\n((?:\1  .*\n)+)", snippets, re.MULTILINE)
    assert len(blocks) == 4
    used = {line.split(":")[0].strip() for _, block in blocks for line in block.splitlines()}
    assert {"cluster", "report"} <= used <= {one.name for one in SETTINGS}
    assert set(re.findall(r"(?<= )--[\w-]+", snippets)) <= {one.flag for one in SETTINGS}
    world, settings = story("refused")
    names = outputs(report(world, **settings))
    assert re.findall(r"^\| `(\w+)` \| `", page, re.MULTILINE) == list(names)
    assert set(re.findall(r"outputs\.(\w+)", snippets)) <= set(names)
    assert f"annotations: {GITLAB_ANNOTATIONS}\n" in snippets
    assert f"dotenv: {GITLAB_VARIABLES}\n" in snippets
    assert {f"ECS_{name.upper()}" for name in names} >= set(re.findall(r"ECS_\w+", page))
