"""What a page shows of a terminal, and whether that is what happens."""

from __future__ import annotations

import io
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.simulator.aws import SimulatedAws

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World

VARYING = (
    (r"\b\d\d:\d\d:\d\dZ", "12:00:00Z"),
    (r"ecs-svc/\d+", "ecs-svc/1"),
    (r"\b(?:\d+ [hm] )?\d+ [hms]\b", "1 s"),
    (r"\(\d+ times\)", "(1 times)"),
)
"""What differs from run to run where time is real: moments, ids, durations, counts."""


class Exchange(NamedTuple):
    """A command, and what it is shown to answer."""

    command: str
    shown: str


def exchanges(console: str) -> list[Exchange]:
    """Those of a `console` snippet: commands stand behind a dollar sign."""
    parts = re.split(r"^\$ (.+)\n", console, flags=re.MULTILINE)
    assert not parts[0], f"output without a command: {parts[0]}"
    return [Exchange(*pair) for pair in zip(parts[1::2], parts[2::2], strict=True)]


def settled(text: str) -> str:
    """With what varies made the same."""
    for pattern, same in VARYING:
        text = re.sub(pattern, same, text)
    return text


def is_shown(shown: str, got: str) -> bool:
    """Whether `got` is what is shown, where `…` stands for any lines, or within a line for any text."""
    pattern = re.escape(shown).replace("…\\\n", "(?:.*\n)*?").replace("…", ".*?")
    return re.fullmatch(pattern, got) is not None


class Simulated:
    """A terminal in a world whose time is virtual: the same to the second on every run. It knows five commands."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._status = 0
        self._env: dict[str, str] = {}

    def run(self, command: str) -> str:
        """What it prints."""
        match shlex.split(command):
            case ["drone-deploy-ecs", *arguments]:
                out = io.StringIO()
                aws = SimulatedAws(self._world)
                edges = Edges(self._env, out, out, lambda _: aws, self._world.clock, lambda: 0.5, NEVER)
                self._status = main(arguments, lambda: edges)
                return out.getvalue()
            case ["echo", "0" | "$?"]:
                return f"{int(self._status)}\n"
            case ["cat", file]:
                return Path(file).read_text(encoding="utf-8")
            case ["export", *assignments]:
                self._env |= dict(assignment.split("=", 1) for assignment in assignments)
                return ""
            case ["jq", *arguments]:
                return subprocess.run(["jq", *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout
            case _:
                raise AssertionError(f"this terminal can't run {command}")
