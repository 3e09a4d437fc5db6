"""Following one rollout, with ours and with every other poller, on the same world."""

from __future__ import annotations

import math
import random
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from dataclasses import replace as changed
from itertools import count, repeat
from typing import TYPE_CHECKING

from msgspec.structs import replace

from benchmarks.rollouts import CLUSTER, NEW, SCENARIOS, SERVICE, History, fits, truth, tuned
from drone_deploy_ecs.core.calls.ecs import DescribeServices, DescribeTasks, ListTasks, UpdateService
from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.world import task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.rollouts import Scenario
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.simulator.world import World

REGION = "eu-west-1"
PERIODS = (1.0, 2.0, 5.0, 10.0, 15.0)
OURS = {history: f"ours, {history.value}" for history in History}
BACKOFF = "backoff, 15 to 600 s"
BAD = (Verdict.FAILED, Verdict.ROLLED_BACK)
LOOKS = ("DescribeServices", "ListTasks", "DescribeTasks")
"""What polling is made of. Reading the log of a container that died isn't: it is another API, and comes after."""


@dataclass(frozen=True, slots=True)
class Run:
    """One rollout, followed. Seconds; `calls` are those after UpdateService, `took` is from it to ECS's word."""

    who: str
    scenario: str
    good: bool
    length: float
    took: float
    delay: float
    calls: int
    right: bool = True


class _Notes:
    """A listener that notes when the verdict came, and how many calls had been made when following ended."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.verdict_at = math.nan
        self.calls = 0

    def __call__(self, event: Event) -> None:
        if event.kind is Kind.VERDICT and math.isnan(self.verdict_at):
            self.verdict_at = self._world.clock.monotonic()
        if event.kind in (Kind.UNDO, Kind.END) and not self.calls:
            self.calls = len(self._world.faults.log)


def _request() -> Request:
    flags = {"aws_region": REGION, "cluster": CLUSTER, "service": SERVICE, "container": "app", "image": NEW}
    request, _ = resolve(flags, {})
    # The way back is another rollout: not measured.
    return replace(request, budget=3600.0, roll_back=False)


def _ours(world: World, scenario: Scenario, length: float, seed: int, who: str) -> tuple[Run, float]:
    """The real thing; and when it sent UpdateService."""
    notes = _Notes(world)
    before = len(world.faults.log)
    report = Deployment(
        _request(), lambda _: SimulatedAws(world), world.clock, notes, random.Random(seed).random
    ).deploy()
    log = world.faults.log
    index = next(index for index, (_, operation, _) in enumerate(log) if operation == "UpdateService")
    assert index >= before, "the history is made without calls"
    sent = log[index][0]
    true_at = truth(world)
    right = report.verdict is Verdict.COMPLETED if scenario.good else report.verdict in BAD
    calls = sum(operation in LOOKS for _, operation, _ in log[index + 1 : notes.calls])
    if true_at is None or true_at > notes.verdict_at:
        return Run(who, scenario.name, scenario.good, length, math.nan, math.nan, calls, right=False), sent
    took = true_at - sent - world.faults.latency
    return Run(who, scenario.name, scenario.good, length, took, notes.verdict_at - true_at, calls, right), sent


def _polled(world: World, run: Run, who: str, waits: Iterator[float], sent: float) -> Run:
    """A look after each of these waits until the same truth is visible.

    A lower bound for any such poller: where stopped tasks are the evidence, it is told for free which look it pays to
    read them in (ListTasks and DescribeTasks).
    """
    aws, clock = SimulatedAws(world), world.clock
    services = DescribeServices(region=REGION, cluster=CLUSTER, services=(SERVICE,))
    arn = world.register(task_definition(SERVICE, NEW))
    clock.advance_to(sent)
    answer = aws.send(UpdateService(region=REGION, cluster=CLUSTER, name=SERVICE, definition=arn))
    ours = answer.deployments[0].id
    began = len(world.faults.log)
    look_at = clock.monotonic()
    for wait in waits:
        look_at += wait
        clock.advance_to(look_at)
        (service,) = aws.send(services)
        if any(deployment.id == ours and deployment.rollout_state == "COMPLETED" for deployment in service.deployments):
            break
        if not run.good and truth(world) is not None:
            listed = aws.send(ListTasks(region=REGION, cluster=CLUSTER, name=SERVICE, status="STOPPED"))
            aws.send(DescribeTasks(region=REGION, cluster=CLUSTER, tasks=listed.arns))
            break
    true_at = truth(world)
    assert true_at is not None
    took = true_at - sent - world.faults.latency
    assert abs(took - run.took) < 0.01, "both must have followed the same rollout"
    return changed(run, who=who, delay=clock.monotonic() - true_at, calls=len(world.faults.log) - began)


def _backoff(seed: int) -> Iterator[float]:
    """The waiter of aws-actions/amazon-ecs-deploy-task-definition: between 15 s and what doubles from there to 600 s.

    That of the AWS SDK for JavaScript v3: a look at once, then exponential backoff with full jitter.
    """
    chance = random.Random(seed)
    yield 0.0
    for attempt in count():
        yield chance.uniform(15.0, min(15.0 * 2**attempt, 600.0))


def every(period: float) -> str:
    """The name of that fixed poller."""
    return f"every {period:g} s"


def measure(seeds: Sequence[int], lengths: Sequence[float]) -> Iterator[Run]:
    """All runs."""
    jobs = [
        (index, length, seed)
        for length in lengths
        for index, scenario in enumerate(SCENARIOS)
        if fits(scenario, length)
        for seed in seeds
    ]
    with ProcessPoolExecutor() as pool:
        for runs in pool.map(_all_on, jobs, chunksize=8):
            yield from runs


def _all_on(job: tuple[int, float, int]) -> list[Run]:
    index, length, seed = job
    scenario = SCENARIOS[index]
    make = tuned(scenario, length, seed)
    pairs = {history: _ours(make(history), scenario, length, seed, OURS[history]) for history in History}
    run, sent = pairs[History.NONE]
    results = [ours for ours, _ in pairs.values()]
    if run.right:
        pollers = {every(period): repeat(period) for period in PERIODS} | {BACKOFF: _backoff(seed)}
        results += [_polled(make(History.NONE), run, who, waits, sent) for who, waits in pollers.items()]
    return results
