"""What settings must agree on with each other: every pair that can't be meant, as a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import read_arn, short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.settings.values import ROLLING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AGREE = "Make them agree"


def disagreements(values: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    """Where these values contradict each other; those that aren't set, or couldn't be read, are None."""
    yield from _access(values, mode)
    sides = tuple(one for one in (values["blue_service"], values["green_service"]) if one)
    if len({short(one) for one in sides}) < len(sides):
        yield Problem(f"blue_service and green_service are both {short(sides[0])}", "Give two services")
    for name in (values["cluster"], *(values["service"] or ()), *sides):
        yield from _elsewhere(name or "", values, own_cluster=name not in sides)
    yield from _twice(values["service"] or (), values["cluster"] or "")


def _access(values: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    regions, roles = values["aws_region"] or (), values["aws_role_arn"] or ()
    if values["aws_role_external_id"] and not roles:
        yield Problem("aws_role_external_id is set without aws_role_arn", "Set aws_role_arn too")
    if len(set(regions)) < len(regions):
        yield Problem(f"aws_region has {', '.join(regions)}: one of them twice", "Give each region once")
    if mode not in ("", ROLLING) and len(regions) > 1:
        yield Problem(f"aws_region has {len(regions)} regions, and mode {mode} takes one", "Run it once for each")
    if regions and len(roles) not in (0, 1, len(regions)):
        said = f"aws_role_arn has {len(roles)} roles, and aws_region {len(regions)}"
        yield Problem(said, "Give one role for all, or one for each region in the same order")


def _elsewhere(name: str, values: Mapping[str, Any], *, own_cluster: bool) -> Iterator[Problem]:
    """An ARN of another Region; and of another cluster, where the run has only one."""
    arn = read_arn(name)
    regions, cluster = values["aws_region"], values["cluster"]
    if arn is None:
        return
    if regions and arn.region not in regions:
        yield Problem(f"{arn.text} is in {arn.region}, but aws_region is {', '.join(regions)}", AGREE)
    if arn.kind == "cluster" and regions and len(regions) > 1:
        yield Problem(f"{arn.text} is in one region, and aws_region has {len(regions)}", "Give the cluster by name")
    theirs, _, service = arn.rest.rpartition("/") if arn.kind == "service" else ("", "", "")
    if theirs and cluster and theirs != short(cluster) and not own_cluster:
        yield Problem(f"service {service} is in cluster {theirs}, but cluster is {short(cluster)}", AGREE)


def _twice(services: tuple[str, ...], cluster: str) -> Iterator[Problem]:
    """By name, by cluster and name, or by ARN."""
    seen: dict[tuple[str, str], list[str]] = {}
    for one in services:
        arn = read_arn(one)
        theirs, _, name = (arn.rest if arn else one).rpartition("/")
        region = arn.region if arn else ""  # else it is meant in all of them
        others = seen.setdefault((theirs or short(cluster), name), [])
        if others and (not region or "" in others or region in others):
            yield Problem(f"service names {name} twice", "Give each service once")
        others.append(region)
