"""The nine operations of Amazon ECS that a deployment takes. Source of members and limits: the ECS API reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.answers import Page
from drone_deploy_ecs.core.calls.body import NotWholeError, plain, typed
from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.quota import (
    CHANGE_SERVICES,
    READ_DEFINITIONS,
    READ_SERVICES,
    READ_TASKS,
    REGISTER_DEFINITIONS,
)
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service import DescribedService, Service
from drone_deploy_ecs.core.ecs.task import DescribedTask, Task
from drone_deploy_ecs.core.ecs.taskdef import Defined, Definition, HasBody, read_definition
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drone_deploy_ecs.core.calls.body import Body
    from drone_deploy_ecs.core.calls.call import Lane


class _Services(Wire, frozen=True):
    services: tuple[DescribedService, ...]


class _Updated(Wire, frozen=True):
    service: DescribedService


class _ServiceArns(Wire, frozen=True):
    service_arns: tuple[str, ...]
    next_token: str = ""


class _TaskArns(Wire, frozen=True):
    task_arns: tuple[str, ...]
    next_token: str = ""


class _Tasks(Wire, frozen=True):
    tasks: tuple[DescribedTask, ...]


def _defined(body: Body) -> Mapping[str, Any]:
    """A task definition in an answer, as plain JSON: whatever AWS adds tomorrow must survive. Raises NotWholeError."""
    answer = plain(body)
    definition = answer.get("taskDefinition")
    if not isinstance(definition, Mapping) or not isinstance(definition.get("taskDefinitionArn"), str):
        raise NotWholeError
    return answer


class DescribeServices(Call[tuple[Service, ...]], frozen=True, kw_only=True):
    """Up to ten services of one cluster, by name or ARN; those that don't exist are left out of the answer.

    Their tags come only where they are asked for.
    """

    operation: ClassVar = "DescribeServices"
    quota: ClassVar = READ_SERVICES
    permission: ClassVar = "ecs:DescribeServices"
    most: ClassVar = 10

    cluster: str
    services: tuple[str, ...]
    tags: bool = False

    @property
    def lane(self) -> Lane:
        """One call asks for services of one cluster."""
        return (self.region, self.operation, self.cluster, *(("tags",) if self.tags else ()))

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """Its services."""
        return ",".join(members.get("services", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given = {"cluster": self.cluster, "services": list(self.services)}
        return {**given, "include": ["TAGS"]} if self.tags else given

    def read(self, body: Body) -> tuple[Service, ...]:
        """See `Call`."""
        return tuple(described.service() for described in typed(body, _Services).services)

    def join(self, others: Sequence[DescribeServices]) -> DescribeServices:
        """Each service once."""
        asked = (name for call in (self, *others) for name in call.services)
        return replace(self, services=tuple(dict.fromkeys(asked)))

    def part(self, answer: tuple[Service, ...]) -> tuple[Service, ...]:
        """Those that this one asked for."""
        names = set(map(short, self.services))
        return tuple(service for service in answer if service.name in names)


class UpdateService(Call[Service], frozen=True, kw_only=True):
    """Start a deployment (a revision, or `force`), change the desired count, or both. Only what is given is sent."""

    operation: ClassVar = "UpdateService"
    quota: ClassVar = CHANGE_SERVICES
    permission: ClassVar = "ecs:UpdateService"
    writes: ClassVar = True

    cluster: str
    name: str
    definition: str = ""
    desired: int | None = None
    force: bool = False

    @property
    def lane(self) -> Lane:
        """By cluster, as the looks at its services."""
        return (self.region, self.operation, self.cluster)

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service."""
        return str(members.get("service", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given: dict[str, Any] = {"cluster": self.cluster, "service": self.name}
        if self.definition:
            given["taskDefinition"] = self.definition
        if self.desired is not None:
            given["desiredCount"] = self.desired
        if self.force:
            given["forceNewDeployment"] = True
        return given

    def read(self, body: Body) -> Service:
        """The service as it is now."""
        return typed(body, _Updated).service.service()


class ListServices(Call[Page], frozen=True, kw_only=True):
    """One page of the ARNs of a cluster's services."""

    PAGE: ClassVar = 100
    """Services in one answer, at the most; it gives 10 where nothing is said."""

    operation: ClassVar = "ListServices"
    quota: ClassVar = READ_SERVICES
    permission: ClassVar = "ecs:ListServices"

    cluster: str
    token: str = ""

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given = {"cluster": self.cluster, "maxResults": self.PAGE}
        return {**given, "nextToken": self.token} if self.token else given

    def read(self, body: Body) -> Page:
        """See `Call`."""
        page = typed(body, _ServiceArns)
        return Page(page.service_arns, page.next_token)

    def next(self, page: Page) -> ListServices | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


class ListTasks(Call[Page], frozen=True, kw_only=True):
    """One page (at most 100) of the ARNs of tasks that are to run, or that stopped within the hour.

    They are a service's, those that somebody started by that name, or those of a family, whoever started them.
    """

    operation: ClassVar = "ListTasks"
    quota: ClassVar = READ_TASKS
    permission: ClassVar = "ecs:ListTasks"
    shows: ClassVar = "which targets are the new tasks'"

    cluster: str
    name: str = ""
    status: Literal["RUNNING", "STOPPED"]
    token: str = ""
    started_by: str = ""
    family: str = ""

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service, or the family."""
        return str(members.get("serviceName") or members.get("family", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        whose = {"serviceName": self.name, "startedBy": self.started_by, "family": self.family}
        asked = {member: value for member, value in whose.items() if value}
        given = {"cluster": self.cluster, "desiredStatus": self.status, **asked}
        return {**given, "nextToken": self.token} if self.token else given

    def read(self, body: Body) -> Page:
        """See `Call`."""
        page = typed(body, _TaskArns)
        return Page(page.task_arns, page.next_token)

    def next(self, page: Page) -> ListTasks | None:
        """The call for the page after that one; None where it is the last."""
        token = page.after(self.token)
        return replace(self, token=token) if token else None


class DescribeTasks(Call[tuple[Task, ...]], frozen=True, kw_only=True):
    """Up to `MOST` tasks of one cluster, by ARN; those that are forgotten are left out of the answer.

    So are containers that AWS put into them, where it is known which belong to them: GuardDuty's agent, say, whose fate
    is nothing to the task.
    """

    MOST: ClassVar = 100

    operation: ClassVar = "DescribeTasks"
    quota: ClassVar = READ_TASKS
    permission: ClassVar = "ecs:DescribeTasks"
    shows: ClassVar = "which targets are the new tasks'"

    cluster: str
    tasks: tuple[str, ...]
    containers: frozenset[Defined] = frozenset()

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"cluster": self.cluster, "tasks": list(self.tasks)}

    def read(self, body: Body) -> tuple[Task, ...]:
        """See `Call`."""
        return tuple(described.task(self.containers) for described in typed(body, _Tasks).tasks)


class DescribeTaskDefinition(Call[Definition], frozen=True, kw_only=True):
    """A revision by ARN or `family:revision`, or a family's newest ACTIVE one; with its tags."""

    operation: ClassVar = "DescribeTaskDefinition"
    quota: ClassVar = READ_DEFINITIONS
    permission: ClassVar = "ecs:DescribeTaskDefinition"
    is_raw: ClassVar = True

    name: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """What is asked for."""
        return str(members.get("taskDefinition", ""))

    def members(self) -> dict[str, Any]:
        """Tags come beside the definition, and only when they are asked for."""
        return {"taskDefinition": self.name, "include": ["TAGS"]}

    def read(self, body: Body) -> Definition:
        """See `Call`."""
        return read_definition(_defined(body))


class RegisterTaskDefinition(HasBody, Call[str], frozen=True, kw_only=True):
    """Register `body`, a whole request body, members that no SDK knows included. The answer is the revision's ARN."""

    operation: ClassVar = "RegisterTaskDefinition"
    quota: ClassVar = REGISTER_DEFINITIONS
    permission: ClassVar = "ecs:RegisterTaskDefinition"
    is_raw: ClassVar = True
    writes: ClassVar = True

    body: Mapping[str, Any]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """Whether it has tags: IAM treats those apart."""
        return "with tags" if members.get("tags") else ""

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return dict(self.body)

    def known_members(self) -> dict[str, Any]:
        """What the API insists on, in the place of what is sent."""
        return {"family": "replaced", "containerDefinitions": []}

    def read(self, body: Body) -> str:
        """See `Call`."""
        return str(_defined(body)["taskDefinition"]["taskDefinitionArn"])


class DeregisterTaskDefinition(Call[str], frozen=True, kw_only=True):
    """Make a revision INACTIVE: what runs it goes on, and a family's newest is another one. The answer is its ARN."""

    operation: ClassVar = "DeregisterTaskDefinition"
    quota: ClassVar = REGISTER_DEFINITIONS
    permission: ClassVar = "ecs:DeregisterTaskDefinition"
    writes: ClassVar = True

    name: str

    about: ClassVar = staticmethod(DescribeTaskDefinition.about)

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"taskDefinition": self.name}

    def read(self, body: Body) -> str:
        """See `Call`."""
        return str(_defined(body)["taskDefinition"]["taskDefinitionArn"])
