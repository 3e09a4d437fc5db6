"""The fault law for ECS's own strategies: whatever happens, exit code and verdict are true of who gets the traffic.

Random worlds on virtual time; what is claimed is compared with the simulator's own state.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from drone_deploy_ecs.core.event import Event, Kind
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.verdict import EndState, Verdict
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect, Killed, Rule
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.shifting import LifecycleHook, Shifting
from drone_deploy_ecs.simulator.traffic import by_deployment
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.others import EFFECTS, Others
from tests.laws.structs import structs
from tests.simulator.watching import GROUP

if TYPE_CHECKING:
    from collections.abc import Callable

    from drone_deploy_ecs.core.report.outcome import Outcome
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.simulator.model import Service

BUDGET = 300.0
LONGEST = 6 * 3600.0
"""Seconds after which any of these runs is over: bakes, hooks and budget, and the same again on the way back."""
STRATEGIES = ("BLUE_GREEN", "LINEAR", "CANARY", "ROLLING")
ANYWHERE = ("PRE_SCALE_UP", "POST_SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "PRE_PRODUCTION_TRAFFIC_SHIFT",
            "POST_PRODUCTION_TRAFFIC_SHIFT")  # fmt: skip
UNSEEN = 16.0
"""Seconds between looks at most, when nothing fails."""

stages = st.sampled_from(ANYWHERE).map(lambda stage: (stage,))
functions = structs(LifecycleHook, stages=stages, after=st.floats(0, 200), timeout_minutes=st.just(30), about=st.just("shop:2"),
                    answer=st.sampled_from(["SUCCEEDED", "FAILED", "UNPARSABLE"]))  # fmt: skip
pauses = structs(LifecycleHook, stages=stages, is_pause=st.just(True), timeout_minutes=st.just(5),  # noqa: FBT003 a value
                 timeout_continues=st.booleans())  # fmt: skip
shiftings = structs(
    Shifting, bake_minutes=st.integers(0, 6), step_percent=st.sampled_from([12.5, 40.0, 100.0]),
    step_bake_minutes=st.integers(0, 2), hooks=st.lists(st.one_of(functions, pauses), max_size=1).map(tuple),
    balancer=st.sampled_from(["ALB", "ALB", "SERVICE_CONNECT", ""]),
)  # fmt: skip
behaviours = st.one_of(
    st.just(Behaviour()),
    structs(Behaviour, starts_after=st.floats(0, 100)),
    st.builds(crash, st.integers(0, 255), st.floats(0, 400)),
    st.just(missing("shop:2")),
    structs(Behaviour, exits_after=st.floats(0, 200), exit_code=st.just(1), heals_after=st.integers(1, 4)),
    structs(Behaviour, target_unhealthy=st.booleans(), health_after=st.floats(1, 60)),
)
rules = structs(
    Rule,
    effect=st.sampled_from(EFFECTS),
    operation=st.sampled_from([
        "", "DescribeServices", "UpdateService", "ListTasks", "ListServiceDeployments", "DescribeServiceDeployments",
        "StopServiceDeployment",
    ]),
    first=st.integers(1, 12),
    chance=st.sampled_from([0.1, 0.3, 1.0]),
    until=st.floats(1, 900),
)  # fmt: skip
acts = st.tuples(st.floats(0, 600), st.sampled_from([
    "deploy", "roll back by hand", "stop", "continue", "reject", "trip", "kill task", "scale up",
]))  # fmt: skip


class Script(Struct, frozen=True, kw_only=True):
    """One random world."""

    seed: int
    behaviour: Behaviour
    strategies: tuple[str, ...]
    shifting: Shifting
    breaker: Breaker | None
    alarms_roll_back: bool
    listed_after: float
    current_after: float
    stale: float
    rules: tuple[Rule, ...]
    acts: tuple[tuple[float, str], ...]
    roll_back: bool
    wait_for: str
    stable_for: str
    on_pause: str


scripts = structs(
    Script,
    seed=st.integers(0, 10**6),
    behaviour=behaviours,
    strategies=st.lists(st.sampled_from(STRATEGIES), min_size=1, max_size=2).map(tuple),
    shifting=shiftings,
    breaker=st.sampled_from([None, Breaker(), Breaker(rollback=False)]),
    alarms_roll_back=st.booleans(),
    listed_after=st.sampled_from([0.0, 0.0, 10.0]),
    current_after=st.sampled_from([0.0, 60.0]),
    stale=st.sampled_from([0.0, 0.0, 5.0, 15.0]),
    rules=st.lists(rules, max_size=2).map(tuple),
    acts=st.lists(acts, max_size=2).map(tuple),
    roll_back=st.sampled_from([True, True, True, False]),
    wait_for=st.sampled_from(["", "", "shifted", "healthy"]),
    stable_for=st.sampled_from(["", "", "60s"]),
    on_pause=st.sampled_from(["", "", "continue", "leave", "leave"]),
)


class Watched(World):
    """Notes, whenever something changes, what share of its users each service's newest deployment gets."""

    def __init__(self, *, seed: int) -> None:
        super().__init__(seed=seed)
        self.shares: dict[str, list[tuple[float, float]]] = {}

    def changed(self, service: Service) -> None:
        """See `Account`: asked after every turn of the scheduler, and whatever else changes a service."""
        super().changed(service)
        share = by_deployment(service).get(service.history[-1].id, 0.0)
        self.shares.setdefault(service.name, []).append((self.clock.monotonic(), share))


def build(script: Script) -> tuple[Watched, Others]:
    world, others = Watched(seed=script.seed), Others()
    world.faults.stale_seconds = script.stale
    world.push("shop:1", Behaviour())
    for number, strategy in enumerate(script.strategies):
        world.add_service(
            "prod", f"s{number}", task_definition(f"s{number}", "shop:1"), strategy=strategy, shifting=script.shifting,
            target_group=GROUP.replace("web", f"s{number}") if script.shifting.balancer else "", breaker=script.breaker,
            alarms=("errors",), alarms_roll_back=script.alarms_roll_back,
            listed_after=script.listed_after, current_after=script.current_after,
        )  # fmt: skip
    world.push("shop:2", script.behaviour)
    world.clock.sleep(60)
    world.faults.rules.extend(script.rules)
    for at, what in script.acts:
        world.at(at, partial(others.act, world, what))
    return world, others


def run(world: World, script: Script, listener: Callable[[Event], None] = lambda _: None) -> Report:
    names = ",".join(f"s{number}" for number in range(len(script.strategies)))
    flags = {"aws_region": "eu-west-1", "cluster": "prod", "service": names, "container": "app", "timeout": f"{BUDGET:.0f}s",
             "image": "shop:2", "disable_rollbacks": "" if script.roll_back else "true", "wait_for": script.wait_for,
             "stable_for": script.stable_for, "on_pause": script.on_pause}  # fmt: skip
    request, _ = resolve(flags, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, listener, lambda: 0.5).deploy()


class Ended(Struct, frozen=True, kw_only=True):
    """One service after a run, with what is needed to judge the claims about it."""

    world: World
    script: Script
    service: Service
    others: Others
    outcome: Outcome

    @property
    def is_changed_unseen(self) -> bool:
        """Whether others did something that no look can have shown."""
        horizon = self.world.clock.monotonic() - self.script.stale - UNSEEN
        return self.service.name == "s0" and self.others.acted_since(horizon)

    @property
    def traffic(self) -> dict[str, float]:
        """Who gets production traffic, in per cent: by family and revision."""
        return {name: share for name, share in self.world.traffic(self.service).items() if share}


def holds_when_done(one: Ended) -> None:
    """Exit 0: ours is PRIMARY; but for `healthy` it alone gets the traffic, and all is over where that was asked."""
    assert one.outcome.verdict in (Verdict.COMPLETED, Verdict.PAUSED)
    if one.is_changed_unseen:
        return
    primary = one.service.primary
    assert primary.id == one.outcome.deployment
    if one.outcome.verdict is Verdict.PAUSED:
        holds_when_paused(one)
        return
    if one.service.strategy == "ROLLING" or one.script.wait_for == "healthy":
        return
    # Without a load balancer nothing is shifted: users get whatever runs.
    if one.script.shifting.balancer or not one.script.wait_for:
        assert one.traffic == {one.outcome.revision: 100.0}
    if not one.script.wait_for:
        assert primary.outcome == "SUCCESSFUL"
        assert not one.outcome.unfinished


def holds_when_paused(one: Ended) -> None:
    """Paused: it was asked to be left, it really waits there, and no more traffic is claimed than it has."""
    assert one.script.on_pause == "leave"
    shift, pause = one.service.primary.shift, one.outcome.pause
    assert shift is not None
    assert pause is not None
    assert pause.hook in {run.id for run in shift.runs if run.status == "AWAITING_ACTION"}
    assert pause.stage == shift.runs[-1].stage
    assert not pause.share or one.traffic == {one.outcome.revision: pause.share} or pause.share < 100.0


def holds_when_returned(one: Ended) -> None:
    """Exit 3: what ran before is PRIMARY and gets all the traffic, but for what others did."""
    if one.outcome.verdict is Verdict.SUPERSEDED or one.is_changed_unseen:
        return
    if one.outcome.way_back is None:  # never written to: whatever others made of it
        assert not one.outcome.deployment
        return
    assert one.service.primary.task_definition.rpartition("/")[2] == f"{one.service.name}:1"
    assert one.traffic == {f"{one.service.name}:1": 100.0}


def holds_when_superseded(one: Ended, written: dict[str, list[float]]) -> None:
    """Nothing was written to it once somebody else's deployment was PRIMARY and could be seen to be."""
    assert one.others.made
    made = max(each.created for each in one.service.history if each.id in one.others.made)
    assert not [at for at in written[one.service.name] if at > made + one.script.stale + 1.0]


def writes(world: World) -> dict[str, list[float]]:
    """When each service was written to."""
    found: dict[str, list[float]] = {name: [] for _, name in world.services}
    for at, operation, about in world.faults.log:
        for name, moments in found.items():
            if (operation == "UpdateService" and about == name) or (
                operation in ("StopServiceDeployment", "ContinueServiceDeployment") and f"/{name}/" in about
            ):
                moments.append(at)
    return found


@settings(max_examples=max(300, settings().max_examples))
@given(scripts)
def test_exit_code_and_verdict_are_true(script: Script) -> None:
    world, others = build(script)
    listed = {one.id for service in world.services.values() for one in service.history}
    began = world.clock.monotonic()
    report = run(world, script)
    event(f"exit {int(report.exit_code)} {report.verdict.value}")
    assert world.clock.monotonic() - began < LONGEST, "it hangs"
    ours = {one.id for service in world.services.values() for one in service.history} - listed
    if report.exit_code == ExitCode.REFUSED:
        assert ours == others.made, "refused, and yet updated"
    for outcome in report.outcomes:
        service = world.service("prod", outcome.target.name)
        one = Ended(world=world, script=script, service=service, others=others, outcome=outcome)
        if report.exit_code == ExitCode.DONE:
            holds_when_done(one)
        if report.exit_code == ExitCode.RETURNED:
            holds_when_returned(one)
        if outcome.end_state is EndState.SOMEBODY_ELSES:
            holds_when_superseded(one, writes(world))


# --- what users see of what has failed ---

UNTIL_STOPPED = 2.0
"""Seconds from the word that it is rolled back to when a Stop could have been accepted; and stale reads on top."""
crashes = st.builds(crash, st.just(1), st.floats(0, 150))
"""Of which the second generation dies while traffic is shifted, or baking in between."""


@settings(max_examples=max(60, settings().max_examples // 5))
@given(scripts, crashes, st.sampled_from(["CANARY", "LINEAR", "BLUE_GREEN"]))
def test_users_get_no_more_of_what_has_failed(found: Script, bad: Behaviour, strategy: str) -> None:
    """From the word that it is rolled back its share of traffic never grows, where nothing keeps a Stop from AWS."""
    script = replace(
        found, behaviour=bad, strategies=(strategy, *found.strategies[1:]), rules=(), acts=(), roll_back=True
    )
    world, _ = build(script)
    back_at: dict[str, float] = {}

    def note(told: Event) -> None:
        if told.kind is Kind.UNDO and told.service:
            back_at.setdefault(told.service, world.clock.monotonic())

    report = run(world, script, note)
    for outcome in report.outcomes:
        name = outcome.target.name
        at, ours = back_at.get(name), world.service("prod", name).history[-1]
        if at is None or ours.id != outcome.deployment or not ours.shift:
            continue  # not taken back, or by a deployment of its own; or its strategy is ROLLING, which shifts nothing
        stoppable = at + UNTIL_STOPPED + script.stale
        before = [share for when, share in world.shares[name] if when <= stoppable]
        after = [share for when, share in world.shares[name] if when > stoppable]
        assert max(after, default=0.0) <= before[-1]


# --- killed, and run again ---


DIGEST = "sha256:" + "b" * 64


def one_service(image: Behaviour, strategy: str = "CANARY", **shifting: Any) -> World:
    world = World()
    world.push("shop:2", image, digest=DIGEST)
    world.add_service(
        "prod", "s0", task_definition("s0", "shop:1"), strategy=strategy, target_group=GROUP,
        shifting=Shifting(bake_minutes=1, step_bake_minutes=1, **shifting),
    )  # fmt: skip
    return world


CASES: dict[str, Callable[[], World]] = {
    "good": lambda: one_service(Behaviour()),
    "blue/green": lambda: one_service(Behaviour(), "BLUE_GREEN"),
    "crash": lambda: one_service(crash(1)),
    "crash in the bake": lambda: one_service(crash(1, after=60.0), "BLUE_GREEN"),
    "hook refuses": lambda: one_service(
        Behaviour(), hooks=(LifecycleHook(stages=("POST_TEST_TRAFFIC_SHIFT",), answer="FAILED", about="shop:2"),)
    ),
}


def deploy(world: World) -> Report:
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "s0", "container": "app",
             "image": f"shop:2@{DIGEST}"}  # fmt: skip
    request, _ = resolve(asked, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def broken(build_: Callable[[], World], k: int, whole: World, expected: int) -> list[str]:
    """How the law doesn't hold after a kill at call k."""
    world = build_()
    world.faults.add(Effect.KILL, first=k, last=k)
    with pytest.raises(Killed):
        deploy(world)
    report = deploy(world)
    wrong = [] if report.exit_code == expected else [f"exits {int(report.exit_code)}"]
    world.clock.sleep(600)
    traffic = world.traffic(world.service("prod", "s0"))
    right = whole.traffic(whole.service("prod", "s0"))
    return [f"k={k}: {one}" for one in (*wrong, *([] if traffic == right else [f"traffic {traffic}"]))]


@pytest.mark.parametrize("name", CASES)
def test_run_again_after_a_kill(name: str) -> None:
    whole = CASES[name]()
    expected = deploy(whole).exit_code
    calls = whole.faults.calls[""]
    whole.clock.sleep(600)
    assert expected in (ExitCode.DONE, ExitCode.RETURNED)
    assert [wrong for k in range(1, calls + 1) for wrong in broken(CASES[name], k, whole, expected)] == []
