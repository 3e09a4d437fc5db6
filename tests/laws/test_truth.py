"""The fault law: whatever AWS, the network, the container and other people do, exit code and last line are true.

Random worlds on virtual time; what is claimed is compared with the simulator's own state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import event, given
from hypothesis import strategies as st

from drone_deploy_ecs.core import taskdef
from drone_deploy_ecs.core.names import short
from drone_deploy_ecs.core.report import last_line
from drone_deploy_ecs.core.verdict import ExitCode, Verdict
from drone_deploy_ecs.deployment import Deployment
from drone_deploy_ecs.settings import resolve
from drone_deploy_ecs.simulator.api import SimulatedEcs
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect, Rule
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report import Report

BUDGET = 300.0
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/1"

behaviours = st.one_of(
    st.just(Behaviour()),
    st.builds(Behaviour, starts_after=st.floats(0, 100)),
    st.builds(crash, st.integers(0, 255), st.floats(0, 30)),
    st.just(missing("shop:2")),
    st.builds(Behaviour, exits_after=st.floats(0, 20), exit_code=st.just(1), heals_after=st.integers(1, 4)),
    st.builds(Behaviour, health=st.sampled_from(["healthy", "unhealthy"]), health_after=st.floats(1, 60)),
    st.builds(Behaviour, target_unhealthy=st.booleans(), health_after=st.floats(1, 60)),
    st.builds(Behaviour, placeable_after=st.floats(0, 400)),
)
rules = st.builds(
    Rule,
    effect=st.sampled_from([
        Effect.THROTTLE, Effect.SERVER_ERROR, Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER, Effect.RESET_AFTER,
        Effect.UNREACHABLE, Effect.DENY, Effect.EXPIRE,
    ]),
    operation=st.sampled_from([
        "", "DescribeServices", "UpdateService", "RegisterTaskDefinition", "ListTasks", "DescribeTasks", "DescribeTaskDefinition",
    ]),
    first=st.integers(1, 12),
    chance=st.sampled_from([0.1, 0.3, 1.0]),
    until=st.floats(1, 900),
)  # fmt: skip
actions = st.tuples(st.floats(0, 200), st.sampled_from(["deploy", "kill task", "deregister", "delete"]))


@dataclass(frozen=True)
class Script:
    """One random world."""

    seed: int
    behaviour: Behaviour
    desired: tuple[int, ...]
    breaker: Breaker | None
    target_group: bool
    classic: bool
    counts_exits: bool
    draining: float
    rules: tuple[Rule, ...]
    actions: tuple[tuple[float, str], ...]
    stale: float
    same_tag: bool
    roll_back: bool


scripts = st.builds(
    Script,
    seed=st.integers(0, 10**6),
    behaviour=behaviours,
    desired=st.lists(st.integers(0, 5), min_size=1, max_size=3).map(tuple),
    breaker=st.sampled_from([None, Breaker(), Breaker(rollback=False), Breaker(threshold=1)]),
    target_group=st.booleans(),
    classic=st.sampled_from([False, False, False, True]),
    counts_exits=st.booleans(),
    draining=st.sampled_from([0.0, 30.0, 400.0]),
    rules=st.lists(rules, max_size=2).map(tuple),
    actions=st.lists(actions, max_size=2).map(tuple),
    stale=st.sampled_from([0.0, 0.0, 5.0, 15.0]),
    same_tag=st.sampled_from([False, False, True]),
    roll_back=st.sampled_from([True, True, True, False]),
)


def build(script: Script) -> World:
    world = World(seed=script.seed, timing=Timing(draining=script.draining))
    world.faults.stale_seconds = script.stale
    world.push("shop:1", Behaviour())
    for number, desired in enumerate(script.desired):
        world.add_service(
            "prod", f"s{number}", task_definition(f"s{number}", "shop:1"), desired=desired, breaker=script.breaker,
            target_group=GROUP if script.target_group else "", classic_elb=script.classic, counts_exits=script.counts_exits,
        )  # fmt: skip
    world.push("shop:1" if script.same_tag else "shop:2", script.behaviour)
    world.clock.sleep(60)
    world.faults.rules.extend(script.rules)
    service = world.service("prod", "s0")
    for at, what in script.actions:
        match what:
            case "deploy":
                arn = world.register(task_definition("s0", "shop:1", cpu="1024"))
                world.at(at, lambda arn=arn: world.deploy(service, arn))  # type: ignore[misc]
            case "kill task":
                world.at(at, lambda: world.kill_task(service))
            case "deregister":
                world.at(at, lambda: world.definitions.deregister("s0:1"))
            case _:
                world.at(at, lambda: setattr(service, "status", "DRAINING"))
    return world


def run(world: World, script: Script) -> Report:
    names = ",".join(f"s{number}" for number in range(len(script.desired)))
    flags = {"aws_region": "eu-west-1", "cluster": "prod", "service": names, "container": "app", "timeout": f"{BUDGET:.0f}s",
             "image": "shop:1" if script.same_tag else "shop:2", "disable_rollbacks": "" if script.roll_back else "true"}  # fmt: skip
    request, _ = resolve(flags, {})
    return Deployment(request, SimulatedEcs(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def runs_image(world: World, arn: str) -> str:
    return world.containers(arn)["app"]


@given(scripts)
def test_exit_code_and_last_line_are_true(script: Script) -> None:
    world = build(script)
    before = {name: service.primary for (_, name), service in world.services.items()}
    others = {at for at, what in script.actions if what == "deploy"}
    began = world.clock.monotonic()
    report = run(world, script)
    event(f"exit {int(report.exit_code)} {report.verdict.value}")
    assert world.clock.monotonic() - began < 3 * BUDGET + 200, "it hangs"
    assert report.timeline[-1].text == last_line(report)
    for outcome in report.outcomes:
        name = outcome.target.name
        service = world.service("prod", name)
        primary = service.primary
        match report.exit_code:
            case ExitCode.DONE:
                assert outcome.verdict in (Verdict.COMPLETED, Verdict.UNCHANGED)
                assert outcome.forward is not None
                # "kill task" and somebody's later deployment may come after the verdict; then the verdict was true.
                if not others and not script.actions:
                    assert primary.id == outcome.forward.deployment
                    assert primary.state == "COMPLETED" or "draining" in outcome.forward.reason or script.classic
                    # Where AWS shows the past, nobody can know of a task that died in the seconds since.
                    assert script.stale or sum(task.is_running for task in primary.tasks) == service.desired
            case ExitCode.RETURNED if outcome.verdict is not Verdict.SUPERSEDED:
                if not others or name != "s0":
                    old = world.definitions.describe(before[name].task_definition)
                    new = world.definitions.describe(primary.task_definition)
                    same = taskdef.registrable(old), taskdef.registrable(new)
                    pinned = short(primary.task_definition) != short(before[name].task_definition)
                    assert same[0] == same[1] or pinned
                    settled = primary.state == "COMPLETED" or script.classic
                    assert settled or "draining" in (outcome.back.reason if outcome.back else "")
            case ExitCode.REFUSED:
                assert primary is before[name] or (others and name == "s0")
            case _:
                pass
        if outcome.verdict is Verdict.SUPERSEDED and name == "s0" and others and outcome.forward:
            assert primary.id != outcome.forward.deployment or service.status != "ACTIVE"
