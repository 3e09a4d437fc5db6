"""The fault law: whatever AWS, the network, the container and other people do, exit code and last line are true.

Random worlds on virtual time; what is claimed is compared with the simulator's own state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import event, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.report.sentences import last_line
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.run.loop import SHARE_LOOKS_WITHIN
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Rule
from drone_deploy_ecs.simulator.model import Breaker, Hook
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.claims import Content, content
from tests.laws.others import EFFECTS, Others
from tests.laws.structs import structs

if TYPE_CHECKING:
    from datetime import datetime

    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.simulator.model import Service

BUDGET = 300.0
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"

behaviours = st.one_of(
    st.just(Behaviour()),
    structs(Behaviour, starts_after=st.floats(0, 100)),
    st.builds(crash, st.integers(0, 255), st.floats(0, 30)),
    st.just(missing("shop:2")),
    structs(Behaviour, exits_after=st.floats(0, 20), exit_code=st.just(1), heals_after=st.integers(1, 4)),
    structs(Behaviour, health=st.sampled_from(["healthy", "unhealthy"]), health_after=st.floats(1, 60)),
    structs(Behaviour, target_unhealthy=st.booleans(), health_after=st.floats(1, 60)),
    structs(Behaviour, placeable_after=st.floats(0, 400)),
)
rules = structs(
    Rule,
    effect=st.sampled_from(EFFECTS),
    operation=st.sampled_from([
        "", "DescribeServices", "UpdateService", "RegisterTaskDefinition", "ListTasks", "DescribeTasks", "DescribeTaskDefinition",
    ]),
    first=st.integers(1, 12),
    chance=st.sampled_from([0.1, 0.3, 1.0]),
    until=st.floats(1, 900),
)  # fmt: skip
actions = st.tuples(st.floats(0, 200), st.sampled_from([
    "deploy", "deploy the same", "roll back by hand", "scale up", "scale down", "kill task", "deregister", "delete",
]))  # fmt: skip


@dataclass(frozen=True)
class Script:
    """One random world."""

    seed: int
    behaviour: Behaviour
    desired: tuple[int, ...]
    breaker: Breaker | None
    hook: Hook | None
    target_group: bool
    classic: bool
    counts_exits: bool
    draining: float
    rules: tuple[Rule, ...]
    actions: tuple[tuple[float, str], ...]
    stale: float
    same_tag: bool
    roll_back: bool
    stable_for: str
    wait_for: str
    max_failed_tasks: str


scripts = st.builds(
    Script,
    seed=st.integers(0, 10**6),
    behaviour=behaviours,
    desired=st.lists(st.integers(0, 5), min_size=1, max_size=3).map(tuple),
    breaker=st.sampled_from([None, Breaker(), Breaker(rollback=False), Breaker(threshold=1)]),
    hook=st.sampled_from([None, None, None, Hook(), Hook(after=20.0), Hook(emits_event=False)]),
    target_group=st.booleans(),
    classic=st.sampled_from([False, False, False, True]),
    counts_exits=st.booleans(),
    draining=st.sampled_from([0.0, 30.0, 400.0]),
    rules=st.lists(rules, max_size=2).map(tuple),
    actions=st.lists(actions, max_size=2).map(tuple),
    stale=st.sampled_from([0.0, 0.0, 5.0, 15.0]),
    same_tag=st.sampled_from([False, False, True]),
    roll_back=st.sampled_from([True, True, True, False]),
    stable_for=st.sampled_from(["", "", "20s", "90s"]),
    wait_for=st.sampled_from(["", "", "healthy"]),
    max_failed_tasks=st.sampled_from(["", "", "1", "3"]),
)


def build(script: Script) -> tuple[World, Others]:
    world, others = World(seed=script.seed, timing=Timing(draining=script.draining)), Others()
    world.faults.stale_seconds = script.stale
    world.push("shop:1", Behaviour())
    for number, desired in enumerate(script.desired):
        world.add_service(
            "prod", f"s{number}", task_definition(f"s{number}", "shop:1"), desired=desired, breaker=script.breaker, hook=script.hook,
            target_group=GROUP if script.target_group else "", classic_elb=script.classic, counts_exits=script.counts_exits,
        )  # fmt: skip
    world.push("shop:1" if script.same_tag else "shop:2", script.behaviour)
    world.clock.sleep(60)
    world.faults.rules.extend(script.rules)
    for at, what in script.actions:
        world.at(at, partial(others.act, world, what))
    return world, others


def run(world: World, script: Script) -> Report:
    names = ",".join(f"s{number}" for number in range(len(script.desired)))
    flags = {"aws_region": "eu-west-1", "cluster": "prod", "service": names, "container": "app", "timeout": f"{BUDGET:.0f}s",
             "image": "shop:1" if script.same_tag else "shop:2", "disable_rollbacks": "" if script.roll_back else "true",
             "stable_for": script.stable_for, "wait_for": script.wait_for, "max_failed_tasks": script.max_failed_tasks}  # fmt: skip
    request, _ = resolve(flags, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


@dataclass(frozen=True)
class Ended:
    """One service after a run, with what is needed to judge the claims about it."""

    world: World
    script: Script
    service: Service
    before: Content
    others: Others
    report: Report
    outcome: Outcome

    @property
    def is_changed_unseen(self) -> bool:
        """Whether others did something that no look can have shown: since the last look, or while reads are stale."""
        horizon = self.world.clock.monotonic() - self.script.stale - UNSEEN
        return self.service.name == "s0" and self.others.acted_since(horizon)

    @property
    def verdicts(self) -> list[Event]:
        """What was told of its verdicts, in order."""
        return [
            told for told in self.report.timeline if told.kind is Kind.VERDICT and told.service == self.service.name
        ]

    @property
    def judged_at(self) -> datetime:
        """When the verdict on the way forward was given."""
        return self.verdicts[0 if self.outcome.way_back else -1].at

    @property
    def running(self) -> int:
        """Its PRIMARY's running tasks, and those that died since the last look."""
        horizon = self.world.clock.monotonic() - SHARE_LOOKS_WITHIN
        return sum(task.is_running or (task.stopping or 0.0) > horizon for task in self.service.primary.tasks)


UNSEEN = 11.0
"""Seconds between looks at most, when nothing fails."""


def holds_when_done(one: Ended) -> None:
    """Exit 0: the target revision is PRIMARY and COMPLETED, and all its desired tasks are running."""
    assert one.outcome.verdict in (Verdict.COMPLETED, Verdict.UNCHANGED)
    if one.is_changed_unseen:
        return
    primary = one.service.primary
    assert primary.id == one.outcome.deployment
    assert primary.state == "COMPLETED" or "draining" in one.outcome.reason or one.script.classic
    # Where AWS shows the past, nobody can know of a task that died in the seconds since.
    assert one.script.stale or one.running >= one.service.desired


def holds_when_returned(one: Ended) -> None:
    """Exit 3: every service that isn't reported Superseded runs the content it ran before."""
    if one.outcome.verdict is Verdict.SUPERSEDED or one.is_changed_unseen:
        return
    if one.outcome.way_back is None:  # never written to: whatever others made of it
        assert not one.outcome.deployment
        return
    assert content(one.world, one.service.primary) == one.before
    settled = one.service.primary.state == "COMPLETED" or one.script.classic
    assert settled or any("draining" in event.text for event in one.verdicts)


def holds_when_superseded(one: Ended) -> None:
    """Nothing was written to it once somebody else's deployment was PRIMARY and could be seen to be."""
    foreign = [made.created for made in one.others.deployments]
    deleted = [at for at, what in one.others.acts if what == "delete"]
    assert foreign or deleted
    since = max(foreign + deleted) + one.script.stale + 1.0
    assert not [
        at for at, what, name in one.world.faults.log if what == "UpdateService" and name == "s0" and at > since
    ]


def says_what_runs(one: Ended) -> None:
    now = one.report.standing[one.outcome.target.name]
    seen = (
        now in (EndState.NEW, EndState.AS_BEFORE, EndState.SOMEBODY_ELSES)
        and not one.script.stale
        and not one.is_changed_unseen
    )
    # One that was taken over isn't looked at again while the others go on: the line says "last seen".
    later = now is EndState.SOMEBODY_ELSES and any(
        one.world.clock.at(made.created) >= one.judged_at for made in one.others.deployments
    )
    if seen and not later and one.service.status == "ACTIVE":
        assert short(one.service.primary.task_definition) in last_line(one.report)


# Thousands of worlds in every run; the long profile asks for more.
@settings(max_examples=max(2000, settings().max_examples))
@given(scripts)
def test_exit_code_and_last_line_are_true(script: Script) -> None:
    world, others = build(script)
    before = {name: content(world, service.primary) for (_, name), service in world.services.items()}
    listed = {one.id for service in world.services.values() for one in service.history}
    began = world.clock.monotonic()
    report = run(world, script)
    event(f"exit {int(report.exit_code)} {report.verdict.value}")
    assert world.clock.monotonic() - began < 3 * BUDGET + 200, "it hangs"
    assert report.timeline[-1].text == last_line(report)
    ours = {one.id for service in world.services.values() for one in service.history} - listed
    if report.exit_code == ExitCode.REFUSED:
        assert ours == others.made, "refused, and yet updated"
    for outcome in report.outcomes:
        name = outcome.target.name
        one = Ended(world, script, world.service("prod", name), before[name], others, report, outcome)
        says_what_runs(one)
        if report.exit_code == ExitCode.DONE:
            holds_when_done(one)
        if report.exit_code == ExitCode.RETURNED:
            holds_when_returned(one)
        if outcome.verdict is Verdict.SUPERSEDED:
            holds_when_superseded(one)
