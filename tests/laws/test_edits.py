"""The laws of edits: whatever the task definition, whatever the edits.

What no edit names is as it was; applied twice they change nothing more; a merge patch is RFC 7396's wherever no object
meets a list of named things; a diff names exactly the paths that differ; and no value of the environment is ever said.
"""

from __future__ import annotations

import copy
import io
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.core.ecs.diff import diff, meaning, same
from drone_deploy_ecs.core.masking import Masks
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.core.request.edits import edit
from drone_deploy_ecs.core.request.edits.file import FromFile
from drone_deploy_ecs.core.request.edits.images import SetImages, SetTag
from drone_deploy_ecs.core.request.edits.patch import NAMED, Patch, merge
from drone_deploy_ecs.core.request.edits.variables import SetEnvironment, SetSecrets
from drone_deploy_ecs.core.request.image import Image
from drone_deploy_ecs.simulator.aws import SimulatedAws
from drone_deploy_ecs.simulator.world import World, task_definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from drone_deploy_ecs.core.request.edits.edit import Edit

RFC_7396: Any = import_module("json_merge_patch")  # it has no types
NAMES = ("app", "proxy", "log")
KEYS = ("A", "B", "C")
CANARY = "hunter2-hunter2"
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    max_leaves=8,
)
unknown = st.dictionaries(st.text(min_size=8, max_size=10).map("new".__add__), json_values, max_size=2)
"""Members that AWS may add tomorrow, at any depth."""
images = st.sampled_from(["shop:1", "shop:2", "registry.example:5000/a/b:c", f"shop@sha256:{'a' * 64}"])


def listed(name: str, key: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """A list of named things as ECS has it: with each name once, and unknown members; or null."""
    entry = st.builds(lambda value, more: more | {key: value}, values, unknown)
    entries = st.dictionaries(st.sampled_from(KEYS), entry, max_size=3)
    return st.none() | entries.map(lambda some: [{name: each} | more for each, more in some.items()])


@st.composite
def containers(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A container: what is named in the environment is no secret."""
    container: dict[str, Any] = draw(unknown) | {"name": name, "image": draw(images)}
    if draw(st.booleans()):
        container["environment"] = draw(listed("name", "value", st.text(max_size=5)))
    if draw(st.booleans()):
        there = {entry["name"] for entry in container.get("environment") or ()}
        entries = draw(listed("name", "valueFrom", st.just("arn:aws:ssm:x"))) or []
        container["secrets"] = [entry for entry in entries if entry["name"] not in there]
    return container


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A task definition as it would be registered."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    body: dict[str, Any] = draw(unknown) | {"family": "web"}
    body["containerDefinitions"] = [draw(containers(name)) for name in names]
    return body | draw(st.fixed_dictionaries({}, optional={
        "tags": st.just([{"key": "team", "value": "shop"}]), "volumes": st.just([{"name": "data", "host": {}}]),
        "cpu": st.just("256"),
    }))  # fmt: skip


references: st.SearchStrategy[Any] = images.map(Image.parse)
values = st.dictionaries(st.sampled_from((*KEYS, "D")), st.none() | st.text(max_size=5), min_size=1)
where = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).map(tuple)
patches = st.fixed_dictionaries({}, optional={
    "cpu": st.just("512") | st.none(),
    "newcomer": json_values,
    "tags": st.dictionaries(st.sampled_from(KEYS), st.none() | st.builds(lambda value: {"value": value}, st.text(max_size=3))),
    "containerDefinitions": st.dictionaries(st.sampled_from(NAMES), st.fixed_dictionaries({"image": images}, optional={
        "environment": st.dictionaries(st.sampled_from(KEYS), st.none() | st.builds(lambda value: {"value": value}, st.text(max_size=3))),
        "memory": st.integers(1, 9),
    })),
})  # fmt: skip
edits: st.SearchStrategy[Edit] = st.one_of(
    st.dictionaries(st.sampled_from(NAMES), references, min_size=1).map(lambda some: SetImages(tuple(some.items()))),
    st.builds(SetTag, where, st.sampled_from(["1", "latest"])),
    st.builds(lambda names, some: SetEnvironment(names, tuple(some.items())), where, values),
    st.builds(lambda names, some: SetSecrets(names, tuple(some.items())), where, values),
    patches.map(Patch),
    bodies().map(lambda body: FromFile("web.json", body)),
)


def applicable(some: list[Edit], body: Mapping[str, Any]) -> list[Edit]:
    """These edits, where nothing speaks against them."""
    assume(not list(edit.problems(some, (), body, "web:1")))
    return some


@given(bodies(), st.lists(edits, min_size=1, max_size=4))
def test_applied_twice_they_change_nothing_more_and_the_body_stays_as_it_was(
    body: dict[str, Any], some: list[Edit]
) -> None:
    applicable(some, body)
    before = copy.deepcopy(body)
    for each in some:
        once = each.apply(body)
        assert each.apply(once) == once
        assert body == before
        body = before = copy.deepcopy(once)


def without(value: Any, member: str, names: frozenset[str] | None = None) -> Any:
    """The body without that member of each container, or without the entries of these names in it."""
    rest = copy.deepcopy(value)
    for container in rest["containerDefinitions"]:
        entries = container.pop(member, None)
        if names is not None:
            container[member] = [entry for entry in entries or () if entry["name"] not in names]
    return rest


@given(bodies(), st.one_of(edits.filter(lambda each: isinstance(each, SetImages | SetTag))))
def test_an_image_is_changed_and_nothing_else(body: dict[str, Any], some: Edit) -> None:
    applicable([some], body)
    after = some.apply(body)
    assert without(after, "image") == without(body, "image")
    for old, new in zip(body["containerDefinitions"], after["containerDefinitions"], strict=True):
        assert list(new) == list(old)
        assert old == new or old["name"] in some.containers


@given(bodies(), where, values, st.sampled_from([SetEnvironment, SetSecrets]))
def test_variables_are_set_and_no_other_is_touched(
    body: dict[str, Any], names: tuple[str, ...], wanted: dict[str, str | None], kind: type[SetEnvironment | SetSecrets]
) -> None:
    some = kind(names, tuple(wanted.items()))
    applicable([some], body)
    after = some.apply(body)
    for old, new in zip(body["containerDefinitions"], after["containerDefinitions"], strict=True):
        if old["name"] not in names:
            assert old == new
            continue
        found = {entry["name"]: entry[kind.key] for entry in new.get(kind.member) or ()}
        assert {name: found.get(name) for name in wanted} == wanted
        assert not {name for name, value in wanted.items() if value is not None} & {
            entry["name"] for entry in new.get(kind.other) or ()
        }
    others = frozenset(wanted)
    assert without(without(after, "environment", others), "secrets", others) == without(
        without(body, "environment", others), "secrets", others
    )


# --- the merge patch ---

RFC = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
"""Its appendix A, whole."""


@pytest.mark.parametrize(("value", "patch", "result"), RFC)
def test_the_rfcs_own_table(value: Any, patch: Any, result: Any) -> None:
    assert merge(value, patch) == result


members = st.dictionaries(st.text(max_size=3).filter(lambda name: (name,) not in NAMED), json_values, max_size=4)


@given(members, members)
def test_it_is_the_rfcs_where_no_object_meets_a_list_of_named_things(value: Any, patch: Any) -> None:
    assert merge(value, patch) == RFC_7396.merge(copy.deepcopy(value), copy.deepcopy(patch))


@given(bodies(), patches)
def test_what_a_patch_does_not_name_is_as_it_was(body: dict[str, Any], document: dict[str, Any]) -> None:
    after = Patch(document).apply(body)
    assert {name: after.get(name) for name in body if name not in document} == {
        name: body[name] for name in body if name not in document
    }
    named = document.get("containerDefinitions", {})
    old = [entry for entry in body["containerDefinitions"] if entry["name"] not in named]
    assert [entry for entry in after["containerDefinitions"] if entry["name"] not in named] == old


# --- the diff ---


def paths(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Each leaf of a body by its path, in the words of a diff."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from paths(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            name = next((item[key] for key in ("name", "key") if isinstance(item, dict) and item.get(key)), None)
            yield from paths(item, f"{path}[{name or f'#{number}'}]")
    else:
        yield path, value


@given(bodies(), st.lists(edits, min_size=1, max_size=4))
def test_a_diff_names_exactly_the_paths_that_differ(body: dict[str, Any], some: list[Edit]) -> None:
    applicable(some, body)
    after = edit.apply(some, body)
    lines = diff(body, after)
    old, new = (dict(paths(meaning(each))) for each in (body, after))
    differing = {path for path in old.keys() | new.keys() if old.get(path, ...) != new.get(path, ...)}
    said = [line.split(" ")[1].rstrip(":") for line in lines if not line.endswith("(order)")]
    assume(not any(" " in path or "[#" in path for path in differing))  # where a name has no end
    assert all(any(path == line or path.startswith((f"{line}.", f"{line}[")) for line in said) for path in differing)
    assert all(any(path == line or path.startswith((f"{line}.", f"{line}[")) for path in differing) for line in said)
    assert bool(lines) != same(body, after)


# --- what is never said ---


@given(body=bodies(), names=where, kind=st.sampled_from([SetEnvironment, SetSecrets]), patched=st.booleans())
def test_no_value_is_said_and_all_that_could_be_quoted_is_masked(
    *, body: dict[str, Any], names: tuple[str, ...], kind: type[SetEnvironment | SetSecrets], patched: bool
) -> None:
    assume(set(names) <= {container["name"] for container in body["containerDefinitions"]})
    entry = {"A": {kind.key: CANARY}}
    document = {"containerDefinitions": {name: {kind.member: entry, kind.other: None} for name in names}}
    some: Edit = Patch(document) if patched else kind(names, (("A", CANARY),))
    after = some.apply(body)
    said = [str(some), repr(some), some.brief, some.told(body, after), *diff(body, after), *diff(after, body)]
    said += map(str, edit.problems([some], ("none",), body, "web:1"))
    assert not any(CANARY in line for line in said)
    assert CANARY not in Masks(some.secrets).hide(f"it printed {CANARY}")
    file = FromFile("web.json", after)
    assert CANARY not in f"{file} {file!r} {file.told(body, after)}"
    assert CANARY not in Masks(file.secrets).hide(f"it printed {CANARY}")


@given(st.dictionaries(st.sampled_from(["containerDefinitions", "tags", "cpu", "family", "volumes"]), json_values))
def test_whatever_a_patch_says_it_is_applied_or_there_is_a_problem(document: dict[str, Any]) -> None:
    body: dict[str, Any] = {"family": "web", "cpu": "256", "containerDefinitions": [{"name": "app", "image": "shop:1"}]}
    some = Patch(document)
    list(some.secrets)
    assert isinstance(some.images, frozenset)
    if not list(edit.problems([some], ("app",), body, "web:1")):
        assert some.apply(body)["containerDefinitions"]


some_members = st.sampled_from(
    [
        "containerDefinitions",
        "tags",
        "volumes",
        "cpu",
        "app",
        "environment",
        "secrets",
        "image",
        "name",
        "healthCheck",
        "logConfiguration",
        "options",
        "secretOptions",
        "dependsOn",
        "interval",
        "value",
        "key",
        "mountPoints",
    ]
)
strange = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["app", "shop:2", "", CANARY]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(some_members, inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=300)
@given(patch=st.dictionaries(some_members, strange, min_size=1, max_size=3))
def test_a_run_with_whatever_patch_is_planned_or_refused_in_a_sentence(patch: dict[str, Any]) -> None:
    world = World()
    world.add_service("prod", "web", task_definition("web", "shop:1"), desired=1)
    env = {
        "PLUGIN_AWS_REGION": "eu-west-1", "PLUGIN_CLUSTER": "prod", "PLUGIN_SERVICE": "web", "PLUGIN_PATCH": json.dumps(patch),
    }  # fmt: skip
    out, err = io.StringIO(), io.StringIO()
    code = main(["plan"], lambda: Edges(env, out, err, lambda _: SimulatedAws(world), world.clock, lambda: 0.5, NEVER))
    assert code == 0 or (code, err.getvalue().splitlines()[-1]) == (2, "Refused: nothing was changed.")
    assert CANARY not in (out.getvalue() + err.getvalue()).replace(f"image: shop:1 -> {CANARY}", "").replace(
        f"({CANARY})", ""
    )
