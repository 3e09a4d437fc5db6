"""Settings against each other: a problem for every combination that can't be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.ecs.names import read_arn, short
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.core.text import safe
from drone_deploy_ecs.settings.table import BY_NAME
from drone_deploy_ecs.settings.values import BLUE_GREEN, COLOURS, ROLLING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AGREE = "Make them agree"


def disagreements(values: Mapping[str, Any], mode: str) -> Iterator[Problem]:
    """Every contradiction between these values. None is a setting that isn't set, or couldn't be read."""
    yield from _access(values, mode)
    yield from _probes(values)
    yield from _sources(values)
    yield from _edits(values)
    if mode != COLOURS:
        yield from _nothing(values)
    if values["schedules"] and values["on_pause"] == "leave":
        what = "schedules is set with on_pause: leave, and what is left at its pause isn't proven when the run ends"
        yield Problem(what, "Leave out schedules, and deploy once more with it, and skip_unchanged, after the approval")
    sides = tuple(side for side in (values["blue_service"], values["green_service"]) if side)
    if len({short(side) for side in sides}) < len(sides):
        yield Problem(f"blue_service and green_service are both {short(sides[0])}", "Give two services")
    for name in (values["cluster"], *(values["service"] or ()), *sides):
        yield from _misplaced_arn(name or "", values, own_cluster=name not in sides)
    yield from _duplicates(values["service"] or (), values["cluster"] or "")
    order = [name for name in ("on_conflict", "build_number") if values[name] not in (None, "replace")]
    for name in order if mode == BLUE_GREEN else ():
        what = f"mode {mode} takes no {name}: a switch goes on from whatever it finds"
        yield Problem(what, "Leave it out, and let the CI system run one such step at a time")


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


def _probes(values: Mapping[str, Any]) -> Iterator[Problem]:
    regions, probes = values["aws_region"] or (), values["probe"] or ()
    if values["probe_expect"] and not probes:
        yield Problem("probe_expect is set without probe, whose answer it would be in", "Set probe, too")
    if regions and len(probes) not in (0, 1, len(regions)):
        what = f"probe has {len(probes)} URLs, and aws_region {len(regions)} region{'' if len(regions) == 1 else 's'}"
        yield Problem(what, "Give one for all, or one for each region in the same order")


_CONTAINERS_OWN = ("image", "tag", "environment", "secrets", "blue_image", "green_image")
_FROM_ONE_REGION = ("task_definition", "revision")
_EDITS = ("image", "tag", "images", "environment", "secrets", "patch", "task_definition")


def _sources(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems with where the new revision comes from."""
    edits = [name for name in _EDITS if values[name]]
    if values["revision"] and edits:
        what = f"revision is set with {', '.join(edits)}, and an existing revision is deployed as it is"
        yield Problem(what, "Keep revision, or what is to change")
    regions: tuple[str, ...] = values["aws_region"] or ()
    revision = read_arn(values["revision"] or "")
    for name in _FROM_ONE_REGION:
        if values[name] and len(regions) > 1:
            what = f"{name} is of one region, and aws_region has {len(regions)}"
            yield Problem(what, "Run it once for each, with a file or revision of its own")
    if revision and len(regions) == 1 and revision.region != regions[0]:
        yield Problem(f"{revision.text} is in {revision.region}, but aws_region is {regions[0]}", AGREE)


def _edits(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of edits with each other."""
    given = [name for name in _CONTAINERS_OWN if values[name]]
    if given and not values["container"] and any(values[name] for name in BY_NAME["container"].unless):
        what = f"{', '.join(given)} {'are' if len(given) > 1 else 'is'} set without container, which says where to"
        yield Problem(what, "Set container, too")
    if values["image"] and values["tag"]:
        yield Problem("image and tag are both set, and a whole image has its tag", "Keep one")
    for image in ("image", "tag"):
        for name, _ in (values["images"] or ()) if values[image] else ():
            if name in (values["container"] or ()):
                what = f"container {safe(name)} gets an image by images, and another by {image}"
                yield Problem(what, "Keep one of the two")
    environment, secrets = (
        {name for name, value in values[setting] or () if value is not None} for setting in ("environment", "secrets")
    )
    for name in sorted(environment & secrets):
        yield Problem(f"{safe(name, 80)} is set in environment and in secrets", "ECS takes it in one of them: keep one")


def _nothing(values: Mapping[str, Any]) -> Iterator[Problem]:
    """Edits that change nothing at all."""
    empty = [name for name in _EDITS if values[name] is not None and not values[name]]
    if empty and not any(values[name] for name in (*_EDITS, "revision")):
        yield Problem(f"nothing is to change: {', '.join(empty)} is empty", "Say what is to change")


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
