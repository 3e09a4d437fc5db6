"""Whole processes side by side on a simulated ECS, in real time: ours, PyPI's ecs-deploy, the AWS CLI and its waiter.

`python -m benchmarks.processes [--write]`: some minutes. What each costs, and what it says when ECS rolls back.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator.behaviour import missing
from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 7
QUICK = Timing(tick=2.0, provisioning=3.0, healthy_after_running=6.0, restart_first=2.0)
"""Rollouts of some 15 s: nobody waits for minutes to read a table."""
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
CLI = """set -e
aws ecs describe-services --cluster prod --services web > service.json
aws ecs describe-task-definition --task-definition web > old.json
{python} -c 'import json; old = json.load(open("old.json"))["taskDefinition"]
new = {{name: old[name] for name in ("family", "containerDefinitions", "cpu", "memory") if name in old}}
new["containerDefinitions"][0]["image"] = "{image}"
json.dump(new, open("new.json", "w"))'
aws ecs register-task-definition --cli-input-json file://new.json > registered.json
aws ecs update-service --cluster prod --service web --task-definition web > updated.json
aws ecs wait services-stable --cluster prod --services web
echo "services-stable"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A way to deploy: how to start it without work, and with it (`{image}`)."""

    name: str
    idle: str
    deploy: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a process and its children used: seconds, and MiB of the largest of them."""

    wall: float
    cpu: float
    memory: float
    exit_code: int
    last_line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One deployment. `delay`: seconds from ECS's last word to the process's end."""

    subject: str
    case: str
    used: Used
    calls: int
    delay: float
    truth: str


def subjects() -> list[Subject]:
    """Each with its own Python environment."""
    here = Path(sys.executable).parent
    cli, other = own_venv("awscli").parent, own_venv("peers").parent
    ours = "drone-deploy-ecs deploy --aws-region eu-west-1 --cluster prod --service web --container app --image {image}"
    script = CLI.replace("{python}", str(cli / "python"))
    return [
        Subject(name="drone-deploy-ecs", idle="drone-deploy-ecs --version", deploy=ours, path=str(here)),
        Subject(
            name="ecs-deploy 1.17.0", idle="ecs --version",
            deploy="ecs deploy prod web --image app {image} --timeout 120", path=str(other),
        ),
        Subject(name="AWS CLI, services-stable", idle="aws --version", deploy=script, path=str(cli)),
    ]  # fmt: skip


def used(command: str, path: str, folder: str, endpoint: str) -> Used:
    """Run it in a shell of its own."""
    env = {
        "PATH": f"{path}:/usr/bin:/bin", "HOME": folder, "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    began = time.monotonic()
    running = subprocess.Popen(
        ["/bin/sh", "-c", command], cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert running.stdout is not None
    lines = [line for line in running.stdout.read().splitlines() if line.strip()]
    _, status, spent = os.wait4(running.pid, 0)
    return Used(
        wall=time.monotonic() - began, cpu=spent.ru_utime + spent.ru_stime, memory=spent.ru_maxrss / 1024,
        exit_code=os.waitstatus_to_exitcode(status), last_line=lines[-1] if lines else "",
    )  # fmt: skip


def deploy(subject: Subject, case: str) -> Run:
    """A good rollout, or one that ECS's circuit breaker rolls back."""
    world = World(timing=QUICK)
    world.push("shop:missing", missing("shop:missing"))
    world.add_service("prod", "web", task_definition("web", volumes=[], placementConstraints=[]), breaker=Breaker())
    image = "shop:2" if case == "good" else "shop:missing"
    with tempfile.TemporaryDirectory() as folder, Server(world, speed=1.0) as server:
        command = subject.deploy.replace("{{", "{").replace("}}", "}").replace("{image}", image)
        spent = used(command, subject.path, folder, server.url)
        with server.lock:
            server.keep_pace()
            primary, now = world.service("prod", "web").primary, world.clock.monotonic()
            runs = world.containers(primary.task_definition)["app"]
            state = "COMPLETED" if primary.state == "COMPLETED" else primary.state
    return Run(
        subject=subject.name, case=case, used=spent, calls=world.faults.calls[""], delay=now - primary.updated,
        truth=f"{runs}, {state}",
    )  # fmt: skip


def page(idle: Sequence[tuple[str, list[Used]]], runs: Sequence[Run]) -> str:
    """The whole page."""
    start = [
        f"| {name} | {median(use.cpu for use in uses) * 1000:.0f} ms | {median(use.wall for use in uses) * 1000:.0f} ms | "
        f"{max(use.memory for use in uses):.0f} MiB |"
        for name, uses in idle
    ]
    deployed = [
        f"| {run.case} | {run.subject} | {run.calls} | {run.delay:.1f} s | {run.used.cpu:.2f} s | {run.used.memory:.0f} MiB | "
        f"{run.used.exit_code} | {run.truth} | `{run.used.last_line[:110]}` |"
        for run in runs
    ]
    heads = "| start | CPU, median | wall, median | memory |\n|---|--:|--:|--:|"
    head = (
        "| case | who | calls | late by | CPU | memory | exit code | what is true | its last line |\n"
        "|---|---|--:|--:|--:|--:|--:|---|---|"
    )
    parts = [INTRODUCTION, "\n".join((heads, *start)), "\n".join((head, *deployed))]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = f"""# Processes side by side, measured

`python -m benchmarks.processes --write`: real processes in one run, each against a simulated ECS of its own over HTTP, in
real time. Rollouts are hurried to some 15 s. "Late by" is from ECS's last word (COMPLETED, of the new version or of the one
that it went back to) to the end of the process; CPU and memory are those of all its processes, the largest of them.
Starting is `--version`, {ROUNDS} rounds each. In "rolled back" the image isn't there, and ECS's circuit breaker goes back."""


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.processes", description=__doc__)
    parser.add_argument("--write", action="store_true", help="save docs/benchmarks/processes.md")
    options = parser.parse_args(argv)
    compared = subjects()
    with tempfile.TemporaryDirectory() as folder:
        idle = [
            (subject.name, [used(subject.idle, subject.path, folder, "") for _ in range(ROUNDS)])
            for subject in compared
        ]
    text = page(idle, [deploy(subject, case) for case in ("good", "rolled back") for subject in compared])
    print(text)
    if options.write:
        (DOCS / "processes.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
