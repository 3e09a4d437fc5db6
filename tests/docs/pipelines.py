"""What a snippet of a pipeline or a shell would run: the environment and arguments that the CI system makes of it."""

from __future__ import annotations

import json
import re
import shlex
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from drone_deploy_ecs.cli.parser import parser
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.settings.table import BY_NAME, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.problem import Problem

COMMAND = "drone-deploy-ecs"
IMAGES = (COMMAND, f"registry.example.com/{COMMAND}")
VARIABLES = {
    **dict.fromkeys(("DRONE_COMMIT_SHA", "CI_COMMIT_SHA", "GITHUB_SHA", "BUILDKITE_COMMIT", "TAG"), "7fd1a60"),
    **dict.fromkeys(("DRONE_DEPLOY_TO", "CI_PIPELINE_DEPLOY_TARGET"), "production"),
    **dict.fromkeys(("CI_COMMIT_BRANCH", "CI_DEFAULT_BRANCH"), "main"),
    **dict.fromkeys(("AWS_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "PATH", "PWD"), "some-text"),
    "DRONE_BUILD_NUMBER": "42",
    "IMAGE": "registry.example.com/shop:42",
    "REVISION": "web:43",
}
"""What a snippet may refer to. One that isn't here is misspelt, or new."""
SAMPLES = {
    "aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2", "mode": "",
    "blue_service": "blue", "green_service": "green", "scale_down_percent": "50", "scale_down_interval": "1",
    "scale_down_wait_period": "1", "checks_to_pass": "1", "blue_image": "shop:2", "green_image": "shop:2",
    "secret_service": "shop", "DRONE_COMMIT_BRANCH": "main",
}  # fmt: skip
"""What a fragment leaves out."""


class Run(NamedTuple):
    """One run of the command. A fragment shows some settings only."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    fragment: bool = False

    def problems(self) -> tuple[Problem, ...]:
        """What is dubious about it. Raises `Refused` where something is wrong."""
        unknown = {name for name in self.environment if name.startswith("PLUGIN_")} - {one.variable for one in SETTINGS}
        assert not unknown, f"no settings: {unknown}"
        options = vars(parser().parse_args(self.arguments))
        flags = {name: options.get(name, "") for name in BY_NAME}
        if not self.fragment:
            return resolve(flags, self.environment)[1]
        mode = flags["mode"] or self.environment.get("PLUGIN_MODE", "rolling")
        given = {name for name in BY_NAME if flags[name] or self.environment.get(BY_NAME[name].variable)}
        needed = {
            one.name for one in SETTINGS if one.required and one.is_used_in(mode) and not given.intersection(one.unless)
        }
        filled = {f"PLUGIN_{name.upper()}": value for name, value in SAMPLES.items() if name in needed}
        branch = {"DRONE_COMMIT_BRANCH": SAMPLES["DRONE_COMMIT_BRANCH"]}
        return resolve(flags, {**branch, **filled, **self.environment})[1]


def of_yaml(text: str) -> list[Run]:
    """Of a pipeline of any CI system: each step's settings and commands."""
    document = yaml.safe_load(substituted(text))
    fragment = isinstance(document, list) or set(document) == {"settings"}
    region = {"AWS_REGION": "eu-west-1"} if "configure-aws-credentials" in text else {}
    found = []
    for step in _mappings(document):
        if "settings" in step:
            found.append(Run((), plugin_variables(step["settings"]), fragment))
        if str(step.get("uses", "")).partition("@")[0].endswith("/drone-deploy-ecs"):
            found.append(Run((), plugin_variables(step["with"]), fragment))
        for lines in (step.get(name, ()) for name in ("run", "command", "script", "commands")):
            script = lines if isinstance(lines, str) else "\n".join(lines)
            found += [one._replace(fragment=fragment) for one in of_shell(script, region)]
    return found


def _mappings(document: Any) -> Iterator[dict[str, Any]]:
    if isinstance(document, dict):
        yield document
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    for one in inside:
        yield from _mappings(one)


def plugin_variables(settings: Mapping[str, Any]) -> dict[str, str]:
    """As Drone and Woodpecker make them: lists joined by commas, maps as JSON, yes and no in English."""
    return {f"PLUGIN_{name.upper()}": KEPT.get(name) or _text(value) for name, value in settings.items()}


KEPT = {"notify": "json://127.0.0.1", "probe": "https://shop.example/?token=kept"}
"""What the CI system's secret of a setting may hold, where not anything will do."""


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "some-secret" if set(value) == {"from_secret"} else json.dumps(value)
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def substituted(text: str) -> str:
    """With every variable's value in its place, and GitHub's and Harness's expressions gone."""
    text = re.sub(r"\$\{\{.*?\}\}|<\+.*?>", "expression", text).replace("$?", "0")
    return re.sub(r"\$?\$(?:\{(\w+)\}|(\w+))", lambda found: VARIABLES[found[1] or found[2]], text)


def of_shell(script: str, outside: Mapping[str, str] | None = None) -> list[Run]:
    """Of every line that starts the command, itself or in its image."""
    exported: dict[str, str] = dict(outside or {})
    found = []
    for line in substituted(script).replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        while words and (words[0] in ("exec", "export") or _is_assignment(words[0])):
            name, _, value = words.pop(0).partition("=")
            exported |= {name: value} if value else {}
        fragment = "…" in line
        words = [word for word in words if "…" not in word]
        if words[:1] == [COMMAND] and words[1:2] not in (["simulator"], ["demo"], ["--help"], ["--version"]):
            found.append(Run(tuple(words[1:]), dict(exported), fragment))
        elif words[:2] == ["docker", "run"]:
            found.append(_docker_run(words, fragment=fragment))
    return found


def _is_assignment(word: str) -> bool:
    return re.match(r"[A-Z_]+=", word) is not None


def _docker_run(words: list[str], *, fragment: bool) -> Run:
    given = [value for option, value in pairwise(words) if option in ("-e", "--env")]
    environment = dict(one.split("=", 1) for one in given if "=" in one)
    image = next(index for index, word in enumerate(words) if word in IMAGES)
    return Run(tuple(words[image + 1 :]), environment, fragment)
