"""What a run imports until its first call is answered: botocore's own, ours, and hardly anything else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from drone_deploy_ecs.simulator.http import Server
from tests.stories.story import small_world

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTOCORE = """
from botocore.session import Session
Session().create_client("ecs").describe_services(cluster="prod", services=["web"])
"""
OURS = """
import io, sys
from drone_deploy_ecs.cli.main import run
sys.argv = ["drone-deploy-ecs", "{command}", "--cluster", "prod", "--service", "missing", "--container", "app", "--image", "shop:2"]
sys.stdout = sys.stderr = io.StringIO()
try:
    run()
except SystemExit as end:
    assert end.code == 2
sys.stdout = sys.__stdout__
import gc
assert gc.isenabled()
"""
TOLD = """
import sys
loaded = sorted(sys.modules)
import json
print(json.dumps(loaded))
"""
OTHERS = {"argparse", "fractions", "gc", "gettext", "msgspec", "statistics", "typing_extensions"}
"""Modules that aren't ours, nor on the way of botocore's own first call."""
CERTIFI = {"importlib"}
"""What certifi imports to tell where its certificates are, where it is installed, which nothing of ours asks for."""
NEVER = (
    "api", "cli.demo", "cli.simulator", "core.plan.by_secret", "core.plan.switch", "output.console.live", "output.files",
    "output.html", "output.notify", "simulator", "web",
)  # fmt: skip
"""Of ours: what isn't needed for this at all."""


@pytest.fixture
def url() -> Iterator[str]:
    with Server(small_world()) as server:
        yield server.url


def modules(program: str, url: str) -> set[str]:
    """What a process has imported that ran this and a call."""
    env = {
        "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    command = [sys.executable, "-I", "-c", program + TOLD]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("command", ["plan", "deploy"])
def test_until_the_first_answer_hardly_more_is_imported_than_botocore_needs(command: str, url: str) -> None:
    ours = modules(OURS.replace("{command}", command), url)
    more = ours - modules(BOTOCORE, url)
    foreign = {name.partition(".")[0] for name in more if not name.startswith(("drone_deploy_ecs", "_"))}
    assert {"drone_deploy_ecs.run.deployment", "drone_deploy_ecs.aws.connection", "botocore.client"} <= ours
    assert foreign <= OTHERS | CERTIFI
    never = NEVER if command == "deploy" else (*NEVER, "output.ci")  # where a deployment ends
    assert not [name for name in more for one in never if f"{name}.".startswith(f"drone_deploy_ecs.{one}.")]
