"""`.drone.yml`, which no Drone runs here: it parses, and its pipelines fit together and fit the Dockerfile."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.own_venv import own_venv

PROJECT = Path(__file__).parents[2]
PARSE = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))"


@pytest.fixture(scope="module")
def pipelines() -> dict[str, dict[str, Any]]:
    """By name; read by the YAML library that the AWS CLI brings along."""
    text = (PROJECT / ".drone.yml").read_bytes()
    parsed = json.loads(subprocess.check_output([str(own_venv("awscli")), "-c", PARSE], input=text))
    assert {(one["kind"], one["type"]) for one in parsed} == {("pipeline", "docker")}
    return {one["name"]: one for one in parsed}


def only_step(pipeline: dict[str, Any]) -> dict[str, Any]:
    (step,) = pipeline["steps"]
    assert isinstance(step, dict)
    return step


def test_the_image_follows_the_checks_and_the_manifest_follows_both_images(pipelines: dict[str, Any]) -> None:
    after = {name: one.get("depends_on", []) for name, one in pipelines.items()}
    assert after == {"test": [], "amd64": ["test"], "arm64": ["test"], "manifest": ["amd64", "arm64"]}
    assert "tag" in pipelines["test"]["trigger"]["event"]
    assert only_step(pipelines["test"])["commands"] == ["bash .ci/run"]


def test_each_architecture_is_built_on_its_own_and_otherwise_alike(pipelines: dict[str, Any]) -> None:
    built = [pipelines[name] for name in ("amd64", "arm64")]
    assert [one["platform"] for one in built] == [{"os": "linux", "arch": one["name"]} for one in built]
    first, second = (json.dumps(one).replace(one["name"], "ARCH") for one in built)
    assert first == second


def test_the_manifest_names_the_images_that_were_pushed(pipelines: dict[str, Any]) -> None:
    settings = only_step(pipelines["manifest"])["settings"]
    pushed = [only_step(pipelines[name])["settings"] for name in ("amd64", "arm64")]
    named = []
    for platform in settings["platforms"]:
        system, architecture = platform.split("/")
        named.append(settings["template"].replace("OS", system).replace("ARCH", architecture))
    assert named == [f"{one['repo']}:{tag}" for one in pushed for tag in one["tags"]]
    assert settings["target"] == f"{pushed[0]['repo']}:${{DRONE_TAG##v}}"


def test_every_build_argument_is_one_of_the_dockerfile_s(pipelines: dict[str, Any]) -> None:
    known = set(re.findall(r"^ARG (\w+)", (PROJECT / "Dockerfile").read_text(), re.MULTILINE))
    given = {one.partition("=")[0] for one in only_step(pipelines["amd64"])["settings"]["build_args"]}
    assert given == {"VERSION", "REVISION", "SOURCE"}
    assert given <= known
