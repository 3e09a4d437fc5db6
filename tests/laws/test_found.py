"""What the laws found, minimised."""

from __future__ import annotations

from dataclasses import replace

from drone_deploy_ecs.core import fold, watch
from drone_deploy_ecs.core.ecs import Deployment as Listed
from drone_deploy_ecs.core.ecs import Service
from drone_deploy_ecs.core.events import news
from drone_deploy_ecs.core.observation import Accepted, NotWritten, Seen
from drone_deploy_ecs.core.step import UpdateService
from drone_deploy_ecs.core.verdict import ExitCode, Verdict
from drone_deploy_ecs.core.watch import Phase, Terms, Watch
from drone_deploy_ecs.deployment import Deployment
from drone_deploy_ecs.settings import resolve
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.behaviour import crash
from drone_deploy_ecs.simulator.faults import Effect
from drone_deploy_ecs.simulator.world import task_definition
from tests.core.shown import BEFORE, COPY, DENIED, NEW, NOON, OLD, OTHER, OURS, TARGET, THROTTLED, TIMED_OUT
from tests.stories.story import small_world


def deployment(name: str, definition: str, status: str, state: str, running: int) -> Listed:
    return Listed(name, status, definition, 2, 0, running, 0, state, "", NOON)


def service(*listed: Listed) -> Service:
    return Service(name="web", arn="", status="ACTIVE", desired=2, running=2, task_definition="", deployments=listed, events=())  # fmt: skip


def forward(budget: float = 100.0, stable_for: float = 0.0) -> Watch:
    terms = Terms(budget=budget, stable_for=stable_for)
    return watch.begin(UpdateService(target=TARGET, definition=NEW), NEW, terms, 0.0)


def undo(definition: str = BEFORE) -> Watch:
    step = UpdateService(target=TARGET, definition=definition, only_over=OURS, since=NOON)
    return watch.begin(step, definition, Terms(budget=100.0), 0.0)


def test_what_timed_out_while_it_had_to_prove_stable_is_not_settled_afterwards() -> None:
    rolled_out = service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 2))
    one = fold.advance(forward(30.0, 25.0), Accepted(rolled_out), 0.0)
    one = fold.advance(one, Seen(rolled_out), 28.0)
    one = fold.advance(one, Seen(service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 1))), 31.0)
    assert one.verdict is Verdict.TIMED_OUT
    assert not one.is_done
    assert one.stable_at is None
    assert watch.settle(one, 60.0) is one


def test_a_throttled_retry_does_not_make_somebody_elses_of_our_own_update() -> None:
    """The first try was accepted, and that shows only after the second try was throttled."""
    one = fold.advance(forward(), NotWritten(TIMED_OUT), 0.0)
    old = service(deployment(OLD, BEFORE, "PRIMARY", "COMPLETED", 2))
    one = fold.advance(one, Seen(old), watch.SETTLE + 1)
    assert one.phase is Phase.WRITE
    one = fold.advance(one, NotWritten(THROTTLED), watch.SETTLE + 2)
    now_shown = service(
        deployment(OURS, NEW, "PRIMARY", "IN_PROGRESS", 0), deployment(OLD, BEFORE, "ACTIVE", "COMPLETED", 2)
    )
    one = fold.advance(one, Seen(now_shown), watch.SETTLE + 4)
    assert (one.verdict, one.deployment, one.phase) == (None, OURS, Phase.FOLLOW)


def test_a_denied_retry_does_not_unsay_that_the_first_try_may_have_landed() -> None:
    one = fold.advance(forward(), NotWritten(TIMED_OUT), 0.0)
    one = fold.advance(replace(one, phase=Phase.WRITE), NotWritten(DENIED), 20.0)
    assert (one.verdict, one.phase) == (None, Phase.CHECK)
    one = fold.advance(replace(one, phase=Phase.WRITE), NotWritten(DENIED), 120.0)
    assert one.verdict is Verdict.UNKNOWN


def test_reads_that_go_back_and_forth_do_not_prolong_an_undo() -> None:
    """ECS's rollback is seen, then not, then seen: the budget counts from the first time."""
    returning = service(
        deployment(OLD, BEFORE, "PRIMARY", "IN_PROGRESS", 1), deployment(OURS, NEW, "ACTIVE", "FAILED", 1)
    )
    still_ours = service(
        deployment(OURS, NEW, "PRIMARY", "IN_PROGRESS", 1), deployment(OLD, BEFORE, "ACTIVE", "COMPLETED", 1)
    )
    one = fold.advance(undo(), Seen(returning), 5.0)
    assert one.adopted
    one = fold.advance(one, Seen(still_ours), 20.0)
    assert one.phase is Phase.CHECK
    assert fold.advance(one, Seen(returning), 60.0).began == 5.0


def test_a_redeployment_of_the_same_tag_is_not_a_return_to_the_image_before() -> None:
    """Going back takes a copy pinned by digest; somebody who deploys the old revision again runs the new image."""
    redeployed = service(
        deployment(OTHER, BEFORE, "PRIMARY", "IN_PROGRESS", 0), deployment(OURS, BEFORE, "ACTIVE", "IN_PROGRESS", 0)
    )
    assert fold.advance(undo(COPY), Seen(redeployed), 5.0).verdict is Verdict.SUPERSEDED


def test_somebody_who_deployed_while_we_registered_is_not_overwritten() -> None:
    """RegisterTaskDefinition was throttled for half a minute: what the plan was made from is out of date."""
    world = small_world()
    world.faults.add(Effect.THROTTLE, "RegisterTaskDefinition", until=30.0)
    web = world.service("prod", "web")
    other = world.register(task_definition("web", "shop:1", cpu="1024"))
    world.at(10, lambda: world.deploy(web, other))
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
    request, _ = resolve(asked, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.SUPERSEDED
    assert world.faults.calls["UpdateService"] == 0
    assert web.primary.task_definition == other


def test_nothing_is_settled_while_nothing_can_be_seen() -> None:
    """It was complete; throttled looks saw nothing of somebody's newer deployment while it had to prove stable."""
    world = small_world()
    web = world.service("prod", "web")
    world.faults.add(Effect.THROTTLE, "DescribeServices", after=85.0, until=140.0)
    world.at(100, lambda: world.deploy(web, web.history[0].task_definition))
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:2"}
    request, _ = resolve(asked | {"stable_for": "40s"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.SUPERSEDED


def test_what_lacks_tasks_is_not_left_as_unchanged() -> None:
    """It runs this very revision, COMPLETED long ago, but not with all its tasks: exit 0 says that they run."""
    world = small_world()
    web = world.service("prod", "web")
    world.kill_task(web)
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:1"}
    request, _ = resolve(asked | {"skip_unchanged": "true"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.DONE
    assert web.runs == {"web:1": 2}
    assert world.faults.calls["UpdateService"] == 0


def test_what_lacks_tasks_for_good_is_not_called_unchanged() -> None:
    world = small_world()
    web = world.service("prod", "web")
    world.push("shop:1", crash(1))
    web.primary.digests = {}
    for _ in web.tasks:
        world.kill_task(web)
    asked = {"aws_region": "eu-west-1", "cluster": "prod", "service": "web", "container": "app", "image": "shop:1"}
    request, _ = resolve(asked | {"skip_unchanged": "true"}, {})
    report = Deployment(request, lambda _: SimulatedAws(world), world.clock, lambda _: None, lambda: 0.5).deploy()
    assert report.exit_code == ExitCode.NOT_AS_BEFORE
    assert world.faults.calls["UpdateService"] == 0


def test_a_recalled_update_that_never_landed_is_withdrawn_once_that_is_sure() -> None:
    old = service(deployment(OLD, BEFORE, "PRIMARY", "COMPLETED", 2))
    one = fold.advance(forward(), NotWritten(TIMED_OUT), 0.0)
    one = watch.recall(one, Verdict.WITHDRAWN, "another service of this run failed", 1.0)
    one = fold.advance(one, Seen(old), watch.SETTLE - 1)
    assert one.verdict is None
    one = fold.advance(one, Seen(old), watch.SETTLE + 1)
    assert (one.verdict, one.phase) == (Verdict.WITHDRAWN, Phase.CHECK)


def test_what_was_complete_and_lost_a_task_is_said_to_be_no_longer_complete() -> None:
    rolled_out = service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 2))
    one = fold.advance(fold.advance(forward(stable_for=50.0), Accepted(rolled_out), 0.0), Seen(rolled_out), 5.0)
    after = fold.advance(one, Seen(service(deployment(OURS, NEW, "PRIMARY", "COMPLETED", 1))), 10.0)
    assert after.completed_at is None
    assert "no longer complete" in [text for _, text in news(one, after)]
