"""What starting costs, in interleaved rounds: whole processes, and until the first signed request arrives.

`python -m benchmarks.startup [--rounds 15] [--boto3] [--write]`. Real processes on this machine: ratios count, seconds
don't.
"""

from __future__ import annotations

import argparse
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from botocore.httpsession import get_cert_path

from tests.contract.middlebox import CERTIFICATE
from tests.own_venv import own_venv, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROUNDS = 15
HELP_AT_MOST = 3.0
"""Times `python -c pass`: the aim for `--help`."""
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks" / "startup.md"
HEAD = f"""# What starting costs

Real processes, every one once a round, after one that warms up. Written by `python -m benchmarks.startup --write`
(Python {sys.version.split()[0]}, {os.cpu_count()} cores that others kept busy): read the ratios, not the milliseconds.

`python -c pass` starts Python. *botocore, 1 call* is what any Python program pays for a signed request to AWS: a
session, a client and a call, in one line. A process is looked at (`/proc/<pid>/schedstat`) when its request arrives.

All run in an environment that has what a user's has: `requirements/runtime.txt`, and the wheel. *TLS* is the same over
TLS on loopback, where the certificates that botocore brings are parsed, too.

What is ours on top of it is msgspec and some hundred of our own classes, all of them its Structs. What is saved: botocore's
data files are read by msgspec, and while botocore is imported and its client made the garbage collector rests, for nothing
of that is garbage. Nothing else is imported on the way but `argparse`, `gettext`, `statistics` and `fractions`;
`tests/cli/test_start.py` keeps it so.
"""
SETTINGS = ("--cluster", "demo", "--service", "web", "--container", "app", "--image", "shop:2")
CALL = "describe_services(cluster='demo', services=['web'])"
BOTOCORE = f"from botocore.session import Session; Session().create_client('ecs').{CALL}"
BOTO3 = f"import boto3; boto3.client('ecs').{CALL}"
FLOOR = "botocore, 1 call"
FLOOR_AT_MOST = 1.0
"""Times botocore's own script: the aim for the first signed request."""
PASS = "python -c pass"
HELP = "drone-deploy-ecs --help"


@dataclass(slots=True)
class Subject:
    """A command, the exit code it must have, whom it trusts where it talks TLS, and what its runs took (seconds)."""

    name: str
    command: Sequence[str]
    exit_code: int = 0
    bundle: Path | None = None
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


def _installed() -> Path:
    """The Python of an environment like a user's: what `requirements/runtime.txt` locks, and the wheel."""
    python = own_venv("runtime")
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
        wheel = next(Path(folder).glob("*.whl"))
        pip = (str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-index", "--no-deps")
        run(*pip, "--force-reinstall", str(wheel))
    return python


def _program(python: Path) -> str:
    return str(python.with_name("drone-deploy-ecs"))


def _subjects(python: Path, boto3_python: str) -> list[Subject]:
    program = _program(python)
    subjects = [
        Subject(PASS, (str(python), "-c", "pass")),
        Subject("drone-deploy-ecs --version", (program, "--version")),
        Subject(HELP, (program, "--help")),
        Subject("drone-deploy-ecs deploy --help", (program, "deploy", "--help")),
        Subject("a refused configuration", (program, "deploy", "--image", "no image", "--timeout", "soon"), 2),
        Subject("drone-deploy-ecs plan (3 calls)", (program, "plan", *SETTINGS)),
        Subject(FLOOR, (str(python), "-c", BOTOCORE)),
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


def _until_request(subject: Subject, env: dict[str, str]) -> None:
    """Its cost until a signed request of its arrives: the process is looked at before it is answered, and ended."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        scheme = "https" if subject.bundle else "http"
        env = env | {"AWS_ENDPOINT_URL": f"{scheme}://127.0.0.1:{server.getsockname()[1]}"}
        if subject.bundle:
            env["AWS_CA_BUNDLE"] = str(subject.bundle)
        began = time.perf_counter()
        with subprocess.Popen(
            subject.command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            accepted, _ = server.accept()
            with _secured(accepted) if subject.bundle else accepted as asking:
                request = asking.recv(65536)
                subject.wall.append(time.perf_counter() - began)
                # proc(5): nanoseconds on a CPU. One thread starts, and calls.
                spent = Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]
                subject.cpu.append(int(spent) / 1e9)
                process.kill()
    assert b"Authorization: AWS4-HMAC-SHA256" in request, f"{subject.name}: not signed"


def _secured(accepted: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context.wrap_socket(accepted, server_side=True)


@contextmanager
def _bundle() -> Iterator[Path]:
    """The certificates that botocore brings, and the server's."""
    brought = get_cert_path(verify=True)
    assert brought
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bundle.pem"
        path.write_bytes(Path(brought).read_bytes() + CERTIFICATE.read_bytes())
        yield path


@contextmanager
def _simulator(program: str) -> Iterator[str]:
    """The simulated ECS in a process of its own; its URL."""
    command = (program, "simulator", "--port", "0")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            yield next(word.rstrip(";") for word in first.split() if word.startswith("http://"))
        finally:
            process.terminate()


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


def _calling_subjects(python: Path, boto3_python: str, bundle: Path | None = None) -> list[Subject]:
    """Those that make a call, the floor first."""
    suffix = ", TLS" if bundle else ""
    asking = [Subject(f"{FLOOR}{suffix}", (str(python), "-c", BOTOCORE), bundle=bundle)]
    asking += [
        Subject(f"drone-deploy-ecs {command}{suffix}", (_program(python), command, *SETTINGS), bundle=bundle)
        for command in ("plan", "deploy")
    ]
    if boto3_python:
        asking.append(Subject(f"boto3, 1 call{suffix}", (boto3_python, "-c", BOTO3), bundle=bundle))
    return asking


def measure(rounds: int, *, with_boto3: bool) -> tuple[list[Subject], list[Subject], list[Subject]]:
    """Whole processes, until the first request, and that over TLS: each once a round, and the first only warms up."""
    python = _installed()
    # ecs-deploy is made with it
    boto3_python = str(own_venv("peers")) if with_boto3 else ""
    with _simulator(_program(python)) as url, _bundle() as bundle:
        whole, asking = _subjects(python, boto3_python), _calling_subjects(python, boto3_python)
        secured, env = _calling_subjects(python, boto3_python, bundle), _environment(url)
        for _ in range(rounds + 1):
            for subject in whole:
                _run(subject, env)
            for subject in (*asking, *secured):
                _until_request(subject, env)
    for subject in (*whole, *asking, *secured):
        del subject.cpu[0], subject.wall[0]
    return whole, asking, secured


def _table(subjects: Sequence[Subject], what: str) -> Iterator[str]:
    """Ratios to the first of them."""
    least, middle = min(subjects[0].cpu), median(subjects[0].cpu)
    yield f"| {what} | CPU ms, min | median | x first, min | x first, median | wall ms, min | median |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for subject in subjects:
        low, usual = min(subject.cpu), median(subject.cpu)
        yield (
            f"| `{subject.name}` | {1e3 * low:.1f} | {1e3 * usual:.1f} | {low / least:.2f} | {usual / middle:.2f} | "
            f"{1e3 * min(subject.wall):.1f} | {1e3 * median(subject.wall):.1f} |"
        )


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"default: {ROUNDS}")
    parser.add_argument("--boto3", action="store_true", help="measure boto3, too, in an environment of its own")
    parser.add_argument("--write", action="store_true", help=f"save {PAGE.name} of docs/benchmarks")
    options = parser.parse_args(argv)
    text = "\n".join(_page(*measure(options.rounds, with_boto3=options.boto3)))
    print(text)
    if options.write:
        PAGE.write_text(f"{HEAD}\n{text}\n")


def _page(whole: Sequence[Subject], asking: Sequence[Subject], secured: Sequence[Subject]) -> Iterator[str]:
    yield from ("## Until the first signed request", "")
    yield from _table(asking, "process")
    yield ""
    yield from _table(secured, "process")
    yield from (
        "",
        f"The aim is at most {FLOOR_AT_MOST:g} times botocore's own: {_met(asking[1], asking[0], FLOOR_AT_MOST)}.",
    )
    yield from ("", "## Whole processes", "")
    yield from _table(whole, "process")
    names = {subject.name: subject for subject in whole}
    verdict = _met(names[HELP], names[PASS], HELP_AT_MOST)
    yield from ("", f"The aim for `{HELP}` is at most {HELP_AT_MOST:g} times `{PASS}`: {verdict}.")


def _met(subject: Subject, floor: Subject, most: float) -> str:
    """By the medians and by the quickest."""
    usual, least = median(subject.cpu) / median(floor.cpu), min(subject.cpu) / min(floor.cpu)
    return f"{'met' if max(usual, least) <= most else 'missed'}, at {usual:.2f} times (the quickest runs {least:.2f})"


if __name__ == "__main__":
    main(sys.argv[1:])
