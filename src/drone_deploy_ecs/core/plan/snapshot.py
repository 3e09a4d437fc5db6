"""One service before anything was written: as it was found, and once nothing speaks against deploying to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.target import Target

if TYPE_CHECKING:
    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.request.services import ServiceRef
    from drone_deploy_ecs.core.target import WayBack


class Snapshot(Struct, frozen=True, kw_only=True):
    """One service as found; `name` is what people read for it.

    `edited` is PRIMARY's definition, where the edit starts; `before` that of the last COMPLETED deployment, where a
    rollback goes; `newest` the family's newest revision; `listed` those of all its deployments; `digest` that of the
    image which `before`'s tasks run (read only when a rollback would otherwise fetch the same tag again). `unreadable`
    says why a definition couldn't be read, `advice` what to do about that.
    """

    ref: ServiceRef
    name: str
    service: Service | None
    edited: Definition | None = None
    before: Definition | None = None
    newest: Definition | None = None
    listed: tuple[Definition, ...] = ()
    digest: str = ""
    unreadable: str = ""
    advice: str = "Check that ecs:DescribeTaskDefinition is allowed"


class Ready(Struct, frozen=True, kw_only=True):
    """A service that may be deployed to: it is there, and what is to be edited was read. More in `Snapshot`."""

    ref: ServiceRef
    name: str
    service: Service
    primary: Deployment
    edited: Definition
    before: Definition | None = None
    newest: Definition | None = None
    listed: tuple[Definition, ...] = ()
    digest: str = ""
    unreadable: str = ""

    @property
    def candidates(self) -> tuple[Definition | None, ...]:
        """The revisions that may already be what is wanted."""
        return (self.edited, self.before, self.newest, *self.listed)

    @property
    def is_settled(self) -> bool:
        """Whether what it runs is what it settled on last."""
        return self.service.last_completed is self.primary

    def target(self, before: str, back: WayBack) -> Target:
        """The service as a step's target; `before` is the ARN of what it ran before."""
        service = self.service
        return Target(
            name=self.name,
            service=service.name,
            asked=self.ref.asked,
            cluster=self.ref.cluster,
            region=self.ref.region,
            desired=service.desired,
            warm_up=0.0 if service.is_load_balanced else taskdef.warm_up(self.edited.body),
            before=before,
            known=frozenset(deployment.id for deployment in service.deployments),
            back=back,
            containers=taskdef.defined(self.edited.body),
        )
