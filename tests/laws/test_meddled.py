"""The law of many services' claims: whatever others do, AWS answers or a signal cuts short, what is said is true."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.core.report.sentences import last_line
from drone_deploy_ecs.core.verdict import EndState
from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.claims import image
from tests.laws.test_many import Fleet, build, fleets
from tests.laws.test_truth import rules

if TYPE_CHECKING:
    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.simulator.faults import Rule
    from drone_deploy_ecs.simulator.model import Service

BUDGET = "5m"
OTHERS_OWN = ("deploy", "delete")
"""After these it isn't ours to say what the service runs."""


@dataclass(frozen=True)
class Trouble:
    """What befalls a run: others' acts as (second, what, place of the service), faults, a signal."""

    acts: tuple[tuple[float, str, int], ...] = ()
    rules: tuple[Rule, ...] = ()
    stale: float = 0.0
    cancel_at: float | None = None
    asked: dict[str, str] = field(default_factory=dict)


acts = st.tuples(
    st.floats(0, 300),
    st.sampled_from(["deploy", "scale up", "scale down", "kill a task", "delete"]),
    st.integers(0, 25),
)
troubles = st.builds(
    Trouble,
    acts=st.lists(acts, max_size=2).map(tuple),
    rules=st.lists(rules, max_size=2).map(tuple),
    stale=st.sampled_from([0.0, 0.0, 5.0, 15.0]),
    cancel_at=st.one_of(st.none(), st.none(), st.floats(0, 300)),
    asked=st.fixed_dictionaries(
        {},
        optional={
            "stable_for": st.sampled_from(["10s", "90s"]), "wait_for": st.just("healthy"), "on_cancel": st.just("leave"),
            "disable_rollbacks": st.just("true"), "skip_unchanged": st.just("true"), "max_failed_tasks": st.just("1"),
        },
    ),
)  # fmt: skip


class Signal:
    """A `Cancellation` that comes at some time, or never."""

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


def act(world: World, service: Service, what: str) -> None:
    match what:
        case "deploy":
            world.deploy(service, world.register(task_definition(service.name, "shop:9")))
        case "scale up":
            world.scale(service, service.desired + 2)
        case "scale down":
            world.scale(service, max(0, service.desired - 1))
        case "kill a task":
            world.kill_task(service)
        case _:
            service.status = "DRAINING"


def run(fleet: Fleet, trouble: Trouble) -> tuple[Report, dict[str, str], set[str]]:
    """The report; the image that each service is to run in truth; and the services that are others' own by now."""
    worlds = build(fleet)
    first = next(iter(worlds.values()))
    places = [(region, worlds[region].service("prod", name)) for region, name in fleet.names]
    named = {
        service.name if len(worlds) == 1 else f"{region}/{service.name}": (region, service)
        for region, service in places
    }
    theirs: set[str] = set()
    for at, what, place in trouble.acts:
        name, (region, service) = list(named.items())[place % len(named)]
        worlds[region].at(at, partial(act, worlds[region], service, what))
        if what in OTHERS_OWN:
            theirs.add(name)
    for world in worlds.values():
        world.faults.rules.extend(trouble.rules)
        world.faults.stale_seconds = trouble.stale
    asked = {
        "aws_region": ",".join(worlds), "cluster": "prod", "service": "tenant-*", "container": "app", "image": "shop:2",
        "timeout": BUDGET, **fleet.asked, **trouble.asked,
    }  # fmt: skip
    request, _ = resolve(asked, {})
    signal = Signal(first, trouble.cancel_at)
    everywhere = {region: SimulatedAws(world) for region, world in worlds.items()}
    report = Deployment(
        request, lambda access: everywhere[access.region], first.clock, lambda _: None, lambda: 0.5, cancellation=signal
    ).deploy()
    definitions = {name: worlds[region].definitions for name, (region, _) in named.items()}
    runs = {
        name: image(definitions[name].describe(one.primary.task_definition)["taskDefinition"])
        for name, (_, one) in named.items()
    }
    return report, runs, theirs


TWO_REGIONS = Fleet(1, 2, 1, frozenset(), 0.0, {"waves": "stop"})


@given(fleets, troubles)
@example(TWO_REGIONS, Trouble(acts=((60.0, "delete", 1),)))
@settings(max_examples=100)
def test_exit_code_and_every_claim_are_true(fleet: Fleet, trouble: Trouble) -> None:
    report, runs, theirs = run(fleet, trouble)
    assert last_line(report)
    standing = report.standing
    code = ExitCode(report.exit_code) if report.exit_code < 128 else None
    event(f"exit {report.exit_code}")
    assert code is not ExitCode.BUG
    for name, now in standing.items():
        if name in theirs:
            continue
        if now is EndState.NEW:
            assert runs[name] == "shop:2"
        if now in (EndState.AS_BEFORE, EndState.UNTOUCHED):
            assert runs[name] == "shop:1"
    assert (code is ExitCode.DONE) is (bool(standing) and set(standing.values()) == {EndState.NEW} and code is not None)
    if code is ExitCode.REFUSED:
        assert not [name for name, found in runs.items() if found == "shop:2"]
    if code is ExitCode.RETURNED:
        assert EndState.NOT_AS_BEFORE not in standing.values()
