"""What the tests hold: a cluster of the second ECS, services in it, and a look at what really runs."""

from __future__ import annotations

import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

import botocore.session
from botocore.config import Config

from tests.containers.emulator import ACCOUNT
from tests.containers.engine import plain_environment, wait_until
from tests.containers.images import SERVING, push_all
from tests.deployments import CLUSTER, CONTAINER, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_ecs import ECSClient
    from types_boto3_ecs.type_defs import ContainerDefinitionTypeDef, DeploymentTypeDef, ServiceTypeDef, TaskTypeDef

    from tests.containers.engine import Engine
    from tests.deployments import Breaker

REGION = "us-east-1"
LOG_GROUP = "/rig"

_CREDENTIALS = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "rig", "AWS_REGION": REGION}


@dataclass(frozen=True)
class Rig:
    """One ECS cluster with real containers. Make services with `service`, remove them with `remove`."""

    endpoint: str
    engine: Engine
    folder: Path
    ecs: ECSClient
    logs: Any
    elb: Any
    cluster: str = CLUSTER

    def image(self, tag: str) -> str:
        """The full name of a test image."""
        return f"{self.endpoint.removeprefix('http://')}/{REPOSITORY}:{tag}"

    def environment(self, **more: str) -> dict[str, str]:
        """The whole environment for a subprocess that is to talk to this ECS, and can't reach or be any other."""
        nowhere = str(self.folder / "none")
        return plain_environment(
            self.folder,
            **_CREDENTIALS,
            AWS_DEFAULT_REGION=REGION,
            AWS_ENDPOINT_URL=self.endpoint,
            AWS_EC2_METADATA_DISABLED="true",
            AWS_CONFIG_FILE=nowhere,
            AWS_SHARED_CREDENTIALS_FILE=nowhere,
            **more,
        )

    def service(
        self, name: str, tag: str = "v1", desired: int = 2, breaker: Breaker = "off", target_group: str = ""
    ) -> str:
        """Create a service and wait until its tasks run and answer; gives its name. Its family is named alike.

        An image that can't serve isn't waited for: its deployment is COMPLETED here from the start all the same.
        """
        self.ecs.create_service(
            cluster=CLUSTER,
            serviceName=name,
            taskDefinition=self.define(name, tag),
            desiredCount=desired,
            launchType="EC2",
            networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-rig"]}},
            loadBalancers=[
                {"targetGroupArn": arn, "containerName": CONTAINER, "containerPort": 80}
                for arn in (target_group,)
                if arn
            ],
            deploymentConfiguration={
                "minimumHealthyPercent": 100,
                "maximumPercent": 200,
                "deploymentCircuitBreaker": {"enable": breaker != "off", "rollback": breaker == "rollback"},
            },
        )
        if tag in SERVING:
            wait_until(lambda: self.describe(name)["runningCount"] == desired, 60, f"{name} runs")
            wait_until(lambda: self.pages(name) == [tag] * desired, 60, f"{name} answers {tag}")
        return name

    def balance(self, name: str) -> tuple[str, str]:
        """Create a load balancer; gives its target group's ARN, and its address, which the emulator serves itself."""
        (balancer,) = self.elb.create_load_balancer(Name=name, Subnets=["subnet-rig"])["LoadBalancers"]
        answer = self.elb.create_target_group(Name=name, Protocol="HTTP", Port=80, TargetType="ip", VpcId="vpc-rig")
        arn = str(answer["TargetGroups"][0]["TargetGroupArn"])
        forward = [{"Type": "forward", "TargetGroupArn": arn}]
        self.elb.create_listener(
            LoadBalancerArn=balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
        )
        return arn, f"{self.endpoint}/_alb/{name}/"

    def remove(self, name: str) -> None:
        """Delete a service and see that its containers are gone: a crash loop left alone would slow the next test."""
        with suppress(self.ecs.exceptions.ServiceNotFoundException):  # it could not even be created
            self.ecs.delete_service(cluster=CLUSTER, service=name, force=True)
        wait_until(lambda: not self.containers(name), 60, f"{name} is gone")

    def define(self, family: str, tag: str) -> str:
        """Register a task definition of `family` that runs the image; gives "family:revision"."""
        container: ContainerDefinitionTypeDef = {
            "name": CONTAINER,
            "image": self.image(tag),
            "memory": 64,
            "essential": True,
            "portMappings": [{"containerPort": 80}],
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {
                    "awslogs-group": LOG_GROUP,
                    "awslogs-region": REGION,
                    "awslogs-stream-prefix": family,
                },
            },
        }
        answer = self.ecs.register_task_definition(
            family=family,
            networkMode="awsvpc",
            requiresCompatibilities=["EC2"],
            containerDefinitions=[container],
            tags=[{"key": "made-by", "value": "rig"}],
        )
        return answer["taskDefinition"]["taskDefinitionArn"].rpartition("/")[2]

    def deploy(self, name: str, tag: str) -> str:
        """What the tool does, by a bare UpdateService; gives the id of the new deployment."""
        answer = self.ecs.update_service(cluster=CLUSTER, service=name, taskDefinition=self.define(name, tag))
        return primary(answer["service"])["id"]

    def describe(self, name: str) -> ServiceTypeDef:
        """The service now."""
        return self.ecs.describe_services(cluster=CLUSTER, services=[name])["services"][0]

    def tasks(self, name: str, status: Literal["RUNNING", "STOPPED"] = "RUNNING") -> list[TaskTypeDef]:
        """The service's tasks whose desired status is `status`; at most the first hundred."""
        arns = self.ecs.list_tasks(cluster=CLUSTER, serviceName=name, desiredStatus=status)["taskArns"]
        return self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []

    def containers(self, name: str) -> list[str]:
        """Ids of the service's running containers, asked of Docker, whatever ECS says."""
        label = f"label=com.amazonaws.ecs.task-definition-family={name}"
        return self.engine.docker("ps", "--quiet", "--filter", label).split()

    def pages(self, name: str) -> list[str]:
        """What each running container of the service answers over HTTP, sorted: its version, or "" for no answer."""
        if not (ids := self.containers(name)):
            return []
        try:
            found = self.engine.docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", *ids)
        except RuntimeError:  # one of them ended between the two commands
            return []
        return sorted(_page(address) for address in found.split())

    def log(self, task: TaskTypeDef) -> list[str]:
        """The lines that the task's container wrote, out of CloudWatch Logs."""
        family = task["taskDefinitionArn"].rpartition("/")[2].partition(":")[0]
        stream = f"{family}/{CONTAINER}/{task['taskArn'].rpartition('/')[2]}"
        answer = self.logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=stream, startFromHead=True)
        return [event["message"] for event in answer["events"]]


def primary(service: ServiceTypeDef) -> DeploymentTypeDef:
    """The PRIMARY deployment."""
    return next(each for each in service["deployments"] if each["status"] == "PRIMARY")


def assemble(endpoint: str, engine: Engine, folder: Path) -> Rig:
    """Images, a log group and a cluster in the ECS at `endpoint`."""
    ecr = client("ecr", endpoint)
    ecr.create_repository(repositoryName=REPOSITORY)
    ecr.close()
    ecs = cast("ECSClient", client("ecs", endpoint))
    rig = Rig(endpoint, engine, folder, ecs, client("logs", endpoint), client("elbv2", endpoint))
    push_all(engine, rig.image("v1").rpartition(":")[0])
    rig.logs.create_log_group(logGroupName=LOG_GROUP)
    rig.ecs.create_cluster(clusterName=CLUSTER)
    return rig


def client(service: str, endpoint: str) -> Any:
    """A botocore client that takes nothing from the caller's environment or files, and tries once."""
    return botocore.session.Session().create_client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=_CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, proxies={}),
    )


def _page(address: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{address}/", timeout=2) as answer:
            return str(answer.read().decode().strip())
    except OSError:
        return ""
