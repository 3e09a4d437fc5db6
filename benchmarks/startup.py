"""What starting costs: CPU and wall time of whole processes, in interleaved rounds, as ratios to `python -c pass`.

`python -m benchmarks.startup [--rounds 15] [--boto3]`. Real processes on this machine: ratios count, seconds don't.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROUNDS = 15
HELP_AT_MOST = 3.0
"""Times `python -c pass`: the aim for `--help`."""
PROGRAM = str(Path(sys.executable).with_name("drone-deploy-ecs"))
SETTINGS = ("--cluster", "demo", "--service", "web", "--container", "app", "--image", "shop:2")
CALL = "describe_services(cluster='demo', services=['web'])"
BOTOCORE = f"from botocore.session import Session; Session().create_client('ecs').{CALL}"
BOTO3 = f"import boto3; boto3.client('ecs').{CALL}"
PASS = "python -c pass"
HELP = "drone-deploy-ecs --help"


@dataclass(slots=True)
class Subject:
    """A command, the exit code it must have, and what its runs took (seconds)."""

    name: str
    command: Sequence[str]
    exit_code: int = 0
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def _subjects(boto3_python: str) -> list[Subject]:
    python = sys.executable
    subjects = [
        Subject(PASS, (python, "-c", "pass")),
        Subject("drone-deploy-ecs --version", (PROGRAM, "--version")),
        Subject(HELP, (PROGRAM, "--help")),
        Subject("drone-deploy-ecs deploy --help", (PROGRAM, "deploy", "--help")),
        Subject("a refused configuration", (PROGRAM, "deploy", "--image", "no image", "--timeout", "soon"), 2),
        Subject("drone-deploy-ecs plan (3 calls)", (PROGRAM, "plan", *SETTINGS)),
        Subject("botocore, 1 call", (python, "-c", BOTOCORE)),
    ]
    if boto3_python:
        subjects.append(Subject("boto3, 1 call", (boto3_python, "-c", BOTO3)))
    return subjects


def _run(subject: Subject, env: dict[str, str]) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(subject.command, env=env, capture_output=True, check=False)
    subject.wall.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    subject.cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert done.returncode == subject.exit_code, f"{subject.name}: exit code {done.returncode}: {done.stderr.decode()}"


@contextmanager
def _simulator() -> Iterator[str]:
    """The simulated ECS in a process of its own; its URL."""
    command = (PROGRAM, "simulator", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            yield next(word.rstrip(";") for word in first.split() if word.startswith("http://"))
        finally:
            process.terminate()


@contextmanager
def _boto3(*, wanted: bool) -> Iterator[str]:
    """A Python with boto3 in a throwaway environment; "" where that isn't wanted or can't be had."""
    if not wanted:
        yield ""
        return
    with tempfile.TemporaryDirectory() as place:
        venv.create(place, with_pip=True)
        python = str(Path(place) / "bin" / "python")
        install = (python, "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "boto3")
        installed = subprocess.run(install, check=False).returncode == 0
        yield python if installed else ""


def _environment(url: str) -> dict[str, str]:
    """Nothing of the caller's configuration, and no look-up of credentials on the network.

    PYTHONDONTWRITEBYTECODE above all: an image has its bytecode compiled in, so here the warm-up round writes it.
    """
    foreign = ("AWS_", "PLUGIN_", "PYTHON")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    aws = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return env | aws


def measure(rounds: int, *, with_boto3: bool) -> list[Subject]:
    """Every subject once a round; the first round only warms up."""
    with _simulator() as url, _boto3(wanted=with_boto3) as boto3_python:
        subjects, env = _subjects(boto3_python), _environment(url)
        for _ in range(rounds + 1):
            for subject in subjects:
                _run(subject, env)
    for subject in subjects:
        del subject.cpu[0], subject.wall[0]
    return subjects


def _table(subjects: Sequence[Subject]) -> Iterator[str]:
    least, middle = min(subjects[0].cpu), median(subjects[0].cpu)
    yield "| process | CPU ms, min | median | x pass, min | x pass, median | wall ms, min | median |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for one in subjects:
        low, usual = min(one.cpu), median(one.cpu)
        yield (
            f"| `{one.name}` | {1e3 * low:.1f} | {1e3 * usual:.1f} | {low / least:.2f} | {usual / middle:.2f} | "
            f"{1e3 * min(one.wall):.1f} | {1e3 * median(one.wall):.1f} |"
        )


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    parser.add_argument("--boto3", action="store_true", help="install boto3 in a throwaway environment, and measure it")
    options = parser.parse_args(argv)
    subjects = measure(options.rounds, with_boto3=options.boto3)
    print("\n".join(_table(subjects)))
    names = {one.name: one for one in subjects}
    if "boto3, 1 call" not in names:
        print("\nboto3 was not measured: " + ("it could not be installed" if options.boto3 else "ask with --boto3"))
    ratio = median(names[HELP].cpu) / median(names[PASS].cpu)
    word = "met" if ratio <= HELP_AT_MOST else "MISSED"
    print(f"\n`{HELP}` takes {ratio:.2f} times `{PASS}` (aim: at most {HELP_AT_MOST:g}): {word}")


if __name__ == "__main__":
    main(sys.argv[1:])
