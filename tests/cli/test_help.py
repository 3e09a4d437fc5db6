"""`--help`, `--version` and a refused configuration: what they say, and what they don't import."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from drone_deploy_ecs import __version__
from drone_deploy_ecs.cli.edges import GARBAGE
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.settings.actions import ACTIONS
from drone_deploy_ecs.settings.table import SETTINGS

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "asyncio", "boto3", "botocore", "dataclasses", "difflib", "drone_deploy_ecs.output", "email", "http", "importlib.metadata", "inspect", "json",
    "logging", "msgspec", "pydantic", "random", "rich", "shutil", "socket", "ssl", "traceback", "urllib3",
)  # fmt: skip
"""None of these may be paid for by somebody who only reads the help."""
BOTOCORE = ("boto3", "botocore", "urllib3", "ssl", "socket", "http")

# Runs the command line in a process of its own, and then says what that process had imported.
PROBE = """
import sys
from drone_deploy_ecs.cli.main import run
sys.argv = ["drone-deploy-ecs", *sys.argv[1:]]
try:
    run()
finally:
    loaded = sorted(sys.modules)
    import json
    with open("modules.json", "w") as file:
        json.dump(loaded, file)
"""


CYCLES = """
import gc, sys
from drone_deploy_ecs.cli.main import run
sys.argv = ["drone-deploy-ecs", "deploy", "--image", "no image"]
try:
    run()
except SystemExit:
    print(gc.get_threshold()[0])
"""


def test_cycles_are_looked_for_seldom() -> None:
    told = subprocess.check_output([sys.executable, "-c", CYCLES], text=True)
    assert int(told.split()[-1]) == GARBAGE > 10_000


class Ran(NamedTuple):
    """What a process did."""

    exit_code: int
    stdout: str
    stderr: str
    modules: set[str]


class Run:
    """Runs the command with an environment of nothing but what is given."""

    def __init__(self, tmp_path: Path) -> None:
        self._tmp_path = tmp_path

    def __call__(self, *words: str, **environment: str) -> Ran:
        command = [sys.executable, "-I", "-c", PROBE, *words]
        done = subprocess.run(
            command, env=environment, cwd=self._tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        modules = set(json.loads((self._tmp_path / "modules.json").read_text()))
        return Ran(done.returncode, done.stdout, done.stderr, modules)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The command."""
    return Run(tmp_path)


def words(text: str) -> str:
    """Without the line breaks that argparse chose."""
    return " ".join(text.split()).replace("- ", "-")


def test_version(run: Run) -> None:
    ran = run("--version")
    assert (ran.exit_code, ran.stdout, ran.stderr) == (0, f"drone-deploy-ecs {__version__}\n", "")


def test_help_names_every_action(run: Run) -> None:
    ran = run("--help")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout.startswith("usage: drone-deploy-ecs [-h] [--version] ACTION ...\n")
    for command in (*ACTIONS, "simulator", "demo"):
        assert f"\n    {command} " in ran.stdout or f"\n    {command}\n" in ran.stdout
    assert ran.stdout.index("actions:") < ran.stdout.index("options:")


@pytest.mark.parametrize("command", ACTIONS)
def test_help_of_an_action_has_every_setting_that_it_uses_with_its_default(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert (ran.exit_code, ran.stderr) == (0, "")
    told = words(ran.stdout)
    for setting in SETTINGS:
        if setting.is_command or not ACTIONS[command].uses(setting.name):
            continue
        assert f"\n  {setting.flag} " in ran.stdout
        assert words("".join((", ".join(setting.modes), ": " if setting.modes else "", setting.help))) in told
        if setting.default:
            assert f"{words(setting.help)} (default: {words(setting.default)})" in told


@pytest.mark.parametrize("command", [[], *([name] for name in ACTIONS)])
def test_help_has_every_exit_code(run: Run, command: list[str]) -> None:
    codes = words(run(*command, "--help").stdout).rpartition("exit codes: ")[2].split("; ")
    assert [code.partition(" ")[0] for code in codes] == [*(str(int(code)) for code in ExitCode), "128+n"]


@pytest.mark.parametrize("command", [["--help"], ["deploy", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(run: Run, command: list[str]) -> None:
    # From 3.14 on argparse colours the help itself, with a dataclass.
    argparses = {"dataclasses", "inspect"} if sys.version_info >= (3, 14) else set()
    assert not run(*command).modules & set(HEAVY) - argparses


def test_the_probe_would_see_botocore(run: Run) -> None:
    settings = {"AWS_REGION": "eu-west-1", "PLUGIN_CLUSTER": "prod", "PLUGIN_SERVICE": "web", "PLUGIN_CONTAINER": "app",
                "PLUGIN_IMAGE": "shop:2", "AWS_EC2_METADATA_DISABLED": "true"}  # fmt: skip
    ran = run(**settings)
    assert ran.exit_code == 2  # no credentials
    assert set(BOTOCORE) - {"boto3"} <= ran.modules


@pytest.mark.parametrize(
    "environment",
    [{}, {"PLUGIN_MODE": "blue_green", "PLUGIN_IMAGE": "No Image"}, {"PLUGIN_AWS_ROLE_EXTERNAL_ID": "xyz"}],
    ids=["nothing set", "wrong values", "half a role"],
)
def test_a_refused_configuration_never_imports_botocore(run: Run, environment: dict[str, str]) -> None:
    ran = run(**environment)
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines()[-1] == "Refused: nothing was changed."
    assert not ran.modules & set(BOTOCORE)


def test_a_refused_configuration_names_everything_that_is_missing(run: Run) -> None:
    ran = run("deploy", "--image", "shop:2")
    required = [one.name for one in SETTINGS if one.required and one.is_used_in("rolling") and one.name != "image"]
    assert [line.split()[1] for line in ran.stderr.splitlines()[:-1]] == required


def test_a_misspelt_flag_is_refused_with_a_hint(run: Run) -> None:
    ran = run("deploy", "--dryrun")
    assert ran.exit_code == 2
    assert "Did you mean --dry-run?\n" in ran.stderr


def test_a_flag_without_its_dashes_is_refused_with_them(run: Run) -> None:
    assert "Did you mean --cluster" in run("deploy", "cluster=prod").stderr


def test_help_tells_of_an_action_only_the_settings_that_mean_something_to_it(run: Run) -> None:
    told = run("watch", "--help").stdout
    assert "--cluster" in told
    assert "--image" not in told
    assert "unrecognized" not in run("watch", "--image", "shop:2").stderr


@pytest.mark.parametrize("words", [["dpeloy"], ["plan", "--action", "deploy"]])
def test_a_misspelt_command_is_refused_with_a_hint_and_there_is_no_flag_for_it(run: Run, words: list[str]) -> None:
    ran = run(*words)
    assert ran.exit_code == 2
    assert "Did you mean deploy" in ran.stderr or "unrecognized arguments: --action" in ran.stderr


def test_a_port_that_is_taken_is_refused_with_what_to_do(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = run("simulator", "--port", str(port))
    assert ran.exit_code == 2
    assert f"port {port} can't be listened on: Address already in use. Give another --port" in ran.stderr
    assert "there is no such port" in run("simulator", "--port", "70000").stderr


def test_a_misspelt_flag_of_another_command_is_one_of_its_own(run: Run) -> None:
    assert "unrecognized arguments: --prot 1. Did you mean --port?\n" in run("simulator", "--prot", "1").stderr
    assert "See drone-deploy-ecs demo --help.\n" in run("demo", "--fast").stderr
    assert "See drone-deploy-ecs watch --help.\n" in run("watch", "--scenario").stderr


def test_the_bare_command_leads_to_its_help(run: Run) -> None:
    first = "drone-deploy-ecs: neither an action nor a PLUGIN_ variable is given. See drone-deploy-ecs --help.\n"
    assert run().stderr.startswith(first)
    assert first not in run("deploy").stderr
    assert first not in run(PLUGIN_ACTION="deploy").stderr


def test_a_misspelt_flag_of_the_simulator_leads_to_its_own_help(run: Run) -> None:
    assert "See drone-deploy-ecs simulator --help" in run("simulator", "--speed", "fast").stderr
