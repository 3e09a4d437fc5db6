"""Settings against each other: a problem for every combination that can't be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import read_arn, short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.settings.values import ROLLING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AGREE = "Make them agree"


def disagreements(values: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    """Every contradiction between these values. None is a setting that isn't set, or couldn't be read."""
    yield from _access(values, mode)
    sides = tuple(side for side in (values["blue_service"], values["green_service"]) if side)
    if len({short(side) for side in sides}) < len(sides):
        yield Problem(f"blue_service and green_service are both {short(sides[0])}", "Give two services")
    for name in (values["cluster"], *(values["service"] or ()), *sides):
        yield from _misplaced_arn(name or "", values, own_cluster=name not in sides)
    yield from _duplicates(values["service"] or (), values["cluster"] or "")


def _access(values: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    regions, roles = values["aws_region"] or (), values["aws_role_arn"] or ()
    if values["aws_role_external_id"] and not roles:
        yield Problem("aws_role_external_id is set without aws_role_arn", "Set aws_role_arn too")
    if len(set(regions)) < len(regions):
        yield Problem(f"aws_region has {', '.join(regions)}: one of them twice", "Give each region once")
    if mode not in ("", ROLLING) and len(regions) > 1:
        yield Problem(f"aws_region has {len(regions)} regions, and mode {mode} takes one", "Run it once for each")
    if regions and len(roles) not in (0, 1, len(regions)):
        what = f"aws_role_arn has {len(roles)} roles, and aws_region {len(regions)}"
        yield Problem(what, "Give one role for all, or one for each region in the same order")


def _misplaced_arn(name: str, values: Mapping[str, Any], *, own_cluster: bool) -> Iterator[Problem]:
    """Problems with an ARN: of another Region, or of another cluster where the run has only one."""
    arn = read_arn(name)
    regions, cluster = values["aws_region"], values["cluster"]
    if arn is None:
        return
    if regions and arn.region not in regions:
        yield Problem(f"{arn.text} is in {arn.region}, but aws_region is {', '.join(regions)}", AGREE)
    if arn.kind == "cluster" and regions and len(regions) > 1:
        yield Problem(f"{arn.text} is in one region, and aws_region has {len(regions)}", "Give the cluster by name")
    arn_cluster, _, service = arn.rest.rpartition("/") if arn.kind == "service" else ("", "", "")
    if arn_cluster and cluster and arn_cluster != short(cluster) and not own_cluster:
        yield Problem(f"service {service} is in cluster {arn_cluster}, but cluster is {short(cluster)}", AGREE)


def _duplicates(services: tuple[str, ...], cluster: str) -> Iterator[Problem]:
    """Services given twice, be it by name, by cluster and name, or by ARN."""
    regions_by_service: dict[tuple[str, str], list[str]] = {}
    for text in services:
        arn = read_arn(text)
        named_cluster, _, name = (arn.rest if arn else text).rpartition("/")
        region = arn.region if arn else ""  # a name is meant in every Region, so it meets each ARN of it
        regions = regions_by_service.setdefault((named_cluster or short(cluster), name), [])
        if regions and (not region or "" in regions or region in regions):
            yield Problem(f"service names {name} twice", "Give each service once")
        regions.append(region)
