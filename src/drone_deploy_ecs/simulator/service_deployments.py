"""The operations on service deployments and service revisions."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from drone_deploy_ecs.simulator import strategies
from drone_deploy_ecs.simulator.native import hooks
from drone_deploy_ecs.simulator.operation import Json, Operation, Request, page, seconds
from drone_deploy_ecs.simulator.records import brief_shape, is_kept, record_shape, revision_shape
from drone_deploy_ecs.simulator.registry import rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from drone_deploy_ecs.simulator.model import Deployment, Service
    from drone_deploy_ecs.simulator.world import World

A_PAGE = 20
"""Entries of one answer of ListServiceDeployments, unless the request has maxResults."""
MOST = 20
"""Of one DescribeServiceDeployments or DescribeServiceRevisions."""
STOP = "StopServiceDeployment"
CONTINUE = "ContinueServiceDeployment"
ARN = "serviceDeploymentArn"


class ServiceDeployments:
    """The operations on a world; `find` is its service of that name, as the operation and its request have it."""

    def __init__(self, world: World, find: Callable[[str, Request, str], Service]) -> None:
        self._world = world
        self._find = find
        self.operations = {
            "ListServiceDeployments": Operation(self._list, "service"),
            "DescribeServiceDeployments": Operation(self._describe, "serviceDeploymentArns"),
            "DescribeServiceRevisions": Operation(self._describe_revisions, "serviceRevisionArns"),
            STOP: Operation(self._stop, ARN),
            CONTINUE: Operation(self._continue, ARN),
        }

    def _list(self, request: Request) -> Json:
        """Newest first, which is how captures look; no page promises it. A new one may be late."""
        service = self._find("ListServiceDeployments", request, request["service"])
        created, wanted = request.get("createdAt", {}), request.get("status", [])
        after, before = seconds(created.get("after", 0.0)), seconds(created.get("before", inf))
        now = self._world.clock.monotonic()
        listed = (each for each in reversed(service.history) if now >= each.created + service.listed_after)
        shapes = (brief_shape(service, each) for each in listed if is_kept(each, now))
        found = [
            shape
            for shape in shapes
            if after <= shape["createdAt"].timestamp() <= before and (not wanted or shape["status"] in wanted)
        ]
        return page("ListServiceDeployments", "serviceDeployments", found, request, request.get("maxResults", A_PAGE))

    def _all(self) -> Iterator[tuple[Service, Deployment]]:
        """Every deployment of which there still is a record."""
        now = self._world.clock.monotonic()
        for service in self._world.services.values():
            yield from ((service, each) for each in service.history if is_kept(each, now))

    def _describe(self, request: Request) -> Json:
        known = {service.deployment_arn(each): (service, each) for service, each in self._all()}
        arns = _few("DescribeServiceDeployments", ARN + "s", request)
        return {
            "serviceDeployments": [record_shape(*known[arn]) for arn in arns if arn in known],
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        }

    def _describe_revisions(self, request: Request) -> Json:
        known = {service.revision_arn(each): (service, each) for service, each in self._all()}
        arns = _few("DescribeServiceRevisions", "serviceRevisionArns", request)
        found = [
            revision_shape(service, each, self._world.containers(each.task_definition))
            for service, each in (known[arn] for arn in arns if arn in known)
        ]
        return {
            "serviceRevisions": found,
            "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known],
        }

    def _record(self, operation: str, request: Request) -> tuple[Service, Deployment]:
        for service, each in self._all():
            if service.deployment_arn(each) == request[ARN]:
                return service, each
        raise rejected(operation, "ServiceDeploymentNotFoundException", "The service deployment does not exist.")

    def _stop(self, request: Request) -> Json:
        service, deployment = self._record(STOP, request)
        if deployment.finished is not None:
            # The model has this exception; its text is unconfirmed.
            message = f"The service deployment is {deployment.outcome} and can't be stopped."
            raise rejected(STOP, "ConflictException", message)
        strategies.stop(self._world, service, deployment, request.get("stopType", "ROLLBACK"))
        return {ARN: request[ARN]}

    def _continue(self, request: Request) -> Json:
        _, deployment = self._record(CONTINUE, request)
        hooks.answer(deployment, str(request.get("hookId", "")), request.get("action", "CONTINUE"))
        return {ARN: request[ARN]}


def _few(operation: str, member: str, request: Request) -> list[str]:
    arns = list(request[member])
    if len(arns) > MOST:
        raise rejected(operation, "InvalidParameterException", f"{member} cannot have more than {MOST} entries.")
    return arns
