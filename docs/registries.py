"""What plugin registries want to know, made from the table of settings: files to hand in, in `registries/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from drone_deploy_ecs.settings.table import SETTINGS
from drone_deploy_ecs.settings.values import ROLLING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.settings.table import Setting

NAME = "drone-deploy-ecs"
AUTHOR = "drone-deploy-ecs contributors"
DESCRIPTION = "Deploys to Amazon ECS from CI and says truthfully whether the new version serves, and if not, why not"
REPOSITORY = "https://git.example.com/drone-deploy-ecs"
IMAGE = "registry.example.com/drone-deploy-ecs"
TO_REPLACE = """\
# Made by docs/generate.py. Before it is handed in, put your addresses in the place of example.com's (registries/README.md).
"""
EXAMPLE = f"""\
steps:
- name: deploy
  image: {IMAGE}
  settings:
    aws_region: eu-west-1
    cluster: prod
    service: [web, worker]
    container: app
    image: registry.example.com/shop:${{DRONE_COMMIT_SHA}}
"""
TYPES = {"list": "array", "number": "number", "yes/no": "boolean"}
"""The index knows fewer than we do: all others are strings."""


def drone_entry() -> str:
    """`plugins/drone-deploy-ecs/content.yaml` of Drone's plugin index."""
    entry = {
        "title": NAME,
        "author": AUTHOR,
        "tags": ["deploy", "aws", "ecs", "fargate"],
        "logo": f"{NAME}.svg",
        "repo": REPOSITORY,
        "license": "MIT License",
        "description": DESCRIPTION,
        "example": _Text(EXAMPLE),
        "properties": {setting.name: _property(setting) for setting in SETTINGS},
    }
    return TO_REPLACE + yaml.dump(entry, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1000)


def _property(setting: Setting) -> Mapping[str, Any]:
    """All five members are mandatory, so what has no default has an empty one."""
    kind = TYPES.get(setting.type, "string")
    return {
        "type": kind,
        "defaultValue": _default(kind, setting.default),
        "description": _described(setting),
        "secret": setting.secret,
        "required": setting.required and not setting.unless and setting.is_used_in(ROLLING),
    }


def _default(kind: str, text: str) -> Any:
    match kind:
        case "array":
            return [text] if text else []
        case "boolean":
            return text == "true"
        case "number":
            return int(text) if text else ""
        case _:
            return text


def _described(setting: Setting) -> str:
    modes = f"In mode {' and '.join(setting.modes)}: " if setting.modes else ""
    said = modes + setting.help
    return f"{said[:1].upper()}{said[1:]}."


class _Text(str):
    """Several lines, to be written as such."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    pass


def _as_block(dumper: yaml.SafeDumper, text: _Text) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")


_Dumper.add_representer(_Text, _as_block)


def woodpecker_page(settings_table: str) -> str:
    """`docs.md` for Woodpecker's plugin index: a header of metadata, then Markdown."""
    header = {
        "name": NAME,
        "icon": f"{REPOSITORY}/raw/main/docs/logo.svg",
        "description": DESCRIPTION,
        "author": AUTHOR,
        "tags": ["deploy", "aws", "ecs", "fargate"],
        "containerImage": IMAGE,
        "containerImageUrl": f"https://{IMAGE}",
        "url": REPOSITORY,
    }
    example = EXAMPLE.replace("DRONE_COMMIT_SHA", "CI_COMMIT_SHA")
    return "\n".join([
        f"---\n{yaml.safe_dump(header, sort_keys=False, allow_unicode=True)}---\n",
        "It puts a new image on an ECS service that is already running, follows that deployment by its id, and goes back",
        "to the last completed revision when it fails. The last line of the log says what runs now; the exit code, too.\n",
        f"```yaml\n{example}```\n",
        "AWS credentials are the agent's own role. Woodpecker doesn't allow `environment` beside `settings`: with stored",
        "keys, use `commands: [drone-deploy-ecs deploy …]` and `environment` instead.\n",
        "## Settings\n",
        settings_table,
    ])  # fmt: skip
