"""A task and its containers as DescribeTasks shows them, and the one place where they are read.

Every optional member may be absent: absent text is "", and unknown enum values pass through as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from types_boto3_ecs.type_defs import ContainerTypeDef, TaskTypeDef


class Container(Struct, frozen=True):
    """A container of a task, stopped or not. `exit_code` is None when it never started."""

    name: str
    image: str
    image_digest: str
    status: str
    exit_code: int | None
    reason: str
    health: str


class Task(Struct, frozen=True, kw_only=True):
    """A task as DescribeTasks showed it. A load balancer knows it by its address, or its instance's port."""

    arn: str
    started_by: str
    task_definition: str
    status: str
    health: str
    stop_code: str
    stopped_reason: str
    created_at: datetime | None
    started_at: datetime | None
    stopped_at: datetime | None
    containers: tuple[Container, ...]
    addresses: tuple[str, ...] = ()
    host_ports: tuple[int, ...] = ()

    def belongs_to(self, deployment_id: str, task_definition: str) -> bool:
        """Whether this deployment started the task.

        ECS writes the deployment's id into `startedBy`; an emulator may write something else, and then the task
        definition tells.
        """
        if self.started_by.startswith("ecs-svc/"):
            return self.started_by == deployment_id
        return self.task_definition == task_definition


def read_task(raw: TaskTypeDef) -> Task:
    """A task out of DescribeTasks (botocore's shape)."""
    return Task(
        arn=raw.get("taskArn", ""),
        started_by=raw.get("startedBy", ""),
        task_definition=raw.get("taskDefinitionArn", ""),
        status=raw.get("lastStatus", ""),
        health=raw.get("healthStatus", ""),
        stop_code=raw.get("stopCode", ""),
        stopped_reason=raw.get("stoppedReason", ""),
        created_at=raw.get("createdAt"),
        started_at=raw.get("startedAt"),
        stopped_at=raw.get("executionStoppedAt") or raw.get("stoppingAt") or raw.get("stoppedAt"),
        containers=tuple(_read_container(container) for container in raw.get("containers", [])),
        addresses=tuple(_addresses(raw)),
        host_ports=tuple(
            port
            for container in raw.get("containers", [])
            for binding in container.get("networkBindings", [])
            if (port := binding.get("hostPort"))
        ),
    )


def _addresses(raw: TaskTypeDef) -> Iterator[str]:
    for attachment in raw.get("attachments", []):
        for detail in attachment.get("details", []):
            if detail.get("name") in ("privateIPv4Address", "privateIPv6Address", "IPv6Address") and "value" in detail:
                yield detail["value"]
    for container in raw.get("containers", []):
        for interface in container.get("networkInterfaces", []):
            yield from (interface[key] for key in ("privateIpv4Address", "ipv6Address") if key in interface)


def _read_container(raw: ContainerTypeDef) -> Container:
    return Container(
        name=raw.get("name", ""),
        image=raw.get("image", ""),
        image_digest=raw.get("imageDigest", ""),
        status=raw.get("lastStatus", ""),
        exit_code=raw.get("exitCode"),
        reason=raw.get("reason", ""),
        health=raw.get("healthStatus", ""),
    )
