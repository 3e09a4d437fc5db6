"""The law of order in every interleaving: of two pipelines that race one wins, and what both say is true.

Whatever the order of their calls: who exits with 0 is what runs as it last looks, COMPLETED and with all tasks; who
exits with 3 left what it says it returned to; who exits with 5 left somebody else's. At the end nothing runs that
failed, nobody's success is gone but for another one's, a newer build runs rather than an older one, and whatever was
registered is used or told.

Every order of calls at the same moment is tried. With EVERY_INTERLEAVING set there are more cases, and in every race
any one call is held, too, while the other pipeline goes on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import pytest

from drone_deploy_ecs.core.ecs.build import BUILD, build_of
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.exit_code import ExitCode
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.laws.interleavings import Race, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.report.report import Report
    from tests.laws.interleavings import Act

EVERY = bool(os.environ.get("EVERY_INTERLEAVING"))
HOLDS, LONGEST = (1, 2) if EVERY else (0, 0)
"""How often a call is held in a race, and for how many sleeps of the other pipeline at the most."""
SETTLED = 600.0
"""Seconds after which nothing moves any more."""
ASKED = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "timeout": "15m"}
DIGEST, BAD = "shop@sha256:" + "a" * 64, "shop:bad"

Pair = tuple[str, str]


@dataclass(frozen=True)
class Case:
    """What the two ask for. `is_registered`: the family's newest revision, of build 6, is what the second one wants."""

    on_conflict: str
    builds: Pair
    images: Pair
    is_registered: bool = False

    def __str__(self) -> str:
        builds = " and ".join(build or "none" for build in self.builds)
        images = " and ".join(image.partition("@")[0] for image in self.images)
        return f"{self.on_conflict}, builds {builds}, {images}{', registered' if self.is_registered else ''}"

    @property
    def newer(self) -> int | None:
        """Which of them is of the newer build; None where neither is known to be."""
        first, second = (int(build or 0) for build in self.builds)
        return int(second > first) if first and second and first != second else None


class Seen(NamedTuple):
    """What the service runs in truth, and since when it was seen; `is_steady`: COMPLETED, and with all its tasks."""

    at: float
    deployment: str
    image: str
    build: int | None
    is_in_progress: bool
    is_steady: bool


ORDERS = ("replace", "wait", "refuse")
GOOD, SAME, FIRST_FAILS, SECOND_FAILS = ("shop:2", "shop:3"), ("shop:2", "shop:2"), (BAD, "shop:3"), ("shop:2", BAD)
SAME_DIGEST = (DIGEST, DIGEST)
NO_BUILDS, BUILDS, ONE_BUILD, SAME_BUILD = ("", ""), ("7", "8"), ("7", ""), ("8", "8")
CASES = [
    *(
        Case(order, builds, images)
        for order in ORDERS
        for builds in (NO_BUILDS, BUILDS, ONE_BUILD, *([SAME_BUILD] if EVERY else []))
        for images in (GOOD, SAME, FIRST_FAILS, SECOND_FAILS, *([SAME_DIGEST] if EVERY else []))
        # Which of them is the first one, makes a difference only by its build.
        if images != SECOND_FAILS or builds in (BUILDS, ONE_BUILD)
    ),
    *(
        Case(order, builds, images, is_registered=True)
        for order in ORDERS
        for builds in (BUILDS, *([NO_BUILDS, ONE_BUILD, BUILDS[::-1]] if EVERY else []))
        for images in (GOOD, SAME, *([SAME_DIGEST] if EVERY else []))
    ),
]


def world_of(case: Case) -> World:
    """Service web of two tasks, quick, where calls take no time."""
    world = World(timing=Timing(tick=5.0, provisioning=2.0, healthy_after_running=5.0))
    world.push(BAD, crash(1))
    world.push("shop:2", Behaviour())
    world.add_service("prod", "web", task_definition("web", "shop:1"))
    world.faults.latency = 0.0
    if case.is_registered:
        world.register(task_definition("web", case.images[1], tags=[{"key": BUILD, "value": "6"}]))
    return world


def image(world: World, revision: str) -> str:
    """What a revision runs."""
    return str(world.definitions.describe(revision)["taskDefinition"]["containerDefinitions"][0]["image"])


def seen(world: World) -> Seen:
    """What it runs now."""
    service = world.service("prod", "web")
    primary = service.primary
    running = sum(task.is_running for task in primary.tasks)
    return Seen(
        at=world.clock.monotonic(),
        deployment=primary.id,
        image=image(world, primary.task_definition),
        build=build_of(world.definitions.describe(primary.task_definition)),
        is_in_progress=primary.state == "IN_PROGRESS",
        is_steady=primary.state == "COMPLETED" and running == service.desired,
    )


# --- what isn't as it should be ---


def untrue(asked: str, report: Report, end: Seen, world: World) -> Iterator[str]:
    """What a pipeline says although it isn't so, as it ends. It asked for that image."""
    code, (outcome,) = report.exit_code, report.outcomes
    if code not in (ExitCode.SUPERSEDED, ExitCode.RETURNED if asked == BAD else ExitCode.DONE):
        yield f"exits {int(code)}"
    is_its_own = outcome.deployment in ("", end.deployment)
    if code == ExitCode.DONE and not (end.is_steady and end.image == asked and is_its_own):
        yield f"exits 0, and {end}"
    if code == ExitCode.RETURNED and not (end.is_steady and end.image == image(world, outcome.target.before)):
        yield f"exits 3, and {end}"
    if code == ExitCode.SUPERSEDED and outcome.deployment == end.deployment:
        yield f"exits 5, and {end}"


def untold(race: Race, known: set[str]) -> Iterator[str]:
    """Revisions that were registered for nothing without a word, and words that aren't true; `known` were there."""
    service = race.world.service("prod", "web")
    used = {short(deployment.task_definition) for deployment in service.history}
    registered = {short(arn) for arn in race.world.definitions.arns()} - known
    lines = [entry.text for report in race.reports for entry in report.timeline]
    told = {line.partition(" ")[0] for line in lines if "was registered for nothing" in line}
    yield from (f"{one} is untold" for one in registered - used - told)
    yield from (f"{one} is told to be of no use, and is used" for one in told & used)


def replaced(case: Case, number: int, acts: Sequence[Act], looks: Mapping[int, Seen]) -> Iterator[str]:
    """How a pipeline's first write takes no account of what it is about to replace; `looks` are by its acts."""
    mine = [index for index, act in enumerate(acts) if act.whose == number]
    write = next((index for index in mine if acts[index].what == "UpdateService"), None)
    if write is None or (case.on_conflict == "replace" and not case.builds[number]):
        return
    # Of which build somebody else's revision is may be read between the look and the write, and nothing else done.
    look = [index for index in mine if index < write and acts[index].what != "DescribeTaskDefinition"][-1]
    if look not in looks:
        yield f"writes without a look, but after {acts[look]}"
    elif looks[look].image != case.images[number]:
        theirs, build = looks[look], int(case.builds[number] or 0)
        is_lower = build > (theirs.build or 0) > 0
        if build and (theirs.build or 0) > build:
            yield f"replaces {theirs}"
        if case.on_conflict != "replace" and theirs.is_in_progress and not is_lower:
            yield f"replaces {theirs}"


def wrong(case: Case, race: Race, looks: Mapping[int, Seen]) -> Iterator[str]:
    """How the law doesn't hold in a race; `looks` are what there was to be seen, by the acts that looked."""
    world = race.world
    known = {short(arn) for arn in world_of(case).definitions.arns()}
    ends = {race.acts[index].whose: look for index, look in looks.items()}
    codes = [report.exit_code for report in race.reports]
    for number, report in enumerate(race.reports):
        yield from (f"{'AB'[number]} {one}" for one in untrue(case.images[number], report, ends[number], world))
        yield from (f"{'AB'[number]} {one}" for one in replaced(case, number, race.acts, looks))
        gives_way = report.exit_code == ExitCode.SUPERSEDED and not report.outcomes[0].deployment
        if gives_way and case.on_conflict == "wait" and case.newer in (None, number):
            yield f"{'AB'[number]} doesn't wait"
    world.clock.sleep(SETTLED)
    final = seen(world)
    done = [number for number, code in enumerate(codes) if code == ExitCode.DONE]
    if not done and ExitCode.RETURNED not in codes:
        yield "nobody wins"
    last = max(done or [0, 1], key=lambda number: ends[number].at)
    if not final.is_steady or final.image != ends[last].image:
        yield f"not {ends[last].image} in the end, but {final}"
    may_give_way = case.on_conflict == "refuse" or case.newer is None or case.images[case.newer] == BAD
    if not may_give_way and codes[case.newer or 0] == ExitCode.SUPERSEDED:
        yield "the newer build gives way"
    builds = [int(case.builds[number] or 0) for number in done if case.images[number] == final.image]
    # Of two that use a former revision again at the same moment, whoever is last says whose it is.
    if any(builds) and not case.is_registered and final.build != max(builds):
        yield f"build {max(builds)} won, and the tag says {final.build}"
    yield from untold(race, known)


def explored(case: Case, holds: int, longest: int) -> tuple[int, dict[str, list[str]]]:
    """How many interleavings there are; and by its calls, each that is wrong, and how."""
    requests = [
        resolve({**ASKED, "image": image, "on_conflict": case.on_conflict, "build_number": build}, {})[0]
        for build, image in zip(case.builds, case.images, strict=True)
    ]
    count, found = 0, {}
    schedule = Schedule(holds, longest)
    while schedule.next():
        race = Race(world_of(case), requests, schedule)
        looks: dict[int, Seen] = {}
        for _ in race.run():
            if race.acts[-1].what == "DescribeServices":
                looks[len(race.acts) - 1] = seen(race.world)
        if race.is_whole:
            count += 1
            if broken := list(wrong(case, race, looks)):
                found[str(race)] = broken
    return count, found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_what_two_pipelines_say_is_true_in_every_interleaving(case: Case) -> None:
    count, found = explored(case, HOLDS, LONGEST)
    assert found == {}
    assert count >= 10
