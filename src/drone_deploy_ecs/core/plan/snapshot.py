"""One service before anything was written: as it was found, and once nothing speaks against deploying to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drone_deploy_ecs.core.ecs.service import Deployment, Service
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.revision import Revision
    from drone_deploy_ecs.core.request.services import ServiceRef
    from drone_deploy_ecs.core.target import WayBack


class Snapshot(Struct, frozen=True, kw_only=True):
    """One service as found; `name` is what people read for it.

    `edited` is PRIMARY's definition, where the edit starts; `before` that of the last COMPLETED deployment, where a
    rollback goes; `newest` the family's newest revision; `listed` those of all its deployments; `asked` the existing
    one that the request asks for, or why that can't be read; `digests` those that `before`'s tasks run, by container
    (read only where a rollback would otherwise fetch the same tag again). `unreadable` says why a definition couldn't
    be read, `advice` what to do about that.
    """

    ref: ServiceRef
    name: str
    service: Service | None
    edited: Definition | None = None
    before: Definition | None = None
    newest: Definition | None = None
    listed: tuple[Definition, ...] = ()
    asked: Definition | str = ""
    digests: Mapping[str, str] = {}
    unreadable: str = ""
    advice: str = "Check that ecs:DescribeTaskDefinition is allowed"


class Ready(Struct, frozen=True, kw_only=True):
    """A service that may be deployed to: it is there, and `revision` is what it is to run. More in `Snapshot`."""

    ref: ServiceRef
    name: str
    service: Service
    primary: Deployment
    edited: Definition
    revision: Revision
    before: Definition | None = None
    newest: Definition | None = None
    listed: tuple[Definition, ...] = ()
    digests: Mapping[str, str] = {}
    unreadable: str = ""

    @property
    def candidates(self) -> tuple[Definition | None, ...]:
        """The revisions that may already be what is wanted."""
        return (self.edited, self.before, self.newest, *self.listed)

    @property
    def runs_it(self) -> bool:
        """Whether what it runs, or is getting, is the revision that is asked for."""
        return self.revision.is_run_by(self.edited)

    @property
    def is_settled(self) -> bool:
        """Whether what it runs is what it settled on last."""
        return self.service.last_completed is self.primary

    def target(self, before: str, back: WayBack) -> Target:
        """The service as a step's target; `before` is the ARN of what it ran before."""
        service, bodies = self.service, (self.edited.body, self.revision.body)
        return Target(
            name=self.name,
            service=service.name,
            asked=self.ref.asked,
            cluster=self.ref.cluster,
            region=self.ref.region,
            desired=service.desired,
            warm_up=0.0 if service.is_load_balanced else min(map(taskdef.warm_up, bodies)),
            before=before,
            known=frozenset(deployment.id for deployment in service.deployments),
            back=back,
            containers=frozenset({each.name: each for body in bodies for each in taskdef.defined(body)}.values()),
        )
