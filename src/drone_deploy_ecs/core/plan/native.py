"""Services whose strategy shifts traffic: what is read before the first write, and what of it speaks against that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.calls.ecs import ListServiceDeployments
from drone_deploy_ecs.core.calls.elb import DescribeListeners, DescribeRules
from drone_deploy_ecs.core.calls.service_deployments import DescribeServiceDeployments
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import OVER, DescribedServiceDeployment
from drone_deploy_ecs.core.plan.way_back import undo_sentence
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment, Strategy
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.plan.strategy import Answers
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.target import Target


def _listing(found: Snapshot | Ready) -> ListServiceDeployments:
    ref = found.ref
    return ListServiceDeployments(region=ref.region, cluster=ref.cluster, name=ref.asked)


def _shifting(snapshots: Iterable[Snapshot]) -> Iterator[tuple[Snapshot, Service]]:
    """The services whose strategy shifts traffic."""
    for snapshot in snapshots:
        if snapshot.edited and snapshot.service and snapshot.service.strategy.shifts:
            yield snapshot, snapshot.service


def asks(snapshots: Iterable[Snapshot], answers: Answers) -> tuple[Call[Any], ...]:
    """The service deployments there are, and the newest as it is described: what following needs must be allowed."""
    listings = {_listing(snapshot): snapshot.ref.region for snapshot, _ in _shifting(snapshots)}
    newest: dict[str, list[str]] = {}
    for listing, region in listings.items():
        records: Sequence[ServiceDeployment] = answers.get(listing, ())
        if records:
            newest.setdefault(region, []).append(records[0].arn)
    most = DescribeServiceDeployments.most
    described = (
        DescribeServiceDeployments(region=region, arns=tuple(arns[start : start + most]))
        for region, arns in newest.items()
        for start in range(0, len(arns), most)
    )
    return (*listings, *described)


def newest(ready: Ready, answers: Answers) -> DescribedServiceDeployment | None:
    """The service's newest service deployment as it is described; None where it has none, or that wasn't read."""
    listed: Sequence[ServiceDeployment] = answers.get(_listing(ready), ())
    described = (record for answer in answers.values() if isinstance(answer, tuple) for record in answer)
    return next(
        (
            record
            for record in described
            if listed and isinstance(record, DescribedServiceDeployment) and record.arn == listed[0].arn
        ),
        None,
    )


def may_ask(snapshots: Iterable[Snapshot]) -> tuple[Call[Any], ...]:
    """Who gets production traffic, by the listeners' rules."""
    return tuple(
        _weights_of(snapshot.ref.region, rule)
        for snapshot, service in _shifting(snapshots)
        for rule in service.production_rules
    )


def _weights_of(region: str, rule: str) -> DescribeRules | DescribeListeners:
    if ":listener/" in rule:
        return DescribeListeners(region=region, listeners=(rule,))
    return DescribeRules(region=region, rules=(rule,))


def problems(services: Iterable[Ready], answers: Answers) -> Iterator[Problem]:
    """Where ECS couldn't tell which target group is live: it goes by the rule's weights, not by the service.

    Recorded runs show what comes of it: every deployment SUCCESSFUL, and users served by the wrong revision.
    """
    for ready in services:
        if _in_progress(ready, answers):
            continue
        for rule in ready.service.production_rules:
            weights = answers.get(_weights_of(ready.ref.region, rule))
            serving = (
                [group for group, weight in weights.get(rule, {}).items() if weight]
                if isinstance(weights, dict)
                else []
            )
            if len(serving) > 1:
                groups = " and ".join(short(group.rpartition("/")[0]) for group in serving)
                what = f"the production listener rule of service {ready.name} sends traffic to {groups}, and nothing is being deployed"
                yield Problem(what, f"Give weight only to the group with the tasks that serve, in rule {rule}")


def warnings(ready: Ready, answers: Answers) -> Iterator[Problem]:
    """What a person would want to know before it is written to."""
    for record in _in_progress(ready, answers):
        if record.status not in ("PENDING", "IN_PROGRESS"):
            what = f"{ready.name} is being taken back by ECS ({short(record.arn)}, {record.status})"
            yield Problem(what, "This deployment takes its place")


def _in_progress(ready: Ready, answers: Answers) -> list[ServiceDeployment]:
    return [record for record in answers.get(_listing(ready), ()) if record.status not in OVER]


def undo_of(request: Request, target: Target, strategy: Strategy) -> str:
    """How it would be taken back, and what that takes, for the plan on paper."""
    later = undo_sentence(request, target)
    if not request.roll_back or target.back.impossible:
        return later
    least = f", of at least {span(strategy.least)}" if strategy.least else ""
    return (
        "StopServiceDeployment while it can be stopped, with the old tasks still running: before production traffic is "
        f"shifted users see nothing, then it is a matter of a minute. Once it is SUCCESSFUL, {later}: a whole new deployment{least}"
    )
