"""A scenario file (JSON or TOML): clusters, services, images' behaviours, and what other people do when."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.errors import Refused
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect, Rule
from drone_deploy_ecs.simulator.model import Breaker
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SERVICE_OPTIONS = frozenset({
    "cluster", "name", "image", "container", "family", "task_definition", "desired", "breaker", "minimum_percent",
    "maximum_percent", "target_group", "classic_elb", "scheduling", "controller", "strategy", "status", "counts_exits",
})  # fmt: skip
TABLES = frozenset({"seed", "region", "account", "partition", "timing", "clusters", "images", "services", "faults"})


def default() -> World:
    """Cluster `demo` with services `web` and `worker`, and a few images to try."""
    world = World()
    for name in ("web", "worker"):
        world.add_service("demo", name, task_definition(name, "shop:1"))
    world.push("shop:crash", crash(1, after=2.0))
    world.push("shop:missing", missing("shop:missing"))
    world.push("shop:slow", Behaviour(starts_after=60.0))
    world.push("shop:unhealthy", Behaviour(health="unhealthy", health_after=20.0))
    return world


def load(path: str) -> World:
    """The world of that file. Raises `Refused` with everything that is wrong with it."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        raw = _parse(path, text)
    except (OSError, TypeError, ValueError) as error:
        raise Refused((Problem(f"scenario {path} can't be read: {error}", "Give a JSON or TOML file"),)) from error
    problems = tuple(_problems(raw))
    if problems:
        raise Refused(problems)
    return _build(raw)


def _parse(path: str, text: str) -> dict[str, Any]:
    if path.endswith(".toml"):
        return tomllib.loads(text)
    found = json.loads(text)
    if not isinstance(found, dict):
        raise TypeError("it isn't an object")
    return found


def _problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unknown("the scenario", raw, TABLES)
    yield from _unknown("timing", raw.get("timing", {}), {one.name for one in fields(Timing)})
    for image, behaviour in raw.get("images", {}).items():
        yield from _unknown(f"image {image}", behaviour, {one.name for one in fields(Behaviour)} | {"digest"})
    for number, service in enumerate(raw.get("services", ()), 1):
        yield from _unknown(f"service {number}", service, SERVICE_OPTIONS)
        for name in ("cluster", "name"):
            if not service.get(name):
                yield Problem(f"service {number} has no {name}", "Give it one")
    for number, rule in enumerate(raw.get("faults", ()), 1):
        yield from _unknown(f"fault {number}", rule, {one.name for one in fields(Rule)})
        if rule.get("effect") not in {one.value for one in Effect}:
            known = ", ".join(one.value for one in Effect)
            yield Problem(f"fault {number} has the effect {rule.get('effect')!r}", f"Known: {known}")


def _unknown(where: str, raw: Mapping[str, Any], known: frozenset[str] | set[str]) -> Iterator[Problem]:
    for name in raw:
        if name not in known:
            yield Problem(f"{where} has {name!r}, which isn't known", f"Known: {', '.join(sorted(known))}")


def _build(raw: Mapping[str, Any]) -> World:
    place = {name: raw[name] for name in ("seed", "region", "account", "partition") if name in raw}
    world = World(timing=Timing(**raw.get("timing", {})), **place)
    for name, instances in raw.get("clusters", {}).items():
        world.add_cluster(name, instances)
    for image, behaviour in raw.get("images", {}).items():
        digest = behaviour.get("digest", "")
        world.push(image, Behaviour(**{name: value for name, value in behaviour.items() if name != "digest"}), digest)
    for service in raw.get("services", ()):
        _add(world, dict(service))
    for rule in raw.get("faults", ()):
        world.faults.rules.append(Rule(**{**rule, "effect": Effect(rule["effect"])}))
    return world


def _add(world: World, options: dict[str, Any]) -> None:
    cluster, name = options.pop("cluster"), options.pop("name")
    small = task_definition(
        options.pop("family", name), options.pop("image", "shop:1"), options.pop("container", "app")
    )
    body = options.pop("task_definition", small)
    if "breaker" in options:
        options["breaker"] = Breaker(**options["breaker"])
    world.add_service(cluster, name, body, **options)
