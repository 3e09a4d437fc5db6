"""What pages show of a terminal is what happens: the tutorial typed as written, the other pages in virtual time."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

import pytest

from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.behaviour import Behaviour
from drone_deploy_ecs.simulator.faults import Effect, Rule
from drone_deploy_ecs.simulator.timing import Timing
from tests.docs.pages import DOCS, ROOT, SNIPPETS, snippets
from tests.docs.terminal import Simulated, exchanges, is_shown, settled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drone_deploy_ecs.simulator.world import World
    from tests.docs.pages import Snippet

TUTORIAL = DOCS / "tutorial.md"
PORT = "127.0.0.1:4566"
OTHERS = [
    one for one in SNIPPETS if one.language == "console" and DOCS in one.page.parents and one.page != TUTORIAL
]  # the README's are generated, or in tests/cli/test_docs.py


@pytest.mark.parametrize("snippet", OTHERS, ids=str)
def test_a_page_shows_what_happens(snippet: Snippet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if "$ jq " in snippet.text and not shutil.which("jq"):
        pytest.skip("jq isn't installed")
    monkeypatch.chdir(tmp_path)
    terminal = Simulated(world_of(snippet))
    for command, shown in exchanges(snippet.text):
        got = terminal.run(command)
        assert is_shown(shown, got), f"{command} prints\n{got}"


def world_of(console: Snippet) -> World:
    """That of the scenario which the page shows last before the console; the default one without."""
    shown = [one for one in snippets(console.page) if one.language == "toml" and one.line < console.line]
    return scenario.read(tomllib.loads(shown[-1].text)) if shown else scenario.default()


def test_a_log_that_a_page_shows_is_the_log_of_a_story() -> None:
    stories = (ROOT / "tests" / "stories" / "transcripts").glob("*.txt")
    logs = [re.split(r"(?m)^exit code \d+$", one.read_text(encoding="utf-8"))[0] for one in stories]
    shown = [one for one in SNIPPETS if one.language == "text"]
    assert shown
    assert not [str(one) for one in shown if not any(is_shown(one.text, log) for log in logs)]


def test_what_the_page_on_rehearsing_names_is_known() -> None:
    page = (DOCS / "how-to" / "rehearse.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:`\[+(\w+).*?`)? ?\| (.+?) \|", page.partition("## What can be said")[2], re.MULTILINE)
    known = {
        "images": get_type_hints(Behaviour),
        "commands": get_type_hints(Behaviour),
        "services": scenario.SERVICE_OPTIONS,
        "rules": {**scenario.RULE, **scenario.TARGET},
        "schedules": scenario.SCHEDULE,
        "timing": get_type_hints(Timing),
        "faults": get_type_hints(Rule),
    }
    named: dict[str, list[str]] = {table: [] for table in known}
    table = ""
    for head, members in rows:
        table = head or table
        named.get(table, []).extend(re.findall(r"`(\w+)`", members))
    assert all(named.values())
    assert not [(table, one) for table, members in named.items() for one in members if one not in known[table]]
    effects = re.findall(r"`([^`]+)`", page.partition("what happens to calls: ")[2].partition("|")[0])
    assert len(effects) == 9
    assert set(effects) <= {one.value for one in Effect}


def test_the_tutorial_typed_as_written(tmp_path: Path) -> None:
    simulator, *consoles = [one for one in snippets(TUTORIAL) if one.language == "console"]
    (started,) = exchanges(simulator.text)
    with first_terminal(started.command, tmp_path) as (address, printed):
        assert is_shown(started.shown, printed.replace(address, PORT))
        typed = [*exported(address), *(each for one in consoles for each in exchanges(one.text))]
        answers = second_terminal([command.replace(PORT, address) for command, _ in typed], tmp_path)
    for (command, shown), got in zip(typed, answers, strict=True):
        assert is_shown(settled(shown), settled(got)), f"{command} prints\n{got}"


def exported(address: str) -> list[tuple[str, str]]:
    """The shell snippets that set the second terminal up; `make demo` takes a checkout of its own."""
    shell = "".join(one.text for one in snippets(TUTORIAL) if one.language == "sh")
    lines = [line.replace(PORT, address) for line in shell.splitlines() if line != "make demo"]
    assert all(line.startswith("export ") for line in lines)
    return [(line, "") for line in lines]


@contextmanager
def first_terminal(command: str, folder: Path) -> Iterator[tuple[str, str]]:
    """The simulator, on a free port: its address and what it printed."""
    with subprocess.Popen(
        ["bash", "-c", f"exec {command} --port 0"], env=environment(folder), stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        lines = [running.stdout.readline()]
        while "export" not in lines[-1]:
            lines.append(running.stdout.readline())
            assert lines[-1], "the simulator ended"
        yield lines[0].partition("http://")[2].partition(";")[0], "".join(lines)
        running.terminate()


def second_terminal(commands: list[str], folder: Path) -> list[str]:
    """What each command prints, on either stream."""
    end = "--- the end of an answer"
    script = "".join(f"{command}\nstatus=$?; echo '{end}'; (exit $status)\n" for command in commands)
    done = subprocess.run(
        ["bash"], input=script, env=environment(folder), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=180, check=False,
    )  # fmt: skip
    return done.stdout.split(f"{end}\n")[:-1]


def environment(folder: Path) -> dict[str, str]:
    """Of somebody who has just logged in, with the command on the path."""
    return {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)}


# --- the comparison itself ---


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ("a\nb\n", "a\nb\n", True),
        ("a\n…\nc\n", "a\nb\nb\nc\n", True),
        ("a\n…\nc\n", "a\nc\n", True),
        ("a: …\n", "a: whatever\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n…\nc\n", "a\nb\n", False),
        ("a: …\n", "b: whatever\n", False),
        ("12:00:01Z web: up after 1 m 5 s\n", "13:14:15Z web: up after 3 s\n", True),
        ("12:00:01Z web: up after 1 m 5 s\n", "13:14:15Z web: up for 3 s\n", False),
    ],
)
def test_what_is_shown_is_compared(shown: str, got: str, same: bool) -> None:  # noqa: FBT001
    assert is_shown(settled(shown), settled(got)) is same


def test_a_console_is_taken_apart() -> None:
    assert exchanges("$ one --a\n1\n2\n$ two\n$ three\n3\n") == [("one --a", "1\n2\n"), ("two", ""), ("three", "3\n")]
