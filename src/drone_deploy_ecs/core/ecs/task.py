"""A task and its containers as DescribeTasks shows them, and the one place where they are read.

Every optional member may be absent: absent text is "", and unknown enum values pass through as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from drone_deploy_ecs.core.ecs.taskdef import Defined
from drone_deploy_ecs.core.ecs.wire import Moment, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


SERVICE_CONNECT = "ecs-service-connect-"
"""How the name of Service Connect's proxy begins, which ECS puts into tasks."""


class Container(Struct, frozen=True):
    """A container of a task, stopped or not. `exit_code` is None when it never started.

    `defined` is what its task definition says of it, as far as that is known.
    """

    name: str
    image: str
    image_digest: str
    status: str
    exit_code: int | None
    reason: str
    health: str
    defined: Defined = Defined("")


class Detail(Wire, frozen=True):
    """A detail of an attachment: what it is called there, and its value."""

    name: str = ""
    value: str = ""


class Attachment(Wire, frozen=True):
    """What ECS attaches to a task (ElasticNetworkInterface, AmazonElasticBlockStorage …), and how far that is."""

    type: str = ""
    status: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def reason(self) -> str:
        """Why it couldn't be created or attached; "" where ECS doesn't say, or where it could be.

        API reference, Attachment: an EBS volume has a `statusReason` only then.
        """
        return next((detail.value for detail in self.details if detail.name == "statusReason"), "")

    @property
    def has_failed(self) -> bool:
        """Whether it couldn't be attached. Its status may have gone on to DELETED since; its reason stays."""
        return self.status == "FAILED" or bool(self.reason)


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
    attachments: tuple[Attachment, ...] = ()

    @property
    def unattached(self) -> tuple[Attachment, ...]:
        """What couldn't be attached to it: then it never runs."""
        return tuple(attachment for attachment in self.attachments if attachment.has_failed)

    def belongs_to(self, deployment_id: str, task_definition: str) -> bool:
        """Whether this deployment started the task.

        ECS writes the deployment's id into `startedBy`; an emulator may write something else, and then the task
        definition tells.
        """
        if self.started_by.startswith("ecs-svc/"):
            return self.started_by == deployment_id
        return self.task_definition == task_definition


class _Binding(Wire, frozen=True):
    host_port: int = 0


class _Interface(Wire, frozen=True):
    private_ipv4: str = field(name="privateIpv4Address", default="")
    ipv6: str = field(name="ipv6Address", default="")


class _Container(Wire, frozen=True):
    name: str = ""
    image: str = ""
    image_digest: str = ""
    last_status: str = ""
    exit_code: int | None = None
    reason: str = ""
    health_status: str = ""
    network_bindings: tuple[_Binding, ...] = ()
    network_interfaces: tuple[_Interface, ...] = ()

    def container(self, defined: Defined) -> Container:
        return Container(
            name=self.name,
            image=self.image,
            image_digest=self.image_digest,
            status=self.last_status,
            exit_code=self.exit_code,
            reason=self.reason,
            health=self.health_status,
            defined=defined,
        )


class DescribedTask(Wire, frozen=True):
    """A task in an answer of DescribeTasks."""

    task_arn: str = ""
    started_by: str = ""
    task_definition_arn: str = ""
    last_status: str = ""
    health_status: str = ""
    stop_code: str = ""
    stopped_reason: str = ""
    created_at: Moment | None = None
    started_at: Moment | None = None
    execution_stopped_at: Moment | None = None
    stopping_at: Moment | None = None
    stopped_at: Moment | None = None
    containers: tuple[_Container, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def task(self, containers: frozenset[Defined] = frozenset()) -> Task:
        """It as a value to decide on, with these containers; with all where none is known."""
        known = {defined.name: defined for defined in containers}
        return Task(
            arn=self.task_arn,
            started_by=self.started_by,
            task_definition=self.task_definition_arn,
            status=self.last_status,
            health=self.health_status,
            stop_code=self.stop_code,
            stopped_reason=self.stopped_reason,
            created_at=self.created_at,
            started_at=self.started_at,
            stopped_at=self.execution_stopped_at or self.stopping_at or self.stopped_at,
            containers=tuple(
                container.container(known.get(container.name, Defined(container.name)))
                for container in self.containers
                # Service Connect's proxy is in no task definition, but the task doesn't live without it.
                if not known or container.name in known or container.name.startswith(SERVICE_CONNECT)
            ),
            addresses=tuple(filter(None, self._addresses())),
            host_ports=tuple(
                binding.host_port
                for container in self.containers
                for binding in container.network_bindings
                if binding.host_port
            ),
            attachments=self.attachments,
        )

    def _addresses(self) -> Iterator[str]:
        """Of its own network interface, and where it has none of its own, of its containers'."""
        for attachment in self.attachments:
            for detail in attachment.details:
                if detail.name in ("privateIPv4Address", "privateIPv6Address", "IPv6Address"):
                    yield detail.value
        for container in self.containers:
            for interface in container.network_interfaces:
                yield from (interface.private_ipv4, interface.ipv6)
