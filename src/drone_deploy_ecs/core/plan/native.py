"""Services whose strategy shifts traffic: what is read before the first write, and what of it speaks against that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drone_deploy_ecs.core.calls.elb import DescribeListeners, DescribeRules, DescribeTargetHealth
from drone_deploy_ecs.core.calls.service_deployments import DescribeServiceDeployments, ListServiceDeployments
from drone_deploy_ecs.core.ecs.names import short
from drone_deploy_ecs.core.ecs.service_deployment import GOING_BACK, OVER, DescribedServiceDeployment
from drone_deploy_ecs.core.pause import CONTINUE, LEAVE
from drone_deploy_ecs.core.plan.way_back import undo_sentence
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.steps.native.update import FollowServiceDeployment, ShiftTraffic
from drone_deploy_ecs.core.steps.rollout.update import FollowDeployment, UpdateService
from drone_deploy_ecs.core.text import span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from drone_deploy_ecs.core.calls.call import Call
    from drone_deploy_ecs.core.calls.listings import Answers
    from drone_deploy_ecs.core.ecs.service import Service
    from drone_deploy_ecs.core.ecs.service_deployment import ServiceDeployment, Strategy
    from drone_deploy_ecs.core.plan.snapshot import Ready, Snapshot
    from drone_deploy_ecs.core.request.request import Request
    from drone_deploy_ecs.core.steps.step import Stage
    from drone_deploy_ecs.core.target import Target

SERVE = ("healthy", "unavailable")
"""States of targets that get requests: unavailable are those whose health isn't checked."""


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


def may_ask(snapshots: Iterable[Snapshot], answers: Answers) -> tuple[Call[Any], ...]:
    """Who gets production traffic, by the listeners' rules; and once that is known, whether any of it is healthy."""
    rules = [
        (snapshot.ref.region, service, rule)
        for snapshot, service in _shifting(snapshots)
        for rule in service.production_rules
    ]
    weights = (_weights_of(region, rule) for region, _, rule in rules)
    health = (
        DescribeTargetHealth(region=region, target_group=group)
        for region, service, rule in rules
        for group in _serving(region, rule, answers) or ()
        if group in service.target_groups
    )
    return (*weights, *health)


def _weights_of(region: str, rule: str) -> DescribeRules | DescribeListeners:
    if ":listener/" in rule:
        return DescribeListeners(region=region, listeners=(rule,))
    return DescribeRules(region=region, rules=(rule,))


def _serving(region: str, rule: str, answers: Answers) -> tuple[str, ...] | None:
    """The target groups to which the rule gives weight; None where that can't be read."""
    found = answers.get(_weights_of(region, rule))
    weights = found.get(rule) if isinstance(found, dict) else None
    return None if weights is None else tuple(group for group, weight in weights.items() if weight)


def problems(services: Iterable[Ready], answers: Answers) -> Iterator[Problem]:
    """Where ECS couldn't tell which target group is live: it goes by the rule's weights, not by the service.

    Recorded runs show what comes of it: every deployment SUCCESSFUL, and users served by the wrong revision.
    """
    for ready in services:
        if _in_progress(ready, answers):
            continue
        for rule in ready.service.production_rules:
            serving = _serving(ready.ref.region, rule, answers) or ()
            if len(serving) > 1:
                groups = " and ".join(map(_name, serving))
                what = f"the production listener rule of service {ready.name} sends traffic to {groups}, and nothing is being deployed"
                yield Problem(what, f"Give weight only to the group with the tasks that serve, in rule {rule}")


def halves(request: Request, stages: Sequence[Stage]) -> Iterator[Problem]:
    """What would end in the middle of the run: later waves never begin where one is left at a pause."""
    waves = [
        stage for stage in stages if any(isinstance(step, UpdateService | FollowDeployment) for step in stage.steps)
    ]
    if request.on_pause != LEAVE:
        return
    for step in (step for stage in waves[:-1] for step in stage.steps):
        if isinstance(step, ShiftTraffic | FollowServiceDeployment) and step.strategy.pauses:
            what = f"{step.target.name} would be left at a PAUSE hook, and the services after it would never begin"
            yield Problem(what, "Leave out canary_services, run once for each region, or set on_pause to wait")


def warnings(ready: Ready, answers: Answers) -> Iterator[Problem]:
    """What a person would want to know before it is written to."""
    if ready.service.strategy.shifts and not answers.get(_listing(ready)):
        what = f"{ready.name} has no earlier service deployment: whether {DescribeServiceDeployments.permission} is allowed can't be known yet"
        yield Problem(what, "If it isn't, what becomes of the deployment can't be told: Unknown, exit code 6")
    for record in _in_progress(ready, answers):
        if record.status in GOING_BACK:  # one that goes forward is told of as any other deployment in progress
            what = f"{ready.name} is being taken back by ECS ({short(record.arn)}, {record.status})"
            yield Problem(what, "This deployment takes its place")
    for rule in ready.service.production_rules:
        yield from _on_what_serves(ready, rule, answers)


def _on_what_serves(ready: Ready, rule: str, answers: Answers) -> Iterator[Problem]:
    serving = _serving(ready.ref.region, rule, answers)
    if serving is None:
        return
    if not set(serving) & set(ready.service.target_groups):
        where = f"to {' and '.join(map(_name, serving))}" if serving else "nowhere"
        what = f"the production listener rule of service {ready.name} sends traffic {where}, and to none of its target groups"
        yield Problem(
            what, f"ECS may refuse to shift it. Give weight to the group with the tasks that serve, in rule {rule}"
        )
    for group in serving if ready.service.desired else ():
        targets = answers.get(DescribeTargetHealth(region=ready.ref.region, target_group=group))
        if isinstance(targets, tuple) and not any(target.state in SERVE for target in targets):
            what = f"{ready.name} has no healthy target in {_name(group)}, to which its production listener rule sends traffic"
            yield Problem(what, "Users may get errors now. It is deployed to all the same, as that may be the cure")


def _name(group: str) -> str:
    """A target group's name, by its ARN."""
    return short(group.rpartition("/")[0])


def _in_progress(ready: Ready, answers: Answers) -> list[ServiceDeployment]:
    return [record for record in answers.get(_listing(ready), ()) if record.status not in OVER]


def undo_of(request: Request, target: Target, strategy: Strategy) -> str:
    """How it would be taken back, and what that takes, for the plan on paper."""
    later = undo_sentence(request, target)
    if not request.roll_back or target.back.impossible:
        return later
    least = f", of at least {span(strategy.least)}" if strategy.least else ""
    again = ", whose pauses wait again" if strategy.pauses and request.on_pause != CONTINUE else ""
    return (
        "StopServiceDeployment while it can be stopped, with the old tasks still running: before production traffic is "
        f"shifted users see nothing, then it is a matter of a minute. Once it is SUCCESSFUL, {later}: a whole new deployment{least}{again}"
    )
