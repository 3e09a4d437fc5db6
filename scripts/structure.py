"""Figures on the structure of `src/drone_deploy_ecs`, of this checkout or (`--src`) of another: before and after.

`make structure`, or `python -m scripts.structure` from the checkout's root; `-v` prints where. Nothing of the package
is run: its source is read, and its imports by grimp, which comes with import-linter. A figure's definition stands in
its function's docstring. What depends on the project's names stands in the tables below: they hold those of the flat
tree and those of the one with a folder for the steps, so that one command measures both.
"""

from __future__ import annotations

import argparse
import ast
import math
import re
import statistics
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import grimp

from scripts import journey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PACKAGE = "drone_deploy_ecs"

ROLLOUT = ("watch", "fold", "judge", "poll", "history", "progress", "events")
KINDS = {
    "UpdateService FollowDeployment Watch Rollout": (*(f"core/{name}.py" for name in ROLLOUT), "core/steps/rollout/*"),
    "RegisterTaskDefinition Registration": ("core/registration.py", "core/steps/register.py"),
    "Scale Scaling": ("core/scaling.py", "core/steps/scale.py"),
    "RegisterScalableTarget Limiting": ("core/scaling.py", "core/steps/limit.py"),
    "Hold Holding": ("core/scaling.py", "core/steps/hold.py"),
}
"""The kinds of steps: a kind's classes (steps, and steps under way), and its own rooms: the files that may know it."""
PROTOCOLS = frozenset({"Step", "Execution", "Monitored", "KindExecution"})
"""A class of the package that names one of these as its base is a kind of its file's own, unless it is above."""
REGISTRIES = ("core/plan/strategies.py",)
"""What may name every kind and every strategy: tables of them."""
STRATEGY = re.compile(
    r"[hH]andover|blue_?green|BlueGreen|BLUE_GREEN|colours|Colours|(?:live|for|choose)_colour|[sS]witch"
    r"|by_secret|BySecret|^Rolling$"
)
"""Names by which one strategy is known."""
STRATEGY_ROOMS = (
    *(f"core/{name}.py" for name in ("switch", "handover", "bluegreen", "colours")),
    *(f"core/plan/{name}" for name in ("rolling.py", "by_secret.py", "switch/*")),
    *REGISTRIES,
    *("settings.py", "settings/*", "values.py", "core/request.py", "core/request/*"),
    "*/style.py",  # colours to paint with
)
STARTS = ("core/fold.py:advance:watch", "core/steps/rollout/rollout.py:Rollout.advance:self")
"""Where the walk begins: the first of these that there is."""


class Figure(NamedTuple):
    """One row: a value, and the places behind it, worst first."""

    name: str
    value: str
    where: Sequence[str]


Sources = dict[str, ast.Module]
Graph = dict[str, set[str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--src", type=Path, default=Path(__file__).parents[1], help="a checkout, or its src")
    parser.add_argument("--walk", default="", help="FILE:FUNCTION:PARAMETER or FILE:CLASS.METHOD:PARAMETER")
    parser.add_argument("-v", "--verbose", action="store_true", help="all the places, not only the worst three")
    asked = parser.parse_args(arguments)
    src = asked.src if (asked.src / PACKAGE).is_dir() else asked.src / "src"
    root = src / PACKAGE
    sources = {
        path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    }
    if not sources:
        parser.error(f"no {PACKAGE} in {asked.src}")
    sys.path.insert(0, str(src))
    starts = (asked.walk,) if asked.walk else STARTS
    figures = [*asking(sources), branching(sources), *imports(), largest(sources), *lengths(sources)]
    for name, value, where in (*figures, returns(sources, starts)):
        shown = where if asked.verbose else where[:3]
        print(f"{name:<58} {value:>14}  {'' if asked.verbose else '; '.join(shown)}".rstrip())
        if asked.verbose:
            print("".join(f"    {line}\n" for line in shown), end="")
    return 0


# --- who asks ---


def asking(sources: Sources) -> Iterator[Figure]:
    """Lines that ask which kind a step is, anywhere and outside that kind's own rooms; making one is not asking.

    A line asks where a kind's class, or a union of such by its name, is the second argument of `isinstance` or
    `issubclass`, a class pattern of a `match`, compared (`type(step) is Scale`), a key of a dict or of a `register`.
    """
    kinds = _kinds(sources)
    every: Counter[str] = Counter()
    outside: Counter[str] = Counter()
    lines: list[str] = []
    for file, tree in sources.items():
        found: dict[int, set[str]] = {}
        for node in ast.walk(tree):
            for asked in _asked(node):
                found.setdefault(asked.lineno, set()).update(_names(asked))
        for line in sorted(line for line, names in found.items() if names & kinds.keys()):
            every[file] += 1
            if not all(_within(file, (*kinds[name], *REGISTRIES)) for name in found[line] & kinds.keys()):
                outside[file] += 1
                lines.append(f"{file}:{line}")
    yield Figure("lines that ask which kind a step is", _in_files(every), _ranked(every))
    yield Figure("  of these outside the kind's own rooms", _in_files(outside), [*_ranked(outside), *lines])
    missing = [kind for kind in KINDS if not set(kind.split()) & _classes(sources).keys()]
    if missing:
        yield Figure("  kinds without a class here: mend KINDS", str(len(missing)), missing)


def _kinds(sources: Sources) -> dict[str, tuple[str, ...]]:
    """The rooms of every class that is a kind, and of every union of such by its name."""
    kinds = {name: rooms for kind, rooms in KINDS.items() for name in kind.split()}
    for name, (file, node) in _classes(sources).items():
        if name not in PROTOCOLS and any(PROTOCOLS & _names(base) for base in node.bases):
            kinds.setdefault(name, (file,))
    unions = [
        (one.targets[0], _names(one.value))
        for tree in sources.values()
        for one in tree.body
        if isinstance(one, ast.Assign) and isinstance(one.value, ast.BinOp)
    ]
    for target, parts in unions * 3:  # a union may be made of unions
        if isinstance(target, ast.Name) and parts & kinds.keys():
            kinds[target.id] = tuple(set.intersection(*(set(kinds.get(part, ())) for part in parts)))
    return kinds


def _asked(node: ast.AST) -> Iterable[ast.expr]:
    match node:
        case ast.Call(func=ast.Name("isinstance" | "issubclass"), args=[_, classes]):
            return (classes,)
        case ast.Call(func=ast.Attribute(attr="register"), args=args):
            return args
        case ast.MatchClass(cls=cls):
            return (cls,)
        case ast.Compare(left=left, comparators=others):
            return (one for one in (left, *others) if isinstance(one, ast.Name | ast.Attribute))
        case ast.Dict(keys=keys):
            return (key for key in keys if key is not None)
        case _:
            return ()


def branching(sources: Sources) -> Figure:
    """Lines outside the strategies' own rooms, the settings and the request that read a name of one strategy.

    A name is read where it is a variable, an attribute, a function or a class in an expression; imports, annotations,
    parameters and assignments' left sides are not.
    """
    found: Counter[str] = Counter()
    lines: list[str] = []
    for file, tree in sources.items():
        if _within(file, STRATEGY_ROOMS):
            continue
        annotated = {id(one) for node in ast.walk(tree) for kept in _annotations(node) for one in ast.walk(kept)}
        here = {
            node.end_lineno or node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load)
            if id(node) not in annotated and STRATEGY.search(node.id if isinstance(node, ast.Name) else node.attr)
        }
        found[file] += len(here)
        lines += (f"{file}:{line}" for line in sorted(here))
    return Figure("lines that read a strategy's name outside its rooms", _in_files(+found), [*_ranked(+found), *lines])


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    yield from filter(None, (getattr(node, "annotation", None), getattr(node, "returns", None)))


# --- who imports whom ---


def imports() -> Iterator[Figure]:
    """Circles of imports, floors (a room stands above all that it imports; a circle is one room), arrows.

    A room of the package is a file or folder right below it; so for the rooms of any folder, which may be in a circle
    where their files are in none.
    """
    at_run_time, with_types = (_graph(exclude_type_checking=leave_out) for leave_out in (True, False))
    yield _circles("import circles at run time", at_run_time)
    yield _circles("import circles with imports for types", with_types)
    folders = sorted({module.rpartition(".")[0] for module in with_types} - {""})
    rooms = {folder: _rooms(with_types, folder) for folder in folders}
    circles = [circle for folder in folders for circle in _components(rooms[folder]) if len(circle) > 1]
    yield Figure("  among the rooms of a folder", str(len(circles)), [_listed(circle) for circle in circles])
    for name, graph in (("modules", with_types), ("rooms of the package", rooms[PACKAGE])):
        floors = _floors(graph)
        told = [
            f"{floor}: {_listed(room for room in graph if floors[room] == floor)}"
            for floor in range(max(floors.values()), 0, -1)
        ]
        used = Counter({_listed([room]): len(others) for room, others in graph.items()})
        yield Figure(f"floors of {name}", str(max(floors.values())), told)
        yield Figure(f"arrows between {name}", str(used.total()), _ranked(used))


def _graph(*, exclude_type_checking: bool) -> Graph:
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=exclude_type_checking, cache_dir=None)
    return {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}


def _rooms(graph: Graph, folder: str) -> Graph:
    """The graph of what stands right in that folder, each room with all that is below it."""

    def room(module: str) -> str:
        return ".".join(module.split(".")[: folder.count(".") + 2])

    inside = {module for module in graph if module.startswith(f"{folder}.")}
    found: Graph = {room(module): set() for module in inside}
    for module in inside:
        found[room(module)] |= {room(other) for other in graph[module] & inside} - {room(module)}
    return found


def _components(graph: Graph) -> list[frozenset[str]]:
    """What can reach each other, by reach: the graphs are small."""
    reach = {room: _reach(graph, room) for room in graph}
    return sorted(
        {frozenset({room, *(other for other in reach[room] if room in reach[other])}) for room in graph}, key=sorted
    )


def _reach(graph: Graph, room: str) -> set[str]:
    found: set[str] = set()
    ahead = [room]
    while ahead:
        new = graph[ahead.pop()] - found
        found |= new
        ahead += new
    return found


def _floors(graph: Graph) -> Mapping[str, int]:
    """The floor of every room, from 1."""
    components = {room: component for component in _components(graph) for room in component}
    floors: dict[str, int] = {}
    for room in sorted(graph, key=lambda one: len(_reach(graph, one) | {one})):
        below = {other for one in components[room] for other in graph[one]} - components[room]
        floors[room] = 1 + max((floors[other] for other in below), default=0)
    return floors


def _circles(name: str, graph: Graph) -> Figure:
    found = [_listed(component) for component in _components(graph) if len(component) > 1]
    return Figure(name, str(len(found)), found)


# --- how large ---


def largest(sources: Sources) -> Figure:
    """Annotated fields of the largest class but the request; a ClassVar is none, nor is what a Protocol asks for."""
    found = {
        f"{file}:{node.name}": sum(
            isinstance(one, ast.AnnAssign) and "ClassVar" not in _names(one.annotation) for one in node.body
        )
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name != "Request"
        if not any("Protocol" in _names(base) for base in node.bases)
    }
    ranked = _ranked(Counter(found))[:10]
    return Figure("fields of the largest value but the request", str(max(found.values())), ranked)


def lengths(sources: Sources) -> Iterator[Figure]:
    """Lines of functions from `def` to the last one, docstring included, decorators not; nested ones count, too."""
    found = {
        f"{file}:{node.lineno} {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    ordered = sorted(found.values())
    p90 = ordered[math.ceil(len(ordered) * 0.9) - 1]
    yield Figure("lines of a function: median, p90", f"{statistics.median(ordered):g}, {p90}", [f"of {len(ordered)}"])
    yield Figure("lines of a function: most", str(ordered[-1]), _ranked(Counter(found))[:10])


# --- the way of what is folded ---


def returns(sources: Sources, starts: Iterable[str]) -> Figure:
    """How often what is folded comes back to a file that it had left: its stays less its files (`journey`)."""
    for start in starts:
        stays = journey.walk(PACKAGE, sources, start)
        if stays:
            files = {stay.file for stay in stays}
            told = [f"{len(stays)} stays in {len(files)} files", f"from {start}"]
            told += (f"{number}. {stay.file}: {', '.join(stay.entered)}" for number, stay in enumerate(stays, 1))
            return Figure("returns of the value that is folded", str(len(stays) - len(files)), told)
    return Figure("returns of the value that is folded", "-", [f"no {start}: mend STARTS" for start in starts])


# --- words ---


def _names(node: ast.AST) -> set[str]:
    """The names in an expression; of a dotted one the last part."""
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)} | {
        one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)
    }


def _classes(sources: Sources) -> dict[str, tuple[str, ast.ClassDef]]:
    return {
        node.name: (file, node)
        for file, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }


def _within(file: str, rooms: Iterable[str]) -> bool:
    return any(fnmatch(file, room) for room in rooms)


def _in_files(counts: Counter[str]) -> str:
    return f"{counts.total()} in {len(counts)}"


def _ranked(counts: Counter[str]) -> list[str]:
    return [f"{name} {count}" for name, count in counts.most_common()]


def _listed(modules: Iterable[str]) -> str:
    return ", ".join(sorted(module.removeprefix(f"{PACKAGE}.") for module in modules))


if __name__ == "__main__":
    sys.exit(main())
