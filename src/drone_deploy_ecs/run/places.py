"""The services of a request as far as they may be read: what is denied, missing or out of reach is told, not raised."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from drone_deploy_ecs.core.calls.autoscaling import DescribeScalableTargets
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.core.masking import Masks
from drone_deploy_ecs.core.permissions.place import Place
from drone_deploy_ecs.core.plan.scheduled import asks, found
from drone_deploy_ecs.core.request.edits import edit
from drone_deploy_ecs.core.request.services import service_refs
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.run.calls import Calls
from drone_deploy_ecs.run.event_log import EventLog
from drone_deploy_ecs.run.patience import Patient, answered
from drone_deploy_ecs.run.snapshot import Definitions, described

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.taskdef import Definition
    from drone_deploy_ecs.core.plan.scheduled import Found
    from drone_deploy_ecs.core.ports import Aws, Clock, Listener
    from drone_deploy_ecs.core.request.request import Access, Request
    from drone_deploy_ecs.core.request.services import ServiceRef

PATIENCE = 10.0
"""Seconds for which a Region's reads are repeated: it can be done without them."""


class Places:
    """The places of one request; `troubles` say what couldn't be read, each once."""

    def __init__(self, request: Request, connect: Callable[[Access], Aws], clock: Clock, listener: Listener) -> None:
        self._request = request
        self._masks = Masks(request.secrets)
        self._access = {access.region: access for access in request.regions}
        self._reads: dict[str, Patient] = {}
        self._definitions: dict[str, Definitions] = {}
        self._schedules: dict[str, tuple[Found, ...] | None] = {}
        self.troubles: dict[str, None] = {}
        log = EventLog(clock, listener, self._masks)
        for region, access in self._access.items():
            try:
                calls = Calls(connect(access), clock, Counter())
            except ApiError as error:
                self._tell(f"{region} can't be reached: {error}")
            else:
                self._reads[region] = Patient(calls, clock, log, PATIENCE)
                self._definitions[region] = Definitions(self._reads[region], region)

    def read(self) -> tuple[Place, ...]:
        """One for every service; for what was asked for, where that tells of no service."""
        alike: dict[tuple[str, str, bool], list[ServiceRef]] = {}
        for ref in service_refs(self._request):
            alike.setdefault((ref.region, ref.cluster, ref.is_pattern), []).append(ref)
        return tuple(place for asked in alike.values() for place in self._of(asked))

    def _of(self, asked: Sequence[ServiceRef]) -> Iterator[Place]:
        """Those of one cluster: read together, and one by one where that can't be."""
        if asked[0].region not in self._reads:
            yield from (self._place(ref, asked) for ref in asked)
            return
        try:
            found = described(self._reads, asked)
        except ApiError as error:
            if len(asked) > 1:
                yield from (place for ref in asked for place in self._of([ref]))
                return
            self._tell(f"{asked[0].asked} can't be read: {error}")
            yield self._place(asked[0], asked)
            return
        limits = self._limits(asked)
        for snapshot in found:
            if snapshot.service is None:
                self._tell(f"{snapshot.name} isn't in cluster {short(snapshot.ref.cluster)}")
            yield self._place(snapshot.ref, asked, snapshot.service, limits)

    def _place(
        self,
        ref: ServiceRef,
        asked: Sequence[ServiceRef],
        service: Service | None = None,
        limits: Mapping[str, object] | None = None,
    ) -> Place:
        patterns = (candidate.asked for candidate in asked if candidate.is_pattern and candidate.covers(ref))
        return Place(
            request=self._request,
            access=self._access[ref.region],
            ref=ref,
            pattern=next(patterns, ref.asked if ref.is_pattern else ""),
            service=service,
            definitions=self._defined(ref.region, service) if service else None,
            schedules=self._scheduled(ref.region) if service else None,
            is_autoscaled=None if service is None or limits is None else service.name in limits,
        )

    def _scheduled(self, region: str) -> tuple[Found, ...] | None:
        """What starts tasks by itself there, where it is to follow; None where that can't be told."""
        if region not in self._schedules:
            request = replace(self._request, access=self._access[region], further=())
            try:
                answers = answered(partial(asks, request), self._reads[region].ask) if request.schedules else {}
                self._schedules[region] = found(request, answers)
            except ApiError as error:
                self._tell(f"the schedules can't be read: {error}")
                self._schedules[region] = None
        return self._schedules[region]

    def _defined(self, region: str, service: Service) -> tuple[Definition, ...] | None:
        """The definitions of its deployments, since it is moved from one and back to one; and what it is to run."""
        asked = [self._request.revision] if self._request.revision else []
        arns = dict.fromkeys((*(deployment.task_definition for deployment in service.deployments), *asked))
        try:
            found = tuple(self._definitions[region][arn] for arn in arns)
            return (*found, *(self._edited(definition) for definition in found[:1])) or None
        except ApiError as error:
            self._tell(f"the task definition of {service.name} can't be read: {error}")
            return None

    def _edited(self, definition: Definition) -> Definition:
        """The definition with what the request changes in it, as far as that can be: it may name other roles."""
        edits, body = self._request.edits, {**definition.body, "family": definition.family}
        usable = [] if any(edit.problems(edits, (), body, "")) else edits
        return replace(definition, body=edit.apply(usable, body))

    def _limits(self, asked: Sequence[ServiceRef]) -> Mapping[str, object] | None:
        """Autoscaling's, by service, where it is to be moved; None where that can't be told."""
        if self._request.blue_green is None:
            return None
        region, cluster = asked[0].region, short(asked[0].cluster)
        names = tuple(short(ref.asked) for ref in asked)
        try:
            return self._reads[region].send(DescribeScalableTargets(region=region, cluster=cluster, services=names))
        except ApiError as error:
            self._tell(f"autoscaling can't be read: {error}")
            return None

    def _tell(self, trouble: str) -> None:
        self.troubles[safe(self._masks.hide(trouble), 1000)] = None
