"""The guard of this folder: the second ECS really runs containers, so a green test here means something.

Without a reachable Docker engine ministack calls every deployment COMPLETED, even that of an image that isn't there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.containers.engine import wait_until
from tests.containers.rig import primary

if TYPE_CHECKING:
    from tests.containers.conftest import MakeService
    from tests.containers.rig import Rig

pytestmark = pytest.mark.containers


def test_an_absent_image_fails_to_start(rig: Rig, service: MakeService) -> None:
    name = service("canary-absent")
    rig.deploy(name, "absent")
    stopped = wait_until(lambda: rig.tasks(name, "STOPPED"), 60, "a task that can't pull stops")
    assert stopped[0]["stopCode"] == "TaskFailedToStart"
    assert "CannotPullContainerError" in stopped[0]["stoppedReason"]
    assert rig.pages(name) == ["v1", "v1"]


def test_a_good_image_serves(rig: Rig, service: MakeService) -> None:
    name = service("canary-good")
    new = rig.deploy(name, "v2")
    wait_until(lambda: primary(rig.describe(name)).get("rolloutState") == "COMPLETED", 60, "the deployment completes")
    assert primary(rig.describe(name))["id"] == new
    wait_until(lambda: rig.pages(name) == ["v2", "v2"], 60, "the old tasks are gone")


@pytest.mark.parametrize(
    ("tag", "code", "line"), [("crash", 1, "boom: cannot open the database"), ("late", 3, "late: the queue went away")]
)
def test_an_exit_leaves_its_code_and_log(rig: Rig, service: MakeService, tag: str, code: int, line: str) -> None:
    name = service(f"canary-{tag}", desired=1)
    rig.deploy(name, tag)
    ended = wait_until(
        lambda: [task for task in rig.tasks(name, "STOPPED") if task["containers"][0].get("exitCode") == code],
        60,
        f"a task exits with {code}",
    )
    assert ended[0]["stopCode"] == "EssentialContainerExited"
    assert ended[0]["containers"][0]["imageDigest"].startswith("sha256:")
    wait_until(lambda: rig.log(ended[0]) == [line], 60, "its log arrives")


def test_a_command_that_is_not_there_fails_to_start(rig: Rig, service: MakeService) -> None:
    name = service("canary-nocmd", desired=1)
    rig.deploy(name, "nocmd")
    stopped = wait_until(lambda: rig.tasks(name, "STOPPED"), 60, "a task that can't start stops")
    assert stopped[0]["stopCode"] == "TaskFailedToStart"
    assert "/bin/no-such-command: no such file or directory" in stopped[0]["stoppedReason"]


def test_the_breaker_rolls_back(rig: Rig, service: MakeService) -> None:
    name = service("canary-breaker", breaker="rollback")
    old, new = primary(rig.describe(name))["id"], rig.deploy(name, "crash")
    wait_until(lambda: primary(rig.describe(name))["id"] == old, 60, "the breaker puts the old deployment back")
    failed = next(each for each in rig.describe(name)["deployments"] if each["id"] == new)
    assert failed["rolloutState"] == "FAILED"
    wait_until(lambda: rig.pages(name) == ["v1", "v1"], 60, "only the old tasks run")
