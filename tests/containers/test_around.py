"""What runs around a deployment, with real containers: one-off tasks, and a probe of what the load balancer serves.

What can't be shown here: that a task is started once for an attempt. The emulator knows no `clientToken`: the same
request starts a second task (`differences.md`).
"""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from tests.containers.engine import wait_until
from tests.containers.rig import primary
from tests.containers.test_deploy import plugin
from tests.deployments import CLUSTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_ecs.type_defs import TaskTypeDef

    from tests.containers.rig import Rig

    Ran = tuple[int, str, dict[str, Any]]
    Run = Callable[[Rig, str], Ran]

pytestmark = pytest.mark.containers

TELL = "sh -c 'echo this is $(cat /www/index.html)'"
WAIT = "sh -c 'trap \"echo told to stop; exit 5\" TERM; echo waiting; sleep 600 & wait'"


def good(rig: Rig, name: str) -> Ran:
    group, url = rig.balance(name)
    rig.service(name, desired=1, target_group=group)
    return plugin(rig, name, "v2", {"before": TELL, "after": TELL, "probe": url, "probe_expect": "v2"})


def before_fails(rig: Rig, name: str) -> Ran:
    rig.service(name, desired=1)
    return plugin(rig, name, "v2", {"before": "sh -c 'echo no such column >&2; exit 3'"})


def after_fails(rig: Rig, name: str) -> Ran:
    rig.service(name, desired=1)
    return plugin(rig, name, "v2", {"after": "sh -c 'echo no orders; exit 7'"})


def turns_wrong(rig: Rig, name: str) -> Ran:
    """From the start it would take a minute: so the new version answers well first, and another one's page later."""
    group, url = rig.balance(name)
    rig.service(name, desired=1, target_group=group)

    def change(_: object) -> None:
        for container in rig.containers(name):
            rig.engine.docker("exec", container, "sh", "-c", "echo v3 >/www/index.html")

    settings = {"probe": url, "probe_expect": "v2", "stable_for": "30s"}
    return plugin(rig, name, "v2", settings, when_it_says="answered well", then=change)


def by_itself(rig: Rig, name: str) -> Ran:
    rig.service(name, desired=1)
    return plugin(rig, name, "v2", {"action": "run", "command": TELL})


def cancelled(rig: Rig, name: str) -> Ran:
    rig.service(name, desired=1)
    settings = {"action": "run", "command": WAIT}
    return plugin(
        rig, name, "v1", settings, when_it_says="log: waiting", then=lambda process: process.send_signal(signal.SIGTERM)
    )


def too_long(rig: Rig, name: str) -> Ran:
    rig.service(name, desired=1)
    return plugin(rig, name, "v1", {"action": "run", "command": WAIT, "task_timeout": "4s"})


# The longest first.
RUNS: tuple[Run, ...] = (turns_wrong, good, after_fails, too_long, before_fails, by_itself, cancelled)


def named(run: Run) -> str:
    """The service of that run."""
    return f"around-{run.__name__.replace('_', '-')}"


@pytest.fixture(scope="module")
def ran(rig: Rig) -> Iterator[Callable[[Run], Ran]]:
    """What came of a run. Several of them run at once, each with a service of its own: they mostly wait."""
    with ThreadPoolExecutor(4) as pool:
        begun = {run: pool.submit(run, rig, named(run)) for run in RUNS}
        yield lambda run: begun[run].result()
        list(pool.map(rig.remove, map(named, RUNS)))


def started(rig: Rig, run: Run) -> dict[str, TaskTypeDef]:
    """The one-off tasks of that run that have stopped, by why they were started."""
    arns = rig.ecs.list_tasks(cluster=CLUSTER, family=named(run), desiredStatus="STOPPED")["taskArns"]
    tasks = rig.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    by = [(task["startedBy"].split("/"), task) for task in tasks]
    return {words[1]: task for words, task in by if words[0] == "drone-deploy-ecs"}


def test_they_run_the_new_version_as_the_service_does(rig: Rig, ran: Callable[[Run], Ran]) -> None:
    code, said, report = ran(good)
    assert code == 0, said
    steps = {step["kind"]: step for step in report["steps"]}
    assert steps["before"]["log"] == steps["after"]["log"] == ["this is v2"]
    assert steps["probe"]["ended"] == "answered 200: v2"
    tasks = started(rig, good)
    assert set(tasks) == {"before", "after"}
    for task in tasks.values():
        assert task["taskDefinitionArn"].endswith(f"/{named(good)}:2")
        assert task["launchType"] == "EC2"
    assert rig.pages(named(good)) == ["v2"]


def test_a_failure_before_leaves_the_service_as_it_was(rig: Rig, ran: Callable[[Run], Ran]) -> None:
    code, said, report = ran(before_fails)
    assert code == 3, said
    (step,) = report["steps"]
    assert (step["exit_code"], step["log"]) == (3, ["no such column"])
    (deployment,) = rig.describe(named(before_fails))["deployments"]
    assert deployment["taskDefinition"].endswith(":1")
    assert rig.pages(named(before_fails)) == ["v1"]


def test_a_failure_after_takes_it_back(rig: Rig, ran: Callable[[Run], Ran]) -> None:
    code, said, report = ran(after_fails)
    assert code == 3, said
    assert (report["steps"][0]["exit_code"], report["steps"][0]["log"]) == (7, ["no orders"])
    assert report["services"][0]["stands"] == "as before"
    wait_until(lambda: rig.pages(named(after_fails)) == ["v1"], 60, "only v1 answers")


def test_another_version_that_answers_takes_it_back(rig: Rig, ran: Callable[[Run], Ran]) -> None:
    code, said, report = ran(turns_wrong)
    assert code == 3, said
    (step,) = report["steps"]
    assert (step["ended"], step["causes"][0]["name"]) == ("answered 200: v3, without 'v2'", "probe")
    assert report["services"][0]["stands"] == "as before"
    wait_until(lambda: rig.pages(named(turns_wrong)) == ["v1"], 60, "only v1 answers")


def test_a_task_by_itself_leaves_the_service_alone(rig: Rig, ran: Callable[[Run], Ran]) -> None:
    code, said, report = ran(by_itself)
    assert code == 0, said
    assert report["steps"][0]["log"] == ["this is v2"]
    assert primary(rig.describe(named(by_itself)))["taskDefinition"].endswith(":1")
    assert rig.pages(named(by_itself)) == ["v1"]


@pytest.mark.parametrize(("run", "code", "verdict"), [(cancelled, 143, "Cancelled"), (too_long, 3, "TimedOut")])
def test_a_task_that_is_to_go_no_further_is_stopped(
    rig: Rig, ran: Callable[[Run], Ran], run: Run, code: int, verdict: str
) -> None:
    came, said, report = ran(run)
    assert came == code, said
    (step,) = report["steps"]
    assert (step["verdict"], step["log"][:1]) == (verdict, ["waiting"])
    wait_until(lambda: rig.pages(named(run)) == ["v1"], 60, "its container is gone")
    wait_until(lambda: rig.log(started(rig, run)["run"]) == ["waiting", "told to stop"], 60, "it was told so")
