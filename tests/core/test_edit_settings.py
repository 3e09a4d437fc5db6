"""The settings that say what changes: what they take, and what is refused, by line and column, never quoted."""

from __future__ import annotations

import contextlib
import io
import json
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drone_deploy_ecs
from drone_deploy_ecs.cli.edges import Edges
from drone_deploy_ecs.cli.main import main
from drone_deploy_ecs.cli.parser import parser
from drone_deploy_ecs.core.errors import Refused
from drone_deploy_ecs.core.ports import NEVER
from drone_deploy_ecs.core.request.edits.images import SetImages, SetTag
from drone_deploy_ecs.core.request.edits.patch import Patch
from drone_deploy_ecs.core.request.edits.variables import SetEnvironment, SetSecrets
from drone_deploy_ecs.settings import documents
from drone_deploy_ecs.settings.resolve import resolve
from drone_deploy_ecs.settings.table import BY_NAME
from drone_deploy_ecs.settings.values import InvalidValue
from drone_deploy_ecs.simulator.clock import VirtualClock
from tests.edits import set_image

if TYPE_CHECKING:
    from pathlib import Path

    from drone_deploy_ecs.core.ports import Aws
    from drone_deploy_ecs.core.request.edits.edit import Edit
    from drone_deploy_ecs.core.request.request import Access

GOOD = {
    "PLUGIN_AWS_REGION": "eu-west-1", "PLUGIN_CLUSTER": "prod", "PLUGIN_SERVICE": "web", "PLUGIN_CONTAINER": "app",
}  # fmt: skip
DB = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-AbCdEf"
CANARY = "hunter2hunter2"


def edits(**given: str) -> tuple[Edit, ...]:
    return resolve(given, GOOD)[0].edits


def refused(**given: str) -> list[str]:
    with pytest.raises(Refused) as refusal:
        resolve(given, GOOD)
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"A": "b", "B": null}', (("A", "b"), ("B", None))),
        ('{"A": true, "B": false, "C": 8080, "D": 1.50, "E": 12345678901234567890, "F": -0}',
         (("A", "true"), ("B", "false"), ("C", "8080"), ("D", "1.50"), ("E", "12345678901234567890"), ("F", "-0"))),
        ("A=b=c, d", (("A", "b=c, d"),)),
        ("spring.profiles-active=", (("spring.profiles-active", ""),)),
    ],
)  # fmt: skip
def test_variables_become_text_as_people_expect(text: str, values: tuple[tuple[str, str | None], ...]) -> None:
    assert edits(environment=text) == (SetEnvironment(("app",), values),)


@pytest.mark.parametrize(
    "text",
    [
        '{"web": "shop:2", "proxy": "envoy:3"}',
        '[{"name": "web", "imageUri": "shop:2"}, {"name": "proxy", "imageUri": "envoy:3", "more": 1}]',
        "web=shop:2, proxy=envoy:3",
    ],
)
def test_images_by_container(text: str) -> None:
    (found,) = edits(images=text, container="")
    assert isinstance(found, SetImages)
    assert [(name, image.reference) for name, image in found.by_container] == [("web", "shop:2"), ("proxy", "envoy:3")]


def test_edits_are_applied_in_one_order_with_what_says_more_exactly_last(tmp_path: Path) -> None:
    file, patch = tmp_path / "web.json", tmp_path / "patch.json"
    file.write_text(json.dumps({"family": "web", "containerDefinitions": [{"name": "app", "image": "shop:1"}]}))
    patch.write_text('\ufeff{"cpu": "512"}', encoding="utf-8")
    found = edits(
        patch=str(patch), secrets=json.dumps({"B": DB}), environment="A=b", tag="2", images="proxy=envoy:3",
        task_definition=str(file),
    )  # fmt: skip
    assert [type(each).__name__ for each in found] == [
        "FromFile", "SetImages", "SetTag", "SetEnvironment", "SetSecrets", "Patch",
    ]  # fmt: skip
    assert found[1:] == (
        set_image("proxy", "envoy:3"),
        SetTag(("app",), "2"),
        SetEnvironment(("app",), (("A", "b"),)),
        SetSecrets(("app",), (("B", DB),)),
        Patch({"cpu": "512"}),
    )


def test_a_container_is_a_list_and_an_image_goes_to_each() -> None:
    (found,) = edits(container="app, worker", image="shop:2")
    assert found.containers == ("app", "worker")


def flags(*argv: str) -> dict[str, str]:
    options: dict[str, str] = vars(parser().parse_args(["deploy", *argv]))
    return {name: text for name, text in options.items() if text and name != "command"}


def test_a_flag_that_is_given_several_times_is_one_map() -> None:
    given = flags("--environment", '{"A": 1, "B": null}', "--environment", "C=x=y", "--environment", "A=2 ")
    assert edits(**given) == (SetEnvironment(("app",), (("A", "2"), ("B", None), ("C", "x=y"))),)
    assert refused(**flags("--environment", "A=1", "--environment", CANARY)) == [
        "environment (value not shown) isn't JSON at line 1, column 1. Look for what is missing or too much there."
    ]


def test_a_program_gives_mappings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        request = drone_deploy_ecs.request(
            aws_region="eu-west-1", cluster="prod", service="web", container=["app"], environment={"A": 1, "B": None}
        )
    assert request.edits == (SetEnvironment(("app",), (("A", "1"), ("B", None))),)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"environment": "{"}, "environment (value not shown) isn't JSON at line 1, column 2."),
        ({"environment": '{"A": 1,\n "A": 2}'}, "names the same member twice in one object"),
        ({"environment": '{"A": NaN}'}, "has a number that JSON doesn't have"),
        ({"environment": "[1]"}, "is neither a JSON object nor NAME=VALUE"),
        ({"environment": '{"": "a"}'}, "has a variable whose name is empty"),
        ({"environment": '{"A": ["b"]}'}, "has a list as the value of A. Give a text."),
        ({"environment": '{"A": {"from_secret": "b"}}'}, "has an object as the value of A. CI systems put a secret in"),
        ({"environment": '{"A": "\\ud800"}'}, "has half a character"),
        ({"environment": '{"A": ' + "[" * 60 + "]" * 60 + "}"}, "is nested too deeply"),
        ({"patch": "[" * 100_000}, "is nested too deeply"),
        ({"patch": '{"cpu": 1' + "0" * 5000 + "}"}, "has a number that JSON doesn't have, or one of thousands of digits"),
        ({"patch": "null"}, "isn't a JSON object"),
        ({"patch": "none.json"}, "patch (value not shown) can't be read: No such file or directory."),
        ({"patch": "a\0b"}, "patch (value not shown) can't be the path of a file."),
        ({"secrets": '{"A": "hunter2"}'}, "has something else than an ARN of Secrets Manager or SSM for A."),
        ({"images": '{"app": "Shop 2"}'}, "images has no image reference at line 1, column 9."),
        ({"images": '{"app": 2}'}, "images has no image reference at line 1, column 9."),
        ({"images": '[\n {"name": "app"}]'}, "images has no name and imageUri of a further container at line 2, column 2."),
        ({"images": "app=shop:1,app=shop:2"}, "isn't like web=shop:2,proxy=envoy:3, each container once."),
        ({"images": "/"}, "images can't be read: Is a directory."),
        ({"tag": "a b"}, "tag 'a b' isn't an image's tag."),
        ({"revision": "web"}, "revision 'web' is neither family:number nor a revision's ARN."),
        ({"image": "shop:2", "tag": "3"}, "image and tag are both set"),
        ({"image": "shop:2", "images": "app=shop:3"}, "container app gets an image by images, and another by image."),
        ({"tag": "2", "images": "app=shop:3"}, "container app gets an image by images, and another by tag."),
        ({"environment": "A=b", "secrets": f'{{"A": "{DB}"}}'}, "A is set in environment and in secrets."),
        ({"environment": "A=b", "revision": "web:1"}, "revision is set with environment, and an existing revision is"),
        ({"revision": "web:1", "aws_region": "eu-west-1,us-east-1"}, "revision is of one region, and aws_region has 2."),
        ({"revision": "arn:aws:ecs:us-east-1:123456789012:task-definition/web:1"}, "is in us-east-1, but aws_region is"),
        ({"environment": "{}"}, "nothing is to change: environment is empty. Say what is to change."),
        ({}, "image isn't set. Set image in the step, --image, or PLUGIN_IMAGE."),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_and_not_quoted(given: dict[str, str], said: str) -> None:
    (problem,) = refused(**given)
    assert said in problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "isn't an object at line 1, column 1"),
        ('{"taskDefinition": {"family": "web"}}', "has no containerDefinitions in the object at line 1, column 20"),
        ('{"containerDefinitions": [{}]}', "has no family in the object at line 1, column 1"),
        ('{"family": "web",\n "containerDefinitions": [{},\n  {"image": 1}]}', "has what isn't a text at line 3, column 13"),
        ('{"family": "web", "tags": {}, "containerDefinitions": [{}]}', "has what isn't a list at line 1, column 27"),
        ('{"family": "web",}', "isn't JSON at line 1, column"),
        ("\udcff", "isn't UTF-8 text"),
        ("1" * 1_000_001, "is a file of more than 1000000 characters"),
    ],
)  # fmt: skip
def test_a_file_of_another_shape_is_told_by_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "web.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    (problem,) = refused(task_definition=str(file))
    assert problem.startswith(f"task_definition '{file}' {said}")


@given(st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=10,
), st.integers(0, 3), st.data())  # fmt: skip
def test_where_something_stands_is_found(value: Any, indent: int, data: st.DataObject) -> None:
    text, place = json.dumps(value, indent=indent or None), []
    while isinstance(value, dict | list) and value and data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        place.append(key)
        value = value[key]
    line, column = (int(part.split(" ")[-1]) for part in documents.where(text, tuple(place)).split(", "))
    at = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1
    assert json.JSONDecoder().raw_decode(text, at)[0] == value


def test_what_goes_to_containers_needs_them_named() -> None:
    env = {name: text for name, text in GOOD.items() if name != "PLUGIN_CONTAINER"}
    with pytest.raises(Refused) as refusal:
        resolve({"tag": "2", "environment": "A=b", "images": "app=shop:3"}, env)
    assert [str(problem) for problem in refusal.value.problems] == [
        "tag, environment are set without container, which says where to. Set container, too."
    ]


# --- a thousand broken ones ---

anything = st.text(max_size=30) | st.sampled_from([
    "{", '{"A": }', '{"A": {"from_secret": "x"}}', "[]", "[{}]", '"x"', "null", "=", "a=", "=b", "web:0", "/", "/dev/null",
    "{\n}", '{"containerDefinitions": [1]}', "\ud800", "a\0b", "../..", "[" * 3000, '{"a":' * 3000, "1e999",
])  # fmt: skip
SETTINGS = ["tag", "images", "environment", "secrets", "patch", "task_definition", "revision", "container", "image"]


class Unreached(Exception):
    """AWS was called."""


def no_aws(_access: Access) -> Aws:
    raise Unreached


@settings(
    max_examples=max(1000, settings().max_examples),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(given=st.dictionaries(st.sampled_from(SETTINGS), anything, min_size=1), broken=anything, is_file=st.booleans())
def test_a_broken_setting_is_a_sentence_and_no_call(
    *,
    given: dict[str, str],
    broken: str,
    is_file: bool,
    tmp_path: Path,
) -> None:
    file = tmp_path / "broken.json"
    file.write_text(f"{broken}{CANARY}", encoding="utf-8", errors="replace")
    wrong = {"environment": f'{{"A": {CANARY}', "patch": f"[{CANARY}", "secrets": f'{{"A": "{CANARY}"}}'}
    if is_file:
        wrong["task_definition"] = str(file)
    env = GOOD | {f"PLUGIN_{name.upper()}": text for name, text in (given | wrong).items()}
    stdout, stderr = io.StringIO(), io.StringIO()
    code = main([], lambda: Edges(env, stdout, stderr, no_aws, VirtualClock(), lambda: 0.5, NEVER))
    assert code == 2
    assert stderr.getvalue().endswith("Refused: nothing was changed.\n")
    assert CANARY not in stderr.getvalue() + stdout.getvalue()


@given(st.sampled_from(["images", "environment", "secrets", "patch", "task_definition", "revision", "tag"]), anything)
def test_whatever_it_is_it_is_read_or_refused(name: str, text: str) -> None:
    with contextlib.suppress(InvalidValue):
        BY_NAME[name].read(text.strip() or "x")
