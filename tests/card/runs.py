"""Runs of the command line with the variables of every CI system, and what they then left in each system's page."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from drone_deploy_ecs.aws.connection import connect
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.core.request.request import Access
from drone_deploy_ecs.output.console.plain import listener
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.native import hooked, native
from tests.stories.story import PLUGIN, Split, small_world

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest

    from drone_deploy_ecs.core.ports import Aws, Clock
    from drone_deploy_ecs.core.report.report import Report

AGENT = """#!/bin/sh
{ echo "$@"; cat; } > "${0%/*}/annotation"
"""
"""What stands in for buildkite-agent: it keeps its words and its input."""


class Pages(NamedTuple):
    """One run, and the files that it wrote, by name."""

    exit_code: int
    stdout: str
    stderr: str
    files: dict[str, str]

    @property
    def card(self) -> dict[str, Any]:
        """What Drone's page gets: `schema` and `data`."""
        found: dict[str, Any] = json.loads(self.files["card"])
        return found

    @property
    def text(self) -> str:
        """Everything that the CI systems got, to be compared; but the log, which tests/stories compare."""
        summary = self.files["summary"]
        shown = {
            **self.files,
            "annotation": self.files["annotation"].replace(summary, "(the summary)\n"),
            "summary": re.sub(
                r"(?<=<summary>The log</summary>\n\n```text\n).*?(?=\n```)", "…", summary, flags=re.DOTALL
            ),
        }
        files = [(name, text) for name, text in sorted(shown.items()) if name != "card"]
        card = json.dumps(self.card["data"], indent=2, ensure_ascii=False)
        told = [("card", card), *files, ("standard output", self.stdout), ("exit code", str(self.exit_code))]
        return "".join(f"--- {name} ---\n{text.rstrip()}\n\n" for name, text in told)


def everywhere(folder: Path) -> dict[str, str]:
    """The variables of all CI systems at once."""
    agent = folder / "buildkite-agent"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    return {
        "DRONE_CARD_PATH": str(folder / "card"),
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        "GITHUB_OUTPUT": str(folder / "outputs"),
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": str(folder),
        "BUILDKITE": "true",
        "BUILDKITE_STEP_ID": "018f",
        "HARNESS_OUTPUT_FILE": str(folder / "harness"),
        "PATH": f"{folder}:/usr/bin:/bin",
    }


def run(world: World, env: Mapping[str, str], aws: Aws | None = None, **settings: str) -> Pages:
    """One run in this environment; of files, those in the folder of GitLab's project."""
    reached = aws or SimulatedAws(world)
    return run_on(lambda _: reached, world.clock, env, **settings)


def run_on(reach: Callable[[Access], Aws], clock: Clock, env: Mapping[str, str], **settings: str) -> Pages:
    """One run against whatever is reached."""
    stdout, stderr = io.StringIO(), io.StringIO()
    given = {**PLUGIN, **{f"PLUGIN_{name.upper()}": value for name, value in settings.items()}, **env}
    code = main((), lambda: Edges(given, stdout, stderr, reach, clock, lambda: 0.5, NEVER))
    folder = Path(env["CI_PROJECT_DIR"]) if "CI_PROJECT_DIR" in env else None
    found = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} if folder else {}
    found.pop("buildkite-agent", None)
    return Pages(code, stdout.getvalue(), stderr.getvalue(), found)


def run_over_http(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> Pages:
    """One run through botocore, with the variables of every CI system."""
    with Server(world) as server:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "any")
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        aws = Split(connect(Access(region="eu-west-1")), SimulatedAws(world))
        return run(world, everywhere(folder), aws, **settings)


def report(world: World, **settings: str) -> Report:
    """The report of one run."""
    request, _ = resolve({}, {**PLUGIN, **{f"PLUGIN_{name.upper()}": value for name, value in settings.items()}})
    return Deployment(
        request, lambda _: SimulatedAws(world), world.clock, listener(io.StringIO()), lambda: 0.5
    ).deploy()


def forty() -> World:
    """Cluster prod with service-01 to service-40."""
    world = World()
    world.push("shop:crash", crash(1))
    for name in FORTY:
        world.add_service("prod", name, task_definition(name, "shop:1"))
    return world


FORTY = [f"service-{number:02}" for number in range(1, 41)]


def story(name: str) -> tuple[World, dict[str, str]]:
    """A world and the settings of the run in it."""
    match name:
        case "good":
            return small_world(), {}
        case "rolled_back":
            return small_world(), {"image": "shop:crash"}
        case "paused":
            return hooked("POST_TEST_TRAFFIC_SHIFT", is_pause=True), {"on_pause": "leave"}
        case "canary_shifted":
            return native("CANARY", step_bake_minutes=1), {"wait_for": "shifted"}
        case "canary_rolled_back":
            return native("CANARY", crash(1, after=90.0), step_bake_minutes=2), {}
        case "refused":
            return small_world(), {"service": "nowhere"}
        case "forty_good":
            return forty(), {"service": ",".join(FORTY)}
        case "forty_rolled_back":
            return forty(), {"service": ",".join(FORTY), "image": "shop:crash"}
        case _:
            raise ValueError(name)


NAMES = (
    "good", "paused", "rolled_back", "canary_shifted", "canary_rolled_back", "refused", "forty_good", "forty_rolled_back",
)  # fmt: skip
