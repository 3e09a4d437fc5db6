"""Many services as one deployment, and the same by a process each, under AWS's own token buckets.

`python -m benchmarks.fleet [--write]`: virtual time for waits, real CPU. `--wire N` deploys to N services over HTTP,
too, in real time: a minute, and nine for 1,000. Without it the page keeps the figures that it has.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import apart
from benchmarks.tenants import FAILING, GOOD, KINDS, SHARED_BY, Bound, bound, scenario
from benchmarks.wire import Wire, over_the_wire
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.scenario import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from drone_deploy_ecs.simulator.world import World

COUNTS = (1, 10, 100, 500, 1000)
PERIODS = (1.0, 10.0, 15.0)
OURS = "one deployment"
STUCK_FOR = 600.0
"""Seconds after the last of them ended, when it is counted what was left failing."""
PAGE = Path(__file__).parents[1] / "docs" / "benchmarks" / "fleet.md"
AIM, AIM_MEMORY = 1.15, 150
SHOWN = 110
"""Characters of a last line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way to do it. Seconds; `refused` ended on "Rate exceeded", `left` are services left on what fails."""

    who: str
    services: int
    took: float
    bound: Bound
    calls: int
    throttled: int
    refused: int
    left: int
    cpu: float

    @property
    def ratio(self) -> float:
        """Times the bound."""
        return self.took / (self.bound.there + self.bound.back)


def runs(count: int, image: str) -> Iterator[Run]:
    """All ways to deploy it to that many services."""
    mine = ours(count, image)
    yield mine
    for period in PERIODS:
        yield peers(count, period, image, mine.bound)


def ours(count: int, image: str) -> Run:
    """One run over all of them; those that fail go back."""
    world = read(scenario(count))
    settings = {
        "aws_region": "eu-west-1", "cluster": "prod", "service": "tenant-*", "container": "app", "image": image,
        "on_failure": "failed",
    }  # fmt: skip
    request, _ = resolve(settings, {})
    began, cpu = world.clock.monotonic(), time.process_time()
    chance = random.Random(1).random
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, chance).deploy()
    took, spent = world.clock.monotonic() - began, time.process_time() - cpu
    return Run(
        who=OURS, services=count, took=took, bound=bound(world, report.api_calls["RegisterTaskDefinition"]),
        calls=sum(report.api_calls.values()), throttled=sum(world.faults.throttled.values()), refused=0,
        left=_count_failing(world), cpu=spent,
    )  # fmt: skip


def peers(count: int, period: float, image: str, at_best: Bound) -> Run:
    """A process for each of them."""
    world = read(scenario(count))
    cpu = time.process_time()
    took, refused = apart.run(world, period, image)
    spent = time.process_time() - cpu
    return Run(
        who=f"a process each, looking every {period:g} s", services=count, took=took, bound=at_best,
        calls=world.faults.calls[""], throttled=sum(world.faults.throttled.values()), refused=refused,
        left=_count_failing(world), cpu=spent,
    )  # fmt: skip


def _count_failing(world: World) -> int:
    world.clock.sleep(STUCK_FOR)
    return sum(service.primary.state != "COMPLETED" for service in world.services.values())


# --- telling ---


def table(measured: Sequence[Run]) -> str:
    """Markdown."""
    lines = [
        "| services | how | took | bound | ratio | calls a service | throttled | rate exceeded | left failing | CPU s |",
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {run.services} | {run.who} | {run.took:.0f} s | {run.bound.there + run.bound.back:.0f} s | "
            f"{run.ratio:.2f} | {run.calls / run.services:.1f} | {run.throttled} | {run.refused} | {run.left} | "
            f"{run.cpu:.1f} |"
            for run in measured
        ),
    ]
    return "\n".join(lines)


def verdict(measured: Sequence[Run]) -> str:
    """Against the aim."""
    worst = max(run.ratio for run in measured if run.who == OURS)
    return f"Aim: at most {AIM} times the bound. Worst of one deployment: {worst:.2f}, {_met(worst <= AIM)}."


def sooner(measured: Sequence[Run]) -> str:
    """What it would come to if failed services went back while the others still roll out."""
    last = [run for run in measured if run.who == OURS][-1]
    return SOONER.format(last.took / last.bound.there, last.services)


def wired(wires: Sequence[Wire]) -> str:
    """The part on whole processes."""
    rows = [
        f"| {wire.services} | {wire.wall:.0f} s | {wire.cpu:.1f} s | {1000 * wire.cpu / wire.services:.0f} ms | "
        f"{wire.memory:.0f} MiB | {wire.throttled} | {wire.exit_code} | `{wire.last_line[:SHOWN]}` |"
        for wire in wires
    ]
    head = "| services | wall | CPU | CPU a service | memory | throttled | exit code | last line |\n|--:|--:|--:|--:|--:|--:|--:|---|"
    most = max(wire.memory for wire in wires)
    sentences = [f"Aim: at most {AIM_MEMORY} MiB. Most: {most:.0f} MiB, {_met(most <= AIM_MEMORY)}."]
    few, many = wires[0], wires[-1]
    if many.services > few.services:
        grown = many.services - few.services
        memory, cpu = (many.memory - few.memory) * 1024 / grown, (many.cpu - few.cpu) * 1000 / grown
        sentences.append(
            f"From {few.services} to {many.services}, one more costs {memory:.0f} KiB and {cpu:.0f} ms of CPU."
        )
    return "\n\n".join((WIRE, "\n".join((head, *rows)), " ".join(sentences)))


def _met(is_met: bool) -> str:  # noqa: FBT001
    return "met" if is_met else "NOT MET"


WIRE_HEADING = "## Over HTTP, in real time"
INTRODUCTION = f"""# Many services, measured

`python -m benchmarks.fleet --write --wire 1 10 100 300`, on virtual time but for the last table, and under AWS's documented
token buckets, which the simulator keeps and counts. Services of one to four tasks, {SHARED_BY} to a task definition family. Of
every {KINDS}, four have no load balancer; two have one, whose old tasks drain for 30 s; two start slowly (40 s); one does both;
and one has a load balancer that asks the deployed container itself. Each call takes {apart.LATENCY * 1000:.0f} ms.

"A process each" is what most tools come to: every service has its own process, which describes, registers, updates and
then looks, with botocore's own {apart.ATTEMPTS} attempts, for ten minutes at most; all start together and know nothing of each
other. "Rate exceeded" are those whose attempts were used up: a red pipeline, whatever became of the service. "Left failing" are
services that still try to run what fails, ten minutes after everybody has ended.

The bound is what AWS's rates alone take when all revisions are registered before the first service is updated, plus the
slowest rollout; where services fail, plus the writes of the ways back and the slowest of these. CPU includes the simulator's.
Ours goes at 0.95 of AWS's rates, and slower when throttled."""
FAILS = """## One of ten fails

The same services, and an image with which every tenth fails its load balancer's check; half of those have ECS's circuit
breaker with rollback. One deployment has `on_failure: failed`."""
SOONER = """Failed services go back when the others have come through. Were that done at once, the bound would be that of the way
there alone, and the last of these {0:.2f} times it ({1} services)."""
WIRE = f"""{WIRE_HEADING}

The command line in a process of its own, so that its memory and CPU are its own; the simulator in another one. One of ten
fails. Every service shows a hundred events, as many as ECS gives. "throttled" are lines of the log that say so. Two cores,
shared with other work: read seconds of CPU as ratios."""


def main(argv: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--write", action="store_true", help="save docs/benchmarks/fleet.md")
    parser.add_argument("--wire", type=int, nargs="*", default=[], metavar="N", help="also N services over HTTP")
    options = parser.parse_args(argv)
    good = [run for count in COUNTS for run in runs(count, GOOD)]
    failing = [run for count in COUNTS if count >= KINDS for run in runs(count, FAILING)]
    kept = PAGE.read_text(encoding="utf-8").partition(WIRE_HEADING)[1:]
    last = wired([over_the_wire(count) for count in options.wire]) if options.wire else "".join(kept).strip()
    parts = [INTRODUCTION, table(good), verdict(good), FAILS, table(failing), verdict(failing), sooner(failing), last]
    text = "\n\n".join(filter(None, parts)) + "\n"
    print(text)
    if options.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
