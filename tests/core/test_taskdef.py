"""Task definitions survive editing whole, and a diff never shows a value."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drone_deploy_ecs.core.ecs import taskdef
from drone_deploy_ecs.core.ecs.diff import diff, same
from tests.edits import with_image

DESCRIBED = {
    "taskDefinition": {
        "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:42",
        "family": "web",
        "revision": 42,
        "status": "ACTIVE",
        "requiresAttributes": [{"name": "x"}],
        "compatibilities": ["FARGATE"],
        "registeredAt": 1700000000.1,
        "registeredBy": "arn:aws:iam::123456789012:user/u",
        "deregisteredAt": 1.0,
        "deleteRequestedAt": 2.0,
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "aMemberOfTomorrow": {"deep": [{"er": ""}]},
        "containerDefinitions": [
            {"name": "app", "image": "shop:1", "environment": [{"name": "EMPTY", "value": ""}], "newMember": {"a": 1}},
            {"name": "sidecar", "image": "shop:1"},
        ],
    },
    "tags": [{"key": "team", "value": "shop"}],
}


def test_only_the_response_only_members_go_and_tags_come_along() -> None:
    body = taskdef.registrable(DESCRIBED)
    assert set(DESCRIBED["taskDefinition"]) - set(body) == taskdef.RESPONSE_ONLY
    assert body["aMemberOfTomorrow"] == {"deep": [{"er": ""}]}
    assert body["tags"] == [{"key": "team", "value": "shop"}]


def test_an_empty_tag_list_is_left_out_because_ecs_refuses_it() -> None:
    assert "tags" not in taskdef.registrable({**DESCRIBED, "tags": []})


def test_one_containers_image_changes_and_nothing_else() -> None:
    body = taskdef.registrable(DESCRIBED)
    before = copy.deepcopy(body)
    edited = with_image(body, "app", "shop:2")
    assert body == before
    assert taskdef.containers(edited) == {"app": "shop:2", "sidecar": "shop:1"}
    assert diff(body, edited) == ("~ containerDefinitions[app].image: shop:1 -> shop:2",)


def test_a_container_is_essential_unless_it_is_said_not_to_be_and_has_what_is_mounted_into_it() -> None:
    said = [
        {"name": "a", "essential": True},
        {"name": "b", "essential": None, "mountPoints": []},
        {"name": "c", "essential": False},
        {"name": "d", "mountPoints": [{"sourceVolume": "data"}]},
        {"volumesFrom": [{"sourceContainer": "c"}]},
        None,
    ]
    assert taskdef.defined({"containerDefinitions": said}) == {
        taskdef.Defined("a"),
        taskdef.Defined("b"),
        taskdef.Defined("c", is_essential=False),
        taskdef.Defined("d", has_mounts=True),
        taskdef.Defined("", has_mounts=True),
    }


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=20,
)


@given(extra=st.dictionaries(st.text(min_size=1), json_values, max_size=4), image=st.text())
def test_whatever_aws_adds_survives(extra: dict[str, object], image: str) -> None:
    extra = {name: value for name, value in extra.items() if name not in taskdef.RESPONSE_ONLY | {"tags"}}
    container = {**extra, "name": "app", "image": "a"}
    definition = {"family": "web", **extra, "containerDefinitions": [container]}
    body = with_image(taskdef.registrable({"taskDefinition": definition}), "app", image)
    assert body == {**definition, "containerDefinitions": [{**container, "image": image}]}


def test_same_ignores_the_order_of_tags_alone() -> None:
    one = {"family": "web", "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]}
    assert same(one, {**one, "tags": list(reversed(one["tags"]))})
    assert not same(one, {**one, "tags": []})
    assert not same(one, {**one, "family": "api"})


def test_same_is_what_ecs_takes_for_the_same() -> None:
    """As terraform-provider-aws compares them, which knows what ECS adds."""
    written = {"family": "web", "networkMode": "awsvpc", "containerDefinitions": [
        {"name": "app", "image": "a", "environment": [{"name": "B", "value": "1"}, {"name": "A", "value": ""}],
         "portMappings": [{"containerPort": 80}]}]}  # fmt: skip
    answered = {**written, "volumes": [], "placementConstraints": [], "containerDefinitions": [
        {"name": "app", "image": "a", "environment": [{"name": "A", "value": ""}, {"name": "B", "value": "1"}],
         "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}], "cpu": 0, "essential": True,
         "mountPoints": [], "volumesFrom": [], "secrets": None}]}  # fmt: skip
    assert same(written, answered)
    assert not diff(written, answered)
    assert not same({**written, "networkMode": "bridge"}, {**answered, "networkMode": "bridge"})


def test_a_diff_names_what_changed_and_shows_no_value() -> None:
    before = {"containerDefinitions": [{"name": "app", "image": "a:1", "environment": [{"name": "KEY", "value": "old"}],
                                        "secrets": [{"name": "DB", "valueFrom": "arn:aws:secretsmanager:x"}],
                                        "dockerLabels": {"cpu": "1"}, "essential": False}],
              "cpu": "256", "placementConstraints": [], "volumes": [{"name": "v"}, {"name": "w"}]}  # fmt: skip
    after = {"containerDefinitions": [{"name": "app", "image": "a:2", "environment": [{"name": "KEY", "value": "new"}],
                                       "secrets": [{"name": "DB", "valueFrom": "arn:aws:secretsmanager:y"}],
                                       "dockerLabels": {"cpu": "2"}, "memory": "a secret"}],
             "memory": "512", "placementConstraints": [{"type": "distinctInstance"}],
             "volumes": [{"name": "w"}, {"name": "v"}]}  # fmt: skip
    assert diff(before, after) == (
        "~ containerDefinitions[app].image: a:1 -> a:2",
        "~ containerDefinitions[app].environment[KEY].value: ••• -> •••",
        "~ containerDefinitions[app].secrets[DB].valueFrom: ••• -> •••",
        "~ containerDefinitions[app].dockerLabels.cpu: ••• -> •••",
        "- containerDefinitions[app].essential: False",
        "+ containerDefinitions[app].memory",
        "- cpu: 256",
        "~ volumes (order)",
        "+ memory: 512",
        "+ placementConstraints",
    )


@given(before=json_values, after=json_values)
def test_a_diff_is_empty_exactly_when_both_mean_the_same(before: object, after: object) -> None:
    assert bool(diff({"a": before}, {"a": after})) != same({"a": before}, {"a": after})


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"family": 3}, ("family",)),
        ({"containerDefinitions": {"app": {}}}, ("containerDefinitions",)),
        ({"containerDefinitions": [None, "app"]}, ("containerDefinitions", 1)),
        ({"containerDefinitions": [{"environment": [{"value": 1}]}]}, ("containerDefinitions", 0, "environment", 0, "value")),
        ({"containerDefinitions": [{"logConfiguration": {"options": {"a": "b", "mode": 1}}}]}, ("containerDefinitions", 0, "logConfiguration", "options", "mode")),
        ({"containerDefinitions": [{"logConfiguration": {"options": []}}]}, ("containerDefinitions", 0, "logConfiguration", "options")),
    ],
)  # fmt: skip
def test_what_is_of_another_shape_is_found(body: dict[str, object], place: tuple[str | int, ...]) -> None:
    assert [where for where, _ in taskdef.misshapen(body)] == [place]
