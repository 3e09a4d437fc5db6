"""The law of going back: to the newest success older than the first of what runs, or not at all; never in circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.run.deployment import Deployment
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash, missing
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.world import task_definition
from tests.simulator.native import native
from tests.simulator.watching import settle, web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.report.report import Report
    from drone_deploy_ecs.simulator.world import World

ACTS = (
    "ours",
    "ours that crashes",
    "theirs",
    "theirs again",
    "theirs that is missing",
    "superseded",
    "stopped",
    "back",
)
PLACES = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web"}


def run(world: World, **asked: str) -> Report:
    """One run of ours."""
    request, _ = resolve({**PLACES, **asked}, {})
    return Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()


def registered(world: World, number: int, image: str) -> str:
    return world.register(task_definition("web", image, tags=[{"key": "number", "value": str(number)}]))


def act(world: World, what: str, number: int) -> None:
    """Something that is done to the service, and what becomes of it."""
    service, good = web(world), f"shop:{number}"
    match what:
        case "ours":
            run(world, container="app", image=good)
        case "ours that crashes":
            world.push(good, crash(1))
            run(world, container="app", image=good)
        case "theirs":
            world.deploy(service, registered(world, number, good))
        case "theirs again":
            earlier = sorted({each.task_definition for each in service.history})
            world.deploy(service, earlier[number % len(earlier)])
        case "theirs that is missing":
            world.push(good, missing(good))
            world.deploy(service, registered(world, number, good))
        case "superseded":
            world.deploy(service, registered(world, number, good))
            world.clock.sleep(3)
            world.deploy(service, registered(world, number, f"{good}-too"))
        case "stopped":
            world.deploy(service, registered(world, number, good))
            world.clock.sleep(3)
            world.stop_deployment(service)
        case _:
            run(world, action="rollback")
    settle(world, within=900)


def truth(world: World) -> tuple[str, str, set[str]]:
    """What runs, where it is to go back to ("" for nowhere), and what ever was successful."""
    history = [(each.created, each.task_definition) for each in web(world).history if each.outcome == "SUCCESSFUL"]
    running = web(world).primary.task_definition
    first = min(at for at, revision in history if revision == running)
    older = [revision for at, revision in sorted(history) if at < first]
    return running, older[-1] if older else "", {revision for _, revision in history}


def number_of(revision: str) -> int:
    return int(revision.rpartition(":")[2])


def is_at_rest(world: World) -> bool:
    return web(world).primary.state == "COMPLETED" and not web(world).others


def check(world: World) -> str:
    """One way back: where it went, "" for nowhere."""
    running, former, successful = truth(world)
    report = run(world, action="rollback")
    now = web(world).primary.task_definition
    if report.exit_code == 2:
        assert now == running
        # It may refuse where somebody ran a newer revision first, and only then an older one for the first time.
        assert not former or number_of(former) > number_of(running), report.problems
        return ""
    assert report.exit_code == 0, report.outcomes
    assert now == former
    assert now in successful
    return now


@given(
    acts=st.lists(st.sampled_from(ACTS), max_size=8),
    strategy=st.sampled_from(["ROLLING", "ROLLING", "CANARY"]),
    breaker=st.sampled_from([None, Breaker(rollback=True)]),
)
@example(acts=["ours", "ours", "theirs again", "theirs"], strategy="ROLLING", breaker=None)
@example(acts=["ours", "back", "ours that crashes", "theirs"], strategy="ROLLING", breaker=None)
@settings(max_examples=60, deadline=None)
def test_it_goes_to_what_was_good_before_or_nowhere(
    acts: Sequence[str], strategy: str, breaker: Breaker | None
) -> None:
    world = native(strategy, breaker=breaker, bake_minutes=1, step_bake_minutes=1)
    for number, what in enumerate(acts, 2):
        act(world, what, number)
    if not is_at_rest(world):
        event("it never came to rest")
        return
    left = [truth(world)[0]]
    for _ in range(len(acts) + 2):
        to = check(world)
        if not to:
            break
        assert to not in left
        left.append(to)
    else:
        raise AssertionError(f"it goes in circles: {left}")
    event(f"{len(left) - 1} steps back")


@given(acts=st.lists(st.sampled_from(ACTS[:6]), max_size=6), denied=st.sampled_from(["List", "Describe"]))
@settings(max_examples=20, deadline=None)
def test_without_the_record_it_goes_nowhere_else(acts: Sequence[str], denied: str) -> None:
    world = native("ROLLING")
    for number, what in enumerate(acts, 2):
        act(world, what, number)
    if not is_at_rest(world):
        return
    world.faults.add(Effect.DENY, "ListServiceDeployments" if denied == "List" else "DescribeServiceRevisions")
    check_denied(world)


def check_denied(world: World) -> None:
    running, former, _ = truth(world)
    report = run(world, action="rollback")
    assert web(world).primary.task_definition in (running, former)
    assert report.exit_code == (2 if web(world).primary.task_definition == running else 0)
