"""The law of schedules: exit 0 means that each of them starts the new revision, exit 2 and 3 that all is as before.

Random worlds on virtual time: what the new image does, what AWS refuses or leaves unanswered, how schedules name what
they start, and a container that dies while they are moved. Nobody else writes to them.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs.schedule import Scheduled, is_bare
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.request.request import Access, Request
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.faults import Effect, Killed, Rule
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.edits import set_image
from tests.laws.structs import structs

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report

WRITES = ["PutTargets", "UpdateSchedule"]
rules = structs(
    Rule,
    effect=st.sampled_from([
        Effect.THROTTLE, Effect.SERVER_ERROR, Effect.TIMEOUT_BEFORE, Effect.TIMEOUT_AFTER, Effect.RESET_AFTER,
        Effect.UNREACHABLE, Effect.DENY,
    ]),
    operation=st.sampled_from([
        *WRITES, *WRITES, "ListTargetsByRule", "GetSchedule", "UpdateService", "RegisterTaskDefinition", "DeregisterTaskDefinition", "",
    ]),
    first=st.integers(1, 6), last=st.integers(1, 12), chance=st.sampled_from([0.3, 1.0]),
)  # fmt: skip
failing = structs(Rule, effect=st.just(Effect.FAIL_ENTRIES), operation=st.just("PutTargets"), first=st.integers(1, 3))
definitions = st.sampled_from(["web:1", "web:1", "web"])


@dataclass(frozen=True)
class Case:
    """A world, and a run in it."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    rules: tuple[Rule, ...] = ()
    starts: tuple[str, str, str] = ("web:1", "web:1", "web:1")
    dies_at: float | None = None
    is_auto: bool = False
    seed: int = 1

    def build(self) -> World:
        world = World(seed=self.seed)
        world.push("shop:2", self.behaviour)
        world.add_service("prod", "web", task_definition("web", "shop:1"))
        first, second, third = (world.schedules.target("prod", each, New="x") for each in self.starts)
        world.schedules.add_rule("nightly", first, second, {"Arn": "arn:aws:sqs:queue", "Odd": None})
        world.schedules.add_schedule("hourly", third, "jobs", EndDate=1.9e9, Odd={"x": []})
        world.faults.rules += self.rules
        if self.dies_at is not None:
            world.at(self.dies_at, lambda: world.kill_containers(world.service("prod", "web")))
        return world


cases = st.builds(
    Case,
    behaviour=st.sampled_from([Behaviour(), Behaviour(), crash(1), crash(1, 70.0)]),
    rules=st.lists(rules | failing, max_size=3).map(tuple),
    starts=st.tuples(definitions, definitions, definitions),
    dies_at=st.none() | st.floats(55, 90),
    is_auto=st.booleans(),
    seed=st.integers(0, 50),
)


def deploy(world: World, case: Case = Case()) -> Report:
    request = Request(
        access=Access("eu-west-1"),
        cluster="prod",
        services=("web",),
        edits=(set_image("app", "shop:2"),),
        containers=("app",),
        skip_unchanged=True,
        budget=180.0,
        stable_for=5.0,
        schedules=("auto",) if case.is_auto else ("nightly", "jobs/hourly"),
    )
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def started(world: World) -> list[str]:
    """What each target would start now: the content of its revision, by image."""
    bodies = (*world.schedules.rules.values(), *world.schedules.schedules.values())
    return [
        world.containers(target.definition.rstrip(":*") if is_bare(target.definition) else target.definition)["app"]
        for body in bodies
        for target in Scheduled(body).targets
    ]


def kept(world: World) -> Any:
    """All of them, but for what they start and what AWS itself writes."""
    whole = deepcopy((world.schedules.rules, world.schedules.schedules))
    for body in (*whole[0].values(), *whole[1].values()):
        for target in body.get("Targets") or [body["Target"]]:
            target.get("EcsParameters", {}).pop("TaskDefinitionArn", None)
    return whole


def exact(world: World) -> Any:
    return deepcopy((world.schedules.rules, world.schedules.schedules))


@given(case=cases)
@settings(deadline=None)
def test_what_is_said_of_schedules_is_true(case: Case) -> None:
    world = case.build()
    before, others = exact(world), kept(world)
    report = deploy(world, case)
    event(f"exit {int(report.exit_code)}")
    assert kept(world) == others
    if report.exit_code == ExitCode.DONE:
        assert started(world) == ["shop:2"] * 3
        assert {step.end_state.value for step in report.steps if step.end_state} == {"new"}
    if report.exit_code in (ExitCode.REFUSED, ExitCode.RETURNED):
        assert exact(world) == before
        assert started(world) == ["shop:1"] * 3
    if report.exit_code == ExitCode.RETURNED:
        assert world.service("prod", "web").primary.task_definition.endswith("web:1")


@pytest.mark.parametrize("starts", ["web:1", "web"])
def test_run_again_after_a_kill_all_is_new(starts: str) -> None:
    case = Case(starts=(starts, "web:1", starts))
    whole = case.build()
    assert deploy(whole).exit_code == ExitCode.DONE
    for k in range(1, whole.faults.calls[""] + 1):
        world = case.build()
        others = kept(world)
        world.faults.add(Effect.KILL, first=k, last=k)
        with pytest.raises(Killed):
            deploy(world)
        world.faults.rules.clear()
        world.clock.sleep(100)
        assert (deploy(world).exit_code, started(world), kept(world)) == (0, ["shop:2"] * 3, others), k
        assert world.definitions.families() == {"web": 2}, k
