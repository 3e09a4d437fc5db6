"""A scenario file (JSON or TOML): clusters, services, images' behaviours, and what goes wrong with calls."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, get_type_hints

from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.problem import Problem
from drone_deploy_ecs.simulator.behaviour import Behaviour, crash, missing
from drone_deploy_ecs.simulator.faults import Effect, Rule
from drone_deploy_ecs.simulator.model import Breaker, Hook
from drone_deploy_ecs.simulator.pages import Page, Site
from drone_deploy_ecs.simulator.permissions import read_policy
from drone_deploy_ecs.simulator.shifting import ANSWERS, BALANCERS, HOOK_STAGES, LifecycleHook, Shifting
from drone_deploy_ecs.simulator.timing import Timing
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

SERVICE_OPTIONS: Mapping[str, Any] = {
    "cluster": str, "name": str, "image": str, "container": str, "family": str, "task_definition": dict | str,
    "desired": int, "breaker": dict, "hook": dict, "minimum_percent": int, "maximum_percent": int, "target_group": str,
    "classic_elb": bool, "scheduling": str, "controller": str, "strategy": str, "resource_management": str, "status": str,
    "launch_type": str, "grace": int, "counts_exits": bool, "history": int, "idle_events": int, "shifting": dict, "alarms": tuple[str, ...],
    "alarms_roll_back": bool, "listed_after": float, "current_after": float, "more": dict,
}  # fmt: skip
TABLES: Mapping[str, Any] = {
    "seed": int, "region": str, "account": str, "partition": str, "timing": dict, "clusters": dict, "images": dict,
    "services": list, "faults": list, "quotas": bool, "policy": dict, "numbers": list,
    "sites": dict, "pages": dict, "absent": list, "trusts": dict, "caches": list, "commands": dict, "rules": list, "schedules": list,
}  # fmt: skip
LINES = tuple[str, ...]
SHIFTING: Mapping[str, Any] = {**get_type_hints(Shifting), "hooks": list, "obstacles": dict}
TARGET: Mapping[str, Any] = {"cluster": str, "task_definition": str, "role": str, "members": dict}
SCHEDULE: Mapping[str, Any] = {"name": str, "group": str, **TARGET}
RULE: Mapping[str, Any] = {"name": str, "bus": str, "managed_by": str, "targets": list}
"""A rule's target, a schedule, and a rule; `members` are AWS's own, put over what is made of the others."""
ONE_OF: Mapping[str, Collection[str]] = {"answer": ANSWERS, "back": ANSWERS, "balancer": BALANCERS}
"""What some members of `shifting` and of its hooks may be."""


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
    return read(raw)


def read(raw: Mapping[str, Any]) -> World:
    """The world of a scenario that is parsed already. Raises `Refused` with everything that is wrong with it."""
    problems = tuple(_problems(raw))
    if problems:
        raise Refused(problems)
    return _build(raw)


def _parse(path: str, text: str) -> dict[str, Any]:
    if path.endswith(".toml"):
        return tomllib.loads(text)
    raw = json.loads(text)
    if not isinstance(raw, dict):
        raise TypeError("it isn't an object")
    return raw


def _problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _table_problems("the scenario", raw, TABLES)
    if any(not isinstance(raw.get(name, kind()), kind) for name, kind in TABLES.items()):
        return  # what is inside them can't be read
    yield from _table_problems("timing", raw.get("timing", {}), get_type_hints(Timing))
    for name, instances in raw.get("clusters", {}).items():
        yield from _table_problems("clusters", {name: instances}, {name: int})
    for image, behaviour in raw.get("images", {}).items():
        yield from _table_problems(f"image {image}", behaviour, {**get_type_hints(Behaviour), "digest": str})
    for command, behaviour in raw.get("commands", {}).items():
        yield from _table_problems(f"command {command}", behaviour, get_type_hints(Behaviour))
    yield from _web_problems(raw)
    for number, service in enumerate(raw.get("services", ()), 1):
        yield from _service_problems(f"service {number}", service)
    yield from _schedule_problems(raw)
    if "policy" in raw:
        try:
            read_policy(raw["policy"])
        except ValueError as error:
            yield Problem(f"policy can't be enforced: {error}", "Give what drone-deploy-ecs policy prints")
    for number, rule in enumerate(raw.get("faults", ()), 1):
        yield from _table_problems(f"fault {number}", rule, {**get_type_hints(Rule), "effect": str})
        effect = rule.get("effect") if isinstance(rule, dict) else None
        if effect not in {member.value for member in Effect}:
            known = ", ".join(member.value for member in Effect)
            yield Problem(f"fault {number} has the effect {effect!r}", f"Known: {known}")


def _service_problems(where: str, service: Any) -> Iterator[Problem]:
    yield from _table_problems(where, service, SERVICE_OPTIONS)
    if not isinstance(service, dict):
        return
    yield from _table_problems(f"{where}, breaker", service.get("breaker", {}), get_type_hints(Breaker))
    yield from _table_problems(f"{where}, hook", service.get("hook", {}), get_type_hints(Hook))
    yield from _shifting_problems(f"{where}, shifting", service.get("shifting", {}))
    for name in ("cluster", "name"):
        if not service.get(name):
            yield Problem(f"{where} has no {name}", "Give it one")


def _web_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    for image, page in raw.get("pages", {}).items():
        where = f"page {image}"
        yield from _table_problems(where, page, {**get_type_hints(Page), "statuses": list, "moved": dict})
        if isinstance(page, dict) and not _are(page.get("statuses", [200]), int):
            yield Problem(f"{where} has the statuses {page['statuses']!r}", "Give a list such as [200, 503]")
    there = {
        f"{service.get('cluster')}/{service.get('name')}"
        for service in raw.get("services", ())
        if isinstance(service, dict)
    }
    for host, site in raw.get("sites", {}).items():
        where = f"site {host}"
        yield from _table_problems(where, site, {"services": LINES, "unreachable": list})
        named, gone = (site.get("services"), site.get("unreachable", [0, 0])) if isinstance(site, dict) else (None, [])
        if not _are(named, str) or set(named) - there:
            yield Problem(f"{where} has the services {named!r}", f"Known: {', '.join(sorted(there)) or 'none'}")
        if gone and not (_are(gone, int | float) and len(gone) == len(("from", "to"))):
            yield Problem(f"{where} is unreachable {gone!r}", "Give two times in seconds, such as [60, 90]")


def _are(values: object, kind: Any) -> TypeGuard[list[Any]]:
    """Whether this is a list of some of these."""
    return isinstance(values, list) and bool(values) and all(isinstance(value, kind) for value in values)


def _shifting_problems(where: str, shifting: Any) -> Iterator[Problem]:
    yield from _table_problems(where, shifting, SHIFTING)
    hooks = shifting.get("hooks", []) if isinstance(shifting, dict) else []
    tables = {where: shifting}
    for number, hook in enumerate(hooks if isinstance(hooks, list) else (), 1):
        tables[f"{where}, hook {number}"] = hook
        yield from _table_problems(f"{where}, hook {number}", hook, get_type_hints(LifecycleHook))
        stages = hook.get("stages") if isinstance(hook, dict) else None
        if not stages or not set(map(str, stages)) <= set(HOOK_STAGES):
            yield Problem(f"{where}, hook {number} has the stages {stages!r}", f"Known: {', '.join(HOOK_STAGES)}")
    for place, table in tables.items():
        for name, known in ONE_OF.items() if isinstance(table, dict) else ():
            if table.get(name, next(iter(known))) not in known:
                yield Problem(f"{place} has the {name} {table[name]!r}", f"Known: {', '.join(filter(None, known))}")


def _schedule_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    tables: list[tuple[str, Any, Mapping[str, Any], tuple[str, ...]]] = [
        (f"rule {number}", rule, RULE, ("name",)) for number, rule in enumerate(raw.get("rules", ()), 1)
    ]
    for where, rule, _, _ in tuple(tables):
        targets = rule.get("targets", []) if isinstance(rule, dict) else []
        for number, target in enumerate(targets if isinstance(targets, list) else (), 1):
            tables.append((f"{where}, target {number}", target, TARGET, ("cluster", "task_definition")))
    for number, schedule in enumerate(raw.get("schedules", ()), 1):
        whole = ("name", "cluster", "task_definition")
        tables.append((f"schedule {number}", schedule, SCHEDULE, whole))
    for where, table, known, needed in tables:
        yield from _table_problems(where, table, known)
        for name in needed if isinstance(table, dict) else ():
            if not table.get(name):
                yield Problem(f"{where} has no {name}", "Give it one")


def _table_problems(where: str, raw: Any, known: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem for every member that isn't known, or whose value has another type."""
    if not isinstance(raw, dict):
        yield Problem(f"{where} isn't a table, but {raw!r}", f"Known in it: {', '.join(sorted(known))}")
        return
    for name, value in raw.items():
        if name not in known:
            yield Problem(f"{where} has {name!r}, which isn't known", f"Known: {', '.join(sorted(known))}")
        elif not _fits(value, known[name]):
            wanted = "a list of text" if known[name] == LINES else getattr(known[name], "__name__", known[name])
            yield Problem(f"{where} has {name} {value!r}", f"Give {wanted}")


def _fits(value: object, kind: Any) -> bool:
    if kind == LINES:
        return isinstance(value, list) and all(isinstance(line, str) for line in value)
    if isinstance(value, bool):  # which is an int to Python, but not to whoever wrote the file
        return kind is bool
    return isinstance(value, kind) or (isinstance(value, int) and isinstance(0.0, kind))


def _build(raw: Mapping[str, Any]) -> World:
    options = {name: raw[name] for name in ("seed", "region", "account", "partition") if name in raw}
    world = World(timing=Timing(**raw.get("timing", {})), **options)
    for name, instances in raw.get("clusters", {}).items():
        world.add_cluster(name, instances)
    for image, behaviour in raw.get("images", {}).items():
        world.push(image, _behaviour(behaviour), behaviour.get("digest", ""))
    world.commands |= {command: _behaviour(behaviour) for command, behaviour in raw.get("commands", {}).items()}
    for service in raw.get("services", ()):
        _add_service(world, dict(service))
    for image, page in raw.get("pages", {}).items():
        world.pages[image] = Page(**{**page, "statuses": tuple(page.get("statuses", (200,)))})
    for host, site in raw.get("sites", {}).items():
        services, unreachable = tuple(site["services"]), site.get("unreachable", (0.0, 0.0))
        world.sites[host] = Site(services=services, unreachable=tuple(unreachable))
    _add_schedules(world, raw)
    world.numbers += map(str, raw.get("numbers", ()))
    world.policy = read_policy(raw["policy"]) if "policy" in raw else None
    world.absent |= set(raw.get("absent", ()))
    world.trusts |= raw.get("trusts", {})
    world.caches += raw.get("caches", ())
    world.faults.keeps_quotas = raw.get("quotas", False)
    for rule in raw.get("faults", ()):
        world.faults.rules.append(Rule(**{**rule, "effect": Effect(rule["effect"])}))
    return world


def _behaviour(members: Mapping[str, Any]) -> Behaviour:
    script = {name: value for name, value in members.items() if name != "digest"}
    for name in {"log", "architectures"} & set(script):
        script[name] = tuple(script[name])  # neither JSON nor TOML has tuples
    return Behaviour(**script)


def _add_service(world: World, options: dict[str, Any]) -> None:
    cluster, name = options.pop("cluster"), options.pop("name")
    small = task_definition(
        options.pop("family", name), options.pop("image", "shop:1"), options.pop("container", "app")
    )
    body = options.pop("task_definition", small)
    if "breaker" in options:
        options["breaker"] = Breaker(**options["breaker"])
    if "hook" in options:
        options["hook"] = Hook(**options["hook"])
    if "shifting" in options:
        options["shifting"] = _shifting(dict(options["shifting"]))
    if "alarms" in options:
        options["alarms"] = tuple(options["alarms"])
    world.add_service(cluster, name, body, **options)


def _add_schedules(world: World, raw: Mapping[str, Any]) -> None:
    kept = world.schedules
    for rule in raw.get("rules", ()):
        targets = (_target(world, target) | target.get("members", {}) for target in rule.get("targets", ()))
        options = {name: rule[name] for name in ("bus", "managed_by") if name in rule}
        kept.add_rule(rule["name"], *targets, **options)
    for schedule in raw.get("schedules", ()):
        group = schedule.get("group", "default")
        kept.add_schedule(schedule["name"], _target(world, schedule), group, **schedule.get("members", {}))


def _target(world: World, options: Mapping[str, Any]) -> dict[str, Any]:
    role = {"RoleArn": options["role"]} if "role" in options else {}
    return world.schedules.target(options["cluster"], options["task_definition"], **role)


def _shifting(members: dict[str, Any]) -> Shifting:
    hooks = (LifecycleHook(**{**hook, "stages": tuple(hook["stages"])}) for hook in members.pop("hooks", ()))
    return Shifting(**members, hooks=tuple(hooks))
