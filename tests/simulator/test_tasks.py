"""Tasks as DescribeTasks has them: states, stop codes, reasons, exit codes, digests, and how long they are known."""

from __future__ import annotations

import pytest

from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.operations import Operations
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.simulator.watching import GROUP, TASKS, settle, stopped_tasks, update, web, world_with


def test_replaced_tasks_say_who_stopped_them_and_why() -> None:
    world = world_with()
    new = update(world)
    world.clock.sleep(120)
    first, second = stopped_tasks(world)
    for task in (first, second):
        assert (task["stopCode"], task["stoppedReason"]) == (
            "ServiceSchedulerInitiated",
            f"Scaling activity initiated by (deployment {new})",
        )
        assert (task["group"], task["startedBy"] != new) == ("service:web", True)
        assert (task["lastStatus"], task["containers"][0]["exitCode"]) == ("STOPPED", 0)
        assert (task["stoppingAt"], task["stoppedAt"]) == (world.clock.at(60), world.clock.at(63))


def test_a_task_on_its_way_out_says_why_at_once() -> None:
    world = world_with(target_group=GROUP, timing=Timing(draining=60, stopping=3))
    update(world)
    seen: list[tuple[float, str, str, bool]] = []
    for _ in range(120):
        now = [(one["lastStatus"], one["stopCode"], "stoppedAt" in one) for one in stopped_tasks(world)[:1]]
        if now and (not seen or seen[-1][1:] != now[0]):
            seen.append((world.clock.monotonic(), *now[0]))
        world.clock.sleep(1)
    assert seen == [
        (30.0, "DEACTIVATING", "ServiceSchedulerInitiated", False),
        (90.0, "STOPPING", "ServiceSchedulerInitiated", False),
        (93.0, "STOPPED", "ServiceSchedulerInitiated", True),
    ]


def test_an_exit_has_its_code_and_reason() -> None:
    world = world_with(Behaviour(exits_after=5, exit_code=3, reason="OutOfMemoryError: container killed"))
    update(world)
    world.clock.sleep(26)
    task = stopped_tasks(world)[0]
    assert (task["stopCode"], task["stoppedReason"]) == (
        "EssentialContainerExited",
        "Essential container in task exited",
    )
    (container,) = task["containers"]
    assert (container["exitCode"], container["reason"]) == (3, "OutOfMemoryError: container killed")
    assert task["startedAt"] == world.clock.at(20)


@pytest.mark.parametrize(
    "error",
    [missing("shop:2").start_error, "ResourceInitializationError: unable to pull secrets or registry auth: timeout"],
)
def test_what_never_starts_has_no_start_no_exit_code_and_no_digest(error: str) -> None:
    world = world_with(Behaviour(start_error=error))
    update(world)
    world.clock.sleep(21)
    task = stopped_tasks(world)[0]
    assert (task["stopCode"], task["stoppedReason"]) == ("TaskFailedToStart", error)
    assert "startedAt" not in task
    (container,) = task["containers"]
    assert container["reason"] == error
    assert not {"exitCode", "imageDigest"} & set(container)


@pytest.mark.parametrize(
    ("group", "behaviour", "reason", "health"),
    [
        ("", Behaviour(health="unhealthy"), "Task failed container health checks", "UNHEALTHY"),
        (
            GROUP,
            Behaviour(target_unhealthy=True),
            f"Task failed ELB health checks in (target-group {GROUP})",
            "UNKNOWN",
        ),
    ],
)
def test_failed_checks(group: str, behaviour: Behaviour, reason: str, health: str) -> None:
    world = world_with(behaviour, target_group=group)
    update(world)
    world.clock.sleep(35)
    task = stopped_tasks(world)[0]
    assert (task["stopCode"], task["stoppedReason"]) == ("ServiceSchedulerInitiated", reason)
    assert (task["healthStatus"], task["containers"][0]["exitCode"]) == (health, 137)


def test_somebody_stops_one() -> None:
    world = world_with()
    world.kill_task(web(world))
    (task,) = stopped_tasks(world)
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "Task stopped by user")
    assert (task["lastStatus"], task["desiredStatus"]) == ("STOPPING", "STOPPED")


def test_stopped_tasks_are_forgotten_after_an_hour() -> None:
    world = world_with()
    update(world)
    world.clock.sleep(63 + 3600 - 10)
    arns = [one["taskArn"] for one in stopped_tasks(world)]
    assert len(arns) == 2
    world.clock.sleep(20)
    assert stopped_tasks(world) == []
    failures = Operations(world).answer("DescribeTasks", {"cluster": "prod", "tasks": arns})["failures"]
    assert failures == [{"arn": arn, "reason": "MISSING"} for arn in arns]


def test_tasks_are_listed_a_hundred_a_page() -> None:
    answer = Operations(world_with(desired=250)).answer
    sizes, token = [], ""
    for _ in range(3):
        page = answer("ListTasks", {**TASKS, "nextToken": token})
        token = page.get("nextToken", "")
        sizes.append((len(page["taskArns"]), bool(token)))
    assert sizes == [(100, True), (100, True), (50, False)]
    assert answer("ListTasks", {**TASKS, "desiredStatus": "STOPPED"}) == {"taskArns": []}


def test_a_tag_pushed_again_changes_only_later_deployments() -> None:
    world = world_with()
    old = web(world).tasks[0].digest
    new = world.push("shop:1", crash(1))
    world.kill_task(web(world))
    world.clock.sleep(60)
    assert {task.digest for task in web(world).tasks} == {old}, "the deployment's digest was pinned by its first task"
    update(world, "shop:1")
    world.clock.sleep(15)
    assert {task.digest for task in web(world).primary.tasks} == {new}


def test_an_image_that_comes_at_last_is_pulled() -> None:
    world = world_with(missing("shop:2"))
    update(world)
    world.clock.sleep(25)
    world.push("shop:2", Behaviour())
    assert settle(world)
    assert web(world).runs == {"web:2": 2}


def test_a_digest_never_changes() -> None:
    world = world_with()
    first = world.push("shop:2", Behaviour())
    world.push("shop:2", crash(1))
    update(world, f"shop@{first}")
    assert settle(world)
    assert {task.digest for task in web(world).tasks if task.is_running} == {first}
    update(world, "shop:2")
    assert not settle(world, within=300)


def test_every_container_has_its_own_digest() -> None:
    world = World()
    containers = [{"name": "app", "image": "shop:1"}, {"name": "proxy", "image": "proxy:1"}]
    world.add_service("prod", "web", task_definition(containerDefinitions=containers))
    expected = [world.images.resolve(image)[0] for image in ("shop:1", "proxy:1")]
    world.push("proxy:1", crash(1))
    answer = Operations(world).answer
    arns = answer("ListTasks", TASKS)["taskArns"]
    (task, _) = answer("DescribeTasks", {"cluster": "prod", "tasks": arns})["tasks"]
    assert [one["imageDigest"] for one in task["containers"]] == expected
