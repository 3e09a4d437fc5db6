"""One law over all kinds of step: whatever AWS answers, in whatever order, an execution keeps what the loop needs."""

from __future__ import annotations

import pkgutil
import tomllib
from importlib import import_module
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from drone_deploy_ecs.core import steps
from drone_deploy_ecs.core.calls.call import WEB
from drone_deploy_ecs.core.causes.evidence import LogPlace
from drone_deploy_ecs.core.ecs.launch import Launch
from drone_deploy_ecs.core.ecs.limits import Limits
from drone_deploy_ecs.core.ecs.schedule import ScheduleName
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.request.url import Url
from drone_deploy_ecs.core.steps.deregister import DeregisterTaskDefinition
from drone_deploy_ecs.core.steps.hold import Hold
from drone_deploy_ecs.core.steps.kind import KindStep
from drone_deploy_ecs.core.steps.limit import RegisterScalableTarget
from drone_deploy_ecs.core.steps.native.update import FollowServiceDeployment, RollBack, ShiftTraffic
from drone_deploy_ecs.core.steps.probe.probe import Probe
from drone_deploy_ecs.core.steps.register import RegisterTaskDefinition
from drone_deploy_ecs.core.steps.rollout.terms import Terms
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.steps.scale import Scale
from drone_deploy_ecs.core.steps.schedule.move import Move, MoveSchedule
from drone_deploy_ecs.core.steps.step import Context, State
from drone_deploy_ecs.core.steps.tag import TagRevision
from drone_deploy_ecs.core.steps.task.run import RunTask
from drone_deploy_ecs.core.steps.task.stop import StopTask
from drone_deploy_ecs.core.steps.unused.deregister import DeregisterUnused, Family
from drone_deploy_ecs.core.verdict import Verdict
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.sites import SimulatedWeb
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.core.shown import BEFORE, NEW, NOON, OLD, OURS, TARGET
from tests.laws import answers
from tests.laws.structs import structs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.steps.step import Execution, Step

ROOT = Path(__file__).parents[2]
SHOP = Url(scheme="https", host="shop.example", port=443, path="/")
BUDGET = 60.0
LONGEST = 10 * BUDGET
"""Seconds after which any of them has ended, or is complete: budgets for the write and for what follows, and grace."""
AGAIN = replace(TARGET, known=frozenset({OLD, OURS}))

terms = structs(
    Terms, budget=st.just(BUDGET), max_failed_tasks=st.sampled_from([None, None, 1]), stable_for=st.sampled_from([0.0, 20.0]),
    wait_for_drained=st.booleans(), at_least=st.sampled_from([0, 2]), checks=st.sampled_from([0, 2]),
    check_interval=st.just(5.0), must_stay=st.booleans(), on_pause=st.sampled_from(["wait", "continue", "leave"]),
)  # fmt: skip
counts = st.integers(0, 3)
KINDS: dict[type[KindStep], st.SearchStrategy[Step]] = {
    RegisterTaskDefinition: structs(
        RegisterTaskDefinition, name=st.just("web#1"), region=st.just("eu-west-1"), family=st.just("web"),
        body=st.sampled_from(answers.BODIES), serves=st.just(("web",)), source=st.just(BEFORE), what=st.just("a change")),
    UpdateService: structs(UpdateService, target=st.just(TARGET), terms=terms, definition=st.just(NEW), desired=st.none() | counts,
                           looks_first=st.booleans(), build=st.sampled_from([None, 2]))
    | structs(UpdateService, target=st.just(AGAIN), terms=st.just(Terms(budget=BUDGET)), definition=st.just(BEFORE),
                undoes=st.just(OURS), must_not_write=st.booleans(), since=st.just(NOON)),
    FollowDeployment: structs(
        FollowDeployment, target=st.just(TARGET), terms=terms, definition=st.just(NEW), deployment=st.just(OURS)),
    Scale: structs(Scale, target=st.just(TARGET), to=counts, expected=st.none() | counts, allow_more=st.booleans(),
                     always_write=st.booleans()),
    RegisterScalableTarget: structs(
        RegisterScalableTarget, target=st.just(TARGET), limits=st.just(Limits(0, 4)), why=st.just("why"), required=st.booleans()),
    ShiftTraffic: structs(ShiftTraffic, target=st.just(TARGET), terms=terms, definition=st.just(NEW), strategy=answers.shapes,
                          build=st.sampled_from([None, 2])),
    FollowServiceDeployment: structs(
        FollowServiceDeployment, target=st.just(TARGET), terms=terms, definition=st.just(NEW), deployment=st.just(OURS),
        strategy=answers.shapes),
    RollBack: structs(
        RollBack, target=st.just(AGAIN), terms=st.just(Terms(budget=BUDGET)), definition=st.just(BEFORE), undoes=st.just(OURS),
        must_not_write=st.booleans(), since=st.just(NOON), strategy=answers.shapes, arn=st.sampled_from(["", answers.RECORD])),
    TagRevision: structs(TagRevision, region=st.just("eu-west-1"), definition=st.just(NEW), build=st.just(2)),
    RunTask: structs(
        RunTask, word=st.just("before"), like=st.just("web"), region=st.just("eu-west-1"), cluster=st.just("prod"), container=st.just("app"),
        launch=st.sampled_from([Launch(), Launch(propagates="SERVICE")]), command=st.just(("./migrate",)), timeout=st.sampled_from([30.0, BUDGET]), definition=st.just(NEW), tags=st.sampled_from([(), (("team", "shop"),)]),
        log=st.sampled_from(["its log is elsewhere", LogPlace("eu-west-1", "/ecs/web", "ecs/app/")]), when_serving=st.booleans()),
    StopTask: structs(
        StopTask, word=st.just("before"), region=st.just("eu-west-1"), cluster=st.just("prod"), arn=st.sampled_from(["", answers.TASK]),
        started_by=st.just("drone-deploy-ecs/before/x"), why=st.just("cancelled")),
    Probe: structs(
        Probe, url=st.just(SHOP), region=st.just("eu-west-1"), services=st.just(()), expect=st.sampled_from(["", "shop"]),
        stable_for=st.sampled_from([0.0, 20.0])),
    MoveSchedule: structs(
        MoveSchedule, region=st.just("eu-west-1"), name=st.sampled_from([ScheduleName("default", "n"), ScheduleName("jobs", "h", is_rule=False)]),
        moves=st.sampled_from(answers.ENDS).map(lambda ends: (Move(target="", since=ends[0], to=ends[1]),)), is_back=st.booleans()),
    DeregisterTaskDefinition: structs(
        DeregisterTaskDefinition, region=st.just("eu-west-1"), definition=st.just(NEW), runs=st.just(("nightly",))),
    DeregisterUnused: structs(
        DeregisterUnused, region=st.just("eu-west-1"), keep=st.sampled_from([1, 2]), is_alone=st.booleans(),
        families=st.sampled_from([(Family("web", 3),), (Family("web", 1), Family("job", 3, frozenset({"job:1"})))])),
    Hold: structs(Hold, target=st.just(TARGET), seconds=st.sampled_from([0.0, 30.0])),
}  # fmt: skip

kinds = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
waits = st.lists(st.sampled_from([0.0, 0.5, 3.0, 12.0, 40.0]), max_size=15)


def begin(data: st.DataObject, kind: type[KindStep]) -> Execution:
    """One of that kind, its turn having come."""
    context = Context(now=0.0, budget=BUDGET, seen_at=data.draw(st.sampled_from([None, 0.0, -60.0])), outputs={})
    return data.draw(KINDS[kind]).begin(context).start(0.0)


def answered(execution: Any, data: st.DataObject, now: float) -> Any:
    """After an answer to its call, whichever."""
    return execution.advance(data.draw(answers.to(execution.call)), now)


def test_every_kind_is_here() -> None:
    for module in pkgutil.walk_packages(steps.__path__, f"{steps.__name__}."):
        import_module(module.name)
    ours = {kind for kind in _descendants(KindStep) if kind.__module__.startswith(steps.__name__)}
    assert ours == set(KINDS)


def _descendants(kind: type[KindStep]) -> Iterator[type[KindStep]]:
    """A kind may be made of another."""
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


STEPS = "drone_deploy_ecs.core.steps"


def test_every_kind_is_kept_apart_from_the_others_and_from_what_runs_it() -> None:
    rooms = {".".join(kind.__module__.split(".")[:4]) for kind in KINDS}
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    apart = [set(contract["modules"]) for contract in contracts if contract["type"] == "independence"]
    one_way = [set(contract["layers"]) for contract in contracts if contract.get("containers") == [STEPS]]
    unknown = next(contract for contract in contracts if contract.get("source_modules") == ["drone_deploy_ecs.run"])
    ordered = {frozenset(f"{STEPS}.{layer}" for layer in layers) for layers in one_way}
    pairs = {frozenset(pair) for pair in combinations(rooms, 2)}
    assert {pair for pair in pairs if not any(pair <= modules for modules in apart)} == ordered
    assert set(unknown["forbidden_modules"]) >= rooms


@kinds
@given(data=st.data(), script=waits)
def test_nothing_raises_and_a_verdict_is_final(kind: type[KindStep], data: st.DataObject, script: list[float]) -> None:
    execution, now = begin(data, kind), 0.0
    for wait in script:
        now = max(now + wait, execution.due(now, 0.5))
        after = answered(execution, data, now)
        assert list(execution.news(execution)) == []
        assert all(text for _, text in after.news(execution))
        assert isinstance(after.heartbeat(now), str)
        if execution.verdict is not None:
            assert (after.verdict, after.reason, after.output) == (
                execution.verdict,
                execution.reason,
                execution.output,
            )
        if execution.state is State.ENDED:
            assert after.state is State.ENDED
        execution = after


@kinds
@given(data=st.data(), before=waits, script=waits)
def test_after_an_abort_nothing_is_written(
    kind: type[KindStep], data: st.DataObject, before: list[float], script: list[float]
) -> None:
    """Where a write is unconfirmed, it is looked for; nothing is written again."""
    execution, now = begin(data, kind), 0.0
    for wait in before:
        now = max(now + wait, execution.due(now, 0.5))
        execution = answered(execution, data, now)
    given_before = execution.verdict
    execution = execution.abort(Verdict.WITHDRAWN, "another failed", now)
    assert given_before is None or execution.verdict is given_before
    for wait in script:
        if execution.state is State.ENDED:
            return
        assert execution.call is None or not execution.call.writes
        assert execution.abort(Verdict.CANCELLED, "cancelled", now) == execution  # the first one counts
        now = max(now + wait, execution.due(now, 0.5))
        execution = answered(execution, data, now)


@kinds
@given(data=st.data(), length=st.integers(1, 4))
def test_it_ends_by_its_deadline(kind: type[KindStep], data: st.DataObject, length: int) -> None:
    """Whatever is answered again and again, it ends, or it is complete and only waits for the others."""
    execution, now = begin(data, kind), 0.0
    kept: dict[tuple[str, int], object] = {}
    for number in range(3000):
        if execution.state is State.ENDED or (execution.state is State.COMPLETE and now > LONGEST):
            return
        assert now <= LONGEST or execution.state is State.COMPLETE
        now = max(now, execution.due(now, 0.5)) + 0.05
        call = execution.call
        key = (call.operation if call else "", number % length)
        if key not in kept:
            kept[key] = data.draw(answers.to(call))
        execution = execution.advance(kept[key], now)
    raise AssertionError(execution)


def code_of(edges: Mapping[bool, Any], call: Call[Any]) -> str:
    """The code of the error that it is answered with, "" for none."""
    try:
        edges[call.service == WEB].send(call)
    except ApiError as error:
        return error.fault.code
    return ""


@kinds
@given(data=st.data(), script=waits)
def test_the_simulator_understands_every_call(kind: type[KindStep], data: st.DataObject, script: list[float]) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web"))
    edges = {False: SimulatedAws(world), True: SimulatedWeb(world)}
    execution, now = begin(data, kind), 0.0
    for wait in script:
        if execution.call is not None:
            assert code_of(edges, execution.call) != "UnknownOperationException"
        now = max(now + wait, execution.due(now, 0.5))
        execution = answered(execution, data, now)
