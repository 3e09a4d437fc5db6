"""The installed wheel: its command, its names for programs, and their types."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import drone_deploy_ecs
from drone_deploy_ecs import __version__, api
from drone_deploy_ecs.simulator import scenario
from drone_deploy_ecs.simulator.http import Server
from tests.docs.pages import DOCS, snippets
from tests.own_venv import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("wheel")  # one venv has it
SAMPLE = """
from collections.abc import Sequence
from typing import assert_type

from drone_deploy_ecs import Event, ExitCode, Refused, Report, Request, Verdict, __version__, deploy, request


def said(event: Event) -> None:
    assert_type(event.text, str)


def ours(image: str, services: Sequence[str]) -> bool:
    asked = request(cluster="prod", service=services, container="app", image=image, stable_for="1m", log_lines=5)
    assert_type(asked, Request)
    report = deploy(asked, listener=said)
    assert_type(report, Report)
    assert_type(report.verdict, Verdict)
    return report.verdict is Verdict.COMPLETED and report.exit_code == ExitCode.DONE


try:
    print(ours("shop:2", ["web", "worker"]), __version__)
except Refused as refusal:
    print([problem.what for problem in refusal.problems])
"""
WRONG = (
    ("deploy('shop:2')", "arg-type"),
    ("deploy(request(cluster='prod'), said)", "name-defined"),
    ("request(cluster=None)", "arg-type"),
    ("deploy(request()).verdct", "attr-defined"),
)


def run(python: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """With nothing of this checkout in sight."""
    return subprocess.run(
        [str(python), "-I", *words], env=environment, cwd="/", capture_output=True, text=True, timeout=120, check=False
    )


def test_one_process_alone_installs_it(request: pytest.FixtureRequest) -> None:
    is_alone = "PYTEST_XDIST_WORKER" not in os.environ
    assert is_alone or request.node.nodeid.endswith("@wheel"), "--dist=loadgroup isn't given, or isn't heeded"


def test_the_command_is_installed(installed: Path) -> None:
    command = installed.with_name("drone-deploy-ecs")
    told = run(command.parent / "python", str(command), "--version")
    assert (told.returncode, told.stdout) == (0, f"drone-deploy-ecs {__version__}\n")
    told = run(installed, str(command), "--help")
    assert told.stdout.startswith("usage: drone-deploy-ecs")


def test_the_demo_runs_from_the_wheel(installed: Path) -> None:
    told = run(installed, "-m", "drone_deploy_ecs", "demo")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Completed: web runs web:2" in told.stdout
    assert "Failed: web is back on web:2" in told.stdout
    assert "shop:2 gets 10 % of production traffic" in told.stdout
    assert "Failed: shop is back on shop:1" in told.stdout


def test_the_documented_program_deploys(installed: Path, tmp_path: Path) -> None:
    (program,) = (one for one in snippets(DOCS / "python.md") if one.language == "python")
    path = tmp_path / "program.py"
    path.write_text(program.text)
    with Server(scenario.default(), 0, 30) as server:
        told = run(
            installed, str(path), AWS_ENDPOINT_URL=server.url, AWS_ACCESS_KEY_ID="any", AWS_SECRET_ACCESS_KEY="any"
        )
    assert (told.stdout, told.stderr) == ("Completed 0\n", "")


def test_importing_the_package_imports_nothing_heavy(installed: Path) -> None:
    script = "import sys, drone_deploy_ecs; assert drone_deploy_ecs.__version__; print(*sys.modules)"
    loaded = set(run(installed, "-c", script).stdout.split())
    assert "drone_deploy_ecs" in loaded
    assert not loaded & {"botocore", "dataclasses", "typing", "drone_deploy_ecs.api", "drone_deploy_ecs.settings"}


def test_a_name_that_is_not_there_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = drone_deploy_ecs.nothing  # type: ignore[attr-defined]  # that is the point


def test_the_stub_names_what_can_be_imported() -> None:
    stub = ast.parse((PROJECT / "src" / "drone_deploy_ecs" / "__init__.pyi").read_text())
    imported = [one.names[0].name for one in stub.body if isinstance(one, ast.ImportFrom)]
    assert imported == list(drone_deploy_ecs.__all__) == list(api.__all__)


# --- types ---


def mypy(installed: Path, program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """As a user of the wheel would run it."""
    path = folder / "sample.py"
    path.write_text(program)
    command = [sys.executable, "-m", "mypy", "--strict", "--python-executable", str(installed), "--cache-dir", "cache"]
    return subprocess.run([*command, str(path)], cwd=folder, capture_output=True, text=True, timeout=180, check=False)


def test_the_types_are_those_of_the_page(installed: Path, tmp_path: Path) -> None:
    checked = mypy(installed, SAMPLE, tmp_path)
    assert checked.returncode == 0, checked.stdout


def test_a_wrong_use_is_a_type_error(installed: Path, tmp_path: Path) -> None:
    lines = ["from drone_deploy_ecs import deploy, request", *(line for line, _ in WRONG)]
    checked = mypy(installed, "\n".join(lines), tmp_path)
    found = [
        (int(line.split(":")[1]), line.rpartition("[")[2].rstrip("]")) for line in checked.stdout.splitlines()[:-1]
    ]
    assert found == [(number, code) for number, (_, code) in enumerate(WRONG, 2)]
