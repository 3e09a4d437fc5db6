"""The law of who only watches: whoever deploys, whoever takes it back, nothing is written, and what is said is so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.model import Breaker
from tests.laws.test_rollback import run
from tests.simulator.native import native
from tests.simulator.watching import update, web

if TYPE_CHECKING:
    from drone_deploy_ecs.simulator.world import World

WRITES = ("UpdateService", "RegisterTaskDefinition", "StopServiceDeployment", "ContinueServiceDeployment")
BEHAVIOURS = (Behaviour(), Behaviour(), crash(1), crash(1, after=45.0), missing("shop:2"), Behaviour(starts_after=1e9))


def meddle(world: World, how: str, at: float) -> None:
    """What somebody does meanwhile."""
    service = web(world)
    before = service.history[0].task_definition
    match how:
        case "returns it":
            world.at(at, lambda: world.deploy(service, before))
        case "stops it":
            world.at(at, lambda: world.stop_deployment(service))
        case "deploys":
            world.at(at, lambda: update(world, "shop:9"))
        case _:
            pass


class Case(NamedTuple):
    """A deployment of somebody's, and what somebody does `at` seconds after we come, which is `after` its begin."""

    behaviour: Behaviour
    strategy: str
    breaker: Breaker | None
    how: str
    after: float
    at: float


cases = st.builds(
    Case,
    behaviour=st.sampled_from(BEHAVIOURS),
    strategy=st.sampled_from(["ROLLING", "ROLLING", "BLUE_GREEN", "CANARY"]),
    breaker=st.sampled_from([None, Breaker(rollback=True), Breaker(rollback=False)]),
    how=st.sampled_from(["nothing", "nothing", "returns it", "stops it", "deploys"]),
    after=st.integers(0, 150).map(float),
    at=st.integers(1, 120).map(float),
)


@given(case=cases)
@example(case=Case(Behaviour(), "BLUE_GREEN", None, "returns it", 0.0, 1.0))
@settings(max_examples=60, deadline=None)
def test_what_it_says_is_so(case: Case) -> None:
    world = native(case.strategy, case.behaviour, breaker=case.breaker, bake_minutes=1, step_bake_minutes=1)
    began = update(world)
    world.clock.sleep(case.after)
    meddle(world, case.how, case.at)
    registered = world.faults.calls["RegisterTaskDefinition"]
    report = run(world, action="watch", timeout="5m")
    assert world.faults.calls["UpdateService"] == 0
    assert not any(world.faults.calls[name] for name in WRITES[2:])
    assert world.faults.calls["RegisterTaskDefinition"] == registered
    primary, verdict = web(world).primary, report.outcomes[0].verdict.value
    event(f"{verdict}, exit {report.exit_code}")
    match int(report.exit_code):
        case 0 if verdict == "Completed":
            assert (primary.id, primary.state) == (began, "COMPLETED")
        case 0:
            assert (verdict, primary.state) == ("Unchanged", "COMPLETED")
        case 3:
            assert primary.task_definition.endswith(":1")
            assert primary.state == "COMPLETED"
            assert sum(task.is_running for task in primary.tasks) >= 2
        case 5:
            assert primary.task_definition.endswith(":3")
        case code:
            assert code == 4, code
            assert primary.state != "COMPLETED" or primary.task_definition.endswith(":2")
