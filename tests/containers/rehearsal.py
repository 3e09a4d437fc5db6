"""`rehearse` of a service with real containers, and real runs beside it."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tests.containers.engine import wait_until
from tests.containers.rig import REGION, primary
from tests.containers.test_deploy import plugin
from tests.deployments import CLUSTER, CONTAINER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tests.containers.rig import Rig

IMAGES: Mapping[str, str] = {
    "is good": "v2",
    "crashes at once": "crash",
    "crashes after a minute": "late",
    "isn't in the registry": "absent",
}
"""A tag of the test images for each kind that `rehearse` has and that this ECS can have."""
EARLIER = ("v2", "v1")
"""What is deployed before, so that there is a history."""


class Row(NamedTuple):
    """A row of what `rehearse` prints: the verdicts, and the time to them as it is printed."""

    verdict: str
    after: str
    at_worst: str


class Seen(NamedTuple):
    """What came of a real run, and how many seconds it took to say so."""

    verdict: str
    after: float


def make_history(rig: Rig, name: str) -> None:
    """A few earlier deployments that went well."""
    for tag in EARLIER:
        new = rig.deploy(name, tag)
        wait_until(lambda: primary(rig.describe(name)).get("rolloutState") == "COMPLETED", 60, f"{tag} is deployed")
        assert primary(rig.describe(name))["id"] == new
        wait_until(partial(_only_answers, rig, name, tag), 60, f"only {tag} answers")


def _only_answers(rig: Rig, name: str, tag: str) -> bool:
    return set(rig.pages(name)) == {tag}


def rehearse(rig: Rig, name: str) -> tuple[dict[str, Row], str]:
    """Its rows by the kind of image, and all that was printed."""
    flags = {
        "aws-region": REGION,
        "cluster": CLUSTER,
        "service": name,
        "container": CONTAINER,
        "image": rig.image("v2"),
    }
    words = [word for flag, value in flags.items() for word in (f"--{flag}", value)]
    command = [sys.executable, "-m", "drone_deploy_ecs", "rehearse", *words]
    done = subprocess.run(command, env=rig.environment(), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    cells = [re.split(r" {2,}", line) for line in done.stdout.splitlines()]
    rows = {row[0]: Row(*row[1:4]) for row in cells if row[0] in IMAGES}
    assert set(rows) == set(IMAGES), done.stdout
    return rows, done.stdout


def deploy(rig: Rig, name: str, tag: str) -> Seen:
    """A real run, as a CI system has it."""
    _, _, report = plugin(rig, name, tag, {"timeout": "2m"})
    return Seen(report["verdict"], _decided_after(report))


def _decided_after(report: Mapping[str, Any]) -> float:
    """As `rehearse` counts it: a failure from its first word on, a success when all is over."""
    verdicts = [event["at"] for event in report["timeline"] if event["kind"] == "verdict"]
    end = report["finished_at"] if report["verdict"] == "Completed" or not verdicts else verdicts[0]
    return (datetime.fromisoformat(end) - datetime.fromisoformat(report["started_at"])).total_seconds()
