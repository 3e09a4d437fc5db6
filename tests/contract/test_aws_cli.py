"""The AWS CLI, which nobody here wrote, lists, describes, registers and updates against the simulator."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.simulator.http import Server
from drone_deploy_ecs.simulator.world import World, task_definition
from tests.own_venv import own_venv

if TYPE_CHECKING:
    from pathlib import Path


def test_the_aws_cli_drives_the_simulator(tmp_path: Path) -> None:
    world = World()
    world.add_service("prod", "web", task_definition())
    python = own_venv("awscli")
    with Server(world) as server:

        def aws(*words: str) -> dict[str, Any]:
            environment = {
                "PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "AWS_ENDPOINT_URL": server.url, "AWS_DEFAULT_REGION": "eu-west-1",
                "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_EC2_METADATA_DISABLED": "true",
            }  # fmt: skip
            command = [str(python), "-m", "awscli", "ecs", *words, "--output", "json"]
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer

        assert aws("list-clusters")["clusterArns"] == ["arn:aws:ecs:eu-west-1:123456789012:cluster/prod"]
        assert aws("list-services", "--cluster", "prod")["serviceArns"][0].endswith("service/prod/web")
        body = json.dumps(task_definition(image="shop:2"))
        registered = aws("register-task-definition", "--cli-input-json", body)["taskDefinition"]
        assert registered["revision"] == 2
        where = ("--cluster", "prod", "--service", "web")
        updated = aws("update-service", *where, "--task-definition", "web:2")["service"]
        assert updated["deployments"][0]["rolloutState"] == "IN_PROGRESS"
        world.clock.sleep(120)
        described = aws("describe-services", "--cluster", "prod", "--services", "web")["services"][0]
        assert [one["rolloutState"] for one in described["deployments"]] == ["COMPLETED"]
        assert described["taskDefinition"] == registered["taskDefinitionArn"]
        tasks = aws("list-tasks", "--cluster", "prod", "--service-name", "web")["taskArns"]
        assert len(aws("describe-tasks", "--cluster", "prod", "--tasks", *tasks)["tasks"]) == 2
