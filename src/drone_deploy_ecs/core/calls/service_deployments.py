"""Operations on service deployments and revisions. Source of members and limits: the ECS API reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from msgspec import field
from msgspec.structs import replace

from drone_deploy_ecs.core.calls.body import typed
from drone_deploy_ecs.core.calls.call import Call
from drone_deploy_ecs.core.calls.quota import (
    CHANGE_SERVICE_DEPLOYMENTS,
    READ_SERVICE_DEPLOYMENTS,
    READ_SERVICE_REVISIONS,
)
from drone_deploy_ecs.core.ecs.service_deployment import DescribedServiceDeployment, ServiceDeployment, ServiceRevision
from drone_deploy_ecs.core.ecs.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from drone_deploy_ecs.core.calls.body import Body

Action = Literal["CONTINUE", "ROLLBACK"]


class _Listed(Wire, frozen=True):
    service_deployments: tuple[ServiceDeployment, ...]


class _Described(Wire, frozen=True):
    service_deployments: tuple[DescribedServiceDeployment, ...]


class _Revisions(Wire, frozen=True):
    service_revisions: tuple[ServiceRevision, ...]


class _Acted(Wire, frozen=True):
    arn: str = field(name="serviceDeploymentArn")


class ListServiceDeployments(Call[tuple[ServiceDeployment, ...]], frozen=True, kw_only=True):
    """ECS's records of a service's deployments, of these statuses: one page, as many as it may have.

    They were created from `after` to `before`. Newest first is how captures look, but no page of AWS's promises it:
    without these, an old one may be missing.
    """

    PAGE: ClassVar = 100

    operation: ClassVar = "ListServiceDeployments"
    quota: ClassVar = READ_SERVICE_DEPLOYMENTS
    permission: ClassVar = "ecs:ListServiceDeployments"
    reads: ClassVar = "the service deployments"
    shows: ClassVar = "ECS's own record of the deployment"

    cluster: str
    name: str
    after: datetime | None = None
    before: datetime | None = None
    status: tuple[str, ...] = ()

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service."""
        return str(members.get("service", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        given: dict[str, Any] = {"cluster": self.cluster, "service": self.name, "maxResults": self.PAGE}
        if self.status:
            given["status"] = list(self.status)
        created = {"after": self.after, "before": self.before}
        bounds = {name: moment for name, moment in created.items() if moment}
        return {**given, "createdAt": bounds} if bounds else given

    def read(self, body: Body) -> tuple[ServiceDeployment, ...]:
        """See `Call`."""
        return typed(body, _Listed).service_deployments


class DescribeServiceDeployments(Call[tuple[DescribedServiceDeployment, ...]], frozen=True, kw_only=True):
    """Up to 20 service deployments of one Region, by ARN; those that ECS no longer knows are left out of the answer."""

    operation: ClassVar = "DescribeServiceDeployments"
    quota: ClassVar = READ_SERVICE_DEPLOYMENTS
    permission: ClassVar = "ecs:DescribeServiceDeployments"
    reads: ClassVar = "the service deployments"
    most: ClassVar = 20
    shows: ClassVar = "ECS's own record of the deployment"

    arns: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service deployments."""
        return ",".join(members.get("serviceDeploymentArns", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"serviceDeploymentArns": list(self.arns)}

    def read(self, body: Body) -> tuple[DescribedServiceDeployment, ...]:
        """See `Call`."""
        return typed(body, _Described).service_deployments

    def join(self, others: Sequence[DescribeServiceDeployments]) -> DescribeServiceDeployments:
        """Each once."""
        asked = (arn for call in (self, *others) for arn in call.arns)
        return replace(self, arns=tuple(dict.fromkeys(asked)))

    def part(self, answer: tuple[DescribedServiceDeployment, ...]) -> tuple[DescribedServiceDeployment, ...]:
        """Those that this one asked for."""
        return tuple(described for described in answer if described.arn in self.arns)


class DescribeServiceRevisions(Call[tuple[ServiceRevision, ...]], frozen=True, kw_only=True):
    """Up to 20 service revisions, by ARN; those that ECS no longer knows are left out of the answer."""

    operation: ClassVar = "DescribeServiceRevisions"
    quota: ClassVar = READ_SERVICE_REVISIONS
    permission: ClassVar = "ecs:DescribeServiceRevisions"
    MOST: ClassVar = 20
    shows: ClassVar = "what a service revision runs"

    arns: tuple[str, ...]

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The revisions."""
        return ",".join(members.get("serviceRevisionArns", ()))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"serviceRevisionArns": list(self.arns)}

    def read(self, body: Body) -> tuple[ServiceRevision, ...]:
        """See `Call`."""
        return typed(body, _Revisions).service_revisions


class StopServiceDeployment(Call[str], frozen=True, kw_only=True):
    """Stop a service deployment and return to what ran before. The answer is its ARN.

    It is refused with ConflictException once that is over; where it is on its way back already, it changes nothing. The
    model has ABORT as well, which no page describes: it isn't sent.
    """

    operation: ClassVar = "StopServiceDeployment"
    quota: ClassVar = CHANGE_SERVICE_DEPLOYMENTS
    permission: ClassVar = "ecs:StopServiceDeployment"
    writes: ClassVar = True

    arn: str

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service deployment."""
        return str(members.get("serviceDeploymentArn", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"serviceDeploymentArn": self.arn, "stopType": "ROLLBACK"}

    def read(self, body: Body) -> str:
        """See `Call`."""
        return typed(body, _Acted).arn


class ContinueServiceDeployment(Call[str], frozen=True, kw_only=True):
    """Answer the PAUSE hook that a service deployment waits at. The answer is its ARN.

    Refused where that hook is answered already, and where a newer deployment has made its id void.
    """

    operation: ClassVar = "ContinueServiceDeployment"
    quota: ClassVar = CHANGE_SERVICE_DEPLOYMENTS
    permission: ClassVar = "ecs:ContinueServiceDeployment"
    writes: ClassVar = True

    arn: str
    hook: str
    action: Action = "CONTINUE"

    @staticmethod
    def about(members: Mapping[str, Any], /) -> str:
        """The service deployment."""
        return str(members.get("serviceDeploymentArn", ""))

    def members(self) -> dict[str, Any]:
        """See `Call`."""
        return {"serviceDeploymentArn": self.arn, "hookId": self.hook, "action": self.action}

    def read(self, body: Body) -> str:
        """See `Call`."""
        return typed(body, _Acted).arn
