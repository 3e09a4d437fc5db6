"""Our command, as a CI system runs it, against an ECS that nobody here wrote, with real containers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.containers.engine import wait_until
from tests.containers.rig import REGION
from tests.deployments import CLUSTER, CONTAINER, Deployment, deployments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.containers.conftest import MakeService
    from tests.containers.rig import Rig

pytestmark = pytest.mark.containers


def plugin(
    rig: Rig,
    service: str,
    tag: str,
    settings: Mapping[str, str] = {},
    *,
    when_it_says: str = "",
    then: Callable[[subprocess.Popen[str]], object] = id,
    elsewhere: Mapping[str, str] = {},
) -> tuple[int, str, dict[str, Any]]:
    """Exit code, transcript and report of one run of the plugin.

    `then` is called once, with the process, as soon as the transcript has that text. `elsewhere` are endpoints of what
    the emulator lacks.
    """
    always = {
        "aws_region": REGION, "cluster": CLUSTER, "service": service, "container": CONTAINER, "image": rig.image(tag), "report": "-",
    }  # fmt: skip
    given = {f"PLUGIN_{name.upper()}": value for name, value in {**always, **settings}.items()}
    env = rig.environment(DRONE_COMMIT_BRANCH="main", **given, **elsewhere)
    transcript = rig.folder / f"{service or 'both'}.txt"
    command = [sys.executable, "-m", "drone_deploy_ecs"]
    with (
        transcript.open("w") as stderr,
        subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=stderr, text=True) as running,
    ):
        try:
            if when_it_says:
                wait_until(lambda: when_it_says in transcript.read_text(), 60, f"it says {when_it_says!r}")
                then(running)
            report, _ = running.communicate(timeout=240)
        finally:
            running.kill()
    return running.returncode, transcript.read_text(), json.loads(report)


@pytest.mark.parametrize("deployment", deployments("ministack"), ids=lambda one: one.name)
def test_what_becomes_of_it_is_told(rig: Rig, service: MakeService, deployment: Deployment) -> None:
    name = service(f"tell-{deployment.name}", desired=deployment.desired, breaker=deployment.breaker)
    code, said, report = plugin(
        rig,
        name,
        deployment.image,
        deployment.settings,
        when_it_says=deployment.kill_when_it_says,
        then=lambda _: rig.engine.docker("kill", *rig.containers(name)),
    )
    deployment.check(name, code, said, report)
    served = [deployment.serves] * deployment.desired
    wait_until(lambda: rig.pages(name) == served, 60, f"only {deployment.serves} answers")


def test_tags_and_unknown_members_survive(rig: Rig, service: MakeService) -> None:
    name = service("tagged", desired=1)
    code, said, _ = plugin(rig, name, "v2")
    assert code == 0, said
    answer = rig.ecs.describe_task_definition(taskDefinition=f"{name}:2", include=["TAGS"])
    assert answer["tags"] == [{"key": "made-by", "value": "rig"}]
