"""The live view: only on a terminal that wants it, below the same lines, and gone when the run is over."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyte
import pytest
from msgspec.structs import replace
from rich.console import Console

from drone_deploy_ecs.core.progress import Progress, Share, Shifting, State
from drone_deploy_ecs.output.console.live import Live, view
from drone_deploy_ecs.output.console.terminal import is_lively, listening
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from tests.stories.story import PLUGIN, small_world

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.event import Event

NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
WIDTH, HEIGHT = 100, 24
XTERM = {"TERM": "xterm-256color"}


class Terminal(io.StringIO):
    """A stream that says that it is one."""

    def isatty(self) -> bool:
        return True


# --- where it is shown ---


@pytest.mark.parametrize(
    ("env", "lively"),
    [
        (XTERM, True),
        ({**XTERM, "NO_COLOR": ""}, True),
        ({**XTERM, "NO_COLOR": "1"}, False),
        ({**XTERM, "CI": "true"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": ""}, False),
        ({}, False),
    ],
)
def test_a_terminal_is_drawn_on_unless_the_environment_speaks_against_it(env: Mapping[str, str], lively: bool) -> None:  # noqa: FBT001
    assert is_lively(Terminal(), env) is lively


def test_what_is_no_terminal_is_not_drawn_on() -> None:
    assert not is_lively(io.StringIO(), XTERM)


def test_without_rich_there_are_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    assert deploy(Terminal(), XTERM) == [*deploy(io.StringIO(), {})]


def deploy(stream: io.StringIO, env: Mapping[str, str]) -> list[str]:
    """What a deployment writes there."""
    world = small_world()
    request, _ = resolve({}, PLUGIN)
    with listening(stream, env, world.clock) as listener:
        Deployment(request, lambda _: SimulatedAws(world), world.clock, listener, lambda: 0.5).deploy()
    return stream.getvalue().splitlines()


# --- what it shows ---


def progress(state: State, running: int, *, ends: int | None = None) -> Progress:
    return Progress(
        revision="web:2",
        state=state,
        running=running,
        desired=4,
        began_at=NOON,
        ends_at=None if ends is None else NOON + timedelta(seconds=ends),
    )


def shown(latest: dict[str, Progress], after: int = 70, most: int = 10, width: int = WIDTH) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=width).print(view(latest, NOON + timedelta(seconds=after), most))
    rule, *lines = stream.getvalue().splitlines()
    assert rule == "─" * width
    return [line.rstrip() for line in lines]


def test_a_line_a_service() -> None:
    latest = {
        "web": progress(State.ROLLING_OUT, 1, ends=100),
        "worker": progress(State.DRAINING, 4, ends=60),
        "api": progress(State.ROLLING_BACK, 0),
    }
    assert shown(latest) == [
        "web     web:2  ━━━━              1 of 4  rolling out         1 m 10 s, about 30 s to go",
        "worker  web:2  ━━━━━━━━━━━━━━━━  4 of 4  old tasks draining  1 m 10 s",
        "api     web:2                    0 of 4  rolling back        1 m 10 s",
    ]


def test_where_ecs_shifts_traffic_the_share_the_stage_and_the_bake_are_told() -> None:
    canary = Shifting(
        strategy="CANARY", status="IN_PROGRESS", stage="PRODUCTION_TRAFFIC_SHIFT", ours="ecs-svc/2",
        shares=(Share("ecs-svc/2", "web:2", 5.0), Share("ecs-svc/1", "web:1", 95.0)),
        bakes_until=NOON + timedelta(seconds=130),
    )  # fmt: skip
    paused = Shifting(strategy="BLUE_GREEN", status="IN_PROGRESS", stage="POST_SCALE_UP", awaits="PAUSE")
    latest = {
        "web": replace(progress(State.DRAINING, 4), shifting=canary),
        "api": replace(progress(State.ROLLING_OUT, 4), shifting=paused),
        "bad": replace(
            progress(State.ROLLING_BACK, 4),
            shifting=replace(canary, status="ROLLBACK_IN_PROGRESS", stage="CLEAN_UP", bakes_until=None),
        ),
        "new": replace(progress(State.UPDATING, 0), shifting=replace(paused, stage="", awaits="")),
        "all": replace(progress(State.COMPLETE, 4), shifting=canary),
    }
    assert shown(latest) == [
        "web  web:2  ━━━━━━━━━━━━━━━━  4 of 4  5 % of traffic, baking                  1 m 10 s, 1 m to bake",
        "api  web:2  ━━━━━━━━━━━━━━━━  4 of 4  waits for PAUSE, POST_SCALE_UP          1 m 10 s",
        "bad  web:2  ━━━━━━━━━━━━━━━━  4 of 4  rolling back, 5 % of traffic, CLEAN_UP  1 m 10 s",
        "new  web:2                    0 of 4  updating                                1 m 10 s",
        "all  web:2  ━━━━━━━━━━━━━━━━  4 of 4  complete",
    ]
    assert shown(latest, width=70)[:2] == [
        "web  web:2  ━━━━━━━━━━━━━━━━  4 of 4  5 % of traffi…  1 m 10 s, 1 m t…",
        "api  web:2  ━━━━━━━━━━━━━━━━  4 of 4  waits for PAU…  1 m 10 s",
    ]


def test_when_there_are_more_than_fit_those_under_way_come_first() -> None:
    latest = {f"web-{number}": progress(State.COMPLETE, 4) for number in range(5)}
    latest |= {"late": progress(State.ROLLING_OUT, 1), "bad": progress(State.FAILED, 0)}
    lines = shown(latest, most=4)
    assert [line.split()[0] for line in lines] == ["late", "bad", "web-0", "and"]
    assert lines[-1] == "and 4 more"


def test_before_the_first_update_there_is_nothing_to_see() -> None:
    stream = io.StringIO()
    Console(file=stream, width=WIDTH).print(view({}, NOON, 10))
    assert stream.getvalue().strip() == ""


def test_what_is_over_has_no_time_that_goes_on() -> None:
    (line,) = shown({"web": progress(State.COMPLETE, 4, ends=100)})
    assert line.endswith("complete")


# --- on a terminal ---


def test_the_demo_on_a_terminal() -> None:
    """Every line of the log, a view below them while it goes on, and none of that left at the end."""
    views, screen, code = run_on_a_terminal([sys.executable, "-m", "drone_deploy_ecs", "demo"])
    text = [line.rstrip() for line in screen]
    assert code == 0
    for state in ("rolling out", "old tasks draining", "rolling back"):
        assert re.search(rf"^web  web:2  ━+  2 of 2  {state}  \d", views, re.MULTILINE)
    assert re.search(r"^shop  shop:2  ━+  2 of 2  10 % of traffic, baking +\d.* to bake", views, re.MULTILINE)
    assert re.search(r"^shop  shop:1  ━+  2 of 2  rolling back, 0 % of traffic, ", views, re.MULTILINE)
    assert text[-1] == "exit code 3"
    assert text[-2].endswith("Failed: shop is back on shop:1 (2 of 2 tasks), as before.")
    assert not [line for line in text if "━" in line]


def run_on_a_terminal(command: list[str]) -> tuple[str, list[str], int]:
    """All that was drawn, one screen after the other; the last screen's lines; the exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    env = {
        name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CI", "COLUMNS", "LINES")
    } | XTERM
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)
    drawn = []
    while read := _read(ours):
        stream.feed(read)
        drawn.append("\n".join(screen.display))
    os.close(ours)
    assert not screen.cursor.hidden
    return "\n".join(drawn), [line for line in screen.display if line.strip()], process.wait(timeout=60)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 64)  # less than a line of a drawing, so that none is missed where this process is slow
    except OSError:  # how Linux says that the other side is closed
        return b""


def test_the_lines_are_the_same_as_without() -> None:
    drawn = "\n".join(deploy(Terminal(), XTERM))
    for line in deploy(io.StringIO(), {}):
        assert line in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn)


# --- when nobody reads any more ---


class Closed(Terminal):
    """A terminal whose window was closed."""

    def __init__(self, error: OSError) -> None:
        super().__init__()
        self._error = error

    def write(self, _: str) -> int:
        raise self._error


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "Input/output error")])
def test_that_nobody_reads_any_more_stops_no_deployment(error: OSError) -> None:
    world = small_world()
    events: list[Event] = []
    request, _ = resolve({}, PLUGIN)
    with Live(Closed(error), world.clock) as live:

        def listener(event: Event) -> None:
            events.append(event)
            live(event)

        report = Deployment(request, lambda _: SimulatedAws(world), world.clock, listener, lambda: 0.5).deploy()
    assert report.exit_code == 0
    assert str(events[-1]).endswith("Completed: web runs web:2 (2 of 2 tasks).")
