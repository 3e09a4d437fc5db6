"""The switch law: blue/green never takes tasks away that nothing replaces, and what it says at the end is true.

Random worlds on virtual time: behaviours of the new image, faults, other people, autoscaling, cancellation. On every
tick the live side has the tasks that the plan's steps leave it; a step is only taken while the other side has the live
side's full count of healthy new tasks.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hypothesis import Phase, event, example, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.calls.ecs import UpdateService
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.plan.switch.stages import counts_down
from drone_deploy_ecs.core.report.sentences import last_line
from drone_deploy_ecs.core.request.request import Access, BlueGreen, Request
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.run.loop import SHARE_LOOKS_WITHIN
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect, Rule
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.edits import set_image
from tests.laws.claims import image
from tests.laws.structs import structs

if TYPE_CHECKING:
    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.simulator.model import Service

A = TypeVar("A")

behaviours = st.one_of(
    st.just(Behaviour()),
    st.just(Behaviour()),
    structs(Behaviour, starts_after=st.floats(0, 60)),
    st.builds(crash, st.integers(0, 255), st.floats(0, 400)),
    st.just(missing("shop:2")),
    structs(Behaviour, health=st.sampled_from(["healthy", "unhealthy"]), health_after=st.floats(1, 60)),
)
rules = structs(
    Rule,
    effect=st.sampled_from([
        Effect.THROTTLE, Effect.SERVER_ERROR, Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER, Effect.RESET_AFTER,
        Effect.UNREACHABLE, Effect.DENY,
    ]),
    operation=st.sampled_from(["", "DescribeServices", "UpdateService", "RegisterScalableTarget", "ListTasks"]),
    first=st.integers(1, 12),
    chance=st.sampled_from([0.1, 0.3, 1.0]),
    until=st.floats(1, 900),
)  # fmt: skip
actions = st.tuples(
    st.floats(0, 400),
    st.sampled_from([
        "scale live up", "scale live down", "scale idle down", "deploy to live", "deploy to idle", "kill a new task",
    ]),
)  # fmt: skip


class Cancelled:
    """A signal that comes at some time, or never."""

    def __init__(self, world: World, at: float | None) -> None:
        self.signal = 0
        self._world = world
        if at is not None:
            world.at(at, self._come)

    def _come(self) -> None:
        self.signal = 15
        self._world.clock.wake()

    def defer(self) -> None:
        """It is only looked at when the run looks."""


@dataclass(frozen=True)
class Script:
    """One random world."""

    seed: int
    count: int
    percent: int
    interval: float
    wait: float
    checks: int
    behaviour: Behaviour
    is_scaled: bool
    demand: int
    rules: tuple[Rule, ...]
    actions: tuple[tuple[float, str], ...]
    stale: float
    cancel_at: float | None


scripts = st.builds(
    Script,
    seed=st.integers(0, 10**6),
    count=st.integers(1, 12),
    percent=st.integers(1, 100),
    interval=st.sampled_from([0.0, 5.0, 60.0]),
    wait=st.sampled_from([0.0, 30.0, 120.0]),
    checks=st.integers(0, 3),
    behaviour=behaviours,
    is_scaled=st.booleans(),
    demand=st.integers(0, 15),
    rules=st.lists(rules, max_size=2).map(tuple),
    actions=st.lists(actions, max_size=2).map(tuple),
    stale=st.sampled_from([0.0, 0.0, 5.0, 15.0]),
    cancel_at=st.one_of(st.none(), st.none(), st.floats(0, 500)),
)


@dataclass
class Guard:
    """Watches a world: what was taken away, and what was there for it at that moment."""

    world: World
    count: int
    taken: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    meddled: list[str] = field(default_factory=list)
    lowest: int = 10**9

    def begin(self) -> None:
        self._tick()

    @property
    def live(self) -> Service:
        return self.world.service("prod", "blue")

    @property
    def idle(self) -> Service:
        return self.world.service("prod", "green")

    def _tick(self) -> None:
        self.world.clock.call_in(0.5, self._tick)
        healthy = sum(task.is_healthy for task in self.live.tasks if task.is_alive)
        self.lowest = min(self.lowest, self.live.desired)
        if healthy < min(self.count, self.lowest) and "deploy to live" not in self.meddled:
            self.lost.append(f"{healthy} of {self.lowest} at {self.world.clock.monotonic()}")

    def wrote(self, desired: int) -> None:
        """The live side's count is being lowered by the run."""
        now = self.world.clock.monotonic()
        seen = now - UNSEEN - self.world.faults.stale_seconds
        new = [one for one in self.idle.tasks if image_of(self.world, one.task_definition) == "shop:2"]
        up = sum(one.is_healthy and (one.stopping is None or one.stopping > seen) for one in new)
        if up < self.count:
            self.taken.append(f"to {desired} with {up} of {self.count} at {now}")


UNSEEN = SHARE_LOOKS_WITHIN + 1.0
"""Seconds in which what was just seen may have changed, a look and the call after it; more where reads are stale."""


def image_of(world: World, arn: str) -> str:
    return image(world.definitions.describe(arn)["taskDefinition"])


def act(world: World, guard: Guard, what: str) -> None:
    live, idle = guard.live, guard.idle
    guard.meddled.append(what)
    match what:
        case "scale live up":
            world.scale(live, live.desired + 2)
        case "scale live down":
            world.scale(live, max(0, live.desired - 1))
            guard.count = min(guard.count, live.desired)
        case "scale idle down":
            world.scale(idle, max(0, idle.desired - 1))
        case "deploy to live":
            world.deploy(live, world.register(task_definition("blue", "shop:9")))
        case "deploy to idle":
            world.deploy(idle, world.register(task_definition("green", "shop:9")))
        case _:
            world.kill_task(idle)


def build(script: Script) -> tuple[World, Guard]:
    world = World(seed=script.seed)
    world.faults.stale_seconds = script.stale
    world.push("shop:2", script.behaviour)
    world.add_service("prod", "blue", task_definition("web", "shop:1"), desired=script.count)
    world.add_service("prod", "green", task_definition("web", "shop:0"), desired=0)
    if script.is_scaled:
        for name in ("blue", "green"):
            world.scaling.add("prod", name, 1 if name == "blue" else 0, 20)
        world.at(40, partial(follow_demand, world, script.demand))
    world.clock.sleep(30)
    guard = Guard(world, script.count)
    if script.is_scaled:
        # Its policies may ask for fewer tasks of the live side, as long as they may act on it.
        guard.count = min(script.count, max(1, script.demand))
    world.faults.rules.extend(script.rules)
    for at, what in script.actions:
        world.at(at, partial(act, world, guard, what))
    return world, guard


def follow_demand(world: World, count: int) -> None:
    for name in ("blue", "green"):
        world.scaling.demand("prod", name, count)


class Spied:
    """AWS, with what a run takes away noted."""

    def __init__(self, world: World, guard: Guard) -> None:
        self._aws, self._guard = SimulatedAws(world), guard

    def send(self, call: Call[A]) -> A:
        if isinstance(call, UpdateService) and call.name == "blue":
            desired = self._guard.live.desired if call.desired is None else call.desired
            if desired < self._guard.live.desired:
                self._guard.wrote(desired)
        return self._aws.send(call)


def run(script: Script) -> tuple[World, Guard, Report]:
    world, guard = build(script)
    guard.begin()
    switch = BlueGreen(
        blue="blue", green="green", percent=script.percent, interval=script.interval, wait=script.wait, checks=script.checks
    )  # fmt: skip
    request = Request(
        access=Access("eu-west-1"), cluster="prod", services=("blue", "green"), edits=(set_image("app", "shop:2"),),
        budget=300.0, blue_green=switch,
    )  # fmt: skip
    aws = Spied(world, guard)
    cancelled = Cancelled(world, script.cancel_at)
    report = Deployment(
        request, lambda _: aws, world.clock, lambda _: None, lambda: 0.5, cancellation=cancelled
    ).deploy()
    return world, guard, report


CRASHED_UNSEEN = Script(
    seed=406, count=1, percent=1, interval=0.0, wait=30.0, checks=2, behaviour=crash(0, 76.0), is_scaled=False, demand=0,
    rules=(Rule(effect=Effect.DENY, operation="", until=497.0, chance=0.3),), actions=(), stale=0.0, cancel_at=None,
)  # fmt: skip
"""A container dies, is replaced, and neither is seen: what replaces it may not be healthy yet."""
CRASHED_UNSEEN_AGAIN = replace(
    CRASHED_UNSEEN, wait=120.0, behaviour=crash(0, 75.0),
    rules=(Rule(effect=Effect.DENY, operation="", first=10, until=578.0, chance=0.3),),
)  # fmt: skip
"""The same while what replaced an earlier one is given its time."""

SCALED_DOWN_MEANWHILE = replace(
    CRASHED_UNSEEN, seed=4022, count=2, interval=5.0, wait=0.0, behaviour=Behaviour(), stale=5.0, actions=((172.0, "scale idle down"),),
    rules=(
        Rule(effect=Effect.THROTTLE, operation="", until=1.0, chance=0.1),
        Rule(effect=Effect.TIMEOUT_BEFORE, operation="ListTasks", first=2, until=215.0),
    ),
)  # fmt: skip
"""A look that takes long for its tasks is old when it ends; and what runs may be more than is wanted."""
SEEN_TOO_LATE = replace(
    CRASHED_UNSEEN, seed=0, wait=0.0, checks=0, behaviour=crash(0, 58.0), stale=15.0,
    rules=(
        Rule(effect=Effect.THROTTLE, operation="", until=1.0, chance=0.1),
        Rule(effect=Effect.THROTTLE, operation="UpdateService", first=2, until=113.0),
    ),
)  # fmt: skip
"""On the way back the live side is seen as it was before our own last write."""


@given(scripts)
@example(CRASHED_UNSEEN)
@example(CRASHED_UNSEEN_AGAIN)
@example(SCALED_DOWN_MEANWHILE)
@example(SEEN_TOO_LATE)
@settings(max_examples=max(1000, settings().max_examples), phases=[Phase.explicit, Phase.generate, Phase.shrink])
def test_nothing_is_taken_away_that_nothing_replaces_and_the_last_line_is_true(script: Script) -> None:
    world, guard, report = run(script)
    assert not guard.taken
    assert not guard.lost
    code = ExitCode(report.exit_code) if report.exit_code < 128 else report.exit_code
    event(f"exit {int(code)}{', meddled' if guard.meddled else ''}")
    assert last_line(report)
    if guard.meddled:
        return
    live, idle = guard.live, guard.idle
    new = (
        sum(task.is_running for task in idle.primary.tasks)
        if image_of(world, idle.primary.task_definition) == "shop:2"
        else 0
    )
    if code is ExitCode.DONE:
        assert new >= guard.count
        assert live.desired == 0
    if code in (ExitCode.RETURNED, ExitCode.REFUSED):
        assert live.desired >= guard.count
        assert sum(task.is_healthy for task in live.tasks if task.is_alive) >= guard.count
        assert idle.desired == 0
        assert image_of(world, idle.primary.task_definition) == "shop:0"


@given(st.integers(1, 500), st.integers(1, 100))
def test_steps_go_down_to_nothing_by_whole_tasks(count: int, percent: int) -> None:
    steps = counts_down(count, count, percent)
    assert steps[-1] == 0
    by = max(1, count * percent // 100)
    assert all(before - after in (by, before) for before, after in zip((count, *steps), steps, strict=False))


def test_the_contracts_examples() -> None:
    assert counts_down(10, 10, 33) == (7, 4, 1, 0)
    assert counts_down(10, 10, 50) == (5, 0)
    assert counts_down(3, 3, 10) == (2, 1, 0)
    assert counts_down(3, 3, 50) == (2, 1, 0)
    assert counts_down(7, 7, 100) == (0,)


def test_defect_29_no_task_is_lost_to_floating_point() -> None:
    assert counts_down(100, 100, 29) == (71, 42, 13, 0)
