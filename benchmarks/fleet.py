"""Many services as one deployment, and the same by a process each, under AWS's own token buckets.

`python -m benchmarks.fleet [--write]`: virtual time for waits, real CPU; `--wire N` deploys to N services over HTTP, in
real time, by processes of their own (some minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.quota import QUOTAS
from drone_deploy_ecs.deployment import Deployment
from drone_deploy_ecs.errors import ApiError
from drone_deploy_ecs.settings import resolve
from drone_deploy_ecs.simulator.connect import connection
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COUNTS = (1, 10, 100, 500, 1000)
PERIODS = (1.0, 10.0, 15.0)
MOST_PEERS = 500
SHARED_BY = 10
"""Services of one task definition family."""
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"
LATENCY = 0.05
ATTEMPTS, BACKOFF_MOST = 5, 20.0
"""botocore's legacy retries, which the AWS CLI and most tools run with."""
DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
AIM, AIM_MEMORY = 1.15, 150
COMMAND = str(Path(sys.executable).with_name("drone-deploy-ecs"))


def fleet(count: int) -> World:
    """Services of one to four tasks; of every three one has a load balancer, whose old tasks drain for 30 s."""
    world = World(timing=Timing(draining=30.0))
    arns = [world.register(task_definition(f"family-{number}")) for number in range(max(1, count // SHARED_BY))]
    for number in range(count):
        group = GROUP if number % 3 == 0 else ""
        world.add_service(
            "prod", f"tenant-{number:04}", arns[number % len(arns)], desired=1 + number % 4, target_group=group
        )
    world.faults.keeps_quotas = True
    return world


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way to do it. Seconds; `bound` is what AWS's rates and the slowest rollout take."""

    who: str
    services: int
    took: float
    bound: float
    calls: int
    throttled: int
    failed: int
    cpu: float


def bound(world: World, registrations: int) -> float:
    """What nobody can be faster than who registers before updating: each bucket emptied, then the slowest rollout."""
    register, update = QUOTAS["RegisterTaskDefinition"], QUOTAS["UpdateService"]
    services = list(world.services.values())
    begun = [one.primary for one in services if one.primary.created >= 0]
    rollout = max(one.updated - one.created for one in begun)
    registering = max(0, registrations - register.burst) / register.rate
    return registering + max(0, len(services) - update.burst) / update.rate + rollout


# --- as one deployment ---


def ours(count: int) -> Run:
    """One run over all of them."""
    world = fleet(count)
    request, _ = resolve(
        {
            "aws_region": "eu-west-1", "cluster": "prod", "service": "tenant-*", "container": "app", "image": "shop:2",
        },
        {},
    )  # fmt: skip
    began, cpu = world.clock.monotonic(), time.process_time()
    chance = random.Random(1).random
    report = Deployment(request, lambda _: connection(world), world.clock, lambda _: None, chance).deploy()
    return Run(
        who="one deployment", services=count, took=world.clock.monotonic() - began,
        bound=bound(world, max(1, count // SHARED_BY)), calls=sum(report.api_calls.values()),
        throttled=sum(world.faults.throttled.values()), failed=int(report.exit_code != 0),
        cpu=time.process_time() - cpu,
    )  # fmt: skip


# --- as a process each ---


def peers(count: int, period: float) -> Run:
    """Processes that know nothing of each other: describe, register, update, then look every `period` seconds."""
    world = fleet(count)
    world.faults.latency = 0.0  # they wait for their answers at the same time
    began, cpu = world.clock.monotonic(), time.process_time()
    chance = random.Random(1)
    queue = [(began, number, _peer(world, name, period, chance)) for number, (_, name) in enumerate(world.services)]
    heapify(queue)
    failed, ended = 0, began
    while queue:
        at, number, process = heappop(queue)
        world.clock.advance_to(at)
        ended = max(ended, at)
        try:
            heappush(queue, (at + next(process), number, process))
        except StopIteration:
            continue
        except ApiError:
            failed += 1  # "Rate exceeded", and a red pipeline
    return Run(
        who=f"a process each, looking every {period:g} s", services=count, took=ended - began,
        bound=bound(world, max(1, count // SHARED_BY)), calls=world.faults.calls[""],
        throttled=sum(world.faults.throttled.values()), failed=failed, cpu=time.process_time() - cpu,
    )  # fmt: skip


def _peer(world: World, name: str, period: float, chance: random.Random) -> Iterator[float]:
    """One of them; yields the seconds that it waits. Raises ApiError where its retries are used up."""
    ecs = connection(world).ecs
    answers: list[Any] = []

    def call(operation: str, **asked: Any) -> Iterator[float]:
        for attempt in range(ATTEMPTS):
            yield LATENCY
            try:
                answers.append(getattr(ecs, operation)(**asked))
            except ApiError:
                if attempt == ATTEMPTS - 1:
                    raise
                yield min(chance.random() * 2**attempt, BACKOFF_MOST)
            else:
                return

    yield from call("describe_services", cluster="prod", services=[name])
    yield from call("describe_task_definition", taskDefinition=answers[-1]["services"][0]["taskDefinition"])
    body = task_definition(answers[-1]["taskDefinition"]["family"], "shop:2")
    yield from call("register_task_definition", definition=body)
    arn = answers[-1]["taskDefinition"]["taskDefinitionArn"]
    yield from call("update_service", cluster="prod", service=name, taskDefinition=arn)
    while True:
        yield period
        yield from call("describe_services", cluster="prod", services=[name])
        primary = answers[-1]["services"][0]["deployments"][0]
        if primary["taskDefinition"] == arn and primary["rolloutState"] == "COMPLETED":
            return


# --- over the wire ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A whole process: wall seconds, CPU seconds, and its largest resident set in MiB."""

    services: int
    wall: float
    cpu: float
    memory: float
    exit_code: int
    last_line: str


def over_the_wire(count: int) -> Wire:
    """The command line against the simulator in another process, in real time."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "fleet.json"
        services = [
            {"cluster": "prod", "name": f"tenant-{number:04}", "family": f"family-{number % 20}", "history": 1}
            for number in range(count)
        ]
        scenario.write_text(json.dumps({"services": services}), encoding="utf-8")
        with _simulator(scenario) as url:
            given = ("--aws-region", "eu-west-1", "--cluster", "prod", "--service", "tenant-*", "--container", "app")
            env = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
            began = time.monotonic()
            running = subprocess.Popen(
                [COMMAND, "deploy", *given, "--image", "shop:2"],
                env=os.environ | env,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert running.stderr is not None
            lines = running.stderr.read().splitlines()
            _, status, used = os.wait4(running.pid, 0)
    return Wire(
        services=count, wall=time.monotonic() - began, cpu=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss / 1024, exit_code=os.waitstatus_to_exitcode(status), last_line=lines[-1],
    )  # fmt: skip


@contextmanager
def _simulator(scenario: Path) -> Iterator[str]:
    with subprocess.Popen(
        [COMMAND, "simulator", "--port", "0", "--scenario", str(scenario)], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        first = running.stdout.readline()
        try:
            yield first.partition(" on ")[2].partition(";")[0]
        finally:
            running.terminate()


# --- telling ---


def table(runs: Sequence[Run]) -> str:
    """Markdown."""
    lines = [
        "| services | how | took | bound | ratio | calls a service | throttled | failed | CPU s |",
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {one.services} | {one.who} | {one.took:.0f} s | {one.bound:.0f} s | {one.took / one.bound:.2f} | "
            f"{one.calls / one.services:.1f} | {one.throttled} | {one.failed} | {one.cpu:.1f} |"
            for one in runs
        ),
    ]
    return "\n".join(lines)


def page(runs: Sequence[Run], wires: Sequence[Wire]) -> str:
    """The whole page."""
    mine = [one for one in runs if one.who == "one deployment" and one.services > 1]
    worst = max(one.took / one.bound for one in mine)
    said = f"Aim: at most {AIM} times the bound. Worst above: {worst:.2f}: {'met' if worst <= AIM else 'NOT MET'}."
    parts = [INTRODUCTION, table(runs), said, BOUND]
    if wires:
        rows = [
            f"| {one.services} | {one.wall:.0f} s | {one.cpu:.1f} s | {one.memory:.0f} MiB | {one.exit_code} | `{one.last_line}` |"
            for one in wires
        ]
        head = "| services | wall | CPU | memory | exit code | last line |\n|--:|--:|--:|--:|--:|---|"
        parts += [WIRE, "\n".join((head, *rows))]
    return "\n\n".join(parts) + "\n"


INTRODUCTION = f"""# Many services, measured

`python -m benchmarks.fleet --write`, on virtual time and under AWS's documented token buckets, which the simulator keeps
and counts. Services of one to four tasks, {SHARED_BY} to a task definition family; every third has a load balancer whose
old tasks drain for 30 s. Each call takes {LATENCY * 1000:.0f} ms.

"A process each" is what most tools come to: every service has its own process, which describes, registers, updates and
then looks, with botocore's own {ATTEMPTS} attempts; all start together and know nothing of each other. "failed" are those
whose attempts were used up, on "Rate exceeded": a red pipeline, whatever became of the service."""
BOUND = """The bound is what AWS's rates alone take when all revisions are registered before the first service is updated,
plus the slowest rollout. CPU includes the simulator's. Ours goes at 0.95 of AWS's rates, and slower when throttled."""
WIRE = """## Over HTTP, in real time

The command line in a process of its own, so that its memory and CPU are its own; the simulator in another one. A history
of one earlier rollout each."""


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--write", action="store_true", help="save docs/benchmarks/fleet.md")
    parser.add_argument("--wire", type=int, nargs="*", default=[], metavar="N", help="also N services over HTTP")
    options = parser.parse_args(argv)
    runs = [ours(count) for count in COUNTS]
    runs += [peers(count, period) for count in COUNTS if count <= MOST_PEERS for period in PERIODS]
    runs.sort(key=lambda one: one.services)
    text = page(runs, [over_the_wire(count) for count in options.wire])
    print(text)
    if options.write:
        (DOCS / "fleet.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
