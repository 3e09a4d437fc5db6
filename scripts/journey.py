"""A value's way through the package: which files it is handed to, in the order in which the code is written.

The way begins at one parameter of one function. Whatever the code makes of it, or takes out of it, is still that value:
its attributes, what it is assigned to, the pieces of a loop over it, what a call that was given it returns. At each
call that is given the value, or is a method of it, and whose function is the package's own, the value goes to that
function's file. It goes through a body once, at the first call; a later one takes it only to the file. Both ways of a
branch are gone. What a name stands for is told by the imports and annotations of the source: nothing is run. A
property, an operator, a class that is made of the value and what is written inside an f-string are no call.
"""

from __future__ import annotations

import ast
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | Function


class Thing(NamedTuple):
    """A definition, the class it is a method of (None: it is none), and their file."""

    file: str
    node: Definition
    owner: ast.ClassDef | None = None


class Stay(NamedTuple):
    """A file, and the functions entered there in a row."""

    file: str
    entered: tuple[str, ...]


def walk(package: str, sources: Mapping[str, ast.Module], start: str) -> list[Stay] | None:
    """The stays from FILE:FUNCTION:PARAMETER or FILE:CLASS.METHOD:PARAMETER on; None where there is no such one."""
    file, _, rest = start.partition(":")
    function, _, parameter = rest.partition(":")
    house = House(package, sources)
    holder, _, method = function.rpartition(".")
    if file not in sources:
        return None
    owner = house.definition(file, holder) if holder else None
    is_class = owner is not None and isinstance(owner.node, ast.ClassDef)
    found = house.method(owner, method) if owner and is_class else house.definition(file, function)
    if not found or isinstance(found.node, ast.ClassDef) or parameter not in {one.arg for one in _parameters(found)}:
        return None
    journey = Journey(house)
    journey.enter(found, {parameter: Mine(owner if parameter == "self" else None)})
    steps = groupby(journey.entered, key=lambda one: one.file)
    return [Stay(file, tuple(one.node.name for one in entered)) for file, entered in steps]


class House:
    """The package's files by their paths, and what a name in one of them stands for."""

    def __init__(self, package: str, sources: Mapping[str, ast.Module]) -> None:
        self._package = package
        self._defined = {
            file: {node.name: Thing(file, node) for node in tree.body if isinstance(node, Definition)}
            for file, tree in sources.items()
        }
        self._imported = {
            file: {
                alias.asname or alias.name: (node.module, alias.name)
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module
                for alias in node.names
            }
            for file, tree in sources.items()
        }

    def definition(self, file: str, name: str) -> Thing | None:
        """The class or function that a bare name means in that file."""
        if found := self._defined[file].get(name):
            return found
        module, original = self._imported[file].get(name, ("", ""))
        source = self._file(module)
        return self.definition(source, original) if source and source != file else None

    def member(self, file: str, module: str, name: str) -> Thing | None:
        """What `module.name` means there, where `module` was imported."""
        source = self._file(".".join(self._imported[file].get(module, ("", ""))))
        return self.definition(source, name) if source else None

    def method(self, owner: Thing, name: str) -> Thing | None:
        """A method, of the class or of what it inherits from."""
        assert isinstance(owner.node, ast.ClassDef)
        for one in owner.node.body:
            if isinstance(one, Function) and one.name == name:
                return Thing(owner.file, one, owner.node)
        bases = filter(None, (self.named(owner.file, base) for base in owner.node.bases))
        return next(filter(None, (self.method(base, name) for base in bases)), None)

    def field(self, owner: Thing, name: str) -> Thing | None:
        """The class of an attribute, by its annotation or its property's."""
        assert isinstance(owner.node, ast.ClassDef)
        for one in owner.node.body:
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == name:
                return self.named(owner.file, one.annotation)
        found = self.method(owner, name)
        return self.returned(found) if found else None

    def returned(self, function: Thing) -> Thing | None:
        """The class of what it returns; Self is its own."""
        assert isinstance(function.node, Function)
        annotation = function.node.returns
        if function.owner and annotation and any(name == "Self" for name in _identifiers(annotation)):
            return Thing(function.file, function.owner)
        return self.named(function.file, annotation)

    def named(self, file: str, annotation: ast.expr | None) -> Thing | None:
        """The first class of the package in an annotation, be it in a union or a tuple."""
        found = (self.definition(file, name) for name in _identifiers(annotation)) if annotation else iter(())
        return next((one for one in found if one and isinstance(one.node, ast.ClassDef)), None)

    def _file(self, module: str) -> str:
        path = module.removeprefix(self._package).lstrip(".").replace(".", "/")
        return next((file for file in (f"{path}.py", f"{path}/__init__.py".lstrip("/")) if file in self._defined), "")


class Mine(NamedTuple):
    """An expression that is the value or a part of it; and its class, as far as that is known."""

    kind: Thing | None


class Journey:
    """`entered` is every function that was given the value, in order."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.entered: list[Thing] = []
        self._passed: set[tuple[str, int]] = set()

    def enter(self, function: Thing, given: Mapping[str, Mine]) -> None:
        """Go there with these parameters, and through it, unless that was done before."""
        self.entered.append(function)
        at = (function.file, function.node.lineno)
        if at not in self._passed:
            self._passed.add(at)
            kinds = {one.arg: self.house.named(function.file, one.annotation) for one in _parameters(function)}
            names = {name: Mine(kinds.get(name) or mine.kind) for name, mine in given.items()}
            Passage(self, function.file, names).see(*function.node.body)


class Passage(ast.NodeVisitor):
    """One body, gone through in the order of execution. `names` are those that stand for the value."""

    def __init__(self, journey: Journey, file: str, names: dict[str, Mine]) -> None:
        self._journey = journey
        self._house = journey.house
        self._file = file
        self._names = names

    def see(self, *nodes: ast.AST | None) -> Mine | None:
        """Go through these, and whether one of them is the value."""
        found = [mine for node in nodes if node and (mine := self.visit(node))]
        return next((mine for mine in found if mine.kind), found[0] if found else None)

    def generic_visit(self, node: ast.AST) -> Mine | None:
        """What has the value in it is the value, but for statements and for what is only a truth about it."""
        loops_first = sorted(ast.iter_child_nodes(node), key=lambda one: not isinstance(one, ast.comprehension))
        mine = self.see(*loops_first)
        return None if isinstance(node, ast.stmt | ast.Compare) else mine

    def visit_JoinedStr(self, _: ast.JoinedStr) -> None:
        """What is only put into a text goes nowhere."""

    def visit_Name(self, node: ast.Name) -> Mine | None:
        """A name that stands for it."""
        return self._names.get(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> Mine | None:
        """A part of it."""
        mine = self.see(node.value)
        return mine and Mine(self._house.field(mine.kind, node.attr) if mine.kind else None)

    def visit_Assign(self, node: ast.Assign) -> None:
        """It gets another name; a name that once stood for it goes on doing so."""
        self._bind(ast.Tuple(node.targets), node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The same."""
        self._bind(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> Mine | None:
        """The same."""
        return self._bind(node.target, node.value)

    def visit_For(self, node: ast.For) -> None:
        """Piece by piece."""
        self._bind(node.target, node.iter)
        self.see(*node.body, *node.orelse)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """The same."""
        self._bind(node.target, node.iter)
        self.see(*node.ifs)

    def visit_Match(self, node: ast.Match) -> None:
        """What its patterns capture is a part of it."""
        mine = self.see(node.subject)
        for case in node.cases:
            captured = (one.name for one in ast.walk(case.pattern) if isinstance(one, ast.MatchAs) and one.name)
            self._names.update((name, Mine(None)) for name in captured if mine)
            self.see(case.guard, *case.body)

    def visit_Call(self, node: ast.Call) -> Mine | None:
        """The value is handed on, where the call has it."""
        receiver = self.see(node.func.value) if isinstance(node.func, ast.Attribute) else None
        positional = [self.see(one) for one in node.args]
        by_name = {one.arg or "": self.see(one.value) for one in node.keywords}
        handed = next(filter(None, (receiver, *positional, *by_name.values())), None)
        called = self._called(node.func, receiver)
        if handed is None or called is None:
            return handed
        if isinstance(called.node, ast.ClassDef):
            return Mine(called)
        parameters = [one.arg for one in _parameters(called)]
        if called.owner and parameters[:1] in (["self"], ["cls"]):
            positional.insert(0, receiver)
        given = {**dict(zip(parameters, positional, strict=False)), **by_name}
        self._journey.enter(called, {name: mine for name, mine in given.items() if mine})
        return Mine(self._house.returned(called))

    def _called(self, function: ast.expr, receiver: Mine | None) -> Thing | None:
        """The function or class of the package that this calls."""
        match function:
            case ast.Name(id=name):
                return self._house.definition(self._file, name)
            case ast.Attribute(attr=name) if receiver:
                return self._house.method(receiver.kind, name) if receiver.kind else None
            case ast.Attribute(value=ast.Name(id=holder), attr=name):
                return self._house.member(self._file, holder, name)
            case _:
                return None

    def _bind(self, target: ast.AST, value: ast.AST | None) -> Mine | None:
        mine = self.see(value)
        if mine:
            self._names.update((one.id, mine) for one in ast.walk(target) if isinstance(one, ast.Name))
        return mine


def _parameters(function: Thing) -> list[ast.arg]:
    assert isinstance(function.node, Function)
    arguments = function.node.args
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]


def _identifiers(node: ast.AST) -> Iterator[str]:
    yield from (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
