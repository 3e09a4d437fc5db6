"""The web, as the world's services serve it: who answers a request, and what. For both faces of the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from drone_deploy_ecs.core.calls.web import Get
from drone_deploy_ecs.core.ecs.fault import Fault, FaultKind
from drone_deploy_ecs.core.errors import ApiError
from drone_deploy_ecs.simulator.pages import Asked, Page
from drone_deploy_ecs.simulator.traffic import by_deployment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.simulator.model import Deployment, Service
    from drone_deploy_ecs.simulator.world import World

A = TypeVar("A")

LATENCY = 0.05
NOBODY = 503
MOVED = 302
PATIENCE = Get.timeout.read
"""Seconds that who asks waits for an answer."""


class Sites:
    """The hosts of a world."""

    def __init__(self, world: World) -> None:
        self._world = world

    def can_reach(self, host: str) -> bool:
        """Whether there is such a host, and a way to it."""
        site = self._world.sites.get(host)
        if site is None:
            return False
        since, until = site.unreachable
        return not since <= self._world.clock.monotonic() < until

    def answer(self, host: str, path: str) -> dict[str, Any] | None:
        """The members of a `Reply`, after the time that it takes; None where nothing comes in time."""
        world = self._world
        share = world.visitors.random()
        revision, image, running = self._who(host, share)
        page = world.pages.get(image, Page())
        world.clock.sleep(min(LATENCY + page.takes, PATIENCE))
        reply = _reply(page, image, path, running, sum(each.revision == revision for each in world.asked))
        is_late = revision != "" and page.takes >= PATIENCE
        world.asked.append(Asked(world.clock.monotonic(), host, revision, 0 if is_late else reply["status"]))
        return None if is_late else reply

    def _who(self, host: str, share: float) -> tuple[str, str, float | None]:
        """The revision that answers the visitor at that share of all, its image, and how long it has run."""
        world = self._world
        parts = [part for name in world.sites[host].services for part in _parts(world.service(*name.split("/")))]
        rest = share * sum(weight for weight, _ in parts)
        for weight, deployment in parts:
            rest -= weight
            if rest < 0 and deployment is not None:
                arn = deployment.task_definition
                started = [task.started for task in deployment.alive if task.is_healthy and task.started is not None]
                running = world.clock.monotonic() - min(started) if started else None
                return arn.rpartition("/")[2], next(iter(world.containers(arn).values())), running
        return "", "", None


def _parts(service: Service) -> Iterator[tuple[float, Deployment | None]]:
    """How many of its healthy tasks' worth of requests go where; None is nobody."""
    deployments = {deployment.id: deployment for deployment in service.deployments}
    healthy = sum(task.is_healthy for deployment in service.deployments for task in deployment.alive)
    for name, share in by_deployment(service).items():
        if share and healthy:
            yield share * healthy, deployments.get(name)


def _reply(page: Page, image: str, path: str, running: float | None, number: int) -> dict[str, Any]:
    if running is None or not page.answers_after <= running < page.fails_after:
        return {"status": NOBODY, "text": "503 Service Temporarily Unavailable"}
    if path in page.moved:
        return {"status": MOVED, "location": page.moved[path]}
    return {"status": page.statuses[number % len(page.statuses)], "text": page.body or image}


class SimulatedWeb:
    """`ports.Web` over a simulated world, in process."""

    def __init__(self, world: World) -> None:
        self._sites = Sites(world)

    def send(self, call: Call[A]) -> A:
        """See `ports.Web`."""
        read = call.read
        assert isinstance(call, Get)
        if not self._sites.can_reach(call.url.host):
            raise ApiError(Fault(FaultKind.UNREACHABLE, call.operation, "", "connection refused"))
        reply = self._sites.answer(call.url.host, call.url.path)
        if reply is None:
            raise ApiError(Fault(FaultKind.AMBIGUOUS, call.operation, "", "no answer in time"))
        return read(reply)
