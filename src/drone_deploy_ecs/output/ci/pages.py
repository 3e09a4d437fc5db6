"""Which pages to fill, and with what text: known from the variables that each CI system sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.output.ci import answer, drone, github, gitlab, markdown
from drone_deploy_ecs.output.ci.answer import Mood

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.report.report import Report

GITLAB_VARIABLES = "drone-deploy-ecs.env"
GITLAB_ANNOTATIONS = "drone-deploy-ecs-annotations.json"
"""In the project's directory: GitLab has no variable for where a job's reports are, the job itself names them."""


class File(Struct, frozen=True):
    """Text for a file, at its end if it is to `append`."""

    name: str
    text: str
    path: str
    append: bool = True


class Line(Struct, frozen=True):
    """Text for standard output, in one write."""

    name: str
    text: str


class Command(Struct, frozen=True):
    """Text for the standard input of a command."""

    name: str
    text: str
    words: tuple[str, ...]


Page = File | Line | Command


def pages(report: Report, env: Mapping[str, str], template: str) -> Iterator[Page]:
    """Every page that this environment has. `template` is that of Drone's card."""
    yield from _drone(report, env.get("DRONE_CARD_PATH", ""), template)
    yield from _github(report, env)
    if env.get("GITLAB_CI") == "true":
        folder = env.get("CI_PROJECT_DIR") or "."
        yield File("GitLab's variables", answer.variables(report), f"{folder}/{GITLAB_VARIABLES}", append=False)
        yield File("GitLab's annotations", gitlab.links(report), f"{folder}/{GITLAB_ANNOTATIONS}", append=False)
    if env.get("BUILDKITE") == "true":
        yield _buildkite(report, env)
    if path := env.get("HARNESS_OUTPUT_FILE") or env.get("DRONE_OUTPUT"):
        yield File("Harness's output variables", answer.variables(report), path)


def _drone(report: Report, path: str, template: str) -> Iterator[Page]:
    """Drone's runner says /dev/stdout, and takes the card out of the log."""
    if path == "/dev/stdout":
        yield Line("Drone's card", drone.marked(drone.card(report, template)))
    elif path:
        yield File("Drone's card", drone.card(report, template), path, append=False)


def _github(report: Report, env: Mapping[str, str]) -> Iterator[Page]:
    if path := env.get("GITHUB_STEP_SUMMARY"):
        yield File("GitHub's step summary", markdown.summary(report), path)
    if path := env.get("GITHUB_OUTPUT"):
        yield File("GitHub's outputs", github.outputs(report), path)
    if env.get("GITHUB_ACTIONS") == "true" and (annotation := github.annotation(report)):
        yield Line("GitHub's annotation", annotation)


def _buildkite(report: Report, env: Mapping[str, str]) -> Command:
    """A step that runs again replaces its annotation: the context is the step's."""
    styles: dict[int, str] = {ExitCode.DONE: "success", ExitCode.SUPERSEDED: "warning"}
    context = "-".join(filter(None, ("drone-deploy-ecs", env.get("BUILDKITE_STEP_ID"))))
    style = "info" if answer.mood(report) is Mood.WAITING else styles.get(report.exit_code, "error")
    words = ("buildkite-agent", "annotate", "--style", style, "--context", context)
    return Command("Buildkite's annotation", markdown.summary(report), words)
