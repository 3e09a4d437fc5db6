"""Edits, one by one, where the laws don't look: what they can't be applied to, and how they are said."""

from __future__ import annotations

from typing import Any

import pytest

from drone_deploy_ecs.core.ecs.taskdef import Definition
from drone_deploy_ecs.core.plan.revision import Revision, revision
from drone_deploy_ecs.core.request.edits import edit
from drone_deploy_ecs.core.request.edits.file import FromFile
from drone_deploy_ecs.core.request.edits.images import SetImages, SetTag
from drone_deploy_ecs.core.request.edits.patch import Patch
from drone_deploy_ecs.core.request.edits.variables import SetEnvironment, SetSecrets
from drone_deploy_ecs.core.request.image import Image
from drone_deploy_ecs.core.request.request import Access, Request
from tests.edits import set_image

BODY: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [{"name": "app", "image": "shop:1"}, None, {"name": "odd", "image": "Not An Image"}],
}
ARN = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:"


def problems(*edits: edit.Edit) -> list[str]:
    return [str(problem) for problem in edit.problems(edits, (), BODY, "web:1")]


@pytest.mark.parametrize("reference", ["shop:1", f"shop@sha256:{'a' * 64}", f"shop:1@sha256:{'a' * 64}", "shop"])
def test_a_tag_takes_the_place_of_tag_and_digest(reference: str) -> None:
    tagged = SetTag(("app",), "2").apply({"containerDefinitions": [{"name": "app", "image": reference}]})
    assert tagged == {"containerDefinitions": [{"name": "app", "image": "shop:2"}]}


def test_a_tag_needs_a_repository() -> None:
    assert problems(SetTag(("odd",), "2")) == [
        "container odd has no image that tag 2 could be put on. Give the whole reference with image or images."
    ]


def test_all_problems_come_at_once() -> None:
    said = problems(
        SetTag(("odd", "none"), "2"), Patch({"status": "ACTIVE", "containerDefinitions": {"app": {"portMappings": {}}, "x": 1}})
    )  # fmt: skip
    assert [one.partition(". ")[0] for one in said] == [
        "container odd has no image that tag 2 could be put on",
        "patch names status, which ECS sets itself",
        "patch has no object at containerDefinitions[x]",
        "web:1 has no container 'none'",
    ]


def test_an_object_where_a_list_without_names_is_asks_for_the_whole_list() -> None:
    body = {"family": "web", "containerDefinitions": [{"name": "app", "image": "a", "command": ["serve"]}]}
    (problem,) = edit.problems([Patch({"containerDefinitions": {"app": {"command": {"0": "x"}}}})], (), body, "web:1")
    assert str(problem).startswith(
        "patch has an object at containerDefinitions[app].command, where the task definition"
    )


def test_a_container_without_a_name_is_refused() -> None:
    assert "has container '' without a name" in problems(Patch({"containerDefinitions": [{"image": "shop:1"}]}))[0]


def test_lists_without_entries_are_none_to_ecs() -> None:
    tagged = BODY | {"tags": [{"key": "team", "value": "shop"}]}
    assert "tags" not in Patch({"tags": {"team": None}}).apply(tagged)
    depends = {"containerDefinitions": {"app": {"dependsOn": {"odd": {"condition": "START"}}}}}
    (app, *_) = Patch(depends).apply(BODY)["containerDefinitions"]
    assert app["dependsOn"] == [{"containerName": "odd", "condition": "START"}]


@pytest.mark.parametrize("document", [{"containerDefinitions": {"app": 1}}, {"containerDefinitions": [1]}])
def test_what_is_of_another_shape_has_no_secrets_and_no_images(document: dict[str, Any]) -> None:
    assert not list(Patch(document).secrets)
    assert Patch(document).images == frozenset()
    assert problems(Patch(document))


def test_they_say_themselves_without_a_value() -> None:
    two = (("app", Image("shop:2", "shop", "2", "")), ("log", Image("shop:2", "shop", "2", "")))
    many = tuple((f"V{number}", "hunter2") for number in range(12))
    said = [
        SetImages(two),
        SetTag(("app",), "2"),
        SetEnvironment(("app",), many),
        SetSecrets(("a", "b"), (("S", "arn"),)),
    ]
    assert list(map(str, said)) == [
        "shop:2 for containers app, log",
        "tag 2 for container app",
        "environment V0, V1, V2, V3, V4, V5, V6, V7 and 4 more of container app",
        "secrets S of containers a, b",
    ]
    assert repr(said[2]) == "SetEnvironment('environment V0, V1, V2, V3, V4, V5, V6, V7 and 4 more')"
    assert [repr(Patch({"cpu": "1"})), str(FromFile("web.json", BODY))] == ["Patch()", "task definition web.json"]
    added = FromFile("web.json", {"family": "web", "containerDefinitions": [{"name": "new", "image": "a:1"}]})
    after = edit.apply((added, set_image("new", "a:2")), BODY)
    assert set_image("new", "a:2").told(BODY, after) == "container new's image a:2 (a new container)"


def asked(*edits: edit.Edit, existing: Definition | str = "") -> Revision:
    request = Request(
        access=Access("eu-west-1"), cluster="prod", services=("web",), edits=edits, revision="web:2" if existing else ""
    )
    made = revision(request, "web", Definition(f"{ARN}1", active=True, body=BODY), existing)
    assert isinstance(made, Revision)
    return made


WHOLE = {
    "family": "web",
    "containerDefinitions": [{"name": "app", "image": "shop:1"}, {"name": "log", "image": f"log@sha256:{'a' * 64}"}],
}
OTHER = {
    "family": "web",
    "containerDefinitions": [{"name": "app", "image": "shop:1"}, {"name": "log", "image": "log:2"}],
}


def test_a_tag_that_the_request_names_may_have_been_pushed_again() -> None:
    assert [*asked(set_image("app", "shop:1")).repushed(BODY)] == ["app"]
    assert [*asked(Patch({"containerDefinitions": {"app": {"image": "shop:1"}}})).repushed(BODY)] == ["app"]
    assert not asked(set_image("app", "shop:2")).repushed(BODY)
    assert asked(set_image("app", f"shop@sha256:{'a' * 64}")).is_certain
    assert asked(SetEnvironment(("app",), (("A", "b"),))).is_certain


def test_a_file_or_a_revision_names_its_images_where_it_changes_none() -> None:
    present = Definition(f"{ARN}1", active=True, body=WHOLE)
    request = Request(access=Access("eu-west-1"), cluster="prod", services=("web",), edits=(FromFile("f", WHOLE),))
    same = revision(request, "web", present, "")
    assert isinstance(same, Revision)
    assert [*same.repushed(WHOLE)] == ["app"]
    assert not asked(FromFile("web.json", OTHER)).repushed(BODY)
    assert [*asked(existing=Definition(f"{ARN}2", active=True, body=BODY)).repushed(BODY)] == ["app"]


def test_an_existing_revision_is_itself_alone() -> None:
    theirs = asked(existing=Definition(f"{ARN}2", active=True, body=BODY))
    assert not theirs.is_run_by(Definition(f"{ARN}1", active=True, body=BODY))
    assert theirs.is_run_by(Definition(f"{ARN}2", active=True, body=BODY))
    assert asked(set_image("app", "shop:1")).is_run_by(Definition(f"{ARN}7", active=True, body=BODY))
